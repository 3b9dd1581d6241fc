"""A trading floor for tests of the paper exchange: a clock, timers, a market, in cents and contracts.

In the `restarting` mode the exchange is thrown away after every step and restored from its facts and the
current books, so every test that passes in both modes also shows that a restart changes nothing.
"""

from collections.abc import Mapping
from typing import TypeVar

from engine import ledger
from engine.events import (
    BookDelta,
    BookSide,
    BookSnapshot,
    MarketListed,
    MarketStatus,
    Side,
    TradePrinted,
    VenueEvent,
)
from engine.exchange import ExchangeRules, PaperExchange, PaperOrder, balance
from engine.exchange.step_context import StepContext
from engine.facts import Fact, OrderCancelled, OrderFilled, OrderRejected
from engine.message import changed
from engine.orders import (
    AmendOrder,
    Approved,
    CancelOrder,
    CancelReason,
    OrderCommand,
    PlaceOrder,
    RejectCode,
    TimeInForce,
)
from engine.run_facts import StrategyOpened
from engine.step import Step
from engine.tally import Tally, ValuationMark
from engine.units import COUNT_ONE, MONEY_ONE, NANOS_PER_MILLISECOND, PRICE_ONE, Count, Money, Nanos, Price

START = Nanos(1_790_000_000_000_000_000)
"""A Monday evening in September 2026."""

MARKET = "KXNBAGAME-26OCT20OKCSAS-SAS"
ELSEWHERE = "KXNBAGAME-26OCT20OKCSAS-OKC"
"""Another market of the same subscription: what is heard of it brings the feed's clock on."""
BID, ASK = BookSide.BID, BookSide.ASK
F = TypeVar("F", bound=Fact)


def cents(price: float) -> Price:
    """A price given in cents."""
    return Price(round(price * 100))


def contracts(count: float) -> Count:
    """A count given in contracts."""
    return Count(round(count * COUNT_ONE))


def listing(ticker: str = MARKET) -> MarketListed:
    """A market as the venue lists it: open, whole cents, maker fees."""
    return MarketListed(
        ticker=ticker,
        event_ticker="KXNBAGAME-26OCT20OKCSAS",
        series="KXNBAGAME",
        title="San Antonio",
        status=MarketStatus.ACTIVE,
        price_ranges=(),
        fee_type="quadratic_with_maker_fees",
        fee_multiplier="1",
        floor_strike=None,
        strike_type="structured",
        open_at=None,
        close_at=None,
        expected_expiration_at=None,
        exchange_index=3,
        binary=True,
        at=START,
    )


def rules(**changes: object) -> ExchangeRules:
    """Everything takes one millisecond, nothing else is unusual."""
    values: dict[str, object] = {
        "decide_to_send": 0,
        "entry": NANOS_PER_MILLISECOND,
        "cancel": NANOS_PER_MILLISECOND,
        "acknowledge": 50 * NANOS_PER_MILLISECOND,
        "status_wait_ns": 0,
    }
    return ExchangeRules(**{**values, **changes})  # type: ignore[arg-type]


def books_of(exchange: PaperExchange) -> tuple[BookSnapshot, ...]:
    """Every synchronized book of an exchange, as something that another can hear."""
    markets = exchange.state.markets.values()
    return tuple(market.book.as_snapshot() for market in markets if market.book.synced)


class Floor:
    """One exchange, one listed market, and strategies `ann` and `bob` with 1,000 dollars each."""

    account = "both"
    """On which both trade, so what one takes the other finds taken. A fact without its name is lost."""

    def __init__(self, given: ExchangeRules, *, restarting: bool = False) -> None:
        """Open the accounts and list the market; its book has yet to come."""
        self.rules = given
        self.restarting = restarting
        self.exchange = PaperExchange(given, seed=7)
        self.now = START
        self.facts: list[Fact] = []
        self.tally = Tally()
        """What is told of all this: the money as everybody sees it."""
        self.timers: dict[str, Nanos] = {}
        self.seq = 0
        self.conn = 1
        self.trades = 0
        self.quiet = False
        """Whether nothing is heard unless the test says it, so that the feed's clock stands still."""
        for strategy in ("ann", "bob"):
            self.do(self.exchange.open_account(self.opening(strategy)))
        self.on_venue_event(listing())

    # Running

    def opening(self, strategy: str) -> StrategyOpened:
        """What an account begins with."""
        money = Money(1_000 * MONEY_ONE)
        return StrategyOpened(strategy, "test", money, "{}", self.now, account=self.account)

    def do(self, step: Step) -> tuple[Fact, ...]:
        """Take a step's answer as the runtime would; returns its facts."""
        self.facts.extend(step.facts)
        for fact in step.facts:
            self.tally.apply(fact)
        for timer in step.timers:
            self.timers.pop(timer.key, None)
            self.timers[timer.key] = timer.due
        if self.restarting:
            self.restart()
        return step.facts

    def restart(self) -> None:
        """Throw the exchange away and restore it from its facts and the current books."""
        old = self.exchange
        self.exchange = PaperExchange(self.rules, seed=7)
        step = self.exchange.restore(self.facts)
        armed = {key: due for key, due in self.timers.items() if key in old.state.timers.due}
        restored = {timer.key: timer.due for timer in step.timers}
        assert restored == old.state.timers.due
        assert all(restored[key] == due for key, due in armed.items())
        self.timers = {key: due for key, due in restored.items() if key in armed}
        self.exchange.take_over_prints(old.state.prints.told(), self.now)
        facts = self.exchange.take_over(books_of(old), self.now).facts
        assert facts == (), facts

    def wait(self, milliseconds: float = 2, pieces: int = 1) -> None:
        """Let time pass, perhaps in pieces; what comes due happens in order, and then the feed goes on."""
        begin = self.now
        for piece in range(pieces):
            part = round(milliseconds * NANOS_PER_MILLISECOND) * (piece + 1) // pieces
            self._wait_until(Nanos(begin + part))
        self.pass_on()

    def _wait_until(self, end: Nanos) -> None:
        while True:
            due = [(at, number, key) for number, (key, at) in enumerate(self.timers.items()) if at <= end]
            if not due:
                break
            at, _, key = min(due)
            del self.timers[key]
            self.now = max(self.now, at)
            awaited = key in self.exchange.state.timers.due
            self.do(self.exchange.wake(key, self.now))
            # One that was forgotten may still fire, or not after a restart: the venue sends the same.
            if awaited:
                self.pass_on(1)
        self.now = end

    def pass_on(self, later: int = 0) -> None:
        """The feed goes on, elsewhere: a change and a print tell that nothing happened here up to now.

        With `later` nanoseconds: to just after now, which is later than everything that happens now.
        """
        if self.quiet:
            return
        book = self.exchange.book(ELSEWHERE)
        at = Nanos(self.now + later)
        if not self.exchange.book(MARKET).synced:
            return
        if not book.synced:
            self.seq += 1
            self.on_venue_event(BookSnapshot(ELSEWHERE, (), (), self.conn, 1, self.seq, self.now, self.now))
        self.seq += 1
        change = contracts(1 if self.seq % 2 else -1) if book.yes else contracts(1)
        self.on_venue_event(
            BookDelta(ELSEWHERE, Side.YES, cents(1), change, self.conn, 1, self.seq, at, self.now)
        )
        print_ = TradePrinted(
            ELSEWHERE,
            f"elsewhere-{self.seq}",
            cents(1),
            contracts(1),
            BID,
            block=False,
            at_venue=at,
            at=self.now,
        )
        self.on_venue_event(print_)

    def on_venue_event(self, event: VenueEvent) -> tuple[Fact, ...]:
        """The venue says something."""
        return self.do(self.exchange.on_venue_event(event, self.now))

    def act(self, command: OrderCommand) -> tuple[Fact, ...]:
        """An approved command goes out."""
        return self.do(self.exchange.act(Approved(command), self.now))

    # The venue

    def book(self, bids: Mapping[float, float], asks: Mapping[float, float], ticker: str = MARKET) -> None:
        """A snapshot: contracts by cents, asks at YES prices."""
        self.seq += 1
        yes = tuple(sorted((cents(price), contracts(size)) for price, size in bids.items()))
        no = tuple(sorted((Price(PRICE_ONE - cents(price)), contracts(size)) for price, size in asks.items()))
        self.on_venue_event(BookSnapshot(ticker, yes, no, self.conn, 1, self.seq, self.now, self.now))

    def depth(self, side: BookSide, price: float, change: float, ticker: str = MARKET) -> tuple[Fact, ...]:
        """A level's displayed size changes, the price being a YES price."""
        self.seq += 1
        own = cents(price) if side is BID else Price(PRICE_ONE - cents(price))
        which = Side.YES if side is BID else Side.NO
        return self.on_venue_event(
            BookDelta(ticker, which, own, contracts(change), self.conn, 1, self.seq, self.now, self.now)
        )

    def heard_late(self, side: BookSide, price: float, change: float, at_venue: Nanos | None) -> None:
        """A level's displayed size has changed at a moment that the venue names, or does not."""
        self.seq += 1
        own = cents(price) if side is BID else Price(PRICE_ONE - cents(price))
        which = Side.YES if side is BID else Side.NO
        self.on_venue_event(
            BookDelta(MARKET, which, own, contracts(change), self.conn, 1, self.seq, at_venue, self.now)
        )

    def poll(self, bid_size: float, ask_size: float) -> None:
        """A polled book of 40 and 50, of which the venue does not say when it was."""
        yes = ((cents(40), contracts(bid_size)),)
        no = ((Price(PRICE_ONE - cents(50)), contracts(ask_size)),)
        self.on_venue_event(BookSnapshot(MARKET, yes, no, 0, 0, 0, None, self.now))

    def quote(self, bid: float, ask: float) -> None:
        """A book made of a quote of this moment."""
        size = contracts(100)
        yes, no = ((cents(bid), size),), ((Price(PRICE_ONE - cents(ask)), size),)
        self.on_venue_event(BookSnapshot(MARKET, yes, no, 0, 0, 0, self.now, self.now, pseudo=True))

    def trade(
        self, taker: BookSide, price: float, count: float, trade_id: str = "", *, block: bool = False
    ) -> tuple[Fact, ...]:
        """A print; `taker` BID lifts an ask, ASK hits a bid."""
        return self.on_venue_event(self.printed(taker, price, count, trade_id, block=block))

    def printed(
        self, taker: BookSide, price: float, count: float, trade_id: str = "", *, block: bool = False
    ) -> TradePrinted:
        """A public trade of this moment."""
        self.trades += 1
        name = trade_id or f"trade-{self.trades}"
        return TradePrinted(MARKET, name, cents(price), contracts(count), taker, block, self.now, self.now)

    def relist(self, **changes: object) -> tuple[Fact, ...]:
        """The venue describes the market anew."""
        return self.on_venue_event(changed(listing(), **changes))

    # Orders

    def order(
        self, order_id: str, side: BookSide, price: float, count: float, **changes: object
    ) -> PlaceOrder:
        """An order as a strategy would wish it now; `ann`'s unless said otherwise."""
        plain = PlaceOrder(
            order_id=order_id,
            strategy="ann",
            game="game",
            ticker=MARKET,
            side=side,
            price=cents(price),
            count=contracts(count),
            tif=TimeInForce.GTC,
            decided_at=self.now,
            signal_id=f"signal-{order_id}",
        )
        return changed(plain, **changes)

    def send(self, order_id: str, side: BookSide, price: float, count: float, **changes: object) -> None:
        """Send an order without waiting for its arrival."""
        self.act(self.order(order_id, side, price, count, **changes))

    def place(self, order_id: str, side: BookSide, price: float, count: float, **changes: object) -> None:
        """Send an order and let it arrive."""
        self.send(order_id, side, price, count, **changes)
        self.wait()

    def cancel(self, order_id: str, strategy: str = "ann") -> None:
        """Send a cancel without waiting for its arrival."""
        self.act(CancelOrder(order_id, strategy, self.now))

    def amend(self, order_id: str, price: float, count: float) -> None:
        """Send an amend and let it arrive."""
        self.act(AmendOrder(order_id, "ann", cents(price), contracts(count), self.now))
        self.wait()

    # Looking

    def of(self, kind: type[F], order_id: str | None = None) -> list[F]:
        """All facts of a kind, of one order if asked."""
        found = [fact for fact in self.facts if isinstance(fact, kind)]
        return [fact for fact in found if order_id is None or getattr(fact, "order_id", None) == order_id]

    def fills(self, order_id: str) -> list[tuple[float, float]]:
        """An order's fills as contracts and cents."""
        return [(fill.count / COUNT_ONE, fill.price / 100) for fill in self.of(OrderFilled, order_id)]

    def filled(self, order_id: str) -> float:
        """Contracts that an order has got."""
        return sum(count for count, _ in self.fills(order_id))

    def live(self, order_id: str) -> PaperOrder:
        """An order that some reading of still lives."""
        return self.exchange.state.orders[order_id]

    def ahead(self, order_id: str) -> float:
        """Venue contracts ahead of a resting order."""
        return self.live(order_id).venue_ahead / COUNT_ONE

    def rejected(self, order_id: str) -> RejectCode | None:
        """Why an order was refused."""
        codes = [fact.code for fact in self.of(OrderRejected, order_id)]
        return codes[-1] if codes else None

    def cancelled(self, order_id: str) -> CancelReason | None:
        """Why an order ended early."""
        reasons = [fact.reason for fact in self.of(OrderCancelled, order_id)]
        return reasons[-1] if reasons else None

    def position(self, strategy: str = "ann") -> float:
        """Contracts held, NO as a negative number."""
        return self.exchange.state.position(strategy, MARKET).count / COUNT_ONE

    def cash(self, strategy: str = "ann") -> Money:
        """The strategy's cash."""
        return self.exchange.state.ledger.balance(ledger.cash(strategy))

    def reserved(self, strategy: str = "ann") -> Money:
        """What the strategy's resting orders may cost."""
        return balance.reserved(self._context(), strategy)

    def available(self, strategy: str = "ann") -> Money:
        """Cash that no open order claims."""
        return balance.available(self._context(), strategy)

    def _context(self) -> StepContext:
        return StepContext(self.exchange.state, self.rules, self.now)

    def held_on(self, account: str) -> Money:
        """What the facts booked on an account of the ledger."""
        return self.tally.ledger.balance(account)

    def marks(self) -> dict[str, ValuationMark]:
        """What everything is valued at now: the best prices of each book."""
        books = [market.book for market in self.exchange.state.markets.values()]
        return {book.ticker: ValuationMark(book.yes_bid, book.yes_ask) for book in books}

    def unrealized(self, strategy: str = "ann") -> Money:
        """What the strategy's positions would bring at once, less what they cost."""
        return self.tally.unrealized(strategy, self.marks())


class MirroredFloor(Floor):
    """The same with YES and NO changed over: bids become asks at one dollar minus the price."""

    def book(self, bids: Mapping[float, float], asks: Mapping[float, float], ticker: str = MARKET) -> None:
        """A snapshot, mirrored."""
        super().book(
            {100 - price: size for price, size in asks.items()},
            {100 - price: size for price, size in bids.items()},
            ticker,
        )

    def depth(self, side: BookSide, price: float, change: float, ticker: str = MARKET) -> tuple[Fact, ...]:
        """A level's change, mirrored."""
        return super().depth(side.opposite, 100 - price, change, ticker)

    def printed(
        self, taker: BookSide, price: float, count: float, trade_id: str = "", *, block: bool = False
    ) -> TradePrinted:
        """A trade, mirrored."""
        return super().printed(taker.opposite, 100 - price, count, trade_id, block=block)

    def order(
        self, order_id: str, side: BookSide, price: float, count: float, **changes: object
    ) -> PlaceOrder:
        """An order, mirrored."""
        return super().order(order_id, side.opposite, 100 - price, count, **changes)

    def amend(self, order_id: str, price: float, count: float) -> None:
        """An amend, mirrored."""
        super().amend(order_id, 100 - price, count)

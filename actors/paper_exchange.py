"""The paper exchange: takes approved orders, fills them from what the venue shows.

Hears every market event, whatever concerns a whole connection, and approved commands. After a restart it
folds the remembered facts and asks the games for the books. A decision that fails is undone, its market is
set aside, and the message is worked on once more without it.
"""

from typing import Final

from actors.addresses import FEED_EDGE, GAMES_TOPIC, MARKET_FEED, PAPER_EXCHANGE
from actors.fact_history import EXCHANGE, FactHistory
from actors.heartbeat import HeartbeatOfStrategy, through_paper_exchange
from actors.messages import (
    AccountOpen,
    BooksWanted,
    CancelAll,
    MarketSetAside,
    MarketsHandedOver,
    OperationWanted,
    TradesWanted,
    Wake,
)
from actors.operator_outcomes import concluded, exchange_outcome, refused
from actors.runtime import Outgoing, Publish
from actors.step_messages import SILENCE, announced, outgoing
from engine.events import (
    BookDelta,
    BookRefused,
    BookSnapshot,
    FeedGapped,
    MarketListed,
    TradePrinted,
    TradesRecovered,
)
from engine.exchange import Before, PaperExchange, before, undone
from engine.facts import Fact, FactsSetAside, OrderRejected, OrderSubmitted
from engine.heard_prints import PrintsHeard
from engine.message import changed
from engine.orders import Approved, CancelReason, OrderCommand, PlaceOrder, RejectCode
from engine.quarantine import blamed, in_words
from engine.risk import MARKET, approved_before
from engine.run_facts import StrategyOpened, TradingResumed
from engine.step import NOTHING, Step
from engine.strategy_traits import to_state
from engine.units import Money, Nanos

OWNER = "paper_exchange"

INSIDE: Final = (Wake, AccountOpen, CancelAll, OperationWanted, TradingResumed, HeartbeatOfStrategy)
"""What comes from inside beside approved orders, and so leaves the books as they are."""


class PaperExchangeActor:
    """Runs the paper exchange."""

    def __init__(self, exchange: PaperExchange, history: FactHistory) -> None:
        """`exchange` is empty; its past comes from `history`."""
        self.exchange = exchange
        self._history = history
        self._asked: dict[str, tuple[Nanos, ...]] = {}
        self._before: Before | None = None
        self._deaf: dict[str, bool] = {}
        """Markets that failed even while they stood still: until the release nothing of them is looked at but
        their books and prints, or not even these.
        """

    def start(self, now: int) -> list[Outgoing]:
        """Fold the remembered facts, set their timers again, ask the games for the books.

        If an earlier process left the facts, nobody knows what the venue did since: orders wait for the
        missing trades. What was approved then and never set out does so now.
        """
        # Everything that decides a fill is in the facts; only the books are not, since the venue's may have
        # changed.
        standing, quarantine = self._history.standing(OWNER), self._history.quarantine
        parts = self._history.parts(EXCHANGE)
        if parts is not None:
            self.exchange.recover(parts)
        step = self.exchange.restore(self._history.known_to(OWNER))
        # Only in a new process: then nobody listened to the venue for a while. When this actor alone was
        # restarted the feed went on.
        left = self._history.resume(OWNER)
        if left is not None:
            quarantine.rehearse(Nanos(now))
        frozen = self.exchange.freeze(quarantine.frozen(standing), quarantine.parked(standing), now)
        out = [*outgoing(OWNER, step, now), *outgoing(OWNER, frozen, now)]
        wanted = BooksWanted(PAPER_EXCHANGE)
        out += (Publish(GAMES_TOPIC, wanted), (MARKET_FEED, wanted))
        if left is not None:
            out += outgoing(OWNER, self.exchange.resumed(now), now)
        announced(OWNER, self._history, out)
        # An approval is durable, the message that carried it was not. Repeating it is safe, since the
        # exchange takes an order id only once.
        for approved in () if left is None else approved_before(left):
            out += self.receive(approved, now)
        return out

    def receive(self, message: object, now: int) -> tuple[Outgoing, ...] | list[Outgoing]:
        """Apply a market event, an approved command, a timer or an operation."""
        try:
            # Most messages; tested before everything else, and most of them change nothing here.
            if type(message) is BookDelta:
                if self._deaf and self._unheard(message):
                    return SILENCE
                exchange, at_venue = self.exchange, message.at_venue
                market = exchange.state.markets.get(message.ticker)
                # As `PaperExchange.on_venue_event`, without its call: mostly only the book follows.
                waits = at_venue is not None and at_venue > exchange.waits_since
                if market is not None and not market.watched and not waits:
                    market.book.apply_delta(message)
                    return SILENCE
                step = exchange.on_venue_event(message, now)
                if step is NOTHING:
                    return SILENCE
                out = outgoing(OWNER, step, now)
            elif type(message) is TradePrinted and not self._deaf and self.exchange.passed_by(message):
                return SILENCE
            else:
                out = self._received(message, now)
        # Whatever it is: raised from here it would cost a restart of all who trade, in every market.
        except Exception as error:  # noqa: BLE001
            out = self._without(message, error, now)
        return announced(OWNER, self._history, out)

    def _received(self, message: object, now: int) -> tuple[Outgoing, ...] | list[Outgoing]:
        if self._deaf and self._unheard(message):
            return SILENCE
        # Every poll repeats every market's listing: nothing follows, so nothing need be kept to undo it.
        if type(message) is MarketListed and self.exchange.knows(message):
            return SILENCE
        inside = isinstance(message, INSIDE)
        self._before = None if inside or isinstance(message, Approved) else before(self.exchange, message)  # type: ignore[arg-type]
        return self._decided(message, now)

    def _decided(self, message: object, now: int) -> tuple[Outgoing, ...] | list[Outgoing]:
        match message:
            case Approved(command):
                refused_unheard = self._deaf and self._market_of(command) in self._deaf
                step = _not_taken(command, Nanos(now)) if refused_unheard else self.exchange.act(message, now)
            case Wake():
                step = self.exchange.wake(message.key, now)
            case AccountOpen():
                step = self.exchange.open_account(_opened(message, Nanos(now)))
            case CancelAll():
                step = self.exchange.cancel_all(message.strategy, CancelReason[message.reason], now)
            case OperationWanted():
                return concluded(OWNER, message, exchange_outcome(self.exchange, message, Nanos(now)), now)
            case TradingResumed(scope):
                return self._released(scope.removeprefix(MARKET))
            case MarketSetAside():
                step = self._freeze(message.ticker, settles=not message.money, now=now)
            case MarketsHandedOver(events):
                return self._with_all_missing(self.exchange.take_over(events, now), now)
            case PrintsHeard():
                self.exchange.take_over_prints(message, now)
                return SILENCE
            case HeartbeatOfStrategy():
                return through_paper_exchange(message)
            case BookSnapshot() | TradesRecovered():
                step = self.exchange.on_venue_event(message, now)
                return [*outgoing(OWNER, step, now), *self._missing(message.ticker, now)]
            case FeedGapped():
                return self._with_all_missing(self.exchange.on_venue_event(message, now), now)
            case _:
                step = self.exchange.on_venue_event(message, now)  # type: ignore[arg-type]
        return outgoing(OWNER, step, now)

    def _with_all_missing(self, step: Step, now: int) -> list[Outgoing]:
        out = [*outgoing(OWNER, step, now)]
        for ticker in self.exchange.without_visibility():
            out += self._missing(ticker, now)
        return out

    # What failed

    def _without(self, message: object, error: Exception, now: int) -> list[Outgoing]:
        """Undo the decision that failed, set its market aside, and decide again; as often as it takes.

        Raises the error if no market can be set aside for it: then a new life has to do.
        """
        out: list[Outgoing] = []
        decided: list[Fact] = []
        # Nothing was kept for a change of one level: there are too many of them.
        was = None if type(message) is BookDelta else self._before
        while True:
            ticker = blamed(error, self._market_of_order) or getattr(message, "ticker", None)
            facts = (*self._history.known_to(OWNER), *decided)
            frozen, parts = self.exchange.frozen, self._history.parts(EXCHANGE)
            self.exchange = undone(self.exchange, facts, was, parts)
            self.exchange.freeze(frozen, self.exchange.parked, now)
            step = self._set_aside(ticker, message, error, Nanos(now))
            if step is None and isinstance(message, OperationWanted):
                return [*out, *concluded(OWNER, message, refused(f"it failed: {in_words(error)}"), now)]
            if step is None:
                raise error
            decided += step.facts
            out += outgoing(OWNER, step, now)
            try:
                return [*out, *self._again(message, now)]
            # The next market of which it fails: of each less and less is looked at.
            except Exception as another:  # noqa: BLE001
                error = another

    def _set_aside(self, ticker: str | None, message: object, error: Exception, now: Nanos) -> Step | None:
        """Let the market stand still, and say so; None if that cannot help."""
        if ticker is None or self._deaf.get(ticker):
            return None
        settles = self.exchange.frozen.get(ticker)
        if settles is False:
            # It fails whatever is decided of it, so less and less of it is looked at.
            self._deaf[ticker] = ticker in self._deaf
            return NOTHING
        # What failed has been undone, so what is held is known. It may have failed over the result, though.
        money = settles is not None
        said = FactsSetAside(MARKET + ticker, 0, 0, 1, _kind(message), in_words(error), money, now)
        step = self._freeze(ticker, settles=not money, now=now)
        return changed(step, facts=(said, *step.facts))

    def _freeze(self, ticker: str, *, settles: bool, now: int) -> Step:
        """One market more stands still."""
        exchange = self.exchange
        return exchange.freeze({**exchange.frozen, ticker: settles}, exchange.parked, now)

    def _again(self, message: object, now: int) -> tuple[Outgoing, ...] | list[Outgoing]:
        """Work on the message once more, now that another market stands still."""
        if self._unheard(message):
            return SILENCE
        if type(message) is BookDelta and _has(self.exchange, message):
            # The change is in the book, but nobody knows any more what it was before: it is taken anew.
            refused_book = BookRefused(message.ticker, message.conn, message.sid, False, Nanos(now))
            step = self.exchange.on_venue_event(refused_book, now)
            return [*outgoing(OWNER, step, now), Publish(GAMES_TOPIC, BooksWanted(PAPER_EXCHANGE))]
        return self._decided(message, now)

    def _unheard(self, message: object) -> bool:
        """Whether the message is of a market of which this is not looked at any more."""
        whole = self._deaf.get(getattr(message, "ticker", ""))
        # Its book and prints still say what time it is at the venue.
        return whole or (whole is False and not isinstance(message, BookDelta | BookSnapshot | TradePrinted))

    def _market_of(self, command: OrderCommand) -> str | None:
        return command.ticker if isinstance(command, PlaceOrder) else self._market_of_order(command.order_id)

    def _market_of_order(self, order_id: str) -> str | None:
        order = self.exchange.state.known.get(order_id)
        return None if order is None else order.ticker

    def _released(self, ticker: str) -> list[Outgoing]:
        """A market that stood still trades again."""
        self.exchange.release(ticker)
        if ticker not in self._deaf:
            return []
        del self._deaf[ticker]
        # Its trades that were told meanwhile were not even noted.
        wanted = BooksWanted(PAPER_EXCHANGE)
        return [Publish(GAMES_TOPIC, wanted), (MARKET_FEED, wanted)]

    def _missing(self, ticker: str, now: int) -> list[Outgoing]:
        """Ask once for the trades that decide a gap, as soon as the market can be followed again."""
        gaps = self.exchange.gaps_of(ticker)
        # Asked for only when the book follows the venue again: trades fetched before would leave another gap
        # behind them. Once for each gap, or every snapshot would ask again.
        asked = self._asked.get(ticker, ())
        new = [since for since in gaps if since not in asked]
        if not new or not self.exchange.book(ticker).synced:
            return []
        self._asked[ticker] = gaps
        return [(FEED_EDGE, TradesWanted(ticker, since, Nanos(now))) for since in new]


def _opened(message: AccountOpen, now: Nanos) -> StrategyOpened:
    """The fact that an account begins with, if there is none yet."""
    traits = to_state(message.kind, message.traits)
    return StrategyOpened(
        message.strategy,
        message.kind,
        Money(message.bankroll),
        message.parameters,
        now,
        traits,
        message.account,
    )


def _has(exchange: PaperExchange, delta: BookDelta) -> bool:
    """Whether the change is in the book already."""
    book = exchange.state.market(delta.ticker).book
    return (book.conn, book.sid) == (delta.conn, delta.sid) and book.seq >= delta.seq


def _not_taken(command: OrderCommand, now: Nanos) -> Step:
    """An order that not even could be refused is told to be over; of others it is over already."""
    if not isinstance(command, PlaceOrder):
        return NOTHING
    order_id, strategy, ticker = command.order_id, command.strategy, command.ticker
    detail, code = "it cannot be decided on", RejectCode.MARKET_FROZEN
    refusal = OrderRejected(order_id, strategy, ticker, code, detail, now)
    # Not folded: that is what fails. A start tries it again, and sets aside what fails then.
    return Step(facts=(OrderSubmitted(command, now, now), refusal))


def _kind(message: object) -> str:
    if isinstance(message, Wake):
        return "a timer"
    return type(message.command if isinstance(message, Approved) else message).__name__

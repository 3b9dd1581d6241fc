"""What the exchange keeps of markets and orders is what follows from the orders that live, and no more.

Evenings that come from seeds, and after every step the queues, the timers and what is watched are made once
more from the orders alone, by other code.

Covers: engine.exchange.state, engine.exchange.market, engine.exchange.timers, engine.exchange.freezing.
"""

from collections.abc import Callable, Iterator
from random import Random

import pytest

from engine.accounts import Accounts
from engine.events import (
    BookSide,
    CloseTimeChanged,
    FeedGapped,
    FeedLost,
    MarketStatus,
    MarketStatusChanged,
    TradesRecovered,
)
from engine.exchange.market import Market, QueueLevel
from engine.exchange.orders import PaperOrder, Stage
from engine.exchange.rules import STATUS_WAIT
from engine.exchange.timers import (
    AMEND,
    ARRIVE,
    AT_VENUE,
    BEHIND,
    CANCEL,
    CLOSE,
    CREDIT,
    ENDS,
    EXPIRE,
    PESSIMISTIC,
    RECOVERY,
    TOLD,
    credit_subject,
    key_of,
)
from engine.facts import CancelRefused, OrderAmended, OrderCancelled
from engine.latency import Delay
from engine.orders import AmendOrder, CancelReason, SelfTradePrevention, TimeInForce
from engine.run_facts import StrategyOpened
from engine.units import MONEY_ONE, NANOS_PER_MILLISECOND, Count, Money, Nanos
from engine.venue_facts import AmendSubmitted, BlindnessBegan, CancelSubmitted
from tests.engine.exchange.floor import BID, ELSEWHERE, MARKET, Floor, cents, contracts, listing, rules

EVENINGS = 80
STEPS = 100
STRATEGIES = ("ann", "bob")
TIFS = (TimeInForce.GTC, TimeInForce.GTC, TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK)
LATE = Delay(((0, Nanos(0)), (900, Nanos(2 * NANOS_PER_MILLISECOND)), (1_000, Nanos(10**9))))


class Evening(Floor):
    """Two strategies, on one account or on two, in one market."""

    def __init__(self, seed: int) -> None:
        """The book comes first, and the close time with it in some."""
        self.draw = Random(seed)
        self.accounts = self.draw.choice(list(Accounts))
        late = {"entry": LATE, "cancel": LATE} if self.draw.random() < 0.7 else {}
        super().__init__(rules(status_wait_ns=self.draw.choice([0, STATUS_WAIT]), **late))
        self.sent = 0
        self.forgotten = 0
        """Of what was sent in so many facts nothing is waited for any more."""
        self.on_venue_event(listing(ELSEWHERE))
        self.snapshot()

    def opening(self, strategy: str) -> StrategyOpened:
        """On its account."""
        money = Money(1_000 * MONEY_ONE)
        account = self.accounts.of(strategy)
        return StrategyOpened(strategy, "test", money, "{}", self.now, account=account)

    def amended(self, order: PaperOrder) -> bool:
        """Whether it has been sent to the back."""
        return any(fact.requeued for fact in self.of(OrderAmended, order.order_id))

    def step(self) -> None:
        """One thing happens; what is broken is mended sooner or later."""
        market = self.exchange.state.market(MARKET)
        if not market.book.synced and self.draw.random() < 0.4:
            self.snapshot()
        elif self.exchange.gaps_of(MARKET) and self.draw.random() < 0.4:
            self.recover()
        elif market.terms and market.terms.status is MarketStatus.INACTIVE and self.draw.random() < 0.4:
            self.status()
        else:
            self.draw.choice(WAYS)(self)

    def size(self) -> float:
        """Of whatever."""
        return self.draw.choice([0.01, 1, 3, 10, 25, 60])

    def cents(self) -> int:
        """Around the middle."""
        return self.draw.randint(47, 53)

    def side(self) -> BookSide:
        """Either."""
        return self.draw.choice(list(BookSide))

    def place_one(self) -> None:
        """An order of any kind."""
        self.sent += 1
        gtc = (tif := self.draw.choice(TIFS)) is TimeInForce.GTC
        strict = self.draw.random() < 0.2
        expires = gtc and self.draw.random() < 0.4
        life = Nanos(900 * NANOS_PER_MILLISECOND)
        self.send(
            f"order-{self.sent}",
            self.side(),
            self.cents(),
            self.size(),
            strategy=self.draw.choice(STRATEGIES),
            tif=tif,
            post_only=strict and gtc,
            exit=self.draw.random() < 0.1,
            stp=self.draw.choice(list(SelfTradePrevention)),
            expires_at=Nanos(self.now + life) if expires else None,
        )

    def change_one(self) -> None:
        """A cancel or an amend of one of the latest orders, wherever it stands."""
        if not self.sent:
            return
        rest = [order.order_id for order in self.exchange.state.orders.values() if order.resting]
        alive, late = (
            list(self.exchange.state.orders),
            f"order-{self.sent - self.draw.randrange(min(self.sent, 6))}",
        )
        order_id = self.draw.choice(self.draw.choice([rest, rest, alive, [late]]) or [late])
        strategy = self.exchange.state.known[order_id].strategy
        if self.draw.random() < 0.5:
            self.cancel(order_id, strategy)
        else:
            price, count = cents(self.cents()), contracts(self.size())
            if order_id in rest and self.draw.random() < 0.3:
                # Less of the same.
                price, count = self.live(order_id).price, Count(1 + self.live(order_id).count // 2)
            self.act(AmendOrder(order_id, strategy, price, count, self.now))

    def depth_changes(self) -> None:
        """More or less at a level."""
        if not self.exchange.book(MARKET).synced:
            return
        side = self.side()
        # Crossed now and then, which nobody trusts.
        price = self.draw.choice([48, 49, 49, 50, 50, 51] if side is BID else [53, 52, 52, 51, 51, 50])
        shown = self.exchange.book(MARKET).size(side, cents(price)) / 100
        less = shown and self.draw.random() < 0.6
        self.depth(side, price, -round(shown * self.draw.choice([0.2, 0.5, 1]), 2) if less else self.size())

    def trade_one(self) -> None:
        """A print, which may be told late."""
        self.trade(self.side(), self.cents(), self.size())

    def snapshot(self) -> None:
        """The whole book."""
        self.book({49: self.size(), 48: self.size()}, {51: self.size(), 52: self.size()})

    def recover(self) -> None:
        """The trades of a gap come, or cannot be had."""
        for since in self.exchange.gaps_of(MARKET):
            trades = () if self.draw.random() < 0.7 else None
            self.on_venue_event(TradesRecovered(MARKET, since, self.now, trades, self.now))

    def status(self) -> None:
        """The market is stopped, or goes on."""
        status = self.draw.choice([MarketStatus.INACTIVE, MarketStatus.ACTIVE, MarketStatus.ACTIVE])
        self.on_venue_event(MarketStatusChanged(MARKET, status, self.now, self.now))

    def close_moves(self) -> None:
        """The close comes nearer, or is put off."""
        close = Nanos(self.now + self.draw.choice([1, 40, 3_000, 3_000, 3_000]) * 10**9)
        self.on_venue_event(CloseTimeChanged(MARKET, close, self.now, self.now))

    def breaks(self) -> None:
        """Frames are missing, or the connection ends."""
        if self.draw.random() < 0.5:
            self.on_venue_event(FeedGapped(1, 1, self.seq + 1, self.seq + 3, self.now))
        else:
            self.on_venue_event(FeedLost(1, "reset", self.now))

    def cancel_many(self) -> None:
        """An operator takes back what there is."""
        whose = self.draw.choice([None, *STRATEGIES])
        self.do(self.exchange.cancel_all(whose, CancelReason.OPERATOR, self.now))

    def time_passes(self) -> None:
        """A moment or a minute."""
        self.quiet = self.draw.random() < 0.3
        self.wait(self.draw.choice([0.5, 2, 2, 2, 300, 2_500, 70_000]))

    def freezes(self) -> None:
        """The market stands still, and goes on at once."""
        if self.draw.random() < 0.2:
            self.do(self.exchange.freeze({MARKET: True}, (), self.now))
            self.exchange.release(MARKET)
            self.forgotten = len(self.facts)


WAYS: tuple[Callable[[Evening], None], ...] = (
    *(Evening.place_one,) * 8,
    *(Evening.change_one,) * 4,
    *(Evening.depth_changes,) * 6,
    *(Evening.trade_one,) * 4,
    *(Evening.time_passes,) * 6,
    *(
        Evening.snapshot,
        Evening.status,
        Evening.close_moves,
        Evening.breaks,
        Evening.cancel_many,
        Evening.freezes,
    ),
)


@pytest.mark.parametrize("seed", range(EVENINGS))
def test_what_is_kept_follows_from_the_orders_that_live(seed: int) -> None:
    evening = Evening(seed)
    for _ in range(STEPS):
        evening.step()
        orders = list(evening.exchange.state.orders.values())
        assert all(order.lives_on for order in orders)
        assert queues(evening) == standing(evening)
        assert evening.exchange.state.timers.due == due(evening)
        at_venue = {key: at for key, at in due(evening).items() if key.partition(":")[0] in AT_VENUE}
        assert evening.exchange.state.timers.moments == at_venue
        for market in markets(evening):
            assert set(market.arriving) == {
                order.order_id for order in orders if is_of(evening, order, market) and on_its_way(order)
            }
            assert market.arriving or not market.unclear
            assert market.watched is is_watched(market)
        for venue in evening.exchange.state.markets.values():
            assert venue.watched is any(each.watched for each in venue.accounts.values())


def markets(evening: Evening) -> Iterator[Market]:
    """Each account's part of each market."""
    for venue in evening.exchange.state.markets.values():
        yield from venue.accounts.values()


def is_of(evening: Evening, order: PaperOrder, market: Market) -> bool:
    """Whether an order belongs there."""
    return (evening.accounts.of(order.strategy), order.ticker) == (market.account, market.ticker)


def levels(evening: Evening) -> Iterator[tuple[Market, QueueLevel]]:
    """Every level where somebody stands."""
    for market in markets(evening):
        for side in BookSide:
            own = market.own_levels(side)
            assert all((level.side, level.price) == (side, price) for price, level in own.items())
            yield from ((market, level) for level in own.values())


def queues(evening: Evening) -> dict[str, tuple[str, BookSide, int]]:
    """Where each order stands, as the markets have it; no level is empty."""
    found: dict[str, tuple[str, BookSide, int]] = {}
    for market, level in levels(evening):
        assert level.queue
        for order_id, order in level.queue.items():
            assert evening.exchange.state.orders[order_id] is order
            assert order_id not in found
            found[order_id] = market.place, level.side, level.price
    pend = [order_id for order_id in found if pending(evening.exchange.state.orders[order_id])]
    return {order_id: place for order_id, place in found.items() if order_id not in pend}


def standing(evening: Evening) -> dict[str, tuple[str, BookSide, int]]:
    """The same, as the orders have it: those that rest, and those of which a reading came and is behind."""
    found: dict[str, tuple[str, BookSide, int]] = {}
    state = evening.exchange.state
    for order in state.orders.values():
        if order.resting or (order.stage is Stage.DONE and not pending(order)):
            found[order.order_id] = state.market_of(order).place, order.side, order.price
    return found


def pending(order: PaperOrder) -> bool:
    """Filled before its pessimistic reading came: it stands in the queue if it was filled there."""
    return order.stage is Stage.DONE and order.pessimistic_at is not None


def on_its_way(order: PaperOrder) -> bool:
    """Whether some reading of it has yet to meet the book, or a change of it."""
    return order.stage is Stage.IN_FLIGHT or order.pessimistic_at is not None or order.amend is not None


def is_watched(market: Market) -> bool:
    """Whether anything that is heard can do something there."""
    things = (*market.bids, *market.asks, *market.taken_bids, *market.taken_asks, *market.arriving)
    return bool(things) or market.no_visibility_since is not None


def due(evening: Evening) -> dict[str, Nanos]:
    """All timers, from the orders, the levels, the markets, and what is on its way."""
    state = evening.exchange.state
    found: dict[str, Nanos] = {}

    def wait(kind: str, subject: str, at: Nanos) -> None:
        key = key_of(kind, subject)
        found[key] = at
        if kind in AT_VENUE:
            found[key_of(BEHIND, key)] = Nanos(at + state.feed_wait_ns)
            told = state.print_wait_ns if kind in ENDS else state.status_wait_ns
            if told:
                found[key_of(TOLD, key)] = Nanos(at + told)

    for order in state.orders.values():
        if order.stage is Stage.IN_FLIGHT:
            wait(ARRIVE, order.order_id, order.arrives_at)
        if order.pessimistic_at is not None:
            wait(PESSIMISTIC, order.order_id, order.pessimistic_at)
        level = state.market_of(order).own_levels(order.side).get(order.price)
        stands = level is not None and order.order_id in level.queue
        # One that was amended and then filled at once expires for its pessimistic reading alone.
        stands = stands or (pending(order) and evening.amended(order))
        if stands and order.order.expires_at is not None:
            wait(EXPIRE, order.order_id, order.order.expires_at)
    for kind, order_id, at in under_way(evening):
        wait(kind, order_id, at)
    for market, level in levels(evening):
        if level.credits:
            wait(CREDIT, credit_subject(level.side, level.price, market.place), level.credits[0][1])
    for market in markets(evening):
        if (market.bids or market.asks) and market.venue.terms and market.venue.terms.close_at:
            wait(CLOSE, market.place, market.venue.terms.close_at)
        if market.no_visibility_since is not None:
            began = [fact.at for fact in evening.of(BlindnessBegan) if fact.account == market.account][-1]
            wait(RECOVERY, market.place, Nanos(began + state.recovery_window_ns))
    return found


def under_way(evening: Evening) -> Iterator[tuple[str, str, Nanos]]:
    """Cancels and amends that were sent and not answered: of an order that is over they are refused later."""
    sent: dict[tuple[str, str], Nanos] = {}
    for fact in evening.facts[evening.forgotten :]:
        match fact:
            case CancelSubmitted():
                sent[CANCEL, fact.order_id] = fact.arrives_at
            case AmendSubmitted():
                sent[AMEND, fact.amend.order_id] = fact.arrives_at
            case CancelRefused():
                sent.pop((AMEND if fact.amend else CANCEL, fact.order_id), None)
            case OrderAmended():
                sent.pop((AMEND, fact.order_id), None)
            case OrderCancelled():
                late = [key for key, at in sent.items() if key[1] == fact.order_id and at > fact.at]
                sent = {key: at for key, at in sent.items() if key[1] != fact.order_id or key in late}
            case _:
                pass
    yield from ((kind, order_id, at) for (kind, order_id), at in sent.items())

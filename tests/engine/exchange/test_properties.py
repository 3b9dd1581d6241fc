"""Whatever happens: nothing is filled twice, the readings stay a band, the ledger balances.

Four exchanges live through the same made-up evenings: one undisturbed, one restarted now and then, one whose
time passes in small pieces, and one with YES and NO changed over. They must say the same.

Covers: engine.exchange.paper, engine.exchange.timers.
"""

import os
from collections import Counter

import attrs
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine import ledger
from engine.accounts import SHARED
from engine.events import (
    BookSide,
    ExchangeStatusSeen,
    FeeChanged,
    FeedGapped,
    FeedLost,
    MarketDetermined,
    MarketSettled,
    MarketStatus,
    MarketStatusChanged,
    TradePrinted,
    TradesRecovered,
)
from engine.exchange import PaperExchange
from engine.exchange.timers import PESSIMISTIC, PESSIMISTIC_REFUSED
from engine.facts import BandMoved, OrderFilled
from engine.latency import Delay
from engine.message import changed
from engine.orders import CancelReason, SelfTradePrevention, TimeInForce
from engine.units import MONEY_ONE, NANOS_PER_MILLISECOND, PRICE_ONE, Count, Nanos, Price
from engine.venue_facts import BlindnessBegan, BlindnessEnded
from tests.engine.exchange.floor import ASK, BID, MARKET, Floor, MirroredFloor, contracts, rules

EXAMPLES = int(os.environ.get("EXCHANGE_EXAMPLES", "2000" if os.environ.get("TIPOFF_CI") == "1" else "80"))
SECONDS_MAX = 1_200
STRATEGIES = ("ann", "bob")

PRICES = st.integers(47, 53)
SIZES = st.sampled_from([0.01, 1, 3, 10, 25, 60])
SIDES = st.sampled_from(list(BookSide))
TIFS = st.sampled_from([TimeInForce.GTC, TimeInForce.GTC, TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK])


MISHAPS = (
    *("pause", "resume", "resume", "cancel", "cancel ann", "gap", "lost"),
    *("venue stops", "venue goes on", "venue goes on"),
)


@attrs.frozen
class Wish:
    """What an order of the evening can be like; `strict` is post-only or reduce-only, where it may be."""

    strategy: str
    side: BookSide
    price: int
    size: float
    tif: TimeInForce
    strict: bool
    maker_yields: bool
    expires: bool
    exit: bool = False


WISHES = st.builds(
    Wish,
    strategy=st.sampled_from(STRATEGIES),
    side=SIDES,
    price=PRICES,
    size=SIZES,
    tif=TIFS,
    strict=st.sampled_from([False, False, True]),
    maker_yields=st.booleans(),
    expires=st.sampled_from([False, False, True]),
    exit=st.sampled_from([False, False, False, True]),
)


class Evening(RuleBasedStateMachine):
    """Orders of two strategies in one market, and everything that the venue can do."""

    def __init__(self) -> None:
        """Open three floors; the book comes first."""
        super().__init__()
        self.plain = Floor(rules())
        self.restarted = Floor(rules())
        self.pieces = Floor(rules())
        self.mirrored: Floor = MirroredFloor(rules())
        self.orders = 0
        self.exits: dict[str, bool] = {}
        self.missed: dict[int, list[TradePrinted]] = {}
        self.heard: dict[str, Count] = {}

    @property
    def floors(self) -> tuple[Floor, ...]:
        """All four."""
        return self.plain, self.restarted, self.pieces, self.mirrored

    @property
    def synced(self) -> bool:
        """Whether the feed is up."""
        return self.plain.exchange.book(MARKET).synced

    # The venue

    @initialize(sizes=st.lists(SIZES, min_size=6, max_size=6))
    def open(self, sizes: list[float]) -> None:
        """Three levels a side."""
        bids: dict[float, float] = {49 - number: size for number, size in enumerate(sizes[:3])}
        asks: dict[float, float] = {51 + number: size for number, size in enumerate(sizes[3:])}
        for floor in self.floors:
            floor.book(bids, asks)

    def _displayed(self, side: BookSide, price: int) -> float:
        return self.plain.exchange.book(MARKET).size(side, Price(price * 100)) / 100

    @precondition(lambda self: self.synced)
    @rule(side=SIDES, off=st.sampled_from([0, 1, 1, 2, 3]), size=SIZES)
    def depth_grows(self, side: BookSide, off: int, size: float) -> None:
        """New orders at a level; the book may be crossed by them."""
        price = 50 - off if side is BID else 50 + off
        for floor in self.floors:
            floor.depth(side, price, size)

    @precondition(lambda self: self.synced)
    @rule(side=SIDES, price=PRICES, share=st.sampled_from([0.2, 0.5, 1]))
    def depth_shrinks(self, side: BookSide, price: int, share: float) -> None:
        """Cancels, or trades whose prints come later or never."""
        size = round(self._displayed(side, price) * share, 2)
        if size:
            for floor in self.floors:
                floor.depth(side, price, -size)

    @rule(taker=SIDES, price=PRICES, size=SIZES, late=st.booleans(), with_time=st.booleans())
    def trade(self, taker: BookSide, price: int, size: float, late: bool, with_time: bool) -> None:  # noqa: FBT001
        """A print, of now or of half a second ago, which may or may not belong to a decrease."""
        at = self.plain.now - (500 * NANOS_PER_MILLISECOND if late else 0)
        self.heard[f"trade-{self.plain.trades + 1}"] = contracts(size)
        for floor in self.floors:
            heard = floor.printed(taker, price, size)
            floor.on_venue_event(changed(heard, at_venue=Nanos(at) if with_time else None))

    @precondition(lambda self: self.synced)
    @rule(side=SIDES, size=SIZES, print_first=st.booleans())
    def match(self, side: BookSide, size: float, print_first: bool) -> None:  # noqa: FBT001
        """A real match at the best price: print and decrease in either order."""
        book = self.plain.exchange.book(MARKET)
        best = book.yes_bid if side is BID else book.yes_ask
        if best is None:
            return
        count = min(size, book.size(side, best) / 100)
        self.heard[f"trade-{self.plain.trades + 1}"] = contracts(count)
        for floor in self.floors:
            if print_first:
                floor.trade(side.opposite, best / 100, count)
            floor.depth(side, best / 100, -count)
            if not print_first:
                floor.trade(side.opposite, best / 100, count)

    @precondition(lambda self: self.plain.trades > 0)
    @rule(taker=SIDES, price=PRICES, number=st.integers(1, 100))
    def old_print_again(self, taker: BookSide, price: int, number: int) -> None:
        """A trade id that was heard before."""
        name = f"trade-{number % self.plain.trades + 1}"
        if name in self.plain.exchange.state.market(MARKET).of(SHARED).used_trades:
            for floor in self.floors:
                heard = floor.printed(taker, price, 60, name)
                floor.trades -= 1
                assert floor.on_venue_event(heard) == ()

    @rule(mishap=st.sampled_from(MISHAPS))
    def mishap(self, mishap: str) -> None:
        """What does not happen every minute."""
        for floor in self.floors:
            match mishap:
                case "pause":
                    floor.on_venue_event(
                        MarketStatusChanged(MARKET, MarketStatus.INACTIVE, floor.now, floor.now)
                    )
                case "resume":
                    floor.on_venue_event(
                        MarketStatusChanged(MARKET, MarketStatus.ACTIVE, floor.now, floor.now)
                    )
                case "venue stops" | "venue goes on":
                    active = mishap == "venue goes on"
                    floor.on_venue_event(ExchangeStatusSeen(active, active, None, floor.now))
                case "gap":
                    floor.on_venue_event(FeedGapped(1, 1, floor.seq + 1, floor.seq + 3, floor.now))
                case "lost":
                    floor.on_venue_event(FeedLost(1, "reset", floor.now))
                case _:
                    whose = "ann" if mishap == "cancel ann" else None
                    floor.do(floor.exchange.cancel_all(whose, CancelReason.OPERATOR, floor.now))

    @rule(
        scope=st.sampled_from(["KXNBAGAME-26OCT20OKCSAS", "KXNBAGAME"]),
        fee_type=st.sampled_from([None, None, None, "", "quadratic", "flat", "a type of tomorrow"]),
        multiplier=st.sampled_from([None, None, "2", "0.5", "", "-1", "1e3", "0.00001"]),
        relisted=st.sampled_from([False, False, False, True]),
    )
    def fees_change(
        self, scope: str, fee_type: str | None, multiplier: str | None, *, relisted: bool
    ) -> None:
        """The venue says other terms, or some that nobody knows, by message or listing."""
        for floor in self.floors:
            if relisted:
                floor.relist(fee_type=fee_type, fee_multiplier=multiplier, at=floor.now)
            else:
                floor.on_venue_event(FeeChanged(scope, fee_type, multiplier, floor.now))

    @rule()
    def fees_known(self) -> None:
        """The series' own terms are in force again."""
        for floor in self.floors:
            floor.relist(at=floor.now)
            for scope in ("KXNBAGAME-26OCT20OKCSAS", "KXNBAGAME"):
                floor.on_venue_event(FeeChanged(scope, None, None, floor.now))

    # Gaps

    @rule(taker=SIDES, price=PRICES, size=SIZES)
    def miss(self, taker: BookSide, price: int, size: float) -> None:
        """A trade that only the back-fill knows."""
        if MARKET in self.plain.exchange.without_visibility():
            name = f"missed-{len(self.heard)}"
            self.heard[name] = contracts(size)
            for floor in self.floors:
                missed = changed(floor.printed(taker, price, size, name), recovered=True)
                self.missed.setdefault(id(floor), []).append(missed)
                floor.trades -= 1

    @rule(sizes=st.lists(SIZES, min_size=4, max_size=4))
    def snapshot(self, sizes: list[float]) -> None:
        """The book anew."""
        for floor in self.floors:
            floor.book({49: sizes[0], 48: sizes[1]}, {51: sizes[2], 52: sizes[3]})

    @rule(had=st.sampled_from([True, True, False]))
    def recover(self, had: bool) -> None:  # noqa: FBT001
        """The missing trades come, or cannot be had."""
        if MARKET not in self.plain.exchange.without_visibility():
            return
        for floor in self.floors:
            trades = tuple(self.missed.get(id(floor), ())) if had else None
            since = floor.of(BlindnessBegan)[-1].since
            floor.on_venue_event(TradesRecovered(MARKET, since, floor.now, trades, floor.now))
        self.missed.clear()

    # Ourselves

    @rule(wish=WISHES, wait=st.sampled_from([0, 2, 2]))
    def place(self, wish: Wish, wait: float) -> None:
        """An order of any kind, which may not have arrived yet when the next thing happens."""
        self.orders += 1
        self.exits[f"order-{self.orders}"] = wish.exit
        gtc = wish.tif is TimeInForce.GTC
        life = Nanos(900 * NANOS_PER_MILLISECOND)
        for floor in self.floors:
            floor.send(
                f"order-{self.orders}",
                wish.side,
                wish.price,
                wish.size,
                strategy=wish.strategy,
                tif=wish.tif,
                post_only=wish.strict and gtc,
                reduce_only=wish.strict and wish.tif is TimeInForce.IOC,
                exit=wish.exit,
                stp=SelfTradePrevention.MAKER if wish.maker_yields else SelfTradePrevention.TAKER_AT_CROSS,
                expires_at=Nanos(floor.now + life) if wish.expires and gtc else None,
            )
            floor.wait(wait)

    @precondition(lambda self: self.orders > 0)
    @rule(number=st.integers(1, 100), price=PRICES, size=SIZES, amend=st.booleans())
    def change(self, number: int, price: int, size: float, amend: bool) -> None:  # noqa: FBT001
        """A cancel or an amend sets out."""
        order_id = f"order-{self.orders - number % min(self.orders, 5)}"
        for floor in self.floors:
            if amend:
                floor.amend(order_id, price, size)
            else:
                floor.cancel(order_id)

    @rule(milliseconds=st.sampled_from([0.5, 2, 2, 2, 300, 2_500, 70_000]))
    def wait(self, milliseconds: float) -> None:
        """Time passes, for one of them in pieces."""
        self.plain.wait(milliseconds)
        self.restarted.wait(milliseconds)
        self.mirrored.wait(milliseconds)
        self.pieces.wait(milliseconds, pieces=4)

    @rule()
    def restart(self) -> None:
        """One of them is thrown away and restored."""
        self.restarted.restart()

    # What always holds

    @invariant()
    def all_three_say_the_same(self) -> None:
        """A restart at any step and the batching of time change nothing."""
        assert self.restarted.facts == self.plain.facts
        assert self.pieces.facts == self.plain.facts

    @invariant()
    def yes_and_no_are_treated_alike(self) -> None:
        """With sides changed over the same orders get the same contracts at one dollar minus the price."""
        fills = [(fill.order_id, fill.count, fill.price) for fill in self.plain.of(OrderFilled)]
        mirrored = [
            (fill.order_id, fill.count, PRICE_ONE - fill.price) for fill in self.mirrored.of(OrderFilled)
        ]
        assert mirrored == fills

    @invariant()
    def the_ledger_balances_and_cash_follows_from_the_fills(self) -> None:
        """Contracts and cash are conserved; the fold of the facts is the state."""
        assert self.plain.exchange.state.ledger.verify() == 0
        for strategy in STRATEGIES:
            position, cash = 0, 1_000 * MONEY_ONE
            for fill in self.plain.of(OrderFilled):
                if fill.strategy == strategy:
                    sign = 1 if fill.side is BID else -1
                    position += sign * fill.count
                    cash -= sign * fill.price * fill.count + fill.fee
            assert self.plain.exchange.state.position(strategy, MARKET).count == position
            assert self.plain.cash(strategy) == cash - PRICE_ONE * max(0, -position)
            assert self.plain.cash(strategy) >= 0
            tally, marks = self.plain.tally, self.plain.marks()
            base = sum(band.base for band in tally.by_game(strategy, marks).values())
            assert base == tally.realized(strategy) + tally.unrealized(strategy, marks)

    @invariant()
    def an_exit_never_opens_the_opposite(self) -> None:
        """What was approved as an exit brings a position towards nothing, and never beyond."""
        held: Counter[str] = Counter()
        for fill in self.plain.of(OrderFilled):
            before = held[fill.strategy]
            held[fill.strategy] += fill.count if fill.side is BID else -fill.count
            if self.exits[fill.order_id]:
                assert abs(held[fill.strategy]) < abs(before)
                assert held[fill.strategy] * before >= 0

    @invariant()
    def the_readings_are_a_band(self) -> None:
        """Pessimistic, base, optimistic: per order, at every moment."""
        for order in self.plain.exchange.state.orders.values():
            bands = order.bands
            assert 0 <= bands.pessimistic <= bands.base <= bands.optimistic <= max(order.count, bands.base)
            assert bands.base == order.filled
            assert not order.resting or order.optimistic_ahead <= order.venue_ahead

    @invariant()
    def nothing_is_filled_beyond_what_was_printed_or_displayed(self) -> None:
        """In no reading, over all orders and strategies."""
        given: Counter[tuple[str, str]] = Counter()
        before: dict[str, BandMoved] = {}
        for moved in self.plain.of(BandMoved):
            last = before.get(moved.order_id)
            before[moved.order_id] = moved
            for name in ("pessimistic", "base", "optimistic"):
                earlier = getattr(last, name) if last is not None else 0
                given[moved.cause, name] += getattr(moved, name) - earlier
        for (cause, name), count in given.items():
            own = cause in ("", PESSIMISTIC, PESSIMISTIC_REFUSED)
            assert own or count <= self.heard[cause], (cause, name, count)
        market = self.plain.exchange.state.market(MARKET).of(SHARED)
        for side in (BID, ASK):
            for price, taken in market.taken(side).items():
                short = price in market.shortfalls(side)
                assert short is (taken > market.book.size(side, price)) or not market.book.synced

    @invariant()
    def no_fill_comes_from_a_book_that_nobody_could_trust(self) -> None:
        """Recovered prints excepted, which are the gap's own evidence.

        Takers meet the book that came after it.
        """
        blind = False
        for fact in self.plain.facts:
            match fact:
                case BlindnessBegan():
                    blind = True
                case BlindnessEnded():
                    blind = False
                case OrderFilled():
                    assert not blind or fact.evidence.kind in ("recovered_print", "book_level")
                case _:
                    pass

    def teardown(self) -> None:
        """The venue settles: no collateral stays behind, the fold from nothing is the same."""
        floor = self.plain
        floor.on_venue_event(MarketDetermined(MARKET, "scalar", Price(3_333), floor.now, floor.now))
        floor.on_venue_event(MarketSettled(MARKET, floor.now, floor.now))
        for strategy in STRATEGIES:
            owed = [account(strategy, MARKET) for account in (ledger.collateral, ledger.claim)]
            assert [floor.held_on(account) for account in owed] == [0, 0]
            assert floor.cash(strategy) == 1_000 * MONEY_ONE + floor.tally.realized(strategy)
        folded = PaperExchange(floor.rules, seed=7).state
        for fact in floor.facts:
            folded.apply(fact)
        assert folded.ledger.balances == floor.exchange.state.ledger.balances
        assert folded.timers.due == floor.exchange.state.timers.due


Evening.TestCase.settings = settings(max_examples=EXAMPLES, stateful_step_count=40, deadline=None)
TestEvening = pytest.mark.timeout(SECONDS_MAX)(Evening.TestCase)


class LateEvening(Evening):
    """The same with delays that differ from order to order, so that the pessimistic reading arrives later."""

    def __init__(self) -> None:
        """Open floors with drawn delays."""
        super().__init__()
        drawn = Delay(((0, Nanos(0)), (900, Nanos(2 * NANOS_PER_MILLISECOND)), (1_000, Nanos(10**9))))
        late = attrs.evolve(rules(), entry=drawn, cancel=drawn)
        self.plain, self.restarted, self.pieces = Floor(late), Floor(late), Floor(late)
        self.mirrored = MirroredFloor(late)


LateEvening.TestCase.settings = settings(max_examples=EXAMPLES // 4, stateful_step_count=40, deadline=None)
TestLateEvening = pytest.mark.timeout(SECONDS_MAX)(LateEvening.TestCase)

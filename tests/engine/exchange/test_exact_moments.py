"""At the very moment, and one nanosecond or millionth beside it: which side of each limit decides what.

Covers: engine.exchange.arrival, engine.exchange.balance, engine.exchange.cancels, engine.exchange.depth,
engine.exchange.feed_clock, engine.exchange.freezing, engine.exchange.gaps, engine.exchange.moments,
engine.exchange.prints, engine.exchange.refusals, engine.exchange.rehearsal, engine.exchange.submission.
"""

import attrs
import pytest

from engine.events import BookDelta, BookSide, PriceRange, Side, TradePrinted
from engine.exchange import (
    PaperExchange,
    arrival,
    balance,
    cancels,
    depth,
    feed_clock,
    freezing,
    gaps,
    moments,
    prints,
    refusals,
    submission,
    undecidable,
)
from engine.exchange.market import Market, Shortfall
from engine.exchange.orders import PaperOrder
from engine.exchange.rules import FEED_WAIT_NS_MAX, PRINTS_KEPT, TAKEN_MEMORY, VENUE_TICK, on_tick
from engine.exchange.step_context import StepContext
from engine.exchange.timers import ARRIVE, PESSIMISTIC_REFUSED
from engine.facts import BandMoved, OrderAmended, OrderCancelled, OrderRejected
from engine.latency import Delay
from engine.message import changed
from engine.orders import AmendOrder, CancelReason, Liquidity, RejectCode, TimeInForce
from engine.units import NANOS_PER_MILLISECOND, PRICE_ONE, Count, Money, Nanos, Price
from engine.venue_facts import CancelSubmitted
from tests.engine.exchange.floor import ASK, BID, MARKET, START, Floor, cents, contracts, rules


@pytest.fixture
def floor() -> Floor:
    """A floor where 100 are bid at 40 and offered at 50."""
    made = Floor(rules())
    made.book(bids={40: 100}, asks={50: 100})
    return made


@attrs.define(eq=False)
class Purse(StepContext):
    """A step in which a strategy has so much money."""

    money: int = 0

    def cash(self, strategy: str) -> Money:
        """What it has."""
        return Money(self.money)


def step(floor: Floor, now: int | None = None) -> StepContext:
    """A step of now, or of another moment."""
    return StepContext(floor.exchange.state, floor.rules, floor.now if now is None else Nanos(now))


def purse(floor: Floor, money: int) -> Purse:
    """A step of now with some money."""
    return Purse(floor.exchange.state, floor.rules, floor.now, money=money)


def order(floor: Floor, order_id: str = "a") -> PaperOrder:
    """An order as the exchange has it."""
    return floor.exchange.state.orders[order_id]


def ours(floor: Floor) -> Market:
    """What our account has in the market."""
    return floor.exchange.state.market(MARKET).of(floor.account)


def kinds(context: StepContext) -> list[type]:
    """What was decided."""
    return [type(fact) for fact in context.facts]


# Money


def test_an_order_that_costs_the_very_money_that_is_there_is_covered(floor: Floor) -> None:
    floor.send("a", BID, 50, 10)
    needed = balance._need(step(floor), order(floor), {}, Liquidity.TAKER)
    assert balance.affordable(purse(floor, needed), order(floor))
    assert not balance.affordable(purse(floor, needed - 1), order(floor))


def test_a_resting_order_stays_while_the_money_just_covers_it(floor: Floor) -> None:
    floor.place("a", BID, 40, 10)
    reserved = balance.reserved(step(floor), "ann")
    just = purse(floor, reserved)
    balance.enforce(just, "ann")
    assert just.facts == []
    short = purse(floor, reserved - 1)
    balance.enforce(short, "ann")
    (ended,) = [fact for fact in short.facts if isinstance(fact, OrderCancelled)]
    assert ended.reason is CancelReason.INSUFFICIENT_BALANCE


# Amends, cancels, expiries


@pytest.mark.parametrize(("blind_ns", "kind"), [(0, OrderAmended), (1, OrderCancelled)])
def test_an_amend_that_arrives_as_sight_is_regained_meets_a_book_that_is_seen(
    floor: Floor, blind_ns: int, kind: type
) -> None:
    floor.place("a", BID, 40, 10)
    floor.act(AmendOrder("a", "ann", cents(41), contracts(10), floor.now))
    arrives_at = order(floor).amend_at
    assert arrives_at is not None
    ours(floor).blind_to = Nanos(arrives_at + blind_ns)
    context = step(floor, arrives_at)
    cancels.amend_arrives(context, "a")
    assert kind in kinds(context)


def test_many_are_cancelled_once_and_again_only_if_that_is_earlier(floor: Floor) -> None:
    floor.place("rests", BID, 40, 10)
    floor.send("flies", BID, 41, 10)
    order(floor, "flies").cancel_at = order(floor, "flies").arrives_at
    first, again = step(floor), step(floor)
    for context in (first, again):
        submission.cancel_many(context, None, CancelReason.REQUESTED, 7)
    asked = [fact.order_id for fact in first.facts if isinstance(fact, CancelSubmitted)]
    assert (asked, again.facts) == (["rests"], [])


def test_an_order_that_expires_as_it_arrives_has_expired(floor: Floor) -> None:
    floor.send("a", BID, 40, 10, expires_at=Nanos(floor.now + 1))
    at, before = step(floor, floor.now + 1), step(floor)
    refused = refusals._refused_by_life(at, order(floor))
    assert refused is not None
    assert refused.code is RejectCode.EXPIRATION_IN_PAST
    assert refusals._refused_by_life(before, order(floor)) is None


@pytest.mark.parametrize(("later_ns", "refused"), [(0, True), (1, False)])
def test_a_pessimistic_reading_that_comes_as_the_order_expires_comes_too_late(
    floor: Floor,
    later_ns: int,
    refused: bool,  # noqa: FBT001
) -> None:
    floor.place("a", BID, 50, 10)
    floor.send("b", BID, 40, 10, expires_at=Nanos(floor.now + 10 + later_ns))
    context = step(floor, floor.now + 10)
    arrival.arrive_pessimistic(context, order(floor, "b"))
    assert order(floor, "b").pessimistic_refused is refused


# The feed's clock


def test_a_moment_is_passed_by_what_is_later_and_not_by_what_is_of_the_same_time(floor: Floor) -> None:
    market = floor.exchange.state.market(MARKET)
    context = step(floor)
    context.heard = (1, 1, Nanos(floor.now + 10))
    assert feed_clock.passed(context, market, Nanos(floor.now + 9))
    assert not feed_clock.passed(context, market, Nanos(floor.now + 10))


@pytest.mark.parametrize(("before", "noted"), [(VENUE_TICK, 0), (VENUE_TICK - 1, 1)])
def test_a_change_is_surely_older_than_what_was_sent_a_tick_of_the_venue_later(
    floor: Floor, before: int, noted: int
) -> None:
    floor.send("a", BID, 40, 10)
    at = Nanos(order(floor).sent_at - before)
    change = BookDelta(MARKET, Side.YES, cents(40), contracts(1), 1, 1, 99, at, floor.now)
    feed_clock.note_delta(step(floor), ours(floor), change)
    assert len(ours(floor).unclear) == noted


@pytest.mark.parametrize(
    ("side", "price", "later_ns", "met"),
    [(BID, 50, 0, True), (ASK, 50, 0, True), (ASK, 49, 0, False), (ASK, 50, 1, False), (BID, 51, 0, False)],
)
def test_a_trade_at_the_very_price_and_as_old_as_may_be_shows_that_it_could_be_met(
    floor: Floor,
    side: BookSide,
    price: float,
    later_ns: int,
    met: bool,  # noqa: FBT001
) -> None:
    floor.send("a", side, 50, 10)
    floor.exchange.state.market(MARKET).listed = [floor.printed(side, price, 1)]
    context = step(floor, floor.now + PRINTS_KEPT + later_ns)
    assert feed_clock.offered_meanwhile(context, ours(floor), order(floor)) is met


def test_a_market_is_seen_open_at_a_moment_by_what_is_later_only() -> None:
    floor = Floor(rules(status_wait_ns=1_000))
    market = floor.exchange.state.market(MARKET)
    for active_to, on in ((0, False), (1, True)):
        market.active_to = Nanos(floor.now + active_to)
        assert feed_clock.goes_on(step(floor), market, floor.now) is on
    market.active_to = floor.now
    assert not feed_clock.goes_on(step(floor, floor.now + 999), market, floor.now)
    assert feed_clock.goes_on(step(floor, floor.now + 1_000), market, floor.now)


@pytest.mark.parametrize(("told_to", "complete"), [(0, False), (1, True)])
def test_prints_are_complete_up_to_a_moment_once_a_later_one_was_told(
    floor: Floor,
    told_to: int,
    complete: bool,  # noqa: FBT001
) -> None:
    floor.wait(10)
    moment = Nanos(floor.now + 5)
    market = floor.exchange.state.market(MARKET)
    market.trades_to = Nanos(moment + told_to)
    assert moments._prints_complete(step(floor), market, moment) is complete


def test_a_change_of_nothing_does_not_show_that_the_market_is_open(floor: Floor) -> None:
    floor.send("a", BID, 40, 10)
    market = floor.exchange.state.market(MARKET)
    for seq, change, active_to in ((98, 0, 0), (99, 1, floor.now)):
        at = Nanos(floor.now)
        told = BookDelta(MARKET, Side.YES, cents(40), Count(change), 1, 1, seq, at, at)
        floor.exchange._pass(market, told, floor.now)
        assert market.active_to == active_to


def test_a_pessimistic_reading_that_the_feed_never_passes_finds_nothing() -> None:
    """However much is displayed."""
    way = Delay(((0, Nanos(0)), (1_000, Nanos(100 * NANOS_PER_MILLISECOND))))
    floor = Floor(rules(entry=way))
    floor.book(bids={40: 100}, asks={50: 100})
    floor.send("a", BID, 50, 10)
    floor.wait((order(floor).arrives_at - floor.now) / NANOS_PER_MILLISECOND + 0.001)
    assert floor.filled("a") == 10
    assert order(floor).pessimistic_at is not None
    floor.quiet = True
    floor.wait(200 + FEED_WAIT_NS_MAX / NANOS_PER_MILLISECOND)
    last = floor.of(BandMoved, "a")[-1]
    assert (last.cause, last.pessimistic, last.base) == (PESSIMISTIC_REFUSED, 0, contracts(10))


# Sight


@pytest.mark.parametrize(("later_ns", "rejected"), [(0, []), (1, [OrderRejected])])
def test_what_arrives_as_a_book_is_followed_anew_meets_that_book(
    floor: Floor, later_ns: int, rejected: list[type]
) -> None:
    floor.send("a", BID, 40, 10)
    context = step(floor)
    gaps.missed(context, ours(floor), Nanos(order(floor).arrives_at + later_ns))
    assert kinds(context) == rejected


def test_what_arrived_as_the_process_began_again_met_a_book_that_nobody_saw(floor: Floor) -> None:
    floor.send("a", BID, 40, 10)
    context = step(floor, order(floor).arrives_at)
    gaps.process_restarted(context, [floor.exchange.state.market(MARKET)])
    (refused,) = [fact for fact in context.facts if isinstance(fact, OrderRejected)]
    assert refused.code is RejectCode.DOWNTIME_UNKNOWN


def test_the_last_hundredth_of_an_order_is_taken_back_when_its_market_is_frozen(floor: Floor) -> None:
    floor.place("a", BID, 40, 10)
    order(floor).filled = contracts(10) - 1
    context = step(floor)
    freezing.freeze(context, floor.exchange.state.market(MARKET))
    (ended,) = [fact for fact in context.facts if isinstance(fact, OrderCancelled)]
    assert (ended.remaining, ended.reason) == (1, CancelReason.MARKET_FROZEN)


@pytest.mark.parametrize(("age_ns", "left"), [(TAKEN_MEMORY - 1, 30), (TAKEN_MEMORY, 10)])
def test_what_was_taken_is_remembered_for_so_long(floor: Floor, age_ns: int, left: float) -> None:
    market = ours(floor)
    market.taken(ASK)[cents(50)] = contracts(30)
    market.shortfalls(ASK)[cents(50)] = Shortfall(Nanos(floor.now - age_ns), contracts(10))
    depth.expire_taken(step(floor), market, ASK)
    assert market.taken(ASK)[cents(50)] == contracts(left)


def test_an_arriving_order_meets_what_is_still_remembered_as_taken(floor: Floor) -> None:
    market = ours(floor)
    market.taken(ASK)[cents(50)] = contracts(300)
    market.shortfalls(ASK)[cents(50)] = Shortfall(Nanos(floor.now - TAKEN_MEMORY), contracts(100))
    floor.send("a", BID, 50, 10)
    arrival.meeting(step(floor), market, order(floor))
    assert market.taken(ASK)[cents(50)] == contracts(100)


def test_an_order_that_only_reduces_takes_no_more_than_is_held_in_any_reading(floor: Floor) -> None:
    floor.place("buys", BID, 50, 5)
    floor.place("sells", ASK, 40, 10, tif=TimeInForce.IOC, reduce_only=True)
    last = floor.of(BandMoved, "sells")[-1]
    assert (last.base, last.optimistic) == (contracts(5), contracts(5))


# Prints


@pytest.mark.parametrize(("later_ns", "waits"), [(0, False), (1, True)])
def test_a_print_waits_for_an_order_that_came_before_it(
    floor: Floor,
    later_ns: int,
    waits: bool,  # noqa: FBT001
) -> None:
    floor.send("a", BID, 40, 10)
    at = Nanos(order(floor).arrives_at + later_ns)
    told = changed(floor.printed(ASK, 40, 5), at_venue=at)
    assert prints._waits(step(floor), ours(floor), told) is waits


@pytest.mark.parametrize(("later_ns", "got"), [(0, 0), (1, 5)])
def test_a_print_of_the_moment_in_which_the_slow_reading_came_is_not_for_it(
    floor: Floor, later_ns: int, got: float
) -> None:
    floor.place("a", BID, 41, 10)
    at = Nanos(floor.now + 10 * NANOS_PER_MILLISECOND)
    order(floor).pessimistic_joined_at = Nanos(at - later_ns)
    told: TradePrinted = changed(floor.printed(ASK, 40, 5), at_venue=at)
    prints.use_trade(step(floor, at), ours(floor), told, fills=True)
    assert (order(floor).bands.pessimistic, order(floor).bands.base) == (contracts(got), contracts(5))


def test_all_prints_are_known_if_they_are_remembered_since_the_account_began(floor: Floor) -> None:
    state = floor.exchange.state
    state.prints.since = START
    assert state.knows_all_prints()
    state.prints.since = Nanos(START + 1)
    assert not state.knows_all_prints()


# Refusals


@pytest.mark.parametrize(("open_ns", "code"), [(0, None), (1, RejectCode.TRADING_PAUSED)])
def test_what_arrives_as_a_market_is_taken_up_again_is_let_in(
    floor: Floor, open_ns: int, code: RejectCode | None
) -> None:
    market = floor.exchange.state.market(MARKET)
    market.open_since = Nanos(floor.now + open_ns)
    refused = refusals.refused_by_venue(step(floor), market)
    assert (None if refused is None else refused.code) is code


@pytest.mark.parametrize(("now_ns", "closed"), [(-1, False), (0, True)])
def test_at_its_close_time_a_market_is_closed(floor: Floor, now_ns: int, closed: bool) -> None:  # noqa: FBT001
    terms = floor.exchange.state.market(MARKET).terms
    assert terms is not None
    terms = changed(terms, close_at=floor.now)
    assert (refusals.closed(step(floor, floor.now + now_ns), terms) is not None) is closed


@pytest.mark.parametrize(("now_ns", "delayed"), [(-1, False), (0, True)])
def test_a_game_is_on_from_its_usual_length_before_its_end(
    floor: Floor,
    now_ns: int,
    delayed: bool,  # noqa: FBT001
) -> None:
    floor.relist(expected_expiration_at=Nanos(floor.now + submission.GAME_LENGTH))
    wish = floor.order("a", BID, 50, 10, tif=TimeInForce.IOC)
    assert submission._may_take_in_play(step(floor, floor.now + now_ns), wish) is delayed


def test_a_range_without_a_step_has_no_tick() -> None:
    assert not on_tick(cents(40), (PriceRange(Price(0), Price(PRICE_ONE), Price(0)),))


def test_the_lowest_price_may_be_the_smallest_there_is() -> None:
    """A hundredth of a cent."""
    least = PriceRange(Price(1), Price(PRICE_ONE), Price(3))
    assert submission._worst(ASK, (least,)) == 1


@pytest.mark.parametrize(("due_ns", "failed"), [(0, {MARKET: "ValueError: on purpose"}), (1, {})])
def test_a_start_rehearses_what_is_due_now_and_nothing_later(
    floor: Floor, monkeypatch: pytest.MonkeyPatch, due_ns: int, failed: dict[str, str]
) -> None:
    floor.send("a", BID, 40, 10)
    state = floor.exchange.state
    state.timers.due.clear()
    state.timers.arm(ARRIVE, "a", Nanos(floor.now + due_ns))

    def wake(*_: object, **__: object) -> None:
        raise ValueError("on purpose")

    monkeypatch.setattr(PaperExchange, "wake", wake)
    assert undecidable(floor.exchange, floor.now) == failed

"""What is heard and passed over: the feed's clock, the short ways, standing still, restarts, ends.

Covers: engine.exchange.feed_clock, engine.exchange.freezing, engine.exchange.lifecycle,
engine.exchange.moments, engine.exchange.paper, engine.exchange.rehearsal, engine.exchange.rules,
engine.exchange.state, engine.exchange.step_context.
"""

import copy
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import (
    BookDelta,
    BookRefused,
    BookSnapshot,
    FeeChanged,
    FeedConnected,
    FeedGapped,
    FeedLost,
    MarketDetermined,
    MarketListed,
    MarketStatus,
    PriceRange,
    Side,
    TradePrinted,
    TradesRecovered,
    VenueEvent,
)
from engine.exchange import PaperExchange, feed_clock, freezing, gaps, moments, undecidable
from engine.exchange.market import Market
from engine.exchange.rules import VENUE_TICK, on_tick
from engine.exchange.step_context import StepContext
from engine.exchange.timers import ARRIVE, CANCEL, RECOVERY, key_of
from engine.facts import (
    BandMoved,
    CancelRefused,
    Fact,
    MarketStateChanged,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
)
from engine.invariant import InvariantBroken
from engine.ledger import cash
from engine.message import changed
from engine.orders import CancelOrder, CancelReason, RejectCode, TimeInForce
from engine.run_facts import StrategyOpened
from engine.units import NANOS_PER_MILLISECOND, PRICE_ONE, Money, Nanos, Price
from engine.venue_facts import BandEnded, BlindnessBegan, BlindnessEnded, CancelSubmitted, DepthChange
from tests.engine.exchange.floor import ASK, BID, ELSEWHERE, MARKET, START, Floor, cents, contracts, rules

IOC = TimeInForce.IOC


@pytest.fixture
def floor() -> Floor:
    """A floor where 100 are bid at 40 and offered at 50."""
    made = Floor(rules())
    made.book(bids={40: 100}, asks={50: 100})
    return made


def ours(floor: Floor) -> Market:
    """What our account has in the market."""
    return floor.exchange.state.market(MARKET).of(floor.account)


def step(floor: Floor, now: int | None = None) -> StepContext:
    """A step of now, or of another moment."""
    return StepContext(floor.exchange.state, floor.rules, floor.now if now is None else Nanos(now))


def gap(floor: Floor) -> Nanos:
    """Frames are missing; since when."""
    floor.on_venue_event(FeedGapped(1, 1, floor.seq + 1, floor.seq + 3, floor.now))
    return floor.of(BlindnessBegan)[-1].since


# The feed's clock


def test_a_moment_is_not_passed_by_a_book_of_the_same_time(floor: Floor) -> None:
    market = floor.exchange.state.market(MARKET)
    shown = market.book.venue_at
    assert shown is not None
    assert feed_clock.passed(step(floor), market, Nanos(shown - 1))
    assert not feed_clock.passed(step(floor), market, shown)


def test_what_is_sent_to_a_venue_whose_clock_is_ahead_is_sent_at_its_time(floor: Floor) -> None:
    """Of a book that is not followed, or that was polled, nothing is taken for its clock."""
    ahead = Nanos(floor.now + 7)
    floor.heard_late(BID, 40, 1, ahead)
    assert feed_clock.venue_now(step(floor), MARKET) == ahead
    assert feed_clock.venue_now(step(floor, ahead + 1), MARKET) == ahead + 1
    floor.on_venue_event(FeedLost(1, "reset", floor.now))
    assert feed_clock.venue_now(step(floor), MARKET) == floor.now
    quoted = Floor(rules())
    quoted.quote(40, 50)
    quoted.exchange.book(MARKET).venue_at = Nanos(quoted.now + 7)
    assert feed_clock.venue_now(step(quoted), MARKET) == quoted.now


def test_what_is_surely_older_than_an_arrival_clears_what_was_unclear_before(floor: Floor) -> None:
    floor.send("a", BID, 45, 10)
    floor.heard_late(BID, 40, 5, None)
    assert ours(floor).unclear == (DepthChange(BID, cents(40), contracts(5), None),)
    floor.heard_late(BID, 40, 5, Nanos(floor.live("a").sent_at - VENUE_TICK))
    assert ours(floor).unclear == ()


def test_a_snapshot_notes_in_what_it_differs_and_nothing_else(floor: Floor) -> None:
    floor.book(bids={40: 100, 39: 7, 38: 3}, asks={50: 100, 52: 6})
    floor.send("a", BID, 45, 10)
    floor.book(bids={40: 90, 38: 3}, asks={50: 110, 53: 2})
    found = [(each.side, each.price, each.change) for each in ours(floor).unclear]
    assert found == [
        (BID, cents(39), contracts(-7)),
        (BID, cents(40), contracts(-10)),
        (ASK, cents(53), contracts(2)),
        (ASK, cents(52), contracts(-6)),
        (ASK, cents(50), contracts(10)),
    ]
    assert {each.at_venue for each in ours(floor).unclear} == {None}


def test_what_left_in_the_very_moment_of_an_arrival_is_not_there_for_it(floor: Floor) -> None:
    """And what left surely later is."""
    floor.send("a", BID, 50, 10, tif=IOC)
    floor.heard_late(ASK, 50, -100, floor.live("a").arrives_at)
    floor.wait()
    assert floor.fills("a") == []
    floor.depth(ASK, 50, 100)
    floor.send("b", BID, 50, 10, tif=IOC)
    floor.heard_late(ASK, 50, -100, Nanos(floor.live("b").arrives_at + 1))
    floor.wait()
    assert floor.fills("b") == [(10, 50)]


def test_a_listed_trade_of_all_that_a_polled_level_shows_leaves_nothing_of_it(floor: Floor) -> None:
    sizes: feed_clock.Sizes = {}
    feed_clock._less_one(ours(floor), ASK, floor.printed(BID, 50, 100), sizes)
    assert sizes == {(ASK, cents(50)): (0, contracts(100))}


def test_an_order_is_gone_by_the_millisecond_in_which_its_end_arrives(floor: Floor) -> None:
    floor.place("a", BID, 40, 10)
    floor.cancel("a")
    order = floor.live("a")
    assert order.cancel_at is not None
    moments_of = [order.cancel_at - VENUE_TICK, order.cancel_at - VENUE_TICK + 1, order.cancel_at]
    assert [order.gone_by(moment) for moment in moments_of] == [False, True, True]


# The short ways


class Short(Floor):
    """A floor that asks first whether a trade can do nothing to anybody."""

    passed = 0

    def on_venue_event(self, event: VenueEvent) -> tuple[Fact, ...]:
        """The venue says something."""
        passed = isinstance(event, TradePrinted) and self.exchange.passed_by(event)
        if passed or (isinstance(event, MarketListed) and self.exchange.knows(event)):
            self.passed += 1
            return ()
        return super().on_venue_event(event)


MOVES: dict[str, Callable[[Floor], object]] = {
    "trade": lambda floor: floor.trade(ASK, 40, 1),
    "through": lambda floor: floor.trade(ASK, 39, 1),
    "untimed": lambda floor: floor.on_venue_event(changed(floor.printed(ASK, 39, 1), at_venue=None)),
    "again": lambda floor: floor.trade(ASK, 39, 1, "again"),
    "depth": lambda floor: floor.depth(BID, 40, 1),
    "less": lambda floor: floor.depth(BID, 40, -1),
    "offer": lambda floor: floor.depth(ASK, 41, 1),
    "place": lambda floor: floor.place(f"rest-{floor.seq}", BID, 40, 3),
    "take": lambda floor: floor.place(f"take-{floor.seq}", BID, 50, 3, tif=IOC),
    "send": lambda floor: floor.send(f"sent-{floor.seq}", BID, 40, 3),
    "cancel": lambda floor: floor.do(floor.exchange.cancel_all(None, CancelReason.REQUESTED, floor.now)),
    "wait": lambda floor: floor.wait(5),
    "listed": lambda floor: floor.relist(),
    "closes": lambda floor: floor.relist(close_at=floor.now),
    "gap": lambda floor: floor.on_venue_event(FeedGapped(1, 1, floor.seq + 1, floor.seq + 3, floor.now)),
    "book": lambda floor: floor.book(bids={40: 50}, asks={50: 50}),
    "recover": lambda floor: [
        floor.on_venue_event(TradesRecovered(MARKET, since, floor.now, (), floor.now))
        for since in floor.exchange.gaps_of(MARKET)
    ],
}


@given(moves=st.lists(st.sampled_from(sorted(MOVES)), max_size=25))
def test_trades_that_are_passed_by_would_have_done_nothing(moves: list[str]) -> None:
    """With the short way and without it everything is decided alike, and the same is known afterwards."""
    short, long = Short(rules()), Floor(rules())
    for each in (short, long):
        each.book(bids={40: 100}, asks={50: 100})
        for move in moves:
            MOVES[move](each)
    assert short.facts == long.facts
    assert short.exchange.state.prints.told() == long.exchange.state.prints.told()
    for ticker, market in long.exchange.state.markets.items():
        assert short.exchange.state.market(ticker).active_to == market.active_to


def test_the_short_way_is_taken_where_nothing_of_ours_stands_and_nothing_waits() -> None:
    short = Short(rules())
    short.book(bids={40: 100}, asks={50: 100})
    passes = short.exchange.passed_by
    told = partial(short.printed, ASK, 40, 1)
    assert passes(told())
    assert short.exchange.state.prints.include(told("trade-1"))
    assert short.exchange.state.market(MARKET).active_to == short.now
    assert not passes(changed(told(), ticker="unknown"))
    short.send("a", BID, 40, 1)
    assert not passes(told()), "an order is on its way"
    short.wait()
    assert not passes(told()), "an order rests"
    assert passes(changed(told(), ticker=ELSEWHERE))
    short.send("b", BID, 40, 1)
    assert not passes(changed(told(), ticker=ELSEWHERE)), "something waits for the feed"
    short.wait()
    short.do(short.exchange.freeze({MARKET: False}, (), short.now))
    assert not passes(told()), "a market stands still"


def test_the_trades_of_a_polled_market_are_never_passed_by() -> None:
    floor = Floor(rules())
    floor.poll(100, 100)
    assert not floor.exchange.passed_by(floor.printed(ASK, 40, 1))


def test_an_older_trade_does_not_put_back_when_the_market_was_seen_open(floor: Floor) -> None:
    for event in (
        floor.printed(ASK, 40, 1),
        changed(floor.printed(ASK, 40, 1), at_venue=Nanos(floor.now - 5)),
    ):
        floor.exchange.on_venue_event(event, floor.now)
        assert floor.exchange.state.market(MARKET).active_to == floor.now


def test_a_change_of_a_market_that_nobody_has_mentioned_is_passed_over(floor: Floor) -> None:
    assert floor.depth(BID, 40, 5, "unmentioned") == ()


@pytest.mark.parametrize("waits", [False, True])
def test_a_change_that_the_book_does_not_take_changes_nothing(floor: Floor, *, waits: bool) -> None:
    """It is of a connection that has ended."""
    floor.place("a", BID, 40, 10)
    if waits:
        floor.send("b", BID, 40, 10)
    at = Nanos(floor.now + 5 * NANOS_PER_MILLISECOND)
    old = BookDelta(MARKET, Side.YES, cents(40), contracts(-30), 0, 1, floor.seq + 1, at, floor.now)
    assert floor.on_venue_event(old) == ()
    assert (floor.ahead("a"), ours(floor).unclear) == (100, ())


def test_what_waits_is_decided_as_soon_as_its_book_breaks(floor: Floor) -> None:
    floor.quiet = True
    floor.send("a", BID, 45, 10)
    floor.wait(5)
    assert floor.rejected("a") is None
    floor.heard_late(BID, 39, -5, None)
    assert floor.rejected("a") is RejectCode.BOOK_UNTRUSTED


@pytest.mark.parametrize("event", [FeedConnected(2, START), FeedLost(1, "reset", START)])
def test_a_connection_begins_and_ends_without_a_clock_of_prints(floor: Floor, event: VenueEvent) -> None:
    floor.trade(ASK, 40, 1)
    assert floor.exchange.state.prints.to == floor.now
    floor.on_venue_event(event)
    assert floor.exchange.state.prints.to == 0


def test_what_reached_the_venue_before_its_book_was_shown_met_nobody_knows_what() -> None:
    """Its first snapshot may tell of a later time than we have."""
    floor = Floor(rules())
    floor.send("a", BID, 45, 10)
    at = Nanos(floor.now + 5 * NANOS_PER_MILLISECOND)
    yes, no = ((cents(40), contracts(1)),), ((cents(50), contracts(1)),)
    floor.on_venue_event(BookSnapshot(MARKET, yes, no, 1, 1, 1, at, floor.now))
    (refused,) = floor.of(OrderRejected)
    assert refused.detail == "its book was not followed when it arrived"


def test_an_order_id_that_is_sent_again_is_counted(floor: Floor) -> None:
    for number in range(3):
        floor.send("a", BID, 40, 10)
        assert floor.exchange.duplicates == number


class Apart(Floor):
    """Each strategy trades on an account of its own."""

    def opening(self, strategy: str) -> StrategyOpened:
        """What an account begins with."""
        return changed(super().opening(strategy), account=strategy)


def test_a_timer_of_one_account_decides_nothing_of_another() -> None:
    floor = Apart(rules())
    floor.book(bids={40: 100}, asks={50: 100})
    for order_id, strategy in (("a", "ann"), ("b", "bob")):
        floor.send(order_id, BID, 45, 10, strategy=strategy)
    due = Nanos(floor.live("a").arrives_at + 1)
    floor.exchange.book(MARKET).venue_at = Nanos(due + 1)
    facts = floor.exchange.wake(key_of(ARRIVE, "a"), due).facts
    assert {getattr(fact, "order_id", "a") for fact in facts} == {"a"}
    assert floor.live("a").resting
    assert not floor.live("b").resting


def test_of_one_market_nothing_is_decided_for_another(floor: Floor) -> None:
    floor.send("a", BID, 45, 10)
    due = Nanos(floor.live("a").arrives_at + 1)
    floor.exchange.book(MARKET).venue_at = Nanos(due + 1)
    context = step(floor, due)
    moments.settle(context, ELSEWHERE)
    assert context.facts == []
    moments.settle(context, MARKET)
    assert floor.live("a").resting


def test_an_order_and_its_cancel_may_both_be_decided_by_one_event(floor: Floor) -> None:
    """In their order."""
    floor.quiet = True
    floor.send("a", BID, 45, 10)
    floor.wait(0.5)
    floor.cancel("a")
    floor.wait(10)
    assert floor.cancelled("a") is None
    floor.quiet = False
    floor.pass_on()
    floor.depth(BID, 40, 1)
    assert floor.cancelled("a") is CancelReason.REQUESTED


# Standing still


def frozen(floor: Floor) -> None:
    floor.do(floor.exchange.freeze({MARKET: False}, (), floor.now))


def test_what_a_gap_did_stays_unknown_where_a_market_is_made_to_stand_still(floor: Floor) -> None:
    floor.place("a", BID, 40, 10)
    since = gap(floor)
    frozen(floor)
    (ended,) = floor.of(BlindnessEnded)
    assert (ended.since, ended.recovered) == (since, False)
    assert floor.exchange.gaps_of(MARKET) == ()
    assert (ours(floor).watched, floor.exchange.state.timers.due) == (False, {})
    again = Floor(rules())
    again.book(bids={40: 100}, asks={50: 100})
    again.place("a", BID, 40, 10)
    frozen(again)
    assert again.of(BlindnessEnded) == []


def test_of_a_filled_order_only_its_readings_are_taken_back(floor: Floor) -> None:
    floor.book(bids={40: 0}, asks={50: 100})
    floor.place("a", BID, 40, 10)
    floor.trade(ASK, 40, 10)
    frozen(floor)
    assert (floor.of(OrderCancelled), [fact.order_id for fact in floor.of(BandEnded)]) == ([], ["a"])


def test_the_book_of_a_market_that_stands_still_is_followed(floor: Floor) -> None:
    """And what is traded there is known to have been told."""
    frozen(floor)
    floor.book(bids={41: 7}, asks={50: 100})
    assert floor.exchange.book(MARKET).yes == {cents(41): contracts(7)}
    print_ = floor.printed(ASK, 41, 1)
    floor.on_venue_event(print_)
    assert floor.exchange.state.prints.include(print_)
    assert floor.exchange.state.market(MARKET).active_to == 0
    floor.on_venue_event(BookRefused(MARKET, 9, 1, snapshot=False, at=floor.now))
    assert floor.exchange.book(MARKET).synced
    floor.on_venue_event(BookRefused(MARKET, 1, 1, snapshot=False, at=floor.now))
    assert not floor.exchange.book(MARKET).synced
    floor.relist(status=MarketStatus.INACTIVE)
    floor.book(bids={41: 7}, asks={50: 100})
    assert floor.exchange.book(MARKET).trust.value == "paused"


def test_what_is_heard_of_a_market_that_stands_still_is_kept_from_the_rest(floor: Floor) -> None:
    market = floor.exchange.state.market(MARKET)
    result = MarketDetermined(MARKET, "yes", PRICE_ONE, floor.now, floor.now)
    snapshot = floor.exchange.book(MARKET).as_snapshot()
    refused = BookRefused(MARKET, 9, 1, snapshot=False, at=floor.now)
    recovered = TradesRecovered(MARKET, floor.now, floor.now, (), floor.now)
    lost = FeedLost(1, "reset", floor.now)
    heard = (snapshot, floor.printed(ASK, 40, 1), recovered, refused, result, lost)
    for settles, last in ((True, False), (False, True)):
        kept = [freezing.kept_still(step(floor), market, each, settles=settles) for each in heard]
        assert kept == [True, True, True, True, last, False]


def test_where_one_market_stands_still_the_others_go_on(floor: Floor) -> None:
    """Nor is an order sent there that was sent before; a cancel of what is over goes its way."""
    floor.place("a", BID, 40, 10)
    floor.relist(ticker=ELSEWHERE)
    frozen(floor)
    floor.place("elsewhere", BID, 40, 10, ticker=ELSEWHERE)
    assert floor.live("elsewhere").resting
    floor.send("a", BID, 40, 10)
    assert (floor.exchange.duplicates, floor.of(OrderRejected)) == (1, [])
    context = step(floor)
    assert not freezing.refuse_new(context, CancelOrder("a", "ann", floor.now))
    assert context.facts == []
    floor.cancel("a")
    assert [fact.order_id for fact in floor.of(CancelSubmitted)] == ["a"]
    floor.wait(10)
    assert floor.of(CancelRefused) == []


def test_where_one_market_stands_still_the_timers_of_the_others_count(floor: Floor) -> None:
    floor.relist(ticker=ELSEWHERE)
    floor.place("a", BID, 40, 10)
    frozen(floor)
    floor.send("elsewhere", BID, 40, 10, ticker=ELSEWHERE)
    floor.exchange.book(ELSEWHERE).feed_gapped()
    due = floor.live("elsewhere").arrives_at
    floor.cancel("a")
    assert floor.exchange.wake(key_of(CANCEL, "a"), Nanos(due + 10**9)).facts == ()
    (refused,) = floor.exchange.wake(key_of(ARRIVE, "elsewhere"), due).facts
    assert isinstance(refused, OrderRejected)


# Restarts


def test_an_exchange_that_begins_as_another_was_goes_on_as_that_one(floor: Floor) -> None:
    """From what followed from its facts, not from the facts."""
    floor.place("a", BID, 40, 10)
    floor.trade(ASK, 40, 30)
    other = PaperExchange(floor.rules, seed=7)
    other.recover(copy.deepcopy(floor.exchange.state.durable()))
    other.restore(())
    other.take_over((floor.exchange.book(MARKET).as_snapshot(),), floor.now)
    told = floor.printed(ASK, 40, 75)
    assert other.on_venue_event(told, floor.now).facts == floor.exchange.on_venue_event(told, floor.now).facts
    assert other.state.orders["a"].filled == contracts(5)
    assert other.state.ledger.balance(cash("ann")) == floor.cash()
    assert not other.state.knows_all_prints(), "what was told before is not among the facts"


def test_what_is_recovered_with_money_that_does_not_add_up_is_not_begun_with(floor: Floor) -> None:
    other = PaperExchange(floor.rules, seed=7)
    parts = copy.deepcopy(floor.exchange.state.durable())
    other.recover(parts)
    other.state.ledger.balances[cash("ann")] = Money(floor.cash() + 1)
    with pytest.raises(InvariantBroken):
        other.restore(())


def test_all_prints_are_known_since_the_first_account_was_opened() -> None:
    floor = Floor(rules())
    floor.now = Nanos(floor.now + 100)
    floor.do(floor.exchange.open_account(changed(floor.opening("carl"), at=floor.now)))
    floor.exchange.state.prints.since = START
    assert floor.exchange.state.knows_all_prints()
    floor.exchange.state.prints.since = Nanos(START + 1)
    assert not floor.exchange.state.knows_all_prints()


def test_a_start_that_cannot_decide_on_a_market_is_told_the_first_cause(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    floor.send("a", BID, 40, 10)

    def fails(text: str, *_: object, **__: object) -> None:
        raise ValueError(text)

    monkeypatch.setattr(PaperExchange, "wake", partial(fails, "second"))
    later = Nanos(floor.now + 10**9)
    monkeypatch.setattr(gaps, "process_restarted", partial(fails, "first"))
    assert undecidable(floor.exchange, later) == dict.fromkeys(
        floor.exchange.state.markets, "ValueError: first"
    )


# Sight


def test_what_was_held_back_in_a_gap_is_forgotten_with_it(floor: Floor) -> None:
    """And nobody watches a market any more where everything was given up."""
    floor.place("a", BID, 40, 10)
    since = gap(floor)
    floor.trade(ASK, 40, 1, "held")
    assert list(ours(floor).held) == ["held"]
    assert any(key.startswith(RECOVERY) for key in floor.exchange.state.timers.due)
    floor.on_venue_event(TradesRecovered(MARKET, since, floor.now, None, floor.now))
    assert (ours(floor).held, floor.exchange.state.timers.due, ours(floor).watched) == ({}, {}, False)


def test_a_trade_that_waited_for_an_order_is_let_go_with_it(floor: Floor) -> None:
    floor.quiet = True
    floor.send("a", BID, 40, 10)
    late = changed(floor.printed(ASK, 39, 5), at_venue=Nanos(floor.live("a").arrives_at + 1))
    floor.on_venue_event(late)
    assert list(ours(floor).held) == [late.trade_id]
    floor.quiet = False
    floor.wait()
    assert (ours(floor).held, floor.filled("a")) == ({}, 5)


def test_a_fill_from_a_fetched_trade_names_no_book_that_nobody_follows(floor: Floor) -> None:
    floor.book(bids={40: 0}, asks={50: 100})
    floor.place("a", BID, 40, 10)
    floor.wait(5)
    floor.on_venue_event(FeedLost(1, "reset", floor.now))
    since = floor.of(BlindnessBegan)[-1].since
    missed = changed(floor.printed(ASK, 39, 4, "missed"), recovered=True, at_venue=Nanos(floor.now + 1))
    floor.wait(5)
    floor.on_venue_event(TradesRecovered(MARKET, since, floor.now, (missed,), floor.now))
    (fill,) = floor.of(OrderFilled)
    named = fill.evidence.book_conn, fill.evidence.book_sid, fill.evidence.book_seq, fill.evidence.book_age_ns
    assert named == (-1, -1, -1, 0)


# The life of a market


def test_a_market_that_stops_says_what_it_was(floor: Floor) -> None:
    """And one that closes without being taken up again has closed."""
    floor.place("a", BID, 40, 10)
    floor.relist(status=MarketStatus.INACTIVE)
    (stopped,) = floor.of(MarketStateChanged)
    assert (stopped.reason, stopped.status) == ("was active", MarketStatus.INACTIVE)
    assert floor.cancelled("a") is None
    floor.relist(status=MarketStatus.CLOSED)
    assert floor.of(MarketStateChanged)[-1].reason == "was inactive"
    assert floor.cancelled("a") is CancelReason.MARKET_CLOSED


def test_what_a_gap_did_stays_unknown_where_the_market_closes(floor: Floor) -> None:
    floor.place("a", BID, 40, 10)
    gap(floor)
    floor.relist(status=MarketStatus.CLOSED)
    assert floor.cancelled("a") is CancelReason.DOWNTIME_UNKNOWN
    assert floor.exchange.gaps_of(MARKET) == ()


def test_higher_fees_take_back_what_they_leave_uncovered(floor: Floor) -> None:
    floor.place("old", BID, 40, 1_000)
    floor.place("new", BID, 40, 1_400)
    assert floor.available() < Money(40_000_000)
    scope = "KXNBAGAME-26OCT20OKCSAS"
    floor.on_venue_event(FeeChanged(scope, "quadratic_with_maker_fees", "10", floor.now))
    assert floor.cancelled("new") is CancelReason.INSUFFICIENT_BALANCE
    assert floor.live("old").resting


def test_an_exit_gets_no_more_than_is_held_in_the_optimistic_reading_either(floor: Floor) -> None:
    floor.place("buys", BID, 50, 10, tif=IOC)
    floor.place("first", ASK, 60, 10, exit=True)
    floor.place("second", ASK, 61, 10, exit=True)
    floor.trade(BID, 62, 50)
    assert (floor.filled("first"), floor.filled("second"), floor.position()) == (10, 0, 0)
    assert floor.of(BandMoved, "second")[-1].optimistic == 0
    assert floor.cancelled("second") is CancelReason.NOTHING_TO_CLOSE


def test_the_fast_end_of_the_way_in_is_that_of_both_its_parts() -> None:
    given_ = rules(decide_to_send=Nanos(3), entry=Nanos(5))
    assert given_.fast_way_in == 8


def test_a_step_is_counted_from_the_beginning_of_its_range() -> None:
    thirds = (PriceRange(Price(1), PRICE_ONE, Price(3)),)
    assert [price for price in range(1, 9) if on_tick(Price(price), thirds)] == [1, 4, 7]


def test_a_market_has_orders_if_one_account_has() -> None:
    floor = Apart(rules())
    floor.book(bids={40: 100}, asks={50: 100})
    market = floor.exchange.state.market(MARKET)
    floor.place("b", BID, 40, 10, strategy="bob")
    market.of("ann")
    assert market.has_orders()
    floor.cancel("b", "bob")
    assert key_of(CANCEL, "b") in floor.exchange.state.timers.due
    floor.wait()
    assert not market.has_orders()

"""What the exchange keeps of a market, and no more of it than it may."""

import pytest

from engine.accounts import SHARED
from engine.events import BookSnapshot, FeedLost
from engine.exchange import PaperExchange, state
from engine.exchange.market import QueueLevel
from engine.exchange.state import ExchangeState
from engine.exchange.timers import EXPIRE
from engine.orders import Approved
from engine.units import Count, Nanos, Price
from engine.venue_facts import QueueLevelChanged
from tests.engine.exchange.floor import BID, ELSEWHERE, MARKET, Floor, cents, listing, rules


@pytest.mark.limit("engine.exchange.state:USED_TRADES_MAX")
def test_trades_are_remembered_up_to_a_number_and_the_oldest_is_forgotten_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(state, "USED_TRADES_MAX", 3)
    kept = ExchangeState(Nanos(60))
    market = kept.market(MARKET).of(SHARED)
    for name in ("first", "second", "third"):
        kept._use(market, name)
    assert list(market.used_trades) == ["first", "second", "third"]
    kept._use(market, "fourth")
    assert list(market.used_trades) == ["second", "third", "fourth"]


def test_a_level_that_waits_as_long_as_before_keeps_its_turn_among_those_due_at_one_moment() -> None:
    """Set again it would stand behind the others."""
    kept = ExchangeState(Nanos(60))
    market = kept.market(MARKET).of(SHARED)
    low, high = cents(40), cents(41)
    for price in (low, high):
        market.own_levels(BID)[price] = QueueLevel(BID, price)

    def told(price: Price, *waiting: tuple[Count, Nanos, None]) -> list[tuple[str, int]]:
        kept.apply(QueueLevelChanged(MARKET, BID, price, waiting, (), "depth", Nanos(1)))
        return [(timer.key.split(":")[2], timer.due) for timer in kept.timers.all()]

    soon, later = (Count(100), Nanos(5), None), (Count(30), Nanos(9), None)
    told(low, soon)
    assert told(high, soon) == [("4000", 5), ("4100", 5)]
    assert told(low, soon, later) == [("4000", 5), ("4100", 5)]
    assert told(low, later) == [("4100", 5), ("4000", 9)]
    assert told(high) == [("4000", 9)]


def rests() -> Floor:
    """An order rests, until a moment."""
    floor = Floor(rules())
    floor.book(bids={40: 10}, asks={50: 100})
    floor.place("a", BID, 45, 10, expires_at=Nanos(floor.now + 10**12))
    return floor


def test_an_exchange_that_begins_again_hands_every_timer_out_once() -> None:
    floor = rests()
    again = PaperExchange(floor.rules, seed=7)
    assert {timer.key for timer in again.restore(floor.facts).timers} >= {"expire:a"}
    step = again.act(Approved(floor.order("b", BID, 44, 10)), floor.now)
    assert {timer.key.rpartition(":")[2] for timer in step.timers} == {"b"}


def test_facts_that_are_folded_one_by_one_come_to_what_all_of_them_do() -> None:
    floor = rests()
    again = PaperExchange(floor.rules, seed=7)
    for fact in floor.facts:
        again.apply(fact)
    assert again.state.timers.due == floor.exchange.state.timers.due
    assert again.state.ledger.balances == floor.exchange.state.ledger.balances
    assert [*again.state.orders] == ["a"]


def test_a_listing_that_repeats_what_is_known_is_nothing_unless_something_waits() -> None:
    """What is on its way may be decided by the time; a market that stands still takes nothing for granted."""
    floor = rests()
    floor.exchange.state.timers.disarm(EXPIRE, "a")
    assert floor.exchange.knows(listing())
    floor.send("b", BID, 44, 10)
    assert not floor.exchange.knows(listing())
    floor.wait()
    assert floor.exchange.knows(listing())
    floor.exchange.freeze({ELSEWHERE: True}, (), floor.now)
    assert not floor.exchange.knows(listing())


@pytest.mark.parametrize(("later", "lost", "taken"), [(1, False, True), (-1, False, False), (-1, True, True)])
def test_a_book_that_another_followed_is_taken_over_where_ours_is_behind_or_lost(
    later: int,
    lost: bool,  # noqa: FBT001
    taken: bool,  # noqa: FBT001
) -> None:
    floor = Floor(rules())
    floor.book(bids={40: 10}, asks={50: 100})
    if lost:
        floor.on_venue_event(FeedLost(1, "reset", floor.now))
    bids = ((cents(40), Count(7)),)
    book = BookSnapshot(MARKET, bids, (), 1, 1, floor.seq + later, floor.now, floor.now)
    floor.exchange.take_over((book,), floor.now)
    assert (floor.exchange.book(MARKET).size(BID, cents(40)) == 7) is taken

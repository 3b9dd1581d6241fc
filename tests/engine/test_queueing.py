"""The queue at one price and the taker's walk, by themselves.

Covers: engine.taker_walk.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import BookSide
from engine.orders import SelfTradePrevention
from engine.queueing import (
    Credit,
    Printed,
    Waiting,
    advance,
    cancels_ahead,
    credit_total,
    live_prints,
    of_decrease,
    of_print,
)
from engine.taker_walk import Offer, OwnResting, walk
from engine.units import Count, Nanos, Price

STOP, YIELD = SelfTradePrevention.TAKER_AT_CROSS, SelfTradePrevention.MAKER
UNTIL = Nanos(100)
COUNTS = st.integers(0, 500)


def test_a_print_uses_credit_before_it_waits_for_its_decrease() -> None:
    """Oldest credit first."""
    credits_ = ((Count(30), Nanos(1), None), (Count(20), Nanos(2), None))
    matched = of_print(credits_, (), Count(40), UNTIL)
    assert (matched.credits, matched.printed) == (((10, 2, None),), ())
    matched = of_print(credits_, (), Count(60), UNTIL)
    assert (matched.credits, matched.printed) == ((), ((10, UNTIL),))


def test_a_decrease_is_explained_by_prints_before_it_becomes_credit() -> None:
    """What no print explains waits."""
    matched = of_decrease((), ((Count(30), Nanos(1)),), Count(50), (UNTIL, Nanos(7)))
    assert (matched.credits, matched.printed) == (((20, UNTIL, 7),), ())


@pytest.mark.limit("engine.exchange.rules:CREDIT_WINDOW")
def test_prints_wait_only_so_long() -> None:
    """At the end of the window they are over."""
    assert live_prints(((Count(1), Nanos(5)), (Count(2), Nanos(6))), Nanos(5)) == ((2, 6),)


@given(events=st.lists(st.tuples(st.booleans(), st.integers(1, 100)), max_size=20))
def test_prints_and_decreases_explain_each_other_exactly_once(events: list[tuple[bool, int]]) -> None:
    """What waits on one side is the difference of the sums; never do both sides wait."""
    credited: tuple[Credit, ...] = ()
    printed: tuple[Printed, ...] = ()
    balance = 0
    for is_print, size in events:
        if is_print:
            matched = of_print(credited, printed, Count(size), UNTIL)
        else:
            matched = of_decrease(credited, printed, Count(size), (UNTIL, None))
        credited, printed = matched.credits, matched.printed
        balance += -size if is_print else size
        assert credit_total(credited) == max(balance, 0)
        assert sum(waiting[0] for waiting in printed) == max(-balance, 0)


@given(
    queue=st.lists(st.tuples(COUNTS, COUNTS, st.booleans()), max_size=8),
    volume=COUNTS,
    fills=st.booleans(),
)
def test_a_print_fills_no_more_than_its_volume_and_first_come_first_served(
    queue: list[tuple[int, int, bool]],
    volume: int,
    fills: bool,  # noqa: FBT001
) -> None:
    """And moves nobody back."""
    waiting = [Waiting(*one) for one in queue]
    moved = advance(waiting, volume, fills=fills)
    assert sum(one.fill for one in moved) <= (volume if fills else 0)
    for before, after in zip(waiting, moved, strict=True):
        assert 0 <= after.venue_ahead <= before.venue_ahead
        assert after.fill <= before.remaining
        assert not after.fill or after.venue_ahead == 0
        assert before.counts or (after.fill, after.venue_ahead) == (0, before.venue_ahead)


@pytest.mark.parametrize(
    ("ahead", "behind", "cancelled", "power", "expected"),
    [
        (100, 100, 50, 1, 25),
        (100, 0, 50, 1, 50),
        (0, 100, 50, 1, 0),
        (30, 60, 30, 2, 6),
        (10, 20, 25, 1, 9),
        (10, 5, 15, 1, 10),
        (1, 3, 4, 1, 1),
    ],
)
def test_the_optimistic_share_of_cancels_follows_the_power_model(
    ahead: int, behind: int, cancelled: int, power: int, expected: int
) -> None:
    """In proportion for one, less for small queues ahead with more; what does not fit behind was ahead."""
    assert cancels_ahead(ahead, behind, cancelled, power) == expected


LEVELS = ((Price(5_000), Count(100)), (Price(5_100), Count(200)))


@pytest.mark.parametrize(
    ("wanted", "taken", "own", "stp", "swept", "yields", "stopped"),
    [
        (150, {}, (), STOP, [(5_000, 100), (5_100, 50)], (), False),
        (150, {5_000: 80}, (), STOP, [(5_000, 20), (5_100, 130)], (), False),
        (150, {5_000: 100}, (), STOP, [(5_100, 150)], (), False),
        (999, {}, (), STOP, [(5_000, 100), (5_100, 200)], (), False),
        (150, {}, ((5_000, 30),), STOP, [(5_000, 30)], (), True),
        (30, {}, ((5_000, 30),), STOP, [(5_000, 30)], (), False),
        (150, {}, ((5_000, 30),), YIELD, [(5_000, 100), (5_100, 50)], ("own-0",), False),
        (150, {}, ((5_050, 0),), STOP, [(5_000, 100)], (), True),
        (90, {}, ((5_050, 0),), STOP, [(5_000, 90)], (), False),
        (150, {}, ((5_050, 0), (5_100, 0)), YIELD, [(5_000, 100), (5_100, 50)], ("own-0", "own-1"), False),
    ],
)
def test_a_taker_walks_what_is_there_and_heeds_our_own_orders(  # noqa: PLR0917 (a table)
    wanted: int,
    taken: dict[Price, Count],
    own: tuple[tuple[Price, Count], ...],
    stp: SelfTradePrevention,
    swept: list[tuple[int, int]],
    yields: tuple[str, ...],
    stopped: bool,  # noqa: FBT001
) -> None:
    """Best price first; our orders are met in their place."""
    resting = [OwnResting(f"own-{number}", price, ahead) for number, (price, ahead) in enumerate(own)]
    found = walk(BookSide.BID, Count(wanted), Offer(LEVELS, taken, resting), stp)
    assert [(level.price, level.count) for level in found.swept] == swept
    assert (found.yields, found.stopped) == (yields, stopped)


def test_a_seller_walks_from_the_highest_bid_down() -> None:
    """The mirror of a buyer."""
    found = walk(BookSide.ASK, Count(250), Offer(LEVELS, {}, ()), STOP)
    assert [(level.price, level.count) for level in found.swept] == [(5_100, 200), (5_000, 50)]
    assert found.count == 250

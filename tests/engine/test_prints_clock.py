"""Up to when the prints of a connection have been told."""

import pytest

from engine.events import BookSide, FeedConnected, FeedLost, TradePrinted
from engine.prints_clock import prints_heard_to
from engine.units import Count, Nanos, Price

BEFORE = Nanos(100)


def printed(at_venue: int | None, *, recovered: bool = False) -> TradePrinted:
    """A trade of a moment at the venue."""
    venue = None if at_venue is None else Nanos(at_venue)
    return TradePrinted(
        "X", "t", Price(50), Count(1), BookSide.BID, False, venue, Nanos(200), recovered=recovered
    )


@pytest.mark.parametrize(
    ("event", "after"),
    [
        (printed(101), 101),
        (printed(99), 100),
        (printed(None), 100),
        (printed(150, recovered=True), 100),
        (FeedConnected(2, Nanos(200)), 0),
        (FeedLost(1, "reset", Nanos(200)), 0),
    ],
)
def test_it_is_the_latest_time_of_a_print_that_was_not_fetched(
    event: TradePrinted | FeedConnected | FeedLost, after: int
) -> None:
    assert prints_heard_to(BEFORE, event) == after

"""The input that the market feed hears."""

from actors.messages import VenueInput, venue_input
from engine.events import BookDelta, FeedConnected
from engine.terms import Side
from engine.units import Count, Nanos, Price

DELTA = BookDelta("KXNBAGAME-X", Side.YES, Price(4_000), Count(100), 1, 2, 3, None, Nanos(4))
CONNECTED = FeedConnected(1, Nanos(4))


def test_one_change_of_a_book_comes_as_it_is() -> None:
    assert venue_input((DELTA,)) is DELTA


def test_whatever_else_a_frame_says_comes_whole() -> None:
    assert venue_input((CONNECTED,)) == VenueInput((CONNECTED,))
    assert venue_input((CONNECTED, DELTA)) == VenueInput((CONNECTED, DELTA))
    assert venue_input((DELTA, DELTA)) == VenueInput((DELTA, DELTA))

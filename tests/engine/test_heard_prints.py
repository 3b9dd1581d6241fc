"""What has been told of the public trades: up to when, and which of them."""

import pytest

from engine import heard_prints
from engine.events import BookSide, FeedConnected, FeedLost, TradePrinted
from engine.heard_prints import HeardPrints, PrintsHeard
from engine.units import Count, Nanos, Price

BEFORE = Nanos(100)
AT = Nanos(200)


def printed(
    at_venue: int | None = None, name: str = "t", ticker: str = "X", *, recovered: bool = False, at: int = AT
) -> TradePrinted:
    """A trade of a moment at the venue."""
    venue = None if at_venue is None else Nanos(at_venue)
    bid, one = BookSide.BID, Count(1)
    return TradePrinted(ticker, name, Price(50), one, bid, False, venue, Nanos(at), recovered=recovered)


@pytest.mark.parametrize(
    ("event", "after"),
    [
        (printed(101), 101),
        (printed(99), 100),
        (printed(None), 100),
        (printed(150, recovered=True), 100),
        (FeedConnected(2, AT), 0),
        (FeedLost(1, "reset", AT), 0),
    ],
)
def test_its_clock_is_the_latest_time_of_a_print_that_was_not_fetched(
    event: TradePrinted | FeedConnected | FeedLost, after: int
) -> None:
    heard = HeardPrints(to=BEFORE)
    heard.hear(event)
    assert heard.to == after


def test_a_trade_is_remembered_over_connections_by_its_market_and_its_id() -> None:
    heard = HeardPrints()
    assert not heard.include(printed(7, "a"))
    heard.hear(printed(7, "a"))
    for event in (FeedLost(1, "reset", AT), FeedConnected(2, AT)):
        heard.hear(event)
    assert heard.include(printed(None, "a"))
    assert not heard.include(printed(7, "b"))
    assert not heard.include(printed(7, "a", "Y"))
    heard.forget(printed(None, "a"))
    assert not heard.include(printed(7, "a"))


def test_what_was_handed_over_stands_before_what_was_heard_since() -> None:
    longer, anew = HeardPrints(since=Nanos(5)), HeardPrints(since=Nanos(300))
    for name in ("a", "b"):
        longer.hear(printed(7, name))
    anew.hear(printed(6, "c"))
    anew.take_over(longer.told(), AT)
    assert anew.told() == PrintsHeard(Nanos(7), Nanos(5), (("X", "a"), ("X", "b"), ("X", "c")))


@pytest.mark.limit("engine.heard_prints:HEARD_PRINTS_MAX")
def test_beyond_the_limit_the_oldest_goes_and_it_is_known_that_something_went(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(heard_prints, "HEARD_PRINTS_MAX", 3)
    heard = HeardPrints()
    for at, name in enumerate(("a", "b", "c", "c"), 201):
        heard.hear(printed(None, name, at=at))
    assert heard.told() == PrintsHeard(Nanos(0), Nanos(0), (("X", "a"), ("X", "b"), ("X", "c")))
    heard.hear(printed(None, "d", at=205))
    assert heard.told() == PrintsHeard(Nanos(0), Nanos(205), (("X", "b"), ("X", "c"), ("X", "d")))
    over = HeardPrints()
    over.hear(printed(None, "e"))
    over.take_over(heard.told(), Nanos(206))
    assert over.told() == PrintsHeard(Nanos(0), Nanos(206), (("X", "c"), ("X", "d"), ("X", "e")))

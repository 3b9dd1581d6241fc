"""Prices from bars: the first bar that knows, never an untrusted one, never an old one."""

import pytest

from engine.scoring.packed_bars import BarPrices, PackedBars
from engine.scoring.prices import Close, PriceLookup, middle
from engine.units import NANOS_PER_SECOND, Nanos

T = "KXNBAGAME-26NOV20GSWPHX-GSW"
G = "26NOV20GSWPHX"


def at(seconds: float) -> Nanos:
    return Nanos(round(seconds * NANOS_PER_SECOND))


def bar(
    seconds: float,
    bid: int | None = 4_900,
    ask: int | None = 5_100,
    *,
    trusted: int = 1,
    period: int | None = 0,
    p_books: float | None = None,
) -> BarPrices:
    return BarPrices(at(seconds), bid, ask, trusted, period, p_books)


def looked_up(moments: list[float], bars: list[BarPrices]) -> PriceLookup:
    lookup = PriceLookup()
    for moment in moments:
        lookup.want(T, at(moment))
    lookup.take(T, G, PackedBars.of(bars))
    return lookup


def test_a_price_is_that_of_the_first_bar_which_knows_the_moment() -> None:
    lookup = looked_up([10.0, 10.1, 19.9], [bar(10, 1_000, 1_200), bar(20, 2_000, 2_200)])
    assert lookup.p_mid(T, at(10)) == pytest.approx(0.11)
    assert lookup.p_mid(T, at(10.1)) == lookup.p_mid(T, at(19.9)) == pytest.approx(0.21)
    assert lookup.tickers == {T}


def test_a_market_that_stands_still_keeps_its_price_for_a_minute() -> None:
    lookup = looked_up([60, 61, 70.5], [bar(10)])
    assert lookup.p_mid(T, at(60)) == pytest.approx(0.5)
    assert lookup.p_mid(T, at(61)) is None
    assert lookup.p_mid(T, at(70.5)) is None


def test_before_the_first_bar_nothing_is_known() -> None:
    lookup = looked_up([1.0], [bar(20)])
    assert lookup.p_mid(T, at(1)) is None
    assert lookup.period(T, at(1)) is None


def test_an_untrusted_or_one_sided_bar_has_no_price() -> None:
    assert middle(bar(10, trusted=0)) is None
    assert middle(bar(10, None)) is None
    assert middle(bar(10, 4_900, None)) is None
    assert middle(bar(10)) == pytest.approx(0.5)


def test_the_close_is_the_last_trusted_price_before_the_tip() -> None:
    bars = [
        bar(10, p_books=0.61),
        bar(20, 5_900, 6_100, period=None),
        bar(30, trusted=0),
        bar(40, 9_000, 9_200, period=1, p_books=0.9),
        bar(50, period=2),
    ]
    lookup = looked_up([], bars)
    assert lookup.close(T) == Close(0.6, 0.61)
    assert lookup.tip_at(G) == at(40)


def test_a_close_that_is_older_than_a_bar_may_be_is_none() -> None:
    bars = [bar(10), bar(70, trusted=0), bar(80, period=1)]
    assert looked_up([], bars).close(T) == Close(None, None)


def test_a_game_whose_tip_was_not_seen_has_no_close() -> None:
    lookup = looked_up([], [bar(10), bar(20)])
    assert lookup.close(T) == Close(None, None)
    assert lookup.tip_at(G) is None
    assert looked_up([], []).close(T) == Close(None, None)


def test_a_game_begins_with_its_first_market() -> None:
    lookup = looked_up([], [bar(40, period=1)])
    lookup.take("other", G, PackedBars.of([bar(30, period=1)]))
    lookup.take("third", G, PackedBars.of([bar(50, period=1)]))
    assert lookup.tip_at(G) == at(30)

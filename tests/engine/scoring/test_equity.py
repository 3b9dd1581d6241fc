"""Worth through a run: marked at what could be had, settled by the venue, added over markets."""

from engine.events import BookSide
from engine.scoring.equity import EquityCurve, EquityPoint
from engine.scoring.packed_bars import BarPrices, PackedBars
from engine.units import NANOS_PER_MINUTE, Money, Nanos
from tests.engine.scoring.rows import TICKER, band, result

DOLLAR = 1_000_000


def minute(number: float) -> int:
    return round(number * NANOS_PER_MINUTE)


def bar(number: float, bid: int | None, ask: int | None) -> BarPrices:
    return BarPrices(minute(number), bid, ask, 1, 0, None)


def point(number: int, *dollars: float) -> EquityPoint:
    return EquityPoint(Nanos(minute(number)), *(Money(round(each * DOLLAR)) for each in dollars))


def test_a_position_is_worth_what_it_would_fetch_until_it_is_settled() -> None:
    curve = EquityCurve()
    curve.on_band(band(1, (5, 10, 10), (-250, -500, -480), at=minute(0.5)), BookSide.BID)
    curve.on_result(result(100, at=minute(3.5)))
    curve.take(TICKER, PackedBars.of([bar(0.5, 4_800, 5_000), bar(1.5, 6_000, 6_200), bar(3, 6_000, 6_200)]))
    assert curve.of("s") == (
        point(1, -0.1, -0.2, 0.0),
        point(2, 0.5, 1.0, 1.2),
        point(4, 2.5, 5.0, 5.2),
    )
    assert curve.tickers == {TICKER}


def test_a_short_position_owes_a_dollar_less_what_its_no_brings() -> None:
    curve = EquityCurve()
    curve.on_band(band(1, (10, 10, 10), (500, 500, 500), at=minute(0.5)), BookSide.ASK)
    curve.take(TICKER, PackedBars.of([bar(1, 3_000, 4_000)]))
    assert curve.of("s") == (point(1, 1.0, 1.0, 1.0),)


def test_without_a_bid_it_is_worth_nothing() -> None:
    curve = EquityCurve()
    curve.on_band(band(1, (10, 10, 10), (-500, -500, -500), at=minute(0.5)), BookSide.BID)
    curve.take(TICKER, PackedBars())
    assert curve.of("s") == (point(1, -5.0, -5.0, -5.0),)


def test_an_empty_book_quotes_nothing_new() -> None:
    """The venue empties it when a game ends: that is no loss, and no fall from a peak."""
    curve = EquityCurve()
    curve.on_band(band(1, (10, 10, 10), (-500, -500, -500), at=minute(0.5)), BookSide.BID)
    curve.on_result(result(100, at=minute(4)))
    bars = [bar(1, 9_000, 9_200), bar(2, None, None), bar(3, None, 9_200)]
    curve.take(TICKER, PackedBars.of(bars))
    assert curve.of("s") == (point(1, 4, 4, 4), point(3, -5, -5, -5), point(4, 5, 5, 5))


def test_a_band_fact_carries_totals_of_its_order() -> None:
    curve = EquityCurve()
    curve.on_band(band(1, (2, 2, 2), (-100, -100, -100), at=minute(0.1)), BookSide.BID)
    curve.on_band(band(1, (4, 4, 4), (-200, -200, -200), at=minute(0.2)), BookSide.BID)
    curve.take(TICKER, PackedBars.of([bar(1, 5_000, 5_200)]))
    assert curve.of("s") == ()
    curve.on_result(result(0, at=minute(1)))


def test_a_corrected_result_values_anew() -> None:
    curve = EquityCurve()
    curve.on_band(band(1, (10, 10, 10), (-500, -500, -500), at=minute(0.5)), BookSide.BID)
    curve.on_result(result(100, at=minute(1.5)))
    curve.on_result(result(0, at=minute(3.5)))
    curve.take(TICKER, PackedBars.of([bar(1, 5_000, 5_200)]))
    assert curve.of("s") == (point(2, 5, 5, 5), point(4, -5, -5, -5))


def test_what_one_reading_alone_holds_is_settled_as_well() -> None:
    """No position of the strategy is settled then, for its base reading has none."""
    curve = EquityCurve()
    curve.on_band(band(1, (10, 0, 0), (-500, 0, 0), at=minute(0.5)), BookSide.BID)
    curve.on_result(result(100, at=minute(1.5)))
    curve.take(TICKER, PackedBars.of([bar(1, 5_000, 5_200)]))
    assert curve.of("s") == (point(2, 5, 0, 0),)


def test_markets_add_up_and_strategies_do_not() -> None:
    curve = EquityCurve()
    curve.on_band(band(1, (10, 10, 10), (-500, -500, -500), at=minute(0.5)), BookSide.BID)
    curve.take(TICKER, PackedBars.of([bar(1, 6_000, 6_200)]))
    assert curve.of("s") == (point(1, 1, 1, 1),)
    assert curve.of("other") == ()

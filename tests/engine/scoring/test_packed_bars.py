"""A bar in a number: nothing that scores look at is lost, and the order of time is kept."""

from hypothesis import given
from hypothesis import strategies as st

from engine.bars import BAR
from engine.scoring.packed_bars import (
    NUMBER_UNIT,
    PERIOD_MAX,
    BarPrices,
    PackedBars,
    end_of,
    from_end,
    is_played,
    packed,
)
from engine.units import PRICE_ONE

YEAR_2130 = 160 * 365 * 8_640
"""The number of a bar so late that nobody will see it."""

prices = st.none() | st.integers(0, PRICE_ONE)
bars = st.builds(
    BarPrices,
    at=st.integers(0, YEAR_2130).map(lambda number: number * BAR),
    yes_bid=prices,
    yes_ask=prices,
    trusted=st.integers(0, 1),
    period=st.none() | st.integers(0, PERIOD_MAX),
    p_books=st.none() | st.floats(0, 1),
)


@given(bars)
def test_a_bar_comes_out_as_it_went_in(bar: BarPrices) -> None:
    assert PackedBars.of([bar])[0] == bar
    assert end_of(packed(bar)) == bar.at
    assert is_played(packed(bar)) == bool(bar.period)


@given(bars, bars)
def test_bars_are_ordered_as_their_ends_are(one: BarPrices, other: BarPrices) -> None:
    if one.at < other.at:
        assert packed(one) < from_end(other.at) <= packed(other)


def test_the_latest_bar_of_all_fits_a_databases_numbers() -> None:
    latest = BarPrices(YEAR_2130 * BAR, None, None, 1, PERIOD_MAX, None)
    assert packed(latest) < 1 << 63
    assert packed(latest) // NUMBER_UNIT == YEAR_2130


def test_a_period_beyond_the_highest_is_told_as_that() -> None:
    assert PackedBars.of([BarPrices(0, 1, 2, 1, PERIOD_MAX + 1, None)])[0].period == PERIOD_MAX


def test_bars_before_a_place_come_latest_first() -> None:
    three = [BarPrices(number * BAR, 1, 2, 1, 0, None) for number in range(3)]
    assert list(PackedBars.of(three).before(2)) == [three[1], three[0]]
    assert list(PackedBars().before(0)) == []

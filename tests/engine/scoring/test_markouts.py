"""What a fill was worth later: worked examples, symmetry of YES and NO, and what could not be seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import BookSide
from engine.scoring.bootstrap import GameDraws
from engine.scoring.markouts import (
    HORIZONS,
    MOMENTS,
    MarkoutRow,
    closing_line_value,
    markout,
    markout_curve,
)
from engine.units import Price, from_cents

probabilities = st.floats(0, 1)
prices = st.integers(1, 9_999).map(Price)


def test_buying_below_the_close_is_worth_the_difference() -> None:
    assert closing_line_value(BookSide.BID, from_cents(50), 0.55) == pytest.approx(0.05)
    assert closing_line_value(BookSide.ASK, from_cents(50), 0.55) == pytest.approx(-0.05)


@given(prices, probabilities)
def test_closing_value_does_not_know_yes_from_no(price: Price, p_close: float) -> None:
    other = Price(10_000 - price)
    yes = closing_line_value(BookSide.BID, price, p_close)
    assert closing_line_value(BookSide.ASK, other, 1 - p_close) == pytest.approx(yes, rel=1e-9, abs=1e-9)
    assert markout(BookSide.BID, price, p_close) == pytest.approx(
        markout(BookSide.ASK, other, 1 - p_close), abs=1e-12
    )


def test_the_markout_curve_says_what_it_could_not_see_and_ends_with_the_settlement() -> None:
    price = from_cents(40)
    bought = [markout(BookSide.BID, price, p) for p in (None, 0.42, None, None, 1.0)]
    sold = [markout(BookSide.ASK, price, p) for p in (0.42, 0.44, None, 0.4, 1.0)]
    curve = markout_curve([MarkoutRow("a", 2.0, gains) for gains in (bought, sold)], GameDraws("a"))
    assert tuple(point.horizon for point in curve) == MOMENTS == (*HORIZONS, None)
    assert [(point.fills, point.missing) for point in curve] == [(1, 1), (2, 0), (0, 2), (1, 1), (2, 0)]
    means = [None if point.mean is None else point.mean.estimate for point in curve]
    assert means[2] is None
    assert [means[0], means[1], means[3], means[4]] == pytest.approx([-0.02, -0.01, 0.0, 0.0], abs=1e-12)
    assert markout_curve([], GameDraws([])) == ()


def test_a_markout_is_a_mean_of_contracts_and_not_of_fills() -> None:
    unknown = (None,) * len(HORIZONS)
    rows = [MarkoutRow("a", 9.0, (*unknown, 0.1)), MarkoutRow("b", 1.0, (*unknown, -0.1))]
    point = markout_curve(rows, GameDraws("ab"))[-1]
    assert point.mean is not None
    assert point.mean.estimate == pytest.approx(0.08)
    assert point.mean.games == 2

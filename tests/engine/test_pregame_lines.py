"""Lines before the tip: the published vectors, round trips, symmetry of the two teams."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.pregame_lines import (
    CIRCULAR_VENDORS,
    FEED_OF_VENDOR,
    SD_MARGIN,
    SD_TOTAL,
    expected_of_line,
    p_margin_above,
    p_total_above,
    p_win_of_spread,
    phi,
    probit,
    spread_of_p_win,
)

spreads = st.floats(-25, 25)
lines = st.floats(-40, 40)
probabilities = st.floats(0.02, 0.98)


def test_the_published_vectors_of_spread_and_total() -> None:
    assert p_margin_above(2.5, 5.5, sd=13.4) == pytest.approx(0.588575, abs=5e-7)
    assert p_total_above(225.5, 228.5) == pytest.approx(0.566184, abs=5e-7)


@pytest.mark.parametrize(
    ("spread", "p_market"),
    [
        *((1, 0.515), (2, 0.546), (3, 0.583), (4, 0.619), (5, 0.654), (6, 0.690), (7, 0.725), (8, 0.760)),
        *((10, 0.823), (12, 0.874), (14, 0.911)),
    ],
)
def test_moneylines_are_those_of_the_market(spread: float, p_market: float) -> None:
    # The fit's own error is 0.015.
    assert p_win_of_spread(spread) == pytest.approx(p_market, abs=0.015)


def test_a_favourite_is_never_the_underdog_of_the_moneyline() -> None:
    assert p_win_of_spread(0.0) == p_win_of_spread(0.5) == p_win_of_spread(-0.9) == 0.5
    assert spread_of_p_win(0.5) == 0.0


@given(spreads)
def test_two_teams_share_one_win(spread: float) -> None:
    assert p_win_of_spread(spread) + p_win_of_spread(-spread) == pytest.approx(1.0)


@given(spreads.filter(lambda spread: abs(spread) > 0.95))
def test_spread_and_moneyline_lead_back_to_each_other(spread: float) -> None:
    assert spread_of_p_win(p_win_of_spread(spread)) == pytest.approx(spread, abs=1e-6)


@given(spreads, spreads)
def test_a_larger_spread_never_wins_less(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert p_win_of_spread(low) <= p_win_of_spread(high)
    assert p_margin_above(3.5, low) <= p_margin_above(3.5, high)


@given(lines, spreads)
def test_one_team_above_is_the_other_below(line: float, spread: float) -> None:
    assert p_margin_above(line, spread) + p_margin_above(-line, -spread) == pytest.approx(1.0)


@given(lines, lines, st.floats(150, 280))
def test_a_higher_line_is_passed_less_often(one: float, other: float, total: float) -> None:
    low, high = sorted((one, other))
    assert p_margin_above(low, 5.0) >= p_margin_above(high, 5.0)
    assert p_total_above(200 + low, total) >= p_total_above(200 + high, total)


@given(lines, probabilities)
def test_a_line_and_its_price_give_the_expectation(line: float, p_above: float) -> None:
    assert p_margin_above(line, expected_of_line(line, p_above, SD_MARGIN)) == pytest.approx(p_above)
    assert p_total_above(line, expected_of_line(line, p_above, SD_TOTAL)) == pytest.approx(p_above)


@given(st.floats(-8, 8))
def test_phi_is_symmetric_and_probit_its_inverse(x: float) -> None:
    assert phi(x) + phi(-x) == pytest.approx(1.0)
    assert phi(-x) > 0.0
    assert probit(phi(min(x, 3.0))) == pytest.approx(min(x, 3.0), abs=1e-6)


def test_prediction_markets_and_skins_are_known_by_their_lower_case_names() -> None:
    assert {"kalshi", "polymarket"} <= CIRCULAR_VENDORS
    assert FEED_OF_VENDOR["ballybet"] == FEED_OF_VENDOR["betparx"] == "betrivers"
    # A feed is nobody's skin itself, or a vote would be passed on.
    assert not set(FEED_OF_VENDOR.values()) & (set(FEED_OF_VENDOR) | CIRCULAR_VENDORS)

"""Lines before the tip: the published vectors, round trips, symmetry of the two teams, and who may vote."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.lines import (
    BOOKS_MIN,
    SD_MARGIN,
    SD_TOTAL,
    Consensus,
    consensus,
    expected_of_line,
    p_margin_above,
    p_total_above,
    p_win_of_spread,
    phi,
    probit,
    spread_of_p_win,
)
from engine.odds import OddsError

spreads = st.floats(-25, 25)
lines = st.floats(-40, 40)
probabilities = st.floats(0.02, 0.98)
quotes = st.lists(
    st.tuples(st.sampled_from(["draftkings", "fanduel", "betmgm", "caesars", "bet365"]), probabilities)
)


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


def test_prediction_markets_do_not_vote_on_themselves() -> None:
    heard = consensus(
        [("DraftKings", 0.60), ("fanduel", 0.61), ("betmgm", 0.65), ("kalshi", 0.1), ("Polymarket", 0.2)]
    )
    assert heard is not None
    assert heard.books == 3
    assert heard.p_median == 0.61
    assert heard.p_spread == pytest.approx(0.05)


def test_skins_of_one_feed_have_one_vote() -> None:
    rows = [("betrivers", 0.70), ("ballybet", 0.71), ("betparx", 0.72), ("fanduel", 0.60)]
    assert consensus(rows) is None
    heard = consensus([*rows, ("draftkings", 0.62)])
    assert heard is not None
    assert (heard.books, heard.p_median) == (3, 0.62)


def test_too_few_books_are_no_consensus() -> None:
    assert BOOKS_MIN == 3
    assert consensus([]) is None
    assert consensus([], books_min=0) is None
    assert consensus([("a", 0.5), ("b", 0.5)]) is None
    assert consensus([("a", 0.5)], books_min=1) == Consensus(0.5, 0.5, 0.0, 1)


def test_a_certainty_is_no_price() -> None:
    with pytest.raises(OddsError):
        consensus([("a", 0.5), ("b", 0.5), ("c", 1.0)])


@given(quotes, st.randoms(use_true_random=False))
def test_a_consensus_lies_among_the_books_whatever_their_order(
    rows: list[tuple[str, float]], dice: random.Random
) -> None:
    heard = consensus(rows, books_min=1)
    if heard is None:
        assert not rows
        return
    shuffled = rows[:]
    dice.shuffle(shuffled)
    assert consensus(shuffled, books_min=1) == heard
    ps = [p for _, p in rows]
    for p in (heard.p_median, heard.p_logit_mean):
        assert min(ps) - 1e-12 <= p <= max(ps) + 1e-12
    mirrored = consensus([(vendor, 1 - p) for vendor, p in rows], books_min=1)
    assert mirrored is not None
    assert mirrored.p_median == pytest.approx(1 - heard.p_median)
    assert mirrored.p_logit_mean == pytest.approx(1 - heard.p_logit_mean)
    assert math.isclose(mirrored.p_spread, heard.p_spread, abs_tol=1e-12)

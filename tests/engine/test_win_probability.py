"""The in-play model: published vectors, agreement before the tip, symmetry, monotonicity, and real games."""

import csv
import gzip
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.pregame_lines import p_margin_above, p_total_above
from engine.win_probability import (
    MINUTES_OF_GAME,
    P_CAP,
    InPlayModel,
    capped,
    late_factor,
    minutes_left,
    p_of_share,
    sd_margin_left,
    sd_total_left,
    spread_of_p0,
)

MODEL = InPlayModel()
BARE = InPlayModel(p_cap=0.0)

leads = st.integers(-40, 40)
minutes = st.floats(0.01, 48)
spreads = st.floats(-20, 20)


@pytest.mark.promise("win-probabilities-those-published")
@pytest.mark.parametrize(
    ("lead", "left", "spread", "textbook", "ours", "wider"),
    [
        (0, 48, 5.5, 0.663880, 0.676644, 0.692606),
        (10, 24, 0, 0.861671, 0.783971, 0.760250),
        (-8, 24, 6.5, 0.302672, 0.403026, 0.442303),
        (5, 12, 0, 0.779122, 0.710743, 0.691462),
        (-3, 6, -2, 0.239750, 0.297942, 0.312433),
        (10, 12, 0, 0.938032, 0.866740, 0.841345),
        (2, 1, 0, 0.856760, 0.779291, 0.755789),
        (-6, 3, 4, 0.038428, 0.105650, 0.133823),
    ],
)
def test_the_published_vectors(
    *, lead: float, left: float, spread: float, textbook: float, ours: float, wider: float
) -> None:
    assert p_of_share(lead, left / 48, spread, 13, 1) == pytest.approx(textbook, abs=5e-7)
    assert p_of_share(lead, left / 48, spread, 18, 1.5) == pytest.approx(ours, abs=5e-7)
    assert p_of_share(lead, left / 48, spread, 20, 1.83) == pytest.approx(wider, abs=5e-7)
    if left >= 3:
        assert MODEL.p_win(lead, left, spread) == pytest.approx(ours, abs=5e-7)


def test_a_lead_of_10_after_three_quarters_wins_86_of_100() -> None:
    assert MODEL.p_win(10, 12, 0) == pytest.approx(0.86, abs=0.02)


@pytest.mark.parametrize(
    ("period", "clock_ms", "lead", "left"),
    [
        (0, None, 0, 48.0),
        (1, 720_000, 0, 48.0),
        (2, 0, 5, 24.0),
        (3, 720_000, 5, 24.0),
        (4, 60_000, 1, 1.0),
        (4, 0, 1, 0.0),
        (4, 0, 0, 5.0),
        (5, 300_000, 0, 5.0),
        (5, 30_000, 0, 0.5),
        (6, 0, 0, 5.0),
        (6, 0, -2, 0.0),
        (5, 300_001, 0, None),
        (1, 720_001, 0, None),
        (3, -1, 0, None),
        (3, None, 0, None),
    ],
)
def test_minutes_left_by_period_and_clock(
    period: int, clock_ms: int | None, lead: int, left: float | None
) -> None:
    assert minutes_left(period, clock_ms, lead) == left


def test_when_nothing_is_left_the_score_decides_up_to_the_cap() -> None:
    assert MODEL.p_win(1, 0.0, -10) == 1 - P_CAP
    assert MODEL.p_win(-1, 0.0, 10) == P_CAP
    assert BARE.p_win(1, 0.0, -10) == 1.0
    assert MODEL.p_win(0, 0.0, 3) == 0.5
    assert BARE.p_total_above(220.5, 221, 0.0, 200) == 1.0
    assert BARE.p_margin_above(4.5, 4, 0.0, 20) == 0.0


def test_an_overtime_is_a_short_game_with_the_same_drift() -> None:
    left = minutes_left(4, 0, 0)
    assert left == 5.0
    assert MODEL.p_win(0, left, 6.0) == pytest.approx(p_of_share(0, 5.0 / 48, 6.0, 18, 1.5))
    assert 0.5 < MODEL.p_win(0, left, 6.0) < MODEL.p_win(0, 48, 6.0)


def test_the_last_two_minutes_have_a_deviation_of_20_and_more() -> None:
    assert late_factor(2.0) * 18 == pytest.approx(20.0)
    assert late_factor(48) == late_factor(3.0) == 1.0
    assert late_factor(0.0) == late_factor(0.5) == pytest.approx(23.8 / 18)


@given(st.floats(0.0, 5.0), st.floats(0.0, 0.01))
def test_the_clock_alone_never_makes_a_jump(left: float, tick: float) -> None:
    assert late_factor(left) == pytest.approx(late_factor(left + tick), abs=0.003)


@pytest.mark.parametrize(
    ("left", "margin", "total"), [(48, 13.5, 18.0), (36, 11.8, 15.8), (24, 10.2, 13.5), (12, 7.5, 10.4)]
)
def test_the_measured_deviations_of_what_is_left(left: float, margin: float, total: float) -> None:
    assert sd_margin_left(left) == pytest.approx(margin, abs=0.05)
    assert sd_total_left(left) == pytest.approx(total, abs=0.05)


@given(minutes, minutes)
def test_less_time_never_leaves_more_to_happen(one: float, other: float) -> None:
    less, more = sorted((one, other))
    for deviation in (sd_margin_left, sd_total_left):
        assert 0.0 < deviation(less) <= deviation(more) + 1e-9


@given(st.floats(0.02, 0.98))
def test_the_model_begins_with_the_price_before_the_tip(p0: float) -> None:
    assert MODEL.p_win(0, MINUTES_OF_GAME, spread_of_p0(p0)) == pytest.approx(p0)
    other = InPlayModel(sigma=20, drift=1.83)
    assert other.p_win(0, MINUTES_OF_GAME, other.spread_of_p0(p0)) == pytest.approx(p0)


@given(st.floats(-30, 30), spreads, st.floats(180, 260), st.floats(-30, 30))
def test_spreads_and_totals_begin_with_the_lines_before_the_tip(
    line: float, spread: float, total: float, distance: float
) -> None:
    assert BARE.p_margin_above(line, 0, 48, spread) == pytest.approx(p_margin_above(line, spread))
    assert BARE.p_total_above(total + distance, 0, 48, total) == pytest.approx(
        p_total_above(total + distance, total)
    )


@given(leads, minutes, spreads)
def test_the_two_teams_share_one_win(lead: int, left: float, spread: float) -> None:
    assert MODEL.p_win(lead, left, spread) + MODEL.p_win(-lead, left, -spread) == pytest.approx(1.0)


@given(leads, minutes, spreads, st.integers(-40, 40))
def test_one_teams_margin_is_the_others_negative(lead: int, left: float, spread: float, points: int) -> None:
    line = points + 0.5
    ours = MODEL.p_margin_above(line, lead, left, spread)
    assert ours + MODEL.p_margin_above(-line, -lead, left, -spread) == pytest.approx(1.0)


@given(leads, minutes, spreads, st.integers(1, 10))
def test_a_larger_lead_never_hurts_and_a_higher_line_never_helps(
    lead: int, left: float, spread: float, more: int
) -> None:
    assert MODEL.p_win(lead, left, spread) <= MODEL.p_win(lead + more, left, spread)
    for line in (-7.5, 0.5, 7.5):
        assert MODEL.p_margin_above(line, lead, left, spread) <= MODEL.p_margin_above(
            line, lead + more, left, spread
        )
        assert MODEL.p_margin_above(line, lead, left, spread) >= MODEL.p_margin_above(
            line + more, lead, left, spread
        )


@given(st.integers(0, 250), minutes, st.floats(180, 260), st.integers(1, 20))
def test_more_points_never_make_a_total_less_likely(
    points: int, left: float, total: float, more: int
) -> None:
    line = 224.5
    assert MODEL.p_total_above(line, points, left, total) <= MODEL.p_total_above(
        line, points + more, left, total
    )
    assert MODEL.p_total_above(line, points, left, total) >= MODEL.p_total_above(
        line + more, points, left, total
    )


@given(st.floats(0, 1))
def test_probabilities_are_kept_from_certainty(p: float) -> None:
    assert P_CAP <= capped(p) <= 1 - P_CAP
    assert capped(p, 0.0) == p


@pytest.mark.parametrize("wrong", [{"sigma": 0.0}, {"drift": -1.0}, {"p_cap": 0.5}, {"p_cap": -0.1}])
def test_senseless_parameters_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        InPlayModel(**wrong)


@pytest.fixture(scope="module")
def games(shared: Path) -> list[dict[str, str]]:
    """Quarter scores and closing spreads of the seasons 2016-2024."""
    with gzip.open(shared / "data/nba/odds/closing_lines_results_2008_2024.csv.gz", "rt") as table:
        return [row for row in csv.DictReader(table) if int(row["season"]) >= 2016]


@pytest.mark.parametrize(("quarters", "reference"), [(1, 0.5563), (2, 0.4916), (3, 0.3765)])
def test_the_log_loss_on_real_games_is_that_of_the_reference(
    games: list[dict[str, str]], quarters: int, reference: float
) -> None:
    # The reference's numbers are of 2016-2025.
    said = said_and_happened(games, quarters)
    assert len(said) > 11_000
    loss = -math.fsum(math.log(p if won else 1 - p) for p, won in said) / len(said)
    assert loss == pytest.approx(reference, abs=0.006)


@pytest.mark.promise("half-time-win-probability")
def test_at_half_time_what_is_said_happens(games: list[dict[str, str]]) -> None:
    said = said_and_happened(games, 2)
    for tenth in range(10):
        wins = [won for p, won in said if tenth <= 10 * p < tenth + 1]
        p_mean = math.fsum(p for p, _ in said if tenth <= 10 * p < tenth + 1) / len(wins)
        assert len(wins) > 500
        assert sum(wins) / len(wins) == pytest.approx(p_mean, abs=0.035)


def said_and_happened(games: list[dict[str, str]], quarters: int) -> list[tuple[float, bool]]:
    pairs = []
    for row in games:
        try:
            lead = sum(int(row[f"q{q}_home"]) - int(row[f"q{q}_away"]) for q in range(1, quarters + 1))
            spread = float(row["spread"]) * (1 if row["whos_favored"] == "home" else -1)
        except ValueError:
            continue
        won = int(row["score_home"]) > int(row["score_away"])
        pairs.append((MODEL.p_win(lead, 48 - 12 * quarters, spread), won))
    return pairs

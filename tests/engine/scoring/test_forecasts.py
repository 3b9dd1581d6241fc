"""Scores of forecasts against their definitions: examples, identities, symmetry, nothing from nothing."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.scoring.forecasts import (
    Calibration,
    Forecast,
    LogLoss,
    brier,
    calibration,
    log_loss,
    wilson,
)

probabilities = st.floats(0, 1)
outcomes = st.sampled_from([0.0, 1.0])
forecasts = st.lists(
    st.builds(Forecast, st.sampled_from("abc"), probabilities, outcomes, probabilities | st.none()),
    min_size=1,
    max_size=40,
)
RAIN = [Forecast("a", 0.9, 1.0, 0.8), Forecast("a", 0.2, 0.0, 0.4), Forecast("b", 0.6, 0.0, None)]


def test_brier_is_the_mean_squared_error() -> None:
    assert brier(RAIN) == pytest.approx((0.01 + 0.04 + 0.36) / 3)
    assert brier([]) is None


def test_log_loss_says_how_often_it_clipped() -> None:
    assert log_loss([Forecast("a", 0.8, 1.0)]) == LogLoss(-math.log(0.8), 0)
    clipped = log_loss([Forecast("a", 0.0, 1.0), Forecast("a", 1.0, 1.0)], 0.01)
    assert clipped is not None
    assert clipped.clipped == 2
    assert clipped.mean == pytest.approx((-math.log(0.01) - math.log(0.99)) / 2)
    assert log_loss([]) is None


@given(forecasts)
def test_scores_lie_in_their_ranges_and_do_not_know_yes_from_no(rows: list[Forecast]) -> None:
    mirrored = [
        Forecast(row.game, 1 - row.p, 1 - row.outcome, None if row.p_market is None else 1 - row.p_market)
        for row in rows
    ]
    score, loss = brier(rows), log_loss(rows)
    assert score is not None
    assert loss is not None
    assert 0.0 <= score <= 1.0
    assert loss.mean >= -math.log(0.99) - 1e-12
    assert brier(mirrored) == pytest.approx(score)
    other = log_loss(mirrored)
    assert other is not None
    assert other.mean == pytest.approx(loss.mean)


@given(forecasts, st.integers(1, 20))
def test_the_parts_of_murphys_split_are_the_brier_score(rows: list[Forecast], bins: int) -> None:
    split = calibration(rows, bins)
    assert split is not None
    total = split.reliability - split.resolution + split.uncertainty + split.within
    assert total == pytest.approx(brier(rows))
    assert sum(each.count for each in split.bins) == len(rows)
    assert min(split.reliability, split.resolution, split.uncertainty) >= 0.0
    for each in split.bins:
        assert each.p_low <= each.p_said <= each.p_high
        assert each.p_came_low - 1e-12 <= each.p_came <= each.p_came_high + 1e-12


@given(st.lists(st.tuples(st.sampled_from([0.05, 0.35, 0.75]), outcomes), min_size=1))
def test_nothing_is_left_within_bins_of_equal_forecasts(pairs: list[tuple[float, float]]) -> None:
    split = calibration([Forecast("a", p, outcome) for p, outcome in pairs])
    assert split is not None
    assert split.within == pytest.approx(0.0, abs=1e-12)


def test_a_perfect_forecaster_is_all_resolution() -> None:
    split = calibration([Forecast("a", 1.0, 1.0), Forecast("b", 0.0, 0.0)])
    assert split is not None
    assert (split.reliability, split.resolution, split.uncertainty) == (0.0, 0.25, 0.25)
    assert [each.count for each in split.bins] == [1, 1]


def test_calibration_of_nothing_is_nothing() -> None:
    assert calibration([]) is None
    with pytest.raises(ValueError, match="bin"):
        calibration(RAIN, 0)
    assert isinstance(calibration(RAIN, 1), Calibration)


@pytest.mark.parametrize(
    ("share", "count", "low", "high"),
    [(0.0, 10, 0.0, 0.2775), (1.0, 10, 0.7225, 1.0), (0.5, 10, 0.2366, 0.7634), (0.1, 100, 0.0552, 0.1744)],
)
def test_wilson_intervals_of_the_textbooks(share: float, count: int, low: float, high: float) -> None:
    assert wilson(share, count) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 500), st.data())
def test_a_wilson_interval_holds_its_share_and_shrinks(count: int, data: st.DataObject) -> None:
    share = data.draw(st.integers(0, count)) / count
    low, high = wilson(share, count)
    assert 0.0 <= low <= share + 1e-12
    assert share - 1e-12 <= high <= 1.0
    narrower = wilson(share, count * 4)
    assert narrower[1] - narrower[0] < high - low
    assert wilson(1 - share, count) == pytest.approx((1 - high, 1 - low))


@pytest.mark.parametrize(("share", "count"), [(0.5, 0), (-0.1, 5), (1.1, 5), (math.nan, 5)])
def test_no_interval_without_trials(share: float, count: int) -> None:
    with pytest.raises(ValueError, match="no interval"):
        wilson(share, count)

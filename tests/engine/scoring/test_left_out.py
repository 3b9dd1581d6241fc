"""Intervals from leaving out games: Student's quantiles as printed, and the truth inside as often as said."""

import math
import statistics
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.scoring.bootstrap import GameDraws
from engine.scoring.left_out import left_out, student_quantile

WORLDS = 400


@pytest.mark.parametrize(
    ("freedom", "confidence", "printed"),
    [
        (1, 0.95, 12.706),
        (2, 0.95, 4.303),
        (3, 0.95, 3.182),
        (4, 0.95, 2.776),
        (10, 0.95, 2.228),
        (19, 0.95, 2.093),
        (29, 0.99, 2.756),
        (30, 0.90, 1.697),
        (120, 0.95, 1.980),
    ],
)
def test_the_quantiles_are_those_of_the_tables(freedom: int, confidence: float, printed: float) -> None:
    assert student_quantile(freedom, confidence) == pytest.approx(printed, abs=6e-4)


def test_with_many_degrees_of_freedom_it_is_the_normal_quantile() -> None:
    normal = statistics.NormalDist().inv_cdf(0.975)
    assert student_quantile(5_000, 0.95) == pytest.approx(normal, abs=1e-3)


@pytest.mark.parametrize(("freedom", "confidence"), [(0, 0.95), (5, 0.0), (5, 1.0)])
def test_there_is_no_quantile_of_nothing(freedom: int, confidence: float) -> None:
    with pytest.raises(ValueError, match="no quantile"):
        student_quantile(freedom, confidence)


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=20))
def test_of_equal_weights_it_is_the_textbook_interval_of_a_mean(values: list[float]) -> None:
    found = left_out({f"g{number:02}": (value, 1.0) for number, value in enumerate(values)})
    assert found is not None
    half = student_quantile(len(values) - 1, 0.95) * statistics.stdev(values) / math.sqrt(len(values))
    assert found.estimate == pytest.approx(statistics.fmean(values), abs=1e-9)
    assert found.high - found.estimate == pytest.approx(half, abs=1e-6)
    assert found.estimate - found.low == pytest.approx(half, abs=1e-6)
    assert found.games == len(values)


def test_games_that_weigh_nothing_are_no_games() -> None:
    assert left_out({}) is None
    one = left_out({"a": (1.0, 2.0)})
    assert one is not None
    assert (one.estimate, one.low, one.high, one.games) == (0.5, -math.inf, math.inf, 1)
    assert left_out({"a": (1.0, 2.0), "b": (0.0, 0.0)}) == one
    found = left_out({"a": (1.0, 2.0), "b": (0.0, 0.0), "c": (1.0, 2.0)})
    assert found is not None
    assert (found.estimate, found.games) == (0.5, 2)


def test_of_few_games_it_holds_the_truth_as_often_as_it_says_and_drawing_does_not() -> None:
    rng, held, drawn = Random(7), 0, 0
    for world in range(WORLDS):
        sums = {}
        for game in range(20):
            drift = rng.gauss(0.0, 0.02)
            gaps = [rng.gauss(0.0, 0.05) * rng.choice([0.5, 1.0, 2.0]) for _ in range(6)]
            moves = [0.4 * gap + drift + rng.gauss(0.0, 0.02) for gap in gaps]
            value = math.fsum(gap * move for gap, move in zip(gaps, moves, strict=True))
            sums[f"{world}-{game}"] = (value, math.fsum(gap * gap for gap in gaps))
        found = left_out(sums)
        assert found is not None
        held += found.low <= 0.4 <= found.high
        if world < WORLDS // 4:
            bootstrap = GameDraws(sums).mean(sums)
            assert bootstrap is not None
            drawn += bootstrap.low <= 0.4 <= bootstrap.high
    assert held / WORLDS >= 0.93
    assert drawn / (WORLDS // 4) < held / WORLDS

"""The deflated Sharpe ratio: the numbers of the paper, and what more tries must do to it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.overfitting.deflated_sharpe import deflated_sharpe, expected_best, p_sharpe_above
from engine.overfitting.moments import Moments
from tests.engine.overfitting.sweeps import noise

DAYS = 250
SHARPE = 2.5 / math.sqrt(DAYS)
"""The example of the paper: 2.5 a year, measured in 1,250 days."""
SCATTER = math.sqrt(1 / 2 / DAYS)


def measured(skewness: float, kurtosis: float) -> Moments:
    return Moments(1_250, SHARPE, 1.0, skewness, kurtosis)


def test_the_best_that_luck_gives_is_that_of_the_paper() -> None:
    assert expected_best(100, SCATTER) == pytest.approx(0.1132, abs=5e-5)


@pytest.mark.parametrize(
    "tries, skewness, kurtosis, p_above",
    [(100, -3.0, 10.0, 0.9004), (46, -3.0, 10.0, 0.9505), (88, 0.0, 3.0, 0.9505)],
)
def test_the_probabilities_are_those_of_the_paper(
    tries: int, skewness: float, kurtosis: float, p_above: float
) -> None:
    found = p_sharpe_above(measured(skewness, kurtosis), expected_best(tries, SCATTER))
    assert found == pytest.approx(p_above, abs=5e-5)


def test_the_expected_best_is_near_that_of_many_drawn() -> None:
    drawn = [max(row) for row in noise(4_000, 100)]
    assert expected_best(100, 1.0) == pytest.approx(math.fsum(drawn) / len(drawn), abs=0.03)


@given(st.integers(1, 10_000))
def test_with_every_try_more_is_owed_to_luck(tries: int) -> None:
    assert expected_best(tries + 1, 0.1) > expected_best(tries, 0.1)


def test_tries_that_failed_count() -> None:
    rows = noise(20, 100)
    ratios = [Moments.of(row).sharpe for row in rows]
    best = Moments.of(max(rows, key=math.fsum))
    few, many = (deflated_sharpe(best, ratios, tries) for tries in (20, 400))
    assert few is not None
    assert many is not None
    assert few.p_above > many.p_above
    assert few.by_luck < many.by_luck


def test_one_try_chose_nothing() -> None:
    found = deflated_sharpe(measured(0.0, 3.0), [SHARPE], 1)
    assert found is not None
    assert found.by_luck == 0.0


def test_without_scatter_there_is_no_ratio() -> None:
    assert deflated_sharpe(Moments.of([1.0] * 40), [0.0], 1) is None


@pytest.mark.parametrize("tries, scatter", [(0, 1.0), (1, -1.0)])
def test_no_try_and_no_scatter_below_nothing(tries: int, scatter: float) -> None:
    with pytest.raises(ValueError, match="tries with a deviation"):
        expected_best(tries, scatter)

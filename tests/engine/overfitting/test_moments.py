"""Moments of results: against the definitions, and nothing of results that do not scatter."""

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.overfitting.moments import Moments

VALUES = [0.4, -1.0, 2.5, 0.0, 0.0, -0.3, 1.1]


def test_they_are_those_of_the_definitions() -> None:
    found = Moments.of(VALUES)
    mean, spread = statistics.fmean(VALUES), statistics.pstdev(VALUES)
    assert found.count == 7
    assert found.mean == pytest.approx(mean)
    assert found.deviation == pytest.approx(statistics.stdev(VALUES))
    assert found.skewness == pytest.approx(sum((value - mean) ** 3 for value in VALUES) / 7 / spread**3)
    assert found.kurtosis == pytest.approx(sum((value - mean) ** 4 for value in VALUES) / 7 / spread**4)
    assert found.error == pytest.approx(statistics.stdev(VALUES) / math.sqrt(7))
    assert found.t == pytest.approx(found.mean / found.error)
    assert found.sharpe == pytest.approx(found.mean / found.deviation)


def test_a_coin_has_the_kurtosis_of_one() -> None:
    assert Moments.of([1.0, -1.0]).kurtosis == pytest.approx(1.0)


def test_without_scatter_nothing_can_be_said() -> None:
    assert Moments.of([0.25] * 10) == Moments(10, 0.25, 0.0, 0.0, 3.0)
    assert Moments.of([0.1] * 10).t == 0.0


@pytest.mark.parametrize("values", [[], [1.0]])
def test_fewer_than_two_have_no_scatter(values: list[float]) -> None:
    with pytest.raises(ValueError, match="have no scatter"):
        Moments.of(values)


@given(st.permutations(VALUES))
def test_the_order_of_results_does_not_show(values: list[float]) -> None:
    assert Moments.of(values) == Moments.of(VALUES)


@given(st.integers(-20, 20))
def test_what_is_measured_in_other_units_is_as_good(power: int) -> None:
    scaled = Moments.of([value * 2.0**power for value in VALUES])
    assert scaled.t == Moments.of(VALUES).t
    assert scaled.skewness == Moments.of(VALUES).skewness

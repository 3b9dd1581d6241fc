"""Readings for charts: bounded, nothing lost in buckets but time, and as small as their numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.readings import LONG, SHORT, WHOLE, WHOLE_MAX, Chart, Column, Readings, bucketed, joined

VALUES = st.one_of(st.none(), st.integers(-10_000, 10_000))
CHARTS = st.lists(VALUES, max_size=200).map(
    lambda values: Chart(list(range(100, 100 + len(values))), {"p": values, "n": [1] * len(values)})
)


def filled(column: Column) -> list[int]:
    return [value for value in column if value is not None]


def test_what_was_read_is_what_is_answered() -> None:
    readings = Readings({"p": SHORT, "n": WHOLE, "m": LONG}, 10)
    readings.add(1, 5_000, 0, -(10**12))
    readings.add(3, None, WHOLE_MAX, None)
    assert readings.between(0, 9) == Chart(
        [1, 3], {"p": [5_000, None], "n": [0, WHOLE_MAX], "m": [-(10**12), None]}
    )
    assert readings.between(2, 3) == Chart([3], {"p": [None], "n": [WHOLE_MAX], "m": [None]})
    assert readings.between(4, 9).seconds == []


def test_of_a_second_the_last_reading_holds() -> None:
    readings = Readings({"p": SHORT}, 10)
    readings.add(1, 1)
    readings.add(1, None)
    assert readings.between(0, 9) == Chart([1], {"p": [None]})


@pytest.mark.parametrize("readings_max", [1, 2, 900])
def test_the_oldest_go(readings_max: int) -> None:
    readings = Readings({"p": SHORT}, readings_max)
    for second in range(3 * readings_max):
        readings.add(second, second % 7)
        kept = readings.between(0, 10**9)
        assert len(kept.seconds) == min(second + 1, readings_max)
        assert kept.seconds[-1] == second
        assert len(readings) <= readings_max + readings_max // 16 + 1


@given(CHARTS, st.integers(1, 50))
def test_buckets_keep_the_least_the_most_the_last_and_the_sum(chart: Chart, points: int) -> None:
    made = bucketed(chart, points, frozenset({"n"}))
    known = filled(chart.columns["p"])
    assert len(made.seconds) <= points
    assert {len(column) for column in made.columns.values()} <= {len(made.seconds)}
    for name, of in (("p_min", min), ("p_max", max)):
        assert of(filled(made.columns[name]), default=None) == of(known, default=None)
    assert sum(value or 0 for value in made.columns["n"]) == len(chart.seconds)
    assert list(made.seconds[-1:]) == list(chart.seconds[-1:])
    assert filled(made.columns["p"])[-1:] == known[-1:]


@given(CHARTS)
def test_few_readings_stay_as_they_are(chart: Chart) -> None:
    made = bucketed(chart, 200)
    assert list(made.seconds) == list(chart.seconds)
    assert made.columns["p"] == made.columns["p_min"] == made.columns["p_max"] == list(chart.columns["p"])


def test_a_chart_without_points_is_refused() -> None:
    with pytest.raises(ValueError, match="0 points"):
        bucketed(Chart([], {}), 0)


def test_charts_are_joined_where_the_finer_one_begins() -> None:
    coarse, fine = Chart([10, 20, 30], {"p": [1, 2, 3]}), Chart([15, 16], {"p": [7, 8]})
    assert joined(coarse, fine) == Chart([10, 15, 16], {"p": [1, 7, 8]})
    assert joined(coarse, Chart([], {"p": []})) == coarse

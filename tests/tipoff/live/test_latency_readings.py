"""The latency over time: what came between two readings, in the histograms' own bounds."""

import pytest

from actors.runtime import Histogram
from tipoff.live.latency_readings import READINGS_MAX, LatencyReadings

EVER = 2**32 - 1


def test_only_what_came_since_the_last_reading_counts() -> None:
    decision, durable = Histogram(), Histogram()
    decision.observe(9.0)
    readings = LatencyReadings(decision, durable)
    readings.read(1)
    for milliseconds in (*[0.4] * 98, 20.0, 20.0):
        decision.observe(milliseconds / 1_000)
    readings.read(2)
    durable.observe(100.0)
    readings.read(3)
    chart = readings.between(0, EVER)
    assert chart.seconds == [2, 3]
    assert chart.columns == {
        "decision_p50_ms": [500, None],
        "decision_p99_ms": [25_000, None],
        "durable_p50_ms": [None, 10_000_000],
        "durable_p99_ms": [None, 10_000_000],
    }


@pytest.mark.limit("tipoff.live.latency_readings:READINGS_MAX")
@pytest.mark.parametrize("more", [0, 1])
def test_so_many_readings_are_kept(more: int) -> None:
    decision = Histogram()
    readings = LatencyReadings(decision, Histogram())
    for second in range(READINGS_MAX + more):
        decision.observe(0.1)
        readings.read(second)
    assert readings.between(0, EVER).seconds[0] == more

"""How long decisions took and how long until they were durable, read every few seconds for a chart.

Read from the histograms of `latency` by the live engine. What is kept is what came between two readings.
"""

from typing import Final

from actors.runtime import Histogram
from engine.readings import WHOLE, Chart, Readings

READINGS_MAX: Final = 4 * 3_600 // 5
"""So many readings are kept: four hours at one every five seconds."""

SHARES: Final = {"p50": 0.5, "p99": 0.99}

LATENCY: Final = {f"{what}_{share}_ms": WHOLE for what in ("decision", "durable") for share in SHARES}
"""The columns, in microseconds while they are kept."""


class LatencyReadings:
    """The readings, and what the histograms held at the last one."""

    def __init__(self, decision: Histogram, durable: Histogram) -> None:
        """Nothing was read yet."""
        self._histograms = (decision, durable)
        self._before = [list(each.counts) for each in self._histograms]
        self._readings = Readings(LATENCY, READINGS_MAX)

    def read(self, second: int) -> None:
        """Read what has come since the last reading; nothing, if nothing has."""
        values: list[int | None] = []
        for place, histogram in enumerate(self._histograms):
            counts = list(histogram.counts)
            news = [now - then for now, then in zip(counts, self._before[place], strict=True)]
            self._before[place] = counts
            values += [_bound(histogram, news, share) for share in SHARES.values()]
        if any(value is not None for value in values):
            self._readings.add(second, *values)

    def between(self, first: int, last: int) -> Chart:
        """The readings between two seconds since 1970."""
        return self._readings.between(first, last)


def _bound(histogram: Histogram, counts: list[int], share: float) -> int | None:
    """The upper bound in microseconds of the bucket that this share does not exceed; None without any value.

    What is beyond the last bound counts as that.
    """
    total = sum(counts)
    if not total:
        return None
    below = 0
    for bound, count in zip(histogram.bounds, counts, strict=False):
        below += count
        if below >= share * total:
            return round(bound * 1_000_000)
    return round(histogram.bounds[-1] * 1_000_000)

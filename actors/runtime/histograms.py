"""Histograms as plain numbers: counts below each bound, and a sum.

Observed by the live system and by the daemon on the loop's thread, read by the metrics.
"""

from bisect import bisect_left
from collections.abc import Sequence

# Plain numbers and a `bisect`: an observation through the metrics library was measured at 630 ns, and one is
# made for every input.
LATENCY_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Upper bounds of the buckets of what takes time as a whole, in seconds."""


class Histogram:
    """A histogram as plain numbers: counts below each bound, and their sum. One thread only."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float] = LATENCY_S) -> None:
        """Begin with nothing; `bounds` ascend."""
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Take one value in."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    @property
    def count(self) -> int:
        """How many values were taken in."""
        return sum(self.counts)

    def cumulative(self) -> list[tuple[str, float]]:
        """Each upper bound as Prometheus writes it, with how many values are not above it."""
        lines, below = [], 0
        for bound, count in zip((*self.bounds, float("inf")), self.counts, strict=True):
            below += count
            lines.append(("+Inf" if bound == float("inf") else repr(bound), float(below)))
        return lines

"""Readings of numbers at moments, kept in memory for charts: columns of whole numbers, the oldest go.

Kept by the bars (prices, probabilities of winning) and by the observer (profit and loss). A reading holds
until the next one. Columns are arrays because a reading in them takes the bytes of its numbers and no more.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

import attrs

POINTS_MAX: Final = 2_000
"""So many points of a chart are answered at most."""

SHORT, WHOLE, LONG = "h", "i", "q"
"""Columns of 16 bits (prices), of 32 (counts) and of 64 (money)."""

WHOLE_MAX: Final = 2**31 - 1
"""The largest number of a column of 32 bits."""

_MISSING: Final = {SHORT: -(2**15), WHOLE: -(2**31), LONG: -(2**63)}

Column = Sequence[int | None]


@attrs.frozen
class Chart:
    """Readings for drawing: moments in seconds since 1970, and columns of the same length."""

    seconds: Sequence[int]
    columns: Mapping[str, Column]


class Readings:
    """The last readings of some named numbers; a number may be missing."""

    __slots__ = ("_columns", "_names", "_readings_max", "_seconds")

    def __init__(self, columns: Mapping[str, str], readings_max: int) -> None:
        """`columns` are names and widths (`SHORT`, `WHOLE`, `LONG`)."""
        self._names = tuple(columns)
        self._columns = tuple(array(width) for width in columns.values())
        self._seconds = array("I")
        self._readings_max = readings_max

    def __len__(self) -> int:
        return len(self._seconds)

    def add(self, second: int, *values: int | None) -> None:
        """A reading at a second that is not before the last one's; of the same second the later one holds."""
        seconds = self._seconds
        if seconds and seconds[-1] == second:
            for column, value in zip(self._columns, values, strict=True):
                column[-1] = _MISSING[column.typecode] if value is None else value
            return
        seconds.append(second)
        for column, value in zip(self._columns, values, strict=True):
            column.append(_MISSING[column.typecode] if value is None else value)
        # Some at a time: taken off one by one each would cost a copy of all.
        spare = self._readings_max // 16 + 1
        if len(seconds) >= self._readings_max + spare:
            for part in (seconds, *self._columns):
                del part[:spare]

    def between(self, first: int, last: int) -> Chart:
        """The readings from `first` to `last`, both in seconds and included."""
        start, end = bisect_left(self._seconds, first), bisect_right(self._seconds, last)
        start = max(start, len(self._seconds) - self._readings_max)
        columns: dict[str, Column] = {}
        for name, column in zip(self._names, self._columns, strict=True):
            missing = _MISSING[column.typecode]
            columns[name] = [None if value == missing else value for value in column[start:end]]
        return Chart(self._seconds[start:end].tolist(), columns)


def bucketed(chart: Chart, points: int, sums: frozenset[str] = frozenset()) -> Chart:
    """At most `points` readings, each of as many of the chart's: the last number, and the least and the most.

    Every column comes with two more, NAME_min and NAME_max; columns in `sums` are added up instead. Raises
    ValueError for less than one point.
    """
    if points < 1:
        raise ValueError(f"a chart of {points} points")
    count = len(chart.seconds)
    size = max(1, -(-count // points))
    edges = [*range(0, count, size), count]
    columns: dict[str, Column] = {}
    for name, column in chart.columns.items():
        buckets = [[value for value in column[a:b] if value is not None] for a, b in pairwise(edges)]
        if name in sums:
            columns[name] = [sum(bucket) for bucket in buckets]
            continue
        columns[name] = [bucket[-1] if bucket else None for bucket in buckets]
        columns[f"{name}_min"] = [min(bucket, default=None) for bucket in buckets]
        columns[f"{name}_max"] = [max(bucket, default=None) for bucket in buckets]
    return Chart([chart.seconds[b - 1] for _, b in pairwise(edges)], columns)


def joined(earlier: Chart, later: Chart) -> Chart:
    """Two charts of the same columns one behind the other; where they overlap the later one holds."""
    if not later.seconds:
        return earlier
    end = bisect_left(earlier.seconds, later.seconds[0])
    return Chart(
        [*earlier.seconds[:end], *later.seconds],
        {name: [*column[:end], *later.columns[name]] for name, column in earlier.columns.items()},
    )

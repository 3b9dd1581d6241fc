"""What is still to come in a running game, by the time that is left: the form of the in-play model.

`engine.win_probability` answers with it, `python -m benchmarks.win_probability` fits it. The final margin is
normal: its mean is the part of the lead that lasts and the part of the spread that is still to come, and the
winner is whose margin is above zero. One distribution for winner and ladder, so they cannot contradict each
other. In the last seconds a basket is worth more than any deviation says, and the fitted steps of one to four
points take over.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import TypeAlias

import attrs

Steps: TypeAlias = tuple[float, float, float, float]
"""How many deviations a lead of 1, 2, 3 and 4 points is worth."""


@attrs.frozen
class Outlook:
    """At one moment: the share of the lead that lasts, the margin that a point of spread (or, without one,
    the home court) is still worth, and the deviation of the final margin, in points.
    """

    kept: float
    to_come: float
    sd: float


@attrs.frozen
class Curve:
    """Outlooks at some seconds left, the fewest first; straight lines over the root of time between them."""

    seconds: tuple[float, ...]
    kept: tuple[float, ...]
    to_come: tuple[float, ...]
    sd: tuple[float, ...]
    _roots: tuple[float, ...] = attrs.field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        """Raises ValueError unless there is a value of each kind for every moment, in order of time."""
        lengths = {len(values) for values in (self.seconds, self.kept, self.to_come, self.sd)}
        if lengths != {len(self.seconds)} or len(self.seconds) < 2:
            raise ValueError(
                "a curve needs at least two moments, and one value of each kind for every moment"
            )
        if list(self.seconds) != sorted(set(self.seconds)) or min(self.sd) <= 0.0:
            raise ValueError("a curve's moments must rise and its deviations be positive")

    @classmethod
    def of_rows(cls, rows: Sequence[tuple[float, float, float, float]]) -> "Curve":
        """A curve of rows, each with seconds, kept, to come and deviation."""
        seconds, kept, to_come, sd = zip(*rows, strict=True)
        return cls(seconds, kept, to_come, sd)

    @_roots.default
    def _rooted(self) -> tuple[float, ...]:
        return tuple(math.sqrt(seconds) for seconds in self.seconds)

    def at(self, seconds: float) -> Outlook:
        """The outlook with so many seconds left; level outside the fitted moments."""
        left, share = place(self._roots, math.sqrt(seconds))
        return Outlook(
            between(self.kept, left, share), between(self.to_come, left, share), between(self.sd, left, share)
        )


@attrs.frozen
class LateSteps:
    """What one to four points are worth in the last seconds: `steps` at `seconds`, the fewest first.

    From `begins` seconds on the steps grow out of the curve.
    """

    begins: float
    seconds: tuple[float, ...]
    steps: tuple[Steps, ...]

    def z(self, distance: float, seconds: float, curve: Curve) -> float:
        """How many deviations above zero an expected margin of `distance` is, below `begins` seconds."""
        roots = [math.sqrt(moment) for moment in (*self.seconds, self.begins)]
        left, share = place(roots, math.sqrt(seconds))
        zs = [self._z_at(min(left + more, len(self.steps)), distance, curve) for more in (0, 1)]
        return zs[0] + (zs[1] - zs[0]) * share

    def _z_at(self, moment: int, distance: float, curve: Curve) -> float:
        if moment == len(self.steps):
            return distance / curve.at(self.begins).sd
        steps = self.steps[moment]
        size = abs(distance)
        whole = min(int(size), len(steps) - 1)
        below = 0.0 if whole == 0 else steps[whole - 1]
        # Beyond the last step it goes on as steeply as at it.
        return math.copysign(below + (steps[whole] - below) * (size - whole), distance)


@attrs.frozen
class InPlayFit:
    """All that is fitted: the curve for games with a closing spread, the one for games without, overtime's
    weight of the spread, and the last seconds.
    """

    lined: Curve
    unlined: Curve
    late: LateSteps
    overtime: float


def place(xs: Sequence[float], x: float) -> tuple[int, float]:
    """Left of which gap between rising points x lies, and how far in it: 0 to 1, and level outside."""
    if x <= xs[0]:
        return 0, 0.0
    if x >= xs[-1]:
        return len(xs) - 2, 1.0
    left = bisect_right(xs, x) - 1
    return left, (x - xs[left]) / (xs[left + 1] - xs[left])


def between(values: Sequence[float], left: int, share: float) -> float:
    """The value that far between two neighbours."""
    return values[left] + (values[left + 1] - values[left]) * share

"""Is the best of all trials better than nothing, seen that it is the best of so many?

White, H. (2000), "A Reality Check for Data Snooping", Econometrica 68, 1097-1126. Hansen, P. R. (2005), "A
Test for Superior Predictive Ability", Journal of Business & Economic Statistics 23, 365-380. The third is of
Romano, J. P. and Wolf, M. (2005), "Stepwise Multiple Testing as Formalized Data Snooping", Econometrica 73,
1237-1282: it studentizes within every draw, which results of bets need, for they are skewed.

All three draw games, keep what trials have in common (two that trade alike are hardly two), and ask how often
the best of the draws is as good as what was seen, if in truth no trial were better than the benchmark.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from operator import add, mul
from typing import Final

import attrs

from engine.overfitting.block_draws import BlockDraws
from engine.overfitting.moments import Moments
from engine.overfitting.packed_sums import PackedTrials

_NOTHING: Final = 1e-11
"""A variance below this is none: packed results have 40 bits."""


@attrs.frozen
class RealityCheck:
    """Probabilities of the best under no edge, by White and by Hansen (lower, consistent and upper).

    They are (1 + draws at least as good) / (1 + draws), never 0. `greatest` has for each draw the greatest
    studentized mean of the trials, in ascending order.
    """

    trials: int
    p_white: float
    p_lower: float
    p_consistent: float
    p_upper: float
    greatest: tuple[float, ...]

    def p_adjusted(self, t: float) -> float:
        """How likely the best of all trials without an edge has such a studentized mean or a greater one."""
        return _share(self.greatest, t)

    def critical(self, share: float) -> float:
        """The studentized mean that the best of all trials without an edge exceeds so often."""
        place = math.ceil((1.0 - share) * (len(self.greatest) + 1)) - 1
        return self.greatest[place] if place < len(self.greatest) else math.inf


def reality_check(rows: Sequence[Sequence[float]], how: BlockDraws) -> RealityCheck | None:
    """The checks of trials (rows) over games in the order of their days, against a benchmark of 0.

    Results are what a trial brought more than the benchmark. Trials without scatter cannot be tested and are
    left out; None where none is left. Cost: draws × games additions of integers of 16 bytes a trial.
    """
    known = [(row, found) for row in rows if (found := Moments.of(row)).deviation > 0.0]
    if not known:
        return None
    packed = PackedTrials([row for row, _found in known])
    null = _Null.of([found for _row, found in known], packed.scales)
    draws = [null.greatest(*packed.means(places)) for places in how.places(packed.games)]
    white, lower, consistent, upper, studentized = (sorted(each) for each in zip(*draws, strict=True))
    best_t = max(0.0, *(found.t for _row, found in known))
    return RealityCheck(
        len(known),
        _share(white, max(found.mean * math.sqrt(found.count) for _row, found in known)),
        _share(lower, best_t),
        _share(consistent, best_t),
        _share(upper, best_t),
        tuple(studentized),
    )


def _share(ordered: Sequence[float], value: float) -> float:
    return (1 + len(ordered) - bisect_left(ordered, value)) / (1 + len(ordered))


@attrs.frozen
class _Null:
    """The world without an edge that draws are compared with: what is taken off each trial's mean.

    All in units of the trials' scales. `keeps` is what a poor trial is left with by Hansen's rules, in units
    of its standard error: whatever is far below the benchmark has no part in what the best is.
    """

    games: int
    scales: tuple[float, ...]
    means: tuple[float, ...]
    errors: tuple[float, ...]
    keeps_lower: tuple[float, ...]
    keeps_consistent: tuple[float, ...]

    @classmethod
    def of(cls, found: Sequence[Moments], scales: tuple[float, ...]) -> "_Null":
        games = found[0].count
        far = -math.sqrt(2.0 * math.log(max(math.log(games), 1.0)))
        return cls(
            games,
            scales,
            tuple(each.mean / scale for each, scale in zip(found, scales, strict=True)),
            tuple(each.error / scale for each, scale in zip(found, scales, strict=True)),
            tuple(min(each.t, 0.0) for each in found),
            tuple(each.t if each.t <= far else 0.0 for each in found),
        )

    def greatest(
        self, means: Sequence[float], squares: Sequence[float]
    ) -> tuple[float, float, float, float, float]:
        """The greatest of all trials in a draw: White's, Hansen's three, and the studentized one."""
        gaps = [mean - before for mean, before in zip(means, self.means, strict=True)]
        scores = [gap / error for gap, error in zip(gaps, self.errors, strict=True)]
        return (
            max(map(mul, gaps, self.scales)) * math.sqrt(self.games),
            max(0.0, *map(add, scores, self.keeps_lower)),
            max(0.0, *map(add, scores, self.keeps_consistent)),
            max(0.0, *scores),
            max(0.0, *self._studentized(gaps, means, squares)),
        )

    def _studentized(
        self, gaps: Sequence[float], means: Sequence[float], squares: Sequence[float]
    ) -> list[float]:
        less = self.games - 1
        return [
            (gap + keeps * error) * math.sqrt(less / variance)
            if (variance := square - mean * mean) > _NOTHING
            else (math.inf if gap > 0.0 else 0.0)
            for gap, mean, square, keeps, error in zip(
                gaps, means, squares, self.keeps_consistent, self.errors, strict=True
            )
        ]

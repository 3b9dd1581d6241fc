"""Intervals of a ratio from leaving out one game after the other, for what is estimated from few games.

Drawing games with replacement (`bootstrap`) makes intervals too narrow where games are few: of ten games it
holds the truth nine times of ten instead of nineteen of twenty. The jackknife's deviation with Student's
quantile holds it (Bell and McCaffrey, "Bias reduction in standard errors for linear regression with
multi-stage samples", 2002; MacKinnon, Nielsen and Webb, "Fast and reliable jackknife and bootstrap methods
for cluster-robust inference", 2023). `engine.trust` estimates slopes with it.
"""

import math
from collections.abc import Mapping
from typing import Final

from engine.scoring.bootstrap import Interval, effective

CONFIDENCE: Final = 0.95
"""How often an interval holds the truth."""

_STEPS: Final = 80
"""Halvings of the range in which a quantile lies: as exact as a number can be."""


def left_out(sums: Mapping[str, tuple[float, float]]) -> Interval | None:
    """The interval of (sum of values) / (sum of weights), where `sums` has both for each game.

    None if no game weighs anything. One game says nothing of how games differ: its interval is unbounded.
    """
    known = [sums[game] for game in sorted(sums) if sums[game][1] > 0.0]
    games = len(known)
    if not games:
        return None
    value, weight = (math.fsum(column) for column in zip(*known, strict=True))
    estimate = value / weight
    if games == 1:
        return Interval(estimate, -math.inf, math.inf, 1, 1.0)
    without = [(value - each) / (weight - its) for each, its in known]
    middle = math.fsum(without) / games
    spread = math.fsum((each - middle) ** 2 for each in without) * (games - 1) / games
    beyond = student_quantile(games - 1, CONFIDENCE) * math.sqrt(spread)
    return Interval(
        estimate, estimate - beyond, estimate + beyond, games, effective([its for _, its in known])
    )


def student_quantile(freedom: int, confidence: float) -> float:
    """The t within which, on both sides of zero, Student's distribution has this share.

    Raises ValueError for no degree of freedom, or for a share that is not between nothing and all.
    """
    if freedom < 1 or not 0.0 < confidence < 1.0:
        raise ValueError(f"no quantile of {confidence} with {freedom} degrees of freedom")
    # The share depends on the angle alone, and rises with it.
    low, high = 0.0, math.pi / 2
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if _share(middle, freedom) < confidence:
            low = middle
        else:
            high = middle
    return math.sqrt(freedom) * math.tan(low)


def _share(angle: float, freedom: int) -> float:
    """Student's share between -t and t by the angle atan(t / √freedom) (Abramowitz and Stegun, 26.7.3-4)."""
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term = cosine if odd else 1.0
    terms = term if freedom > 1 else 0.0
    for even in range(2 + odd, freedom, 2):
        term *= cosine * cosine * (even - 1) / even
        terms += term
    return 2.0 / math.pi * (angle + sine * terms) if odd else sine * terms

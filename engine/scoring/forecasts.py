"""Scores of forecasts: Brier and log loss against the price at the same moment, and calibration.

Every definition is the usual one, named in its docstring; where one has no value (no row has a market price)
the answer is None, never 0 or infinity. Intervals around these numbers come from `engine.scoring.bootstrap`.
"""

import math
from collections.abc import Sequence
from typing import Final

import attrs

from engine.scoring.average import mean_of

P_CLIP: Final = 0.01
"""Log loss takes a probability nearer to 0 or 1 for this one: about what a contract costs there with its fee.
"""

Z_95: Final = 1.959963984540054
"""Deviations of the normal distribution between which 95 % lie."""


@attrs.frozen
class Forecast:
    """A probability, the market's at the same moment if it had one, and what came: 1, 0 or a scalar."""

    game: str
    p: float
    outcome: float
    p_market: float | None = None


def brier(forecasts: Sequence[Forecast]) -> float | None:
    """The mean of (p - outcome)²: 0 is perfect, 0.25 is what one half always gets."""
    return mean_of([(row.p - row.outcome) ** 2 for row in forecasts])


@attrs.frozen
class LogLoss:
    """The mean of -ln(probability of what came), and how many probabilities had to be clipped for it."""

    mean: float
    clipped: int


def log_loss(forecasts: Sequence[Forecast], p_clip: float = P_CLIP) -> LogLoss | None:
    """Log loss, with probabilities kept from 0 and 1 by `p_clip`: one certain error would be infinite."""
    mean = mean_of([loss_of(row, p_clip) for row in forecasts])
    if mean is None:
        return None
    return LogLoss(mean, sum(not p_clip <= row.p <= 1.0 - p_clip for row in forecasts))


def loss_of(forecast: Forecast, p_clip: float = P_CLIP) -> float:
    """The log loss of one forecast, clipped."""
    p = min(max(forecast.p, p_clip), 1.0 - p_clip)
    return -forecast.outcome * math.log(p) - (1.0 - forecast.outcome) * math.log1p(-p)


@attrs.frozen
class CalibrationBin:
    """Forecasts from `p_low` to below `p_high`: what was said, what came, and the 95 % Wilson interval of the
    latter.
    """

    p_low: float
    p_high: float
    count: int
    p_said: float
    p_came: float
    p_came_low: float
    p_came_high: float


@attrs.frozen
class Calibration:
    """Bins that hold forecasts, and Murphy's split: Brier = reliability - resolution + uncertainty + within.

    `reliability` is the harm of saying other than what comes, `resolution` the use of telling cases apart,
    `uncertainty` the outcomes' own variance; `within` is what the bins' width leaves (0 if all forecasts of a
    bin are equal).
    """

    bins: tuple[CalibrationBin, ...]
    reliability: float
    resolution: float
    uncertainty: float
    within: float


def calibration(forecasts: Sequence[Forecast], bins: int = 10) -> Calibration | None:
    """Forecasts in equal bins of probability; None without any. Raises ValueError for fewer than one bin."""
    if bins < 1:
        raise ValueError("calibration needs a bin")
    total = brier(forecasts)
    base_rate = mean_of([row.outcome for row in forecasts])
    if total is None or base_rate is None:
        return None
    members: list[list[Forecast]] = [[] for _ in range(bins)]
    for row in forecasts:
        members[min(int(row.p * bins), bins - 1)].append(row)
    filled = [_bin(rows, number / bins, (number + 1) / bins) for number, rows in enumerate(members) if rows]
    n = len(forecasts)
    reliability = math.fsum(each.count * (each.p_said - each.p_came) ** 2 for each in filled) / n
    resolution = math.fsum(each.count * (each.p_came - base_rate) ** 2 for each in filled) / n
    uncertainty = math.fsum((row.outcome - base_rate) ** 2 for row in forecasts) / n
    # Forecasts within a bin differ, so Murphy's three terms alone do not add up to the Brier score.
    within = total - (reliability - resolution + uncertainty)
    return Calibration(tuple(filled), reliability, resolution, uncertainty, within)


def wilson(share: float, count: int, z: float = Z_95) -> tuple[float, float]:
    """The interval of a share seen in `count` trials (Wilson 1927): stays within 0 and 1, honest for few
    trials.

    Raises ValueError for a share outside 0..1 or no trial.
    """
    if count < 1 or not 0.0 <= share <= 1.0:
        raise ValueError(f"no interval for a share of {share} in {count}")
    spread = z * math.sqrt(share * (1.0 - share) / count + z * z / (4.0 * count * count))
    centre = share + z * z / (2.0 * count)
    scale = 1.0 + z * z / count
    return max((centre - spread) / scale, 0.0), min((centre + spread) / scale, 1.0)


def _bin(rows: Sequence[Forecast], p_low: float, p_high: float) -> CalibrationBin:
    """One bin of at least one forecast."""
    said = math.fsum(row.p for row in rows) / len(rows)
    came = math.fsum(row.outcome for row in rows) / len(rows)
    return CalibrationBin(p_low, p_high, len(rows), said, came, *wilson(came, len(rows)))

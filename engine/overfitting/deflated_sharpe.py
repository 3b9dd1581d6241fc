"""The deflated Sharpe ratio: how likely a ratio is above what the best of so many tries has by luck.

Bailey, D. H. and López de Prado, M. (2014), "The Deflated Sharpe Ratio: Correcting for Selection Bias,
Backtest Overfitting and Non-Normality", Journal of Portfolio Management 40 (5), 94-107.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist, variance
from typing import Final

import attrs

from engine.overfitting.moments import Moments

EULER: Final = 0.5772156649015329
"""The Euler-Mascheroni constant."""

_NORMAL: Final = NormalDist()


@attrs.frozen
class DeflatedSharpe:
    """The best ratio a game, the one that luck gives the best of all, and how likely it is above that."""

    sharpe: float
    by_luck: float
    p_above: float


def expected_best(tries: int, deviation: float) -> float:
    """The expected greatest ratio of so many independent tries without an edge, whose ratios scatter so much.

    σ ((1-γ) Z⁻¹(1 - 1/N) + γ Z⁻¹(1 - 1/(N e))), equation 6 of the appendix; 0 for one try, which chose
    nothing. Raises ValueError for fewer tries or a negative deviation.
    """
    if tries < 1 or deviation < 0.0:
        raise ValueError(f"{tries} tries with a deviation of {deviation}")
    if tries == 1:
        return 0.0
    upper = _NORMAL.inv_cdf(1.0 - 1.0 / tries)
    beyond = _NORMAL.inv_cdf(1.0 - 1.0 / (tries * math.e))
    return deviation * ((1.0 - EULER) * upper + EULER * beyond)


def p_sharpe_above(found: Moments, threshold: float) -> float | None:
    """The probabilistic Sharpe ratio: how likely the true ratio a game is above `threshold`.

    Φ((SR - SR₀) √(T-1) / √(1 - γ₃ SR + (γ₄ - 1)/4 SR²)), equation 9. None without scatter, or where results
    are so skewed that the formula has no variance.
    """
    sharpe = found.sharpe
    spread = 1.0 - found.skewness * sharpe + (found.kurtosis - 1.0) / 4.0 * sharpe * sharpe
    if found.deviation == 0.0 or spread <= 0.0:
        return None
    return _NORMAL.cdf((sharpe - threshold) * math.sqrt((found.count - 1) / spread))


def deflated_sharpe(best: Moments, sharpes: Sequence[float], tries: int) -> DeflatedSharpe | None:
    """The best trial's ratio, deflated by all tries; `sharpes` are those of every trial that has results.

    Tries that failed have no ratio and count. None where the probability has no value.
    """
    scatter = math.sqrt(variance(sharpes)) if len(sharpes) > 1 else 0.0
    threshold = expected_best(tries, scatter)
    p_above = p_sharpe_above(best, threshold)
    return None if p_above is None else DeflatedSharpe(best.sharpe, threshold, p_above)

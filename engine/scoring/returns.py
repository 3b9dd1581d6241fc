"""Statistics of results: hit rate, drawdown, ratios of returns.

The unit of profit is a game and a strategy, not a fill. Where a ratio has no value (no trade lost) the answer
is None, never 0 or infinity.
"""

import math
from collections.abc import Sequence

import attrs

from engine.pregame_lines import phi
from engine.scoring.average import mean_of
from engine.units import Money, Nanos


@attrs.frozen
class Profit:
    """What came of a number of units, each the result of one strategy in one game.

    `hit_rate` is the share that made money (say the price paid with it: who buys at 90 cents wins nine of
    ten), `expectancy` the mean, `profit_factor` gains / losses, `payoff_ratio` the mean gain / the mean loss.
    """

    units: int
    hit_rate: float
    expectancy: float
    profit_factor: float | None
    payoff_ratio: float | None


def profit(results: Sequence[Money]) -> Profit | None:
    """Statistics of results in 1/1,000,000 dollar; None without any. Ratios are None where nothing was lost
    or won.
    """
    if not results:
        return None
    gains = [result for result in results if result > 0]
    losses = [-result for result in results if result < 0]
    factor = sum(gains) / sum(losses) if losses else None
    payoff = (sum(gains) / len(gains)) / (sum(losses) / len(losses)) if gains and losses else None
    return Profit(len(results), len(gains) / len(results), sum(results) / len(results), factor, payoff)


def losing_run(results: Sequence[Money]) -> int:
    """The longest run of results below zero, in the order given."""
    longest = run = 0
    for result in results:
        run = run + 1 if result < 0 else 0
        longest = max(longest, run)
    return longest


def share_of_best(results: Sequence[Money], count: int) -> float | None:
    """How much of the whole profit the best results made; above 1 if the rest lost. None without profit."""
    total = sum(results)
    return sum(sorted(results, reverse=True)[:count]) / total if total > 0 else None


@attrs.frozen
class Drawdown:
    """The deepest fall from a peak and the longest time below one, in the units of what was given."""

    depth: Money
    longest: Nanos


def drawdown(equity: Sequence[tuple[Nanos, Money]]) -> Drawdown | None:
    """Of equity over time, in the order of time; mark it at the bid, since the mid hides the spread. None
    without any.

    A fall that has not been made good lasts until the last moment given.
    """
    if not equity:
        return None
    peak_at, peak = equity[0]
    depth, longest = 0, 0
    for at, worth in equity:
        if worth >= peak:
            peak_at, peak = at, worth
        depth = max(depth, peak - worth)
        longest = max(longest, at - peak_at)
    return Drawdown(Money(depth), Nanos(longest))


@attrs.frozen
class Returns:
    """Ratios of returns a period (a game day, or a game): not annualised, since games are not daily and few.

    `sharpe` is mean / deviation, `sortino` mean / deviation of the losses, `p_sharpe` the probability that
    the true ratio is above 0 given how few and how skewed they are (Bailey and López de Prado 2012).
    """

    periods: int
    mean: float
    sharpe: float | None
    sortino: float | None
    p_sharpe: float | None


def returns(values: Sequence[float]) -> Returns | None:
    """Ratios of returns on allocated capital; None for fewer than two."""
    n = len(values)
    mean = mean_of(values)
    if mean is None or n < 2:
        return None
    # Equal returns have no deviation, whatever the last digit of their mean says.
    variance = (
        0.0 if min(values) == max(values) else math.fsum((value - mean) ** 2 for value in values) / (n - 1)
    )
    downside = math.fsum(min(value, 0.0) ** 2 for value in values) / n
    sharpe = mean / math.sqrt(variance) if variance > 0.0 else None
    sortino = mean / math.sqrt(downside) if downside > 0.0 else None
    return Returns(n, mean, sharpe, sortino, None if sharpe is None else _p_sharpe(values, mean, sharpe))


def _p_sharpe(values: Sequence[float], mean: float, sharpe: float) -> float | None:
    """The probabilistic Sharpe ratio against 0."""
    n = len(values)
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / n)
    skew = math.fsum(((value - mean) / spread) ** 3 for value in values) / n
    kurtosis = math.fsum(((value - mean) / spread) ** 4 for value in values) / n
    variance = 1.0 - skew * sharpe + (kurtosis - 1.0) / 4.0 * sharpe * sharpe
    return phi(sharpe * math.sqrt((n - 1) / variance)) if variance > 0.0 else None

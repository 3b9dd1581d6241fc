"""Scores of forecasts and trades: Brier and log loss, calibration, closing line value, markouts, returns.

Called by reports and by the journal's projections of performance. Every definition is the usual one, named in
its docstring; where one has no value (no trade lost, no row has a market price) the answer is None, never 0
or infinity. The unit of profit is a game and a strategy, not a fill. Intervals around these numbers come from
`engine.evaluation.bootstrap`.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import attrs

from engine.events import BookSide
from engine.pregame_lines import phi
from engine.units import NANOS_PER_MINUTE, NANOS_PER_SECOND, PRICE_ONE, Money, Nanos, Price

P_CLIP: Final = 0.01
"""Log loss takes a probability nearer to 0 or 1 for this one: about what a contract costs there with its fee.
"""

Z_95: Final = 1.959963984540054
"""Deviations of the normal distribution between which 95 % lie."""

HORIZONS: Final[tuple[Nanos, ...]] = (
    NANOS_PER_SECOND,
    Nanos(5 * NANOS_PER_SECOND),
    Nanos(30 * NANOS_PER_SECOND),
    Nanos(5 * NANOS_PER_MINUTE),
)
"""How long after a fill the market is looked at again."""


@attrs.frozen
class Forecast:
    """A probability, the market's at the same moment if it had one, and what came: 1, 0 or a scalar."""

    game: str
    p: float
    outcome: float
    p_market: float | None = None


def brier(forecasts: Sequence[Forecast]) -> float | None:
    """The mean of (p - outcome)²: 0 is perfect, 0.25 is what one half always gets."""
    return _mean([(row.p - row.outcome) ** 2 for row in forecasts])


def brier_advantage(forecasts: Sequence[Forecast]) -> float | None:
    """The market's Brier score less ours, on the rows where the market had a price: above 0 we knew more."""
    rows = [(row.p, row.p_market, row.outcome) for row in forecasts if row.p_market is not None]
    return _mean([(p_market - outcome) ** 2 - (p - outcome) ** 2 for p, p_market, outcome in rows])


@attrs.frozen
class LogLoss:
    """The mean of -ln(probability of what came), and how many probabilities had to be clipped for it."""

    mean: float
    clipped: int


def log_loss(forecasts: Sequence[Forecast], p_clip: float = P_CLIP) -> LogLoss | None:
    """Log loss, with probabilities kept from 0 and 1 by `p_clip`: one certain error would be infinite."""
    losses, clipped = [], 0
    for row in forecasts:
        p = min(max(row.p, p_clip), 1.0 - p_clip)
        clipped += p != row.p
        losses.append(-row.outcome * math.log(p) - (1.0 - row.outcome) * math.log1p(-p))
    mean = _mean(losses)
    return None if mean is None else LogLoss(mean, clipped)


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
    base_rate = _mean([row.outcome for row in forecasts])
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


def closing_line_value(side: BookSide, entry: Price, p_close: float) -> float:
    """How much better than the close we bought, in dollars a contract: above 0 is good on either side.

    `p_close` is the last trusted mid, or the sharp books' fair price, before the tip. For entries before the
    tip only: in play there is no close, use markouts.
    """
    gain = p_close - entry / PRICE_ONE
    return gain if side is BookSide.BID else -gain


def closing_odds_value(side: BookSide, entry: Price, p_close: float) -> float | None:
    """The same as a ratio of odds, entry / close - 1, as bettors write it; None for a price of 0."""
    paid = (entry if side is BookSide.BID else PRICE_ONE - entry) / PRICE_ONE
    worth = p_close if side is BookSide.BID else 1.0 - p_close
    return worth / paid - 1.0 if paid > 0.0 else None


@attrs.frozen
class Markout:
    """What a fill was worth after a while, in dollars a contract before fees; None if the book was not
    trusted then.
    """

    horizon: Nanos
    gain: float | None


@attrs.frozen
class MarkoutPoint:
    """The mean over fills at one horizon; `untrusted` fills could not be looked at and are not in it."""

    horizon: Nanos
    mean: float | None
    count: int
    untrusted: int


def markout(side: BookSide, price: Price, p_mid_later: float | None, horizon: Nanos) -> Markout:
    """Side × (mid after the horizon - fill price); the mid is that of a trusted book, else None."""
    if p_mid_later is None:
        return Markout(horizon, None)
    gain = p_mid_later - price / PRICE_ONE
    return Markout(horizon, gain if side is BookSide.BID else -gain)


def markout_curve(markouts: Iterable[Markout]) -> tuple[MarkoutPoint, ...]:
    """The mean markout by horizon, shortest first. For makers it should not be above 0: else fills are too
    kind.
    """
    gains: dict[Nanos, list[float | None]] = {}
    for each in markouts:
        gains.setdefault(each.horizon, []).append(each.gain)
    return tuple(_point(horizon, gains) for horizon in sorted(gains))


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
    mean = _mean(values)
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


def _bin(rows: Sequence[Forecast], p_low: float, p_high: float) -> CalibrationBin:
    """One bin of at least one forecast."""
    said = math.fsum(row.p for row in rows) / len(rows)
    came = math.fsum(row.outcome for row in rows) / len(rows)
    return CalibrationBin(p_low, p_high, len(rows), said, came, *wilson(came, len(rows)))


def _point(horizon: Nanos, gains: Mapping[Nanos, Sequence[float | None]]) -> MarkoutPoint:
    """The mean of one horizon."""
    seen = [gain for gain in gains[horizon] if gain is not None]
    return MarkoutPoint(horizon, _mean(seen), len(seen), len(gains[horizon]) - len(seen))


def _mean(values: Sequence[float]) -> float | None:
    """The mean, or None of nothing."""
    return math.fsum(values) / len(values) if values else None

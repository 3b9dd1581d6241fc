"""All scores of all strategies over any number of runs: what a report arranges and does not compute.

The rows of the runs are put together and the order of the runs is of no account. The intervals are by game
and come from draws that depend on the names of a strategy's games and on nothing else, so that what is said
of one strategy does not depend on who else ran.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import attrs

from engine.orders import Liquidity
from engine.outcome_range import OutcomeRange
from engine.scoring.bootstrap import GameDraws, Interval, weighted
from engine.scoring.equity import EquityPoint
from engine.scoring.forecasts import (
    Calibration,
    Forecast,
    LogLoss,
    brier,
    calibration,
    log_loss,
    loss_of,
)
from engine.scoring.judgement import Honesty, Verdict, honesty, verdict
from engine.scoring.markouts import MarkoutPoint, MarkoutRow, markout_curve
from engine.scoring.observations import FillSeen, RunSeen, StrategySeen, Wishes
from engine.scoring.returns import Profit, drawdown, losing_run, profit, share_of_best
from engine.scoring.splits import Split, splits
from engine.scoring.unseen_results import unseen_results
from engine.tally import READINGS, Band
from engine.units import COUNT_ONE, MONEY_ONE, Money, Nanos

BEST_GAMES: Final = 3
"""How many of the best games' share of the profit is told."""


@attrs.frozen(kw_only=True)
class ForecastScores:
    """Forecasts against the price at the same moment, one a market and game (the first).

    `compared` of all `count` forecasts had a price; Brier and log loss are over these only, ours and the
    price's. `brier_gain` and `log_loss_gain` are the price's less ours: above 0 we knew more.
    """

    count: int
    compared: int
    games: int
    brier: float | None
    brier_market: float | None
    brier_gain: Interval | None
    log_loss: LogLoss | None
    log_loss_market: LogLoss | None
    log_loss_gain: Interval | None
    calibration: Calibration | None


@attrs.frozen(kw_only=True)
class ClosingScores:
    """Closing line value in dollars a contract of the fills before the tip; `missing` had no close."""

    mean: Interval | None
    fills: int
    missing: int


@attrs.frozen(kw_only=True)
class Expectation:
    """What was expected of the fills that opened something, and what they brought, in dollars a contract.

    Only what is closed counts, and only where the strategy said what it expected.
    """

    fills: int
    contracts: float
    stated: float | None
    brought: Interval | None
    gap: Interval | None
    honesty: Honesty


@attrs.frozen(kw_only=True)
class Ups:
    """The ups and downs: games by result, and how far and for how long the money was below its peak."""

    profit: Profit | None
    best: tuple[str, Money] | None
    worst: tuple[str, Money] | None
    losing_run: int
    share_of_best: float | None
    drawdown: Money
    under_water: Nanos


@attrs.frozen(kw_only=True)
class CurvePoint:
    """Profit and loss over all runs up to a moment, under the three readings."""

    at: Nanos
    pnl: Band


@attrs.frozen(kw_only=True)
class StrategyScores:
    """Everything about one strategy."""

    strategy: str
    verdict: Verdict
    runs: int
    games: Mapping[str, Band]
    pnl: Band
    fees: Money
    realized: Money
    unrealized: Money
    wishes: Wishes
    signals: int
    near_misses: int
    fills: int
    contracts: int
    assumed: int
    rested: int
    delayed: int
    curve: tuple[CurvePoint, ...]
    ups: Ups
    forecasts: ForecastScores
    closing: ClosingScores
    closing_books: ClosingScores
    markouts: Mapping[Liquidity, tuple[MarkoutPoint, ...]]
    expectation: Expectation
    splits: tuple[Split, ...]


@attrs.frozen
class _Rows:
    """The rows of one strategy."""

    runs: Sequence[StrategySeen]
    fills: Sequence[FillSeen]
    forecasts: Sequence[Forecast]


class _Draws:
    """The draws over each set of games, made once: strategies that play the same games share them."""

    def __init__(self) -> None:
        self._made: dict[frozenset[str], GameDraws] = {}

    def of(self, games: Iterable[str]) -> GameDraws:
        """The draws over these."""
        named = frozenset(games)
        found = self._made.get(named)
        if found is None:
            found = self._made[named] = GameDraws(named)
        return found


def scores(runs: Iterable[RunSeen]) -> tuple[StrategyScores, ...]:
    """The scores of every strategy, by name."""
    rows: dict[str, tuple[list[StrategySeen], list[FillSeen], list[Forecast]]] = {}
    for run in sorted(runs, key=lambda each: each.at):
        for strategy in run.strategies:
            rows.setdefault(strategy.strategy, ([], [], []))[0].append(strategy)
        for fill in run.fills:
            rows[fill.strategy][1].append(fill)
        for seen in run.forecasts:
            rows[seen.strategy][2].append(seen.forecast)
    draws = _Draws()
    return tuple(_scores(name, _Rows(*rows[name]), draws) for name in sorted(rows))


def verdict_of(games: Mapping[str, Band], ranges: Mapping[str, OutcomeRange]) -> Verdict:
    """The verdict on a strategy by its results of games, and by what these stood to bring."""
    return _verdict(games, ranges, GameDraws(games))


def _verdict(games: Mapping[str, Band], ranges: Mapping[str, OutcomeRange], draws: GameDraws) -> Verdict:
    worst = min((each.worst for each in ranges.values()), default=0) / MONEY_ONE
    best = max((each.best for each in ranges.values()), default=0) / MONEY_ONE
    readings = {reading: _dollars(games, reading) for reading in READINGS}
    found = {
        reading: interval
        for reading, results in readings.items()
        if (interval := draws.mean({game: (dollars, 1.0) for game, dollars in results.items()}))
    }
    return verdict(found, unseen_results(readings, worst, best), readings["base"])


def _dollars(games: Mapping[str, Band], reading: str) -> dict[str, float]:
    return {game: getattr(band, reading) / MONEY_ONE for game, band in games.items()}


def _scores(name: str, rows: _Rows, all_draws: _Draws) -> StrategyScores:
    games = _games(rows.runs)
    draws = all_draws.of(games)
    entries = [fill for fill in rows.fills if fill.opened]
    curve = _curve(rows.runs)
    return StrategyScores(
        strategy=name,
        verdict=_verdict(games, _ranges(rows.runs), draws),
        runs=len(rows.runs),
        games=games,
        pnl=_added(row.pnl for row in rows.runs),
        fees=Money(sum(row.fees for row in rows.runs)),
        realized=Money(sum(row.realized for row in rows.runs)),
        unrealized=Money(sum(row.unrealized for row in rows.runs)),
        wishes=_wishes(rows.runs),
        signals=sum(row.signals for row in rows.runs),
        near_misses=sum(row.near_misses for row in rows.runs),
        fills=len(rows.fills),
        contracts=sum(fill.count for fill in rows.fills),
        assumed=sum(fill.assumed for fill in rows.fills),
        rested=sum(row.rested for row in rows.runs),
        delayed=sum(row.delayed for row in rows.runs),
        curve=curve,
        ups=_ups(games, curve),
        forecasts=_forecasts(rows.forecasts, all_draws),
        closing=_closing(rows.fills, lambda fill: fill.close, draws),
        closing_books=_closing(rows.fills, lambda fill: fill.close_books, draws),
        markouts={liquidity: _markouts(rows.fills, liquidity, draws) for liquidity in Liquidity},
        expectation=_expectation(entries, draws),
        splits=splits(entries),
    )


def _games(runs: Iterable[StrategySeen]) -> dict[str, Band]:
    """The results by game, in the order of the runs; a game of several runs was played once and is one."""
    games: dict[str, Band] = {}
    for run in runs:
        for game, band in run.games.items():
            before = games.get(game)
            games[game] = band if before is None else _added((before, band))
    return games


def _ranges(runs: Iterable[StrategySeen]) -> dict[str, OutcomeRange]:
    """What the games stood to bring; of one in several runs the sum, as of its results."""
    ranges: dict[str, OutcomeRange] = {}
    for run in runs:
        for game, found in run.ranges.items():
            ranges[game] = ranges.get(game, OutcomeRange()).and_also(found)
    return ranges


def _added(bands: Iterable[Band | EquityPoint]) -> Band:
    pessimistic = base = optimistic = 0
    for band in bands:
        pessimistic += band.pessimistic
        base += band.base
        optimistic += band.optimistic
    return Band(Money(pessimistic), Money(base), Money(optimistic))


def _wishes(runs: Sequence[StrategySeen]) -> Wishes:
    refused: dict[str, int] = {}
    for run in runs:
        for code, count in run.wishes.refused.items():
            refused[code] = refused.get(code, 0) + count
    return Wishes(passed=sum(run.wishes.passed for run in runs), refused=dict(sorted(refused.items())))


def _curve(runs: Sequence[StrategySeen]) -> tuple[CurvePoint, ...]:
    """The curves of the runs one after the other, each beginning where the last one ended.

    A run ends with what the report says of it: its last point is not the last bar but the last valuation.
    """
    points: list[CurvePoint] = []
    base = Band(Money(0), Money(0), Money(0))
    for run in runs:
        points.extend(CurvePoint(at=point.at, pnl=_added((base, point))) for point in run.curve)
        base = _added((base, run.pnl))
        if run.curve:
            points.append(CurvePoint(at=run.curve[-1].at, pnl=base))
    return tuple(points)


def _ups(games: Mapping[str, Band], curve: Sequence[CurvePoint]) -> Ups:
    results = [(game, band.base) for game, band in games.items()]
    fallen = drawdown([(point.at, point.pnl.base) for point in curve])
    # The first point is after the first trade: money begins at nothing.
    deepest = max((max(0, -point.pnl.base) for point in curve[:1]), default=0)
    return Ups(
        profit=profit([result for _game, result in results]),
        best=max(results, key=lambda row: (row[1], row[0]), default=None),
        worst=min(results, key=lambda row: (row[1], row[0]), default=None),
        losing_run=losing_run([result for _game, result in results]),
        share_of_best=share_of_best([result for _game, result in results], BEST_GAMES),
        drawdown=Money(max(deepest, 0 if fallen is None else fallen.depth)),
        under_water=Nanos(0) if fallen is None else fallen.longest,
    )


def _forecasts(rows: Sequence[Forecast], all_draws: _Draws) -> ForecastScores:
    compared = [row for row in rows if row.p_market is not None]
    market = [Forecast(row.game, row.p_market, row.outcome) for row in rows if row.p_market is not None]
    draws = all_draws.of(row.game for row in compared)
    squares, losses = [], []
    for ours, theirs in zip(compared, market, strict=True):
        gain = (theirs.p - theirs.outcome) ** 2 - (ours.p - ours.outcome) ** 2
        squares.append((ours.game, gain, 1.0))
        losses.append((ours.game, loss_of(theirs) - loss_of(ours), 1.0))
    return ForecastScores(
        count=len(rows),
        compared=len(compared),
        games=len(draws.games),
        brier=brier(compared),
        brier_market=brier(market),
        brier_gain=draws.mean(weighted(squares)),
        log_loss=log_loss(compared),
        log_loss_market=log_loss(market),
        log_loss_gain=draws.mean(weighted(losses)),
        calibration=calibration(rows),
    )


def _closing(
    fills: Sequence[FillSeen], close_of: Callable[[FillSeen], float | None], draws: GameDraws
) -> ClosingScores:
    before = [fill for fill in fills if fill.to_tip is not None and fill.to_tip > 0]
    rows = [
        (fill.game, value, fill.count / COUNT_ONE) for fill in before if (value := close_of(fill)) is not None
    ]
    return ClosingScores(mean=draws.mean(weighted(rows)), fills=len(rows), missing=len(before) - len(rows))


def _markouts(fills: Sequence[FillSeen], liquidity: Liquidity, draws: GameDraws) -> tuple[MarkoutPoint, ...]:
    rows = [
        MarkoutRow(fill.game, fill.count / COUNT_ONE, fill.markouts)
        for fill in fills
        if fill.liquidity is liquidity
    ]
    return markout_curve(rows, draws)


def _expectation(entries: Sequence[FillSeen], draws: GameDraws) -> Expectation:
    brought, gaps, stated = [], [], []
    for fill in entries:
        contracts = fill.closed / COUNT_ONE
        if fill.stated is None or contracts <= 0:
            continue
        each = fill.gain / MONEY_ONE / contracts
        brought.append((fill.game, each, contracts))
        gaps.append((fill.game, each - fill.stated, contracts))
        stated.append((fill.stated, contracts))
    contracts = math.fsum(weight for _value, weight in stated)
    mean = math.fsum(value * weight for value, weight in stated) / contracts if stated else None
    gap = draws.mean(weighted(gaps))
    games = len({game for game, _value, _weight in gaps})
    return Expectation(
        fills=len(gaps),
        contracts=contracts,
        stated=mean,
        brought=draws.mean(weighted(brought)),
        gap=gap,
        honesty=honesty(mean, gap, games),
    )

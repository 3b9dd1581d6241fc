"""The verdict on the best of a sweep: one word for programs and one sentence for people.

The best is real if it is better than the best of so many trials without an edge is in all but one of forty
sweeps, and if the line of what would have been chosen day by day is above nothing too. It cannot be known
from fewer than `GAMES_MIN` games, nor from a best that hardly ever lost: who buys at 90 cents has no scatter
until a loss comes, and a test that has not seen the losses calls luck real.
"""

import math
from collections.abc import Sequence
from enum import Enum
from typing import Final

import attrs

from engine.overfitting.backtest_overfitting import BLOCKS, Overfitting, backtest_overfitting
from engine.overfitting.best_without_edge import POOL_MAX, BestWithoutEdge, best_without_edge
from engine.overfitting.block_draws import BlockDraws
from engine.overfitting.deflated_sharpe import DeflatedSharpe, deflated_sharpe
from engine.overfitting.moments import Moments
from engine.overfitting.reality_check import RealityCheck, reality_check
from engine.overfitting.table import SweepTable, Trial
from engine.overfitting.walk_forward import Schedule, WalkForward, walk_forward
from engine.scoring.judgement import GAMES_MIN, GAMES_TOLD_MAX, Z_POWER

SIDES_MIN: Final = 10
"""So many games a trial must have won, and so many lost, before its scatter is taken for known."""

ERROR_MAX: Final = 0.025
"""How often luck may be as good as a best that is called real.

One of twenty sweeps is promised at the most; half of that is kept back for what draws from few games get
wrong, and it is what the verdict on a single strategy allows on its side of the interval.
"""


class SweepJudgement(Enum):
    """What can be said of the best of a sweep."""

    REAL = "real"
    NOT_TOLD_APART = "not_told_apart"
    UNKNOWN = "cannot_be_known"


@attrs.frozen
class SweepVerdict:
    """The judgement on the best trial, why, and how many games more would tell (None: not known)."""

    judgement: SweepJudgement
    sentence: str
    more_games: int | None = None


@attrs.frozen
class SweepEvidence:
    """Everything that is known of a sweep: its best by mean a game, and each guard's answer, or None.

    `critical` is the studentized mean that the best without an edge exceeds in ERROR_MAX of sweeps, and
    `p_best` how often it is as good as this one; both have what the trials have in common.
    """

    table: SweepTable
    best: Trial | None
    moments: Moments | None
    walk: WalkForward
    deflated: DeflatedSharpe | None
    overfitting: Overfitting | None
    reality: RealityCheck | None
    p_best: float | None
    critical: float | None
    verdict: SweepVerdict


@attrs.frozen
class Judging:
    """How a sweep is judged: the draws and their seed, the walk, the blocks of the cross-validation."""

    draws: BlockDraws
    schedule: Schedule = attrs.field(factory=Schedule)
    blocks: int = BLOCKS


def best_of(trials: Sequence[Trial]) -> Trial | None:
    """The trial of the highest mean a game; of equally good ones the first by key."""
    return max(trials, key=lambda trial: math.fsum(trial.results), default=None)


def judged(table: SweepTable, how: Judging, unit: str = "dollars") -> SweepEvidence:
    """Ask every guard about the best of a sweep; `unit` is that of its results, for the sentence."""
    best, games = best_of(table.trials), len(table.games)
    moments = Moments.of(best.results) if best is not None and games > 1 else None
    walk = walk_forward(table, how.schedule)
    rows = [trial.results for trial in table.trials]
    sharpes = [Moments.of(row).sharpe for row in rows] if games > 1 else []
    tested = [row for row in rows if sides(row) >= SIDES_MIN]
    reality = reality_check(rows, how.draws) if games > 1 else None
    tests = reality if len(tested) == len(rows) else reality_check(tested, how.draws)
    if games < GAMES_MIN:
        tests = None
    # Tries without results were tries: as many more draws of the same luck.
    share = 1.0 + (table.tried - len(rows)) / max(len(tested), 1)
    known = SweepEvidence(
        table=table,
        best=best,
        moments=moments,
        walk=walk,
        deflated=deflated_sharpe(moments, sharpes, table.tried) if moments is not None else None,
        overfitting=backtest_overfitting(rows, how.blocks),
        reality=reality,
        p_best=None if tests is None or moments is None else _one_of(tests.p_adjusted(moments.t), share),
        critical=None if tests is None else tests.critical(_one_of(ERROR_MAX, 1.0 / share)),
        verdict=SweepVerdict(SweepJudgement.UNKNOWN, ""),
    )
    return attrs.evolve(known, verdict=_verdict(known, unit))


def _one_of(p_one: float, tries: float) -> float:
    """How likely something happens at least once in so many tries, if it happens so often in one."""
    return 1.0 - math.pow(1.0 - p_one, tries)


def sides(results: Sequence[float]) -> int:
    """How many games were won or lost, whichever is less."""
    return min(sum(result > 0.0 for result in results), sum(result < 0.0 for result in results))


@attrs.frozen
class Luck:
    """The best of as many tries without an edge, and whether it is drawn from controls.

    Without controls it is drawn from the trials' own scatter, each with its mean taken off.
    """

    best: BestWithoutEdge
    controlled: bool


def luck_of(table: SweepTable, how: BlockDraws) -> Luck | None:
    """The best of the sweep's tries without an edge; None of fewer than two games, or without scatter."""
    pool, controlled = _pool(table)
    games, tries = len(table.games), max(table.tried, 1)
    if games < 2:
        return None
    best = best_without_edge(pool, games=games, tries=tries, seed=how.seed, draws=how.draws)
    return None if best is None else Luck(best, controlled)


def _pool(table: SweepTable) -> tuple[list[float], bool]:
    found = [value for control in table.controls for value in control.results]
    controlled = len(set(found)) > 1
    if not controlled:
        means = [math.fsum(trial.results) / max(len(trial.results), 1) for trial in table.trials]
        rows = zip(table.trials, means, strict=True)
        found = [value - mean for trial, mean in rows for value in trial.results]
    return found[:: max(1, math.ceil(len(found) / POOL_MAX))], controlled


def _verdict(known: SweepEvidence, unit: str) -> SweepVerdict:
    games, best, moments = len(known.table.games), known.best, known.moments
    if best is None or moments is None or games < GAMES_MIN:
        return SweepVerdict(SweepJudgement.UNKNOWN, _few_games(known), max(0, GAMES_MIN - games))
    if sides(best.results) < SIDES_MIN or known.p_best is None or known.critical is None:
        return SweepVerdict(SweepJudgement.UNKNOWN, _one_sided(best.results, games))
    outside = known.walk.outside
    if outside is None:
        return SweepVerdict(
            SweepJudgement.UNKNOWN,
            f"cannot be known from {games} games of so few days: none is left to judge the choice on.",
        )
    what = f"{moments.mean:+.3g} {unit} a game in {games} games"
    later = f"out of sample {outside.mean:+.3g} in {outside.count}"
    tried = f"the best of {known.table.tried} without an edge"
    if known.p_best <= ERROR_MAX and outside.mean > 0.0:
        return SweepVerdict(
            SweepJudgement.REAL,
            f"real: {what}, {later}; {tried} is as good in {_percent(known.p_best)} of sweeps.",
        )
    if known.p_best <= ERROR_MAX:
        why = f"{later}: whoever had chosen day by day would have gained nothing."
        return SweepVerdict(SweepJudgement.NOT_TOLD_APART, f"not told apart from {tried}: {what}, but {why}")
    more = _more_games(known.critical, moments, outside)
    return SweepVerdict(
        SweepJudgement.NOT_TOLD_APART,
        f"not told apart from {tried}, which is as good in {_percent(known.p_best)} of sweeps: {what}, "
        f"{later}; {_more(more)}, if the edge is what it was out of sample.",
        more,
    )


def _more_games(critical: float, best: Moments, outside: Moments) -> int | None:
    """Games in which the best would pass four times of five, if its edge is what was seen out of sample."""
    if outside.mean <= 0.0 or not math.isfinite(critical):
        return None
    needed = ((critical + Z_POWER) * best.deviation / outside.mean) ** 2
    return max(1, math.ceil(needed) - best.count) if needed <= GAMES_TOLD_MAX else None


def _more(games: int | None) -> str:
    return (
        "no number of games that can be played would tell"
        if games is None
        else f"about {games} more would tell"
    )


def _few_games(known: SweepEvidence) -> str:
    games = len(known.table.games)
    if known.best is None:
        return "cannot be known: no trial has a result."
    more = max(0, GAMES_MIN - games)
    needed = "is needed" if more == 1 else "are needed"
    return f"cannot be known from {games} game{'' if games == 1 else 's'}: {more} more {needed} at the least."


def _one_sided(results: Sequence[float], games: int) -> str:
    won, lost = sum(result > 0.0 for result in results), sum(result < 0.0 for result in results)
    return (
        f"cannot be known from {games} games: the best won {won} and lost {lost}, and at least {SIDES_MIN} "
        "of both are needed to know how its results scatter."
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"

"""What a stored sweep is worth: its table, the controls' if there are some, and the guards' answers.

Called by the commands, for the screen, the page and `--json`.
"""

import hashlib
from collections.abc import Mapping
from typing import Final

from engine.overfitting.backtest_overfitting import BLOCKS
from engine.overfitting.block_draws import BlockDraws
from engine.overfitting.judgement import Judging
from engine.overfitting.table import SweepTable, Trial
from tipoff.json_types import Json
from tipoff.output import Failure
from tipoff.reports.sweep_document import FailedTrial, SweepSource, sweep_document
from tipoff.sweep.objectives import Objective
from tipoff.sweep.sweep import Sweep, TrialResult

SUMS_MAX: Final = 500_000_000
"""Results that all draws add up, about: of more, fewer draws are made."""

DRAWS_MIN: Final = 200
"""Draws at the least."""

DRAWS_MAX: Final = 1_000
"""Draws at the most, of a sweep that is not too large for them."""

TRIALS_OF_ALL_HALVES_MAX: Final = 1_000
"""Of more trials the season is cut into eight blocks instead of sixteen: 70 halves instead of 12,870."""

BLOCKS_FEW: Final = 8

WORDS: Final = {
    Objective.BASE: "profit and loss after fees, base reading",
    Objective.PESSIMISTIC: "profit and loss after fees, pessimistic reading",
    Objective.CLOSING: "closing line value",
    Objective.LOG_LOSS: "gain in log loss against the price",
}
"""What is looked for, as a page says it."""


def evidence(sweep: Sweep, objective: Objective, controls: Sweep | None = None) -> Mapping[str, Json]:
    """The document of a sweep by an objective. Raises Failure where the controls had other games."""
    table = sweep.table(objective)
    if controls is not None:
        table = SweepTable.of(
            table.games, table.trials, tried=table.tried, controls=_controls(table, controls, objective)
        )
    plan = sweep.plan
    source = SweepSource(
        title=f"Sweep of {plan.strategy}: {table.tried} {plan.mode.value} trials",
        objective=WORDS[objective],
        unit=objective.unit,
        provenance={
            "version": plan.version,
            "evenings": f"{len(sweep.recordings)}, digest {_digest(sweep)}",
            "results": sweep.store.digest()[:16],
            "seed of the replays": str(plan.run_seed),
            "seed of the plan": str(plan.seed),
            "controls": "none" if controls is None else _named(controls, len(table.controls)),
        },
        failed=[_failed(each, table) for each in sweep.results(objective) if each.value is None],
    )
    return sweep_document(table, source, judging(len(table.trials), len(table.games), plan.seed))


def judging(trials: int, games: int, seed: int) -> Judging:
    """How a sweep of such a size is judged, so that it takes seconds."""
    draws = min(DRAWS_MAX, max(DRAWS_MIN, SUMS_MAX // max(1, trials * games)))
    blocks = BLOCKS if trials <= TRIALS_OF_ALL_HALVES_MAX else BLOCKS_FEW
    return Judging(BlockDraws(seed, draws), blocks=blocks)


def _named(controls: Sweep, trials: int) -> str:
    return f"{controls.plan.strategy}, {trials} trial{'' if trials == 1 else 's'}"


def _controls(table: SweepTable, controls: Sweep, objective: Objective) -> list[Trial]:
    known = controls.table(objective)
    if [game.name for game in known.games] != [game.name for game in table.games]:
        message = (
            f"{controls.store.path}: its {len(known.games)} games are not the {len(table.games)} games of "
            "the sweep; play the controls over the same recordings"
        )
        raise Failure("controls", message)
    return list(known.trials)


def _failed(trial: TrialResult, table: SweepTable) -> FailedTrial:
    key = f"{trial.number:0{len(str(table.tried))}}"
    return FailedTrial(
        key, trial.parameters, trial.errors[0] if trial.errors else "not played everywhere yet"
    )


def _digest(sweep: Sweep) -> str:
    digests = sorted(ref.digest for ref in sweep.recordings)
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()[:16]

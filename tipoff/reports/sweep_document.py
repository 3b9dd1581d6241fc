"""A sweep as a document: the verdict, the line out of sample, the guards' answers, and every trial.

The same document is shown on the screen, made into a page and printed as JSON. Numbers are in the unit of the
objective, a game.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Final

import attrs

from engine.overfitting.best_without_edge import BestWithoutEdge
from engine.overfitting.importance import Importance, importances, levels_of
from engine.overfitting.judgement import Judging, Luck, SweepEvidence, judged, luck_of
from engine.overfitting.moments import Moments
from engine.overfitting.table import Setting, SweepTable, Trial
from engine.scoring.judgement import GAMES_MIN, Z_TWO_SIDED
from tipoff.json_types import Json

BINS: Final = 40
"""Bins of the picture of luck."""


@attrs.frozen
class FailedTrial:
    """A try that has no results, and why."""

    key: str
    parameters: Mapping[str, Setting]
    error: str


@attrs.frozen
class SweepSource:
    """What a sweep is called, what it was about, and where it comes from.

    `objective` is what trials are compared by, `unit` that of a result. `failed` are the tries that the table
    counts and has no results of. `provenance` are facts by name: version, recordings, seed.
    """

    title: str
    objective: str
    unit: str
    provenance: Mapping[str, str] = attrs.field(factory=dict)
    failed: Sequence[FailedTrial] = ()


def sweep_document(table: SweepTable, source: SweepSource, how: Judging) -> Mapping[str, Json]:
    """Judge a sweep and tell of it. Costs seconds for 400 trials of a season."""
    evidence = judged(table, how, source.unit)
    return {
        "sweep": {
            "title": source.title,
            "objective": source.objective,
            "unit": source.unit,
            "seed": how.draws.seed,
            "draws": how.draws.draws,
            "provenance": dict(source.provenance),
        },
        "verdict": {
            "judgement": evidence.verdict.judgement.value,
            "sentence": evidence.verdict.sentence,
            "more_games": evidence.verdict.more_games,
        },
        "tried": table.tried,
        "trials": len(table.trials),
        "games": len(table.games),
        "days": [str(table.games[0].day), str(table.games[-1].day)] if table.games else [],
        "best": _best(evidence),
        "out_of_sample": _walk(evidence),
        "guards": _guards(evidence),
        "luck": _luck(evidence, luck_of(table, how.draws)),
        "importance": [_importance(found) for found in importances(table.trials)],
        "heat": _heat(table.trials),
        "rows": [*_rows(evidence), *(_failed(trial) for trial in source.failed)],
    }


def _parameters(parameters: Mapping[str, Setting]) -> Mapping[str, Json]:
    return {name: parameters[name] for name in sorted(parameters)}


def _mean(found: Moments | None) -> Mapping[str, Json] | None:
    """A mean a game with its interval by the normal distribution; of few games it has none."""
    if found is None:
        return None
    told = found.count >= GAMES_MIN
    return {
        "games": found.count,
        "mean": found.mean,
        "error": found.error,
        "low": found.mean - Z_TWO_SIDED * found.error if told else None,
        "high": found.mean + Z_TWO_SIDED * found.error if told else None,
    }


def _best(evidence: SweepEvidence) -> Json:
    best, moments = evidence.best, evidence.moments
    if best is None:
        return None
    return {
        "key": best.key,
        "parameters": _parameters(best.parameters),
        "in_sample": _mean(moments),
        "t": None if moments is None else moments.t,
        "sharpe": None if moments is None else moments.sharpe,
        "won": sum(result > 0.0 for result in best.results),
        "lost": sum(result < 0.0 for result in best.results),
    }


def _walk(evidence: SweepEvidence) -> Json:
    walk, games, trials = evidence.walk, evidence.table.games, evidence.table.trials
    by_key = {trial.key: trial for trial in trials}
    best = evidence.best
    return {
        "result": _mean(walk.outside),
        "steps": [
            {
                "from": str(games[step.fold.test[0]].day),
                "to": str(games[step.fold.test[-1]].day),
                "chosen_on": len(step.fold.train),
                "games": len(step.fold.test),
                "chosen": step.chosen,
                "parameters": _parameters(by_key[step.chosen].parameters),
                "in_sample": step.inside,
                "out_of_sample": step.outside,
            }
            for step in walk.steps
        ],
        "places": list(walk.places),
        "line": list(accumulate(walk.results)),
        "in_sample_line": [] if best is None else list(accumulate(best.results)),
    }


def _guards(evidence: SweepEvidence) -> Mapping[str, Json]:
    reality, overfitting, deflated = evidence.reality, evidence.overfitting, evidence.deflated
    return {
        "p_best": evidence.p_best,
        "critical_t": _finite(evidence.critical),
        "p_white": None if reality is None else reality.p_white,
        "p_spa_lower": None if reality is None else reality.p_lower,
        "p_spa": None if reality is None else reality.p_consistent,
        "p_spa_upper": None if reality is None else reality.p_upper,
        "deflated_sharpe": None
        if deflated is None
        else {"sharpe": deflated.sharpe, "by_luck": deflated.by_luck, "p_above": deflated.p_above},
        "overfitting": None
        if overfitting is None
        else {
            "blocks": overfitting.blocks,
            "halves": overfitting.halves,
            "p_overfit": overfitting.p_overfit,
            "p_loss": overfitting.p_loss,
            "in_sample": overfitting.inside,
            "out_of_sample": overfitting.outside,
        },
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _luck(evidence: SweepEvidence, luck: Luck | None) -> Json:
    """The best without an edge in the unit of the objective: at the scatter of the sweep's best."""
    moments = evidence.moments
    if luck is None or moments is None or moments.error == 0.0:
        return None
    best, error = luck.best, moments.error
    return {
        "tries": best.tries,
        "controlled": luck.controlled,
        "observed": moments.mean,
        "middle": error * best.quantile(0.5),
        "one_of_twenty": error * best.quantile(0.95),
        "p_at_least": best.p_at_least(moments.t),
        "bins": _bins(best, error),
    }


def _bins(best: BestWithoutEdge, error: float) -> list[Json]:
    """How many draws lie in each bin: of fair tries, and of tries that paid what the controls did."""
    low, high = min(best.fair[0], best.paid[0]), max(best.fair[-1], best.paid[-1])
    step = (high - low) / BINS or 1.0

    def counts(values: Sequence[float]) -> list[int]:
        found = [0] * BINS
        for value in values:
            found[min(int((value - low) / step), BINS - 1)] += 1
        return found

    return [
        {
            "from": error * (low + step * place),
            "to": error * (low + step * (place + 1)),
            "fair": fair,
            "paid": paid,
        }
        for place, (fair, paid) in enumerate(zip(counts(best.fair), counts(best.paid), strict=True))
    ]


def _importance(found: Importance) -> Mapping[str, Json]:
    return {
        "parameter": found.parameter,
        "share": found.share,
        "levels": [
            {"name": level.name, "trials": level.trials, "mean": level.mean} for level in found.levels
        ],
    }


def _heat(trials: Sequence[Trial]) -> Json:
    """The two most important parameters against each other: each cell the mean of its trials."""
    known = [found.parameter for found in importances(trials)]
    if len(known) < 2:
        return None
    across, up = (levels_of([trial.parameters.get(name) for trial in trials]) for name in known[:2])
    cells: dict[tuple[tuple[int, str], tuple[int, str]], list[float]] = {}
    for x, y, trial in zip(across, up, trials, strict=True):
        cells.setdefault((x, y), []).append(math.fsum(trial.results) / len(trial.results))
    columns, lines = sorted(set(across)), sorted(set(up))
    return {
        "across": known[0],
        "up": known[1],
        "columns": [name for _place, name in columns],
        "lines": [name for _place, name in lines],
        "cells": [[_cell(cells.get((column, line), [])) for column in columns] for line in lines],
        "others": known[2:],
    }


def _cell(means: Sequence[float]) -> Json:
    return {"mean": math.fsum(means) / len(means), "trials": len(means)} if means else None


def _rows(evidence: SweepEvidence) -> list[Json]:
    """Every trial, the best in sample first; `later` is its mean in the games of the tests."""
    rows = []
    places = evidence.walk.places
    for trial in evidence.table.trials:
        moments = Moments.of(trial.results) if len(trial.results) > 1 else None
        rows.append((moments, trial))
    rows.sort(key=lambda row: (-(row[0].mean if row[0] is not None else 0.0), row[1].key))
    return [
        {
            "key": trial.key,
            "parameters": _parameters(trial.parameters),
            "later": math.fsum(trial.results[place] for place in places) / len(places) if places else None,
            "in_sample": _mean(moments),
            "t": None if moments is None else moments.t,
            "won": sum(result > 0.0 for result in trial.results),
            "lost": sum(result < 0.0 for result in trial.results),
            "error": None,
        }
        for moments, trial in rows
    ]


def _failed(trial: FailedTrial) -> Json:
    return {
        "key": trial.key,
        "parameters": _parameters(trial.parameters),
        "later": None,
        "in_sample": None,
        "t": None,
        "won": 0,
        "lost": 0,
        "error": trial.error,
    }

"""What a sweep is: a strategy, what varies of it, how combinations are chosen, and what is looked for.

Read from a plan (TOML) or made of what is typed; stored as JSON with the results, so that it can go on.
"""

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Final

import attrs

from tipoff.config.problems import unknown_name
from tipoff.exit_codes import Exit
from tipoff.json_types import Json
from tipoff.output import Failure
from tipoff.sweep.objectives import Objective
from tipoff.sweep.space import Axis, Listed, Parameters, Space, SpaceRefused, Span, axis_of

TRIALS_MAX: Final = 100_000
"""So many trials of one sweep."""

SEARCHED: Final = 50
"""Trials of a random sweep or a search unless somebody says how many."""


class Mode(Enum):
    """How combinations are chosen."""

    GRID = "grid"
    RANDOM = "random"
    SEARCH = "search"


@attrs.frozen(kw_only=True)
class Plan:
    """See the module; `seed` is that of the draws, `trials` how many are tried (None: all of a grid)."""

    strategy: str
    space: Space
    mode: Mode = Mode.GRID
    trials: int | None = None
    seed: int = 1
    objective: Objective = Objective.BASE
    every_market: bool = False
    run_seed: int = 1
    """The seed of the replays, from which delays are drawn."""
    version: str = ""
    """Which tipoff began it: another one may trade otherwise."""

    def text(self) -> str:
        """As JSON."""
        axes: dict[str, Json] = {
            name: list(axis.values) if isinstance(axis, Listed) else {"from": axis.low, "to": axis.high}
            for name, axis in self.space.axes.items()
        }
        words: dict[str, Json] = {
            "strategy": self.strategy,
            "parameters": axes,
            "mode": self.mode.value,
            "trials": self.trials,
            "seed": self.seed,
            "objective": self.objective.value,
            "markets": "all" if self.every_market else "nba",
            "run_seed": self.run_seed,
            "version": self.version,
        }
        return json.dumps(words, separators=(",", ":"))

    @classmethod
    def of_text(cls, text: str) -> "Plan":
        """As it was stored."""
        words = json.loads(text)
        axes: dict[str, Axis] = {
            name: Span(axis["from"], axis["to"]) if isinstance(axis, dict) else Listed(tuple(axis))
            for name, axis in words["parameters"].items()
        }
        return cls(
            strategy=words["strategy"],
            space=Space(axes),
            mode=Mode(words["mode"]),
            trials=words["trials"],
            seed=words["seed"],
            objective=Objective(words["objective"]),
            every_market=words["markets"] == "all",
            run_seed=words["run_seed"],
            version=words["version"],
        )

    def wanted(self) -> int:
        """How many trials there will be at the most."""
        size = self.space.size
        if self.mode is Mode.GRID:
            return size or 0
        trials = SEARCHED if self.trials is None else self.trials
        return trials if size is None or self.mode is Mode.SEARCH else min(trials, size)

    def combinations(self) -> Iterator[Parameters]:
        """The trials that are known beforehand: those of a grid or at random."""
        return self.space.grid() if self.mode is Mode.GRID else self.space.drawn(self.wanted(), self.seed)


def read_plan(path: Path) -> dict[str, object]:
    """What a plan says, as far as TOML can tell. Raises Failure."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise Failure("plan", f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise Failure("plan", f"{path}: {error}") from error


def plan_of(words: Mapping[str, object], typed: Iterable[str]) -> Plan:
    """The plan of a file's words and of `NAME.key=VALUES` as typed, which wins. Raises Failure."""
    problems = [unknown_name("key", key, KEYS) for key in words if key not in KEYS]
    axes: dict[str, Axis] = {}
    strategies = [str(words["strategy"])] if "strategy" in words else []
    written = words.get("parameters", {})
    pairs = list(written.items()) if isinstance(written, dict) else []
    for text in typed:
        path, equals, values = text.partition("=")
        strategy, dot, key = path.partition(".")
        if not (equals and dot and strategy and key):
            problems.append(f"{text!r} is not NAME.key=VALUES, as in momentum.position_size=1..5")
            continue
        strategies.append(strategy)
        pairs.append((key, values))
    for key, values in pairs:
        try:
            axes[key] = _span_of(values) if isinstance(values, dict) else axis_of(values)
        except SpaceRefused as refused:
            problems.append(f"{key}: {refused}")
    if len(set(strategies)) != 1:
        named = ", ".join(dict.fromkeys(strategies)) or "none is named"
        problems.append(f"a sweep is of one strategy: {named}")
    if not axes and not problems:
        problems.append("nothing varies: say --set NAME.key=1..5, or [parameters] in a plan")
    plan = _plan(words, strategies[0] if strategies else "", axes, problems)
    if problems or plan is None:
        raise Failure("plan", problems[0], details=problems[1:], exit_code=Exit.USAGE)
    return plan


KEYS: Final = ("strategy", "parameters", "mode", "trials", "seed", "objective", "markets")
"""What a plan may say; recordings, configuration and workers are said where it is started."""


def _plan(
    words: Mapping[str, object], strategy: str, axes: Mapping[str, Axis], problems: list[str]
) -> Plan | None:
    """A plan of words that are right one by one; what is wrong is added to the problems."""
    mode, objective = words.get("mode", "grid"), words.get("objective", "base")
    markets, trials, seed = words.get("markets", "nba"), words.get("trials"), words.get("seed", 1)
    problems += _not_among("mode", mode, [each.value for each in Mode])
    problems += _not_among("objective", objective, [each.value for each in Objective])
    problems += _not_among("markets", markets, ["nba", "all"])
    if trials is not None and not (type(trials) is int and 1 <= trials <= TRIALS_MAX):
        problems.append(f"trials: {trials!r} is not a whole number from 1 to {TRIALS_MAX}")
    if not (type(seed) is int and 0 <= seed < 2**31):
        problems.append(f"seed: {seed!r} is not a whole number from 0 to {2**31 - 1}")
    if problems or type(seed) is not int or not (trials is None or type(trials) is int):
        return None
    plan = Plan(
        strategy=strategy,
        space=Space(axes),
        mode=Mode(mode),
        trials=trials,
        seed=seed,
        objective=Objective(objective),
        every_market=markets == "all",
    )
    spans = [name for name, axis in axes.items() if isinstance(axis, Span)]
    if plan.mode is Mode.GRID and spans:
        problems.append(f"{spans[0]}: a grid needs steps, as in 0.5..3:0.5; or draw at random: mode random")
    if plan.mode is Mode.GRID and trials is not None:
        problems.append("trials: a grid has all combinations; mode random draws some of them")
    if plan.wanted() > TRIALS_MAX:
        problems.append(
            f"{plan.wanted()} trials; {TRIALS_MAX} are the most of one sweep: draw some at random"
        )
    return plan


def _not_among(key: str, value: object, known: list[str]) -> list[str]:
    return [] if value in known else [f"{key}: {unknown_name('value', str(value), known)}"]


def _span_of(table: Mapping[str, object]) -> Axis:
    """`{from = 0.5, to = 3.0, step = 0.5}`; without a step every number in between."""
    if not {"from", "to"} <= table.keys() <= {"from", "to", "step"}:
        raise SpaceRefused("a table is {from = , to = , step = }, with or without the step")
    step = f":{table['step']}" if "step" in table else ""
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in table.values()):
        raise SpaceRefused("from, to and step are numbers")
    return axis_of(f"{table['from']}..{table['to']}{step}")

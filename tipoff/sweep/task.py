"""What a worker is given and what it gives back: plain values that go over a pipe or a network."""

from typing import Literal, TypeAlias

import attrs

from tipoff.sweep.objectives import GameScore

State: TypeAlias = Literal["done", "failed", "poisoned"]
"""`failed` is a trial that ended in an error, `poisoned` one under which workers died."""


@attrs.frozen
class RecordingRef:
    """A recording as a worker finds it: its content's digest, where it is, and its files with theirs."""

    digest: str
    name: str
    place: str
    """A folder, or a URL of one."""
    files: tuple[tuple[str, str], ...]


@attrs.frozen(kw_only=True)
class SweepSetup:
    """What all tasks of a sweep have in common."""

    config: str
    """The configuration as TOML, without keys."""
    strategy: str
    seed: int
    version: str
    every_market: bool = False


@attrs.frozen
class TrialTask:
    """One trial: its number, and the parameters that it varies as (name, value)."""

    number: int
    parameters: tuple[tuple[str, "bool | int | float | str"], ...]


@attrs.frozen
class Task:
    """Some trials of one evening."""

    recording: RecordingRef
    trials: tuple[TrialTask, ...]


@attrs.frozen(kw_only=True)
class TrialOutcome:
    """What became of a trial in one evening; `games` are those in which it did something."""

    number: int
    state: State
    error: str | None = None
    signals: int = 0
    orders: int = 0
    fills: int = 0
    games: tuple[GameScore, ...] = ()


@attrs.frozen
class PlayedEvening:
    """What came of a task: its trials' outcomes, and every game of the evening with its day (ISO)."""

    games: tuple[tuple[str, str], ...]
    outcomes: tuple[TrialOutcome, ...]

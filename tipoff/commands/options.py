"""What the command line asks of the bodies of its long commands, as values.

Made by `cli_runs` and `cli_db`, taken by `replay`, `demo`, `importing`, `reporting` and `storage`. A body is
a function from its request to an `Answer`; it tells people how far it is by `output.progress` and raises
`Failure` or `ConfigError`.
"""

from pathlib import Path
from typing import Literal

import attrs

from tipoff.json_types import Json
from tipoff.runs.names import RunKind


@attrs.frozen(kw_only=True)
class DemoRequest:
    """A whole simulated evening."""

    speed: float
    """Seconds of the evening a second of ours; 0 is as fast as possible."""
    seed: int
    games: int
    keep: Path | None = None
    """Where database and recording are kept; without it they are thrown away."""


@attrs.frozen(kw_only=True)
class ParameterValue:
    """What a strategy is told instead of what the configuration tells it."""

    strategy: str
    key: str
    value: Json


@attrs.frozen(kw_only=True)
class ReplayRequest:
    """Recorded evenings through the same actors."""

    recordings: tuple[Path, ...]
    config: Path | None = None
    """None is `engine.toml` here, or the defaults if there is none."""
    seed: int | None = None
    """None is the configuration's."""
    markets: Literal["nba", "all"] = "nba"
    verify: bool = False
    resume: bool = False
    db: str | None = None
    """A database's URL; None keeps everything in memory."""
    report: Path | None = None
    batch: int | None = None
    """Frames read at once; None reads all. The result must not depend on it."""
    orders: Path | None = None
    """A list of orders for a `scripted` strategy."""
    only: tuple[str, ...] = ()
    """Names of the strategies that trade; none of them said is all that the configuration switches on."""
    set: tuple[ParameterValue, ...] = ()
    controls: bool = False
    """Whether the control strategies trade beside them."""


@attrs.frozen(kw_only=True)
class ImportRequest:
    """Other people's recordings into one of ours."""

    inputs: tuple[tuple[str, Path], ...]
    """Kind and file of each."""
    out: Path


@attrs.frozen(kw_only=True)
class ReportRequest:
    """What happened in a run."""

    config: Path | None = None
    db: str | None = None
    run: str | None = None
    """None is the latest."""
    runs: str | None = None
    """Several runs to be added up: all, FROM..TO in game days, config:DIGEST, or names with commas."""
    mixed: bool = False
    """Whether runs of different configurations are added up, and a game that is in two of them."""
    html: Path | None = None


@attrs.frozen(kw_only=True)
class RunsRequest:
    """Which runs a database holds."""

    config: Path | None = None
    db: str | None = None
    kind: RunKind | None = None
    strategy: str | None = None
    """Only runs in which this one traded."""
    since: str | None = None
    """Game days as ISO dates, both included."""
    until: str | None = None
    limit: int = 100
    """So many at most, the newest."""


@attrs.frozen(kw_only=True)
class CompareRequest:
    """Two runs side by side, or two sets of them, each said as `ReportRequest.runs` is."""

    a: str
    b: str
    config: Path | None = None
    db: str | None = None


@attrs.frozen(kw_only=True)
class ExportRequest:
    """Tables of a database, or recordings, as files."""

    folder: Path
    format: Literal["parquet", "csv", "jsonl"] = "parquet"
    run: str = "all"
    """Said as `ReportRequest.runs` is."""
    tables: tuple[str, ...] = ()
    """None of them said is all."""
    recordings: tuple[Path, ...] = ()
    """Instead of a database."""
    config: Path | None = None
    db: str | None = None


@attrs.frozen(kw_only=True)
class StorageRequest:
    """Something to be done with the database."""

    config: Path | None = None
    db: str | None = None
    """Overrides the configuration's URL."""
    out: Path | None = None
    """Where a backup goes."""
    backup: Path | None = None
    """What is restored."""


@attrs.frozen(kw_only=True)
class RunRequest:
    """The daemon."""

    config: Path | None = None
    """None is `engine.toml` here, or the defaults if there is none."""


EVENINGS_MAX = 366
"""So many simulated evenings are recorded at once."""


@attrs.frozen(kw_only=True)
class SimulateRequest:
    """The simulated venues alone."""

    seed: int = 1
    games: int = 3
    speed: float = 1.0
    """Seconds of the evening a second of ours."""
    port: int = 0
    """Of Kalshi; 0 takes a free one."""
    balldontlie_port: int = 0
    today: bool = False
    """Play the evening now, by the machine's clock, so that a daemon at normal speed believes it."""
    held: bool = False
    """Whether the evening waits for the first subscription."""
    surprises: bool = False
    """Whether the venue does what it seldom does."""
    wall_clock: bool = False
    """Whether signatures are judged by the machine's clock although the evening has its own time."""
    recording: Path | None = None
    """A recording whose frames are served instead."""
    keys: Path | None = None
    """Folder for the keys of the simulated venues."""
    record: Path | None = None
    """Folder for recordings; then nothing is served."""
    evenings: int = 1
    """How many are recorded."""
    faults: tuple[str, ...] = ()
    """Switches as NAME=VALUE."""

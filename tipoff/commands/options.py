"""What the command line asks of the bodies of its long commands, as values.

Made by the files of `tipoff.cli`, taken by their neighbours here. A body is a function from its request to an
`Answer`; it tells people how far it is by `output.progress` and raises `Failure` or `ConfigError`. Where a
request is what was typed, its fields are the options of the command: name, help and bounds stand here once.
"""

import datetime as dt
from pathlib import Path
from typing import Annotated, Final, Literal

import attrs
from cyclopts import Parameter
from cyclopts.validators import Number

from tipoff.commands.switches import ConfigFile, Flag, Port, Seed, Url, Whole
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
    score_delay: str | None = None
    """How long after the scorer imported plays are heard; None is as they were imported."""


@attrs.frozen(kw_only=True)
class ImportRequest:
    """Other people's recordings into one of ours."""

    inputs: tuple[tuple[str, Path], ...]
    """Kind and file of each."""
    out: Path
    score_delay: str | None = None
    """How long after the scorer plays are heard; None is what is assumed where nobody measured it."""
    first_day: dt.date | None = None
    last_day: dt.date | None = None
    """Game days that are taken, both included; None leaves an end open."""


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class DownloadRequest:
    """Past game days, from the venues' own histories."""

    first_day: Annotated[
        str, Parameter(name="--from", help="First game day, as 2026-01-31 (Eastern); it must be over.")
    ]
    last_day: Annotated[
        str | None, Parameter(name="--to", help="Last game day; without it, the first alone.")
    ] = None
    games: Annotated[
        tuple[str, ...],
        Parameter(help="Only these: a team (BOS) or a pair (WAS@LAC); may be repeated.", negative=""),
    ] = ()
    out: Annotated[Path, Parameter(help="Folder in which every day becomes a recording.")] = Path("history")
    config: ConfigFile = None


RUNS_HELP: Final = "all, FROM..TO in game days, config:DIGEST, or names with commas."


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class CalibrateRequest:
    """What sources of opinion are worth, by recorded evenings or by stored runs."""

    db: Url = None
    runs: Annotated[str | None, Parameter(help=f"Stored runs instead of recordings: {RUNS_HELP}")] = None
    out: Annotated[Path | None, Parameter(help="Write the trust as this file, for [trust] of.")] = None
    force: Annotated[Flag, Parameter(help="Write over a file that is there.")] = False
    horizon: Annotated[
        float, Parameter(validator=Number(gt=0, lte=1440), help="Minutes after which the price is looked at.")
    ] = 10.0
    config: ConfigFile = None
    markets: Annotated[
        Literal["nba", "all"],
        Parameter(help="Of recordings only markets of NBA games, or every recorded market."),
    ] = "nba"

    @property
    def stored(self) -> bool:
        """Whether stored runs are meant."""
        return self.db is not None or self.runs is not None


RECORDINGS_ALONE: Final = CalibrateRequest()


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class ReportRequest:
    """What happened in a run, or in several that are added up."""

    run: Annotated[str | None, Parameter(help="Which run; without it the latest.")] = None
    runs: Annotated[
        str | None,
        Parameter(help=f"Several runs added up: {RUNS_HELP}"),
    ] = None
    mixed: Annotated[
        Flag, Parameter(help="With --runs: add up different configurations, and a game twice.")
    ] = False
    html: Annotated[Path | None, Parameter(help="Write it as one HTML file with charts too.")] = None
    config: ConfigFile = None
    db: Url = None


LATEST_RUN: Final = ReportRequest()


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class RunsRequest:
    """Which runs of a database are listed."""

    kind: Annotated[RunKind | None, Parameter(help="Only runs of this kind.")] = None
    strategy: Annotated[str | None, Parameter(help="Only runs in which this strategy traded.")] = None
    since: Annotated[str | None, Parameter(help="Only from this game day on, such as 2026-01-14.")] = None
    until: Annotated[str | None, Parameter(help="Only up to this game day.")] = None
    limit: Annotated[
        Whole, Parameter(help="So many at most, the newest.", validator=Number(gte=1, lte=10_000))
    ] = 100
    db: Url = None
    config: ConfigFile = None


ALL_RUNS: Final = RunsRequest()


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
    dry_run: bool = False
    """Whether pruning only tells what would go."""


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class DashboardRequest:
    """A dashboard of a running daemon, or of a run that is stored."""

    db: Annotated[str | None, Parameter(help="Look back: the database with the run; without it, live.")] = (
        None
    )
    run: Annotated[str | None, Parameter(help="Look back: which run; without it the latest.")] = None
    port: Annotated[
        Port | None, Parameter(help="Serve it here, on this port of the loopback; 0 takes a free one.")
    ] = None
    config: ConfigFile = None
    socket: Annotated[Path | None, Parameter(help="The daemon's socket, instead of the configuration's.")] = (
        None
    )


LIVE_DASHBOARD: Final = DashboardRequest()


@attrs.frozen(kw_only=True)
class RunRequest:
    """The daemon."""

    config: Path | None = None
    """None is `engine.toml` here, or the defaults if there is none."""


EVENINGS_MAX: Final = 366
"""So many simulated evenings are recorded at once."""


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class SimulateRequest:
    """What the simulated venues play, and where they are served."""

    seed: Annotated[Seed, Parameter(help="Which evening; the same seed is the same evening.")] = 1
    games: Annotated[Whole, Parameter(validator=Number(gte=1, lte=15), help="How many games are played.")] = 3
    speed: Annotated[
        float, Parameter(validator=Number(gt=0, lte=100_000), help="Seconds of the evening in one of ours.")
    ] = 1.0
    port: Annotated[Port, Parameter(help="Port of Kalshi; 0 takes a free one.")] = 0
    balldontlie_port: Annotated[Port, Parameter(help="Port of balldontlie; 0 takes a free one.")] = 0
    today: Annotated[
        Flag, Parameter(help="Let the evening begin now by the machine's clock, for `tipoff run` beside it.")
    ] = False
    wall_clock: Annotated[
        Flag, Parameter(help="Judge signatures by the machine's clock, for clients that know no other.")
    ] = False
    surprises: Annotated[
        Flag, Parameter(help="Create a market late, change an event's fees, take a result back.")
    ] = False
    no_edges: Annotated[
        Flag,
        Parameter(help="Plant no edges: but for the makers' lag the price is right, and nobody should earn."),
    ] = False
    held: Annotated[Flag, Parameter(help="Let time stand still until a client has subscribed.")] = False
    recording: Annotated[
        Path | None, Parameter(name="--serve", help="Serve the frames of this recording instead.")
    ] = None
    keys: Annotated[Path | None, Parameter(help="Folder for the keys and an engine.toml that uses them.")] = (
        None
    )
    record: Annotated[
        Path | None,
        Parameter(
            help="Serve nothing: write recordings of whole evenings into this folder, for `tipoff replay`."
        ),
    ] = None
    evenings: Annotated[
        Whole,
        Parameter(
            validator=Number(gte=1, lte=EVENINGS_MAX), help="How many are recorded, a day and a seed apart."
        ),
    ] = 1
    history: Annotated[
        Whole,
        Parameter(
            validator=Number(gte=0, lte=EVENINGS_MAX),
            help="Evenings before this one that both services tell of, for `tipoff download`.",
        ),
    ] = 0
    live_days: Annotated[
        float,
        Parameter(
            validator=Number(gte=0, lte=3_650), help="Days of history before the exchange's archive begins."
        ),
    ] = 91.0
    faults: Annotated[tuple[str, ...], Parameter(parse=False)] = ()
    """Switches as NAME=VALUE."""


FIRST_EVENING: Final = SimulateRequest()


SweepMode = Literal["grid", "random", "search"]
SweepObjective = Literal["base", "pessimistic", "closing", "log_loss"]


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class SweepWorkers:
    """Where the trials of a sweep are played."""

    workers: Annotated[
        Whole | None, Parameter(validator=Number(gte=1, lte=1_024), help="Processes; without it one a core.")
    ] = None
    cluster: Annotated[
        str | None,
        Parameter(help="Address of a dask scheduler (tcp:// or tls://) to play on instead."),
    ] = None
    recordings_at: Annotated[
        str | None,
        Parameter(help="Folder or URL at which workers find the recordings, by the same names as here."),
    ] = None
    tls_ca: Annotated[Path | None, Parameter(help="For tls://: the authority's certificate (PEM).")] = None
    tls_cert: Annotated[Path | None, Parameter(help="For tls://: our certificate.")] = None
    tls_key: Annotated[Path | None, Parameter(help="For tls://: our key.")] = None


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class SweepRequest:
    """A new sweep."""

    set: Annotated[
        tuple[str, ...],
        Parameter(
            name="--set",
            help="What varies, as NAME.key=1..5, 0.5..3:0.5 or 4,6,8; may be repeated.",
            negative="",
        ),
    ] = ()
    recordings: Annotated[
        tuple[Path, ...],
        Parameter(help="Recordings or folders of them, each an evening; may be repeated.", negative=""),
    ] = ()
    store: Annotated[Path, Parameter(help="File of the results; must not exist yet.")] = Path("sweep.db")
    mode: Annotated[SweepMode | None, Parameter(help="All combinations, some at random, or a search.")] = None
    trials: Annotated[Whole | None, Parameter(help="How many at random or in a search; 50 unless said.")] = (
        None
    )
    seed: Annotated[Seed | None, Parameter(help="Of the draws; 1 unless said.")] = None
    objective: Annotated[
        SweepObjective | None,
        Parameter(help="What is looked for: profit in a reading, closing line value, or gain in log loss."),
    ] = None
    markets: Annotated[
        Literal["nba", "all"] | None, Parameter(help="Only markets of NBA games, or every recorded market.")
    ] = None
    config: ConfigFile = None

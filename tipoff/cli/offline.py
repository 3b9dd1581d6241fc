"""The commands about evenings: `demo`, `replay`, `import`, `download`, `calibrate`, `report`.

Arguments in, requests out. Registered by `cli`. What they do is in `tipoff.commands.demo`,
`tipoff.commands.replay`, `tipoff.commands.import_recording`, `tipoff.commands.download`,
`tipoff.commands.calibrate` and `tipoff.commands.report`, imported when the command is called.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Annotated, Final, Literal

import attrs
from cyclopts import Parameter
from cyclopts.validators import Number

from tipoff.cli.arguments import key_and_value, whole_or_all
from tipoff.commands.options import (
    LATEST_RUN,
    RECORDINGS_ALONE,
    CalibrateRequest,
    DemoRequest,
    DownloadRequest,
    ImportRequest,
    ParameterValue,
    ReplayRequest,
    ReportRequest,
)
from tipoff.commands.switches import ConfigFile, Flag, Seed, Whole
from tipoff.exit_codes import Exit
from tipoff.output import Answer, Failure

DEMO_SPEED: Final = 160.0
LIVE_SPEED: Final = 10.0
"""How fast an evening goes: one to see the report of, one to look at."""


def demo(
    *,
    speed: Annotated[float | None, Parameter(validator=Number(gte=0, lte=100_000))] = None,
    seed: Seed = 1,
    games: Annotated[Whole, Parameter(validator=Number(gte=1, lte=15))] = 3,
    keep: Annotated[Path | None, Parameter(help="Folder in which database and recording are kept.")] = None,
    live: Annotated[
        Flag,
        Parameter(
            name=("--live", "--dashboard"),
            help="Let the daemon play it, to be watched and operated like any other, in a browser too.",
        ),
    ] = False,
) -> Answer:
    """Play a whole simulated evening through the engine and print its report. Needs no keys.

    Parameters
    ----------
    speed
        Seconds of the evening in one of ours, 160 unless said, with --live 10; 0 replays it as fast as
        possible, without sockets.
    seed
        Which evening; the same seed is the same evening.
    games
        How many games are played.
    """
    if live:
        from tipoff.commands.live_demo import run_live_demo

        played = LIVE_SPEED if speed is None else speed
        return run_live_demo(DemoRequest(speed=played, seed=seed, games=games, keep=keep))
    from tipoff.commands.demo import run_demo

    played = DEMO_SPEED if speed is None else speed
    return run_demo(DemoRequest(speed=played, seed=seed, games=games, keep=keep))


ScoreDelay = Annotated[
    str | None,
    Parameter(
        help="Seconds after the scorer at which imported plays are heard: 30, or FAST:MEDIAN:SLOW (10:20:40)."
    ),
]


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class ReplayOptions:
    """How a recording is replayed."""

    config: ConfigFile = None
    seed: Annotated[Seed | None, Parameter(help="Instead of the configuration's seed.")] = None
    markets: Annotated[
        Literal["nba", "all"], Parameter(help="Only markets of NBA games, or every recorded market.")
    ] = "nba"
    verify: Annotated[
        Flag,
        Parameter(help="Compare with the live run's digest; where there is none, with a second replay."),
    ] = False
    resume: Annotated[Flag, Parameter(help="Go on where an interrupted replay into --db stopped.")] = False
    db: Annotated[str | None, Parameter(help="Keep the run in the database of this URL.")] = None
    report: Annotated[Path | None, Parameter(help="Write the report as one HTML file.")] = None
    batch: Annotated[
        int | Literal["all"],
        Parameter(help="Frames read at once; the result does not depend on it.", converter=whole_or_all),
    ] = "all"
    orders: Annotated[Path | None, Parameter(help="Orders that a scripted strategy places, as JSON.")] = None
    only: Annotated[
        tuple[str, ...],
        Parameter(help="Only this strategy trades, on or off in the configuration; may be repeated."),
    ] = ()
    controls: Annotated[
        Flag, Parameter(help="The three controls trade too, on or off in the configuration: they show zero.")
    ] = False
    score_delay: ScoreDelay = None
    set: Annotated[
        tuple[str, ...],
        Parameter(
            name="--set",
            help="A strategy's parameter instead of the configuration's, as NAME.key=value; may be repeated.",
        ),
    ] = ()


def replay(
    *recordings: Annotated[Path, Parameter(name="RECORDING", required=True)],
    on: ReplayOptions = ReplayOptions(),
) -> Answer:
    """Replay recorded evenings through the same actors on a virtual clock.

    Parameters
    ----------
    recordings
        Recordings of one evening, played together in order of time; or folders of recordings, each of which
        is an evening replayed by itself.
    """
    from tipoff.commands.evenings import run_replays

    if on.resume and on.db is None:
        raise Failure("usage", "--resume needs the --db that it goes on with", exit_code=Exit.USAGE)
    if on.batch != "all" and on.batch < 1:
        raise Failure("usage", "--batch is 1 or more, or all", exit_code=Exit.USAGE)
    values = attrs.asdict(on, recurse=False) | {
        "batch": None if on.batch == "all" else on.batch,
        "set": tuple(map(_parameter, on.set)),
    }
    return run_replays(ReplayRequest(recordings=recordings, **values))


def import_recording(
    *inputs: Annotated[str, Parameter(name="KIND=FILE")],
    out: Annotated[Path | None, Parameter(help="Folder of the recording; must not exist yet.")] = None,
    score_delay: ScoreDelay = None,
    first_day: Annotated[
        str | None, Parameter(name="--from", help="First game day that is taken, as 2026-01-31 (Eastern).")
    ] = None,
    last_day: Annotated[str | None, Parameter(name="--to", help="Last game day that is taken.")] = None,
    list: Annotated[Flag, Parameter(help="List the kinds and what they hold.")] = False,  # noqa: A002
) -> Answer:
    """Turn other people's recordings into ours, several files into one evening; plain, .gz and .zst.

    Parameters
    ----------
    inputs
        What the file holds and where it is, such as kalshi-frames=evening.jsonl.zst.
    """
    if not list and (not inputs or out is None):
        message = "import needs KIND=FILE at least once and --out, or --list"
        raise Failure("usage", message, exit_code=Exit.USAGE)
    files = tuple(map(_kind_and_file, inputs))
    from tipoff.commands.import_recording import known_kinds, run_import
    from tipoff.commands.run_selection import day_typed

    if list or out is None:
        return known_kinds()
    return run_import(
        ImportRequest(
            inputs=files,
            out=out,
            score_delay=score_delay,
            first_day=None if first_day is None else day_typed(first_day),
            last_day=None if last_day is None else day_typed(last_day),
        )
    )


def download(*, on: DownloadRequest) -> Answer:
    """Download past game days of the venue into recordings that `tipoff replay` takes; no key is needed.

    Markets, trades, minute candles and results come from the exchange's public history, live or archived.
    Games, plays, box scores and opening odds come from balldontlie as far as a key of it allows. A download
    that was interrupted goes on where it was when the same command is given again.
    """
    from tipoff.commands.download import run_download

    return run_download(on)


def calibrate(
    *recordings: Annotated[Path, Parameter(name="RECORDING")],
    on: CalibrateRequest = RECORDINGS_ALONE,
) -> Answer:
    """Estimate from recorded evenings or stored runs how far the price follows each source of opinion.

    Over recordings the strategies of the configuration say what they believe and trade nothing; of stored
    runs the entries and near misses on record are read. The slope of the later move of the price on the gap
    is what is believed of a source, where its interval lies above zero.

    Parameters
    ----------
    recordings
        Recordings, or folders of recordings; every one is an evening.
    """
    if on.stored == bool(recordings):
        message = "calibrate needs recordings, or --db or --runs for what is stored: one of the two"
        raise Failure("usage", message, exit_code=Exit.USAGE)
    from tipoff.commands.calibrate import run_calibrate

    return run_calibrate(recordings, on)


def report(*, on: ReportRequest = LATEST_RUN) -> Answer:
    """Show what happened in a run, or in several of them added up, and whether it means anything.

    `tipoff runs` lists what there is. Several runs are added up strategy by strategy and game by game, with
    an interval that draws whole games.
    """
    if on.runs is not None and on.run is not None:
        raise Failure("usage", "--run is one run, --runs several: say one of them", exit_code=Exit.USAGE)
    if on.mixed and on.runs is None:
        raise Failure("usage", "--mixed needs the --runs that it is about", exit_code=Exit.USAGE)
    body: Callable[[ReportRequest], Answer] = (
        import_module("tipoff.commands.report").run_report
        if on.runs is None
        else import_module("tipoff.commands.several_runs").run_several
    )
    return body(on)


def _parameter(text: str) -> ParameterValue:
    """NAME.key=value; a strategy's name has no dot in it, nor has a key."""
    path, value = key_and_value(text)
    strategy, dot, key = path.partition(".")
    if not (strategy and dot and key):
        raise Failure("usage", f"{text!r} is not NAME.key=value", exit_code=Exit.USAGE)
    return ParameterValue(strategy=strategy, key=key, value=value)


def _kind_and_file(text: str) -> tuple[str, Path]:
    kind, equals, file = text.partition("=")
    if not (kind and equals and file):
        raise Failure("usage", f"{text!r} is not KIND=FILE", exit_code=Exit.USAGE)
    return kind, Path(file)

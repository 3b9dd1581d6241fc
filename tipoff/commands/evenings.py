"""`tipoff replay` of one evening, or of a folder of evenings: each replayed by itself, into one database.

Called by the command line. What holds a manifest is a recording; recordings that are named are the inputs of
one evening, played together in order of time. A folder without a manifest is looked into: every recording in
it is an evening of its own. An evening that cannot be replayed costs itself only.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import attrs
from rich.console import Group, RenderableType
from rich.text import Text

from persistence.errors import StorageError
from persistence.queries import Reader
from persistence.run_results import game_results
from persistence.schema_upgrade import upgrade
from persistence.stored_runs import opened, stored_runs
from tipoff.commands.ids_for_why import LISTS, nothing_kept, typed
from tipoff.commands.options import ReplayRequest
from tipoff.commands.replay import named, run_replay
from tipoff.commands.sums import Sum, added, cents, numbers_right, of_document, of_results, sums_table, total
from tipoff.config.problems import ConfigError
from tipoff.exit_codes import Exit
from tipoff.json_types import Json
from tipoff.output import Answer, Failure, long_work, progress, table
from tipoff.reports.evidence import evidence_of
from tipoff.reports.evidence_screen import evidence_screen
from tipoff.reports.html import write_html
from tipoff.reports.numbers import as_object
from tipoff.reports.of_stored_runs import runs_document
from tipoff.runs.recording_digest import config_of
from venues.errors import RecordingError
from venues.recordings.recorder import MANIFEST, read_manifest

ITS_OWN = frozenset({"recording", "run_exists", "digest_differs"})
"""Failures of one evening, which say nothing of the next."""


@attrs.frozen(kw_only=True)
class Evening:
    """What became of one recording."""

    recording: Path
    state: Literal["replayed", "stored", "failed"]
    """`stored`: an earlier replay had finished it."""
    run: str | None = None
    sums: dict[str, Sum] = attrs.field(factory=dict)
    report: Json = None
    error: Failure | None = None


def run_replays(request: ReplayRequest) -> Answer:
    """Replay what is named: one evening, or every evening of the folders. Raises Failure."""
    folders = [path for path in request.recordings if evenings_in(path)]
    if not folders:
        return run_replay(request)
    if len(folders) < len(request.recordings):
        message = (
            f"{folders[0]} is a folder of recordings, the others are not: replay the recordings of one "
            "evening together, or folders of evenings"
        )
        raise Failure("usage", message, exit_code=Exit.USAGE)
    found = sorted((evening for folder in folders for evening in evenings_in(folder)), key=_begins)
    if request.db is not None or request.report is None:
        return _replayed(request, found, lasting=request.db is not None)
    # A page is made from bars and facts: where nobody keeps them they are kept as long as it takes.
    with TemporaryDirectory(prefix="tipoff-evenings-") as kept:
        url = f"sqlite:///{Path(kept) / 'evenings.db'}"
        return _replayed(attrs.evolve(request, db=url), found, lasting=False)


def _replayed(request: ReplayRequest, recordings: Sequence[Path], *, lasting: bool) -> Answer:
    if request.db is not None:
        upgrade(request.db)
    done = list(_each(request, recordings))
    evidence = None if request.db is None else _evidence(request.db, done)
    if request.report is not None and evidence is not None:
        write_html(request.report, f"Tipoff: {len(done)} evenings", evidence)
    failed = sum(evening.error is not None for evening in done)
    sums = added(evening.sums for evening in done)
    document: dict[str, Json] = {
        "evenings": [_line(evening, lasting=lasting) for evening in done],
        "failed": failed,
        "strategies": {name: each.document() for name, each in sums.items()},
    }
    if evidence is not None:
        document["evidence"] = evidence
    screen = Group(*_screen(done, sums, evidence), *_hints(request.db if lasting else None))
    return Answer(document, screen, Exit.FAILED if failed else Exit.OK)


def _evidence(url: str, done: Sequence[Evening]) -> Mapping[str, Json]:
    """What all evenings together have to say, as `tipoff report --runs` tells it."""
    names = [evening.run for evening in done if evening.run is not None]
    try:
        with opened(url) as connection:
            return (
                as_object(runs_document(Reader(connection), names)["evidence"]) if names else evidence_of([])
            )
    except StorageError as error:
        raise Failure("storage", str(error)) from error


def evenings_in(folder: Path) -> list[Path]:
    """The recordings that a folder holds; none if it is a recording itself, or holds none."""
    if (folder / MANIFEST).exists() or not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if (path / MANIFEST).is_file())


def _begins(recording: Path) -> tuple[int, str]:
    """Evenings are replayed in the order in which they happened; one that cannot tell comes first."""
    try:
        return read_manifest(recording).first_at or 0, recording.name
    except RecordingError:
        return 0, recording.name


def _each(request: ReplayRequest, recordings: Sequence[Path]) -> Iterator[Evening]:
    with long_work("replaying", "evenings") as work:
        for done, recording in enumerate(recordings):
            work.reached(done, len(recordings))
            mine = attrs.evolve(request, recordings=(recording,), report=None)
            try:
                yield _one(mine)
            except (Failure, ConfigError) as error:
                failure = _its_own(mine, error)
                progress(f"{recording}: {failure}")
                yield Evening(recording=recording, state="failed", error=failure)


def _its_own(request: ReplayRequest, error: Failure | ConfigError) -> Failure:
    """The failure if it is this evening's only; else it is raised, for it would be the next evening's too."""
    if isinstance(error, Failure):
        if error.code not in ITS_OWN:
            raise error
        return error
    if request.config is not None or config_of(request.recordings[0]) is None:
        raise error
    return Failure("config", str(error))


def _one(request: ReplayRequest) -> Evening:
    recording = request.recordings[0]
    if request.resume:
        _, name = named(request)
        stored = _ended(request, name)
        if stored is not None:
            progress(f"{recording}: run {name} is there already")
            return Evening(recording=recording, state="stored", run=name, sums=stored)
    answer = run_replay(request)
    document = answer.document
    assert isinstance(document, dict)  # noqa: S101 - a replay's document is one
    return Evening(
        recording=recording,
        state="replayed",
        run=str(document["run"]),
        sums=of_document(document),
        report=document,
    )


def _ended(request: ReplayRequest, name: str) -> dict[str, Sum] | None:
    """The sums of a run that was replayed to its end before; None if it was not."""
    assert request.db is not None  # noqa: S101 - the command line has no resume without one
    try:
        with opened(request.db) as connection:
            for run in stored_runs(connection):
                if run.row.run == name and run.row.ended_at is not None:
                    return of_results(game_results(connection, run.row.id), run.strategies)
    except StorageError as error:
        raise Failure("storage", str(error)) from error
    return None


def _line(evening: Evening, *, lasting: bool) -> Json:
    error, report = evening.error, evening.report
    if not lasting:
        report = {key: value for key, value in as_object(report).items() if key != "ids"} or None
    return {
        "recording": str(evening.recording),
        "state": evening.state,
        "run": evening.run,
        "strategies": {name: each.document() for name, each in evening.sums.items()},
        "report": report,
        "error": None if error is None else {"code": error.code, "message": str(error)},
    }


def _screen(
    done: Sequence[Evening], sums: dict[str, Sum], evidence: Mapping[str, Json] | None
) -> list[RenderableType]:
    rows = []
    for evening in done:
        whole = total(evening.sums)
        numbers = (
            ("-", "-", "-") if evening.error else (str(whole.orders), str(whole.fills), cents(whole.base))
        )
        rows.append((evening.recording.name, evening.run or "-", evening.state, *numbers))
    listed = numbers_right(table(("recording", "run", "state", "orders", "fills", "base"), rows), 3)
    failed = [Text(f"{each.recording}: {each.error}", "red") for each in done if each.error is not None]
    return [listed, Text(""), *failed, sums_table(sums) if evidence is None else evidence_screen(evidence)]


def _hints(db: str | None) -> list[RenderableType]:
    """Where one can go on from here, if the evenings are kept."""
    if db is None:
        return [nothing_kept()]
    at = typed(db)
    words = (
        f"`tipoff report --db {at} --runs all` tells this again, `tipoff runs --db {at}` lists the runs; "
        f"with --run and an id, `tipoff why`.\nThese take --db and --run, too: {LISTS}."
    )
    return [Text(words, "dim")]

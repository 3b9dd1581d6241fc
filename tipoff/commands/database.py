"""`tipoff db …`: upgrade, verify, back up, restore and prune a database.

Requests in, answers out. Called by the command line; the work is done in `persistence.maintenance`.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import attrs
from rich.console import Group, RenderableType

from engine.units import Money, Nanos, format_money
from persistence import maintenance
from persistence.connect import file_of, where
from persistence.errors import StorageError
from persistence.lock import DirectoryLock
from persistence.maintenance import Problem, Verification
from persistence.queries import Reader
from tipoff.commands.options import StorageRequest
from tipoff.config.database import database_url, retention_policy
from tipoff.config.load import Config, load_or_template
from tipoff.exit_codes import Exit
from tipoff.json_types import Json, utc_text
from tipoff.output import Answer, Failure, Work, long_work, table
from tipoff.runs.from_config import schema, trading_settings
from tipoff.runs.recording_retention import (
    Overdue,
    clear,
    directory_of,
    overdue,
    policy_of,
    remove,
    stored_recordings,
)
from tipoff.runs.settings import TradingSettings
from tipoff.runs.snapshot_check import SnapshotChecked, SnapshotState, check_snapshots

DATE_CHARACTERS: Final = 10


@contextmanager
def storage_errors() -> Iterator[None]:
    """Say what went wrong with storage as a person needs it: what, where, and what to do."""
    try:
        yield
    except StorageError as error:
        raise Failure(f"storage_{error.kind}", str(error)) from error


def run_upgrade(request: StorageRequest) -> Answer:
    """Bring the database to this version."""
    url = _url(request)
    with storage_errors():
        before, after = maintenance.upgrade(url)
    said = "was up to date" if before == after else f"went from {before or 'nothing'} to {after}"
    return Answer({"before": before, "after": after}, f"The database {said}.")


def run_verify(request: StorageRequest) -> Answer:
    """Check everything; exits 1 when something is wrong, naming it."""
    config = load_or_template(request.config, schema())
    url = request.db or database_url(config, None)
    with storage_errors(), long_work("verifying", "entries") as work:
        found = maintenance.verify(url, work.told)
        checked = _snapshots(url, found, trading_settings(config), work)
    differing = [each for each in checked if each.state is SnapshotState.DIFFERS]
    found = attrs.evolve(found, problems=(*found.problems, *map(_problem, differing)))
    document: Json = {
        "sound": found.sound,
        "place": found.place,
        "revision": found.revision,
        "runs": [
            {**attrs.asdict(run), "imbalance": format_money(Money(run.imbalance))} for run in found.runs
        ],
        "snapshots": [
            {"run": each.run, "entry": each.seq, "state": each.state.value, "where": each.where or None}
            for each in checked
        ],
        "problems": [attrs.asdict(problem) for problem in found.problems],
    }
    rows = [
        (
            run.run,
            str(run.entries),
            format_money(Money(run.imbalance)),
            str(run.first_bad or "-"),
            run.digest[:16],
        )
        for run in found.runs
    ]
    if found.sound:
        return Answer(document, table(["run", "entries", "imbalance", "first bad entry", "digest"], rows))
    wrong = [(problem.check, problem.where, problem.what) for problem in found.problems]
    return Answer(document, table(["check", "where", "what is wrong"], wrong), Exit.FAILED)


def _snapshots(url: str, found: Verification, settings: TradingSettings, work: Work) -> list[SnapshotChecked]:
    """The snapshots of the runs whose journals are whole, compared with what these come to."""
    checked: list[SnapshotChecked] = []
    for run in found.runs:
        if run.first_bad is None and run.entries:
            with Reader.open(url, run.run) as reader:
                told = partial(work.told, f"checking snapshots of run {run.run}")
                checked += check_snapshots(reader, settings, told)
    return checked


def _problem(snapshot: SnapshotChecked) -> Problem:
    what = f"it differs from what the journal comes to: {snapshot.where}"
    return Problem("snapshots", f"run {snapshot.run}, snapshot at entry {snapshot.seq}", what)


def run_backup(request: StorageRequest) -> Answer:
    """Copy the database while it may be in use, and verify the copy."""
    assert request.out is not None  # noqa: S101 - the command line requires it
    with storage_errors(), long_work("copying", "entries") as work:
        made = maintenance.backup(_url(request), request.out, work.told)
    document: Json = {
        "file": str(made.target),
        "bytes": made.size_bytes,
        "sound": made.verification.sound,
    }
    return Answer(document, f"{made.target}: {made.size_bytes} bytes, verified.")


def run_restore(request: StorageRequest) -> Answer:
    """Put a backup where there is no database any more, and verify it; overwrites nothing."""
    assert request.backup is not None  # noqa: S101 - the command line requires it
    url = _url(request)
    with storage_errors(), ExitStack() as locks, long_work("copying", "entries") as work:
        for folder in _written_by_a_daemon(request, url):
            locks.enter_context(DirectoryLock(folder))
        found = maintenance.restore(request.backup, url, work.told)
    entries = sum(run.entries for run in found.runs)
    document: Json = {"place": where(url), "sound": found.sound, "entries": entries}
    screen = f"{request.backup} is restored and verified: {len(found.runs)} runs, {entries} entries."
    return Answer(document, screen)


def _written_by_a_daemon(request: StorageRequest, url: str) -> set[Path]:
    """The folders whose lock a daemon holds that would write to this database: it may have lost the file and
    hold it open still, or be about to make a new one.
    """
    file = file_of(url)
    folders = set() if file is None else {file.parent.resolve()}
    if request.db is None:
        config = load_or_template(request.config, schema())
        folders.add(config.engine.state_directory.resolve())
    return {folder for folder in folders if folder.is_dir()}


def run_prune(request: StorageRequest) -> Answer:
    """Delete what is older than the configuration's retention, but nothing of the open run; or only tell.

    The recordings belong to the configuration's own database, so another one's pruning leaves them alone.
    """
    config, now = load_or_template(request.config, schema()), Nanos(time.time_ns())
    url, policy = database_url(config, request.db), retention_policy(config.database.retention)
    with storage_errors():
        rows = (
            maintenance.overdue(url, now, policy) if request.dry_run else maintenance.prune(url, now, policy)
        )
    gone = [] if request.db is not None else _pruned_recordings(config, now, request)
    document: Json = {
        "dry_run": request.dry_run,
        "removed": dict(rows),
        "recordings": [
            {
                "folder": str(each.folder),
                "bytes": each.size_bytes,
                "last_at": utc_text(each.last_at),
                "why": reason.value,
            }
            for each, reason in gone
        ],
        "bytes": sum(each.size_bytes for each, _reason in gone),
    }
    return Answer(document, _prune_screen(rows, gone, request))


def _pruned_recordings(config: Config, now: Nanos, request: StorageRequest) -> list[Overdue]:
    """The recordings that go, oldest first; they are gone unless it is a dry run."""
    directory = directory_of(config)
    try:
        gone = overdue(stored_recordings(directory), now, policy_of(config))
        if not request.dry_run:
            clear(directory)
            for recording, _reason in gone:
                remove(recording.folder)
    except OSError as error:
        raise Failure("recordings", f"recordings cannot be pruned: {error}") from error
    return gone


def _prune_screen(rows: Mapping[str, int], gone: Sequence[Overdue], request: StorageRequest) -> Group:
    """What went, or would go, table by table and folder by folder."""
    goes = "that would go" if request.dry_run else "removed"
    parts: list[RenderableType] = [
        table(["table", f"rows {goes}"], [(name, str(count)) for name, count in rows.items()])
    ]
    if request.db is None:
        total = sum(each.size_bytes for each, _reason in gone)
        lines = [
            (str(each.folder), str(each.size_bytes), utc_text(each.last_at)[:DATE_CHARACTERS], reason.value)
            for each, reason in gone
        ]
        if lines:
            parts += ["", table([f"recording {goes}", "bytes", "last line", "why"], lines)]
        parts += ["", f"recordings {goes}: {len(gone)}, bytes: {total}"]
    return Group(*parts)


def _url(request: StorageRequest) -> str:
    if request.db is not None:
        return request.db
    return database_url(load_or_template(request.config, schema()), None)

"""`tipoff db …`: upgrade, verify, back up, restore and prune a database.

Requests in, answers out. Called by the command line; the work is done in `persistence.maintenance`.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import attrs

from engine.units import Money, Nanos, format_money
from persistence import maintenance
from persistence.connect import where
from persistence.errors import StorageError
from persistence.maintenance import Problem, Verification
from persistence.queries import Reader
from tipoff.commands.options import StorageRequest
from tipoff.config.database import database_url, retention_policy
from tipoff.config.load import load_or_template
from tipoff.exit_codes import Exit
from tipoff.json_types import Json
from tipoff.output import Answer, Failure, table
from tipoff.runs.from_config import schema, trading_settings
from tipoff.runs.settings import TradingSettings
from tipoff.runs.snapshot_check import SnapshotChecked, SnapshotState, check_snapshots


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
    with storage_errors():
        found = maintenance.verify(url)
        checked = _snapshots(url, found, trading_settings(config))
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


def _snapshots(url: str, found: Verification, settings: TradingSettings) -> list[SnapshotChecked]:
    """The snapshots of the runs whose journals are whole, compared with what these come to."""
    checked: list[SnapshotChecked] = []
    for run in found.runs:
        if run.first_bad is None and run.entries:
            with Reader.open(url, run.run) as reader:
                checked += check_snapshots(reader, settings)
    return checked


def _problem(snapshot: SnapshotChecked) -> Problem:
    what = f"it differs from what the journal comes to: {snapshot.where}"
    return Problem("snapshots", f"run {snapshot.run}, snapshot at entry {snapshot.seq}", what)


def run_backup(request: StorageRequest) -> Answer:
    """Copy the database while it may be in use, and verify the copy."""
    assert request.out is not None  # noqa: S101 - the command line requires it
    with storage_errors():
        made = maintenance.backup(_url(request), request.out)
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
    with storage_errors():
        found = maintenance.restore(request.backup, url)
    entries = sum(run.entries for run in found.runs)
    document: Json = {"place": where(url), "sound": found.sound, "entries": entries}
    screen = f"{request.backup} is restored and verified: {len(found.runs)} runs, {entries} entries."
    return Answer(document, screen)


def run_prune(request: StorageRequest) -> Answer:
    """Delete what is older than the configuration's retention, but nothing of the open run."""
    config = load_or_template(request.config, schema())
    policy = retention_policy(config.database.retention)
    with storage_errors():
        removed = maintenance.prune(database_url(config, request.db), Nanos(time.time_ns()), policy)
    rows = [(name, str(count)) for name, count in removed.items()]
    return Answer({"removed": dict(removed)}, table(["table", "rows removed"], rows))


def _url(request: StorageRequest) -> str:
    if request.db is not None:
        return request.db
    return database_url(load_or_template(request.config, schema()), None)

"""The commands of the database, as people use them: back up, lose everything, restore, verify, go on.

Covers: tipoff.cli.database.
"""

import json
import os
import time
from pathlib import Path
from typing import Any

import attrs
import pytest

from engine.facts import Noted
from engine.units import NANOS_PER_DAY, Nanos
from persistence.lock import DirectoryLock
from persistence.maintenance import upgrade
from persistence.records import LogRecord
from persistence.writer import JournalWriter
from tests.persistence.evenings import evening, place
from tipoff.cli.app import main
from tipoff.config.load import template
from tipoff.config.render import render
from tipoff.exit_codes import Exit
from tipoff.runs.from_config import schema
from tipoff.runs.recording_retention import REMOVED
from venues.recordings.recorder import Recorder

FACTS = place(evening(7))


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A database with an evening that is not over."""
    address = f"sqlite:///{tmp_path / 'tipoff.db'}"
    upgrade(address)
    return address


def said(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    """Exit code and document of a command."""
    code = main([*arguments, "--json"])
    document: dict[str, Any] = json.loads(capfd.readouterr().out)
    return code, document


def lost(folder: Path) -> None:
    """The database is gone, with everything beside it."""
    for file in folder.glob("tipoff.db*"):
        file.unlink()


def test_what_was_backed_up_while_it_was_written_is_restored_verified_and_gone_on_with(
    url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    writer = JournalWriter(url, "evening")
    writer.append(FACTS[:20])
    copy = tmp_path / "copy.db"
    assert said(capfd, "db", "backup", str(copy), "--db", url)[0] == Exit.OK
    writer.append(FACTS[20:])
    writer.close()
    code, refused = said(capfd, "db", "restore", str(copy), "--db", url)
    assert (code, refused["error"]["code"]) == (Exit.FAILED, "storage_busy")
    lost(tmp_path)
    code, restored = said(capfd, "db", "restore", str(copy), "--db", url)
    assert (code, restored) == (
        Exit.OK,
        {"place": str(tmp_path / "tipoff.db"), "sound": True, "entries": 20},
    )
    again = JournalWriter(url, "evening")
    again.append(FACTS[20:])
    again.close()
    code, verified = said(capfd, "db", "verify", "--db", url)
    assert (code, verified["sound"], verified["runs"][0]["entries"]) == (Exit.OK, True, len(FACTS))


def test_a_backup_that_is_not_there_restores_nothing(
    url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    lost(tmp_path)
    code, refused = said(capfd, "db", "restore", str(tmp_path / "none.db"), "--db", url)
    assert code == Exit.FAILED
    assert "none.db" in refused["error"]["message"]
    assert [left.name for left in tmp_path.iterdir()] == ["tipoff.lock"]


def test_a_damaged_backup_is_not_restored(
    url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    writer = JournalWriter(url, "evening")
    writer.append(FACTS)
    writer.close()
    copy = tmp_path / "copy.db"
    said(capfd, "db", "backup", str(copy), "--db", url)
    copy.write_bytes(copy.read_bytes().replace(b'"o3b"', b'"o3c"'))
    lost(tmp_path)
    code, refused = said(capfd, "db", "restore", str(copy), "--db", url)
    assert (code, refused["error"]["code"]) == (Exit.FAILED, "storage_corrupt")
    assert not (tmp_path / "tipoff.db").exists()


def test_pruning_by_hand_goes_by_the_configuration_and_leaves_the_open_run(
    url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "engine.toml"
    config.write_text("[database.retention]\nsystem_logs_days = 1\nnba_live_data_days = 0\n", "utf-8")
    old = LogRecord("info", "a", "old", {}, Nanos(NANOS_PER_DAY))
    for run in ("earlier", "open"):
        writer = JournalWriter(url, run)
        writer.append([], [old])
        writer.close()
    code, document = said(capfd, "db", "prune", "--db", url, "--config", str(config))
    assert code == Exit.OK
    assert document["removed"] == {
        "orderbook_snapshots": 0,
        "market_bars": 0,
        "betting_odds": 0,
        "system_logs": 1,
        "dead_letters": 0,
    }


@pytest.mark.promise("dry-run-tells-what-goes")
def test_a_dry_run_tells_table_by_table_and_folder_by_folder_what_pruning_removes(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "engine.toml"
    config.write_text(f'[engine]\nstate_directory = "{tmp_path}"\n[recording]\nkeep_days = 30\n', "utf-8")
    url = f"sqlite:///{tmp_path / 'tipoff.db'}"
    upgrade(url)
    writer = JournalWriter(url, "prod-2026-01-01")
    old = LogRecord("info", "a", "old", {}, Nanos(1))
    writer.append([place([Noted("sharp", "k", "1", Nanos(1))])[0]], [old])
    writer.close()
    JournalWriter(url, "prod-2026-01-02").close()
    now = time.time_ns()
    folders = [
        recorded(tmp_path / "recordings" / run, now - days * NANOS_PER_DAY)
        for run, days in (("prod-2026-01-01", 31), ("prod-2026-01-02", 29), ("prod-2026-01-03", 1))
    ]
    size = sum(file.stat().st_size for file in folders[0].iterdir())
    code, told = said(capfd, "db", "prune", "--dry-run", "--config", str(config))
    assert (code, told["dry_run"], told["bytes"]) == (Exit.OK, True, size)
    assert [(each["folder"], each["bytes"], each["why"]) for each in told["recordings"]] == [
        (str(folders[0]), size, "age")
    ]
    assert all(folder.exists() for folder in folders)
    assert main(["db", "prune", "--dry-run", "--config", str(config)]) == Exit.OK
    assert f"recordings that would go: 1, bytes: {size}" in capfd.readouterr().out
    code, other = said(capfd, "db", "prune", "--db", url, "--dry-run", "--config", str(config))
    assert (code, other["recordings"]) == (Exit.OK, [])
    code, done = said(capfd, "db", "prune", "--config", str(config))
    assert (code, done) == (Exit.OK, {**told, "dry_run": False})
    assert done["removed"]["system_logs"] == 1
    assert [folder.exists() for folder in folders] == [False, True, True]
    assert main(["db", "prune", "--config", str(config)]) == Exit.OK
    assert "recordings removed: 0, bytes: 0" in capfd.readouterr().out


def test_recordings_that_cannot_be_removed_are_told_in_a_sentence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "engine.toml"
    config.write_text(f'[engine]\nstate_directory = "{tmp_path}"\n', "utf-8")
    upgrade(f"sqlite:///{tmp_path / 'tipoff.db'}")
    for run in ("prod-2026-01-01", "prod-2026-01-02"):
        recorded(tmp_path / "recordings" / run, 1)
    (tmp_path / "recordings" / REMOVED).write_text("in the way", "utf-8")
    code, refused = said(capfd, "db", "prune", "--config", str(config))
    assert (code, refused["error"]["code"]) == (Exit.FAILED, "recordings")
    assert REMOVED in refused["error"]["message"]


def recorded(folder: Path, last_at: int) -> Path:
    """A recording whose last line came then."""
    with Recorder(folder) as recorder:
        recorder.write(last_at, "kalshi.ws", 1, "trade", "x")
    return folder


@pytest.mark.promise("restore-beside-no-daemon")
@pytest.mark.parametrize("where", ["state", "elsewhere"])
def test_nothing_is_restored_under_a_daemon_that_runs(
    url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], where: str
) -> None:
    copy, config = tmp_path / "copy.db", tmp_path / "engine.toml"
    assert said(capfd, "db", "backup", str(copy), "--db", url)[0] == Exit.OK
    # The configured database may lie in another folder than the one that the daemon locks.
    for name in ("state", "elsewhere"):
        (tmp_path / name).mkdir()
    usual = template(schema())
    named = attrs.evolve(
        usual,
        engine=attrs.evolve(usual.engine, state_directory=tmp_path / "state"),
        database=attrs.evolve(usual.database, url=f"sqlite:///{tmp_path / where / 'new.db'}"),
    )
    config.write_text(render(named), "utf-8")
    with DirectoryLock(tmp_path / "state"):
        code, refused = said(capfd, "db", "restore", str(copy), "--config", str(config))
    assert (code, refused["error"]["code"]) == (Exit.FAILED, "storage_busy")
    assert f"stop process {os.getpid()}" in refused["error"]["message"]
    assert not (tmp_path / where / "new.db").exists()
    assert said(capfd, "db", "restore", str(copy), "--config", str(config))[0] == Exit.OK


def test_a_named_database_is_not_restored_in_the_folder_of_a_daemon(
    url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy.db"
    assert said(capfd, "db", "backup", str(copy), "--db", url)[0] == Exit.OK
    lost(tmp_path)
    with DirectoryLock(tmp_path):
        assert said(capfd, "db", "restore", str(copy), "--db", url)[0] == Exit.FAILED
    assert said(capfd, "db", "restore", str(copy), "--db", url)[0] == Exit.OK

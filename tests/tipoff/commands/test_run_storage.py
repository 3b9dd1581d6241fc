"""A daemon whose database cannot be used refuses to start: which file, what is wrong, what to do, and a code.

By the command itself: what is damaged or lost ends with 70, what is the wrong database or may not be written
with 78, so that the service manager starts neither again.

Covers: tipoff.cli.run, tipoff.commands.run.
"""

import inspect
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from persistence import errors, schema_upgrade
from persistence.connect import Access, make_engine
from persistence.errors import StorageError
from persistence.lock import DirectoryLock
from persistence.writer import JournalWriter
from tests.persistence.evenings import evening, place
from tipoff.cli.app import main
from tipoff.commands.run import exit_of
from tipoff.exit_codes import Exit

RUN = "prod-2026-11-20"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state directory with a database that holds an evening."""
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    url = f"sqlite:///{folder / 'tipoff.db'}"
    schema_upgrade.upgrade(url)
    writer = JournalWriter(url, RUN)
    writer.append(place(evening(30)))
    writer.close()
    return folder


@pytest.fixture
def ended(tmp_path: Path, state: Path, capfd: pytest.CaptureFixture[str]) -> Callable[[], tuple[int, Any]]:
    """Run the daemon: its exit code and its error. It never gets so far as to ask a venue."""
    config = tmp_path / "engine.toml"
    config.write_text(
        f'[engine]\nstate_directory = "{state}"\n[kalshi]\nrest_url_prod = "http://127.0.0.1:1"\n'
        "[metrics]\nenabled = false\n[control]\nenabled = false\n[dashboard]\nenabled = false\n",
        "utf-8",
    )

    def run() -> tuple[int, Any]:
        code = main(["run", "--config", str(config), "--json"])
        return code, json.loads(capfd.readouterr().out)["error"]

    return run


def damage(file: Path) -> None:
    """Another fill in the place of one that was made."""
    content = file.read_bytes()
    assert content.count(b'"o3b"') > 0
    file.write_bytes(content.replace(b'"o3b"', b'"o3c"'))


@pytest.mark.promise("damaged-lost-database-ends")
def test_a_damaged_journal_names_its_first_bad_entry_and_ends_with_70(
    state: Path, ended: Callable[[], tuple[int, Any]]
) -> None:
    damage(state / "tipoff.db")
    code, error = ended()
    assert (code, error["code"]) == (Exit.INVARIANT_BROKEN, "storage_corrupt")
    assert "entry " in error["message"]
    assert "restore the last backup" in error["message"]


def test_a_damaged_page_ends_with_70(state: Path, ended: Callable[[], tuple[int, Any]]) -> None:
    file = state / "tipoff.db"
    content = bytearray(file.read_bytes())
    for page in range(4_096 * 3, len(content) - 4_096, 4_096):
        content[page : page + 200] = b"\xff" * 200
    file.write_bytes(content)
    code, error = ended()
    assert (code, error["code"]) == (Exit.INVARIANT_BROKEN, "storage_corrupt")


@pytest.mark.promise("damaged-lost-database-ends")
def test_a_database_that_vanished_ends_with_70_and_is_not_begun_anew(
    state: Path, ended: Callable[[], tuple[int, Any]]
) -> None:
    (state / "tipoff.db").unlink()
    code, error = ended()
    assert (code, error["code"]) == (Exit.INVARIANT_BROKEN, "storage_corrupt")
    assert not (state / "tipoff.db").exists()


@pytest.mark.promise("damaged-lost-database-ends")
def test_a_foreign_file_ends_with_78_and_is_left_alone(
    state: Path, ended: Callable[[], tuple[int, Any]]
) -> None:
    for file in state.iterdir():
        file.unlink()
    (state / "tipoff.db").write_bytes(b"somebody's diary" * 1_000)
    code, error = ended()
    assert (code, error["code"]) == (Exit.CONFIG, "storage_foreign")
    assert (state / "tipoff.db").read_bytes() == b"somebody's diary" * 1_000


def test_a_newer_schema_ends_with_78_naming_both(state: Path, ended: Callable[[], tuple[int, Any]]) -> None:
    engine = make_engine(f"sqlite:///{state / 'tipoff.db'}", Access.WRITE)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    code, error = ended()
    assert (code, error["code"]) == (Exit.CONFIG, "storage_schema_newer")
    assert "9999" in error["message"]


def test_a_second_daemon_on_the_directory_is_told_who_the_first_one_is(
    state: Path, ended: Callable[[], tuple[int, Any]]
) -> None:
    with DirectoryLock(state):
        code, error = ended()
    assert (code, error["code"]) == (Exit.FAILED, "storage_busy")
    assert f"process {os.getpid()} works in this directory" in error["message"]


def test_every_kind_of_error_has_its_code() -> None:
    """Whatever waiting mends is worth another start; nothing else is."""
    found = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    kinds = [kind for kind in found if issubclass(kind, StorageError)]
    codes = {kind.kind: exit_of(kind("what", "where", "remedy")) for kind in kinds}
    assert {kind for kind, code in codes.items() if code is Exit.FAILED} == {
        "storage",
        "full",
        "busy",
        "unreachable",
    }
    assert {kind for kind, code in codes.items() if code is Exit.CONFIG} == {
        "foreign",
        "schema_newer",
        "schema_older",
        "read_only",
    }
    assert set(codes.values()) == {Exit.FAILED, Exit.CONFIG, Exit.INVARIANT_BROKEN}

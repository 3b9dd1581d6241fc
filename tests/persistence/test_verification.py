"""Verifying names what is wrong, the first bad entry wherever it stands, and so many problems and no more."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from persistence import connect, schema_upgrade, verification, writer_state
from persistence.tables import APPEND_ONLY
from persistence.verification import verify
from persistence.writer import JournalWriter
from tests.persistence.evenings import Placed

Opened = Callable[..., JournalWriter]


@pytest.mark.limit("persistence.verification:PROBLEMS_MAX")
@pytest.mark.parametrize(("found", "named"), [(3, 3), (4, 3)])
def test_problems_are_named_up_to_a_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: int, named: int
) -> None:
    url = f"sqlite:///{tmp_path / 'tipoff.db'}"
    schema_upgrade.upgrade(url)
    assert verify(url).sound
    monkeypatch.setattr(verification, "PROBLEMS_MAX", 3)
    monkeypatch.setattr(
        schema_upgrade,
        "differences",
        lambda _connection: [(f"table_{number}", "missing") for number in range(found)],
    )
    checked = verify(url)
    assert len(checked.problems) == named
    assert not checked.sound


WINDOW = 4
"""Entries that are read at a time: so few that a small evening has several windows."""


@pytest.fixture
def written(lite: str, opened: Opened, small_evening: list[Placed], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a database with an evening in it, read in small windows, without its triggers."""
    monkeypatch.setattr(writer_state, "WINDOW", WINDOW)
    writer = opened(lite)
    writer.append(small_evening)
    writer.close()
    file = connect.file_of(lite)
    assert file is not None
    change(
        file, *(f"DROP TRIGGER {table}_no_{what}" for table in APPEND_ONLY for what in ("update", "delete"))
    )
    return file


def change(file: Path, *statements: str) -> None:
    """Do what nobody may."""
    connection = sqlite3.connect(file)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def chain_problems(file: Path) -> tuple[int | None, list[str]]:
    """The first bad entry, and what is said about the chain."""
    found = verify(f"sqlite:///{file}")
    (run,) = found.runs
    return run.first_bad, [problem.what for problem in found.problems if problem.check == "chain"]


def test_a_journal_of_whole_windows_is_verified_to_its_end(
    written: Path, small_evening: list[Placed]
) -> None:
    (run,) = verify(f"sqlite:///{written}").runs
    assert (run.entries, run.first_bad, run.imbalance) == (len(small_evening), None, 0)


@pytest.mark.parametrize("seq", range(2 * WINDOW, 3 * WINDOW + 2))
def test_an_entry_that_was_changed_is_named_wherever_it_stands(written: Path, seq: int) -> None:
    change(written, f"UPDATE journal SET cause = cause + 1 WHERE seq = {seq}")
    first_bad, said = chain_problems(written)
    assert first_bad == seq
    assert len(said) == 1
    assert said[0].startswith(f"entry {seq} (")
    assert said[0].endswith("is not what was written")


@pytest.mark.parametrize("gone", [1, WINDOW, WINDOW + 1])
@pytest.mark.parametrize("seq", range(1, 2 * WINDOW + 2))
def test_an_entry_that_is_missing_is_named_wherever_it_stood(written: Path, seq: int, gone: int) -> None:
    change(written, f"DELETE FROM journal WHERE seq >= {seq} AND seq < {seq + gone}")
    assert chain_problems(written) == (seq, [f"entry {seq} is missing"])


@pytest.mark.parametrize("table", ["fills", "ledger_entries"])
def test_a_row_behind_the_last_entry_follows_from_no_fact(written: Path, table: str) -> None:
    change(written, f"UPDATE {table} SET seq = seq + 1000")
    problems = verify(f"sqlite:///{written}").problems
    said = {problem.what for problem in problems if problem.check == "projections"}
    assert said == {"the row is missing", "the row follows from no fact"}


def test_it_tells_how_far_it_is(written: Path) -> None:
    heard: list[tuple[str, int, int]] = []
    (run,) = verify(f"sqlite:///{written}", lambda *said: heard.append(said)).runs
    assert heard[0] == ("checking the pages", 0, 0)
    assert {what for what, _, _ in heard[1:]} == {f"checking run {run.run}"}
    done = [done for _, done, _ in heard[1:]]
    assert done == sorted(done)
    assert heard[-1][1:] == (run.entries, run.entries)

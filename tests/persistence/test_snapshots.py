"""Snapshots beside the journal: chained to an entry, the newest sound one first, gone when nobody needs them.

Whatever happens to one is told and costs nothing but time; a writer behind one reads what follows it.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
from sqlalchemy import func, select

from engine.facts import RunEnded
from engine.units import Nanos
from persistence import connect, snapshots
from persistence.backup import backup, restore
from persistence.connect import Access
from persistence.errors import StorageCorrupt, StorageError
from persistence.maintenance import rebuild, verify
from persistence.queries import Reader
from persistence.snapshots import KEPT, Snapshot
from persistence.tables import state_snapshots
from persistence.writer import JournalWriter, Options
from tests.persistence.evenings import Placed, evening, place

Opened = Callable[..., JournalWriter]


def snapshot(seq: int, version: str = "v1") -> Snapshot:
    """What a fold may have come to."""
    return Snapshot(seq, Nanos(10 * seq), version, {"exchange": b"x" * seq, "gate": b"held"})


def changed(url: str, **columns: object) -> None:
    """Somebody writes into the newest snapshot."""
    engine = connect.make_engine(url, Access.WRITE)
    table = state_snapshots
    with engine.begin() as connection:
        newest = select(func.max(table.c.seq)).scalar_subquery()
        connection.execute(table.update().where(table.c.seq == newest).values(**columns))
    engine.dispose()


def found(url: str, version: str | None = "v1") -> list[tuple[int, Snapshot | None, str]]:
    """What a start sees, the newest first."""
    with Reader.open(url, "evening") as reader:
        return [(each.seq, each.snapshot, each.why) for each in reader.snapshots(version)]


def test_a_snapshot_is_read_as_it_was_stored(url: str, opened: Opened, small_evening: list[Placed]) -> None:
    writer = opened(url)
    writer.append(small_evening)
    size = writer.keep(snapshot(9))
    assert size == len(snapshot(9).body())
    assert writer.snapshot_seq == 9
    assert found(url) == [(9, snapshot(9), "")]
    assert verify(url).problems == ()


def test_the_two_newest_of_a_run_are_kept_and_one_at_the_same_entry_takes_the_place(
    url: str, opened: Opened, small_evening: list[Placed]
) -> None:
    writer = opened(url)
    writer.append(small_evening)
    for seq in (3, 5, 9, 9):
        writer.keep(snapshot(seq))
    assert [seq for seq, _, _ in found(url)] == [9, 5]
    assert KEPT == 2


def test_those_of_a_run_that_has_ended_go_with_the_first_of_another(
    url: str, opened: Opened, small_evening: list[Placed]
) -> None:
    first = opened(url)
    first.append(small_evening)
    first.keep(snapshot(9))
    first.close()
    killed = opened(url, "killed")
    killed.append(small_evening)
    killed.keep(snapshot(9))
    killed.close()
    end = attrs.evolve(
        small_evening[-1], seq=len(small_evening) + 1, fact=RunEnded("evening", "over", Nanos(99))
    )
    ended = opened(url)
    ended.append([end])
    ended.close()
    assert len(found(url)) == 1, "an end alone takes nothing: the run may go on the same evening"
    other = opened(url, "other")
    other.append(small_evening)
    other.keep(snapshot(9))
    assert found(url) == []
    with Reader.open(url, "killed") as reader:
        assert len(list(reader.snapshots("v1"))) == 1, "one that was cut off may be gone on with"


def test_a_snapshot_of_an_entry_that_is_not_there_is_refused(
    url: str, opened: Opened, small_evening: list[Placed]
) -> None:
    writer = opened(url)
    writer.append(small_evening)
    with pytest.raises(ValueError, match="no entry 1000"):
        writer.keep(snapshot(1_000))
    writer.append([])
    assert found(url) == []


@pytest.mark.promise("damaged-snapshot-costs-time-only")
@pytest.mark.parametrize(
    ("damage", "why"),
    [
        ({"body": b"\x00"}, "not what was written"),
        ({"chain": b"\x00" * 32}, "not what was written"),
        ({"at": 7}, "not what was written"),
        ({"seq": 8}, "not what was written"),
        ({"seq": 4_000}, "no entry 4000"),
        ({"version": "v0"}, "another version"),
    ],
)
def test_one_that_is_damaged_or_of_another_version_is_passed_over_with_a_reason(
    url: str, opened: Opened, small_evening: list[Placed], damage: dict[str, Any], why: str
) -> None:
    writer = opened(url)
    writer.append(small_evening)
    writer.keep(snapshot(5))
    writer.keep(snapshot(9))
    writer.close()
    changed(url, **damage)
    newest, before = found(url)
    assert newest[1] is None
    assert why in newest[2]
    assert before == (5, snapshot(5), "")
    told = [problem for problem in verify(url).problems if problem.check == "snapshots"]
    assert len(told) == 1
    assert "snapshot at entry" in told[0].where


def test_a_body_that_is_chained_and_no_body_is_passed_over_too(
    url: str, opened: Opened, small_evening: list[Placed]
) -> None:
    writer = opened(url)
    writer.append(small_evening)
    writer.keep(snapshot(9))
    with Reader.open(url, "evening") as reader:
        entry = next(reader.entries(9))
    writer.close()
    bad = b"\x81\xa4gate\xc4\x01x"
    changed(url, body=bad, chain=snapshots.chained(entry.chain, snapshot(9), bad))
    ((_, nothing, why),) = found(url)
    assert nothing is None
    assert "cannot be read" in why


def test_a_writer_behind_a_snapshot_reads_what_follows_it_and_ends_with_the_same_digest(
    url: str, opened: Opened, make_evening: Callable[[int], list[Placed]]
) -> None:
    facts = make_evening(20)
    whole = JournalWriter("sqlite://", "evening")
    whole.append(facts)
    writer = opened(url)
    writer.append(facts[:50])
    writer.keep(snapshot(40))
    writer.close()
    behind = opened(url, options=Options(folded=40))
    assert (behind.seq, behind.snapshot_seq) == (50, 40)
    behind.append(facts[50:60])
    assert behind.digest() != whole.digest()
    behind.append(facts[60:])
    assert behind.digest() == whole.digest()
    assert verify(url).problems == ()


@pytest.mark.parametrize("entry", [39, 41])
def test_damage_behind_a_snapshot_is_found_at_the_start_and_damage_before_it_by_verify(
    lite: str, opened: Opened, make_evening: Callable[[int], list[Placed]], entry: int
) -> None:
    writer = opened(lite)
    writer.append(make_evening(20))
    writer.keep(snapshot(40))
    writer.close()
    engine = connect.make_engine(lite, Access.WRITE)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER journal_no_update")
        connection.exec_driver_sql(f"UPDATE journal SET owner = 'nobody' WHERE seq = {entry}")
        connection.exec_driver_sql(
            "CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal "
            "BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END"
        )
    engine.dispose()
    if entry > 40:
        with pytest.raises(StorageCorrupt, match=f"entry {entry} .* not what was written"):
            opened(lite, options=Options(folded=40))
    else:
        opened(lite, options=Options(folded=40)).close()
    assert verify(lite).runs[0].first_bad == entry
    with pytest.raises(StorageCorrupt):
        opened(lite)


def test_backup_restore_and_rebuild_keep_them(
    lite: str, opened: Opened, small_evening: list[Placed], tmp_path: Path
) -> None:
    writer = opened(lite)
    writer.append(small_evening)
    writer.keep(snapshot(9))
    writer.close()
    backup(lite, tmp_path / "copy.db")
    again = f"sqlite:///{tmp_path / 'again.db'}"
    restore(tmp_path / "copy.db", again)
    rebuild(again)
    assert found(again) == found(lite) == [(9, snapshot(9), "")]


class Failing:
    """A seam that fails at a snapshot's operation, once."""

    def __init__(self, operation: str) -> None:
        self.operation = operation
        self.failed = False

    def __call__(self, operation: str) -> None:
        if operation == self.operation and not self.failed:
            self.failed = True
            raise OSError(28, f"no space for {operation}")


@pytest.mark.promise("damaged-snapshot-costs-time-only")
@pytest.mark.parametrize("operation", ["begin snapshot", "commit snapshot", "committed snapshot"])
def test_a_snapshot_that_cannot_be_stored_leaves_the_one_before_and_the_journal_goes_on(
    url: str, opened: Opened, operation: str
) -> None:
    facts = place(evening(7))
    writer = opened(url, options=Options(seam=Failing(operation)))
    writer.append(facts[:12])
    kept: list[int] = []
    for seq in (5, 9):
        try:
            writer.keep(snapshot(seq))
            kept.append(seq)
        except StorageError:
            continue
    writer.append(facts[12:])
    assert writer.stored_seq == len(facts)
    stored = [seq for seq, good, _ in found(url) if good is not None]
    # Whether the commit came through when its answer did not nobody knows: either is right.
    assert stored in ([9], [9, 5])
    assert kept == [9]
    assert verify(url).problems == ()


@pytest.mark.promise("snapshot-and-tail-is-the-fold")
@pytest.mark.parametrize("operation", ["begin snapshot", "commit snapshot", "committed snapshot"])
def test_a_kill_within_a_snapshot_leaves_it_whole_or_not_there(
    lite: str, opened: Opened, small_evening: list[Placed], tmp_path: Path, operation: str
) -> None:
    killed = tmp_path / "killed"
    killed.mkdir()

    def copy(now: str) -> None:
        """What the disk has when the process is killed here."""
        if now == operation:
            for each in Path(lite.removeprefix("sqlite:///")).parent.glob("tipoff.db*"):
                shutil.copy(each, killed)

    writer = opened(lite, options=Options(seam=copy))
    writer.append(small_evening)
    writer.keep(snapshot(9))
    again = f"sqlite:///{killed / 'tipoff.db'}"
    stored = [each for _, each, _ in found(again)]
    assert stored == ([snapshot(9)] if operation == "committed snapshot" else [])
    assert verify(again).problems == ()
    opened(again).close()

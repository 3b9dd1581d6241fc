"""The file of a sweep: the same table whatever order rows came in, and one writer at a time."""

import random
import sqlite3
from pathlib import Path

import pytest

from persistence.errors import StorageBusy, StorageForeign, StorageUnreachable
from persistence.sweep_store import OutcomeRow, ResultRow, SweepKey, SweepStore

KEY = SweepKey("momentum", "1.0", 1)


def made(path: Path) -> SweepStore:
    """A sweep of two evenings."""
    return SweepStore.create(path, plan="{}", config="", recordings=[("a" * 64, "{}"), ("b" * 64, "{}")])


def fill(store: SweepStore, order: list[tuple[str, int]]) -> None:
    """Results in some order."""
    store.add_trials((number, f'{{"x":{number}}}') for number in range(4))
    for recording, number in order:
        text = f'{{"x":{number}}}'
        row = OutcomeRow(recording, text, "done", None, 1, 2, 3)
        result = ResultRow(recording, text, "game", -1, number, 2, 0.1, 3, 0.2, 4)
        store.add(KEY, recording, [("game", "2026-11-20")], [(row, [result])])


def test_the_table_does_not_depend_on_the_order_in_which_rows_came(tmp_path: Path) -> None:
    order = [(recording, number) for recording in ("a" * 64, "b" * 64) for number in range(4)]
    digests = set()
    for seed in range(3):
        random.Random(seed).shuffle(order)
        with made(tmp_path / f"{seed}.db") as store:
            fill(store, order)
            digests.add(store.digest())
            assert [row.base for row in store.results(KEY)] == [0, 1, 2, 3] * 2
    assert len(digests) == 1


def test_one_row_less_or_another_number_is_another_table(tmp_path: Path) -> None:
    with made(tmp_path / "a.db") as store:
        fill(store, [("a" * 64, 1)])
        one = store.digest()
        fill(store, [("a" * 64, 2)])
        assert store.digest() != one


def test_what_is_there_already_stays_as_it_is(tmp_path: Path) -> None:
    with made(tmp_path / "a.db") as store:
        fill(store, [("a" * 64, 1)])
        before = store.digest()
        other = OutcomeRow("a" * 64, '{"x":1}', "failed", "late", 0, 0, 0)
        store.add(KEY, "a" * 64, [], [(other, [])])
        assert store.digest() == before


def test_only_one_writes_while_others_may_look_on(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with made(path) as store:
        fill(store, [("a" * 64, 1)])
        with pytest.raises(StorageBusy):
            SweepStore(path)
        with SweepStore(path, reads=True) as reader:
            assert len(reader.results(KEY)) == 1
    SweepStore(path).close()


def test_a_file_that_is_no_sweep_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageUnreachable):
        SweepStore(tmp_path / "none.db")
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("CREATE TABLE a (b)")
    other.close()
    with pytest.raises(StorageForeign):
        SweepStore(tmp_path / "other.db")

"""The writer: whole batches or nothing, each entry once, the same again after a failure or a kill.

Covers: persistence.insert, persistence.journal, persistence.records, persistence.statements,
persistence.writer_state.
"""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from engine.facts import Fact, LedgerPosted, Noted, OrderApproved, OrderFilled, Posting, QueueMoved
from engine.message import changed
from engine.units import Count, Money, Nanos
from persistence import connect, high_water_mark
from persistence.errors import (
    FactRefused,
    FactUnstorable,
    JournalDiffers,
    JournalGap,
    LedgerImbalanced,
    StorageCorrupt,
    StorageError,
)
from persistence.maintenance import verify
from persistence.tables import journal, simulated_orders
from persistence.writer import JournalWriter, Mode, Options
from tests.persistence.evenings import Placed

Opened = Callable[..., JournalWriter]
AGAIN = Options(mode=Mode.REPLAY)


def test_appended_facts_are_there_with_their_place(
    url: str, opened: Opened, small_evening: list[Any]
) -> None:
    assert opened(url).append(small_evening) == len(small_evening)
    with connect.reading(url) as connection:
        rows = connection.execute(select(journal).order_by(journal.c.seq)).all()
    assert [(row.seq, row.cause, row.owner, row.kind) for row in rows] == [
        (each.seq, each.cause, each.owner, type(each.fact).__name__) for each in small_evening
    ]


@pytest.mark.promise("digest-depend-how-facts")
def test_the_digest_does_not_depend_on_how_facts_are_batched(
    opened: Opened, make_evening: Callable[[int], list[Any]]
) -> None:
    evening = make_evening(30)
    digests = set()
    for size in (1, 7, len(evening)):
        writer = opened("sqlite://", f"batch-{size}")
        for start in range(0, len(evening), size):
            writer.append(evening[start : start + size])
        digests.add(writer.digest())
    assert len(digests) == 1


def test_a_writer_that_opens_again_goes_on_after_the_last_entry(
    url: str, opened: Opened, small_evening: list[Any]
) -> None:
    first = opened(url)
    first.append(small_evening[:20])
    first.close()
    second = opened(url)
    assert second.seq == second.stored_seq == 20
    assert not second.replaying
    second.append(small_evening[20:])
    whole = opened("sqlite://")
    whole.append(small_evening)
    assert second.digest() == whole.digest()


def test_a_replay_is_compared_with_what_is_stored_and_then_goes_on_writing(
    url: str, opened: Opened, small_evening: list[Any]
) -> None:
    first = opened(url)
    first.append(small_evening[:20])
    first.close()
    again = opened(url, options=AGAIN)
    assert (again.seq, again.stored_seq, again.replaying) == (0, 20, True)
    for start in range(0, len(small_evening), 8):
        again.append(small_evening[start : start + 8])
    assert (again.seq, again.replaying) == (len(small_evening), False)
    whole = opened("sqlite://")
    whole.append(small_evening)
    assert again.digest() == whole.digest()
    with connect.reading(url) as connection:
        assert len(connection.execute(select(journal.c.seq)).all()) == len(small_evening)


@pytest.mark.promise("replay-decides-otherwise-stopped")
def test_a_replay_that_decides_otherwise_is_stopped_at_the_first_difference(
    url: str, opened: Opened, small_evening: list[Any]
) -> None:
    first = opened(url)
    first.append(small_evening[:20])
    first.close()
    again = opened(url, options=AGAIN)
    placed = type(small_evening[0])
    other = [*small_evening[:11], placed(12, 0, "exchange", Noted("sharp", "k", "1", Nanos(1)))]
    with pytest.raises(JournalDiffers, match=r"entry 12 is Noted .* the journal has "):
        again.append(other)


def test_a_hole_or_a_repetition_in_the_numbers_is_refused(
    lite: str, opened: Opened, small_evening: list[Any]
) -> None:
    writer = opened(lite)
    writer.append(small_evening[:3])
    with pytest.raises(JournalGap, match="entry 5 after entry 3"):
        writer.append(small_evening[4:6])
    with pytest.raises(JournalGap, match="entry 2 after entry 3"):
        writer.append(small_evening[1:2])
    assert writer.append(small_evening[3:]) == len(small_evening)


@pytest.mark.promise("ledger-entry-out-balance")
def test_a_ledger_entry_out_of_balance_stops_its_whole_batch(
    url: str, opened: Opened, small_evening: list[Any]
) -> None:
    writer = opened(url)
    placed = type(small_evening[0])
    wrong = placed(11, 0, "exchange", LedgerPosted("l", "s", "c", (Posting("a", Money(1)),), Nanos(1)))
    with pytest.raises(LedgerImbalanced, match="ledger entry l: its postings sum to 1"):
        writer.append([*small_evening[:10], wrong])
    assert writer.seq == 0
    assert writer.append(small_evening) == len(small_evening)


def test_a_fill_can_be_written_once_only(url: str, opened: Opened, small_evening: list[Any]) -> None:
    writer = opened(url)
    writer.append(small_evening)
    fill = next(each for each in small_evening if type(each.fact).__name__ == "OrderFilled")
    again = type(fill)(len(small_evening) + 1, 0, "exchange", fill.fact)
    with pytest.raises(FactRefused):
        writer.append([again])
    assert writer.seq == len(small_evening)


def test_a_number_beyond_64_bits_is_refused_by_name(
    url: str, opened: Opened, small_evening: list[Any]
) -> None:
    placed = type(small_evening[0])
    huge = placed(1, 0, "exchange", LedgerPosted("l", "s", "c", (), Nanos(1 << 70)))
    with pytest.raises((FactUnstorable, FactRefused)):
        opened(url).append([huge])


def test_a_failed_batch_leaves_no_trace_in_what_is_folded(
    url: str, opened: Opened, small_evening: list[Any]
) -> None:
    """The rows that a failed batch changed are as before it, so the repetition counts nothing twice."""
    failures = iter(["commit"])

    def seam(operation: str) -> None:
        if operation == "commit" and next(failures, None):
            raise OSError(28, "No space left on device")

    writer = opened(url, options=Options(seam=seam))
    with pytest.raises(StorageError):
        writer.append(small_evening)
    writer.append(small_evening)
    with connect.reading(url) as connection:
        filled = connection.execute(
            select(simulated_orders.c.filled, simulated_orders.c.fees).where(
                simulated_orders.c.order_id == "o0"
            )
        ).one()
    assert tuple(filled) == (100, 7_000)


def test_a_strategy_has_its_sums_as_soon_as_it_is_opened(
    lite: str, opened: Opened, small_evening: list[Any]
) -> None:
    writer = opened(lite)
    writer.append(small_evening[:2])
    assert [(row.strategy, row.realized) for row in writer.reader().performance()] == [("sharp", 0)]


def test_an_order_has_its_row_as_soon_as_it_is_approved(
    lite: str, opened: Opened, small_evening: list[Any]
) -> None:
    facts = [each.fact for each in small_evening]
    approved = next(number for number, fact in enumerate(facts, 1) if isinstance(fact, OrderApproved))
    opened(lite).append(small_evening[:approved])
    with connect.reading(lite) as connection:
        found = connection.execute(select(simulated_orders.c.order_id, simulated_orders.c.status)).all()
    assert [tuple(row) for row in found] == [("o0", "approved")]


def test_an_order_that_was_over_is_changed_when_a_fact_names_it_again(
    lite: str, opened: Opened, small_evening: list[Any]
) -> None:
    """What is over is not remembered by a writer that goes on: its row comes from the database."""
    first = opened(lite)
    first.append(small_evening)
    first.close()
    moved = QueueMoved("o0", Count(300), Count(77), "late", Nanos(1_000))
    opened(lite).append([Placed(len(small_evening) + 1, 99, "exchange", moved)])
    with connect.reading(lite) as connection:
        wanted = select(simulated_orders.c.ahead).where(simulated_orders.c.order_id == "o0")
        assert connection.execute(wanted).scalar_one() == 77
    assert verify(lite).sound


@pytest.mark.parametrize(("count", "taken"), [(1, True), (0, False), (-1, False)])
def test_a_fill_is_of_a_hundredth_of_a_contract_at_least(
    lite: str, opened: Opened, small_evening: list[Any], count: int, *, taken: bool
) -> None:
    facts = [each.fact for each in small_evening]
    at = next(number for number, fact in enumerate(facts) if isinstance(fact, OrderFilled))
    small = Placed(at + 1, 1, "exchange", changed(facts[at], count=Count(count)))
    writer = opened(lite)
    writer.append(small_evening[:at])
    if taken:
        assert writer.append([small]) == at + 1
    else:
        with pytest.raises(FactRefused, match="a fill of"):
            writer.append([small])


@pytest.mark.promise("nobody-can-change-remove")
def test_nobody_can_change_or_remove_a_line_of_the_journal_a_fill_or_a_posting(
    url: str, opened: Opened, small_evening: list[Any]
) -> None:
    writer = opened(url)
    writer.append(small_evening)
    writer.close()
    engine = connect.make_engine(url, connect.Access.WRITE)
    for table, column in (("journal", "cause"), ("fills", "fee"), ("ledger_entries", "amount")):
        for statement in (f"UPDATE {table} SET {column} = 1", f"DELETE FROM {table}"):
            with engine.connect() as connection, pytest.raises(Exception, match=f"{table} is append-only"):
                connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.mark.promise("nobody-can-replace")
def test_nobody_can_replace_a_line_of_the_journal_a_fill_or_a_posting(
    lite: str, file: Path, opened: Opened, small_evening: list[Any]
) -> None:
    """`INSERT OR REPLACE` of another program: what it takes away would fire no trigger of deletion."""
    writer = opened(lite)
    writer.append(small_evening)
    writer.close()
    connection = sqlite3.connect(file)
    for table, other in (("journal", None), ("fills", "fill_id"), ("ledger_entries", "entry_id")):
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        before = connection.execute(f"SELECT * FROM {table}").fetchall()
        assert before
        same_key = ", ".join(columns)
        same_other_key = ", ".join("seq + 1000000" if name == "seq" else name for name in columns)
        for chosen in (same_key, same_other_key)[: 2 if other else 1]:
            for verb in ("INSERT OR REPLACE", "REPLACE", "INSERT OR FAIL"):
                with pytest.raises(sqlite3.IntegrityError, match=f"{table} is append-only"):
                    connection.execute(f"{verb} INTO {table} SELECT {chosen} FROM {table} LIMIT 1")
                connection.rollback()
        assert connection.execute(f"SELECT * FROM {table}").fetchall() == before
    connection.close()


def test_the_mark_follows_every_commit(
    lite: str, file: Path, opened: Opened, small_evening: list[Any]
) -> None:
    writer = opened(lite)
    for each in small_evening:
        writer.append([each])
        known = high_water_mark.read(high_water_mark.path_of(file))
        assert known is not None
        assert known.seq == each.seq
    connection = sqlite3.connect(file)
    last = connection.execute("SELECT chain FROM journal ORDER BY seq DESC LIMIT 1").fetchone()[0]
    connection.close()
    assert known is not None
    assert known.chain == last


@pytest.mark.promise("journal-flipped-byte-missing")
def test_a_journal_with_a_flipped_byte_is_not_opened(
    url: str, opened: Opened, small_evening: list[Any]
) -> None:
    writer = opened(url)
    writer.append(small_evening)
    writer.close()
    flip(url, "UPDATE journal SET body = replace(body, '\"sharp\"', '\"shark\"') WHERE seq = 8")
    with pytest.raises(StorageCorrupt, match=r"entry 8 .* is not what was written"):
        opened(url)


@pytest.mark.promise("journal-flipped-byte-missing")
def test_a_journal_with_a_missing_line_is_not_opened(
    url: str, opened: Opened, small_evening: list[Any]
) -> None:
    writer = opened(url)
    writer.append(small_evening)
    writer.close()
    flip(url, "DELETE FROM journal WHERE seq = 9")
    with pytest.raises(StorageCorrupt, match="entry 9 is missing"):
        opened(url)


def flip(url: str, statement: str) -> None:
    """Do what nobody may: change the journal behind its triggers."""
    engine = connect.make_engine(url, connect.Access.CREATE)
    with engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("DROP TRIGGER journal_no_update")
            connection.exec_driver_sql("DROP TRIGGER journal_no_delete")
        else:
            connection.exec_driver_sql("ALTER TABLE journal DISABLE TRIGGER USER")
        connection.exec_driver_sql(statement)
        if connection.dialect.name == "sqlite":
            for action in ("UPDATE", "DELETE"):
                connection.exec_driver_sql(
                    f"CREATE TRIGGER journal_no_{action.lower()} BEFORE {action} ON journal "
                    "BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END"
                )
        else:
            connection.exec_driver_sql("ALTER TABLE journal ENABLE TRIGGER USER")
    engine.dispose()


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "naïve", "a/b"])
def test_a_run_needs_a_plain_name(lite: str, name: str) -> None:
    with pytest.raises(ValueError, match="not a name for a run"):
        JournalWriter(lite, name)


@pytest.fixture(scope="module")
def odd() -> Iterator[JournalWriter]:
    writer = JournalWriter("sqlite://", "odd")
    yield writer
    writer.close()


@given(data=st.data())
def test_any_fact_is_stored_whatever_it_says(
    data: st.DataObject, any_fact: st.SearchStrategy[Fact], odd: JournalWriter
) -> None:
    """Facts that make no sense together (fills of unknown orders, texts of any script) still have a place."""
    fact = data.draw(any_fact)
    seq = odd.stored_seq
    try:
        odd.append([_At(seq + 1, fact)])
    except (FactRefused, FactUnstorable, LedgerImbalanced):
        # Rules of the tables: prices between 0 and 1 dollar, no fill of nothing, sums within 64 bits.
        assert odd.stored_seq == seq
    else:
        assert odd.stored_seq == seq + 1


class _At:
    cause = 0
    owner = "any"

    def __init__(self, seq: int, fact: Fact) -> None:
        self.seq = seq
        self.fact = fact

"""What shares a transaction: whole inputs, never half of one.

Covers: engine.tally.
"""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

# ruff: noqa: ARG001 (a clock winds trio's time on by being asked for)
import pytest
import trio
from trio.testing import MockClock

from actors.messages import Numbered
from engine.facts import Noted
from engine.tally import Tally
from engine.units import Nanos
from persistence.queries import Reader
from persistence.records import LogRecord, Record
from persistence.schema_upgrade import upgrade
from persistence.writer import JournalWriter, Options
from tipoff.live.commit_queue import CommitQueue, whole_inputs
from tipoff.live.ingress import Ingress


def facts(*causes: int) -> list[Numbered]:
    """Facts that were decided on these inputs."""
    return [
        Numbered(seq, cause, "sharp", Noted("sharp", "key", "1", Nanos(seq)))
        for seq, cause in enumerate(causes, start=1)
    ]


@pytest.mark.limit("engine.toml:database.batch_rows_max")
@pytest.mark.parametrize(
    ("causes", "rows_max", "taken"),
    [
        ((), 2, 0),
        ((1,), 2, 1),
        ((1, 2), 2, 2),
        ((1, 2, 3), 2, 2),
        ((1, 2, 2), 2, 3),
        ((1, 1, 1, 2), 1, 3),
        ((1, 1, 2, 2), 3, 4),
    ],
)
def test_a_transaction_ends_where_an_input_ends(causes: tuple[int, ...], rows_max: int, taken: int) -> None:
    assert whole_inputs(facts(*causes), rows_max) == taken


@pytest.mark.limit("tipoff.live.commit_queue:RECORDS_MAX")
def test_records_wait_up_to_a_number_and_what_is_more_is_given_up_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tipoff.live.commit_queue.RECORDS_MAX", 3)
    url = f"sqlite:///{tmp_path / 'tipoff.db'}"
    upgrade(url)
    with closing(JournalWriter(url, "evening")) as writer:
        durable = CommitQueue(writer, Ingress(None, lambda _body, _events: None), 100, Tally())
        records: list[Record] = [LogRecord("warning", "feed", f"{n}", {}, Nanos(n)) for n in range(4)]
        durable.add_records(records[:3])
        assert (durable.waiting_records, durable.status.records_given_up) == (3, 0)
        durable.add_records(records[3:])
        assert (durable.waiting_records, durable.status.records_given_up) == (3, 1)


class FailingOnce:
    """A disk on which the first commit fails, and what happens on the loop while it does."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        self.failures = 0
        self._meanwhile = meanwhile

    def __call__(self, operation: str) -> None:
        if operation == "commit" and not self.failures:
            self.failures += 1
            trio.from_thread.run_sync(self._meanwhile)
            raise OSError(28, "no space left")


class Unheard(Ingress):
    """The loop, which in this test has nobody to tell."""

    def committed(self, seq: int) -> None:
        """Nobody hears."""

    def storage_failed(self, kind: str, detail: str, forget: Callable[[], None]) -> None:
        """What cannot be stored is forgotten, as the loop would have it."""
        forget()


async def test_records_of_a_failed_transaction_are_stored_before_what_came_meanwhile(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    url = f"sqlite:///{tmp_path / 'tipoff.db'}"
    upgrade(url)
    records: list[Record] = [LogRecord("warning", "feed", f"{n}", {}, Nanos(n)) for n in range(3)]
    seam = FailingOnce(lambda: queue.add_records(records[2:]))
    with closing(JournalWriter(url, "evening", Options(seam=seam))) as writer:
        queue = CommitQueue(writer, Unheard(None, lambda _body, _events: None), 100, Tally())
        queue.add_records(records[:2])
        async with trio.open_nursery() as nursery:
            nursery.start_soon(queue.run)
            await queue.drain()
            nursery.cancel_scope.cancel()
        assert (queue.status.failures, queue.waiting_records) == (1, 0)
    assert seam.failures == 1
    with Reader.open(url) as reader:
        assert [line["event"] for line in reader.logs()] == ["0", "1", "2"]

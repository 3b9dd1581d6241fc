"""A running engine stores snapshots of its journal, and nothing that befalls one disturbs it.

Covers: tipoff.live.snapshots.
"""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

# ruff: noqa: ARG001 (a clock winds trio's time on by being asked for)
import pytest
import trio
from trio.testing import MockClock

from engine.tally import Tally
from persistence.connect import Durability, Settings
from persistence.queries import Reader
from persistence.schema_upgrade import create
from persistence.writer import JournalWriter, Options
from tests.persistence.evenings import evening, place
from tipoff.config.load import template
from tipoff.live.commit_queue import CommitQueue
from tipoff.live.ingress import Ingress
from tipoff.live.snapshots import Snapshots
from tipoff.runs.from_config import at_its_word, schema, trading_settings
from tipoff.runs.recovery import recovered

FACTS = place(evening(40))
EVERY = 100
SETTINGS = trading_settings(at_its_word(template(schema())), seed=1)


def opened(folder: Path, seam: Callable[[str], None] = lambda _operation: None) -> JournalWriter:
    """A new journal of a run."""
    url = f"sqlite:///{folder / 'tipoff.db'}"
    create(url)
    return JournalWriter(url, "run", Options(settings=Settings(durability=Durability.RELAXED), seam=seam))


class Bench:
    """Snapshots beside a journal that is written by hand."""

    def __init__(self, writer: JournalWriter) -> None:
        self.writer = writer
        self.queue = CommitQueue(writer, Ingress(None, lambda _body, _events: None), 512, Tally())
        self.snapshots = Snapshots(writer, self.queue, SETTINGS)

    def append(self, last: int) -> None:
        """Entries up to this one become durable."""
        self.writer.append(FACTS[self.writer.seq : last])
        self.queue.come_to(last)

    async def until(self, wanted: Callable[[], bool]) -> None:
        """Wait until something is so."""
        while not wanted():  # noqa: ASYNC110 - a thread's end is waited for
            await trio.sleep(1.0)


@pytest.mark.limit("engine.toml:database.snapshot_entries")
@pytest.mark.promise("snapshot-and-tail-is-the-fold")
async def test_a_snapshot_is_made_at_so_many_entries_and_not_one_before(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    with closing(opened(tmp_path)) as writer:
        bench = Bench(writer)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(bench.snapshots.run, EVERY)
            bench.append(EVERY - 1)
            await trio.sleep(5.0)
            assert bench.snapshots.status.seq == 0
            bench.append(EVERY)
            await bench.until(lambda: bench.snapshots.status.seq == EVERY)
            bench.append(2 * EVERY - 1)
            await trio.sleep(5.0)
            assert bench.snapshots.status.seq == EVERY
            bench.append(2 * EVERY + 7)
            await bench.until(lambda: bench.snapshots.status.seq == 2 * EVERY + 7)
            nursery.cancel_scope.cancel()
        status = bench.snapshots.status
        assert (status.failures, status.size > 0) == (0, True)
        with Reader.open(f"sqlite:///{tmp_path / 'tipoff.db'}", "run") as reader:
            assert recovered(reader, SETTINGS, EVERY).vouched == 2 * EVERY + 7


class FullOnce:
    """A disk without room for one snapshot."""

    def __init__(self) -> None:
        self.failures = 0

    def __call__(self, operation: str) -> None:
        if operation == "commit snapshot" and not self.failures:
            self.failures += 1
            raise OSError(28, "no space left")


@pytest.mark.promise("damaged-snapshot-costs-time-only")
async def test_one_that_cannot_be_stored_is_counted_and_tried_again_behind_the_next_entries(
    tmp_path: Path, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(opened(tmp_path, FullOnce())) as writer:
        bench = Bench(writer)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(bench.snapshots.run, EVERY)
            bench.append(EVERY)
            await bench.until(lambda: bench.snapshots.status.failures == 1)
            await trio.sleep(5.0)
            assert bench.snapshots.status.failures == 1
            bench.append(2 * EVERY)
            await bench.until(lambda: bench.snapshots.status.seq == 2 * EVERY)
            nursery.cancel_scope.cancel()
    assert "no snapshot of the journal was stored" in caplog.text


async def test_an_end_in_the_middle_of_one_waits_for_no_more_than_a_slice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ending = trio.Event()
    rests: list[None] = []

    def rest() -> None:
        if not rests:
            trio.from_thread.run_sync(ending.set)
        rests.append(None)
        # Until the engine's end has reached the thread, and no longer.
        while True:
            trio.from_thread.check_cancelled()

    monkeypatch.setattr("tipoff.live.snapshots._rest", rest)
    with closing(opened(tmp_path)) as writer:
        bench = Bench(writer)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(bench.snapshots.run, EVERY)
            bench.append(EVERY)
            await ending.wait()
            nursery.cancel_scope.cancel()
        assert rests == [None]
        assert bench.snapshots.status.seq == 0


async def test_a_database_in_memory_has_none(autojump_clock: MockClock) -> None:
    with closing(JournalWriter("sqlite://", "run")) as writer:
        bench = Bench(writer)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(bench.snapshots.run, EVERY)
            bench.append(EVERY)
            await trio.sleep(10.0)
            nursery.cancel_scope.cancel()
        assert (bench.snapshots.status.seq, bench.snapshots.status.failures) == (0, 0)

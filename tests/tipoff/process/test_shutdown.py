"""A stop goes on when a step hangs or fails, names it, and asks its manager for the time that it takes."""

import threading
from pathlib import Path

import attrs
import pytest
import trio
from trio.testing import MockClock

from engine.facts import RunEnded
from persistence.connect import Durability, Settings
from persistence.queries import Reader
from persistence.schema_upgrade import create
from persistence.writer import JournalWriter, Options
from tests.tipoff.contexts import stop
from tests.tipoff.engines import live
from tipoff.config.load import template
from tipoff.live.clock import EveningClock
from tipoff.live.engine import LiveEngine, LivePlan
from tipoff.process.notifier import Notifier
from tipoff.process.shutdown import CLOSE, DURABLE, STEPS, Shutdown, Step, StoppedRun, stop_engine
from tipoff.runs.from_config import at_its_word, schema, trading_settings
from tipoff.runs.recording_digest import read_digest
from tipoff.runs.settings import settings_digest
from venues.errors import RecordingError
from venues.recordings.recorder import Recorder


class Told(Notifier):
    """A line to a manager that keeps what is said."""

    def __init__(self) -> None:
        super().__init__({})
        self.lines: list[str] = []

    def _send(self, *lines: str) -> None:
        self.lines += lines


@pytest.mark.fault("I1")
async def test_a_step_that_hangs_is_named_and_the_next_is_begun(autojump_clock: MockClock) -> None:
    said, notifier, done = list[str](), Told(), list[str]()
    shutdown = Shutdown(said.append, notifier)

    async def fails() -> None:
        raise RecordingError("the disk is full")

    async def works() -> None:
        done.append(shutdown.step)

    assert not await shutdown.do(Step("one", "never ends", 3.0), trio.sleep_forever)
    assert autojump_clock.current_time() == 3.0
    assert not await shutdown.do(Step("two", "fails", 3.0), fails)
    assert await shutdown.do(Step("three", "works", 3.0), works)
    assert (done, shutdown.late, shutdown.step) == (["three"], ["one", "two"], "")
    assert said == [
        "stopping: the step 'one' (never ends) is left unfinished after 3 s",
        "stopping: the step 'two' (fails) failed: the disk is full",
    ]
    assert notifier.lines[:2] == ["EXTEND_TIMEOUT_USEC=5000000", "STATUS=stopping, one: never ends"]


async def test_a_fault_of_our_own_is_no_step_left_unfinished() -> None:
    async def wrong() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await Shutdown(lambda _words: None, Told()).do(DURABLE, wrong)


@attrs.define
class Stopped:
    """What became of a stop."""

    shutdown: Shutdown
    run: StoppedRun
    said: list[str]


@attrs.define
class Desk:
    """An engine of which parts can be made to fail."""

    folder: Path
    blocked: threading.Event = attrs.field(factory=threading.Event)
    blocking: bool = False
    reached: threading.Event = attrs.field(factory=threading.Event)

    @property
    def url(self) -> str:
        return f"sqlite:///{self.folder / 'tipoff.db'}"

    def seam(self, _operation: str) -> None:
        if self.blocking:
            self.reached.set()
            self.blocked.wait(60)

    async def stop(self, recorder: Recorder, *, hang: bool = False) -> Stopped:
        """Start, and stop at once; with `hang` a task of the tree ignores that it is to end."""
        create(self.url)
        said, notifier = list[str](), Told()
        options = Options(settings=Settings(durability=Durability.RELAXED), seam=self.seam)
        settings = trading_settings(at_its_word(template(schema())), seed=1)
        shutdown = Shutdown(said.append, notifier)
        writer = await trio.to_thread.run_sync(JournalWriter, self.url, "run", options)
        with trio.fail_after(200):
            plan = LivePlan(
                settings=settings,
                settings_digest=settings_digest(settings),
                run="run",
                writer=writer,
                recorder=recorder,
                clock=EveningClock(1_795_217_400_000_000_000),
            )
            engine = LiveEngine(plan, lambda _engine: ())
            async with trio.open_nursery() as nursery:
                await nursery.start(engine.run)
                await engine.commit_queue.drain()
                self.blocking = hang
                run = await stop_engine(engine, "stopped by SIGTERM", shutdown)
                nursery.cancel_scope.cancel()
        if hang:
            assert engine.commit_queue.abandoned
            self.blocked.set()
        else:
            writer.close()
        assert not engine.running
        return Stopped(shutdown, run, said)


async def test_a_stop_in_good_order_leaves_nothing_unfinished_and_seals_the_recording(tmp_path: Path) -> None:
    stopped = await Desk(tmp_path).stop(Recorder(tmp_path / "recording"))
    assert stopped.shutdown.late == []
    assert stopped.run.document["run"] == "run"
    seal = read_digest(tmp_path / "recording")
    assert seal is not None
    assert seal == stopped.run.sealed
    with Reader.open(Desk(tmp_path).url, "run") as reader:
        assert isinstance(reader.tail(1)[0].fact, RunEnded)
        assert seal.journal_seq == reader.last_seq()


async def test_the_books_are_kept_as_they_are_last(tmp_path: Path) -> None:
    async with live(tmp_path) as engine:
        before = engine.commit_queue.status.records
        await stop(engine)
        assert engine.commit_queue.status.records > before


@pytest.mark.fault("I1")
async def test_a_writer_that_is_blocked_is_named_and_left_behind_and_nothing_vouches_for_the_recording(
    tmp_path: Path, mock_clock: MockClock
) -> None:
    mock_clock.rate = 5.0
    stopped = await Desk(tmp_path).stop(Recorder(tmp_path / "recording"), hang=True)
    assert stopped.shutdown.late == [DURABLE.name]
    assert mock_clock.current_time() >= DURABLE.seconds_max
    assert any("'durable'" in words for words in stopped.said)
    assert read_digest(tmp_path / "recording") is None


@pytest.mark.fault("I1")
async def test_a_recorder_whose_disk_is_full_is_named_and_the_tree_stops_all_the_same(tmp_path: Path) -> None:
    class Full(Recorder):
        """A recorder that cannot write its end."""

        def close(self) -> None:
            super().close()
            raise RecordingError("segment-00001: cannot be written: no space left on device")

    stopped = await Desk(tmp_path).stop(Full(tmp_path / "recording"))
    assert stopped.shutdown.late == ["recording"]
    assert any("no space left" in words for words in stopped.said)
    assert read_digest(tmp_path / "recording") is None


def test_the_order_of_the_steps_is_that_of_what_depends_on_what() -> None:
    names = [step.name for step in STEPS]
    assert names == [
        "entries", "orders", "run end", "sample", "durable", "report", "recording", "tree", "beside", "close",
    ]  # fmt: skip
    assert STEPS[-1] is CLOSE

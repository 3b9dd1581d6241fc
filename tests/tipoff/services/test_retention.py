"""The daemon prunes at its start and once a day, beside the writer, and survives what storage does."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import structlog
import trio
from sqlalchemy import func, select

from engine.facts import Noted, RunEnded
from engine.units import NANOS_PER_DAY, NANOS_PER_SECOND, Nanos
from persistence import connect
from persistence.maintenance import upgrade
from persistence.market_tables import system_logs
from persistence.records import LogRecord
from persistence.retention import DEFAULT_POLICY, PORTION, Pruning
from persistence.writer import JournalWriter
from tests.persistence.evenings import Placed
from tipoff.config.database import database_url, retention_policy
from tipoff.config.load import Config, load
from tipoff.live.clock import EveningClock
from tipoff.process.context import RunContext
from tipoff.runs.from_config import schema
from tipoff.runs.recording_retention import KEEP, REMOVED
from tipoff.services.retention import AGAIN_NS, EVERY_NS, run
from venues.recordings.recompression import to_recompress
from venues.recordings.recorder import MANIFEST, Recorder, read, segment_paths

NOW = Nanos(1_000 * NANOS_PER_DAY)
WAIT_S = 60.0
OPEN = "prod-2026-01-02"
"""The run that the daemon is in."""

LINES = 20
"""Of a recording, a second apart, so that each is flushed."""


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "state").mkdir()
    file = tmp_path / "engine.toml"
    file.write_text(f'[engine]\nstate_directory = "{tmp_path / "state"}"\n', "utf-8")
    return load(file, schema())


def wrote(url: str, run: str, days_ago: list[float], *, end: bool = True) -> JournalWriter:
    """A run that has heard a line so many days ago each."""
    writer = JournalWriter(url, run)
    facts = [Placed(1, 1, "run", RunEnded(run, "over", Nanos(1)))]
    lines = [LogRecord("info", "a", run, {}, Nanos(round(NOW - days * NANOS_PER_DAY))) for days in days_ago]
    writer.append(facts if end else [], lines)
    return writer


def lines_left(url: str) -> int:
    with connect.reading(url) as connection:
        return int(connection.execute(select(func.count()).select_from(system_logs)).scalar_one())


@asynccontextmanager
async def pruned(config: Config) -> AsyncIterator[None]:
    """The task beside an engine whose clock shows NOW at the start."""
    engine = SimpleNamespace(plan=SimpleNamespace(clock=EveningClock(NOW), run=OPEN))
    context = cast("RunContext", SimpleNamespace(config=config, engine=engine))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(run, context)
        yield
        nursery.cancel_scope.cancel()


async def until(condition: Callable[[], bool]) -> None:
    """Look again and again."""
    with trio.fail_after(WAIT_S):
        while not await trio.to_thread.run_sync(condition):  # noqa: ASYNC110 - nobody tells
            await trio.sleep(0.5)


@pytest.mark.promise("older-configured-goes-start")
async def test_what_is_overdue_goes_at_the_start_in_portions_while_the_journal_is_written(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    portions: list[int] = []

    class Watched(Pruning):
        """Writes down how much each step removes."""

        def step(self) -> bool:
            before = sum(self.removed.values())
            more = super().step()
            portions.append(sum(self.removed.values()) - before)
            return more

    monkeypatch.setattr("tipoff.services.retention.Pruning", Watched)
    url = database_url(config, None)
    upgrade(url)
    wrote(url, "old", [31.0] * (PORTION + 5) + [29.0]).close()
    writer = wrote(url, "open", [40.0], end=False)
    async with pruned(config):
        for seq in range(1, 20):
            note = Placed(seq, 1, "run", Noted("sharp", "k", "1", Nanos(seq)))
            await trio.to_thread.run_sync(writer.append, [note])
        await until(lambda: lines_left(url) == 2)
    assert writer.stored_seq == 19
    assert max(portions) == PORTION
    writer.close()


@pytest.mark.promise("older-configured-goes-start")
async def test_it_prunes_again_after_a_day_and_not_before(
    config: Config, autojump_clock: trio.testing.MockClock
) -> None:
    url = database_url(config, None)
    upgrade(url)
    wrote(url, "old", [31.0, 29.5]).close()
    autojump_clock.autojump_threshold = 0.2
    async with pruned(config):
        await until(lambda: lines_left(url) == 1)
        await trio.sleep(EVERY_NS / NANOS_PER_SECOND * 0.9)
        assert lines_left(url) == 1
        await trio.sleep(EVERY_NS / NANOS_PER_SECOND * 0.2)
        assert lines_left(url) == 0


async def test_trouble_with_storage_is_logged_and_tried_again_an_hour_later(
    config: Config, autojump_clock: trio.testing.MockClock
) -> None:
    autojump_clock.autojump_threshold = 0.2
    url = database_url(config, None)
    with structlog.testing.capture_logs() as logs:
        async with pruned(config):
            await trio.sleep(1.0)
            upgrade(url)
            wrote(url, "old", [31.0]).close()
            await trio.sleep(AGAIN_NS / NANOS_PER_SECOND * 0.9)
            assert lines_left(url) == 1
            await trio.sleep(AGAIN_NS / NANOS_PER_SECOND * 0.2)
            assert lines_left(url) == 0
    events: list[Any] = [line["event"] for line in logs]
    assert events == ["prune_failed", "pruned"]
    assert logs[1]["system_logs"] == 1


def recorded(config: Config, run: str, days_ago: float) -> Path:
    """The recording of a run whose last line is so old."""
    folder = config.engine.state_directory / "recordings" / run
    with Recorder(folder) as recorder:
        for number in range(LINES, 0, -1):
            at = round(NOW - days_ago * NANOS_PER_DAY) - (number - 1) * NANOS_PER_SECOND
            recorder.write(at, "kalshi.ws", 1, "trade", "x")
    return folder


@pytest.mark.promise("recordings-go-by-age-and-size")
async def test_recordings_go_at_the_start_and_a_day_later_whatever_the_database_does(
    config: Config, autojump_clock: trio.testing.MockClock
) -> None:
    autojump_clock.autojump_threshold = 0.2
    first, opened = recorded(config, "prod-2026-01-01", 400.1), recorded(config, OPEN, 400.1)
    second, newest = recorded(config, "prod-2026-01-03", 399.5), recorded(config, "prod-2026-01-04", 1)
    with structlog.testing.capture_logs() as logs:
        async with pruned(config):
            await until(lambda: not first.exists())
            assert opened.exists()
            await trio.sleep(0.9 * EVERY_NS / NANOS_PER_SECOND / 2)
            assert second.exists()
            await trio.sleep(EVERY_NS / NANOS_PER_SECOND)
            assert not second.exists()
    assert opened.exists()
    assert newest.exists()
    told = [(line["recording"], line["why"]) for line in logs if line["event"] == "recording_removed"]
    assert told == [(str(first), "age"), (str(second), "age")]
    assert any(line["event"] == "prune_failed" for line in logs)


async def test_a_recording_that_cannot_be_removed_is_logged_and_tried_again_an_hour_later(
    config: Config, autojump_clock: trio.testing.MockClock
) -> None:
    autojump_clock.autojump_threshold = 0.2
    upgrade(database_url(config, None))
    old = recorded(config, "prod-2026-01-01", 401)
    recorded(config, "prod-2026-01-04", 1)
    hindrance = old.parent / REMOVED
    hindrance.write_text("in the way", "utf-8")
    with structlog.testing.capture_logs() as logs:
        async with pruned(config):
            await trio.sleep(1.0)
            assert old.exists()
            hindrance.unlink()
            await trio.sleep(AGAIN_NS / NANOS_PER_SECOND * 0.9)
            assert old.exists()
            await trio.sleep(AGAIN_NS / NANOS_PER_SECOND * 0.2)
            assert not old.exists()
    events = [line["event"] for line in logs]
    assert events == ["prune_recordings_failed", "recording_removed", "recording_recompressed"]
    assert REMOVED in logs[0]["why"]


@pytest.mark.promise("recompressed-segments-hold-the-same")
async def test_finished_recordings_are_made_smaller_and_those_in_use_marked_or_damaged_are_not(
    config: Config, autojump_clock: trio.testing.MockClock
) -> None:
    autojump_clock.autojump_threshold = 0.2
    upgrade(database_url(config, None))
    damaged, marked, opened, unfinished, done = (
        recorded(config, run, 1)
        for run in ("prod-2026-01-01", "prod-2026-01-03", OPEN, "prod-2026-01-04", "prod-2026-01-05")
    )
    lines = list(read(done))
    segment_paths(damaged)[0].write_bytes(b"no frame")
    (marked / KEEP).touch()
    manifest = unfinished / MANIFEST
    manifest.write_bytes(manifest.read_bytes().replace(b'"closed": true', b'"closed": false'))
    with structlog.testing.capture_logs() as logs:
        async with pruned(config):
            await until(lambda: not to_recompress(done))
            await trio.sleep(1.0)
    assert list(read(done)) == lines
    assert [len(to_recompress(each)) for each in (marked, opened, unfinished, done)] == [1, 1, 1, 0]
    told = [(line["event"], line.get("recording")) for line in logs]
    assert told == [("recompress_failed", None), ("recording_recompressed", str(done))]


def test_every_prunable_table_can_be_configured_and_zero_days_are_for_ever(config: Config) -> None:
    assert retention_policy(config.database.retention) == dict(DEFAULT_POLICY)
    file = config.engine.state_directory / "other.toml"
    keys = "".join(f"{name}_days = 0\n" for name in DEFAULT_POLICY)
    file.write_text(f"[database.retention]\n{keys}", "utf-8")
    policy = retention_policy(load(file, schema()).database.retention)
    assert policy == dict.fromkeys(DEFAULT_POLICY)

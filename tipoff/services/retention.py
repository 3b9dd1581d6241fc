"""Retention: at the start and once a day, rows and recordings that are not kept any longer are deleted.

A portion or a recording at a time, in a thread, with a pause after each, so that the journal's writer always
comes first. It decides nothing, so nothing of it is recorded; what was decided, and the open run, are never
touched. Recordings that stay and are finished are compressed once more. Errors are logged, and it is tried
again an hour later.
"""

from pathlib import Path
from typing import Final

import structlog
import trio

from engine.units import NANOS_PER_DAY, NANOS_PER_HOUR, Nanos
from persistence.errors import StorageError
from persistence.maintenance import Pruning
from tipoff.config.database import database_url, retention_policy
from tipoff.config.load import Config
from tipoff.process.context import RunContext
from tipoff.runs.recording_retention import (
    clear,
    directory_of,
    finished,
    overdue,
    policy_of,
    remove,
    stored_recordings,
)
from venues.errors import RecordingError
from venues.recordings.recompression import recompress, to_recompress

EVERY_NS: Final = NANOS_PER_DAY
AGAIN_NS: Final = NANOS_PER_HOUR
"""So much later it is tried again when storage or the recordings' disk was in trouble."""

PAUSE_S: Final = 0.1
"""After every portion: longer than a writer that waits for the lock sleeps between two looks."""


async def run(context: RunContext) -> None:
    """Prune until cancelled."""
    config, clock, log = context.config, context.engine.plan.clock, structlog.get_logger()
    url, policy = database_url(config, None), retention_policy(config.database.retention)
    while True:
        now, wait = Nanos(clock()), EVERY_NS
        pruning = Pruning(url, now, policy)
        try:
            await _finish(pruning)
        except StorageError as error:
            log.warning("prune_failed", why=str(error), kind=error.kind, removed=pruning.removed)
            wait = AGAIN_NS
        else:
            if any(pruning.removed.values()):
                log.info("pruned", **pruning.removed)
        # A database in trouble keeps no disk from getting free again.
        try:
            await _prune_recordings(config, now, context.engine.plan.run)
            await _recompress(directory_of(config), context.engine.plan.run)
        except OSError as error:
            log.warning("prune_recordings_failed", why=str(error))
            wait = AGAIN_NS
        await clock.sleep(wait)


async def _finish(pruning: Pruning) -> None:
    """All portions, one after the other."""
    one, more = trio.CapacityLimiter(1), True
    while more:
        more = await trio.to_thread.run_sync(pruning.step, limiter=one)
        await trio.sleep(PAUSE_S)


async def _prune_recordings(config: Config, now: Nanos, open_run: str) -> None:
    """All recordings that are not kept any longer, one after the other. Raises OSError."""
    directory, one = directory_of(config), trio.CapacityLimiter(1)
    await trio.to_thread.run_sync(clear, directory, limiter=one)
    recordings = await trio.to_thread.run_sync(stored_recordings, directory, limiter=one)
    for recording, reason in overdue(recordings, now, policy_of(config), open_run):
        await trio.to_thread.run_sync(remove, recording.folder, limiter=one)
        structlog.get_logger().info(
            "recording_removed",
            recording=str(recording.folder),
            bytes=recording.size_bytes,
            why=reason.value,
        )
        await trio.sleep(PAUSE_S)


async def _recompress(directory: Path, open_run: str) -> None:
    """What is finished in fewer bytes, a segment after the other. Raises OSError."""
    one, log = trio.CapacityLimiter(1), structlog.get_logger()
    for recording in finished(
        await trio.to_thread.run_sync(stored_recordings, directory, limiter=one), open_run
    ):
        saved = 0
        try:
            for segment in await trio.to_thread.run_sync(to_recompress, recording.folder, limiter=one):
                saved += await trio.to_thread.run_sync(recompress, segment, limiter=one)
                await trio.sleep(PAUSE_S)
        except RecordingError as error:
            # The others are none the worse for it.
            log.warning("recompress_failed", why=str(error))
        if saved:
            log.info("recording_recompressed", recording=str(recording.folder), bytes_saved=saved)

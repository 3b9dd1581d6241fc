"""Retention: at the start and once a day, rows older than configured are deleted.

A portion at a time, in a thread, with a pause after each, so that the journal's writer always comes first. It
decides nothing, so nothing of it is recorded; what was decided, and the open run, are never touched. Errors
are logged, and it is tried again an hour later.
"""

from typing import Final

import structlog
import trio

from engine.units import NANOS_PER_DAY, NANOS_PER_HOUR, Nanos
from persistence.errors import StorageError
from persistence.maintenance import Pruning
from tipoff.config.database import database_url, retention_policy
from tipoff.process.context import RunContext

EVERY_NS: Final = NANOS_PER_DAY
AGAIN_NS: Final = NANOS_PER_HOUR
"""So much later it is tried again when storage was in trouble."""

PAUSE_S: Final = 0.1
"""After every portion: longer than a writer that waits for the lock sleeps between two looks."""


async def run(context: RunContext) -> None:
    """Prune until cancelled."""
    config, clock, log = context.config, context.engine.plan.clock, structlog.get_logger()
    url, policy = database_url(config, None), retention_policy(config.database.retention)
    while True:
        pruning = Pruning(url, Nanos(clock()), policy)
        try:
            await _finish(pruning)
        except StorageError as error:
            log.warning("prune_failed", why=str(error), kind=error.kind, removed=pruning.removed)
            await clock.sleep(AGAIN_NS)
            continue
        if any(pruning.removed.values()):
            log.info("pruned", **pruning.removed)
        await clock.sleep(EVERY_NS)


async def _finish(pruning: Pruning) -> None:
    """All portions, one after the other."""
    one, more = trio.CapacityLimiter(1), True
    while more:
        more = await trio.to_thread.run_sync(pruning.step, limiter=one)
        await trio.sleep(PAUSE_S)

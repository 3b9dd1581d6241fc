"""The metrics page beside the engine: its numbers, kept fresh, and what a taken port means.

Trading goes on without the page: a port that is taken is a health issue in `status`, and is tried again.
"""

from functools import partial
from typing import Final

import attrs
import structlog
import trio

from actors.runtime import LoopWatch
from tipoff.live.engine import LiveEngine
from tipoff.metrics.server import Health, PortTaken, serve_metrics
from tipoff.process.context import RunContext
from tipoff.sources.health import HealthIssue

AGAIN_S: Final = 30.0
"""After so long a port that was taken is tried again."""


async def run(context: RunContext) -> None:
    """Serve the page until cancelled."""
    if not context.config.metrics.enabled:
        return
    watch = context.counters.loop = LoopWatch()
    trio.lowlevel.add_instrument(watch)
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(context.metrics.follow)
            await _serve(context)
    finally:
        context.metrics_port = None
        trio.lowlevel.remove_instrument(watch)


async def _serve(context: RunContext) -> None:
    health, degraded = partial(_health, context.engine), context.sources.degraded
    while True:
        try:
            await serve_metrics(
                context.config.metrics, context.exposition, health, task_status=_Port(context)
            )
        except PortTaken as error:
            issue = HealthIssue("metrics", str(error))
        # Not None: readiness waits for the page only until its outcome is known, and a taken port is one.
        context.metrics_port = 0
        structlog.get_logger().warning("metrics_not_served", why=issue.text)
        degraded.append(issue)
        await trio.sleep(AGAIN_S)
        degraded.remove(issue)


@attrs.frozen
class _Port:
    """Hears of the port as soon as it is listened on."""

    context: RunContext

    def started(self, value: int = 0) -> None:
        self.context.metrics_port = value


def _health(engine: LiveEngine) -> Health:
    return Health(ok=engine.phase == "running" and engine.running, state=engine.phase)

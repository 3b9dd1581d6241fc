"""Notifications by webhook: the engine is sampled every few seconds, and changes are sent.

Failures are counted in the metrics and stop nothing. The address of the webhook is never shown.
"""

import contextlib
import time
from functools import partial
from typing import Final

import trio

from actors.addresses import OBSERVER
from actors.observer import OVERVIEW
from actors.read_model.views import Overview, Query
from actors.runtime import AskError, SystemEnded
from engine.units import MONEY_ONE
from tipoff.config.secret_files import secret_path
from tipoff.live.engine import LiveEngine
from tipoff.notifications.rules import NoticeSnapshot, differences, gave_up, summary
from tipoff.notifications.webhook import Notice, Notices, shape_of
from tipoff.process.context import RunContext
from tipoff.process.status import health_issues
from tipoff.sources.clients import Sources
from venues.transport.http import Http, HttpLimits

POLL_S: Final = 5.0
LAST_S_MAX: Final = 3.0
"""So long the last message of a run may take."""

FAILED_S_MAX: Final = 1.0
"""So long if the engine has failed: it waits to be started again."""

LIMITS: Final = HttpLimits(total_s_max=10.0, body_bytes_max=65_536, connections_max=1)
DOWN: Final = frozenset({"parked", "down"})


async def run(context: RunContext, poll_s: float = POLL_S) -> None:
    """Sample and notify until cancelled; returns at once if no webhook is configured."""
    config, engine, sources = context.config, context.engine, context.sources
    name = config.notify.webhook_file
    url = secret_path(name).read_text("utf-8").strip() if name else ""
    if not url:
        return
    async with Http(url, LIMITS) as http:
        notices = Notices(config.notify, config.engine.name, shape_of(url), partial(http.post, ""))
        context.counters.notices = notices
        context.reloader.subscribe(lambda after: setattr(notices, "section", after.notify))
        last = await snapshot_of(engine, sources, None)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(notices.run)
            try:
                while True:
                    await trio.sleep(poll_s)
                    before, last = last, await snapshot_of(engine, sources, last)
                    for notice in differences(before, last):
                        notices.enqueue(notice)
            finally:
                # The stop cancels this service, and the last message of the run has still to go out.
                await _say_last(
                    notices, engine, summary(_snapshot(engine, sources, last.band), engine.plan.run)
                )


async def _say_last(notices: Notices, engine: LiveEngine, evening: Notice) -> None:
    """The last message of a run: what became of the evening, or why the engine gave up."""
    failure = engine.failure
    with trio.move_on_after(LAST_S_MAX if failure is None else FAILED_S_MAX, shield=True):
        await notices.last(evening if failure is None else gave_up(failure, engine.plan.run))


async def snapshot_of(engine: LiveEngine, sources: Sources, last: NoticeSnapshot | None) -> NoticeSnapshot:
    """A snapshot of the engine; the valuation is the last known one if the observer does not answer."""
    band = None if last is None else last.band
    # During a stop the observer may be gone at any moment; the last valuation is good enough.
    if engine.running and not engine.ingress.closed:
        with contextlib.suppress(AskError, SystemEnded):
            overview = await engine.ask(OBSERVER, Query(OVERVIEW))
            if isinstance(overview, Overview):
                found = overview.band
                band = (found.pessimistic / MONEY_ONE, found.base / MONEY_ONE, found.optimistic / MONEY_ONE)
    return _snapshot(engine, sources, band)


def _snapshot(
    engine: LiveEngine, sources: Sources, band: tuple[float, float, float] | None
) -> NoticeSnapshot:
    tally = engine.tally
    return NoticeSnapshot(
        at=time.time(),
        halts={scope: f"{halt.state} by {halt.by}: {halt.why}" for scope, halt in tally.halted.items()},
        issues={issue.subject: issue for issue in health_issues(engine, sources)},
        down=frozenset(str(each.address) for each in engine.status() if each.state in DOWN),
        fills={name: line.fills for name, line in tally.strategies.items()},
        realized=sum(tally.realized(name) for name in tally.strategies) / MONEY_ONE,
        orders=sum(line.orders for line in tally.strategies.values()),
        restarts=engine.system.lives.restarts,
        band=band,
    )

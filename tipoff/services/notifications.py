"""Notices to people: the engine is sampled every few seconds, and changes are sent.

Failures are counted in the metrics and stop nothing. The addresses are never shown.
"""

import contextlib
import logging
import time
from collections import deque
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Final

import trio

from actors.addresses import OBSERVER
from actors.observer import OVERVIEW
from actors.read_model.views import Overview, Query
from actors.runtime import AskError, SystemEnded
from engine.facts import Fact, OrderFilled
from engine.units import MONEY_ONE
from tipoff.config.load import Config
from tipoff.explain.evening_lines import fill_line
from tipoff.live.engine import LiveEngine
from tipoff.notifications.notice import Notice
from tipoff.notifications.outbox import Notices, Outbox
from tipoff.notifications.rules import FillsToTell, NoticeSnapshot, differences, gave_up, summary
from tipoff.notifications.senders import sender
from tipoff.notifications.targets import Target, TargetsWrong, configured_targets
from tipoff.process.context import RunContext
from tipoff.process.status import health_issues
from tipoff.sources.clients import Sources

log = logging.getLogger("tipoff.notifications")

POLL_S: Final = 5.0
LAST_S_MAX: Final = 3.0
"""So long the last message of a run may take."""

FAILED_S_MAX: Final = 1.0
"""So long if the engine has failed: it waits to be started again."""

DOWN: Final = frozenset({"parked", "down"})


async def run(context: RunContext, poll_s: float = POLL_S) -> None:
    """Sample and notify until cancelled; returns at once if there is nobody to notify."""
    config, engine, sources = context.config, context.engine, context.sources
    async with AsyncExitStack() as opened:
        outboxes = [
            Outbox(target.name, await opened.enter_async_context(sender(target, config.engine.name)))
            for target in _targets(config)
        ]
        if not outboxes:
            return
        notices = Notices(config.notify, outboxes)
        context.counters.notices = notices
        context.reloader.subscribe(lambda after: setattr(notices, "section", after.notify))
        fills = FillsToTell()
        with _fills_of(engine) as filled:
            last = await snapshot_of(engine, sources, None)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(notices.run)
                try:
                    while True:
                        await trio.sleep(poll_s)
                        before, last = last, await snapshot_of(engine, sources, last)
                        for notice in differences(before, last):
                            notices.enqueue(notice)
                        while filled:
                            fills.add(fill_line(filled.popleft()))
                        told = fills.notice(last.at, notices.section.pause_ms_min / 1_000)
                        if told is not None:
                            notices.enqueue(told)
                finally:
                    # The stop cancels this service, and the last message of the run has still to go out.
                    await _say_last(
                        notices, engine, summary(_snapshot(engine, sources, last.band), engine.plan.run)
                    )


def _targets(config: Config) -> tuple[Target, ...]:
    """Who is notified. A file that changed for the worse since the start costs only the notices."""
    try:
        return configured_targets(config)
    except (OSError, UnicodeDecodeError, TargetsWrong) as error:
        log.warning("nobody is notified: notify.webhook_file: %s", error)
        return ()


@contextlib.contextmanager
def _fills_of(engine: LiveEngine) -> Iterator[deque[OrderFilled]]:
    """The fills from now on; whoever takes them words them, for they are heard in the middle of a commit."""
    filled: deque[OrderFilled] = deque()

    def heard(fact: Fact) -> None:
        if isinstance(fact, OrderFilled):
            filled.append(fact)

    engine.commit_queue.listeners.append(heard)
    try:
        yield filled
    finally:
        engine.commit_queue.listeners.remove(heard)


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
        fills=sum(line.fills for line in tally.strategies.values()),
        realized=sum(tally.realized(name) for name in tally.strategies) / MONEY_ONE,
        orders=sum(line.orders for line in tally.strategies.values()),
        restarts=engine.system.lives.restarts,
        band=band,
    )

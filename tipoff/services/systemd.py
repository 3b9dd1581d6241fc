"""The service manager: readiness, a status line, and watchdog pings as long as the actors answer.

Without one the engine's health is judged all the same, for the metrics.
"""

from functools import partial
from typing import Final

import trio

from actors.addresses import JOURNAL, OBSERVER, PAPER_EXCHANGE, RISK_GATE, WRITER
from actors.observer import OVERVIEW
from actors.read_model.views import Query
from actors.runtime import ActorStatus, AskError, SystemEnded
from tipoff.live.engine import LiveEngine
from tipoff.process.context import RunContext
from tipoff.process.notifier import watch
from tipoff.process.status import log_state, status_line

CRITICAL: Final = (JOURNAL, WRITER, PAPER_EXCHANGE, RISK_GATE)
"""Without one of these nothing is traded."""

POLL_S: Final = 0.05
STOPPING: Final = frozenset({"stopping", "stopped"})

WRITER_S_MAX: Final = 30.0
"""A transaction that takes longer is stuck; a disk that is merely slow shows in the metrics."""


class Liveness:
    """Judges whether the critical actors work.

    They run, what waits for them moves, heartbeats pass every stage from the feed to the paper exchange, the
    journal's transaction comes to an end, and a round trip through the queue comes back.
    """

    def __init__(self, engine: LiveEngine) -> None:
        """Nothing is known yet."""
        self.engine = engine
        self.why = ""
        """What failed in the last check; empty if nothing did, or before the first one."""
        self._last: dict[str, ActorStatus] = {}

    async def healthy(self) -> bool:
        """Whether all is well; the round trip may take its time, the caller sets the deadline."""
        engine = self.engine
        found = {str(each.address): each for each in engine.status()}
        critical = {name: found.get(name) for name in map(str, CRITICAL)}
        last, self._last = self._last, {name: each for name, each in critical.items() if each is not None}
        self.why = "no answer comes back through the queue"
        for name, each in critical.items():
            if each is None or each.state != "running" or _stuck(last.get(name), each):
                self.why = f"{name} does not work"
                return False
        began = engine.commit_queue.began_at
        if began is not None and trio.current_time() - began > WRITER_S_MAX:
            self.why = f"a transaction of the journal does not end: {trio.current_time() - began:.0f} s"
            return False
        if engine.heartbeats.late():
            self.why = engine.heartbeats.late()
            return False
        try:
            # A round trip: a watchdog fed by a timer or a thread would go on being fed while the queue of
            # the actors hangs.
            await engine.ask(OBSERVER, Query(OVERVIEW))
        except (AskError, SystemEnded):
            return engine.phase in STOPPING
        self.why = ""
        return True


async def run(context: RunContext) -> None:
    """Speak with the service manager until cancelled."""
    engine, sources = context.engine, context.sources
    context.counters.watchdog_at = lambda: context.notifier.watchdog_at
    context.signals.dump = partial(log_state, engine, sources)
    try:
        await _speak(context)
        await trio.sleep_forever()
    finally:
        context.signals.dump = None


async def _speak(context: RunContext) -> None:
    """Report readiness, then status and watchdog, until a stop begins, which reports by itself."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_until_up, context)
        while context.engine.phase not in STOPPING:  # noqa: ASYNC110 - nobody tells when the phase changes
            await trio.sleep(POLL_S)
        nursery.cancel_scope.cancel()


async def _until_up(context: RunContext) -> None:
    notifier, liveness = context.notifier, Liveness(context.engine)
    while missing := not_up(context):
        # However long it takes: how long is too long is the manager's decision.
        notifier.status(f"starting: {missing} cannot be reached yet")
        await trio.sleep(POLL_S)

    def status() -> str:
        line = status_line(context.engine, context.sources)
        return f"{liveness.why}; {line}" if liveness.why else line

    notifier.ready(status_line(context.engine, context.sources))
    await watch(notifier, liveness.healthy, status)


def _stuck(before: ActorStatus | None, now: ActorStatus) -> bool:
    """Whether messages wait and none of them was worked on since the last look."""
    return before is not None and before.depth > 0 and now.depth > 0 and before.handled == now.handled


def not_up(context: RunContext) -> str:
    """What is still to come of the metrics page and the control socket, as far as they are to be."""
    if context.config.metrics.enabled and context.metrics_port is None:
        return "the metrics page"
    return "the control socket" if context.config.control.enabled and not context.control_ready else ""

"""The service manager beside the engine: ready when all is up, fed while the actors answer, told of the end.

Found by `tipoff.commands.run` by its name; `beside` gives the task. Without a manager it still judges the
engine's health, for the metrics. Must not decide anything.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

import structlog
import trio

from actors.addresses import JOURNAL, OBSERVER, PAPER_EXCHANGE, RISK_GATE, WRITER
from actors.observer import OVERVIEW
from actors.read_model.views import Look
from actors.runtime import ActorStatus, AskError, SystemEnded
from tipoff.config.load import Config
from tipoff.live.engine import LiveEngine
from tipoff.logs.structured import begin, secrets_of
from tipoff.logs.to_database import KeptLogs
from tipoff.process.notifier import Notifier, watch
from tipoff.process.reload import TAKERS
from tipoff.process.run import SIGNALS, Beside
from tipoff.services.metrics import SURROUNDINGS
from tipoff.services.notifications import tell_people
from tipoff.sources.clients import Sources

CRITICAL: Final = (JOURNAL, WRITER, PAPER_EXCHANGE, RISK_GATE)
"""Without one of these nothing is traded."""

LOOK_S: Final = 0.05
STOPPING: Final = frozenset({"stopping", "stopped"})


WRITER_S_MAX: Final = 30.0
"""A transaction that takes longer is stuck; a disk that is merely slow is told of by the metrics."""


class Liveness:
    """Judges whether the critical actors work.

    They run, what waits for them moves, heartbeats pass every stage from the feed to the paper exchange, the
    journal's transaction comes to an end, and a round trip through the queue comes back.
    """

    def __init__(self, engine: LiveEngine) -> None:
        """Nothing is known yet."""
        self.engine = engine
        self.why = ""
        """What is not well, in words; empty while all is, or while nobody has looked."""
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
        began = engine.durable.began_at
        if began is not None and trio.current_time() - began > WRITER_S_MAX:
            self.why = f"a transaction of the journal does not end: {trio.current_time() - began:.0f} s"
            return False
        if engine.heartbeats.late():
            self.why = engine.heartbeats.late()
            return False
        try:
            await engine.ask(OBSERVER, Look(OVERVIEW))
        except (AskError, SystemEnded):
            return engine.phase in STOPPING
        self.why = ""
        return True


def beside(config: Config) -> Beside:
    """The task that speaks with the service manager."""

    async def speak(engine: LiveEngine, sources: Sources) -> None:
        notifier, pulse, logs = Notifier(), Liveness(engine), begin(config.logging, secrets_of(config))
        SURROUNDINGS.watchdog_at = lambda: notifier.watchdog_at
        SURROUNDINGS.log_lines, SURROUNDINGS.log_dropped = lambda: logs.lines, lambda: logs.dropped
        durable = engine.durable
        kept = KeptLogs(durable.keep, lambda: bool(durable.status.failing), engine.plan.clock)
        SURROUNDINGS.logs, SURROUNDINGS.log_unkept = logs, lambda: kept.dropped
        logs.on_warning = kept.take
        SIGNALS.dump = partial(tell_state, engine, sources)
        SURROUNDINGS.reloading = partial(_tell_reload, notifier, partial(line, engine, sources))
        TAKERS["logging"] = lambda after: logs.set_level(after.logging.level)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(tell_people, config, engine, sources)
            nursery.start_soon(kept.run)
            try:
                await _live(notifier, pulse, config, partial(line, engine, sources))
                await trio.sleep_forever()
            finally:
                SIGNALS.dump = SURROUNDINGS.logs = None
                logs.close()

    return speak


def _tell_reload(notifier: Notifier, status: Callable[[], str], begins: bool) -> None:  # noqa: FBT001
    if begins:
        notifier.reloading("reading the configuration again")
    else:
        notifier.ready(status())


async def _live(notifier: Notifier, pulse: Liveness, config: Config, status: Callable[[], str]) -> None:
    """Tell the manager when all is up, then how it goes, until a stop begins, which speaks for itself."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_until_up, notifier, pulse, config, status)
        while pulse.engine.phase not in STOPPING:  # noqa: ASYNC110 - nobody tells when the phase changes
            await trio.sleep(LOOK_S)
        nursery.cancel_scope.cancel()


async def _until_up(notifier: Notifier, pulse: Liveness, config: Config, status: Callable[[], str]) -> None:
    while missing := not_up(config):
        # However long it takes: how long is too long is the manager's decision.
        notifier.status(f"starting: {missing} cannot be reached yet")
        await trio.sleep(LOOK_S)
    notifier.ready(status())
    await watch(notifier, pulse.healthy, lambda: f"{pulse.why}; {status()}" if pulse.why else status())


def tell_state(engine: LiveEngine, sources: Sources) -> None:
    """Write into the log how things stand, as a signal asks for."""
    actors = {str(each.address): f"{each.state}, {each.depth} waiting" for each in engine.status()}
    complaints = sources.complaints()
    structlog.get_logger().info("state", line=line(engine, sources), complaints=complaints, actors=actors)


def line(engine: LiveEngine, sources: Sources) -> str:
    """One line for `systemctl status`."""
    halted = "halted, " if engine.tally.halted else ""
    behind = "" if engine.durable.calm else "journal behind, "
    return (
        f"{engine.phase}, {halted}{behind}run {engine.plan.run}, {len(sources.complaints())} complaints, "
        f"{engine.system.lives.restarts} restarts"
    )


def _stuck(before: ActorStatus | None, now: ActorStatus) -> bool:
    """Whether messages wait and none of them was worked on since the last look."""
    return before is not None and before.depth > 0 and now.depth > 0 and before.handled == now.handled


def not_up(config: Config) -> str:
    """What is still to come of the metrics page and the control socket, as far as they are to be."""
    if config.metrics.enabled and SURROUNDINGS.port is None:
        return "the metrics page"
    return "the control socket" if config.control.enabled and not SURROUNDINGS.control else ""

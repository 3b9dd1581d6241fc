"""The service manager beside the engine: ready when all is up, fed while the actors answer, told of the end.

Found by `daemon.run` by its name; `beside` gives the task. Without a manager it still judges the engine's
health, for the metrics. Must not decide anything.
"""

import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

import trio

from actors.addresses import JOURNAL, OBSERVER, PAPER_EXCHANGE, RISK_GATE, WRITER
from actors.observer import OVERVIEW
from actors.runtime.asks import AskError
from actors.runtime.reports import ActorStatus
from actors.runtime.system import SystemEnded
from actors.views import Look
from daemon.beside_metrics import SURROUNDINGS
from daemon.beside_notices import tell_people
from daemon.config import Config
from daemon.live import LiveEngine
from daemon.live_run import Beside
from daemon.logs import begin, secrets_of
from daemon.sources import Sources
from daemon.systemd import Notifier, watch

CRITICAL: Final = (JOURNAL, WRITER, PAPER_EXCHANGE, RISK_GATE)
"""Without one of these nothing is traded."""

UP_S_MAX: Final = 15.0
"""So long socket and page may take to be there before the manager is told to be ready all the same."""

LOOK_S: Final = 0.05
STOPPING: Final = frozenset({"stopping", "stopped"})


class Pulse:
    """Judges whether the critical actors work: they run, what waits for them moves, and a round trip ends."""

    def __init__(self, engine: LiveEngine) -> None:
        """Nothing is known yet."""
        self._engine = engine
        self._last: dict[str, ActorStatus] = {}

    async def healthy(self) -> bool:
        """Whether all is well; the round trip may take its time, the caller sets the deadline."""
        engine = self._engine
        found = {str(each.address): each for each in engine.status()}
        critical = {name: found.get(name) for name in map(str, CRITICAL)}
        last, self._last = self._last, {name: each for name, each in critical.items() if each is not None}
        for name, each in critical.items():
            if each is None or each.state != "running" or _stuck(last.get(name), each):
                return False
        try:
            await engine.ask(OBSERVER, Look(OVERVIEW))
        except (AskError, SystemEnded):
            return engine.phase in STOPPING
        return True


def beside(config: Config) -> Beside:
    """The task that speaks with the service manager."""

    async def speak(engine: LiveEngine, sources: Sources) -> None:
        notifier, pulse, logs = Notifier(), Pulse(engine), begin(config.logging, secrets_of(config))
        SURROUNDINGS.watchdog_at = lambda: notifier.watchdog_at
        SURROUNDINGS.log_lines, SURROUNDINGS.log_dropped = lambda: logs.lines, lambda: logs.dropped
        with trio.move_on_after(UP_S_MAX):
            await _listening(config)
        notifier.ready(line(engine, sources))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(tell_people, config, engine, sources)
            nursery.start_soon(watch, notifier, pulse.healthy, lambda: line(engine, sources))
            try:
                while engine.phase not in STOPPING:  # noqa: ASYNC110 - nobody tells when the phase changes
                    await trio.sleep(LOOK_S)
            finally:
                # A quick end cancels us before the next look.
                notifier.stopping("stopping")
                logs.close()

    return speak


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


async def _listening(config: Config) -> None:
    """Wait until the metrics page and the control socket are there, as far as they are to be."""
    path = config.engine.state_directory / config.control.socket
    while True:
        served = not config.metrics.enabled or SURROUNDINGS.port is not None
        if served and (not config.control.enabled or _is_socket(path)):
            return
        await trio.sleep(LOOK_S)


def _is_socket(path: Path) -> bool:
    with suppress(OSError):
        return stat.S_ISSOCK(path.stat().st_mode)
    return False

"""One run of the process: what it is given, how its end is asked for, and what its services are handed.

Nothing here outlives the process, and nothing is shared behind anybody's back: whoever needs something of a
run has its `RunContext`.
"""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import attrs
import trio

from tipoff.config.load import Config
from tipoff.live.clock import EveningClock
from tipoff.live.engine import LiveEngine
from tipoff.logs.structured import Logs
from tipoff.metrics.engine_view import EngineView
from tipoff.metrics.exposition import Exposition
from tipoff.metrics.process_counters import ProcessCounters
from tipoff.output import progress
from tipoff.process.notifier import Notifier
from tipoff.process.reload import Reloader
from tipoff.process.shutdown import Shutdown
from tipoff.sources.clients import Credentials, Sources


class StoppedBeforeStart(Exception):
    """The run was to end before its engine was made; the reason is the text."""


@attrs.define
class StopRequest:
    """Whether a run shall end, and why: whoever wants it says so here."""

    reason: str = "stopped"
    next_day: bool = False
    """Whether the run ends because its game day is over, so that another one follows."""
    requested: trio.Event = attrs.field(factory=trio.Event)

    def request(self, reason: str) -> None:
        """End the run in good order; the first reason counts."""
        if not self.requested.is_set():
            self.reason = reason
            self.requested.set()


@attrs.define
class SignalHooks:
    """What is done when the system calls: reload on SIGHUP, log the state on SIGUSR1.

    Set by the service that can do it; None is answered with a word that nobody listens.
    """

    reload: Callable[[], None] | None = None
    dump: Callable[[], None] | None = None


@attrs.define(kw_only=True, eq=False)
class RunContext:
    """One run, as its services see it; what one of them has to offer to others is written here."""

    config: Config
    """What the run was started with; `reloader` knows what is in force."""
    engine: LiveEngine
    sources: Sources
    notifier: Notifier
    reloader: Reloader
    signals: SignalHooks
    counters: ProcessCounters
    metrics: EngineView
    exposition: Exposition
    say: Callable[[str], None] = progress
    """Says a sentence of the run's own course, in the form of the log."""
    logs: Logs | None = None
    """The log of the process, whose level can be changed; None before it begins and after its end."""
    metrics_port: int | None = None
    """Where the metrics are served; 0 while they cannot be, None before that is known."""
    control_ready: bool = False
    """Whether the control socket can be connected to."""
    dashboard_port: int | None = None
    """Where the dashboard is served; None while it is not."""


Service: TypeAlias = Callable[[RunContext], Awaitable[None]]
"""Runs as long as the engine does; returns at once if the configuration does not want it."""


@attrs.frozen(kw_only=True)
class RunDependencies:
    """What a process gives to each of its runs."""

    config: Config
    credentials: Credentials
    clock: Callable[[], EveningClock] = EveningClock
    services: tuple[Service, ...] = ()
    on_phase: Callable[[str], None] = progress
    """Hears `ready`, `stopping` and `stopped`, each in a sentence for people."""
    notifier: Notifier = attrs.field(factory=lambda: Notifier({}))
    """The line to the service manager; nobody hears it unless it is given."""
    signals: SignalHooks = attrs.field(factory=SignalHooks)
    counters: ProcessCounters = attrs.field(factory=ProcessCounters)
    on_engine: Callable[[LiveEngine, Shutdown], None] = lambda _engine, _shutdown: None
    """Is shown the engine and its shutdown as soon as both are there."""


def run_context(dependencies: RunDependencies, engine: LiveEngine, sources: Sources) -> RunContext:
    """The context of the run of this engine."""
    config, counters = dependencies.config, dependencies.counters
    metrics = EngineView(engine, sources, config, counters)
    return RunContext(
        config=config,
        engine=engine,
        sources=sources,
        notifier=dependencies.notifier,
        reloader=Reloader(config, counters),
        signals=dependencies.signals,
        counters=counters,
        metrics=metrics,
        exposition=Exposition(metrics),
        say=dependencies.on_phase,
    )

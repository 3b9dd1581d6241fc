"""The metrics of the process: itself, its loop, its actors, the runtime below them."""

import platform
from collections.abc import Callable, Mapping
from typing import Final

from actors.runtime import MESSAGE_S, Histogram, Timing
from engine.units import NANOS_PER_SECOND
from tipoff import __version__
from tipoff.live.heartbeats import STAGES, TIMED_STAGES
from tipoff.live.restart_counts import REASONS
from tipoff.metrics.engine_view import GAMES, EngineView
from tipoff.metrics.family import (
    Family,
    Samples,
    counted,
    counter,
    counter_by,
    gauge,
    gauge_by,
    histogram,
    histogram_by,
    info,
)

PHASES = ("starting", "running", "draining", "stopping", "stopped")
STATES = ("waiting", "starting", "running", "stopping", "backoff", "parked", "down")
LEVELS = ("debug", "info", "warning", "error", "critical")
REPORTS = (
    "ActorStarted",
    "ActorExited",
    "ActorRestarted",
    "RestartDelayed",
    "ActorQuarantined",
    "ActorRevived",
    "SupervisorEscalated",
    "StartRefused",
    "ZombieDeclared",
)
RESTARTED = ("journal", "writer", "exchange/paper_exchange", "exchange/risk_gate", f"{GAMES}*")
"""These are shown with 0 restarts; others appear when they restart for the first time."""


def _timed(view: EngineView, read: Callable[[Timing], Mapping[str, Histogram]]) -> dict[str, Histogram]:
    """A histogram for every stage, empty where nothing was timed."""
    timing = view.system.timing
    found = read(timing) if timing else {}
    return {stage: found.get(stage) or Histogram(MESSAGE_S) for stage in TIMED_STAGES}


def _restarts(view: EngineView) -> Samples:
    """Every reason from 0 on for the actors that there are at least."""
    known = [(actor, reason) for actor in RESTARTED for reason in REASONS]
    return counted(known, view.engine.restarts.counts.items())


# A table: a metric is a row of one line or two.
# fmt: off
PROCESS: Final[tuple[Family, ...]] = (
    info("build", "What is running.",
        version=lambda _view: __version__, python=lambda _view: platform.python_version()),
    info("run", "The run that is traded.",
        engine=lambda view: view.config.engine.name,
        environment=lambda view: view.config.engine.environment,
        run=lambda view: view.engine.plan.run),
    gauge("start_timestamp_seconds", "When the process began to trade.",
        lambda view: (view.engine.started_at or 0) / NANOS_PER_SECOND),
    gauge_by("phase", "1 for the phase that the daemon is in.", "phase",
        lambda view: {view.engine.phase: 1.0}, PHASES),
    gauge("degraded", "How many things do not work as they should, such as missing keys.", EngineView.issues),
    counter("config_reloads", "Reloads of the configuration that were tried.",
        lambda view: view.counters.reloads),
    counter("config_reload_failures", "Reloads that were refused; the old configuration stayed.",
        lambda view: view.counters.reload_failures),
    gauge("config_reload_success_timestamp_seconds", "When a reload last succeeded.",
        lambda view: view.counters.reloaded_at),
    gauge("watchdog_timestamp_seconds", "When the watchdog was last told that all is well.",
        lambda view: view.counters.watchdog_at()),
    counter_by("log_lines", "Log lines by level.", "level", lambda view: view.counters.log_lines(), LEVELS),
    counter("log_dropped_lines", "Log lines dropped because nobody took them.",
        lambda view: view.counters.log_dropped()),
    counter("log_unkept_lines", "Warnings and worse that were too many for the database.",
        lambda view: view.counters.log_sink_dropped()),
    counter("notices_sent", "Messages to people that were delivered.",
        lambda view: view.counters.notices.sent),
    counter("notices_failed", "Messages to people that could not be delivered.",
        lambda view: view.counters.notices.failed),
    counter("notices_dropped", "Messages to people that were left out: repeated or too many.",
        lambda view: view.counters.notices.dropped),
)

LOOP: Final[tuple[Family, ...]] = (
    counter("loop_steps", "Steps of all tasks on the loop.", lambda view: view.counters.loop.steps),
    counter("loop_slow_steps", "Steps that blocked the loop for more than 100 ms.",
        lambda view: view.counters.loop.slow_steps),
    gauge("loop_slowest_step_seconds", "The longest step since the start.",
        lambda view: view.counters.loop.slowest_ns / NANOS_PER_SECOND),
    counter("inputs", "Inputs that were worked on: frames, polled bodies, timers, commands.",
        lambda view: view.system.inputs),
    counter("slow_inputs", "Inputs that took more than 100 ms.", lambda view: view.system.slow_inputs),
    gauge("slowest_input_seconds", "The longest input since the start.",
        lambda view: view.system.slowest_input_ns / NANOS_PER_SECOND),
    histogram_by("mailbox_wait_seconds", "How long a message waited, of one input in 16.", "stage",
        lambda view: _timed(view, lambda timing: timing.waits)),
    histogram_by("handler_seconds", "How long an actor worked on a message, of one input in 16.", "stage",
        lambda view: _timed(view, lambda timing: timing.works)),
    histogram("input_seconds", "How long an input was worked on, with all that followed from it.",
        lambda view: view.system.input_seconds),
    histogram("decision_seconds", "From hearing of something to a signal to act that follows from it.",
        lambda view: view.latency.decision_s),
    histogram("durable_seconds", "From decisions to their being durable.",
        lambda view: view.latency.durable_s),
    gauge_by("heartbeat_timestamp_seconds", "When the last heartbeat had passed a stage.", "stage",
        lambda view: view.engine.heartbeats.timestamps(), STAGES),
)

ACTORS: Final[tuple[Family, ...]] = (
    gauge_by("actors", "Actors by state.", "state",
        lambda view: view.actors.states(), STATES),
    gauge_by("actor_up", "Whether an actor runs; for games, whether all do.", "actor",
        lambda view: view.actors.least(lambda each: each.state == "running")),
    counter_by("actor_restarts", "Restarts.", "actor", lambda view: view.actors.total("restarts")),
    counter_by("actor_failures", "Messages whose handler failed.", "actor",
        lambda view: view.actors.total("failures")),
    gauge_by("mailbox_depth", "Messages that wait; for games, in the fullest mailbox.", "actor",
        lambda view: view.actors.most(lambda each: each.depth)),
    gauge_by("mailbox_peak_depth", "The most messages that ever waited.", "actor",
        lambda view: view.actors.most(lambda each: each.peak)),
    gauge_by("mailbox_capacity", "Messages that may wait.", "actor",
        lambda view: view.actors.most(lambda each: each.capacity)),
    counter_by("actor_handled_messages", "Messages that were worked on.", "actor",
        lambda view: view.actors.total("handled")),
    counter_by("actor_refused_messages", "Messages refused because the mailbox was full.", "actor",
        lambda view: view.actors.total("refused")),
    counter_by("actor_dropped_messages", "Messages dropped by the mailbox's policy.", "actor",
        lambda view: view.actors.total("dropped")),
    counter_by("actor_conflated_messages", "Messages replaced by newer ones of their key.", "actor",
        lambda view: view.actors.total("conflated")),
)

RUNTIME: Final[tuple[Family, ...]] = (
    counter_by("supervisor_reports", "What supervisors reported, by kind.", "report",
        lambda view: view.system.lives.reports, REPORTS),
    gauge("zombies", "Lives that ignore stop and cancellation.", lambda view: view.system.lives.zombies),
    counter("dead_letters", "Messages that nobody will work on.",
        lambda view: view.system.dispatcher.dead_letters),
    gauge("open_asks", "Asks that wait for their answer.", lambda view: len(view.system.asks)),
    counter("ask_timeouts", "Asks that were not answered in time.", lambda view: view.system.asks_late),
    Family("tipoff_restarts_total", "counter", "Restarts, and why the life before ended.",
        ("actor", "reason"), _restarts),
    counter("stale_refused_messages", "Messages refused because their sender's life was over.",
        lambda view: view.system.stale_refused),
    counter("foreign_refused_inputs", "Inputs of other threads refused because too many waited.",
        lambda view: view.system.foreign_refused),
)

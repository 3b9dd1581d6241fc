"""From plain numbers to samples: one function a group of metrics, every known label set from 0 on.

Called by `exposition` for every answer. Labels are few: games are one actor here, halts are counted by kind
of scope, and what could grow is cut at a limit.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import TypeAlias

import attrs

from actors.runtime import MESSAGE_S, Histogram
from engine.order_stages import OrderStage
from engine.orders import CancelReason, RejectCode
from engine.reasons import DenialReason
from engine.terms import Trust
from tipoff.live.heartbeats import STAGES, TIMED_STAGES
from tipoff.live.restart_counts import REASONS
from tipoff.metrics.snapshot import ActorSnapshot, Snapshots

Labels: TypeAlias = tuple[str, ...]
Samples: TypeAlias = dict[str, dict[Labels, float | Histogram]]

PHASES = ("starting", "running", "draining", "stopping", "stopped")
STATES = ("waiting", "starting", "running", "stopping", "backoff", "parked", "down")
LEVELS = ("debug", "info", "warning", "error", "critical")
SCOPES = ("all", "strategy", "game", "quarantine")
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
SERVICES = ("kalshi", "balldontlie")
RESTARTED = ("journal", "writer", "exchange/paper_exchange", "exchange/risk_gate", "games/*")
"""These are shown with 0 restarts; others appear when they restart for the first time."""

DYNAMIC = "games/"
"""Children of this supervisor come and go without end, so they are one actor to the metrics."""

LABEL_VALUES_MAX = 100
"""So many values of one label are shown; what is beyond is counted under `other`."""

LABEL_CHARS_MAX = 80
"""Longer values of labels are cut."""

OTHER = "other"


def label(text: str) -> str:
    """A text as a label's value: short, and without what cannot be written as UTF-8."""
    return text[:LABEL_CHARS_MAX].encode("utf-8", "replace").decode("utf-8")


def counted(known: Iterable[str], found: Mapping[str, float]) -> dict[Labels, float | Histogram]:
    """Every known value from 0 on, and others that were found, as far as there is room."""
    samples: dict[Labels, float | Histogram] = {(name,): 0.0 for name in known}
    for name, value in found.items():
        key = (label(name),)
        if key not in samples and len(samples) >= LABEL_VALUES_MAX:
            key = (OTHER,)
        before = samples.get(key, 0.0)
        samples[key] = value + (before if isinstance(before, float | int) else 0.0)
    return samples


def one(value: float | Histogram) -> dict[Labels, float | Histogram]:
    """The only series of a metric without labels."""
    return {(): value}


def timed(found: Mapping[str, Histogram]) -> dict[Labels, float | Histogram]:
    """A histogram for every stage, empty where nothing was timed."""
    return {(stage,): found.get(stage) or Histogram(MESSAGE_S) for stage in TIMED_STAGES}


def process(figures: Snapshots) -> Samples:
    """Build, run, phase, reloads, logs, notices."""
    found = figures.process()
    return {
        "tipoff_build_info": {(label(found.version), label(found.python)): 1.0},
        "tipoff_run_info": {(label(found.engine), label(found.environment), label(found.run)): 1.0},
        "tipoff_start_timestamp_seconds": one(found.started_at),
        "tipoff_phase": counted(PHASES, {found.phase: 1.0}),
        "tipoff_degraded": one(found.degraded),
        "tipoff_config_reloads_total": one(found.reloads),
        "tipoff_config_reload_failures_total": one(found.reload_failures),
        "tipoff_config_reload_success_timestamp_seconds": one(found.reloaded_at),
        "tipoff_watchdog_timestamp_seconds": one(found.watchdog_at),
        "tipoff_log_lines_total": counted(LEVELS, found.log_lines),
        "tipoff_log_dropped_lines_total": one(found.log_dropped),
        "tipoff_log_unkept_lines_total": one(found.log_unkept),
        "tipoff_notices_sent_total": one(found.notices_sent),
        "tipoff_notices_failed_total": one(found.notices_failed),
        "tipoff_notices_dropped_total": one(found.notices_dropped),
    }


def loop(figures: Snapshots) -> Samples:
    """Steps and inputs of the loop, how long they took, and the heartbeat of each stage."""
    found = figures.loop()
    return {
        "tipoff_loop_steps_total": one(found.steps),
        "tipoff_loop_slow_steps_total": one(found.slow_steps),
        "tipoff_loop_slowest_step_seconds": one(found.slowest_step_s),
        "tipoff_inputs_total": one(found.inputs),
        "tipoff_slow_inputs_total": one(found.slow_inputs),
        "tipoff_slowest_input_seconds": one(found.slowest_input_s),
        "tipoff_mailbox_wait_seconds": timed(found.waits),
        "tipoff_handler_seconds": timed(found.works),
        "tipoff_input_seconds": one(found.input_s),
        "tipoff_decision_seconds": one(found.decision_s),
        "tipoff_durable_seconds": one(found.durable_s),
        "tipoff_heartbeat_timestamp_seconds": counted(STAGES, found.heartbeats),
    }


@attrs.define
class _Counted:
    """What one actor, or all games together, have counted in all their lives."""

    restarts: float = 0
    failures: float = 0
    handled: float = 0
    refused: float = 0
    dropped: float = 0
    conflated: float = 0


COUNTERS = {
    "restarts": "tipoff_actor_restarts_total",
    "failures": "tipoff_actor_failures_total",
    "handled": "tipoff_actor_handled_messages_total",
    "refused": "tipoff_actor_refused_messages_total",
    "dropped": "tipoff_actor_dropped_messages_total",
    "conflated": "tipoff_actor_conflated_messages_total",
}


class Actors:
    """Adds the actors up: what is counted never falls, though games come and go."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._counted: dict[str, _Counted] = {}
        self._last: dict[str, ActorSnapshot] = {}

    def __call__(self, figures: Snapshots) -> Samples:
        """States, restarts and mailboxes."""
        found = figures.actors()
        states: dict[str, float] = {}
        up: dict[str, float] = {}
        depth: dict[str, float] = {}
        peak: dict[str, float] = {}
        capacity: dict[str, float] = {}
        for actor in found:
            name = self._name(actor.name)
            self._count(name, actor)
            states[actor.state] = states.get(actor.state, 0) + 1
            up[name] = min(up.get(name, 1.0), float(actor.state == "running"))
            depth[name] = max(depth.get(name, 0.0), float(actor.depth))
            peak[name] = max(peak.get(name, 0.0), float(actor.peak))
            capacity[name] = max(capacity.get(name, 0.0), float(actor.capacity))
        self._last = {actor.name: actor for actor in found}
        samples: Samples = {
            "tipoff_actors": counted(STATES, states),
            "tipoff_actor_up": counted((), up),
            "tipoff_mailbox_depth": counted((), depth),
            "tipoff_mailbox_peak_depth": counted((), peak),
            "tipoff_mailbox_capacity": counted((), capacity),
        }
        for field, metric in COUNTERS.items():
            samples[metric] = {(name,): getattr(total, field) for name, total in self._counted.items()}
        return samples

    def _name(self, address: str) -> str:
        if address.startswith(DYNAMIC):
            return DYNAMIC + "*"
        name = label(address)
        return name if name in self._counted or len(self._counted) < LABEL_VALUES_MAX else OTHER

    def _count(self, name: str, actor: ActorSnapshot) -> None:
        total, last = self._counted.setdefault(name, _Counted()), self._last.get(actor.name)
        for field in COUNTERS:
            now, before = getattr(actor, field), getattr(last, field, 0)
            # A number that has fallen is that of another actor with the same address.
            setattr(total, field, getattr(total, field) + (now - before if now >= before else now))


def runtime(figures: Snapshots) -> Samples:
    """Supervisors, zombies, dead letters, asks."""
    found = figures.runtime()
    return {
        "tipoff_supervisor_reports_total": counted(REPORTS, found.reports),
        "tipoff_zombies": one(found.zombies),
        "tipoff_dead_letters_total": one(found.dead_letters),
        "tipoff_open_asks": one(found.asks_open),
        "tipoff_ask_timeouts_total": one(found.asks_late),
        "tipoff_restarts_total": _restarts(found.restarts),
        "tipoff_stale_refused_messages_total": one(found.stale_refused),
        "tipoff_foreign_refused_inputs_total": one(found.foreign_refused),
    }


def _restarts(found: Mapping[tuple[str, str], int]) -> dict[Labels, float | Histogram]:
    """Every reason from 0 on for the actors that there are at least, and others as far as there is room."""
    samples: dict[Labels, float | Histogram] = {
        (actor, reason): 0.0 for actor in RESTARTED for reason in REASONS
    }
    for (actor, reason), count in found.items():
        key = (label(actor), label(reason))
        if key not in samples and len(samples) >= LABEL_VALUES_MAX:
            key = (OTHER, label(reason))
        before = samples.get(key, 0.0)
        samples[key] = count + (before if isinstance(before, float | int) else 0.0)
    return samples


def sources(figures: Snapshots) -> Samples:
    """Connections and polls."""
    found, budgets = figures.sources(), figures.limiters()
    last_at = {each.name: each.last_at for each in found}
    return {
        "tipoff_source_up": counted((), {each.name: float(each.up) for each in found}),
        "tipoff_source_last_message_timestamp_seconds": counted((), last_at),
        "tipoff_source_messages_total": counted((), {each.name: each.messages for each in found}),
        "tipoff_source_failures_total": counted((), {each.name: each.failures for each in found}),
        "tipoff_limiter_tokens": counted(SERVICES, {each.name: each.tokens for each in budgets}),
        "tipoff_limiter_capacity_tokens": counted(SERVICES, {each.name: each.tokens_max for each in budgets}),
        "tipoff_source_connections_total": counted((), {each.name: each.connections for each in found}),
    }


def market(figures: Snapshots) -> Samples:
    """The market feed and its books."""
    found = figures.market()
    samples: Samples = {
        "tipoff_feed_frames_total": one(found.frames),
        "tipoff_feed_gaps_total": one(found.gaps),
        "tipoff_feed_duplicate_frames_total": one(found.duplicates),
        "tipoff_feed_refused_frames_total": one(found.refused),
        "tipoff_feed_lag_seconds": one(found.lag_s),
        "tipoff_books": counted(_values(Trust), found.books),
        "tipoff_games": one(found.games),
        "tipoff_markets": one(found.markets),
    }
    if found.clock_skew_s is not None:
        samples["tipoff_clock_skew_seconds"] = one(found.clock_skew_s)
    return samples


def journal(figures: Snapshots) -> Samples:
    """What is durable, and what room is left for more."""
    found = figures.journal()
    return {
        "tipoff_journal_sequence": one(found.seq),
        "tipoff_journal_lag_facts": one(found.waiting),
        "tipoff_journal_lag_records": one(found.waiting_records),
        "tipoff_journal_lag_seconds": one(found.lag_s),
        "tipoff_journal_transactions_total": one(found.transactions),
        "tipoff_journal_failures_total": one(found.failures),
        "tipoff_journal_failing": one(float(found.failing)),
        "tipoff_journal_records_total": one(found.records),
        "tipoff_journal_lost_records_total": one(found.records_given_up),
        "tipoff_journal_slowest_transaction_seconds": one(found.slowest_s),
        "tipoff_recording": one(float(found.recording)),
        "tipoff_recorded_lines_total": one(found.recorded_lines),
        "tipoff_database_bytes": one(found.database_bytes),
        "tipoff_disk_free_bytes": one(found.disk_free_bytes),
    }


def trading(figures: Snapshots) -> Samples:
    """Signals, orders, fills, refusals, halts and the ledger."""
    found = figures.trading()
    by = {each.name: each for each in found.strategies}
    return {
        "tipoff_halts": counted(SCOPES, found.halts),
        "tipoff_signals_total": counted((), {name: each.signals for name, each in by.items()}),
        "tipoff_near_misses_total": counted((), {name: each.near_misses for name, each in by.items()}),
        "tipoff_orders_total": counted((), {name: each.orders for name, each in by.items()}),
        "tipoff_fills_total": counted((), {name: each.fills for name, each in by.items()}),
        "tipoff_filled_contracts_total": counted((), {name: each.contracts for name, each in by.items()}),
        "tipoff_positions": counted((), {name: each.positions for name, each in by.items()}),
        "tipoff_fees_dollars": counted((), {name: each.fees for name, each in by.items()}),
        "tipoff_realized_dollars": counted((), {name: each.realized for name, each in by.items()}),
        "tipoff_risk_denials_total": counted(_values(DenialReason), found.denied),
        "tipoff_order_rejects_total": counted(_values(RejectCode), found.rejected),
        "tipoff_order_cancels_total": counted(_values(CancelReason), found.cancelled),
        "tipoff_known_orders": counted(_values(OrderStage), found.orders),
        "tipoff_ledger_imbalance_dollars": one(found.imbalance),
    }


def groups() -> dict[str, Callable[[Snapshots], Samples]]:
    """What makes the samples of each group but `collectors`, new for every engine."""
    return {
        "process": process,
        "loop": loop,
        "actors": Actors(),
        "runtime": runtime,
        "sources": sources,
        "market": market,
        "journal": journal,
        "trading": trading,
    }


def _values(kind: type[Enum]) -> list[str]:
    return [str(member.value) for member in kind]

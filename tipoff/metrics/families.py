"""Every metric of the daemon: name, kind, meaning and labels, in the groups that fail by themselves.

Read by `exposition`, the manual's page and the tests that compare dashboards and alert rules with it. Names
begin with tipoff_, units are seconds, bytes and dollars.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

import attrs

Kind = Literal["counter", "gauge", "histogram", "info"]


@attrs.frozen
class Family:
    """One metric. A counter's name ends in _total, an info's in _info."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()


def _counter(name: str, text: str, *labels: str) -> Family:
    return Family(f"tipoff_{name}_total", "counter", text, labels)


def _gauge(name: str, text: str, *labels: str) -> Family:
    return Family(f"tipoff_{name}", "gauge", text, labels)


def _histogram(name: str, text: str, *labels: str) -> Family:
    return Family(f"tipoff_{name}", "histogram", text, labels)


def _info(name: str, text: str, *labels: str) -> Family:
    return Family(f"tipoff_{name}_info", "info", text, labels)


FAMILIES: Mapping[str, tuple[Family, ...]] = {
    "process": (
        _info("build", "What is running.", "version", "python"),
        _info("run", "The run that is traded.", "engine", "environment", "run"),
        _gauge("start_timestamp_seconds", "When the process began to trade."),
        _gauge("phase", "1 for the phase that the daemon is in.", "phase"),
        _gauge("degraded", "How many things do not work as they should, such as missing keys."),
        _counter("config_reloads", "Reloads of the configuration that were tried."),
        _counter("config_reload_failures", "Reloads that were refused; the old configuration stayed."),
        _gauge("config_reload_success_timestamp_seconds", "When a reload last succeeded."),
        _gauge("watchdog_timestamp_seconds", "When the watchdog was last told that all is well."),
        _counter("log_lines", "Log lines by level.", "level"),
        _counter("log_dropped_lines", "Log lines dropped because nobody took them."),
        _counter("log_unkept_lines", "Warnings and worse that were too many for the database."),
        _counter("notices_sent", "Messages to people that were delivered."),
        _counter("notices_failed", "Messages to people that could not be delivered."),
        _counter("notices_dropped", "Messages to people that were left out: repeated or too many."),
    ),
    "loop": (
        _counter("loop_steps", "Steps of all tasks on the loop."),
        _counter("loop_slow_steps", "Steps that blocked the loop for more than 100 ms."),
        _gauge("loop_slowest_step_seconds", "The longest step since the start."),
        _counter("inputs", "Inputs that were worked on: frames, polled bodies, timers, commands."),
        _counter("slow_inputs", "Inputs that took more than 100 ms."),
        _gauge("slowest_input_seconds", "The longest input since the start."),
        _histogram("mailbox_wait_seconds", "How long a message waited, of one input in 16.", "stage"),
        _histogram("handler_seconds", "How long an actor worked on a message, of one input in 16.", "stage"),
        _histogram("input_seconds", "How long an input was worked on, with all that followed from it."),
        _histogram("decision_seconds", "From hearing of something to a signal to act that follows from it."),
        _histogram("durable_seconds", "From decisions to their being durable."),
        _gauge("heartbeat_timestamp_seconds", "When the last heartbeat had passed a stage.", "stage"),
    ),
    "actors": (
        _gauge("actors", "Actors by state.", "state"),
        _gauge("actor_up", "Whether an actor runs; for games, whether all do.", "actor"),
        _counter("actor_restarts", "Restarts.", "actor"),
        _counter("actor_failures", "Messages whose handler failed.", "actor"),
        _gauge("mailbox_depth", "Messages that wait; for games, in the fullest mailbox.", "actor"),
        _gauge("mailbox_peak_depth", "The most messages that ever waited.", "actor"),
        _gauge("mailbox_capacity", "Messages that may wait.", "actor"),
        _counter("actor_handled_messages", "Messages that were worked on.", "actor"),
        _counter("actor_refused_messages", "Messages refused because the mailbox was full.", "actor"),
        _counter("actor_dropped_messages", "Messages dropped by the mailbox's policy.", "actor"),
        _counter("actor_conflated_messages", "Messages replaced by newer ones of their key.", "actor"),
    ),
    "runtime": (
        _counter("supervisor_reports", "What supervisors reported, by kind.", "report"),
        _gauge("zombies", "Lives that ignore stop and cancellation."),
        _counter("dead_letters", "Messages that nobody will work on."),
        _gauge("open_asks", "Asks that wait for their answer."),
        _counter("ask_timeouts", "Asks that were not answered in time."),
        _counter("restarts", "Restarts, and why the life before ended.", "actor", "reason"),
        _counter("stale_refused_messages", "Messages refused because their sender's life was over."),
        _counter("foreign_refused_inputs", "Inputs of other threads refused because too many waited."),
    ),
    "sources": (
        _gauge("source_up", "Whether a connection or poll works.", "source"),
        _gauge("source_last_message_timestamp_seconds", "When a source was heard last.", "source"),
        _counter("source_messages", "Frames or bodies of a source.", "source"),
        _counter("source_failures", "Failed connections or requests of a source.", "source"),
        _counter("source_connections", "Attempts to connect.", "source"),
        _gauge("limiter_tokens", "What may be spent on requests at once.", "service"),
        _gauge(
            "limiter_capacity_tokens",
            "The most that may be spent at once.",
            "service",
        ),
    ),
    "market": (
        _counter("feed_frames", "Frames of the market feed."),
        _counter("feed_gaps", "Gaps in the market feed's numbers."),
        _counter(
            "feed_duplicate_frames",
            "Frames that had come before, or came too late.",
        ),
        _counter("feed_refused_frames", "Frames that were not understood or did not fit."),
        _gauge("feed_lag_seconds", "How old the latest change of a book was when it was heard."),
        _gauge("books", "Books by how far they are trusted.", "trust"),
        _gauge("games", "Games that are followed."),
        _gauge("markets", "Markets that are followed."),
        _gauge("clock_skew_seconds", "Our clock minus the venue's."),
    ),
    "journal": (
        _gauge("journal_sequence", "The number of the last durable fact."),
        _gauge("journal_lag_facts", "Facts that are decided and not durable yet."),
        _gauge("journal_lag_records", "Records of the market that wait to be written."),
        _gauge("journal_lag_seconds", "For how long the oldest decision waits to become durable."),
        _counter("journal_transactions", "Transactions that succeeded."),
        _counter("journal_failures", "Transactions that failed."),
        _gauge("journal_failing", "Whether decisions cannot be made durable at present."),
        _counter("journal_records", "Records of the market that were written."),
        _counter("journal_lost_records", "Records of the market given up because too many waited."),
        _gauge("journal_slowest_transaction_seconds", "The longest transaction since the start."),
        _gauge("recording", "Whether the evening is being recorded."),
        _counter("recorded_lines", "Inputs that were written down."),
        _gauge("database_bytes", "Size of the database with its log."),
        _gauge("disk_free_bytes", "Free space where the state is kept."),
    ),
    "trading": (
        _gauge("halts", "Halts in force by kind of scope.", "scope"),
        _counter("signals", "Signals of a strategy.", "strategy"),
        _counter("near_misses", "Signals that nearly were one.", "strategy"),
        _counter("orders", "Orders that were submitted.", "strategy"),
        _counter("fills", "Fills.", "strategy"),
        _counter("filled_contracts", "Contracts that were filled.", "strategy"),
        _gauge("positions", "Markets in which a strategy holds contracts.", "strategy"),
        _gauge("fees_dollars", "Fees paid in this run.", "strategy"),
        _gauge("realized_dollars", "Result of closed and settled positions after fees.", "strategy"),
        _counter("risk_denials", "Orders that the risk gate refused, by rule.", "reason"),
        _counter("order_rejects", "Orders that the exchange refused, by code.", "code"),
        _counter("order_cancels", "Cancelled orders by reason.", "reason"),
        _gauge("known_orders", "Orders that are open, and those that have ended in this run.", "state"),
        _gauge("ledger_imbalance_dollars", "What the ledger's accounts add up to: always 0."),
    ),
    "collectors": (
        _gauge("collector_up", "Whether a group of metrics could be made for this answer.", "collector"),
        _counter("collector_failures", "How often a group of metrics could not be made.", "collector"),
        _gauge("exposition_seconds", "How long the last answer took to make."),
    ),
}


def all_families() -> Iterable[Family]:
    """Every metric in the order in which it is shown."""
    return (family for families in FAMILIES.values() for family in families)


def series_names() -> frozenset[str]:
    """Every name that an expression may use, those of histograms' parts among them."""
    names = set()
    for family in all_families():
        parts = ("_bucket", "_sum", "_count") if family.kind == "histogram" else ("",)
        names |= {family.name + part for part in parts}
    return frozenset(names)

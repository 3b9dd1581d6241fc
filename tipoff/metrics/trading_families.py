"""The metrics of the trading: its inputs, the worth of the books, what is durable, what was done."""

from collections import Counter
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Final

from engine.order_stages import OrderStage
from engine.orders import CancelReason, RejectCode
from engine.reasons import DenialReason
from engine.risk import ScopeKind, kind_of_scope
from engine.tally import StrategyTally
from engine.terms import Trust
from engine.units import COUNT_ONE, MONEY_ONE
from tipoff.metrics.engine_view import KALSHI_FRAMES, EngineView, SourceCounts
from tipoff.metrics.family import Family, ReadBy, counter, counter_by, gauge, gauge_by

NOTHING = "nothing"
"""The scope of facts on which no trade rests."""


def _values(kind: type[Enum]) -> tuple[str, ...]:
    return tuple(str(member.value) for member in kind)


def _of_source(read: Callable[[SourceCounts], float]) -> ReadBy:
    return lambda view: {name: read(each) for name, each in view.sources().items()}


def _books(view: EngineView) -> dict[str, float]:
    if view.overview is None:
        return {}
    trusted, books = view.overview.feed.trusted_books, view.overview.feed.books
    return {Trust.TRUSTED.value: trusted, Trust.STALE.value: books - trusted}


def _of_strategy(read: Callable[[StrategyTally], float]) -> ReadBy:
    return lambda view: view.by_strategy(read)


def _of_all(read: Callable[[StrategyTally], Mapping[str, int]]) -> ReadBy:
    """What all strategies together have counted."""

    def summed(view: EngineView) -> Counter[str]:
        found: Counter[str] = Counter()
        for line in view.tally.strategies.values():
            found.update(read(line))
        return found

    return summed


def _set_aside(view: EngineView) -> Counter[str]:
    found: Counter[str] = Counter()
    for fact in view.tally.set_aside.values():
        found[kind_of_scope(fact.scope).value if fact.scope else NOTHING] += fact.count
    return found


# A table: a metric is a row of one line or two.
# fmt: off
SOURCES: Final[tuple[Family, ...]] = (
    gauge_by("source_up", "Whether a connection or poll works.", "source", _of_source(lambda each: each.up)),
    gauge_by("source_last_message_timestamp_seconds", "When a source was heard last.", "source",
        _of_source(lambda each: each.last_at)),
    counter_by("source_messages", "Frames or bodies of a source.", "source",
        _of_source(lambda each: each.messages)),
    counter_by("source_failures", "Failed connections or requests of a source.", "source",
        _of_source(lambda each: each.failures)),
    counter_by("source_connections", "Attempts to connect.", "source",
        _of_source(lambda each: each.connections)),
    gauge_by("limiter_tokens", "What may be spent on requests at once.", "service",
        lambda view: {name: now for name, (now, _) in view.tokens().items()}),
    gauge_by("limiter_capacity_tokens", "The most that may be spent at once.", "service",
        lambda view: {name: most for name, (_, most) in view.tokens().items()}),
)

MARKET: Final[tuple[Family, ...]] = (
    counter("feed_frames", "Frames of the market feed.",
        lambda view: view.ingress.by_source[KALSHI_FRAMES] if view.overview else 0),
    counter("feed_gaps", "Gaps in the market feed's numbers.",
        lambda view: view.overview.feed.gaps if view.overview else 0),
    counter("feed_duplicate_frames", "Frames that had come before, or came too late.",
        lambda view: view.feed.duplicates + view.feed.old if view.feed else 0),
    counter("feed_refused_frames", "Frames that were not understood or did not fit.",
        lambda view: view.overview.feed.refused if view.overview else 0),
    gauge("feed_lag_seconds", "How old the latest change of a book was when it was heard.",
        lambda view: view.feed_lag_s() if view.overview else 0),
    gauge("feed_connection", "The number of the stream's connection; its lag is that of this connection.",
        EngineView.feed_connection),
    gauge_by("books", "Books by how far they are trusted.", "trust", _books, _values(Trust)),
    gauge("games", "Games that are followed.",
        lambda view: view.games() if view.overview else 0),
    gauge("markets", "Markets that are followed.",
        lambda view: view.overview.feed.books if view.overview else 0),
    gauge("clock_skew_seconds", "Our clock minus the venue's.", EngineView.clock_skew_s),
)

JOURNAL: Final[tuple[Family, ...]] = (
    gauge("journal_sequence", "The number of the last durable fact.",
        lambda view: view.queue.status.committed_seq),
    gauge("journal_lag_facts", "Facts that are decided and not durable yet.",
        lambda view: view.queue.waiting),
    gauge("journal_lag_records", "Records of the market that wait to be written.",
        lambda view: view.queue.waiting_records),
    gauge("journal_lag_seconds", "For how long the oldest decision waits to become durable.",
        lambda view: view.latency.lag_s),
    counter("journal_transactions", "Transactions that succeeded.",
        lambda view: view.queue.status.transactions),
    counter("journal_failures", "Transactions that failed.", lambda view: view.queue.status.failures),
    gauge("journal_failing", "Whether decisions cannot be made durable at present.",
        lambda view: bool(view.queue.status.failing)),
    counter("journal_records", "Records of the market that were written.",
        lambda view: view.queue.status.records),
    counter("journal_lost_records", "Records of the market given up because too many waited.",
        lambda view: view.queue.status.records_given_up),
    gauge("journal_slowest_transaction_seconds", "The longest transaction since the start.",
        lambda view: view.queue.status.slowest_s),
    gauge("recording", "Whether the evening is being recorded.", lambda view: not view.ingress.not_recorded),
    counter("recorded_lines", "Inputs that were written down.", lambda view: view.ingress.lines),
    gauge("database_bytes", "Size of the database with its log.", lambda view: view.database_bytes),
    gauge("disk_free_bytes", "Free space where the state is kept.", lambda view: view.disk_free_bytes),
)

TRADING: Final[tuple[Family, ...]] = (
    gauge_by("halts", "Halts in force by kind of scope.", "scope",
        lambda view: Counter(kind_of_scope(scope).value for scope in view.tally.halted), _values(ScopeKind)),
    gauge_by("set_aside_facts", "Facts and decisions that failed, until their scope is resumed.", "scope",
        _set_aside, (*_values(ScopeKind), NOTHING)),
    counter_by("signals", "Signals of a strategy.", "strategy", _of_strategy(lambda line: line.signals)),
    counter_by("near_misses", "Signals that nearly were one.", "strategy",
        _of_strategy(lambda line: line.near_misses)),
    counter_by("orders", "Orders that were submitted.", "strategy", _of_strategy(lambda line: line.orders)),
    counter_by("fills", "Fills.", "strategy", _of_strategy(lambda line: line.fills)),
    counter_by("filled_contracts", "Contracts that were filled.", "strategy",
        _of_strategy(lambda line: line.contracts / COUNT_ONE)),
    gauge_by("positions", "Markets in which a strategy holds contracts.", "strategy",
        _of_strategy(lambda line: sum(map(bool, line.positions.values())))),
    gauge_by("fees_dollars", "Fees paid in this run.", "strategy",
        lambda view: view.by_strategy(lambda line: view.tally.fees(line.name) / MONEY_ONE)),
    gauge_by("realized_dollars", "Result of closed and settled positions after fees.", "strategy",
        lambda view: view.by_strategy(lambda line: view.tally.realized(line.name) / MONEY_ONE)),
    counter_by("risk_denials", "Orders that the risk gate refused, by rule.", "reason",
        _of_all(lambda line: line.denied), _values(DenialReason)),
    counter_by("order_rejects", "Orders that the exchange refused, by code.", "code",
        _of_all(lambda line: line.rejected), _values(RejectCode)),
    counter_by("order_cancels", "Cancelled orders by reason.", "reason",
        _of_all(lambda line: line.cancelled), _values(CancelReason)),
    gauge_by("known_orders", "Orders that are open, and those that have ended in this run.", "state",
        lambda view: view.tally.stages.counts(), _values(OrderStage)),
    gauge("ledger_imbalance_dollars", "What the ledger's accounts add up to: always 0.",
        lambda view: sum(view.tally.ledger.balances.values()) / MONEY_ONE),
)

"""What the metrics are made of: plain numbers that somebody who has them hands over.

`Snapshots` is implemented for the live engine by `metrics_engine` and by tests as plain values, and turned
into series by `metrics_groups`. Nothing here waits, asks an actor or touches a database. Moments are seconds
since 1970 (UTC), 0 is never.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import attrs

from actors.runtime import Histogram


@attrs.frozen(kw_only=True)
class ProcessSnapshot:
    """The process as a whole."""

    version: str
    python: str
    engine: str
    environment: str
    run: str
    phase: str
    started_at: float
    degraded: int = 0
    reloads: int = 0
    reload_failures: int = 0
    reloaded_at: float = 0.0
    watchdog_at: float = 0.0
    log_lines: Mapping[str, int] = attrs.field(factory=dict)
    log_dropped: int = 0
    log_unkept: int = 0
    notices_sent: int = 0
    notices_failed: int = 0
    notices_dropped: int = 0


@attrs.frozen(kw_only=True)
class LoopSnapshot:
    """The one thread on which everything is decided."""

    steps: int = 0
    slow_steps: int = 0
    slowest_step_s: float = 0.0
    inputs: int = 0
    slow_inputs: int = 0
    slowest_input_s: float = 0.0
    waits: Mapping[str, Histogram] = attrs.field(factory=dict)
    """How long messages stood in the queue, by stage."""
    works: Mapping[str, Histogram] = attrs.field(factory=dict)
    """How long handlers worked on a message, by stage."""
    input_s: Histogram = attrs.field(factory=Histogram)
    decision_s: Histogram = attrs.field(factory=Histogram)
    """From hearing of something to the strategies' signals that follow from it at once."""
    durable_s: Histogram = attrs.field(factory=Histogram)
    """From a decision to its being durable."""
    heartbeats: Mapping[str, float] = attrs.field(factory=dict)
    """When the last heartbeat had come by all actors of each stage from feed to exchange."""


@attrs.frozen(kw_only=True)
class ActorSnapshot:
    """One actor. `name` is its address; what is counted survives its restarts."""

    name: str
    state: str
    restarts: int = 0
    failures: int = 0
    depth: int = 0
    peak: int = 0
    capacity: int = 0
    handled: int = 0
    refused: int = 0
    dropped: int = 0
    conflated: int = 0


@attrs.frozen(kw_only=True)
class RuntimeSnapshot:
    """The runtime below the actors."""

    reports: Mapping[str, int] = attrs.field(factory=dict)
    """Supervisor reports by kind."""
    restarts: Mapping[tuple[str, str], int] = attrs.field(factory=dict)
    """Restarts by actor and by why the life before ended."""
    zombies: int = 0
    dead_letters: int = 0
    asks_open: int = 0
    asks_late: int = 0
    stale_refused: int = 0
    foreign_refused: int = 0


@attrs.frozen(kw_only=True)
class SourceSnapshot:
    """One connection or poll."""

    name: str
    up: bool
    last_at: float = 0.0
    messages: int = 0
    failures: int = 0
    connections: int = 0


@attrs.frozen(kw_only=True)
class LimiterSnapshot:
    """What may be asked of one service."""

    name: str
    tokens: int = 0
    tokens_max: int = 0


@attrs.frozen(kw_only=True)
class MarketSnapshot:
    """What came through the feed."""

    frames: int = 0
    gaps: int = 0
    duplicates: int = 0
    refused: int = 0
    books: Mapping[str, int] = attrs.field(factory=dict)
    """Books by how far they are trusted."""
    games: int = 0
    markets: int = 0
    clock_skew_s: float | None = None
    lag_s: float = 0.0
    """How old the latest change of a book was when it was heard."""


@attrs.frozen(kw_only=True)
class JournalSnapshot:
    """What is durable."""

    seq: int = 0
    waiting: int = 0
    waiting_records: int = 0
    lag_s: float = 0.0
    """For how long the oldest decision has been waiting to become durable."""
    transactions: int = 0
    failures: int = 0
    failing: bool = False
    records: int = 0
    records_given_up: int = 0
    slowest_s: float = 0.0
    recording: bool = False
    recorded_lines: int = 0
    database_bytes: int = 0
    disk_free_bytes: int = 0


@attrs.frozen(kw_only=True)
class StrategySnapshot:
    """One strategy; money in dollars, contracts whole and parts of them."""

    name: str
    signals: int = 0
    near_misses: int = 0
    orders: int = 0
    fills: int = 0
    contracts: float = 0.0
    positions: int = 0
    fees: float = 0.0
    realized: float = 0.0


@attrs.frozen(kw_only=True)
class TradingSnapshot:
    """What was decided, and what became of it."""

    strategies: Sequence[StrategySnapshot] = ()
    denied: Mapping[str, int] = attrs.field(factory=dict)
    rejected: Mapping[str, int] = attrs.field(factory=dict)
    cancelled: Mapping[str, int] = attrs.field(factory=dict)
    halts: Mapping[str, int] = attrs.field(factory=dict)
    """Halts in force by kind of scope: all, strategy, game, quarantine."""
    orders: Mapping[str, int] = attrs.field(factory=dict)
    """Orders by where they stand."""
    imbalance: float = 0.0


class Snapshots(Protocol):
    """Whoever has the numbers. Every method answers at once, from memory."""

    def process(self) -> ProcessSnapshot:
        """Numbers of the process."""
        ...

    def loop(self) -> LoopSnapshot:
        """Numbers of the loop."""
        ...

    def actors(self) -> Sequence[ActorSnapshot]:
        """Every actor that there is."""
        ...

    def runtime(self) -> RuntimeSnapshot:
        """Numbers of the runtime."""
        ...

    def sources(self) -> Sequence[SourceSnapshot]:
        """Every connection and poll."""
        ...

    def limiters(self) -> Sequence[LimiterSnapshot]:
        """The budget of every service."""
        ...

    def market(self) -> MarketSnapshot:
        """Numbers of the feed."""
        ...

    def journal(self) -> JournalSnapshot:
        """Numbers of the journal."""
        ...

    def trading(self) -> TradingSnapshot:
        """Numbers of the trading."""
        ...

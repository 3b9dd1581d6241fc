"""What the control socket answers beside the observer's own lines: one class an answer.

Their annotations make both the JSON and its schema (`schema`). A moment is of type `Nanos`; whole
numbers of time are named after their unit.
"""

import attrs

from actors.read_model.views import (
    BandLine,
    FeedLine,
    HaltLine,
    PnlLine,
    ReportLine,
    RestingLine,
    SetAsideLine,
    StrategyLine,
)
from engine.units import Count, Money, Nanos, Price


@attrs.frozen(kw_only=True)
class Status:
    """One screen: is it trading, what is degraded, how much is at risk, the band, what failed last."""

    state: str
    trading: bool
    why_not: tuple[str, ...]
    degraded: tuple[str, ...]
    tipoff: str
    run: str | None
    at: Nanos
    uptime_seconds: int | None
    at_risk: Money
    at_risk_max: str | None
    positions: int
    open_orders: int
    still_open: tuple[str, ...]
    """While it drains or is halted: the open orders and positions, a sentence each; else empty."""
    pnl: BandLine
    strategies: tuple[StrategyLine, ...]
    results: tuple[PnlLine, ...]
    resting: tuple[RestingLine, ...]
    """While it drains or is halted: every order that is still open, and what has become of its cancel."""
    halts: tuple[HaltLine, ...]
    set_aside: tuple[SetAsideLine, ...]
    """Facts and decisions that failed; what stands still for them does so until somebody resumes it."""
    feed: FeedLine
    actors: int
    actors_running: int
    restarts: int
    dead_letters: int
    journal_seq: int
    last_failure: ReportLine | None


@attrs.frozen(kw_only=True)
class Check:
    """One thing that must be right."""

    name: str
    ok: bool
    detail: str


@attrs.frozen(kw_only=True)
class Health:
    """Whether the daemon can do its work: for probes."""

    ok: bool
    state: str
    checks: tuple[Check, ...]


@attrs.frozen(kw_only=True)
class ActorLine:
    """One actor or supervisor of the tree, indented by `depth`; `mailbox` is how many messages wait."""

    address: str
    depth: int
    kind: str
    state: str
    incarnation: int
    restarts: int
    mailbox: int
    mailbox_peak: int
    mailbox_capacity: int
    handled: int
    refused: int
    dropped: int
    failures: int
    last_error: str
    age_seconds: int | None


@attrs.frozen(kw_only=True)
class BookLevel:
    """Contracts bid (or offered) at a YES price."""

    price: Price
    count: Count


@attrs.frozen(kw_only=True)
class BookSeen:
    """A market's book in YES prices, best first, and where it comes from."""

    ticker: str
    game: str
    trust: str
    bids: tuple[BookLevel, ...]
    asks: tuple[BookLevel, ...]
    conn: int
    sid: int
    seq: int
    at: Nanos
    pseudo: bool


@attrs.frozen(kw_only=True)
class LimitLine:
    """A limit, who it holds for (null is everybody), how much of it is in use, and where most of it is."""

    name: str
    strategy: str | None
    use: str
    limit: str
    unit: str
    where: str


@attrs.frozen(kw_only=True)
class RiskSeen:
    """Every limit with its use, what is halted, and whether decisions can be made durable."""

    limits: tuple[LimitLine, ...]
    halts: tuple[HaltLine, ...]
    journal_trouble: str | None


@attrs.frozen(kw_only=True)
class Metrics:
    """The exposition text."""

    text: str


@attrs.frozen(kw_only=True)
class LogLevel:
    """What is logged: this level and what is more important."""

    level: str


@attrs.frozen(kw_only=True)
class Version:
    """What runs."""

    tipoff: str
    python: str
    protocol: int
    state: str

"""What the observer answers: lines of tables as plain values in the engine's own units.

Made by `actors.read_model.model`, turned into JSON and tables by the daemon's control socket and pages. A
value of type `Nanos` is a moment; durations are whole numbers whose names end in their unit.
"""

from enum import Enum

import attrs

from engine.events import BookSide, MarketStatus, Trust
from engine.orders import Liquidity, TimeInForce
from engine.reasons import DenialReason
from engine.units import Count, Money, Nanos, Price


@attrs.frozen
class Query:
    """Asked of the observer: the lines called `what`, narrowed by the filters, the last `limit` of them."""

    what: str
    strategy: str | None = None
    ticker: str | None = None
    game: str | None = None
    open_only: bool = False
    limit: int = 100


@attrs.frozen(kw_only=True)
class BandLine:
    """The same profit or loss under the three readings of the market data."""

    pessimistic: Money
    base: Money
    optimistic: Money


@attrs.frozen(kw_only=True)
class StrategyLine:
    """One strategy: what it is, what it has done, what it has."""

    name: str
    kind: str
    enabled: bool
    halted: str | None
    quarantined: bool
    parameters: str
    signals: int
    near_misses: int
    orders: int
    open_orders: int
    fills: int
    denied: dict[str, int]
    bankroll: Money
    cash: Money
    at_risk: Money


@attrs.frozen(kw_only=True)
class OrderLine:
    """One order. `ahead` is how many contracts stand before it; `end` is why it is over."""

    order_id: str
    strategy: str
    game: str
    ticker: str
    side: BookSide
    price: Price
    count: Count
    filled: Count
    remaining: Count
    tif: TimeInForce
    stage: str
    ahead: Count | None
    end: str | None
    signal_id: str
    at: Nanos


@attrs.frozen(kw_only=True)
class FillLine:
    """One fill."""

    fill_id: str
    order_id: str
    strategy: str
    ticker: str
    side: BookSide
    price: Price
    count: Count
    liquidity: Liquidity
    fee: Money
    at: Nanos


@attrs.frozen(kw_only=True)
class SignalLine:
    """One conclusion of a strategy; `action` no_trade is a near miss."""

    signal_id: str
    strategy: str
    ticker: str
    side: BookSide
    action: str
    reason: str
    p_fair: float | None
    price: Price | None
    p_edge: float | None
    at: Nanos


@attrs.frozen(kw_only=True)
class PositionLine:
    """One position; `worth` is what it would fetch at once, at the bid."""

    strategy: str
    game: str
    ticker: str
    position: Count
    cost: Money
    worth: Money
    unrealized: Money
    yes_bid: Price | None
    yes_ask: Price | None


@attrs.frozen(kw_only=True)
class PnlLine:
    """Profit and loss of a strategy, or (`strategy` all) of all together, after fees."""

    strategy: str
    realized: Money
    unrealized: Money
    fees: Money
    band: BandLine


@attrs.frozen(kw_only=True)
class GameLine:
    """One game: who, when, how it stands, and what is known of it."""

    game: str
    away: str | None
    home: str | None
    tip_at: Nanos | None
    matched: bool
    score: str | None
    phase: str
    period: int | None
    clock_ms: int | None
    markets: int
    sportsbooks: int
    scores_disagree: bool
    halted: str | None


@attrs.frozen(kw_only=True)
class MarketLine:
    """One market's best prices and whether they may be believed."""

    ticker: str
    game: str
    kind: str
    status: MarketStatus | None
    yes_bid: Price | None
    yes_bid_size: Count | None
    yes_ask: Price | None
    yes_ask_size: Count | None
    trust: Trust | None
    at: Nanos | None


@attrs.frozen(kw_only=True)
class DeadLetterLine:
    """One message that nobody will work on."""

    address: str
    sender: str
    message_type: str
    digest: str
    why: str
    error: str
    at: Nanos


@attrs.frozen(kw_only=True)
class HaltLine:
    """One scope that may not trade, or only reduce."""

    scope: str
    state: str
    by: str
    why: str
    at: Nanos


@attrs.frozen(kw_only=True)
class DenialLine:
    """An order that the risk gate denied: which rule, how much was in use, and the limit."""

    order_id: str
    reason: DenialReason
    use: str
    limit: str
    at: Nanos


@attrs.frozen(kw_only=True)
class SetAsideLine:
    """Facts of the journal that a start could not apply; `scope` stands still for them (empty: nothing does).

    `first` and `last` are their entries, 0 if it was a decision of the start and no entry. `money` says that
    positions or cash may be wrong without them; then the market is not settled before it is released.
    """

    scope: str
    first: int
    last: int
    count: int
    kind: str
    why: str
    money: bool
    at: Nanos
    words: str


class CancelState(Enum):
    """What has become of an order's cancel: none was sent, it is under way, it was refused, it was sent again
    after that.
    """

    NONE = "none"
    UNDER_WAY = "under_way"
    REFUSED = "refused"
    SENT_AGAIN = "sent_again"


@attrs.frozen(kw_only=True)
class RestingLine:
    """An open order under a halt, and what has become of its cancel.

    `cancel_at` is when a cancel was last sent, `refused` the code of the last refusal. A cancel that was
    refused for `exchange_paused` is sent again when the venue goes on.
    """

    order_id: str
    strategy: str
    ticker: str
    side: BookSide
    price: Price
    remaining: Count
    stage: str
    exit: bool
    cancel: CancelState
    cancel_at: Nanos | None
    refused: str | None
    refused_at: Nanos | None
    why: str


@attrs.frozen(kw_only=True)
class ReportLine:
    """One report of a supervisor: which actor, what happened, why."""

    address: str
    what: str
    error: str
    at: Nanos


@attrs.frozen(kw_only=True)
class FeedLine:
    """How the market feed stands."""

    connected: bool
    conn: int | None
    gaps: int
    losses: int
    refused: int
    last_book_at: Nanos | None
    lag_ms: int
    """How late the venue was heard in the last seconds, at worst, in milliseconds."""
    venue_trading: bool
    trusted_books: int
    books: int


@attrs.frozen(kw_only=True)
class Overview:
    """What a person asks first."""

    run: str | None
    version: str | None
    started_at: Nanos | None
    at: Nanos
    journal_seq: int
    facts: int
    at_risk: Money
    positions: int
    open_orders: int
    band: BandLine
    feed: FeedLine
    halts: tuple[HaltLine, ...]
    set_aside: tuple[SetAsideLine, ...]
    quarantined: tuple[str, ...]
    strategies_on: tuple[str, ...]
    restarts: int
    dead_letters: int
    last_failure: ReportLine | None
    since: dict[str, Nanos]

"""Facts: everything durable that the engine decided, in the past tense.

State is the fold of facts. Made by the strategies, the risk gate and the paper exchange; committed by the
journal; folded again at every restart; read by reports. Each fact has `at`, the stamp of the input it was
decided on (UTC nanoseconds). `FACTS` names every kind for the journal's reader. Texts of numbers are exact
decimals.
"""

from enum import Enum
from typing import Final, TypeAlias, get_args

from engine.accounts import SHARED
from engine.events import BookSide, MarketStatus, Trust
from engine.message import message
from engine.orders import (
    AmendOrder,
    CancelOrder,
    CancelReason,
    Liquidity,
    PlaceOrder,
    RejectCode,
)
from engine.reasons import DenialReason
from engine.run_facts import (
    FactsSetAside,
    FollowingChanged,
    LimitChanged,
    OperatorActed,
    PregameChanged,
    RunEnded,
    RunStarted,
    StrategyChanged,
    StrategyOpened,
    TradingHalted,
    TradingResumed,
)
from engine.units import Count, Money, Nanos, Price
from engine.venue_facts import (
    AmendSubmitted,
    BandEnded,
    BlindnessBegan,
    BlindnessEnded,
    CancelSubmitted,
    DepthUnclear,
    FeeTermsChanged,
    MarketResultKnown,
    MarketTermsChanged,
    PositionPaid,
    QueueLevelChanged,
    TradeHeld,
    TradeReleased,
    VenueStatusChanged,
)

Evidence: TypeAlias = tuple[tuple[str, str], ...]
"""Named values that made a decision, in the order a person should read them."""


ORDER_EVIDENCE: Final = "order"
"""The name under which a signal's evidence keeps the order that it gave rise to."""

BID_EVIDENCE: Final = "yes_bid"
ASK_EVIDENCE: Final = "yes_ask"
"""The names under which it keeps the best prices of that moment."""

GAP_EVIDENCE: Final = "gap"
SOURCE_EVIDENCE: Final = "source"
"""And how far beyond its price the opinion was, in dollars, and where the opinion is from."""


class SignalAction(Enum):
    """What a strategy concluded; NO_TRADE records a near miss with the limit that stopped it."""

    ENTER = "enter"
    EXIT = "exit"
    NO_TRADE = "no_trade"


@message
class SignalRaised:
    """A strategy's conclusion.

    `p_edge` is the expected gain per contract in dollars after both legs' fees.
    """

    signal_id: str
    strategy: str
    game: str
    ticker: str
    side: BookSide
    action: SignalAction
    reason: str
    p_fair: float | None
    price: Price | None
    p_edge: float | None
    evidence: Evidence
    at: Nanos


@message
class Noted:
    """What a strategy keeps over a restart (a baseline, a cooldown). `value` is JSON text."""

    strategy: str
    key: str
    value: str
    at: Nanos


@message
class OrderApproved:
    """The risk gate approved a command; the exchange may act on it."""

    command: PlaceOrder | CancelOrder | AmendOrder
    at: Nanos


@message
class OrderDenied:
    """The risk gate denied a command: which rule, how much was in use, and the limit."""

    order_id: str
    strategy: str
    game: str
    ticker: str
    signal_id: str
    reason: DenialReason
    use: str
    limit: str
    at: Nanos


@message
class OrderSubmitted:
    """An approved order is on its way; it meets the book at `arrives_at`."""

    order: PlaceOrder
    arrives_at: Nanos
    at: Nanos
    arrives_pessimistic_at: Nanos | None = None
    arrives_optimistic_at: Nanos | None = None


@message
class OrderRejected:
    """The paper exchange refused an order as the venue would."""

    order_id: str
    strategy: str
    ticker: str
    code: RejectCode
    detail: str
    at: Nanos


@message
class OrderRested:
    """An order (or its remainder) joined the book behind `ahead` contracts. `book_seq` is the book it met.

    `joined_at` is when, by the venue's clock; prints up to `known_to` are in the queue already.
    """

    order_id: str
    strategy: str
    ticker: str
    side: BookSide
    price: Price
    remaining: Count
    ahead: Count
    book_seq: int
    at: Nanos
    own_ahead: Count = Count(0)
    known_to: Nanos | None = None
    joined_at: Nanos | None = None


@message
class QueueMoved:
    """The contracts ahead of a resting order became fewer. `cause` is a trade id or a word.

    `ahead` includes `own_ahead` (our earlier orders); `optimistic` is the venue's part under the optimistic
    reading; `known_to` is the venue's time up to which the queue has been accounted for.
    """

    order_id: str
    ahead_before: Count
    ahead: Count
    cause: str
    at: Nanos
    own_ahead: Count = Count(0)
    optimistic: Count = Count(0)
    known_to: Nanos | None = None


@message
class LevelTaken:
    """Our own consumption of a displayed level: `taken` is the new total; zero clears it.

    `short_since` is since when less than that has been displayed, and `short_most` the most of it since.
    """

    ticker: str
    side: BookSide
    price: Price
    taken: Count
    at: Nanos
    short_since: Nanos | None = None
    short_most: Count = Count(0)
    account: str = SHARED


@message
class FillEvidence:
    """What made a fill.

    A book level or a printed trade, the queue before and after, and the fee's arithmetic.
    """

    kind: str
    trade_id: str | None
    level_price: Price
    level_size: Count
    book_conn: int
    book_sid: int
    book_seq: int
    book_age_ns: int
    queue_before: Count
    queue_after: Count
    decided_at: Nanos
    arrived_at: Nanos
    fee_formula: str
    pseudo: bool = False
    feed_lag_ns: int | None = None
    """How long after it happened at the venue we heard of what made the fill; None if nobody knows."""


@message
class OrderFilled:
    """Part or all of an order traded at a YES price.

    `fee` is what was charged for this fill, net of rebates.
    """

    fill_id: str
    order_id: str
    strategy: str
    game: str
    ticker: str
    side: BookSide
    price: Price
    count: Count
    liquidity: Liquidity
    fee: Money
    fee_accumulated: Money
    remaining: Count
    evidence: FillEvidence
    at_venue: Nanos | None
    at: Nanos


@message
class OrderCancelled:
    """What was left of an order is gone."""

    order_id: str
    strategy: str
    ticker: str
    remaining: Count
    reason: CancelReason
    at: Nanos


@message
class CancelRefused:
    """A cancel or an amend came too late or named no resting order."""

    order_id: str
    strategy: str
    code: RejectCode
    at: Nanos
    amend: bool = False


@message
class OrderAmended:
    """A resting order's price or count changed; `ahead` is its place in the queue afterwards.

    `requeued` says that it lost its place and meets the book anew: fills or an `OrderRested` follow.
    """

    order_id: str
    strategy: str
    price: Price
    remaining: Count
    ahead: Count
    at: Nanos
    count: Count = Count(0)
    requeued: bool = False


@message
class BandMoved:
    """Cumulative filled contracts of an order under the three readings of the same market data.

    The money fields are the cumulative cash effect (price and fee) of those fills; strategies see base only.
    """

    order_id: str
    strategy: str
    ticker: str
    pessimistic: Count
    base: Count
    optimistic: Count
    pessimistic_cash: Money
    base_cash: Money
    optimistic_cash: Money
    at: Nanos
    cause: str = ""
    level_price: Price = Price(0)


@message
class Posting:
    """One side of a ledger entry; the postings of an entry sum to zero."""

    account: str
    amount: Money


@message
class LedgerPosted:
    """A double-entry ledger entry. `cause` is the fill, settlement or account opening that made it."""

    entry_id: str
    strategy: str
    cause: str
    postings: tuple[Posting, ...]
    at: Nanos


@message
class PositionSettled:
    """A position was paid by the venue's result; `value` is what one YES contract paid.

    A corrected result reverses the earlier settlement by a new fact with `reversal`.
    """

    strategy: str
    game: str
    ticker: str
    position: Count
    value: Price
    result: str
    payout: Money
    reversal: bool
    at: Nanos


@message
class MarketStateChanged:
    """A market's status or its book's trust changed where our orders could feel it."""

    ticker: str
    status: MarketStatus
    trust: Trust
    reason: str
    at: Nanos


Fact: TypeAlias = (
    RunStarted
    | RunEnded
    | StrategyOpened
    | StrategyChanged
    | SignalRaised
    | Noted
    | OrderApproved
    | OrderDenied
    | OrderSubmitted
    | OrderRejected
    | OrderRested
    | QueueMoved
    | LevelTaken
    | OrderFilled
    | OrderCancelled
    | CancelRefused
    | OrderAmended
    | BandMoved
    | LedgerPosted
    | PositionSettled
    | MarketStateChanged
    | TradingHalted
    | TradingResumed
    | LimitChanged
    | FollowingChanged
    | PregameChanged
    | FactsSetAside
    | OperatorActed
    | QueueLevelChanged
    | CancelSubmitted
    | AmendSubmitted
    | BandEnded
    | PositionPaid
    | MarketTermsChanged
    | MarketResultKnown
    | FeeTermsChanged
    | VenueStatusChanged
    | BlindnessBegan
    | BlindnessEnded
    | TradeHeld
    | TradeReleased
    | DepthUnclear
)

FACTS: dict[str, type[Fact]] = {kind.__name__: kind for kind in get_args(Fact)}
"""Kind name to class, for whoever reads the journal back."""

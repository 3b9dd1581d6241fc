"""Orders: the commands of strategies, the approved commands, and the reasons for rejects and cancels.

Made by the strategies, approved by `engine.risk` (the only maker of `Approved`), executed by the paper
exchange. Prices are always YES prices: buying NO at q is an ASK at 1 - q.
"""

from enum import Enum
from typing import Generic, TypeAlias, TypeVar

import attrs

from engine.events import BookSide
from engine.explained import Explained
from engine.message import message
from engine.units import Count, Nanos, Price


class TimeInForce(Enum):
    """How long an order lives (the venue's names)."""

    GTC = "good_till_canceled"
    IOC = "immediate_or_cancel"
    FOK = "fill_or_kill"


class SelfTradePrevention(Enum):
    """Who yields when two of our own orders would trade: the incoming one or the resting one."""

    TAKER_AT_CROSS = "taker_at_cross"
    MAKER = "maker"


# YES prices only, as in the venue's own order calls: buying NO at q and selling YES at 1 - q are one order
# there, and with two spellings two of our own orders could cross unnoticed.
@message
class PlaceOrder:
    """A request to trade. `order_id` is the client order id: unique, deterministic, idempotent.

    `expires_at` makes a GTC order good till time. `leg_of` names the group of a multi-leg order. `exit` marks
    an order that reduces a position: it passes where entries are blocked.
    """

    order_id: str
    strategy: str
    game: str
    ticker: str
    side: BookSide
    price: Price
    count: Count
    tif: TimeInForce
    decided_at: Nanos
    signal_id: str
    post_only: bool = False
    reduce_only: bool = False
    expires_at: Nanos | None = None
    # The mode in which an order of ours already in the book is never taken out by a later one.
    stp: SelfTradePrevention = SelfTradePrevention.TAKER_AT_CROSS
    leg_of: str | None = None
    exit: bool = False
    p_fair: float | None = None


@message
class CancelOrder:
    """A request to cancel a resting order; it has its own latency and may lose the race against a fill."""

    order_id: str
    strategy: str
    decided_at: Nanos


@message
class AmendOrder:
    """A request to change a resting order.

    Only a smaller count at the same price keeps the place in the queue.
    """

    order_id: str
    strategy: str
    price: Price
    count: Count
    decided_at: Nanos


T = TypeVar("T")
OrderCommand: TypeAlias = PlaceOrder | CancelOrder | AmendOrder


# A type of its own, so that the type checker refuses an order that has not been judged.
@attrs.frozen
class Approved(Generic[T]):
    """A command that passed the risk gate. Only `engine.risk` may make one (held by a test)."""

    command: T


class Liquidity(Enum):
    """Which side of a trade we were."""

    TAKER = "taker"
    MAKER = "maker"


class RejectCode(Explained):
    """Why the venue would refuse an order, by its own codes where it has one."""

    MARKET_INACTIVE = ("market_inactive", "the market does not trade: not open yet, closed, or settled")
    TRADING_PAUSED = ("trading_paused", "the venue or the market's shard takes no orders")
    EXCHANGE_PAUSED = (
        "exchange_paused",
        "the venue or the market's shard stands still; cancels do not work either",
    )
    INVALID_PRICE = ("invalid_price", "the price is not on the market's ticks")
    INVALID_COUNT = ("invalid_count", "fewer contracts than the smallest order has")
    INSUFFICIENT_BALANCE = ("insufficient_balance", "the strategy's cash does not cover it")
    POST_ONLY_CROSS = ("post_only_cross", "it may only rest, and would trade at once")
    FOK_INSUFFICIENT_RESTING_VOLUME = (
        "fill_or_kill_insufficient_resting_volume",
        "all or nothing, and not all was there",
    )
    REDUCE_ONLY_WITHOUT_POSITION = (
        "reduce_only_without_position",
        "it may only make a position smaller, and there is none",
    )
    REDUCE_ONLY_NEEDS_IOC = (
        "reduce_only_needs_immediate_or_cancel",
        "what may only reduce works at once or not at all",
    )
    EXPIRATION_IN_PAST = ("expiration_in_past", "it expired on its way")
    EXPIRATION_NOT_ALLOWED = ("expiration_not_allowed", "only an order that rests can expire")
    POST_ONLY_NEEDS_GTC = ("post_only_needs_good_till_canceled", "what may only rest cannot be immediate")
    DUPLICATE_ORDER_ID = (
        "order_already_exists",
        "an order of this id is known; on paper the second is passed over instead",
    )
    ORDER_NOT_FOUND = ("order_not_found", "a cancel or an amend found no order that rests: it came too late")
    MARKET_NOT_FOUND = ("market_not_found", "the market was never listed")
    MARKET_NOT_BINARY = ("market_not_binary", "only markets that pay one dollar or nothing are traded")
    UNKNOWN_FEE_TYPE = ("unknown_fee_type", "nobody knows what the market charges")
    BOOK_UNTRUSTED = ("book_untrusted", "nobody knows what the book was when it arrived")
    MARKET_FROZEN = ("market_frozen", "the market stands still since a fact or a decision of it failed")
    FEED_BEHIND = (
        "feed_behind",
        "what the venue had at its arrival is not known: the feed came too late, or is polled",
    )
    DOWNTIME_UNKNOWN = ("downtime_unknown", "the process was down when it arrived")


class CancelReason(Enum):
    """Why an order ended without being filled whole."""

    REQUESTED = "requested"
    IMMEDIATE_REMAINDER = "immediate_or_cancel_remainder"
    EXPIRED = "expired"
    MARKET_REACTIVATED = "market_reactivated"
    MARKET_CLOSED = "market_closed"
    MARKET_PAUSED = "market_paused"
    SELF_TRADE = "self_trade_prevention"
    INSUFFICIENT_BALANCE = "insufficient_balance"
    STRATEGY_QUARANTINED = "strategy_quarantined"
    STRATEGY_DISABLED = "strategy_disabled"
    HALTED = "halted"
    DOWNTIME_UNKNOWN = "downtime_unknown"
    AMENDED_TO_NOTHING = "amended_to_nothing"
    NO_HEARTBEAT = "no_heartbeat"
    OPERATOR = "operator"
    FEES_UNKNOWN = "fees_unknown"
    NOTHING_TO_CLOSE = "nothing_to_close"
    MARKET_FROZEN = "market_frozen"

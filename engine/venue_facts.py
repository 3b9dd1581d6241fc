"""Facts of the paper exchange that only it folds: queues, terms, results, cancels on their way, blindness.

Part of `engine.facts.Fact`, which is where the journal's reader finds them. What is remembered beside the
venue's own doing is remembered for each account by itself.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Final

from engine.accounts import SHARED
from engine.events import BookSide, MarketListed, MarketStatus, PriceRange, TradePrinted
from engine.message import message
from engine.orders import AmendOrder, CancelReason
from engine.units import Count, Money, Nanos, Price


@message
class QueueLevelChanged:
    """What is remembered of a level where we rest, so that no trade is counted twice.

    `credits` are decreases that no print has explained yet (size, until when, venue time); `printed` are
    prints whose decrease has not been seen yet (size, until when). Both are the new whole; `cause` is a trade
    id or a word. `displayed` is the size that was last seen before a gap.
    """

    ticker: str
    side: BookSide
    price: Price
    credits: tuple[tuple[Count, Nanos, Nanos | None], ...]
    printed: tuple[tuple[Count, Nanos], ...]
    cause: str
    at: Nanos
    displayed: Count | None = None
    account: str = SHARED


@message
class DepthChange:
    """A change of a level's displayed size, at a YES price, and when the venue says that it was."""

    side: BookSide
    price: Price
    change: Count
    at_venue: Nanos | None


@message
class DepthUnclear:
    """Changes of a book that may have happened before or after an order of ours reaches the venue.

    They have no venue time, or one within the moment of the arrival, or came with a book taken whole.
    `changes` are the new whole, in the order in which they were heard.
    """

    ticker: str
    changes: tuple[DepthChange, ...]
    at: Nanos
    account: str = SHARED


@message
class TradeReleased:
    """A print that had waited for the decision on an order has done its work."""

    ticker: str
    trade_id: str
    at: Nanos
    account: str = SHARED


@message
class CancelSubmitted:
    """A cancel is on its way; it meets the order at `arrives_at`, if there is one left."""

    order_id: str
    strategy: str
    arrives_at: Nanos
    reason: CancelReason
    at: Nanos


@message
class AmendSubmitted:
    """A change of a resting order is on its way; it meets the order at `arrives_at`, if there is one left."""

    amend: AmendOrder
    arrives_at: Nanos
    at: Nanos


@message
class BandEnded:
    """The counterfactual readings of an order stop here; `BandMoved` said what they came to."""

    order_id: str
    at: Nanos


@message
class PositionPaid:
    """The venue paid a settled position out: the claim became cash."""

    strategy: str
    ticker: str
    amount: Money
    at: Nanos


@message
class MarketTermsChanged:
    """All terms of a market that decide whether and how an order of ours works; the new whole."""

    ticker: str
    event_ticker: str
    series: str
    status: MarketStatus
    price_ranges: tuple[PriceRange, ...]
    fee_type: str | None
    fee_multiplier: str | None
    open_at: Nanos | None
    close_at: Nanos | None
    expected_expiration_at: Nanos | None
    exchange_index: int | None
    binary: bool
    at: Nanos

    @property
    def said(self) -> tuple[object, ...]:
        """Everything but of what and when: equal for listings that say the same of their market."""
        return said_terms(self)


said_terms: Final[Callable[[MarketTermsChanged | MarketListed], tuple[object, ...]]] = attrgetter(
    *(name for name in MarketTermsChanged.__annotations__ if name not in ("ticker", "at"))
)
"""Everything that terms, or a listing in the same names, say but of what and when."""


@message
class MarketResultKnown:
    """The venue's result of a market as it stands now (it may be disputed), and whether it is settled."""

    ticker: str
    result: str
    value: Price
    settled: bool
    at: Nanos


@message
class FeeTermsChanged:
    """Fee terms of a series or an event as the venue announced them; None takes them away."""

    scope: str
    fee_type: str | None
    fee_multiplier: str | None
    at: Nanos


@message
class VenueStatusChanged:
    """Whether the venue, or one of its shards, takes orders."""

    exchange_index: int | None
    exchange_active: bool
    trading_active: bool
    at: Nanos


@message
class BlindnessBegan:
    """A market where our orders rest could not be followed from `since` on."""

    ticker: str
    since: Nanos
    reason: str
    at: Nanos
    account: str = SHARED


@message
class BlindnessEnded:
    """A market can be followed again; `recovered` says whether the trades of the gap were had and decided."""

    ticker: str
    since: Nanos
    recovered: bool
    at: Nanos
    account: str = SHARED


@message
class TradeHeld:
    """A print heard while its market could not be followed, or before it was decided what had become of an
    order that reached the venue earlier.

    It counts once the rest of the gap is known, or that order has been decided.
    """

    trade: TradePrinted
    at: Nanos
    account: str = SHARED

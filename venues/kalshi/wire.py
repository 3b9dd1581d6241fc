"""What Kalshi's stream sends, as it sends it.

Decoded here, given a meaning in `venues.kalshi.parse`, and never seen outside `venues.kalshi`. Prices and
sizes stay the texts that they are. Fields that we do not use are left out and ignored; fields that are
missing in some real recordings are optional whatever the specification says.
"""

from decimal import Decimal
from typing import Annotated

import msgspec

from engine.events import BookSide, Side

Number = Annotated[int, msgspec.Meta(ge=0)]
"""A subscription or sequence number."""

Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=4_102_444_800_000)]
"""Unix milliseconds until the year 2100."""

Seconds = Annotated[int, msgspec.Meta(ge=0, le=4_102_444_800)]
"""Unix seconds until the year 2100."""

LevelText = tuple[str, str]
"""Price in dollars and size, as texts."""


class DeltaBody(msgspec.Struct, frozen=True, gc=False):
    """The change of one level."""

    market_ticker: str
    price_dollars: str
    delta_fp: str
    side: Side
    ts_ms: Milliseconds | None = None


class Delta(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="orderbook_delta"):
    """`orderbook_delta`."""

    sid: Number
    seq: Number
    msg: DeltaBody


class SnapshotBody(msgspec.Struct, frozen=True):
    """The whole book of one market; the key of an empty side is missing."""

    market_ticker: str
    yes_dollars_fp: list[LevelText] = []
    no_dollars_fp: list[LevelText] = []


class Snapshot(msgspec.Struct, frozen=True, tag_field="type", tag="orderbook_snapshot"):
    """`orderbook_snapshot`."""

    sid: Number
    seq: Number
    msg: SnapshotBody


class TickerBody(msgspec.Struct, frozen=True, gc=False):
    """Top of book and last price of one market."""

    market_ticker: str
    price_dollars: str | None = None
    yes_bid_dollars: str | None = None
    yes_ask_dollars: str | None = None
    yes_bid_size_fp: str | None = None
    yes_ask_size_fp: str | None = None
    ts_ms: Milliseconds | None = None


class Ticker(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="ticker"):
    """`ticker`; it has no sequence number."""

    msg: TickerBody
    sid: Number = 0
    seq: Number | None = None


class TradeBody(msgspec.Struct, frozen=True, gc=False):
    """A public trade; which of the three direction fields are there depends on the year."""

    trade_id: str
    market_ticker: str
    yes_price_dollars: str
    count_fp: str
    taker_book_side: BookSide | None = None
    taker_outcome_side: Side | None = None
    taker_side: Side | None = None
    is_block_trade: bool = False
    ts_ms: Milliseconds | None = None


class Trade(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="trade"):
    """`trade`; numbered since April 2026."""

    msg: TradeBody
    sid: Number = 0
    seq: Number | None = None


class RangeText(msgspec.Struct, frozen=True, gc=False):
    """One entry of `price_ranges`."""

    start: str
    end: str
    step: str


class LifecycleBody(msgspec.Struct, frozen=True):
    """A step in a market's life; which fields are there depends on `event_type`."""

    event_type: str
    market_ticker: str
    open_ts: Seconds | None = None
    close_ts: Seconds | None = None
    result: str | None = None
    settlement_value: str | None = None
    determination_ts: Seconds | None = None
    settled_ts: Seconds | None = None
    price_ranges: list[RangeText] | None = None


class Lifecycle(msgspec.Struct, frozen=True, tag_field="type", tag="market_lifecycle_v2"):
    """`market_lifecycle_v2`."""

    msg: LifecycleBody
    sid: Number = 0
    seq: Number | None = None


class EventLifecycle(msgspec.Struct, frozen=True, tag_field="type", tag="event_lifecycle"):
    """`event_lifecycle`: a new event. We find events by REST and only take the number."""

    sid: Number = 0
    seq: Number | None = None


class EventFeeBody(msgspec.Struct, frozen=True):
    """An event's own fee terms, null where they were taken away."""

    event_ticker: str
    fee_type_override: str | None = None
    fee_multiplier_override: Decimal | None = None


class EventFee(msgspec.Struct, frozen=True, tag_field="type", tag="event_fee_update"):
    """`event_fee_update`."""

    msg: EventFeeBody
    sid: Number = 0
    seq: Number | None = None


class SubscribedBody(msgspec.Struct, frozen=True):
    """Which channel got which subscription number."""

    channel: str
    sid: Number


class Subscribed(msgspec.Struct, frozen=True, tag_field="type", tag="subscribed"):
    """`subscribed`: the answer to the first subscription of a channel; it has no sequence number."""

    msg: SubscribedBody
    id: int = 0


class Ok(msgspec.Struct, frozen=True, tag_field="type", tag="ok"):
    """`ok`: the answer to everything else; it takes a sequence number where it names a subscription."""

    id: int = 0
    sid: Number = 0
    seq: Number | None = None
    msg: msgspec.Raw = msgspec.Raw(b"{}")


class Unsubscribed(msgspec.Struct, frozen=True, tag_field="type", tag="unsubscribed"):
    """`unsubscribed`."""

    id: int = 0
    sid: Number = 0
    seq: Number | None = None


class ErrorBody(msgspec.Struct, frozen=True):
    """The code (kalshi reference §2) and a text."""

    code: int
    msg: str = ""


class Error(msgspec.Struct, frozen=True, tag_field="type", tag="error"):
    """`error`: the answer to a command, or the end of a subscription."""

    msg: ErrorBody
    id: int = 0
    sid: Number = 0
    seq: Number | None = None


Frame = (
    Delta
    | Snapshot
    | Ticker
    | Trade
    | Lifecycle
    | EventLifecycle
    | EventFee
    | Subscribed
    | Ok
    | Unsubscribed
    | Error
)

FRAME = msgspec.json.Decoder(Frame)
"""One look at the tag decides which frame it is."""


class Envelope(msgspec.Struct, frozen=True):
    """What can be said of a frame that fits none of the above."""

    type: str
    sid: Number = 0
    seq: Number | None = None


ENVELOPE = msgspec.json.Decoder(Envelope)

"""What Kalshi's REST interface answers, as it answers it.

Decoded and given a meaning in `venues.kalshi.answers`, never seen outside `venues.kalshi`. Prices and sizes
stay the texts that they are; fields that are missing in some real bodies are optional whatever the
specification says.
"""

from decimal import Decimal

import msgspec

from engine.events import BookSide, MarketStatus, Side
from venues.kalshi.wire import LevelText, RangeText


class MarketBody(msgspec.Struct, frozen=True):
    """A market object of REST."""

    ticker: str
    event_ticker: str
    status: MarketStatus
    market_type: str = "binary"
    title: str = ""
    price_ranges: list[RangeText] = []
    floor_strike: float | None = None
    strike_type: str | None = None
    open_time: str | None = None
    close_time: str | None = None
    expected_expiration_time: str | None = None
    exchange_index: int | None = None
    result: str = ""
    settlement_value_dollars: str | None = None
    settlement_ts: str | None = None
    settlement_bounds_type: str = "default"


class EventBody(msgspec.Struct, frozen=True):
    """An event object, with its markets where they were asked for; each is read alone, so that one may be
    wrong.
    """

    event_ticker: str
    series_ticker: str
    title: str = ""
    fee_type_override: str | None = None
    fee_multiplier_override: Decimal | None = None
    exchange_index: int | None = None
    markets: list[msgspec.Raw] = []


class EventsAnswer(msgspec.Struct, frozen=True):
    """`GET /events`."""

    events: list[EventBody]
    cursor: str | None = None


class EventAnswer(msgspec.Struct, frozen=True):
    """`GET /events/{ticker}`: the markets stand inside the event or beside it."""

    event: EventBody
    markets: list[msgspec.Raw] = []


class MarketsAnswer(msgspec.Struct, frozen=True):
    """`GET /markets`."""

    markets: list[msgspec.Raw]
    cursor: str | None = None


class MarketAnswer(msgspec.Struct, frozen=True):
    """`GET /markets/{ticker}`."""

    market: msgspec.Raw


class BookBody(msgspec.Struct, frozen=True):
    """A book of REST."""

    yes_dollars: list[LevelText] | None = None
    no_dollars: list[LevelText] | None = None


class BookAnswer(msgspec.Struct, frozen=True):
    """`GET /markets/{ticker}/orderbook`: it does not say whose book it is."""

    orderbook_fp: BookBody


class BookOfMarket(msgspec.Struct, frozen=True):
    """One book of a batch."""

    ticker: str
    orderbook_fp: BookBody


class BooksAnswer(msgspec.Struct, frozen=True):
    """`GET /markets/orderbooks`."""

    orderbooks: list[BookOfMarket]


class TradeRow(msgspec.Struct, frozen=True):
    """A public trade of REST."""

    trade_id: str
    ticker: str
    count_fp: str
    yes_price_dollars: str
    created_time: str
    taker_book_side: BookSide | None = None
    taker_outcome_side: Side | None = None
    taker_side: Side | None = None
    is_block_trade: bool = False


class TradesAnswer(msgspec.Struct, frozen=True):
    """`GET /markets/trades`, newest first."""

    trades: list[TradeRow]
    cursor: str | None = None


class ShardStatus(msgspec.Struct, frozen=True):
    """One shard of the exchange."""

    exchange_index: int
    exchange_active: bool
    trading_active: bool


class ExchangeStatusAnswer(msgspec.Struct, frozen=True):
    """`GET /exchange/status`."""

    exchange_active: bool
    trading_active: bool
    exchange_index_statuses: list[ShardStatus] = []


class SeriesBody(msgspec.Struct, frozen=True):
    """A series object; its fee terms hold where no event overrides them."""

    ticker: str
    title: str = ""
    fee_type: str | None = None
    fee_multiplier: Decimal | None = None
    exchange_index: int | None = None


class SeriesAnswer(msgspec.Struct, frozen=True):
    """`GET /series/{ticker}`."""

    series: SeriesBody


class SeriesFeeChange(msgspec.Struct, frozen=True):
    """New terms of a series from a moment on."""

    series_ticker: str
    fee_type: str
    fee_multiplier: Decimal
    scheduled_ts: str


class SeriesFeeChangesAnswer(msgspec.Struct, frozen=True):
    """`GET /series/fee_changes`."""

    series_fee_change_arr: list[SeriesFeeChange]


class EventFeeChange(msgspec.Struct, frozen=True):
    """New terms of an event from a moment on."""

    event_ticker: str
    scheduled_ts: str
    fee_type_override: str | None = None
    fee_multiplier_override: Decimal | None = None


class EventFeeChangesAnswer(msgspec.Struct, frozen=True):
    """`GET /events/fee_changes`."""

    event_fee_changes: list[EventFeeChange]
    cursor: str | None = None


class MilestoneBody(msgspec.Struct, frozen=True):
    """The record of a real happening, and the events that hang on it."""

    id: str
    type: str = ""
    related_event_tickers: list[str] = []


class MilestonesAnswer(msgspec.Struct, frozen=True):
    """`GET /milestones`."""

    milestones: list[MilestoneBody]


class LiveDetails(msgspec.Struct, frozen=True):
    """What we use of the details of a game; the venue promises none of their names."""

    home_points: int
    away_points: int
    status: str


class LiveDatum(msgspec.Struct, frozen=True):
    """The live data of one milestone; its details are read alone, so that one may be wrong."""

    milestone_id: str
    details: msgspec.Raw
    type: str = ""


class LiveDataAnswer(msgspec.Struct, frozen=True):
    """`GET /live_data/batch`."""

    live_datas: list[LiveDatum]

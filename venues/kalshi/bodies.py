"""What Kalshi's REST interface answers, as it answers it.

Decoded and given a meaning in `venues.kalshi.answers`, never seen outside `venues.kalshi`. Prices and sizes
stay the texts that they are; fields that are missing in some real bodies are optional whatever the
specification says.
"""

from decimal import Decimal

import msgspec

from engine.events import BookSide, MarketStatus, Side
from venues.kalshi.wire import LevelText, RangeText
from venues.shapes import Decisive


class MarketBody(msgspec.Struct, frozen=True):
    """A market object of REST."""

    ticker: str
    event_ticker: str
    status: MarketStatus
    market_type: Decisive[str] = "binary"
    title: str = ""
    price_ranges: Decisive[list[RangeText]] = []
    floor_strike: Decisive[float | None] = None
    strike_type: Decisive[str | None] = None
    open_time: str | None = None
    close_time: Decisive[str | None] = None
    expected_expiration_time: str | None = None
    exchange_index: Decisive[int | None] = None
    result: Decisive[str] = ""
    settlement_value_dollars: Decisive[str | None] = None
    settlement_ts: str | None = None
    settlement_bounds_type: Decisive[str] = "default"


class EventBody(msgspec.Struct, frozen=True):
    """An event object, with its markets where they were asked for. Its fee terms hold for all of them."""

    series_ticker: str = ""
    fee_type_override: Decisive[str | None] = None
    fee_multiplier_override: Decisive[Decimal | None] = None
    exchange_index: Decisive[int | None] = None
    markets: list[MarketBody] = []


class EventsAnswer(msgspec.Struct, frozen=True):
    """`GET /events`."""

    events: list[EventBody] | None


class EventAnswer(msgspec.Struct, frozen=True):
    """`GET /events/{ticker}`: the markets stand inside the event or beside it."""

    event: EventBody
    markets: list[MarketBody] = []


class MarketsAnswer(msgspec.Struct, frozen=True):
    """`GET /markets`."""

    markets: list[MarketBody] | None


class MarketAnswer(msgspec.Struct, frozen=True):
    """`GET /markets/{ticker}`."""

    market: MarketBody


class BookBody(msgspec.Struct, frozen=True):
    """A book of REST."""

    yes_dollars: Decisive[list[LevelText] | None] = None
    no_dollars: Decisive[list[LevelText] | None] = None


class BookAnswer(msgspec.Struct, frozen=True):
    """`GET /markets/{ticker}/orderbook`: it does not say whose book it is."""

    orderbook_fp: msgspec.Raw


class BookOfMarket(msgspec.Struct, frozen=True):
    """One book of a batch; what is in it is read alone, since an odd book is said by its market's name."""

    ticker: str
    orderbook_fp: msgspec.Raw = msgspec.Raw(b"null")


class BooksAnswer(msgspec.Struct, frozen=True):
    """`GET /markets/orderbooks`."""

    orderbooks: list[BookOfMarket] | None


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
    is_block_trade: Decisive[bool] = False


class TradesAnswer(msgspec.Struct, frozen=True):
    """`GET /markets/trades`, newest first."""

    trades: list[TradeRow] | None


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
    fee_type: Decisive[str | None] = None
    fee_multiplier: Decisive[Decimal | None] = None


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

    series_fee_change_arr: list[SeriesFeeChange] | None


class EventFeeChange(msgspec.Struct, frozen=True):
    """New terms of an event from a moment on."""

    event_ticker: str
    scheduled_ts: str
    fee_type_override: str | None
    fee_multiplier_override: Decimal | None


class EventFeeChangesAnswer(msgspec.Struct, frozen=True):
    """`GET /events/fee_changes`."""

    event_fee_changes: list[EventFeeChange] | None


class MilestoneBody(msgspec.Struct, frozen=True):
    """The record of a real happening, and the events that hang on it."""

    id: str
    type: str = ""
    related_event_tickers: list[str] = []


class MilestonesAnswer(msgspec.Struct, frozen=True):
    """`GET /milestones`."""

    milestones: list[MilestoneBody] | None


class LiveDetails(msgspec.Struct, frozen=True):
    """What we use of the details of a game; the venue promises none of their names."""

    status: str
    home_points: Decisive[int | None] = None
    away_points: Decisive[int | None] = None


class LiveDatum(msgspec.Struct, frozen=True):
    """The live data of one milestone. Only a basketball game's details are read."""

    milestone_id: str
    details: msgspec.Raw
    type: str = ""


class LiveDataAnswer(msgspec.Struct, frozen=True):
    """`GET /live_data/batch`."""

    live_datas: list[LiveDatum] | None

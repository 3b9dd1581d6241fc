"""A body of Kalshi's REST interface to events of the engine: pure, exact, and never by an exception.

Called by `venues.translate` for every recorded body; the endpoint that was asked (path and query, as
recorded) says how to read it. Reads no clock.
"""

from collections.abc import Callable
from decimal import Decimal
from urllib.parse import unquote

import msgspec

from engine.events import (
    BookSnapshot,
    ExchangeStatusSeen,
    FeeChanged,
    FeedRefused,
    MarketDetermined,
    MarketListed,
    MarketSettled,
    MarketStatus,
    TradePrinted,
    TradesRecovered,
    VenueEvent,
)
from engine.units import Nanos, Tenths, UnitError, parse_count, parse_price, tenths_from_number
from venues import timestamps
from venues.kalshi import bodies
from venues.kalshi.live_data import live_data, milestones
from venues.kalshi.parse import (
    DETAIL_MAX,
    REFUSABLE,
    check_no_prices,
    read_levels,
    read_ranges,
    refusal_kind,
    result_value,
    taker_of,
)

SOURCE = "kalshi.rest"

RECOVERED = "recovered"
"""`what` of the line that holds all trades of a gap: every page of the answer, as it came."""
Events = tuple[VenueEvent, ...]

RESULT_STATES = frozenset({MarketStatus.DETERMINED, MarketStatus.AMENDED, MarketStatus.FINALIZED})
"""A market in one of these states says what it pays; a disputed one does not any more."""


class Recovered(msgspec.Struct, frozen=True):
    """The body of a RECOVERED line; `pages` is null where the trades could not be had."""

    ticker: str
    since: int
    until: int
    pages: list[str] | None


def recovered_body(ticker: str, since: Nanos, until: Nanos, pages: list[str] | None) -> Recovered:
    """What stands in a RECOVERED line; texts that are no Unicode stand in it as their replacements."""
    kept = None if pages is None else [page.encode("utf-8", "replace").decode() for page in pages]
    return Recovered(ticker, since, until, kept)


def parse_answer(target: str, body: str, at: Nanos) -> Events:
    """Return what an answer says. `target` is the path below the interface's root, with its query.

    Bodies of endpoints that the engine does not fold (candles, series lists, …) give nothing.
    """
    path = target.partition("?")[0]
    reader, ticker = _reader_of(path)
    if reader is None:
        return ()
    try:
        return reader(body, ticker, at)
    except REFUSABLE as error:
        return (FeedRefused(SOURCE, refusal_kind(error), f"{path}: {error}"[:DETAIL_MAX], at),)


Reader = Callable[[str, str, Nanos], Events]


def _reader_of(path: str) -> tuple[Reader | None, str]:
    """Which reader fits a path, and the ticker that stands in it."""
    match path.strip("/").split("/"):
        case ["recovered"]:
            return _recovered, ""
        case ["markets", ticker, "orderbook"]:
            return _book, unquote(ticker)
        case ["series", ticker] if ticker != "fee_changes":
            return _series, ""
        case ["events", ticker] if ticker != "fee_changes":
            return _event, ""
        case ["markets" | "historical", *rest] if rest[:1] not in (["trades"], ["orderbooks"]):
            return _market_reader(rest), ""
        case ["historical", "trades"]:
            return _trades, ""
        case parts:
            return _READERS.get("/".join(parts)), ""


def _market_reader(rest: list[str]) -> Reader | None:
    """`/markets`, `/markets/{ticker}`, `/historical/markets` and `/historical/markets/{ticker}`."""
    if rest[:1] == ["markets"]:
        rest = rest[1:]
    match rest:
        case []:
            return _markets
        case [ticker] if ticker not in ("candlesticks", "cutoff"):
            return _market
        case _:
            return None


def _events(body: str, _ticker: str, at: Nanos) -> Events:
    found: list[VenueEvent] = []
    for event in _EVENTS.decode(body).events:
        found += _event_events(event, event.markets, at)
    return tuple(found)


def _event(body: str, _ticker: str, at: Nanos) -> Events:
    answer = _EVENT.decode(body)
    return tuple(_event_events(answer.event, answer.event.markets or answer.markets, at))


def _event_events(event: bodies.EventBody, markets: list[msgspec.Raw], at: Nanos) -> list[VenueEvent]:
    found: list[VenueEvent] = []
    for market in markets:
        found += _market_events(market, event, at)
    return found


def _markets(body: str, _ticker: str, at: Nanos) -> Events:
    found: list[VenueEvent] = []
    for market in _MARKETS.decode(body).markets:
        found += _market_events(market, None, at)
    return tuple(found)


def _market(body: str, _ticker: str, at: Nanos) -> Events:
    return tuple(_market_events(_MARKET.decode(body).market, None, at))


def _market_events(raw: msgspec.Raw, event: bodies.EventBody | None, at: Nanos) -> list[VenueEvent]:
    """A market's listing and its result once there is one; a market that makes no sense is refused alone."""
    ticker = "a market"
    try:
        market = _MARKET_BODY.decode(raw)
        ticker = market.ticker
        found: list[VenueEvent] = [_listed(market, event, at)]
        if market.status in RESULT_STATES and market.result:
            value = result_value(market.result, market.settlement_value_dollars)
            settled_at = None if market.settlement_ts is None else timestamps.from_text(market.settlement_ts)
            found.append(MarketDetermined(market.ticker, market.result, value, settled_at, at))
            if market.status is MarketStatus.FINALIZED:
                found.append(MarketSettled(market.ticker, settled_at, at))
    except REFUSABLE as error:
        return [FeedRefused(SOURCE, refusal_kind(error), f"{ticker}: {error}"[:DETAIL_MAX], at)]
    return found


def _listed(market: bodies.MarketBody, event: bodies.EventBody | None, at: Nanos) -> MarketListed:
    exchange_index = market.exchange_index
    if exchange_index is None and event is not None:
        exchange_index = event.exchange_index
    return MarketListed(
        ticker=market.ticker,
        event_ticker=market.event_ticker,
        series=market.event_ticker.partition("-")[0] if event is None else event.series_ticker,
        title=market.title,
        status=market.status,
        price_ranges=read_ranges(market.price_ranges),
        fee_type=None if event is None else event.fee_type_override,
        fee_multiplier=None if event is None else multiplier_text(event.fee_multiplier_override),
        floor_strike=_strike(market.floor_strike),
        strike_type=market.strike_type,
        open_at=_moment(market.open_time),
        close_at=_moment(market.close_time),
        expected_expiration_at=_moment(market.expected_expiration_time),
        exchange_index=exchange_index,
        binary=market.market_type == "binary" and market.settlement_bounds_type == "default",
        at=at,
    )


def _strike(points: float | None) -> Tenths | None:
    """Points in tenths; a strike that is none (79291.54 dollars of a bitcoin) is no matter of ours."""
    if points is None:
        return None
    try:
        return tenths_from_number(points)
    except UnitError:
        return None


def _moment(text: str | None) -> Nanos | None:
    return None if text is None else timestamps.from_text(text)


def multiplier_text(multiplier: Decimal | None) -> str | None:
    """A fee multiplier as an exact decimal text."""
    return None if multiplier is None else format(multiplier, "f")


def _book(body: str, ticker: str, at: Nanos) -> Events:
    return (_snapshot(ticker, _BOOK.decode(body).orderbook_fp, at),)


def _books(body: str, _ticker: str, at: Nanos) -> Events:
    return tuple(_snapshot(book.ticker, book.orderbook_fp, at) for book in _BOOKS.decode(body).orderbooks)


def _snapshot(ticker: str, book: bodies.BookBody, at: Nanos) -> BookSnapshot:
    """A polled book belongs to no connection and no subscription: their numbers are zero."""
    yes, no = read_levels(book.yes_dollars or []), read_levels(book.no_dollars or [])
    check_no_prices(yes, no)
    return BookSnapshot(ticker, yes, no, 0, 0, 0, None, at)


def _recovered(body: str, _ticker: str, at: Nanos) -> Events:
    """The trades of a gap: all of them, or the word that they cannot be had (also where a page makes no
    sense).
    """
    line = _RECOVERED.decode(body)
    trades: tuple[TradePrinted, ...] | None = None
    events: list[VenueEvent] = []
    if line.pages is not None:
        try:
            found = [trade for page in line.pages for trade in _prints(page, at)]
            trades = tuple(sorted(found, key=lambda trade: (trade.at_venue or 0, trade.trade_id)))
        except REFUSABLE as error:
            events.append(FeedRefused(SOURCE, refusal_kind(error), f"{RECOVERED}: {error}"[:DETAIL_MAX], at))
    return (*events, TradesRecovered(line.ticker, Nanos(line.since), Nanos(line.until), trades, at))


def _trades(body: str, _ticker: str, at: Nanos) -> Events:
    return _prints(body, at)


def _prints(body: str, at: Nanos) -> tuple[TradePrinted, ...]:
    """Trades oldest first. Overlapping polls bring a trade again; its id says so."""
    return tuple(
        TradePrinted(
            row.ticker,
            row.trade_id,
            parse_price(row.yes_price_dollars),
            parse_count(row.count_fp),
            taker_of(row),
            row.is_block_trade,
            timestamps.from_text(row.created_time),
            at,
            recovered=True,
        )
        for row in reversed(_TRADES.decode(body).trades)
    )


def _status(body: str, _ticker: str, at: Nanos) -> Events:
    answer = _STATUS.decode(body)
    whole = ExchangeStatusSeen(answer.exchange_active, answer.trading_active, None, at)
    shards = [
        ExchangeStatusSeen(shard.exchange_active, shard.trading_active, shard.exchange_index, at)
        for shard in answer.exchange_index_statuses
    ]
    return (whole, *shards)


def _series(body: str, _ticker: str, at: Nanos) -> Events:
    series = _SERIES.decode(body).series
    if series.fee_type is None:
        return ()
    return (FeeChanged(series.ticker, series.fee_type, multiplier_text(series.fee_multiplier), at),)


def _series_fees(body: str, _ticker: str, at: Nanos) -> Events:
    """Changes that are in force by now, oldest first; those to come are asked for again later."""
    changes = [
        (timestamps.from_text(change.scheduled_ts), change)
        for change in _SERIES_FEES.decode(body).series_fee_change_arr
    ]
    return tuple(
        FeeChanged(change.series_ticker, change.fee_type, multiplier_text(change.fee_multiplier), at)
        for when, change in sorted(changes, key=lambda pair: pair[0])
        if when <= at
    )


def _event_fees(body: str, _ticker: str, at: Nanos) -> Events:
    changes = [
        (timestamps.from_text(change.scheduled_ts), change)
        for change in _EVENT_FEES.decode(body).event_fee_changes
    ]
    return tuple(
        FeeChanged(
            change.event_ticker, change.fee_type_override, multiplier_text(change.fee_multiplier_override), at
        )
        for when, change in sorted(changes, key=lambda pair: pair[0])
        if when <= at
    )


_EVENTS = msgspec.json.Decoder(bodies.EventsAnswer)
_EVENT = msgspec.json.Decoder(bodies.EventAnswer)
_MARKETS = msgspec.json.Decoder(bodies.MarketsAnswer)
_MARKET_BODY = msgspec.json.Decoder(bodies.MarketBody)
_MARKET = msgspec.json.Decoder(bodies.MarketAnswer)
_BOOK = msgspec.json.Decoder(bodies.BookAnswer)
_BOOKS = msgspec.json.Decoder(bodies.BooksAnswer)
_RECOVERED = msgspec.json.Decoder(Recovered)
_TRADES = msgspec.json.Decoder(bodies.TradesAnswer)
_STATUS = msgspec.json.Decoder(bodies.ExchangeStatusAnswer)
_SERIES = msgspec.json.Decoder(bodies.SeriesAnswer)
_SERIES_FEES = msgspec.json.Decoder(bodies.SeriesFeeChangesAnswer)
_EVENT_FEES = msgspec.json.Decoder(bodies.EventFeeChangesAnswer)

_READERS: dict[str, Reader] = {
    "events": _events,
    "events/fee_changes": _event_fees,
    "exchange/status": _status,
    "historical/trades": _trades,
    "live_data/batch": live_data,
    "markets": _markets,
    "markets/orderbooks": _books,
    "markets/trades": _trades,
    "milestones": milestones,
    "series/fee_changes": _series_fees,
}

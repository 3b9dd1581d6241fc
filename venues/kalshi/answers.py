"""A body of Kalshi's REST interface to events of the engine: pure, exact, and never by an exception.

Called by `venues.translate` for every recorded body; the endpoint that was asked (path and query, as
recorded) says how to read it. Reads no clock.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar
from urllib.parse import unquote

import msgspec

from engine.events import (
    BookRefused,
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
from venues.kalshi import bodies, results
from venues.kalshi.live_data import live_data, milestones
from venues.kalshi.parse import (
    check_book_keys,
    check_no_prices,
    multiplier_text,
    read_levels,
    read_ranges,
    result_value,
    taker_of,
)
from venues.refusals import REFUSABLE, NotUnderstood, Refused, pieces_refused, refusal
from venues.shapes import Shape, keys_of

SOURCE = "kalshi.rest"

BOOK_KEYS = keys_of(bodies.BookBody)
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
    """Return the events of an answer. `target` is the path below the interface's root, with its query.

    Bodies of endpoints that the engine does not fold (candles, series lists, …) give nothing.
    """
    path = target.partition("?")[0]
    reader, ticker = _reader_of(path)
    try:
        events = () if reader is None else reader(body, ticker, at)
        # What the engine does not fold is read by others (`results`); what they leave out is counted here.
        return (*events, *_left_out(path, results.refused_pieces(path, body), at))
    except REFUSABLE as error:
        return (*_doubt(path, ticker, at), refusal(SOURCE, path, error, at))


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
    answer, pieces = _EVENTS.decode(body)
    found: list[VenueEvent] = []
    for event in answer.events or ():
        found += _event_events(event, event.markets, at)
    return (*found, *_left_out("events", pieces, at))


def _event(body: str, _ticker: str, at: Nanos) -> Events:
    answer, pieces = _EVENT.decode(body)
    found = _event_events(answer.event, answer.event.markets or answer.markets, at)
    return (*found, *_left_out("event", pieces, at))


def _event_events(event: bodies.EventBody, markets: list[bodies.MarketBody], at: Nanos) -> list[VenueEvent]:
    found: list[VenueEvent] = []
    for market in markets:
        found += _market_events(market, event, at)
    return found


def _markets(body: str, _ticker: str, at: Nanos) -> Events:
    answer, pieces = _MARKETS.decode(body)
    found: list[VenueEvent] = []
    for market in answer.markets or ():
        found += _market_events(market, None, at)
    return (*found, *_left_out("markets", pieces, at))


def _market(body: str, _ticker: str, at: Nanos) -> Events:
    answer, pieces = _MARKET.decode(body)
    return (*_market_events(answer.market, None, at), *_left_out("market", pieces, at))


def _left_out(about: str, pieces: tuple[Refused, ...], at: Nanos) -> list[FeedRefused]:
    return pieces_refused(SOURCE, about, pieces, at)


def _market_events(market: bodies.MarketBody, event: bodies.EventBody | None, at: Nanos) -> list[VenueEvent]:
    """A market's listing and its result once there is one; a market that makes no sense is refused alone."""
    try:
        found: list[VenueEvent] = [listed(market, event, at)]
        if market.status in RESULT_STATES and market.result:
            value = result_value(market.result, market.settlement_value_dollars)
            settled_at = _moment(market.settlement_ts)
            found.append(MarketDetermined(market.ticker, market.result, value, settled_at, at))
            if market.status is MarketStatus.FINALIZED:
                found.append(MarketSettled(market.ticker, settled_at, at))
    except REFUSABLE as error:
        return [refusal(SOURCE, "market", error, at, market.ticker)]
    return found


def listed(market: bodies.MarketBody, event: bodies.EventBody | None, at: Nanos) -> MarketListed:
    """A market as its object tells of it. Raises what REFUSABLE names."""
    # Which shard trades the market: a shard can stop alone, and basketball is on shard 3 since September
    # 2026.
    exchange_index = market.exchange_index
    if exchange_index is None and event is not None:
        exchange_index = event.exchange_index
    return MarketListed(
        ticker=market.ticker,
        event_ticker=market.event_ticker,
        series=(event.series_ticker if event else "") or market.event_ticker.partition("-")[0],
        title=market.title,
        status=market.status,
        # The ticks of this market; `price_level_structure` is only a name, and the ranges behind it may
        # change.
        price_ranges=read_ranges(market.price_ranges),
        fee_type=None if event is None else event.fee_type_override,
        fee_multiplier=None if event is None else multiplier_text(event.fee_multiplier_override),
        floor_strike=_strike(market.floor_strike),
        strike_type=market.strike_type,
        open_at=_moment(market.open_time),
        # An upper bound only: games close minutes after the final whistle (`can_close_early`), this lies 2
        # to 14 days out.
        close_at=_moment(market.close_time),
        # On game markets this is the scheduled start plus three hours, to the second.
        expected_expiration_at=_moment(market.expected_expiration_time),
        exchange_index=exchange_index,
        # Bounds of the type `floor` were announced in October 2026; such a market does not pay 0 or 1
        # dollar.
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


def _book(body: str, ticker: str, at: Nanos) -> Events:
    return _polled(ticker, _BOOK.decode(body)[0].orderbook_fp, at)


def _books(body: str, _ticker: str, at: Nanos) -> Events:
    answer, pieces = _BOOKS.decode(body)
    found: list[VenueEvent] = []
    for book in answer.orderbooks or ():
        found += _polled(book.ticker, book.orderbook_fp, at)
    return (*found, *_left_out("orderbooks", pieces, at))


def _polled(ticker: str, raw: msgspec.Raw, at: Nanos) -> Events:
    """A polled book belongs to no connection and no subscription: their numbers are zero.

    An odd one is refused alone, and what was polled of its market before is believed no more.
    """
    try:
        book, _ = _BOOK_BODY.decode(raw)
        if book.yes_dollars is None or book.no_dollars is None:
            check_book_keys(_KEYS.decode(raw), BOOK_KEYS)
        yes, no = read_levels(book.yes_dollars or ()), read_levels(book.no_dollars or ())
        check_no_prices(yes, no)
    except REFUSABLE as error:
        return (*_doubt("orderbook", ticker, at), refusal(SOURCE, "orderbook", error, at, ticker))
    return (BookSnapshot(ticker, yes, no, 0, 0, 0, None, at),)


def _doubt(path: str, ticker: str, at: Nanos) -> Events:
    """BookRefused for the market whose book was asked for and not understood."""
    return (BookRefused(ticker, 0, 0, True, at),) if ticker and path.endswith("orderbook") else ()


def _recovered(body: str, _ticker: str, at: Nanos) -> Events:
    """The trades of a gap: all of them, or the word that they cannot be had (also where a page makes no
    sense).
    """
    line = _RECOVERED.decode(body)
    trades: tuple[TradePrinted, ...] | None = None
    events: list[VenueEvent] = []
    if line.pages is not None:
        try:
            found = [trade for page in line.pages for trade in _all_prints(page, at)]
            trades = tuple(sorted(found, key=lambda trade: (trade.at_venue or 0, trade.trade_id)))
        except REFUSABLE as error:
            events.append(refusal(SOURCE, RECOVERED, error, at))
    return (*events, TradesRecovered(line.ticker, Nanos(line.since), Nanos(line.until), trades, at))


def _all_prints(page: str, at: Nanos) -> list[TradePrinted]:
    """All trades of a page. Raises NotUnderstood if even one makes no sense."""
    rows, pieces = _TRADES.decode(page)
    if pieces:
        raise NotUnderstood("wrong_shape", f"{pieces[0].place}: {pieces[0].why}")
    return [_print(row, at) for row in rows.trades or ()]


def _trades(body: str, _ticker: str, at: Nanos) -> Events:
    """Trades oldest first, each for itself. Overlapping polls bring a trade again; its id says so."""
    answer, pieces = _TRADES.decode(body)
    # The venue lists the newest first.
    rows = reversed(answer.trades or ())
    return (*_each(rows, _print, "trades", at), *_left_out("trades", pieces, at))


Row = TypeVar("Row")


def _each(
    rows: Iterable[Row], read: Callable[[Row, Nanos], VenueEvent | None], about: str, at: Nanos
) -> list[VenueEvent]:
    """The event of each row; one that makes no sense is refused alone."""
    found: list[VenueEvent] = []
    for number, row in enumerate(rows):
        try:
            event = read(row, at)
        except REFUSABLE as error:
            event = refusal(SOURCE, about, error, at, f"row {number}")
        if event is not None:
            found.append(event)
    return found


def _print(row: bodies.TradeRow, at: Nanos) -> TradePrinted:
    return trade_of(row, at, recovered=True)


def trade_of(row: bodies.TradeRow, at: Nanos, *, recovered: bool) -> TradePrinted:
    """A public trade. Raises what REFUSABLE names."""
    return TradePrinted(
        row.ticker,
        row.trade_id,
        parse_price(row.yes_price_dollars),
        parse_count(row.count_fp),
        taker_of(row),
        row.is_block_trade,
        timestamps.from_text(row.created_time),
        at,
        recovered=recovered,
    )


def _status(body: str, _ticker: str, at: Nanos) -> Events:
    answer, pieces = _STATUS.decode(body)
    whole = ExchangeStatusSeen(answer.exchange_active, answer.trading_active, None, at)
    shards = [
        ExchangeStatusSeen(shard.exchange_active, shard.trading_active, shard.exchange_index, at)
        for shard in answer.exchange_index_statuses
    ]
    return (whole, *shards, *_left_out("exchange/status", pieces, at))


def _series(body: str, _ticker: str, at: Nanos) -> Events:
    answer, pieces = _SERIES.decode(body)
    series, refused = answer.series, _left_out("series", pieces, at)
    if series.fee_type is None:
        return tuple(refused)
    return (FeeChanged(series.ticker, series.fee_type, multiplier_text(series.fee_multiplier), at), *refused)


def _series_fees(body: str, _ticker: str, at: Nanos) -> Events:
    """Changes that are in force by now, oldest first; those to come are asked for again later."""
    answer, pieces = _SERIES_FEES.decode(body)
    changes = _by_moment(answer.series_fee_change_arr or (), at)
    return (
        *_each(changes, _series_fee, "series/fee_changes", at),
        *_left_out("series/fee_changes", pieces, at),
    )


def _event_fees(body: str, _ticker: str, at: Nanos) -> Events:
    answer, pieces = _EVENT_FEES.decode(body)
    changes = _by_moment(answer.event_fee_changes or (), at)
    return (
        *_each(changes, _event_fee, "events/fee_changes", at),
        *_left_out("events/fee_changes", pieces, at),
    )


Change = TypeVar("Change", bodies.SeriesFeeChange, bodies.EventFeeChange)


def _by_moment(changes: Iterable[Change], at: Nanos) -> list[Change]:
    """Those in force, oldest first; before them those of which nobody can say since when, to be refused."""
    dated = sorted(((_moment_or_none(change.scheduled_ts), change) for change in changes), key=_dated)
    return [change for when, change in dated if when is None or when <= at]


def _dated(pair: tuple[Nanos | None, object]) -> int:
    return pair[0] or 0


def _moment_or_none(text: str) -> Nanos | None:
    try:
        return timestamps.from_text(text)
    except timestamps.MomentError:
        return None


def _series_fee(change: bodies.SeriesFeeChange, at: Nanos) -> FeeChanged:
    timestamps.from_text(change.scheduled_ts)
    return FeeChanged(change.series_ticker, change.fee_type, multiplier_text(change.fee_multiplier), at)


def _event_fee(change: bodies.EventFeeChange, at: Nanos) -> FeeChanged:
    timestamps.from_text(change.scheduled_ts)
    multiplier = multiplier_text(change.fee_multiplier_override)
    return FeeChanged(change.event_ticker, change.fee_type_override, multiplier, at)


_EVENTS = Shape(bodies.EventsAnswer)
_EVENT = Shape(bodies.EventAnswer)
_MARKETS = Shape(bodies.MarketsAnswer)
_MARKET = Shape(bodies.MarketAnswer)
_BOOK = Shape(bodies.BookAnswer)
_BOOK_BODY = Shape(bodies.BookBody)
_BOOKS = Shape(bodies.BooksAnswer)
_KEYS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_RECOVERED = msgspec.json.Decoder(Recovered)
_TRADES = Shape(bodies.TradesAnswer)
_STATUS = Shape(bodies.ExchangeStatusAnswer)
_SERIES = Shape(bodies.SeriesAnswer)
_SERIES_FEES = Shape(bodies.SeriesFeeChangesAnswer)
_EVENT_FEES = Shape(bodies.EventFeeChangesAnswer)

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

"""Good bodies of both services, and what is promised of each of their fields when it is null, missing or odd.

`CASES` has one body for every wire struct, with the way to an object of that struct in it. The promise of a
field is one letter in a table that is written by hand, so that a change of a declaration which changes what
happens shows as a failing test.
"""

import json
from collections.abc import Callable
from enum import Enum

import attrs
import msgspec

from engine.events import FeedRefused
from engine.units import Nanos
from venues.balldontlie import wire as league
from venues.balldontlie.parse import parse_body
from venues.errors import AnswerNotUnderstood
from venues.kalshi import bodies, results, wire
from venues.kalshi.answers import parse_answer
from venues.kalshi.parse import parse_frame
from venues.refusals import REFUSABLE, pieces_refused, refusal

AT = Nanos(1_786_000_000_000_000_000)
MOMENT = "2026-07-28T00:00:00Z"
Row = dict[str, object]
Said = tuple[object, ...]
Read = Callable[[str], Said]


class Promise(Enum):
    """What happens to a field that is not as promised."""

    NEEDED = "N"
    """Whatever is wrong with it, its object is refused."""
    NULLABLE = "n"
    """Null is a value of it; all else refuses the object."""
    DECISIVE = "D"
    """Null, missing and renamed are as absent; another shape refuses the object."""
    SIDE = "S"
    """Null and missing are an empty side of a book; another name or shape refuses the book."""
    SPARED = "s"
    """As absent; another shape is counted."""
    FREE = "f"
    """Nobody looks at it."""


@attrs.frozen
class Case:
    """A body, the way to an object in it, how it is read, and the promises of the object's fields.

    `whole` says that the list which the object stands in means nothing without it.
    """

    wire: type[msgspec.Struct]
    promises: str
    read: Read
    body: Row
    path: tuple[str | int, ...]
    whole: bool = False


def frame_read(text: str) -> Said:
    return parse_frame(text, 3, AT)


def answer_read(target: str) -> Read:
    return lambda text: parse_answer(target, text, AT)


def league_read(target: str) -> Read:
    return lambda text: parse_body(target, text, AT)


def result_read(target: str, read: Callable[[str], object]) -> Read:
    """What others read of a body that the engine does not fold, and what was refused of it."""

    def said(text: str) -> Said:
        refused = [event for event in parse_answer(target, text, AT) if isinstance(event, FeedRefused)]
        try:
            value = read(text)
        except AnswerNotUnderstood:
            assert [event.place for event in refused] == [""]
            return tuple(refused)
        values = value if isinstance(value, tuple) else (value,)
        return (*values, *refused)

    return said


def plays_read(text: str) -> Said:
    """Each play of a past game by itself, as a download reads it."""
    said: list[object] = []
    for row in results.read_rows(text, "data") or ():
        try:
            play, pieces = league.PLAY.decode(row)
        except REFUSABLE as error:
            said.append(refusal("balldontlie", "plays", error, AT))
        else:
            said += [play, *pieces_refused("balldontlie", "plays", pieces, AT)]
    return tuple(said)


def hours_read(text: str) -> Said:
    """Each window of each day, each pause."""
    schedule = results.read_schedule(text)
    hours = [(day, window) for day, windows in schedule.hours.items() for window in windows]
    return (*hours, *schedule.maintenance)


def cursor_read(text: str) -> Said:
    try:
        return (results.read_cursor(text),)
    except AnswerNotUnderstood as error:
        return (FeedRefused("", "", str(error), AT),)


def meta_read(text: str) -> Said:
    try:
        return (league.META.decode(text)[0].meta.next_cursor,)
    except msgspec.ValidationError as error:
        return (FeedRefused("", "", str(error), AT),)


def frame(kind: str, msg: object, **more: object) -> Row:
    return {"type": kind, "sid": 1, "seq": 7, "msg": msg} | more


DELTA: Row = {"market_ticker": "AAA", "price_dollars": "0.43", "delta_fp": "1.00", "side": "yes", "ts_ms": 9}
SNAPSHOT: Row = {
    "market_ticker": "AAA",
    "yes_dollars_fp": [["0.40", "5.00"]],
    "no_dollars_fp": [["0.30", "5.00"]],
}
QUOTE: Row = {
    "market_ticker": "AAA",
    "price_dollars": "0.41",
    "yes_bid_dollars": "0.40",
    "yes_ask_dollars": "0.42",
    "yes_bid_size_fp": "5.00",
    "yes_ask_size_fp": "6.00",
    "ts_ms": 9,
}
TRADE: Row = {
    "trade_id": "t",
    "market_ticker": "AAA",
    "yes_price_dollars": "0.41",
    "count_fp": "2.00",
    "taker_book_side": "bid",
    "taker_outcome_side": "yes",
    "taker_side": "yes",
    "is_block_trade": True,
    "ts_ms": 9,
}
RANGE: Row = {"start": "0.0000", "end": "1.0000", "step": "0.0100"}
DETERMINED: Row = {
    "event_type": "determined",
    "market_ticker": "AAA",
    "close_ts": 5,
    "result": "yes",
    "settlement_value": "1.0000",
    "determination_ts": 6,
    "settled_ts": 7,
    "price_ranges": [RANGE],
}
EVENT_FEE: Row = {
    "event_ticker": "AAA",
    "fee_type_override": "quadratic",
    "fee_multiplier_override": 0.5,
}
MARKET: Row = {
    "ticker": "AAA-A",
    "event_ticker": "AAA",
    "status": "finalized",
    "market_type": "binary",
    "title": "A wins",
    "price_ranges": [RANGE],
    "floor_strike": 3.5,
    "strike_type": "greater",
    "open_time": MOMENT,
    "close_time": MOMENT,
    "expected_expiration_time": MOMENT,
    "exchange_index": 3,
    "result": "yes",
    "settlement_value_dollars": "1.0000",
    "settlement_ts": MOMENT,
    "settlement_bounds_type": "default",
}
EVENT: Row = {
    "series_ticker": "AAASERIES",
    "fee_type_override": "quadratic",
    "fee_multiplier_override": 0.5,
    "exchange_index": 2,
    "markets": [MARKET],
}
BOOK: Row = {"yes_dollars": [["0.40", "5.00"]], "no_dollars": [["0.30", "5.00"]]}
BOOK_ROW: Row = {"ticker": "AAA", "orderbook_fp": BOOK}
TRADE_ROW: Row = {
    "trade_id": "AAA",
    "ticker": "AAA",
    "count_fp": "2.00",
    "yes_price_dollars": "0.41",
    "created_time": MOMENT,
    "taker_book_side": "bid",
    "taker_outcome_side": "yes",
    "taker_side": "yes",
    "is_block_trade": True,
}
SHARD: Row = {"exchange_index": 3, "exchange_active": True, "trading_active": True}
STATUS: Row = {"exchange_active": True, "trading_active": True, "exchange_index_statuses": [SHARD]}
SERIES: Row = {"ticker": "AAA", "fee_type": "quadratic", "fee_multiplier": 1}
SERIES_FEE: Row = {
    "series_ticker": "AAA",
    "fee_type": "quadratic",
    "fee_multiplier": 1,
    "scheduled_ts": MOMENT,
}
SCHEDULED_FEE: Row = EVENT_FEE | {"scheduled_ts": MOMENT}
MILESTONE: Row = {
    "id": "AAA",
    "type": "basketball_game",
    "related_event_tickers": ["AAA"],
}
DETAILS: Row = {"status": "live", "home_points": 51, "away_points": 48}
DATUM: Row = {"milestone_id": "AAA", "details": DETAILS, "type": "basketball_game"}
WINDOW: Row = {"open_time": "00:00", "close_time": "24:00"}
WEEK: Row = {
    day: [WINDOW] for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
}
PAUSE: Row = {"start_datetime": MOMENT, "end_datetime": MOMENT}
SCHEDULE: Row = {"standard_hours": [WEEK], "maintenance_windows": [PAUSE]}
# By the names of the live side and by those of the archive.
PRICES: Row = {
    "open_dollars": "0.40",
    "high_dollars": "0.41",
    "low_dollars": "0.39",
    "close_dollars": "0.40",
    "open": "0.40",
    "high": "0.41",
    "low": "0.39",
    "close": "0.40",
}
CANDLE: Row = {
    "end_period_ts": 60,
    "price": PRICES,
    "yes_bid": PRICES,
    "yes_ask": PRICES,
    "volume_fp": "2.00",
    "volume": "2.00",
}
TEAM: Row = {"abbreviation": "LAC", "team": {"abbreviation": "LAC"}}
PLAY: Row = {"period": 1, "clock": "11:38", "home_score": 2, "away_score": 0, "wallclock": MOMENT}
GAME: Row = {
    "home_team": TEAM,
    "visitor_team": {"abbreviation": "PHX"},
    "status": "3rd Qtr",
    "id": 111,
    "date": "2026-04-12",
    "datetime": MOMENT,
    "status_state": "in",
    "period": 3,
    "time": "3:44",
    "postponed": False,
    "home_team_score": 80,
    "visitor_team_score": 78,
}
ODDS: Row = {
    "game_id": 111,
    "vendor": "AAA",
    "spread_home_value": "-1.5",
    "spread_home_odds": -110,
    "spread_away_value": "1.5",
    "spread_away_odds": -110,
    "moneyline_home_odds": -120,
    "moneyline_away_odds": 100,
    "total_value": "220.5",
    "total_over_odds": -110,
    "total_under_odds": -110,
    "updated_at": MOMENT,
    "opened_at": MOMENT,
}
CANDLES_TARGET = "/series/S/markets/M/candlesticks"
ROWS: tuple[str | int, ...] = ("data", 0)


def _frames() -> list[Case]:
    """The stream."""
    lifecycle = frame("market_lifecycle_v2", DETERMINED)
    ranges = DETERMINED | {"event_type": "price_level_structure_updated"}
    reply: Row = {"type": "subscribed", "id": 1, "msg": {"channel": "trade", "sid": 4}}
    error = frame("error", {"code": 8, "msg": "no"}, id=1)
    return [
        Case(wire.DeltaBody, "NNNNs", frame_read, frame("orderbook_delta", DELTA), ("msg",)),
        Case(wire.Delta, "NNN", frame_read, frame("orderbook_delta", DELTA), ()),
        Case(wire.SnapshotBody, "NSS", frame_read, frame("orderbook_snapshot", SNAPSHOT), ("msg",)),
        Case(wire.Snapshot, "NNN", frame_read, frame("orderbook_snapshot", SNAPSHOT), ()),
        Case(wire.TickerBody, "NsDDsss", frame_read, frame("ticker", QUOTE), ("msg",)),
        Case(wire.Ticker, "Nss", frame_read, frame("ticker", QUOTE), ()),
        Case(wire.TradeBody, "NNNNsssDs", frame_read, frame("trade", TRADE), ("msg",)),
        Case(wire.Trade, "Nss", frame_read, frame("trade", TRADE), ()),
        Case(wire.LifecycleBody, "NNsDDssD", frame_read, lifecycle, ("msg",)),
        Case(wire.Lifecycle, "Nss", frame_read, lifecycle, ()),
        Case(
            wire.RangeText,
            "NNN",
            frame_read,
            frame("market_lifecycle_v2", ranges),
            ("msg", "price_ranges", 0),
            whole=True,
        ),
        Case(wire.EventLifecycle, "ss", frame_read, frame("event_lifecycle", {}), ()),
        Case(wire.EventFeeBody, "Nnn", frame_read, frame("event_fee_update", EVENT_FEE), ("msg",)),
        Case(wire.EventFee, "Nss", frame_read, frame("event_fee_update", EVENT_FEE), ()),
        Case(wire.SubscribedBody, "NN", frame_read, reply, ("msg",)),
        Case(wire.Subscribed, "Ns", frame_read, reply, ()),
        Case(wire.Ok, "sssf", frame_read, frame("ok", {"market_tickers": []}, id=1), ()),
        Case(wire.Unsubscribed, "sss", frame_read, frame("unsubscribed", {}, id=1), ()),
        Case(wire.ErrorBody, "ss", frame_read, error, ("msg",)),
        Case(wire.Error, "ssss", frame_read, error, ()),
    ]


def _markets() -> list[Case]:
    """Kalshi's REST: events and markets."""
    events, markets = answer_read("/events"), answer_read("/markets")
    in_events: tuple[str | int, ...] = ("events", 0)
    one: Row = {"event": EVENT}
    beside: Row = {"event": EVENT | {"markets": []}, "markets": [MARKET]}
    event = answer_read("/events/AAA")
    market_promises, event_promises = "NNNDsDDDsDsDDDsD", "sDDDs"
    return [
        Case(bodies.MarketBody, market_promises, markets, {"markets": [MARKET]}, ("markets", 0)),
        Case(bodies.MarketBody, market_promises, events, {"events": [EVENT]}, (*in_events, "markets", 0)),
        Case(bodies.MarketBody, market_promises, event, beside, ("markets", 0)),
        Case(bodies.MarketBody, market_promises, answer_read("/markets/A"), {"market": MARKET}, ("market",)),
        Case(bodies.EventBody, event_promises, events, {"events": [EVENT]}, in_events),
        Case(bodies.EventBody, event_promises, event, one, ("event",)),
        Case(bodies.EventsAnswer, "n", events, {"events": [EVENT]}, ()),
        Case(bodies.EventAnswer, "Ns", event, beside, ()),
        Case(bodies.MarketsAnswer, "n", markets, {"markets": [MARKET]}, ()),
        Case(bodies.MarketAnswer, "N", answer_read("/markets/A"), {"market": MARKET}, ()),
    ]


def _books_trades_and_terms() -> list[Case]:
    """Kalshi's REST: books, trades, the exchange, fees, games."""
    trades, books = answer_read("/markets/trades"), answer_read("/markets/orderbooks")
    book = answer_read("/markets/AAA/orderbook")
    status, series = answer_read("/exchange/status"), answer_read("/series/AAA")
    series_fees, event_fees = answer_read("/series/fee_changes"), answer_read("/events/fee_changes")
    milestones, live = answer_read("/milestones"), answer_read("/live_data/batch")
    return [
        Case(bodies.BookBody, "SS", book, {"orderbook_fp": BOOK}, ("orderbook_fp",)),
        Case(bodies.BookBody, "SS", books, {"orderbooks": [BOOK_ROW]}, ("orderbooks", 0, "orderbook_fp")),
        Case(bodies.BookAnswer, "N", book, {"orderbook_fp": BOOK}, ()),
        Case(bodies.BookOfMarket, "NN", books, {"orderbooks": [BOOK_ROW]}, ("orderbooks", 0)),
        Case(bodies.BooksAnswer, "n", books, {"orderbooks": [BOOK_ROW]}, ()),
        Case(bodies.TradeRow, "NNNNNsssD", trades, {"trades": [TRADE_ROW]}, ("trades", 0)),
        Case(bodies.TradesAnswer, "n", trades, {"trades": [TRADE_ROW]}, ()),
        Case(bodies.ShardStatus, "NNN", status, STATUS, ("exchange_index_statuses", 0)),
        Case(bodies.ExchangeStatusAnswer, "NNs", status, STATUS, ()),
        Case(bodies.SeriesBody, "NDD", series, {"series": SERIES}, ("series",)),
        Case(bodies.SeriesAnswer, "N", series, {"series": SERIES}, ()),
        Case(
            bodies.SeriesFeeChange,
            "NNNN",
            series_fees,
            {"series_fee_change_arr": [SERIES_FEE]},
            ("series_fee_change_arr", 0),
        ),
        Case(bodies.SeriesFeeChangesAnswer, "n", series_fees, {"series_fee_change_arr": [SERIES_FEE]}, ()),
        Case(
            bodies.EventFeeChange,
            "NNnn",
            event_fees,
            {"event_fee_changes": [SCHEDULED_FEE]},
            ("event_fee_changes", 0),
        ),
        Case(bodies.EventFeeChangesAnswer, "n", event_fees, {"event_fee_changes": [SCHEDULED_FEE]}, ()),
        Case(bodies.MilestoneBody, "Nss", milestones, {"milestones": [MILESTONE]}, ("milestones", 0)),
        Case(bodies.MilestonesAnswer, "n", milestones, {"milestones": [MILESTONE]}, ()),
        Case(bodies.LiveDetails, "NNN", live, {"live_datas": [DATUM]}, ("live_datas", 0, "details")),
        Case(bodies.LiveDatum, "NNs", live, {"live_datas": [DATUM]}, ("live_datas", 0)),
        Case(bodies.LiveDataAnswer, "n", live, {"live_datas": [DATUM]}, ()),
    ]


def _results() -> list[Case]:
    """What others than the engine read of Kalshi's REST."""
    schedule = result_read("/exchange/schedule", hours_read)
    candles = result_read(CANDLES_TARGET, results.read_candles)
    series = result_read("/series", results.read_series_tickers)
    hours: tuple[str | int, ...] = ("schedule", "standard_hours", 0)
    cutoff: Row = {"market_settled_ts": MOMENT, "trades_created_ts": MOMENT}
    body: Row = {"schedule": SCHEDULE}
    return [
        Case(results.Cursor, "D", cursor_read, {"cursor": "x"}, ()),
        Case(results.Window, "NN", schedule, body, (*hours, "monday", 0)),
        Case(results.Week, "sssssss", schedule, body, hours),
        Case(results.Maintenance, "NN", schedule, body, ("schedule", "maintenance_windows", 0)),
        Case(results.Schedule, "ss", schedule, body, ("schedule",)),
        Case(results.ScheduleAnswer, "N", schedule, body, ()),
        Case(
            results.CutoffAnswer,
            "NN",
            result_read("/historical/cutoff", results.read_cutoff),
            cutoff,
            (),
        ),
        Case(results.Prices, "D" * 8, candles, {"candlesticks": [CANDLE]}, ("candlesticks", 0, "price")),
        Case(results.CandleBody, "NDDDDD", candles, {"candlesticks": [CANDLE]}, ("candlesticks", 0)),
        Case(results.CandlesAnswer, "n", candles, {"candlesticks": [CANDLE]}, ()),
        Case(results.SeriesRow, "N", series, {"series": [{"ticker": "AAA"}]}, ("series", 0)),
        Case(results.SeriesAnswer, "n", series, {"series": [{"ticker": "AAA"}]}, ()),
    ]


def _league() -> list[Case]:
    """Balldontlie."""
    games, one = league_read("/nba/v1/games"), league_read("/nba/v1/games/111")
    boxes, odds = league_read("/nba/v1/box_scores/live"), league_read("/nba/v2/odds")
    opening = league_read("/nba/v2/odds/opening")
    game_promises, odds_promises = "NNNDDDDDsDDD", "NNsssssssssDD"
    return [
        Case(league.TeamBody, "ss", games, {"data": [GAME]}, (*ROWS, "home_team")),
        Case(league.GameBody, game_promises, games, {"data": [GAME]}, ROWS),
        Case(league.GameBody, game_promises, boxes, {"data": [GAME]}, ROWS),
        Case(league.GameBody, game_promises, one, {"data": GAME}, ("data",)),
        Case(league.OddsBody, odds_promises, odds, {"data": [ODDS]}, ROWS),
        Case(league.OddsBody, odds_promises, opening, {"data": [ODDS]}, ROWS),
        Case(league.RowsAnswer, "n", odds, {"data": [ODDS]}, ()),
        Case(league.RowAnswer, "n", one, {"data": GAME}, ()),
        Case(league.PlayBody, "NNNNs", plays_read, {"data": [PLAY]}, ROWS),
        Case(league.Meta, "D", meta_read, {"meta": {"next_cursor": 5}}, ("meta",)),
        Case(league.MetaAnswer, "D", meta_read, {"meta": {"next_cursor": 5}}, ()),
    ]


CASES = (*_frames(), *_markets(), *_books_trades_and_terms(), *_results(), *_league())

OURS = (wire.Named, wire.Envelope, wire.SnapshotKeys, wire.Stamped)
"""Structs that read what is left of a frame which is not as promised."""


def text_of(body: object) -> str:
    return json.dumps(body)

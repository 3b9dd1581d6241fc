"""What Kalshi's REST interface says that is no event of the engine: schedules, candles, milestones.

Made by `venues.kalshi.rest` for its callers. Raises AnswerNotUnderstood where a body is not what was
promised.
"""

from typing import TypeVar

import attrs
import msgspec

from engine.units import PRICE_ONE, PRICE_ZERO, Count, Nanos, Price, parse_count, parse_price
from venues import timestamps
from venues.errors import AnswerNotUnderstood

T = TypeVar("T")


@attrs.frozen
class ExchangeSchedule:
    """Weekly hours (Eastern, as the venue writes them) and maintenance windows as UTC moments."""

    hours: dict[str, tuple[tuple[str, str], ...]]
    maintenance: tuple[tuple[Nanos, Nanos], ...]


@attrs.frozen
class HistoricalCutoff:
    """Data of before these moments has moved to `/historical`."""

    market_settled_at: Nanos
    trades_created_at: Nanos


@attrs.frozen
class Candle:
    """One period of one market; prices are None where nothing traded or a side was empty."""

    end_at: Nanos
    open: Price | None
    high: Price | None
    low: Price | None
    close: Price | None
    yes_bid_close: Price | None
    yes_ask_close: Price | None
    volume: Count


class _Cursor(msgspec.Struct, frozen=True):
    cursor: str | None = None


class _Window(msgspec.Struct, frozen=True):
    open_time: str
    close_time: str


class _Maintenance(msgspec.Struct, frozen=True):
    start_datetime: str
    end_datetime: str


class _Schedule(msgspec.Struct, frozen=True):
    standard_hours: list[dict[str, msgspec.Raw]] = []
    maintenance_windows: list[_Maintenance] = []


class _ScheduleAnswer(msgspec.Struct, frozen=True):
    schedule: _Schedule


class _Cutoff(msgspec.Struct, frozen=True):
    market_settled_ts: str
    trades_created_ts: str


class _Prices(msgspec.Struct, frozen=True):
    open_dollars: str | None = None
    high_dollars: str | None = None
    low_dollars: str | None = None
    close_dollars: str | None = None


class _Candle(msgspec.Struct, frozen=True):
    end_period_ts: int
    price: _Prices = _Prices()
    yes_bid: _Prices = _Prices()
    yes_ask: _Prices = _Prices()
    volume_fp: str = "0"


class _Candles(msgspec.Struct, frozen=True):
    candlesticks: list[_Candle]


class _SeriesRow(msgspec.Struct, frozen=True):
    ticker: str


class _SeriesList(msgspec.Struct, frozen=True):
    series: list[_SeriesRow]


WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def read_cursor(body: str) -> str:
    """Where the next page begins, "" at the end (the venue writes "" or null)."""
    return _decoded(body, _Cursor).cursor or ""


def read_schedule(body: str) -> ExchangeSchedule:
    """The answer of `/exchange/schedule`."""
    schedule = _decoded(body, _ScheduleAnswer).schedule
    hours: dict[str, tuple[tuple[str, str], ...]] = {}
    for entry in schedule.standard_hours:
        for day in WEEKDAYS:
            if day in entry:
                windows = _decoded(bytes(entry[day]).decode(), list[_Window])
                hours[day] = tuple((window.open_time, window.close_time) for window in windows)
    maintenance = tuple(
        (_moment(window.start_datetime), _moment(window.end_datetime))
        for window in schedule.maintenance_windows
    )
    return ExchangeSchedule(hours, maintenance)


def read_cutoff(body: str) -> HistoricalCutoff:
    """The answer of `/historical/cutoff`."""
    cutoff = _decoded(body, _Cutoff)
    return HistoricalCutoff(_moment(cutoff.market_settled_ts), _moment(cutoff.trades_created_ts))


def read_candles(body: str) -> tuple[Candle, ...]:
    """The answer of `…/candlesticks`."""
    return tuple(_candle(candle) for candle in _decoded(body, _Candles).candlesticks)


def _candle(candle: _Candle) -> Candle:
    try:
        return Candle(
            timestamps.from_seconds(candle.end_period_ts),
            _price(candle.price.open_dollars),
            _price(candle.price.high_dollars),
            _price(candle.price.low_dollars),
            _price(candle.price.close_dollars),
            _price(candle.yes_bid.close_dollars, empty=PRICE_ZERO),
            _price(candle.yes_ask.close_dollars, empty=PRICE_ONE),
            parse_count(candle.volume_fp),
        )
    except ValueError as error:
        raise AnswerNotUnderstood(f"a candle: {error}") from error


def _price(text: str | None, empty: Price | None = None) -> Price | None:
    price = None if text is None else parse_price(text)
    return None if price == empty else price


def read_series_tickers(body: str) -> tuple[str, ...]:
    """The tickers of `/series`."""
    return tuple(series.ticker for series in _decoded(body, _SeriesList).series)


def _moment(text: str) -> Nanos:
    try:
        return timestamps.from_text(text)
    except timestamps.MomentError as error:
        raise AnswerNotUnderstood(str(error)) from error


def _decoded(body: str, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=shape)
    except (ValueError, RecursionError) as error:
        raise AnswerNotUnderstood(f"{error}: {body[:80]!r}") from error

"""REST answers of Kalshi that are no events of the engine: schedules, candles, cutoffs, cursors.

Made by `venues.kalshi.rest` for its callers. Raises AnswerNotUnderstood where a body is not what was
promised.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TypeVar

import attrs
import msgspec

from engine.units import PRICE_ONE, PRICE_ZERO, Count, Nanos, Price, parse_count, parse_price
from venues import timestamps
from venues.errors import AnswerNotUnderstood
from venues.refusals import REFUSABLE, Refused
from venues.shapes import Decisive, Shape

T = TypeVar("T")
Row = TypeVar("Row")

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


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


class Cursor(msgspec.Struct, frozen=True):
    """Where the next page begins; "" and null are the end."""

    cursor: Decisive[str | None] = None


class Window(msgspec.Struct, frozen=True):
    """Hours of a weekday, Eastern."""

    open_time: str
    close_time: str


class Week(msgspec.Struct, frozen=True):
    """The hours of each weekday."""

    monday: list[Window] = []
    tuesday: list[Window] = []
    wednesday: list[Window] = []
    thursday: list[Window] = []
    friday: list[Window] = []
    saturday: list[Window] = []
    sunday: list[Window] = []


class Maintenance(msgspec.Struct, frozen=True):
    """An announced pause."""

    start_datetime: str
    end_datetime: str


class Schedule(msgspec.Struct, frozen=True):
    """When the exchange is open."""

    standard_hours: list[Week] = []
    maintenance_windows: list[Maintenance] = []


class ScheduleAnswer(msgspec.Struct, frozen=True):
    """`GET /exchange/schedule`."""

    schedule: Schedule


class CutoffAnswer(msgspec.Struct, frozen=True):
    """`GET /historical/cutoff`."""

    market_settled_ts: str
    trades_created_ts: str


# A minute without a trade has no such keys at all (not null), only `previous_dollars`; in the archive they
# are there and null, and none of its names says its unit.
class Prices(msgspec.Struct, frozen=True):
    """Prices of a period; those of a period without a trade are missing."""

    open_dollars: str | None = None
    high_dollars: str | None = None
    low_dollars: str | None = None
    close_dollars: str | None = None
    open: str | None = None
    high: str | None = None
    low: str | None = None
    close: str | None = None


class CandleBody(msgspec.Struct, frozen=True):
    """One period; a price that cannot be read is no price, so the whole candle is refused for it."""

    end_period_ts: int
    price: Decisive[Prices] = Prices()
    yes_bid: Decisive[Prices] = Prices()
    yes_ask: Decisive[Prices] = Prices()
    volume_fp: Decisive[str | None] = None
    volume: Decisive[str | None] = None


class CandlesAnswer(msgspec.Struct, frozen=True):
    """`GET …/candlesticks`."""

    candlesticks: list[CandleBody] | None


class SeriesRow(msgspec.Struct, frozen=True):
    """A series of the list."""

    ticker: str


class SeriesAnswer(msgspec.Struct, frozen=True):
    """`GET /series`."""

    series: list[SeriesRow] | None


def read_cursor(body: str) -> str:
    """Where the next page begins, "" at the end. Raises AnswerNotUnderstood: what is left out after a cursor
    that cannot be read would be missed without a word.
    """
    return _read(body, _CURSOR).cursor or ""


def read_rows(body: str, name: str) -> list[msgspec.Raw] | None:
    """The rows of the list `name`, None where the venue has null for it. Raises AnswerNotUnderstood."""
    try:
        keys = _KEYS.decode(body)
        rows: list[msgspec.Raw] | None = _ROWS.decode(keys[name])
    except KeyError as error:
        raise AnswerNotUnderstood(f"no {name} in it: {body[:80]!r}") from error
    except REFUSABLE as error:
        raise AnswerNotUnderstood(f"{error}: {body[:80]!r}") from error
    return rows


def read_schedule(body: str) -> ExchangeSchedule:
    """The answer of `/exchange/schedule`."""
    schedule = _read(body, _SCHEDULE).schedule
    hours: dict[str, tuple[tuple[str, str], ...]] = {}
    for week in schedule.standard_hours:
        for day in WEEKDAYS:
            # A day can have several: Thursday has two, around the pause from three to five Eastern.
            windows: list[Window] = getattr(week, day)
            if windows:
                more = tuple((window.open_time, window.close_time) for window in windows)
                hours[day] = hours.get(day, ()) + more
    pauses = _each(schedule.maintenance_windows, _pause)
    return ExchangeSchedule(hours, tuple(pauses))


def _pause(window: Maintenance) -> tuple[Nanos, Nanos]:
    return timestamps.from_text(window.start_datetime), timestamps.from_text(window.end_datetime)


def read_cutoff(body: str) -> HistoricalCutoff:
    """The answer of `/historical/cutoff`."""
    try:
        return _cutoff(_read(body, _CUTOFF))
    except timestamps.MomentError as error:
        raise AnswerNotUnderstood(str(error)) from error


def _cutoff(cutoff: CutoffAnswer) -> HistoricalCutoff:
    moments = cutoff.market_settled_ts, cutoff.trades_created_ts
    return HistoricalCutoff(*(timestamps.from_text(moment) for moment in moments))


def read_candles(body: str) -> tuple[Candle, ...]:
    """The answer of `…/candlesticks`."""
    return tuple(_each(_read(body, _CANDLES).candlesticks or (), candle_of))


def candle_of(candle: CandleBody) -> Candle:
    """A candle, live or of the archive. Raises ValueError for numbers that are none."""
    price, bid, ask = candle.price, candle.yes_bid, candle.yes_ask
    return Candle(
        timestamps.from_seconds(candle.end_period_ts),
        _price(price.open_dollars or price.open),
        _price(price.high_dollars or price.high),
        _price(price.low_dollars or price.low),
        _price(price.close_dollars or price.close),
        # The venue writes an empty side as a bid of 0 or an ask of 1 dollar.
        _price(bid.close_dollars or bid.close, empty=PRICE_ZERO),
        _price(ask.close_dollars or ask.close, empty=PRICE_ONE),
        parse_count(candle.volume_fp or candle.volume or "0"),
    )


def _price(text: str | None, empty: Price | None = None) -> Price | None:
    price = None if text is None else parse_price(text)
    return None if price == empty else price


def read_series_tickers(body: str) -> tuple[str, ...]:
    """The tickers of `/series`."""
    return tuple(series.ticker for series in _read(body, _SERIES).series or ())


def refused_pieces(path: str, body: str) -> tuple[Refused, ...]:
    """What the readers above leave out of a body of `path`. Raises what REFUSABLE names."""
    parts = path.strip("/").split("/")
    if parts[-1] == "candlesticks":
        candles, pieces = _CANDLES.decode(body)
        return (*pieces, *_odd(candles.candlesticks or (), candle_of, "candlesticks"))
    match parts:
        case ["exchange", "schedule"]:
            answer, pieces = _SCHEDULE.decode(body)
            return (*pieces, *_odd(answer.schedule.maintenance_windows, _pause, "maintenance_windows"))
        case ["historical", "cutoff"]:
            cutoff, pieces = _CUTOFF.decode(body)
            _cutoff(cutoff)
            return pieces
        case ["series"]:
            return _SERIES.decode(body)[1]
        case _:
            return ()


def _each(rows: Iterable[Row], read: Callable[[Row], T]) -> list[T]:
    """Every row converted; one that makes no sense is left out alone."""
    found: list[T] = []
    for row in rows:
        with suppress(ValueError):
            found.append(read(row))
    return found


def _odd(rows: Iterable[Row], read: Callable[[Row], object], place: str) -> list[Refused]:
    """The rows that `_each` leaves out."""
    odd: list[Refused] = []
    for number, row in enumerate(rows):
        try:
            read(row)
        except ValueError as error:
            odd.append(Refused(f"{place}[{number}]", str(error)))
    return odd


def _read(body: str, shape: Shape[T]) -> T:
    try:
        return shape.decode(body)[0]
    except REFUSABLE as error:
        raise AnswerNotUnderstood(f"{error}: {body[:80]!r}") from error


_CURSOR = Shape(Cursor)
_KEYS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ROWS = msgspec.json.Decoder(list[msgspec.Raw] | None)
_SCHEDULE = Shape(ScheduleAnswer)
_CUTOFF = Shape(CutoffAnswer)
_CANDLES = Shape(CandlesAnswer)
_SERIES = Shape(SeriesAnswer)

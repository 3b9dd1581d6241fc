"""The venue's and the league's calendar: Eastern dates, game days, the weekly trading pause, times as text.

Called by the schedule (a ticker's date is the Eastern date of the tip), by the risk gate (daily limits follow
the game day), by the paper exchange (no order is taken in the pause) and by whoever prints a time. All
moments are UTC nanoseconds and come in as arguments; nothing here reads a clock.
"""

import datetime as dt
import re
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from engine.units import NANOS_PER_HOUR, NANOS_PER_MICROSECOND, Nanos

EASTERN: Final = ZoneInfo("America/New_York")
"""The zone of the league's dates and of the venue's maintenance."""

GAME_DAY_HOUR: Final = 6
"""A game day begins at this hour, Eastern: no game lasts so long, and a late one belongs to the evening
before.
"""

PAUSE_WEEKDAY: Final = 3
"""Thursday, counted from Monday 0."""

PAUSE_HOURS: Final = (3, 5)
"""The weekly trading pause, Eastern, from and until: cancels work in it, new orders and amends do not."""

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND: Final = dt.timedelta(microseconds=1)
_RFC3339: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?"
    r"(?:([Zz])|([+-])([01]\d|2[0-3]):([0-5]\d))",
    re.ASCII,
)


class TimeError(ValueError):
    """A text that is no moment."""


def eastern(at: Nanos) -> dt.datetime:
    """The wall clock in New York, to the microsecond."""
    return _utc(at).astimezone(EASTERN)


def eastern_date(at: Nanos) -> dt.date:
    """The Eastern calendar date of a moment: of a tip, this is the date in the game's ticker."""
    return eastern(at).date()


def game_day(at: Nanos) -> dt.date:
    """The game day of a moment: the Eastern date, but until six in the morning still the day before."""
    # It begins on a full hour of every zone that is whole hours off, so an hour is looked up once.
    return _game_day_of_hour(at // NANOS_PER_HOUR)


def game_day_span(date: dt.date) -> tuple[Nanos, Nanos]:
    """The first moment of a game day, and that of the next."""
    return _eastern_at(date, GAME_DAY_HOUR), _eastern_at(date + dt.timedelta(days=1), GAME_DAY_HOUR)


@lru_cache(maxsize=256)
def _game_day_of_hour(hour: int) -> dt.date:
    local = eastern(Nanos(hour * NANOS_PER_HOUR))
    return local.date() if local.hour >= GAME_DAY_HOUR else local.date() - dt.timedelta(days=1)


def day_begin(date: dt.date) -> Nanos:
    """The first moment of an Eastern date."""
    return _eastern_at(date, 0)


def trading_paused(at: Nanos) -> bool:
    """Whether the venue's weekly pause is on; its first moment belongs to it, its last does not."""
    local = eastern(at)
    return local.weekday() == PAUSE_WEEKDAY and PAUSE_HOURS[0] <= local.hour < PAUSE_HOURS[1]


def next_pause(at: Nanos) -> tuple[Nanos, Nanos]:
    """Beginning and end of the pause that is on, or of the next one."""
    today = eastern(at).date()
    thursday = today + dt.timedelta(days=(PAUSE_WEEKDAY - today.weekday()) % 7)
    if _eastern_at(thursday, PAUSE_HOURS[1]) <= at:
        thursday += dt.timedelta(days=7)
    return _eastern_at(thursday, PAUSE_HOURS[0]), _eastern_at(thursday, PAUSE_HOURS[1])


def parse_time(text: str) -> Nanos:
    """Read an RFC 3339 time such as "2026-10-20T19:00:00Z", with up to nine decimals and any offset.

    Raises TimeError for anything else, leap seconds and times without a zone included.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise TimeError(f"not a time: {text[:40]!r}")
    year, month, day, hour, minute, second = (int(group) for group in match.groups()[:6])
    fraction, _, sign, offset_hours, offset_minutes = match.groups()[6:]
    try:
        whole = dt.datetime(year, month, day, hour, minute, second, tzinfo=dt.UTC)
        if sign is not None:
            offset = dt.timedelta(hours=int(offset_hours), minutes=int(offset_minutes))
            whole = whole - offset if sign == "+" else whole + offset
    except (ValueError, OverflowError) as error:
        raise TimeError(f"not a time: {text[:40]!r}") from error
    return Nanos(_nanos(whole) + int((fraction or "").ljust(9, "0")))


def _utc(at: Nanos) -> dt.datetime:
    """A moment as a date and time in UTC, cut to the microsecond."""
    return _EPOCH + dt.timedelta(microseconds=at // NANOS_PER_MICROSECOND)


def _eastern_at(date: dt.date, hour: int) -> Nanos:
    """The moment of a full hour on an Eastern date."""
    return _nanos(dt.datetime.combine(date, dt.time(hour), tzinfo=EASTERN))


def _nanos(moment: dt.datetime) -> Nanos:
    """A date and time with a zone as nanoseconds since 1970."""
    # In integers: a float of seconds since 1970 has no room for nanoseconds.
    return Nanos((moment - _EPOCH) // _MICROSECOND * NANOS_PER_MICROSECOND)

"""Moments as the services write them, turned into UTC nanoseconds.

Used by every translator. Reads no clock.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from engine.units import NANOS_PER_SECOND, Nanos

EASTERN = ZoneInfo("America/New_York")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

SECONDS_MAX = 4_102_444_800
"""The year 2100: a later moment is a mistake of the source."""

MILLISECONDS_MAX = SECONDS_MAX * 1_000


class MomentError(ValueError):
    """A text or number that is no moment between 1970 and 2100."""


# Every market of a listing says the same few.
@lru_cache(maxsize=1_024)
def from_text(text: str) -> Nanos:
    """Read an ISO 8601 moment with its zone ("2026-05-14T04:31:24Z"); finer than 1 µs is cut."""
    try:
        moment = datetime.fromisoformat(text)
        # In whole numbers: `timestamp()` is a float, whose steps today are a quarter of a microsecond.
        microseconds = (moment - EPOCH) // MICROSECOND
    except (ValueError, TypeError) as error:
        raise MomentError(f"not a moment with its zone: {text[:40]!r}") from error
    if not 0 <= microseconds <= SECONDS_MAX * 1_000_000:
        raise MomentError(f"not a moment between 1970 and 2100: {text[:40]!r}")
    return Nanos(microseconds * 1_000)


def from_seconds(seconds: int) -> Nanos:
    """Read Unix seconds."""
    if not 0 <= seconds <= SECONDS_MAX:
        raise MomentError(f"not Unix seconds between 1970 and 2100: {seconds}")
    return Nanos(seconds * NANOS_PER_SECOND)


def eastern_date(at: Nanos) -> str:
    """The date in New York at a moment, ISO; games and tickers are dated so."""
    return datetime.fromtimestamp(at / NANOS_PER_SECOND, EASTERN).date().isoformat()


def eastern_moment(day: date, hour: int) -> Nanos:
    """A full hour of a day in New York."""
    moment = datetime(day.year, day.month, day.day, hour, tzinfo=EASTERN)
    return Nanos(int(moment.timestamp()) * NANOS_PER_SECOND)

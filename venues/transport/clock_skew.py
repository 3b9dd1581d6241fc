"""How far our clock is from a server's, by the `Date` of its answers: signatures carry our time and expire.

Used by `venues.transport.http` and `venues.transport.websocket`. A `Date` has whole seconds and an answer
takes time on its way, so a few seconds mean nothing. This is an edge: it reads the clock when it is given
none.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import attrs

LARGE_S = 5.0
"""The venue does not publish how old a signature may be; at five seconds a person should set the clock."""

HOUR_S = 3_600.0
"""No clock that anybody looks at is so far off; a venue that plays another evening is."""


@attrs.frozen
class ClockSkew:
    """Our clock minus the server's, in seconds."""

    seconds: float

    @property
    def large(self) -> bool:
        """Whether it may be the reason why a signature was refused."""
        return abs(self.seconds) >= LARGE_S


def remedy(seconds: float) -> str:
    """What to do about a clock that is so far from the venue's."""
    if abs(seconds) < HOUR_S:
        return "set it (timedatectl set-ntp true)"
    return (
        "a simulated venue shows the time of its evening: begin it with `tipoff simulate --today`; "
        "if the venue is no simulated one, set the clock"
    )


def server_date(headers: Mapping[str, str]) -> datetime | None:
    """The moment that an answer is of: `Date` (headers in lower case), None if there is none or it is
    none.
    """
    try:
        date = parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError, TypeError):
        return None
    # email.utils gives a moment without a zone for "-0000", which RFC 5322 defines as UTC.
    return date if date.tzinfo is not None else date.replace(tzinfo=UTC)


def skew_of_headers(headers: Mapping[str, str], now_ns: int | None = None) -> ClockSkew | None:
    """Compare `now_ns` (default: now) with the answer's date."""
    date = server_date(headers)
    if date is None:
        return None
    now = time.time_ns() if now_ns is None else now_ns
    return ClockSkew(now / 1e9 - date.timestamp())

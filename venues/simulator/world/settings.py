"""What may be chosen about a simulated evening, and the shape of what comes out of it.

Read by every module of the simulator; made by `tipoff` and by tests.
"""

from datetime import date, datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import attrs

EASTERN: Final = ZoneInfo("America/New_York")
GAMES_MAX: Final = 15
SECOND: Final = 1_000_000_000
MINUTE: Final = 60 * SECOND


class Output(NamedTuple):
    """One text as a service would have sent it, with the moment at which a client had it."""

    at: int
    """When the client received it, UTC nanoseconds; never decreases over an evening."""
    source: str
    """"kalshi.ws", "kalshi.rest" or "balldontlie"."""
    conn: int
    """Number of the client's connection: 1 for the WebSocket, 0 for REST."""
    what: str
    """Frame type, or the path and query of the request."""
    body: str
    """The text, verbatim."""


def _iso_date(_settings: object, _field: object, text: str) -> None:
    """Refuse what is not an ISO date."""
    date.fromisoformat(text)


@attrs.frozen
class EveningSettings:
    """One evening: everything in it follows from these values."""

    seed: int = 1
    """Two evenings with the same settings are equal byte for byte."""
    games: int = attrs.field(default=3, validator=[attrs.validators.ge(1), attrs.validators.le(GAMES_MAX)])
    """Games that are played to the end."""
    date: str = attrs.field(default="2026-11-20", validator=_iso_date)
    """US Eastern date of the games."""
    first_tip_hour: int = attrs.field(
        default=19, validator=[attrs.validators.ge(11), attrs.validators.le(22)]
    )
    """Scheduled hour of the first game, Eastern."""
    first_tip_at: int | None = None
    """The first game's scheduled moment (UTC ns), at whatever hour; `date` must be its Eastern date."""
    tip_delay_minutes: tuple[int, int] = (5, 11)
    """So long after its schedule a game really begins, at least and at most."""
    tip_gap_minutes: int = attrs.field(default=30, validator=attrs.validators.ge(0))
    """Scheduled minutes from one game to the next."""
    pregame_minutes: int = attrs.field(default=30, validator=attrs.validators.ge(1))
    """How long before the first scheduled tip-off the evening begins."""
    rungs: int = attrs.field(default=6, validator=[attrs.validators.ge(2), attrs.validators.le(24)])
    """Markets of each ladder (one of spreads and one of totals a game)."""
    activity: float = attrs.field(default=1.0, validator=[attrs.validators.gt(0), attrs.validators.le(20)])
    """Scales how often makers re-quote and takers arrive."""
    sportsbooks: int = attrs.field(default=8, validator=[attrs.validators.ge(5), attrs.validators.le(11)])
    """Vendors with odds, the vendor `kalshi` not counted."""
    box_players: int = attrs.field(default=2, validator=[attrs.validators.ge(0), attrs.validators.le(13)])
    """Players a team in box scores; the real rows carry all, which makes them long."""
    postponed: bool | None = None
    """Whether one more game is listed and then postponed; None lets the seed decide."""
    cancelled: bool | None = None
    """Whether one more game is cancelled and its markets pay a fair price (`scalar`); None: by seed."""
    surprises: bool = False
    """Whether the venue does what it seldom does: a market is created during the evening, an event has fees
    of its own for a while, and a result is disputed and amended."""
    box_poll_seconds: int = attrs.field(default=10, validator=attrs.validators.ge(1))
    """Distance of live box score polls in the pure evening."""
    odds_poll_seconds: int = attrs.field(default=30, validator=attrs.validators.ge(1))
    """Distance of odds polls in the pure evening."""
    games_poll_seconds: int = attrs.field(default=60, validator=attrs.validators.ge(1))
    """Distance of polls of the day's games in the pure evening."""
    listing_poll_seconds: int = attrs.field(default=900, validator=attrs.validators.ge(1))
    """Distance of the Kalshi REST listing of all events in the pure evening."""

    def tip_at(self, number: int) -> int:
        """Scheduled tip-off of a game, UTC nanoseconds."""
        gap = number * self.tip_gap_minutes * MINUTE
        if self.first_tip_at is not None:
            return self.first_tip_at + gap
        day = date.fromisoformat(self.date)
        first = datetime(day.year, day.month, day.day, self.first_tip_hour, tzinfo=EASTERN)
        return round(first.timestamp()) * SECOND + gap

    @property
    def starts_at(self) -> int:
        """The evening's first moment, UTC nanoseconds."""
        return self.tip_at(0) - self.pregame_minutes * MINUTE

"""What Kalshi itself says of a game: the events that hang on it, and its score, to check the league's by.

Called by `venues.kalshi.answers` for the bodies of `/milestones` and `/live_data/batch`. The specification
leaves the details of a game open; points and status have the names by which other clients read them. A body
without them, or of which a number makes no sense, is refused and counted, never guessed at. Pure.
"""

from typing import Final

import msgspec

from engine.events import FeedRefused, GamePhase, ScoreSeen, VenueEvent
from engine.milestones import KALSHI, MilestoneSeen, reference_of
from engine.units import Nanos
from venues.kalshi import bodies
from venues.kalshi.parse import DETAIL_MAX, REFUSABLE, refusal_kind

BASKETBALL: Final = "basketball_game"
SOURCE: Final = "kalshi.rest"
POINTS_MAX: Final = 400
"""No team has scored half as many."""

NOT_BEGUN: Final = frozenset({"", "none", "scheduled", "not_started", "created", "upcoming"})
"""Of a game of which the venue says this it knows no score: its zeros are no word about the game."""

OVER: Final = frozenset({"finished", "final", "closed", "complete", "ended"})


def milestones(body: str, _ticker: str, at: Nanos) -> tuple[VenueEvent, ...]:
    """The games among the milestones."""
    return tuple(
        MilestoneSeen(reference_of(found.id), tuple(found.related_event_tickers), at)
        for found in _MILESTONES.decode(body).milestones
        if found.type == BASKETBALL
    )


def live_data(body: str, _ticker: str, at: Nanos) -> tuple[VenueEvent, ...]:
    """The scores of games that have begun; a game that makes no sense is refused alone."""
    found: list[VenueEvent] = []
    for datum in _LIVE_DATA.decode(body).live_datas:
        if datum.type == BASKETBALL:
            found += _score(datum, at)
    return tuple(found)


def _score(datum: bodies.LiveDatum, at: Nanos) -> list[VenueEvent]:
    try:
        details = _DETAILS.decode(datum.details)
        for points in (details.home_points, details.away_points):
            if not 0 <= points <= POINTS_MAX:
                raise ValueError(f"{points} points")
    except REFUSABLE as error:
        detail = f"live data of {datum.milestone_id}: {error}"
        return [FeedRefused(SOURCE, refusal_kind(error), detail[:DETAIL_MAX], at)]
    status = details.status.strip().lower()
    if status in NOT_BEGUN:
        return []
    phase = GamePhase.FINAL if status in OVER else GamePhase.LIVE
    home, away = details.home_points, details.away_points
    return [ScoreSeen(reference_of(datum.milestone_id), KALSHI, phase, 0, None, home, away, None, at)]


_MILESTONES = msgspec.json.Decoder(bodies.MilestonesAnswer)
_LIVE_DATA = msgspec.json.Decoder(bodies.LiveDataAnswer)
_DETAILS = msgspec.json.Decoder(bodies.LiveDetails)

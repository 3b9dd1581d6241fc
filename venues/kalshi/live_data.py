"""Kalshi's own data on a game: its events, and its score, against which the league's score is checked.

Called by `venues.kalshi.answers` for the bodies of `/milestones` and `/live_data/batch`. The specification
leaves the details of a game open; points and status have the names by which other clients read them. A body
without them, or of which a number makes no sense, is refused and counted, never guessed at. Pure.
"""

from typing import Final

from engine.events import GamePhase, ScoreSeen, VenueEvent
from engine.milestones import KALSHI, MilestoneSeen, reference_of
from engine.units import Nanos
from venues.kalshi import bodies
from venues.refusals import REFUSABLE, NotUnderstood, pieces_refused, refusal
from venues.shapes import Shape

BASKETBALL: Final = "basketball_game"
SOURCE: Final = "kalshi.rest"
POINTS_MAX: Final = 400
"""No team has scored half as many."""

NOT_BEGUN: Final = frozenset(
    {
        "",
        "none",
        "scheduled",
        "notstarted",
        "created",
        "upcoming",
        "pregame",
        "delayed",
        "postponed",
        "canceled",
    }
    | {"cancelled"}
)
"""With one of these the venue has no score yet: the zeros it sends are placeholders."""

RUNNING: Final = frozenset(
    {"live", "inprogress", "active", "started", "playing", "halftime", "halfway", "overtime", "interrupted"}
)
OVER: Final = frozenset({"finished", "final", "closed", "complete", "completed", "ended"})


def milestones(body: str, _ticker: str, at: Nanos) -> tuple[VenueEvent, ...]:
    """The games among the milestones."""
    answer, pieces = _MILESTONES.decode(body)
    games = [
        MilestoneSeen(reference_of(found.id), tuple(found.related_event_tickers), at)
        for found in answer.milestones or ()
        if found.type == BASKETBALL
    ]
    return (*games, *pieces_refused(SOURCE, "milestones", pieces, at))


def live_data(body: str, _ticker: str, at: Nanos) -> tuple[VenueEvent, ...]:
    """The scores of games that have begun; a game that makes no sense is refused alone."""
    answer, pieces = _LIVE_DATA.decode(body)
    found: list[VenueEvent] = []
    for datum in answer.live_datas or ():
        if datum.type == BASKETBALL:
            found += _score(datum, at)
    return (*found, *pieces_refused(SOURCE, "live data", pieces, at))


def _score(datum: bodies.LiveDatum, at: Nanos) -> list[VenueEvent]:
    try:
        details, _ = _DETAILS.decode(datum.details)
        phase = phase_of(details.status)
        if phase is GamePhase.SCHEDULED:
            return []
        home, away = _points(details.home_points), _points(details.away_points)
    except REFUSABLE as error:
        return [refusal(SOURCE, "live data", error, at, datum.milestone_id)]
    return [ScoreSeen(reference_of(datum.milestone_id), KALSHI, phase, 0, None, home, away, None, at)]


def _points(points: int | None) -> int:
    if points is None:
        raise NotUnderstood("missing_field", "a game without its points")
    if not 0 <= points <= POINTS_MAX:
        raise ValueError(f"{points} points")
    return points


def phase_of(status: str) -> GamePhase:
    """Where a game stands by the venue's word, however it is spelled; NotUnderstood for any other word.

    "Not Started" and "not_started" are one word, and neither is "started".
    """
    word = "".join(letter for letter in status.lower() if letter.isalnum())
    if word in NOT_BEGUN:
        return GamePhase.SCHEDULED
    if word in OVER:
        return GamePhase.FINAL
    if word in RUNNING:
        return GamePhase.LIVE
    raise NotUnderstood("unknown_status", f"status {status[:40]!r}")


_MILESTONES = Shape(bodies.MilestonesAnswer)
_LIVE_DATA = Shape(bodies.LiveDataAnswer)
_DETAILS = Shape(bodies.LiveDetails)

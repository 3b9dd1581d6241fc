"""The simulated balldontlie interface: keys and their tiers, limits, pages, and which path answers what.

Made by `venues.simulator.service`, called for every request of the balldontlie port. Bodies come from
`venues.simulator.balldontlie.bodies`.
"""

import re
from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Final, TypeAlias

import attrs

from engine.token_bucket import TokenBucket
from engine.units import Nanos
from venues.simulator.balldontlie import bodies
from venues.simulator.wire.error_responses import balldontlie_refusal, one_shot_status
from venues.simulator.wire.faults import Faults
from venues.simulator.wire.http import Answer, Request
from venues.simulator.wire.json_text import compact
from venues.simulator.wire.recorded_bodies import RecordedBodies
from venues.simulator.world.game import Game
from venues.simulator.world.league import PLAYED
from venues.simulator.world.live import LiveEvening
from venues.simulator.world.settings import MINUTE
from venues.simulator.world.teams import TEAMS

PER_PAGE: Final = 25
PER_PAGE_MAX: Final = 100
Row: TypeAlias = dict[str, object]


class Tier(IntEnum):
    """What a key may ask for; the value is its budget of requests a minute."""

    FREE = 5
    ALL_STAR = 60
    GOAT = 600


class Unknown(LookupError):
    """There is nothing of that id."""


class BadQuery(ValueError):
    """Parameters that are missing or make no sense."""


@attrs.frozen
class EndpointCall:
    """A request with what is needed to answer it."""

    live: LiveEvening
    request: Request
    groups: tuple[str, ...]

    @property
    def games(self) -> tuple[Game, ...]:
        """All games of the evening and of those before it."""
        return self.live.all_games


Route: TypeAlias = Callable[[EndpointCall], Row]


@attrs.define(eq=False)
class BdlRest:
    """The simulated score and odds service."""

    live: LiveEvening
    tiers: Mapping[str, Tier]
    faults: Faults
    limited: bool = True
    recorded: RecordedBodies | None = None
    """A recording's bodies, which then are all that there is."""
    buckets: dict[str, TokenBucket] = attrs.field(factory=dict)

    def answer(self, request: Request) -> Answer:
        """Answer one request; never raises for what a client may send."""
        if self.faults.concerns("balldontlie", request.path) and (status := one_shot_status(self.faults)):
            return balldontlie_refusal(status, self.faults)
        # The vendor answers this one without a key.
        if request.path == "/account/v1/plans":
            return _answered(_plans())
        # The vendor's own documents write the key with and without `Bearer`; both are taken.
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        tier = self.tiers.get(key)
        if tier is None:
            return balldontlie_refusal(401, self.faults)
        if self.limited and not self._within_budget(key, tier):
            return balldontlie_refusal(429, self.faults)
        return self._routed(request, tier)

    def _within_budget(self, key: str, tier: Tier) -> bool:
        now = Nanos(self.live.clock.running())
        bucket = self.buckets.get(key) or TokenBucket.full(tier, Nanos(MINUTE), tier, now)
        paid = bucket.take(1, now)
        self.buckets[key] = paid or bucket
        return paid is not None

    def _routed(self, request: Request, tier: Tier) -> Answer:
        if self.recorded is not None:
            answer = self.recorded.answer("balldontlie", request.path, request, self.live.clock.now())
            return answer or balldontlie_refusal(404, self.faults)
        # The older prefix answers the same.
        path = request.path.removeprefix(PLAYED.path)
        for pattern, route, needed in ROUTES:
            match = pattern.fullmatch(path)
            if match is None or request.method != "GET":
                continue
            if tier < needed:
                return balldontlie_refusal(401, self.faults)
            try:
                return _answered(route(EndpointCall(self.live, request, match.groups())))
            except Unknown:
                return balldontlie_refusal(404, self.faults)
            except BadQuery as bad:
                return balldontlie_refusal(400, self.faults, str(bad))
        return balldontlie_refusal(404, self.faults)


def _answered(body: Row) -> Answer:
    return Answer(200, compact(body).encode(), "application/json; charset=utf-8")


def _plans() -> Row:
    rows = [
        {"name": name, "rate_limit": int(tier), "rate_limit_window_seconds": 60}
        for name, tier in (("free", Tier.FREE), ("paid", Tier.ALL_STAR), ("paid_plus", Tier.GOAT))
    ]
    return {"data": rows}


def _number(request: Request, name: str, otherwise: int) -> int:
    text = request.one(name)
    if not text:
        return otherwise
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise BadQuery(f"{name} must be a number")
    return int(text)


def _paged(rows: list[Row], request: Request) -> Row:
    """One page. A page that is just full has a next cursor even if nothing follows, as in reality."""
    per_page = _number(request, "per_page", PER_PAGE)
    if not 1 <= per_page <= PER_PAGE_MAX:
        raise BadQuery(f"per_page must be between 1 and {PER_PAGE_MAX}")
    start = _number(request, "cursor", 0)
    taken = rows[start : start + per_page]
    following = start + per_page if len(taken) == per_page else None
    return bodies.page(taken, following, per_page)


def _several(request: Request, name: str) -> list[str]:
    """A repeated parameter with or without brackets."""
    return request.many(f"{name}[]") + request.many(name)


def _games_selected(call: EndpointCall) -> list[Game]:
    """The games that dates and ids select; BadQuery if neither is given."""
    dates, ids = _several(call.request, "dates"), _several(call.request, "game_ids")
    if not dates and not ids:
        raise BadQuery("dates or game_ids is required")
    return [game for game in call.games if game.listing.date in dates or f"{game.listing.bdl_id}" in ids]


def _injuries(call: EndpointCall) -> Row:
    """Nobody is ever injured here; clients ask for it to find out what their key may do."""
    return _paged([], call.request)


def _teams(_asked: EndpointCall) -> Row:
    rows: list[Row] = [bodies.team_row(team) for team in TEAMS]
    # The real list also has teams that are long gone.
    gone = {"id": 37, "conference": "    ", "division": "", "city": "", "name": "Chicago Stags"}
    rows.append(gone | {"full_name": "Chicago Stags", "abbreviation": "CHS"})
    return {"data": rows}


def _games(call: EndpointCall) -> Row:
    request = call.request
    dates = _several(request, "dates")
    start, end = request.one("start_date", "0"), request.one("end_date", "9")
    teams = _several(request, "team_ids")
    rows = []
    for game in call.games:
        listing = game.listing
        if (dates and listing.date not in dates) or not start <= listing.date <= end:
            continue
        if not teams or {f"{listing.home.number}", f"{listing.away.number}"} & set(teams):
            rows.append(bodies.game_row(game))
    return _paged(rows, request)


def _game_of(call: EndpointCall, number: str) -> Game:
    for game in call.games:
        if f"{game.listing.bdl_id}" == number:
            return game
    raise Unknown(number)


def _game(call: EndpointCall) -> Row:
    return {"data": bodies.game_row(_game_of(call, call.groups[0]))}


def _live_boxes(call: EndpointCall) -> Row:
    now = call.live.clock.now()
    return {"data": [bodies.box_row(game) for game in call.live.world.games if bodies.has_box(game, now)]}


def _boxes(call: EndpointCall) -> Row:
    date = call.request.one("date")
    if not date:
        raise BadQuery("date is required")
    return {"data": [bodies.box_row(game) for game in call.games if game.listing.date == date]}


def _odds(call: EndpointCall) -> Row:
    # The service keeps no history of odds: of days that are over it has no row.
    games = [game for game in _games_selected(call) if game in call.live.world.games]
    rows = [row for game in games for row in bodies.odds_rows(game)]
    return _paged(rows, call.request)


def _opening(call: EndpointCall) -> Row:
    rows = [row for game in _games_selected(call) for row in bodies.opening_rows(game)]
    return _paged(rows, call.request)


def _plays(call: EndpointCall) -> Row:
    number = call.request.one("game_id")
    if not number:
        raise BadQuery("game_id is required")
    return {"data": bodies.play_rows(_game_of(call, number))}


ROUTES: Final[tuple[tuple[re.Pattern[str], Route, Tier], ...]] = (
    (re.compile("/v1/teams"), _teams, Tier.FREE),
    (re.compile("/v1/games"), _games, Tier.FREE),
    (re.compile("/v1/games/([0-9]+)"), _game, Tier.FREE),
    (re.compile("/v1/player_injuries"), _injuries, Tier.ALL_STAR),
    (re.compile("/v1/box_scores/live"), _live_boxes, Tier.GOAT),
    (re.compile("/v1/box_scores"), _boxes, Tier.GOAT),
    (re.compile("/v1/plays"), _plays, Tier.GOAT),
    (re.compile("/v2/odds"), _odds, Tier.GOAT),
    (re.compile("/v2/odds/opening"), _opening, Tier.GOAT),
)
"""Paths below the league's, which is optional, what answers them, and the tier they need."""

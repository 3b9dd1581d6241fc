"""balldontlie's REST interface: tiers and their budgets, refusals in plain text, cursors with quirks.

Covers: venues.balldontlie.tiers.
"""

# ruff: noqa: ARG001 (a clock winds trio's time on by being asked for)

import json
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

import attrs
import httpx
import pytest
import trio
from trio.testing import MockClock

from engine.events import GameSeen, OddsSeen, ScoreSeen
from engine.leagues import NBA
from tests.venues.ears import keeping
from tipoff.sources.registry import translator
from venues.balldontlie.rest import PAGES_MAX, BalldontlieRest, Dependencies, detect_tier, words_of_refusal
from venues.balldontlie.tiers import TIERS, Tier
from venues.errors import AnswerNotUnderstood, CredentialsRefused, PagesEndless, VenueError
from venues.recordings.segments import Line
from venues.transport.client import RetryPolicy
from venues.transport.http import Answer, Http

AT = 1_786_000_000_000_000_000
GAME = {
    "id": 7,
    "date": "2026-01-02",
    "status": "2nd Qtr",
    "period": 2,
    "time": "3:44",
    "home_team_score": 50,
    "visitor_team_score": 51,
    "home_team": {"abbreviation": "MIA"},
    "visitor_team": {"abbreviation": "ATL"},
}
ODDS = {"game_id": 7, "vendor": "fanduel", "moneyline_home_odds": -110, "moneyline_away_odds": -110}


class Said(NamedTuple):
    """An answer of the service, whatever it says."""

    body: str
    status: int = 200


Reply = Callable[[str, dict[str, str]], object]


@attrs.define
class Service:
    """A service that answers by a function of path and query."""

    reply: Reply
    asked: list[tuple[float, str, list[tuple[str, str]]]] = attrs.field(factory=list)
    heads: list[httpx.Headers] = attrs.field(factory=list)
    heard: list[tuple[str, str]] = attrs.field(factory=list)

    async def answer(self, request: httpx.Request) -> httpx.Response:
        await trio.lowlevel.checkpoint()
        parts = urlsplit(str(request.url))
        query = parse_qsl(parts.query)
        self.asked.append((trio.current_time(), parts.path, query))
        self.heads.append(request.headers)
        found = self.reply(parts.path, dict(query))
        said = found if isinstance(found, Said) else Said(json.dumps(found))
        return httpx.Response(said.status, stream=httpx.ByteStream(said.body.encode()))

    def http(self) -> Http:
        return Http("https://service.invalid", transport=httpx.MockTransport(self.answer))

    def surroundings(self, *, bearer: bool = False) -> Dependencies:
        return Dependencies(
            on_body=keeping(self.heard, "balldontlie", lambda: AT),
            wall=lambda: AT,
            draw=lambda: 0.0,
            retry=RetryPolicy(attempts_max=1),
            bearer=bearer,
        )

    def rest(self, tier: Tier = Tier.GOAT, *, bearer: bool = False) -> BalldontlieRest:
        return BalldontlieRest(self.http(), "secret-key", self.surroundings(bearer=bearer), tier)


def rows(*found: object, cursor: int | None = None) -> dict[str, object]:
    meta: dict[str, object] = {"per_page": 100}
    return {"data": list(found), "meta": meta | ({"next_cursor": cursor} if cursor is not None else {})}


async def test_games_are_asked_for_by_eastern_date_and_heard_as_they_came(autojump_clock: MockClock) -> None:
    service = Service(lambda _path, _query: rows(GAME))
    events = await service.rest().games(["2026-01-01", "2026-01-02"])
    assert [type(event) for event in events] == [GameSeen, ScoreSeen]
    _, path, query = service.asked[0]
    assert path == "/nba/v1/games"
    assert query == [("dates[]", "2026-01-01"), ("dates[]", "2026-01-02"), ("per_page", "100")]
    assert service.heads[0]["authorization"] == "secret-key"
    ((what, body),) = service.heard
    assert translator().translate(Line(AT, 1, "balldontlie", 0, what, body)) == events


async def test_the_key_may_be_written_with_bearer(autojump_clock: MockClock) -> None:
    service = Service(lambda _path, _query: rows())
    await service.rest(bearer=True).live_box_scores()
    assert service.heads[0]["authorization"] == "Bearer secret-key"


async def test_each_call_has_its_endpoint(autojump_clock: MockClock) -> None:
    service = Service(lambda path, _query: {"data": GAME} if path.endswith("/7") else rows())
    rest = service.rest()
    await rest.game(7)
    await rest.live_box_scores()
    await rest.odds("2026-01-02")
    await rest.opening_odds("2026-01-02")
    await rest.plays(7)
    assert [path for _, path, _ in service.asked] == [
        "/nba/v1/games/7",
        "/nba/v1/box_scores/live",
        "/nba/v2/odds",
        "/nba/v2/odds/opening",
        "/nba/v1/plays",
    ]


async def test_pages_follow_the_cursor(autojump_clock: MockClock) -> None:
    service = Service(
        lambda _path, query: rows(ODDS) if query.get("cursor") == "25" else rows(ODDS, ODDS, cursor=25)
    )
    events = await service.rest().odds("2026-01-02")
    assert [type(event) for event in events] == [OddsSeen] * 3


async def test_an_empty_page_ends_even_if_it_has_a_cursor(autojump_clock: MockClock) -> None:
    service = Service(lambda _path, query: rows(cursor=26) if "cursor" in query else rows(ODDS, cursor=25))
    assert len(await service.rest().odds("2026-01-02")) == 1
    assert len(service.asked) == 2


@pytest.mark.fault("B9")
@pytest.mark.limit("venues.balldontlie.rest:PAGES_MAX")
async def test_b9_a_cursor_that_comes_back_or_never_ends_is_an_error(autojump_clock: MockClock) -> None:
    service = Service(lambda _path, _query: rows(ODDS, cursor=25))
    with pytest.raises(PagesEndless, match="came back"):
        await service.rest().odds("2026-01-02")
    endless = Service(lambda _path, query: rows(ODDS, cursor=int(query.get("cursor", "0")) + 1))
    with pytest.raises(PagesEndless, match="more than"):
        await endless.rest().odds("2026-01-02")
    assert len(endless.asked) == PAGES_MAX


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("body", ["Unauthorized", '{"error":"Unauthorized"}', '{"message":"Unauthorized"}'])
async def test_a_refused_key_or_plan_is_named_in_each_of_its_shapes_and_not_asked_again(
    autojump_clock: MockClock, body: str, status: int
) -> None:
    service = Service(lambda _path, _query: Said(body, status))
    with pytest.raises(CredentialsRefused) as caught:
        await service.rest().live_box_scores()
    assert (caught.value.code, caught.value.detail) == ("key_or_plan", "Unauthorized")
    assert "secret-key" not in str(caught.value)
    assert len(service.asked) == 1


@pytest.mark.fault("B8")
@pytest.mark.parametrize("body", ["<html>", "null", "[]", '{"data":{}}', '{"rows":[]}'])
async def test_b8_a_200_that_is_no_list_of_rows_is_refused(autojump_clock: MockClock, body: str) -> None:
    with pytest.raises(VenueError) as caught:
        await Service(lambda _path, _query: Said(body)).rest().odds("2026-01-02")
    assert isinstance(caught.value, AnswerNotUnderstood)


async def test_a_broken_row_is_no_broken_answer(autojump_clock: MockClock) -> None:
    service = Service(lambda _path, _query: rows({"vendor": "fanduel"}))
    assert len(await service.rest().odds("2026-01-02")) == 1


@pytest.mark.parametrize(
    "allowed, tier, requests",
    [
        ({"/nba/v2/odds", "/nba/v1/player_injuries", "/nba/v1/games"}, Tier.GOAT, 1),
        ({"/nba/v1/player_injuries", "/nba/v1/games"}, Tier.ALL_STAR, 2),
        ({"/nba/v1/games"}, Tier.FREE, 3),
    ],
)
async def test_what_a_key_may_do_is_found_out(
    autojump_clock: MockClock, allowed: set[str], tier: Tier, requests: int
) -> None:
    service = Service(lambda path, _query: rows() if path in allowed else Said("Unauthorized", 401))
    found = await detect_tier(service.http(), "secret-key", service.surroundings(), "2026-01-02")
    assert (found, len(service.asked)) == (tier, requests)


async def test_a_key_that_may_do_nothing_is_the_keys_fault(autojump_clock: MockClock) -> None:
    service = Service(lambda _path, _query: Said("Unauthorized", 401))
    with pytest.raises(CredentialsRefused):
        await detect_tier(service.http(), "secret-key", service.surroundings(), "2026-01-02")


@pytest.mark.parametrize("tier", list(Tier))
async def test_no_minute_holds_more_than_the_tiers_limit(autojump_clock: MockClock, tier: Tier) -> None:
    service = Service(lambda _path, _query: rows())
    rest = service.rest(tier)
    limit = TIERS[tier].requests_per_minute
    for _ in range(limit + 5):
        await rest.live_box_scores()
    asked = [at for at, _, _ in service.asked]
    assert all(sum(start <= at < start + 60 for at in asked) <= limit for start in asked)


@pytest.mark.parametrize("body", ["", "null", "[]", '{"error":7}', "[" * 9_999])
def test_no_refusal_is_too_odd_for_words(body: str) -> None:
    code, detail = words_of_refusal(Answer(500, body, {}))
    assert (code, detail) == ("unknown", body[:200])


async def test_another_league_is_asked_for_below_its_own_path(autojump_clock: MockClock) -> None:
    other = attrs.evolve(NBA, name="Other", path="/other")
    service = Service(lambda _path, _query: rows())
    rest = BalldontlieRest(service.http(), "key", service.surroundings(), Tier.GOAT, leagues=(NBA, other))
    await rest.games(["2026-01-01"])
    await rest.live_box_scores()
    await rest.odds("2026-01-01")
    assert [path for _, path, _ in service.asked] == [
        "/nba/v1/games",
        "/other/v1/games",
        "/nba/v1/box_scores/live",
        "/other/v1/box_scores/live",
        "/nba/v2/odds",
        "/other/v2/odds",
    ]

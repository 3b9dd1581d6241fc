"""How often balldontlie is asked: at each poll's own pace while a game is near, at the idle one else."""

# ruff: noqa: ARG001 (a clock winds trio's time on by being asked for)

import json
from urllib.parse import urlsplit

import attrs
import httpx
import trio
from trio.testing import MockClock

from actors.pollers import PollStatus
from engine.calendar import parse_time
from engine.units import NANOS_PER_MILLISECOND, NANOS_PER_SECOND
from tests.venues.ears import keeping
from tipoff.sources.bundled.balldontlie.polls import Scores
from tipoff.sources.bundled.balldontlie.section import BalldontlieSection
from tipoff.sources.game_time import GAME_NS_MAX, ODDS_BEFORE_NS, SCORES_BEFORE_NS
from venues.balldontlie.rest import BalldontlieRest, Dependencies
from venues.balldontlie.tiers import Tier
from venues.transport.http import Http

TIP = parse_time("2026-01-03T00:30:00Z")
SECTION = BalldontlieSection(
    games_poll_ms=15_000, box_score_poll_ms=5_000, odds_poll_ms=10_000, idle_poll_ms=60_000
)
GAME: dict[str, object] = {
    "id": 7,
    "date": "2026-01-02",
    "datetime": "2026-01-03T00:30:00.000Z",
    "status": "2026-01-03T00:30:00Z",
    "period": 0,
    "time": "",
    "home_team_score": 0,
    "visitor_team_score": 0,
    "home_team": {"abbreviation": "MIA"},
    "visitor_team": {"abbreviation": "ATL"},
}
OVER = {
    **GAME,
    "status": "Final",
    "period": 4,
    "time": "Final",
    "home_team_score": 100,
    "visitor_team_score": 99,
}


@attrs.define
class Evening:
    """A service with one game, and the polls that ask it, at a moment that a test sets."""

    now: int = TIP
    game: dict[str, object] = attrs.field(factory=lambda: dict(GAME))
    asked: list[str] = attrs.field(factory=list)
    scores: Scores = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.scores = Scores(self._find_out, lambda: self.now, SECTION)

    async def _find_out(self, _date: str) -> BalldontlieRest:
        given = Dependencies(
            on_body=keeping([], "balldontlie", lambda: self.now), wall=lambda: self.now, draw=lambda: 0.0
        )
        http = Http("https://service.invalid", transport=httpx.MockTransport(self._answer))
        return BalldontlieRest(http, "secret-key", given, Tier.GOAT)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        await trio.lowlevel.checkpoint()
        path = urlsplit(str(request.url)).path
        self.asked.append(path)
        rows = [self.game] if path.endswith("/games") else []
        body = json.dumps({"data": rows, "meta": {"per_page": 100}})
        return httpx.Response(200, stream=httpx.ByteStream(body.encode()))

    async def pauses(self, at: int) -> tuple[int, int, int]:
        """Milliseconds until games, box scores and odds are asked for again, if they are at this moment."""
        self.now = at
        given = PollStatus()
        found = [await ask(given) for ask in (self.scores.games, self.scores.box_scores, self.scores.odds)]
        assert None not in found
        games, box_scores, odds = (round((pause or 0) / NANOS_PER_MILLISECOND) for pause in found)
        return games, box_scores, odds


async def test_odds_are_asked_for_at_their_own_pace_from_three_hours_before_a_game_to_its_end(
    autojump_clock: MockClock,
) -> None:
    evening = Evening()
    paces = [(await evening.pauses(at))[2] for at in (TIP - ODDS_BEFORE_NS - 1, TIP - ODDS_BEFORE_NS, TIP)]
    assert paces == [60_000, 10_000, 10_000]
    assert evening.asked.count("/nba/v2/odds") == 3
    evening.game = OVER
    assert (await evening.pauses(TIP + 7_200 * NANOS_PER_SECOND))[2] == 60_000


async def test_box_scores_are_asked_for_at_their_own_pace_from_a_quarter_of_an_hour_before_a_game_to_its_end(
    autojump_clock: MockClock,
) -> None:
    evening = Evening()
    assert (await evening.pauses(TIP - SCORES_BEFORE_NS - 1))[1] == 15_000, "soon enough to see one come near"
    assert "/nba/v1/box_scores/live" not in evening.asked
    assert (await evening.pauses(TIP - SCORES_BEFORE_NS))[1] == 5_000
    assert evening.asked.count("/nba/v1/box_scores/live") == 1
    evening.game = OVER
    assert (await evening.pauses(TIP + 7_200 * NANOS_PER_SECOND))[1] == 15_000
    assert evening.asked.count("/nba/v1/box_scores/live") == 1


async def test_the_list_of_games_is_asked_for_in_haste_only_while_a_game_is_near(
    autojump_clock: MockClock,
) -> None:
    evening = Evening()
    moments = (TIP - SCORES_BEFORE_NS - 1, TIP - SCORES_BEFORE_NS, TIP + GAME_NS_MAX - 1, TIP + GAME_NS_MAX)
    assert [(await evening.pauses(at))[0] for at in moments] == [60_000, 15_000, 15_000, 60_000]


async def test_yesterdays_odds_are_asked_for_while_its_game_runs(autojump_clock: MockClock) -> None:
    evening = Evening()
    await evening.pauses(parse_time("2026-01-03T05:30:00Z"))
    assert evening.asked.count("/nba/v2/odds") == 2, "half past midnight in New York, both dates"

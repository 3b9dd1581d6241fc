"""The simulated venues' past, asked without sockets, and a download of it into a folder."""

import hashlib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import attrs
import httpx
import pytest
import trio

from engine.events import VenueEvent
from engine.leagues import LEAGUES, NBA
from engine.units import NANOS_PER_SECOND
from tipoff.download.asker import Asker
from tipoff.download.gathering import Progress
from tipoff.download.plan import GameWords, days_of
from tipoff.download.scores import ScoreAsker
from tipoff.download.session import Day, Download, Wanted
from venues.balldontlie import rest as balldontlie
from venues.balldontlie.tiers import TIERS, Tier
from venues.kalshi import rest as kalshi
from venues.kalshi.results import read_cursor
from venues.recordings.recorder import read
from venues.recordings.segments import Line
from venues.simulator.balldontlie.rest import BdlRest
from venues.simulator.balldontlie.rest import Tier as ServedTier
from venues.simulator.kalshi.rest import KalshiRest
from venues.simulator.kalshi.signatures import KeyRing
from venues.simulator.wire.faults import Faults
from venues.simulator.wire.http import Request
from venues.simulator.world.clock import SimulatedClock
from venues.simulator.world.history import History
from venues.simulator.world.live import LiveEvening
from venues.simulator.world.settings import EveningSettings
from venues.simulator.world.world import World
from venues.transport.client import RetryPolicy
from venues.transport.http import Http

EVENING = EveningSettings(
    seed=31,
    games=1,
    rungs=2,
    activity=0.05,
    box_players=1,
    date="2025-11-21",
    postponed=False,
    cancelled=False,
)
EVENINGS = 5
FAST = kalshi.Budget(1_000_000, 1_000_000)
"""Nobody waits for a budget here."""
FIRST, LAST = date(2025, 11, 16), date(2025, 11, 20)
"""The days of the past."""

Spoil = Callable[[str, httpx.Response], httpx.Response]
"""From what was asked and the true answer, what is answered. May raise what httpx raises."""


@pytest.fixture(scope="session")
def history() -> History:
    """Five evenings of a game each; the archive ends in the afternoon before the last two."""
    return History.before(EVENING, EVENINGS, live_days=2.3)


@attrs.define(eq=False)
class Venues:
    """Both services of one past, and what they were asked."""

    history: History
    asked: list[str] = attrs.field(factory=list)
    spoil: Spoil = lambda _target, answer: answer
    faults: Faults = attrs.field(factory=Faults)
    served: ServedTier = ServedTier.GOAT
    budget: kalshi.Budget = FAST
    _kalshi: KalshiRest = attrs.field(init=False)
    _balldontlie: BdlRest = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        world = World(EVENING)
        live = LiveEvening(world, SimulatedClock(EVENING.starts_at, 1), history=self.history)
        self._kalshi = KalshiRest(live, KeyRing({}), self.faults, limited=False)
        self._balldontlie = BdlRest(live, {"a-secret-key": self.served}, self.faults, limited=False)

    async def _reply(self, request: httpx.Request) -> httpx.Response:
        await trio.lowlevel.checkpoint()
        parts = urlsplit(str(request.url))
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        self.asked.append(target.removeprefix("/trade-api/v2"))
        service = self._kalshi if parts.path.startswith("/trade-api") else self._balldontlie
        query = tuple(parse_qsl(parts.query, keep_blank_values=True))
        answer = service.answer(Request("GET", unquote(parts.path), query, dict(request.headers), b""))
        told = httpx.Response(answer.status, headers=dict(answer.headers), content=answer.body)
        found = self.spoil(self.asked[-1], told)
        return httpx.Response(
            found.status_code, headers=found.headers, stream=httpx.ByteStream(found.content)
        )

    def http(self, url: str) -> Http:
        """A client's way to them."""
        return Http(url, transport=httpx.MockTransport(self._reply))

    def venue(self, on_wait: Callable[[str], None] = lambda _words: None) -> Asker:
        """Asks the exchange, without a key."""
        given = kalshi.Dependencies(
            on_body=unread,
            wall=lambda: EVENING.starts_at,
            draw=lambda: 0.0,
            retry=RetryPolicy(attempts_max=2),
        )
        rest = kalshi.KalshiRest(self.http("https://venue.invalid/trade-api/v2"), given, None, self.budget)
        return Asker(rest.client, lambda _target, body: read_cursor(body), kalshi.CALL_TOKENS, on_wait)

    def scores(
        self, tier: Tier = Tier.GOAT, on_refused: Callable[[str], None] = lambda _words: None
    ) -> ScoreAsker:
        """Asks the score service with a key of its best tier, whatever we take it for."""
        given = balldontlie.Dependencies(
            on_body=unread,
            wall=lambda: EVENING.starts_at,
            draw=lambda: 0.0,
            retry=RetryPolicy(attempts_max=2),
            bucket=FAST.bucket,
        )
        rest = balldontlie.BalldontlieRest(self.http("https://scores.invalid"), "a-secret-key", given, tier)
        return ScoreAsker(Asker(rest.client, balldontlie.next_cursor), TIERS[tier], on_refused)


def unread(_what: str, _body: str) -> tuple[VenueEvent, ...]:
    return ()


@pytest.fixture
def venues(history: History) -> Venues:
    """Both services."""
    return Venues(history)


def nothing(_told: Progress) -> None:
    """Nobody looks."""


async def downloaded(
    venues: Venues,
    out: Path,
    *games: str,
    days: tuple[date, date] = (FIRST, LAST),
    on_progress: Callable[[Progress], None] = nothing,
    scores: ScoreAsker | None = None,
) -> list[Day]:
    """Download some days into a folder."""
    wanted = Wanted(
        days=days_of(*days),
        games=GameWords.of(games),
        leagues=LEAGUES,
        series=NBA.traded_series,
        out=out,
    )
    return await Download(wanted, venues.venue(), scores, on_progress).run()


def tree(folder: Path) -> dict[str, str]:
    """The digest of every file below a folder, by its path."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def lines(day: Day) -> list[Line]:
    """The lines of a day's recording."""
    assert day.recording is not None
    return list(read(day.recording))


def seconds(at: int) -> int:
    """A moment in whole seconds."""
    return at // NANOS_PER_SECOND

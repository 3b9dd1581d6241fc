"""balldontlie, opened: nothing at all without a key, and what the key allows with one."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from tipoff.sources.bundled.balldontlie.polls import Scores
from tipoff.sources.bundled.balldontlie.section import BalldontlieSection
from tipoff.sources.bundled.balldontlie.source import Key
from tipoff.sources.health import HealthIssue
from tipoff.sources.source import Connection, Engine, Link, PollPlan, Work
from venues.balldontlie.rest import BalldontlieRest, Dependencies, detect_tier
from venues.balldontlie.tiers import TIER_OF_WORD, TIERS, Tier
from venues.recordings.line_kinds import BALLDONTLIE
from venues.transport.client import Client
from venues.transport.http import Http


@asynccontextmanager
async def opened(
    section: BalldontlieSection, key: Key | None, link: Link
) -> AsyncGenerator[Connection, None]:
    """Have the connection pool open."""
    if key is None:
        missing = "no scores, no odds, and no market is matched to a game, so nothing is entered"
        link.degrade(HealthIssue("balldontlie", f"balldontlie has no key: {missing}"))
        yield Keyless()
        return
    async with Http(section.url) as http:
        yield BalldontlieConnection(section, key, link, http)


class Keyless(Connection):
    """Nothing is asked without a key."""

    def start(self, engine: Engine) -> Work:
        """Nothing."""
        return Work()


class BalldontlieConnection(Connection):
    """One key's view of the service."""

    def __init__(self, section: BalldontlieSection, key: Key, link: Link, http: Http) -> None:
        """Nothing is asked yet, not even what the key may do."""
        self._section = section
        self._key = key
        self._link = link
        self._http = http
        self._scores: Scores | None = None

    def start(self, engine: Engine) -> Work:
        """Games and box scores by one actor, odds by another."""
        given = Dependencies(
            on_body=engine.ingress.body_of(BALLDONTLIE),
            wall=engine.plan.clock,
            draw=self._link.draw,
            bucket=self._key.bucket,
        )

        leagues = self._link.leagues

        async def find_out(date: str) -> BalldontlieRest:
            tier = TIER_OF_WORD.get(self._section.tier)
            if tier is None:
                tier = await detect_tier(self._http, self._key.text, given, date, league=leagues[0])
            if tier is not Tier.GOAT:
                text = f"balldontlie is of tier {tier.value}: {TIERS[tier].lost}"
                self._link.degrade(HealthIssue("balldontlie", text))
            return BalldontlieRest(self._http, self._key.text, given, tier, leagues=leagues)

        scores = self._scores = Scores(find_out, engine.plan.clock, self._section)
        return Work(
            polls=(
                PollPlan("nba_poller", "games", scores.games),
                PollPlan("nba_poller", "box_scores", scores.box_scores),
                PollPlan("odds_poller", "odds", scores.odds),
                PollPlan("odds_poller", "opening_odds", scores.opening_odds),
            )
        )

    @property
    def client(self) -> Client | None:
        """Who asks; None before it is known what the key may do."""
        rest = None if self._scores is None else self._scores.rest
        return None if rest is None else rest.client

"""balldontlie's REST interface: games, live box scores, odds and plays, within the budget of the key's tier.

Used by the pollers' edges. What an answer says comes back as events; the verbatim body has gone to
`on_body` before, which has parsed it. A key may do less than one hopes: `detect_tier` finds out what, and
`TIERS` says what is lost.
"""

from collections.abc import Callable, Sequence
from urllib.parse import urlencode

import attrs
import msgspec

from engine.events import FeedRefused, VenueEvent
from engine.leagues import LEAGUES, League
from engine.token_bucket import TokenBucket
from engine.units import Nanos
from venues.balldontlie import wire
from venues.balldontlie.tiers import TIERS, Tier, TierTerms
from venues.errors import AnswerNotUnderstood, CredentialsRefused, PagesEndless
from venues.refusals import REFUSABLE
from venues.transport.client import Body, Client, OnBody, RequestPolicy, RetryPolicy
from venues.transport.http import Answer, Http

URL = "https://api.balldontlie.io"

PAGES_MAX = 50
# The most that the service gives; its own default is 25.
ROWS_PER_PAGE = 100
Events = tuple[VenueEvent, ...]


@attrs.frozen(kw_only=True)
class Dependencies:
    """What the edges of the process give: who parses bodies, UTC nanoseconds, jitter in [0, 1)."""

    on_body: OnBody
    wall: Callable[[], int]
    draw: Callable[[], float]
    retry: RetryPolicy = RetryPolicy()
    bucket: Callable[[Nanos], TokenBucket] | None = None
    """Another budget than the tier's, for a service of one's own."""
    bearer: bool = False
    """Write `Bearer` before the key, as some documents have it; the vendor's own software does not."""


class _Words(msgspec.Struct, frozen=True):
    error: str = ""
    message: str = ""


class BalldontlieRest:
    """One key's view of the service."""

    def __init__(
        self,
        http: Http,
        key: str,
        surroundings: Dependencies,
        tier: Tier = Tier.FREE,
        *,
        leagues: Sequence[League] = LEAGUES,
    ) -> None:
        """`key` is never logged. `tier` decides the budget; see `detect_tier`."""
        self._leagues = leagues
        self.tier = tier
        authorization = f"Bearer {key}" if surroundings.bearer else key
        self.client = Client(
            http,
            RequestPolicy(
                bucket=surroundings.bucket or TIERS[tier].bucket,
                on_body=surroundings.on_body,
                refuse=words_of_refusal,
                headers=lambda _target: {"authorization": authorization},
                wall=surroundings.wall,
                draw=surroundings.draw,
                retry=surroundings.retry,
            ),
        )

    @property
    def terms(self) -> TierTerms:
        """What the tier gives."""
        return TIERS[self.tier]

    async def games(self, dates: Sequence[str]) -> Events:
        """The games of some Eastern dates (ISO), with scores where they run."""
        return await self._of_leagues("/v1/games", [("dates[]", date) for date in dates])

    async def game(self, number: int, league: League = LEAGUES[0]) -> Events:
        """One game."""
        return await self._events(f"{league.path}/v1/games/{number}")

    async def live_box_scores(self) -> Events:
        """All games in progress (GOAT)."""
        found: list[VenueEvent] = []
        for league in self._leagues:
            found += await self._events(f"{league.path}/v1/box_scores/live")
        return tuple(found)

    async def odds(self, date: str) -> Events:
        """The odds of all sportsbooks for the games of one Eastern date (GOAT)."""
        return await self._of_leagues("/v2/odds", [("dates[]", date)])

    async def opening_odds(self, date: str) -> Events:
        """The opening odds for the games of one Eastern date (GOAT)."""
        return await self._of_leagues("/v2/odds/opening", [("dates[]", date)])

    async def plays(self, game: int, league: League = LEAGUES[0]) -> str:
        """Every play of a game, as the vendor wrote it: kept for the record, not folded by the engine."""
        target = f"{league.path}/v1/plays?{urlencode({'game_id': game})}"
        return (await self.client.get(target)).text

    async def _of_leagues(self, path: str, query: Sequence[tuple[str, object]]) -> Events:
        found: list[VenueEvent] = []
        for league in self._leagues:
            found += await self._all(f"{league.path}{path}", query)
        return tuple(found)

    async def _events(self, target: str) -> Events:
        return _understood(target, await self.client.get(target))

    async def _all(self, path: str, query: Sequence[tuple[str, object]]) -> Events:
        """What all pages say. The cursor may be set on a last page of one row, so an empty page ends it
        too.
        """
        found: list[VenueEvent] = []
        cursor: int | str | None = None
        seen: set[int | str] = set()
        for _ in range(PAGES_MAX):
            rest = [("per_page", ROWS_PER_PAGE), *([("cursor", cursor)] if cursor is not None else [])]
            target = f"{path}?{urlencode([*query, *rest])}"
            body = await self.client.get(target)
            found += _understood(target, body)
            cursor = next_cursor(target, body.text)
            if cursor is None:
                return tuple(found)
            if cursor in seen:
                raise PagesEndless(f"{path}: the cursor {cursor} came back")
            seen.add(cursor)
        raise PagesEndless(f"{path}: more than {PAGES_MAX} pages")


async def detect_tier(
    http: Http, key: str, surroundings: Dependencies, date: str, *, league: League = LEAGUES[0]
) -> Tier:
    """Find out what a key may do in a league by at most two requests: odds are GOAT's, injuries ALL-STAR's.

    Raises CredentialsRefused where not even the games of `date` may be read: then it is the key, not the
    plan.
    """
    probe = BalldontlieRest(http, key, surroundings, Tier.ALL_STAR, leagues=(league,))
    for tier, ask in (
        (Tier.GOAT, lambda: probe.odds(date)),
        (Tier.ALL_STAR, lambda: probe.client.get(f"{league.path}/v1/player_injuries?per_page=1")),
    ):
        try:
            await ask()
        except CredentialsRefused:
            continue
        return tier
    await probe.games([date])
    return Tier.FREE


def words_of_refusal(answer: Answer) -> tuple[str, str]:
    """Code and words of a refusal: `{"error": …}`, `{"message": …}`, or plain text such as `Unauthorized`."""
    # The vendor's documents disagree whether a plan that is too small is answered by 401 or by 403.
    code = "key_or_plan" if answer.status in (401, 403) else "unknown"
    try:
        words = msgspec.json.decode(answer.body, type=_Words)
    except (ValueError, RecursionError):
        return code, answer.body[:200]
    return code, words.error or words.message or answer.body[:200]


def _understood(target: str, body: Body) -> Events:
    """The events of an answer. Raises AnswerNotUnderstood for one that was refused as a whole."""
    for event in body.events:
        if isinstance(event, FeedRefused) and not event.place:
            raise AnswerNotUnderstood(f"{target}: {event.kind}: {event.detail}")
    return body.events


def next_cursor(target: str, body: str) -> int | str | None:
    """Where the next page begins; None at the end, and after a page of no rows whatever it says."""
    try:
        rows, cursor = wire.ROWS.decode(body)[0].data, wire.META.decode(body)[0].meta.next_cursor
    except REFUSABLE as error:
        raise AnswerNotUnderstood(f"{target}: the next page: {error}") from error
    return cursor if rows else None

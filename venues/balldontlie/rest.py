"""balldontlie's REST interface: games, live box scores, odds and plays, within the budget of the key's tier.

Used by the pollers' edges. What an answer says comes back as events; the verbatim body has gone to `hear`
before. A key may do less than one hopes: `detect_tier` finds out what, and `TIERS` says what is lost.
"""

from collections.abc import Callable, Sequence
from enum import Enum
from urllib.parse import urlencode

import attrs
import msgspec

from engine.events import FeedRefused, VenueEvent
from engine.token_bucket import TokenBucket
from engine.units import NANOS_PER_MINUTE, Nanos
from venues.balldontlie import wire
from venues.balldontlie.parse import parse_body
from venues.errors import AnswerNotUnderstood, CredentialsRefused, PagesEndless
from venues.refusals import REFUSABLE
from venues.transport.client import Client, Hear, RequestPolicy, RetryPolicy
from venues.transport.http import Answer, Http

URL = "https://api.balldontlie.io"

PAGES_MAX = 50
ROWS_PER_PAGE = 100
SHARE_USED = 0.9
"""Nine tenths of the published limit, because the vendor counts in a window whose edges we do not know."""

Events = tuple[VenueEvent, ...]


class Tier(Enum):
    """What a key may do."""

    FREE = "free"
    ALL_STAR = "all-star"
    GOAT = "goat"


@attrs.frozen
class TierTerms:
    """A tier's budget, what it gives, and what is lost with it in words for people."""

    requests_per_minute: int
    box_scores: bool
    odds: bool
    games_every_s: float
    box_scores_every_s: float | None
    odds_every_s: float | None
    lost: str

    def bucket(self, now: Nanos) -> TokenBucket:
        """A full bucket; a burst is a tenth of the budget, at least one."""
        used = max(1, int(self.requests_per_minute * SHARE_USED))
        return TokenBucket.full(used, NANOS_PER_MINUTE, max(1, used // 10), now)


TIERS: dict[Tier, TierTerms] = {
    Tier.FREE: TierTerms(
        5, False, False, 15.0, None, None, "no live box scores, no odds: scores from /games every 15 s"
    ),
    Tier.ALL_STAR: TierTerms(
        60, False, False, 3.0, None, None, "no live box scores, no odds: scores from /games every 3 s"
    ),
    Tier.GOAT: TierTerms(600, True, True, 60.0, 5.0, 10.0, "nothing"),
}


@attrs.frozen(kw_only=True)
class Dependencies:
    """What the edges of the process give: who hears bodies, UTC nanoseconds, jitter in [0, 1)."""

    hear: Hear
    wall: Callable[[], int]
    draw: Callable[[], float]
    patience: RetryPolicy = RetryPolicy()
    bucket: Callable[[Nanos], TokenBucket] | None = None
    """Another budget than the tier's, for a service of one's own."""
    bearer: bool = False
    """Write `Bearer` before the key, as some documents have it; the vendor's own software does not."""


class _Words(msgspec.Struct, frozen=True):
    error: str = ""
    message: str = ""


class BalldontlieRest:
    """One key's view of the service."""

    def __init__(self, http: Http, key: str, surroundings: Dependencies, tier: Tier = Tier.FREE) -> None:
        """`key` is never logged. `tier` decides the budget; see `detect_tier`."""
        self.tier = tier
        self._wall = surroundings.wall
        authorization = f"Bearer {key}" if surroundings.bearer else key
        self.client = Client(
            http,
            RequestPolicy(
                bucket=surroundings.bucket or TIERS[tier].bucket,
                hear=surroundings.hear,
                refuse=words_of_refusal,
                headers=lambda _target: {"authorization": authorization},
                wall=surroundings.wall,
                draw=surroundings.draw,
                patience=surroundings.patience,
            ),
        )

    @property
    def terms(self) -> TierTerms:
        """What the tier gives."""
        return TIERS[self.tier]

    async def games(self, dates: Sequence[str]) -> Events:
        """The games of some Eastern dates (ISO), with scores where they run."""
        return await self._all("/nba/v1/games", [("dates[]", date) for date in dates])

    async def game(self, number: int) -> Events:
        """One game."""
        return await self._events(f"/nba/v1/games/{number}")

    async def live_box_scores(self) -> Events:
        """All games in progress (GOAT)."""
        return await self._events("/nba/v1/box_scores/live")

    async def odds(self, date: str) -> Events:
        """The odds of all sportsbooks for the games of one Eastern date (GOAT)."""
        return await self._all("/nba/v2/odds", [("dates[]", date)])

    async def opening_odds(self, date: str) -> Events:
        """The opening odds for the games of one Eastern date (GOAT)."""
        return await self._all("/nba/v2/odds/opening", [("dates[]", date)])

    async def plays(self, game: int) -> str:
        """Every play of a game, as the vendor wrote it: kept for the record, not folded by the engine."""
        return await self.client.get(f"/nba/v1/plays?{urlencode({'game_id': game})}")

    async def _events(self, target: str) -> Events:
        return self._understood(target, await self.client.get(target))

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
            found += self._understood(target, body)
            cursor = _next_cursor(target, body)
            if cursor is None:
                return tuple(found)
            if cursor in seen:
                raise PagesEndless(f"{path}: the cursor {cursor} came back")
            seen.add(cursor)
        raise PagesEndless(f"{path}: more than {PAGES_MAX} pages")

    def _understood(self, target: str, body: str) -> Events:
        """What a body says; one that is no list of rows at all is an error."""
        events = parse_body(target, body, Nanos(self._wall()))
        for event in events:
            if isinstance(event, FeedRefused) and not event.place:
                raise AnswerNotUnderstood(f"{target}: {event.kind}: {event.detail}")
        return events


async def detect_tier(http: Http, key: str, surroundings: Dependencies, date: str) -> Tier:
    """Find out what a key may do, with at most two requests: odds are GOAT's, injuries ALL-STAR's.

    Raises CredentialsRefused where not even the games of `date` may be read: then it is the key, not the
    plan.
    """
    probe = BalldontlieRest(http, key, surroundings, Tier.ALL_STAR)
    for tier, ask in (
        (Tier.GOAT, lambda: probe.odds(date)),
        (Tier.ALL_STAR, lambda: probe.client.get("/nba/v1/player_injuries?per_page=1")),
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
    code = "key_or_plan" if answer.status in (401, 403) else "unknown"
    try:
        words = msgspec.json.decode(answer.body, type=_Words)
    except (ValueError, RecursionError):
        return code, answer.body[:200]
    return code, words.error or words.message or answer.body[:200]


def _next_cursor(target: str, body: str) -> int | str | None:
    """Where the next page begins; None at the end, and after a page of no rows whatever it says."""
    try:
        rows, cursor = wire.ROWS.decode(body)[0].data, wire.META.decode(body)[0].meta.next_cursor
    except REFUSABLE as error:
        raise AnswerNotUnderstood(f"{target}: the next page: {error}") from error
    return cursor if rows else None

"""Asking balldontlie for games, live box scores and odds: what the key allows, no faster than it makes sense.

Four polls of the live engine's sources. While no game is near they idle. Dates are Eastern; yesterday's games
are asked for too until they are over, because evenings end after midnight.
"""

from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from typing import Final

import attrs
import trio

from actors.pollers import PollStatus
from engine.calendar import eastern_date
from engine.events import GamePhase, GameSeen, ScoreSeen, VenueEvent
from engine.units import NANOS_PER_MILLISECOND, NANOS_PER_MINUTE, Nanos
from tipoff.sources.bundled.balldontlie.section import BalldontlieSection
from tipoff.sources.game_time import GAME_NS_MAX, ODDS_BEFORE_NS, SCORES_BEFORE_NS
from venues.balldontlie.rest import BalldontlieRest

OPENING_EVERY_NS: Final = 60 * NANOS_PER_MINUTE
ENDED: Final = frozenset({GamePhase.FINAL, GamePhase.POSTPONED})

FindOut = Callable[[str], Awaitable[BalldontlieRest]]
"""Gives the client for what the key may do; takes the Eastern date of which games may be asked."""


@attrs.define
class Known:
    """A game of the list: when it begins and how it stands."""

    date: str
    tip_at: Nanos | None
    phase: GamePhase = GamePhase.SCHEDULED


class Scores:
    """What is asked of balldontlie again and again."""

    def __init__(self, find_out: FindOut, wall: Callable[[], int], section: BalldontlieSection) -> None:
        """`wall` is the engine's time, UTC nanoseconds; pauses come from `section`."""
        self._find_out = find_out
        self._wall = wall
        self._section = section
        self._rest: BalldontlieRest | None = None
        self._ready = trio.Event()
        self._games: dict[str, Known] = {}

    @property
    def rest(self) -> BalldontlieRest | None:
        """The client, once it is known what the key may do."""
        return self._rest

    async def games(self, _status: PollStatus) -> int:
        """The list of games, with scores where they run; without box scores the only source of scores."""
        today = eastern_date(Nanos(self._wall()))
        if self._rest is None:
            self._rest = await self._find_out(today.isoformat())
            # The other polls wait for this: what the key may do is probed once, for a free key has five
            # requests a minute.
            self._ready.set()
        dates = [(today - timedelta(days=1)).isoformat(), today.isoformat()]
        self._note(await self._rest.games(dates))
        near = self._near(SCORES_BEFORE_NS)
        return _nanos(self._section.games_poll_ms if near else self._section.idle_poll_ms)

    async def box_scores(self, status: PollStatus) -> int | None:
        """Live box scores, where the key allows them."""
        rest = await self._client()
        if not rest.terms.box_scores:
            status.stopped = f"not with tier {rest.tier.value}"
            return None
        if self._near(SCORES_BEFORE_NS):
            self._note(await rest.live_box_scores())
            return _nanos(self._section.box_score_poll_ms)
        return _nanos(min(self._section.idle_poll_ms, self._section.games_poll_ms))

    async def odds(self, status: PollStatus) -> int | None:
        """The odds of all sportsbooks for the evening's games, where the key allows them."""
        rest = await self._client()
        if not rest.terms.odds:
            status.stopped = f"not with tier {rest.tier.value}"
            return None
        for date in self._dates():
            # The vendor keeps no history of odds (past dates answer with no rows), so what is not polled is
            # lost.
            await rest.odds(date)
        near = self._near(ODDS_BEFORE_NS)
        return _nanos(self._section.odds_poll_ms if near else self._section.idle_poll_ms)

    async def opening_odds(self, status: PollStatus) -> int | None:
        """The opening odds, which change only when another game is listed."""
        rest = await self._client()
        if not rest.terms.odds:
            status.stopped = f"not with tier {rest.tier.value}"
            return None
        for date in self._dates():
            await rest.opening_odds(date)
        return OPENING_EVERY_NS

    async def _client(self) -> BalldontlieRest:
        await self._ready.wait()
        assert self._rest is not None  # noqa: S101 - set before the event
        return self._rest

    def _note(self, events: Iterable[VenueEvent]) -> None:
        for event in events:
            if isinstance(event, GameSeen):
                known = self._games.setdefault(event.game, Known(event.date, event.tip_at))
                known.date, known.tip_at = event.date, event.tip_at
                if event.postponed:
                    known.phase = GamePhase.POSTPONED
            elif isinstance(event, ScoreSeen) and event.game in self._games:
                self._games[event.game].phase = event.phase

    def _near(self, before_ns: int) -> bool:
        """Whether a game runs, or begins within `before_ns`."""
        now = self._wall()
        return any(
            game.phase not in ENDED
            and (game.tip_at is None or game.tip_at - before_ns <= now < game.tip_at + GAME_NS_MAX)
            for game in self._games.values()
        )

    def _dates(self) -> list[str]:
        """Today, and before it what is not over yet."""
        today = eastern_date(Nanos(self._wall())).isoformat()
        running = {
            game.date for game in self._games.values() if game.phase not in ENDED and game.date < today
        }
        return [*sorted(running)[-1:], today]


def _nanos(milliseconds: int) -> int:
    return milliseconds * NANOS_PER_MILLISECOND

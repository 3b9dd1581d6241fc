"""Asking Kalshi for its own scores of the games that are followed, to check the league's against them.

One poll of the live engine's sources, with a key or without. A game's record at the venue (a milestone) is
looked up once; then all games that are near are asked for in one request. What is heard has entered the
engine when it is looked at here; whether it contradicts anybody is decided there.
"""

from typing import Final

from actors.pollers import PollStatus
from engine.events import GamePhase, ScoreSeen
from engine.milestones import KALSHI, MilestoneSeen
from engine.schedule import ListedGame
from engine.tickers import parse_ticker
from engine.units import NANOS_PER_MILLISECOND, NANOS_PER_MINUTE
from tipoff.sources.bundled.kalshi.section import KalshiSection
from tipoff.sources.game_time import GAME_NS_MAX, SCORES_BEFORE_NS
from tipoff.sources.source import Engine
from venues.kalshi.rest import KalshiRest

IDLE_NS: Final = NANOS_PER_MINUTE
"""While no game is near it is looked so often whether one is."""

AGAIN_NS: Final = 10 * NANOS_PER_MINUTE
"""A game of which the venue has no record is asked for again after so long."""


class LiveScores:
    """What is asked of the venue about the games themselves."""

    def __init__(self, rest: KalshiRest, engine: Engine, section: KalshiSection) -> None:
        """`section` has the pause between two polls."""
        self._rest = rest
        self._engine = engine
        self._every_ns = section.live_data_poll_ms * NANOS_PER_MILLISECOND
        self._milestones: dict[str, str] = {}
        self._none_until: dict[str, int] = {}
        self._over: set[str] = set()

    async def ask(self, _status: PollStatus) -> int:
        """The scores of all games that are near and not over."""
        near = [listed for listed in (await self._engine.listing()).values() if self._is_near(listed)]
        for listed in near:
            await self._look_up(listed)
        asked = [self._milestones[listed.game] for listed in near if listed.game in self._milestones]
        for event in await self._rest.live_data(asked):
            if isinstance(event, ScoreSeen) and event.phase is GamePhase.FINAL:
                self._over.add(event.game.removeprefix(f"{KALSHI}:"))
        return self._every_ns if near else IDLE_NS

    def _is_near(self, listed: ListedGame) -> bool:
        if self._milestones.get(listed.game) in self._over or listed.tip_at is None:
            return False
        return listed.tip_at - SCORES_BEFORE_NS <= self._engine.plan.clock() < listed.tip_at + GAME_NS_MAX

    async def _look_up(self, listed: ListedGame) -> None:
        """Find a game's record by one of its events; there may be none yet."""
        now = self._engine.plan.clock()
        if listed.game in self._milestones or now < self._none_until.get(listed.game, 0):
            return
        found = await self._rest.milestones(parse_ticker(listed.tickers[0]).event)
        games = [
            seen.reference.removeprefix(f"{KALSHI}:") for seen in found if isinstance(seen, MilestoneSeen)
        ]
        if games:
            self._milestones[listed.game] = games[0]
        else:
            self._none_until[listed.game] = now + AGAIN_NS

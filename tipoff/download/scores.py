"""What the score service is asked about a past day, as far as its key allows.

Used by `tipoff.download.session`.
"""

from collections.abc import Awaitable, Callable
from datetime import date

import attrs

from engine.leagues import League
from tipoff.download.asker import Asker
from tipoff.download.stage import Answered
from venues.balldontlie.rest import ROWS_PER_PAGE
from venues.balldontlie.tiers import TierTerms
from venues.errors import CredentialsRefused
from venues.importers.past_day import Answer, PastScores, named_games

Had = Callable[[Asker, str, str], Awaitable[Answered]]
"""Gives an answer that is kept, or asks for it; the last word is the name of its rows."""

ROWS = "data"


@attrs.define(eq=False)
class ScoreAsker:
    """One key's view of the past."""

    asker: Asker
    terms: TierTerms
    on_refused: Callable[[str], None]
    """Hears of each thing, once, that the key turns out not to allow."""
    _refused: set[str] = attrs.field(factory=set)

    async def day(self, had: Had, day: date, league: League, wanted: frozenset[str]) -> PastScores:
        """Everything about a day; plays only of the games that are `wanted` (by `NamedGame.reference`)."""
        path, dated = league.path, f"dates[]={day}&per_page={ROWS_PER_PAGE}"
        games = await self._pages(had, f"{path}/v1/games?{dated}")
        boxes: tuple[Answer, ...] = ()
        plays: tuple[Answer, ...] = ()
        opening: tuple[Answer, ...] = ()
        odds: tuple[Answer, ...] = ()
        if self.terms.box_scores:
            boxes = await self._pages(had, f"{path}/v1/box_scores?date={day}")
            for number, game in sorted(named_games(games).items()):
                if game.reference in wanted:
                    plays += await self._pages(had, f"{path}/v1/plays?game_id={number}")
        if self.terms.odds:
            opening = await self._pages(had, f"{path}/v2/odds/opening?{dated}")
            odds = await self._pages(had, f"{path}/v2/odds?{dated}")
        return PastScores(games=games, boxes=boxes, plays=plays, opening=opening, odds=odds)

    async def _pages(self, had: Had, target: str) -> tuple[Answer, ...]:
        path = target.partition("?")[0]
        if path in self._refused:
            return ()
        try:
            answered = await had(self.asker, target, ROWS)
        except CredentialsRefused as error:
            # A plan that is too small is answered like a wrong key: the rest may still be had.
            self._refused.add(path)
            self.on_refused(f"balldontlie does not tell us of {path}: {error}")
            return ()
        return tuple((target, page) for page in answered.pages)

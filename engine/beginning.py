"""Whether a game may have begun, by whoever says it first: the tip, odds in play, a score, the venue.

Folded by `engine.game`, which hears every source, and by the views of the strategies and of the risk gate.
Before the tip sportsbook odds and the venue's price speak of the same thing; from then on odds of before
speak of a game that is no more. So one word is enough, none is taken back by another source, and without any
word on the tip the game counts as begun.

Only a postponement makes a game one to come again: what was said before it is void, and its new tip counts.
A tip that is put off after it has passed is none: the game may have begun in between.
"""

from collections.abc import Mapping
from typing import Final

import attrs

from engine.events import GameBegun, GameKnown, GameNews, MarketKnown, MarketStatus, OddsSeen, ScoreSeen
from engine.terms import BegunBy, GamePhase
from engine.units import Nanos

ENDED: Final = (
    MarketStatus.CLOSED,
    MarketStatus.DETERMINED,
    MarketStatus.DISPUTED,
    MarketStatus.AMENDED,
    MarketStatus.FINALIZED,
)
"""A market of a game that is in one of these was played, or will not be."""


@attrs.define
class Beginning:
    """What is known of one game's beginning."""

    game: str
    tip_at: Nanos | None = None
    begun: GameBegun | None = None
    """The earliest word that was heard; the tip's own passing needs none."""
    _postponed: bool = False
    _void_until: Nanos | None = None
    """What was said of moments up to here was said of the game before it was postponed."""

    def over(self, now: Nanos) -> GameBegun | None:
        """Why the time before the game is over, and since when; None as long as the game is to come."""
        tip_at, begun = self.tip_at, self.begun
        if tip_at is None:
            return begun or GameBegun(self.game, BegunBy.UNKNOWN_TIP, now)
        if tip_at <= now and (begun is None or tip_at <= begun.at):
            return GameBegun(self.game, BegunBy.TIP, tip_at)
        return begun

    def apply(self, news: GameNews) -> GameBegun | None:
        """Fold one piece of news; returns the word in it if it says something that was not known."""
        match news:
            # First, for an evening has hundreds of markets.
            case MarketKnown():
                ended = news.status in ENDED
                return self._say(GameBegun(self.game, BegunBy.VENUE, news.at)) if ended else None
            case GameBegun():
                return self._say(news)
            case GameKnown():
                return self._known(news)
            case ScoreSeen(phase=GamePhase.POSTPONED):
                self._postpone(news.at)
                return None
            case ScoreSeen() if news.phase is not GamePhase.SCHEDULED:
                return self._say(GameBegun(self.game, BegunBy.SCORE, news.at))
            case OddsSeen(in_play=True):
                return self._say(GameBegun(self.game, BegunBy.ODDS, news.said_at))
            case _:
                return None

    def _say(self, word: GameBegun) -> GameBegun | None:
        if self._void_until is not None and word.at <= self._void_until:
            return None
        if self.begun is not None and self.begun.at <= word.at:
            return None
        self.begun = word
        return word

    def _known(self, known: GameKnown) -> GameBegun | None:
        if known.postponed:
            self._postpone(known.at)
        before, self.tip_at = self.tip_at, known.tip_at
        if before is None or before == known.tip_at or known.postponed:
            return None
        if self._postponed:
            self._postponed = False
            return None
        return self._say(GameBegun(self.game, BegunBy.TIP, before)) if before <= known.at else None

    def _postpone(self, at: Nanos) -> None:
        self.begun, self._postponed, self._void_until = None, True, at


def rows_that_count(rows: Mapping[str, OddsSeen], over: GameBegun | None) -> dict[str, OddsSeen]:
    """The rows that an entry may rest on: of known hour, from before the game or from within it.

    `over` is what `Beginning.over` says. Once the game may have begun, only what was said since counts, and
    not what its source calls a price of before.
    """
    # One pass for all rows, for this is asked with every answer of the sportsbooks.
    if over is None:
        return {vendor: row for vendor, row in rows.items() if not (row.assumed or row.in_play)}
    since = over.at
    return {
        vendor: row
        for vendor, row in rows.items()
        if not row.assumed
        and row.in_play is not False
        and (row.at if row.at_venue is None else row.at_venue) >= since
    }

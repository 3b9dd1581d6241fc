"""Why rows of a file tell a strategy nothing, so that an import can count them by reason.

Used by the importers, for rows that they leave out, and by `venues.importers.evening`, for lines that stand
in the recording all the same: they are what the source said, and nobody can trade on them.
"""

from collections.abc import Sequence
from enum import Enum

from engine.events import GameSeen, OddsSeen, QuoteSeen, ScoreSeen, VenueEvent

UNNAMED = "nba:"
"""How rows refer to a game of which only the league's number is known."""


class Unused(Enum):
    """A reason, with the words for it."""

    NO_TRADE = "a minute without a trade; left out"
    RECORDER_NOTE = "a recorder's word about itself; left out"
    OTHER_DAY = "not of the game days asked for; left out"
    ONE_SIDE = "odds of one side only, of which no fair price follows; kept"
    NO_MOMENT = "a play of which nobody says when it was; left out"
    CUT_OFF = "a game that is cut off, so that nothing is settled by it; left out"
    OTHER_SPORT = "of another sport or league; left out"
    OTHER_MARKET = "no price at which a bet is taken on winner, spread or total; left out"
    NO_PRICE = "no price in it; kept"
    GAME_UNKNOWN = "a game whose teams no file of the import names; kept"

    @property
    def left_out(self) -> bool:
        """Whether such rows are not in the recording."""
        return self.value.endswith("; left out")


def why_unused(events: Sequence[VenueEvent]) -> Unused | None:
    """Why nobody can trade on what a line said; None if somebody can."""
    odds = [event for event in events if isinstance(event, OddsSeen)]
    if odds:
        if any(map(_two_sided, odds)):
            return None
        return Unused.ONE_SIDE if any(map(_priced, odds)) else Unused.NO_PRICE
    if events and all(isinstance(event, GameSeen) for event in events):
        return Unused.NO_PRICE
    if any(isinstance(event, ScoreSeen) and event.game.startswith(UNNAMED) for event in events):
        return Unused.GAME_UNKNOWN
    if any(isinstance(event, QuoteSeen) and event.yes_bid is event.yes_ask is None for event in events):
        return Unused.NO_PRICE
    return None


def _sides(odds: OddsSeen) -> tuple[tuple[int | None, int | None], ...]:
    return (
        (odds.moneyline_home, odds.moneyline_away),
        (odds.spread_home_odds, odds.spread_away_odds),
        (odds.over_odds, odds.under_odds),
    )


def _two_sided(odds: OddsSeen) -> bool:
    return any(None not in pair for pair in _sides(odds))


def _priced(odds: OddsSeen) -> bool:
    return any(pair != (None, None) for pair in _sides(odds))

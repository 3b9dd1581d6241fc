"""What balldontlie sends: games, box scores in both nestings, sportsbook odds; as it sends them.

Decoded here, given a meaning in `venues.balldontlie.parse`, never seen outside `venues.balldontlie`. The live
service and its specification differ, so every field is optional that some real body lacks, and rows are read
one by one so that a broken one spoils no other.
"""

import msgspec

from venues.shapes import Decisive, Shape


class TeamBody(msgspec.Struct, frozen=True):
    """A team, flat, or wrapped once more as the specification of box scores has it."""

    abbreviation: str | None = None
    team: "TeamBody | None" = None

    @property
    def code(self) -> str | None:
        """The tricode, from whichever nesting."""
        return self.abbreviation or (self.team.code if self.team else None)


class GameBody(msgspec.Struct, frozen=True):
    """A game of `/games`, or a row of `/box_scores`, which may lack id and start."""

    home_team: TeamBody
    visitor_team: TeamBody
    # An ISO moment before the tip-off, a word afterwards.
    status: str
    # The specification promises no id in live box scores.
    id: Decisive[int | None] = None
    date: Decisive[str | None] = None
    datetime: Decisive[str | None] = None
    status_state: Decisive[str | None] = None
    period: Decisive[int | None] = None
    time: str | None = None
    postponed: Decisive[bool | None] = None
    home_team_score: Decisive[int | None] = None
    visitor_team_score: Decisive[int | None] = None


class OddsBody(msgspec.Struct, frozen=True):
    """One sportsbook's prices for a game; any of them may be missing, and spreads and totals are texts."""

    game_id: int
    vendor: str
    spread_home_value: str | None = None
    spread_home_odds: int | None = None
    spread_away_value: str | None = None
    spread_away_odds: int | None = None
    moneyline_home_odds: int | None = None
    moneyline_away_odds: int | None = None
    total_value: str | None = None
    total_over_odds: int | None = None
    total_under_odds: int | None = None
    updated_at: Decisive[str | None] = None
    opened_at: Decisive[str | None] = None


class PlayBody(msgspec.Struct, frozen=True):
    """One play of a game, in the order in which the scorer entered it; `away` here, `visitor` elsewhere."""

    period: int
    clock: str
    home_score: int
    away_score: int
    wallclock: str | None = None


class Meta(msgspec.Struct, frozen=True):
    """Where the next page begins."""

    next_cursor: Decisive[int | str | None] = None


class RowsAnswer(msgspec.Struct, frozen=True):
    """Any list; the rows are read one by one."""

    data: list[msgspec.Raw] | None


class RowAnswer(msgspec.Struct, frozen=True):
    """Any single object."""

    data: msgspec.Raw


class MetaAnswer(msgspec.Struct, frozen=True):
    """The end of a page. A cursor that cannot be read refuses it, for the pages after it would be missed."""

    meta: Decisive[Meta] = Meta()


ROWS = Shape(RowsAnswer)
ROW = Shape(RowAnswer)
GAME = Shape(GameBody)
ODDS = Shape(OddsBody)
PLAY = Shape(PlayBody)
META = Shape(MetaAnswer)

"""What balldontlie sends: games, box scores in both nestings, sportsbook odds; as it sends them.

Decoded here, given a meaning in `venues.balldontlie.parse`, never seen outside `venues.balldontlie`. The live
service and its specification differ, so every field is optional that some real body lacks, and rows are read
one by one so that a broken one spoils no other.
"""

import msgspec


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
    status: str
    id: int | None = None
    date: str | None = None
    datetime: str | None = None
    status_state: str | None = None
    period: int | None = None
    time: str | None = None
    postponed: bool | None = None
    home_team_score: int | None = None
    visitor_team_score: int | None = None


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
    updated_at: str | None = None
    opened_at: str | None = None


class Meta(msgspec.Struct, frozen=True):
    """Where the next page begins."""

    next_cursor: int | None = None


class RowsAnswer(msgspec.Struct, frozen=True):
    """Any list; the rows are read one by one."""

    data: list[msgspec.Raw]
    meta: Meta = Meta()


class RowAnswer(msgspec.Struct, frozen=True):
    """Any single object."""

    data: msgspec.Raw


ROWS = msgspec.json.Decoder(RowsAnswer)
ROW = msgspec.json.Decoder(RowAnswer)
GAME = msgspec.json.Decoder(GameBody)
ODDS = msgspec.json.Decoder(OddsBody)

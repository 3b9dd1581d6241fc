"""What differs from league to league: names, teams, markets, length of a game, paths, ids.

Another league is one more record here, with its table of teams; which leagues are traded is configured. What
stays the NBA's all the same are the coefficients of `engine.win_probability`, which are fitted to its games:
a league of shorter games is priced by the share of the game that is left.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import attrs

from engine.teams import TEAMS, Team

PLAYER_SUFFIXES: Final = ("PTS", "REB", "AST", "3PT", "STL", "BLK", "PRA")
PLAYER_SUFFIXES_WITHOUT_NUMBER: Final = ("2D", "3D")
"""A double double either happens or does not."""


# By identity: there is one record a league, and comparing two tables of teams is work.
@attrs.frozen(kw_only=True, repr=False, eq=False)
class League:
    """A league of basketball."""

    name: str
    ids: str
    """What the engine's ids of its games begin with, and every source's references to them.

    Services number their games anew in each league, and two leagues have teams with the same letters.
    """
    series_prefix: str
    """What its series at the venue begin with."""
    path: str
    """What balldontlie's paths to it begin with."""
    teams: tuple[Team, ...]
    winner_suffix: str = "GAME"
    """Behind the prefix, the series of who wins; in its tickers a game's id can be read."""
    spread_suffix: str = "SPREAD"
    total_suffix: str = "TOTAL"
    player_suffixes: tuple[str, ...] = PLAYER_SUFFIXES
    player_suffixes_without_number: tuple[str, ...] = PLAYER_SUFFIXES_WITHOUT_NUMBER
    periods: int
    minutes_of_period: float
    minutes_of_overtime: float
    _by_code: Mapping[str, Team] = attrs.field(init=False, eq=False)

    @_by_code.default
    def _indexed(self) -> Mapping[str, Team]:
        return {team.code: team for team in self.teams}

    def __repr__(self) -> str:
        return f"League({self.name})"

    @property
    def code(self) -> str:
        """What the configuration calls it: "nba"."""
        return self.name.lower()

    @property
    def minutes(self) -> float:
        """How long a game is, without overtime."""
        return self.periods * self.minutes_of_period

    @property
    def games_series(self) -> str:
        """The series in which every game has an event, in whose ticker its id can be read."""
        return f"{self.series_prefix}{self.winner_suffix}"

    @property
    def traded_series(self) -> tuple[str, ...]:
        """The series of winners, spreads and totals, whose makers the venue charges too."""
        suffixes = (self.winner_suffix, self.spread_suffix, self.total_suffix)
        return tuple(f"{self.series_prefix}{suffix}" for suffix in suffixes)

    def team(self, code: str) -> Team | None:
        """The team of a tricode, in any letter case."""
        return self._by_code.get(code.upper())

    def are_teams(self, away: str, home: str) -> bool:
        """Whether two codes are teams of it."""
        return self.team(away) is not None and self.team(home) is not None

    def minutes_of(self, period: int) -> float:
        """How long a period is, counted from 1, overtimes behind the regular ones."""
        return self.minutes_of_period if period <= self.periods else self.minutes_of_overtime

    def is_overtime(self, period: int) -> bool:
        """Whether a period is an overtime."""
        return period > self.periods

    def period_name(self, period: int) -> str:
        """A period for people: Q3, OT1."""
        return f"OT{period - self.periods}" if self.is_overtime(period) else f"Q{period}"


NBA: Final = League(
    name="NBA",
    # Nothing: journals and recordings are full of the ids of its games.
    ids="",
    series_prefix="KXNBA",
    path="/nba",
    teams=TEAMS,
    periods=4,
    minutes_of_period=12.0,
    minutes_of_overtime=5.0,
)

LEAGUES: Final = (NBA,)
"""The leagues whose games are known."""

TRADED: Final = (NBA.code,)
"""The leagues that are traded where nothing else is configured."""


def league_of(game: str, leagues: Iterable[League] = LEAGUES) -> League:
    """The league of a game by its id, or by a source's reference to it; without a name it is the NBA's."""
    for league in leagues:
        if league.ids and game.startswith(league.ids):
            return league
    return NBA


def leagues_of(codes: Iterable[str], leagues: Iterable[League] = LEAGUES) -> tuple[League, ...]:
    """The leagues that a configuration names, in their own order; a name that is none is left out."""
    wanted = set(codes)
    return tuple(league for league in leagues if league.code in wanted)


def league_of_path(path: str, leagues: Iterable[League] = LEAGUES) -> League | None:
    """The league that a path of balldontlie is about."""
    return next((league for league in leagues if path.startswith(f"{league.path}/")), None)

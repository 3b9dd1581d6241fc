"""What differs from league to league: names, teams, length of a game, paths.

Another league is one more record here, with its table of teams. What stays the NBA's all the same are the
coefficients of `engine.win_probability`, which are fitted to its games.
"""

from collections.abc import Mapping
from typing import Final

import attrs

from engine.teams import TEAMS, Team


@attrs.frozen(kw_only=True, repr=False)
class League:
    """A league of basketball."""

    name: str
    series_prefix: str
    """What its series at the venue begin with."""
    path: str
    """What balldontlie's paths to it begin with."""
    teams: tuple[Team, ...]
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
    def minutes(self) -> float:
        """How long a game is, without overtime."""
        return self.periods * self.minutes_of_period

    @property
    def games_series(self) -> str:
        """The series in which every game has an event, in whose ticker its id can be read."""
        return f"{self.series_prefix}GAME"

    @property
    def traded_series(self) -> tuple[str, ...]:
        """The series of winners, spreads and totals, whose makers the venue charges too."""
        return (self.games_series, f"{self.series_prefix}SPREAD", f"{self.series_prefix}TOTAL")

    def team(self, code: str) -> Team | None:
        """The team of a tricode, in any letter case."""
        return self._by_code.get(code.upper())

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
    series_prefix="KXNBA",
    path="/nba",
    teams=TEAMS,
    periods=4,
    minutes_of_period=12.0,
    minutes_of_overtime=5.0,
)

LEAGUES: Final = (NBA,)
"""The leagues whose games are known."""


def are_teams(away: str, home: str) -> bool:
    """Whether two tricodes are teams of one league."""
    return any(league.team(away) and league.team(home) for league in LEAGUES)


def league_of_path(path: str) -> League | None:
    """The league that a path of balldontlie is about."""
    return next((league for league in LEAGUES if path.startswith(f"{league.path}/")), None)

"""The thirty teams of the NBA and what each source of ours calls them.

Called wherever a foreign row must be matched to a team: tickers, box scores, odds feeds. Codes are matched
exactly (in any letter case); an unknown code is None, never a guess, and titles of the venue
("Los Angeles L") are not matched at all. Facts checked against balldontlie bodies and stats.nba.com.
"""

from typing import Final

import attrs


@attrs.frozen
class Team:
    """A team. `code` is the league's, which the venue's tickers and balldontlie use too."""

    code: str
    city: str
    nickname: str

    @property
    def name(self) -> str:
        """City and nickname, as odds feeds write them: "Los Angeles Clippers"."""
        return f"{self.city} {self.nickname}"


TEAMS: Final[tuple[Team, ...]] = (
    Team("ATL", "Atlanta", "Hawks"),
    Team("BOS", "Boston", "Celtics"),
    Team("BKN", "Brooklyn", "Nets"),
    Team("CHA", "Charlotte", "Hornets"),
    Team("CHI", "Chicago", "Bulls"),
    Team("CLE", "Cleveland", "Cavaliers"),
    Team("DAL", "Dallas", "Mavericks"),
    Team("DEN", "Denver", "Nuggets"),
    Team("DET", "Detroit", "Pistons"),
    Team("GSW", "Golden State", "Warriors"),
    Team("HOU", "Houston", "Rockets"),
    Team("IND", "Indiana", "Pacers"),
    Team("LAC", "Los Angeles", "Clippers"),
    Team("LAL", "Los Angeles", "Lakers"),
    Team("MEM", "Memphis", "Grizzlies"),
    Team("MIA", "Miami", "Heat"),
    Team("MIL", "Milwaukee", "Bucks"),
    Team("MIN", "Minnesota", "Timberwolves"),
    Team("NOP", "New Orleans", "Pelicans"),
    Team("NYK", "New York", "Knicks"),
    Team("OKC", "Oklahoma City", "Thunder"),
    Team("ORL", "Orlando", "Magic"),
    Team("PHI", "Philadelphia", "76ers"),
    Team("PHX", "Phoenix", "Suns"),
    Team("POR", "Portland", "Trail Blazers"),
    Team("SAC", "Sacramento", "Kings"),
    Team("SAS", "San Antonio", "Spurs"),
    Team("TOR", "Toronto", "Raptors"),
    Team("UTA", "Utah", "Jazz"),
    Team("WAS", "Washington", "Wizards"),
)
"""In the order of balldontlie's numbers, 1 to 30, which is by city."""

_ALIASES: Final = {"la clippers": "LAC", "la lakers": "LAL"}


def team_of_code(code: str) -> Team | None:
    """The team of a tricode (tickers, balldontlie, NBA)."""
    return _BY_CODE.get(code.upper())


def team_of_name(name: str) -> Team | None:
    """The team of a full name as feeds write it: "Los Angeles Clippers", and balldontlie "LA Clippers"."""
    return _BY_NAME.get(" ".join(name.lower().split()))


_BY_CODE: Final = {team.code: team for team in TEAMS}
_BY_NAME: Final = {team.name.lower(): team for team in TEAMS} | {
    name: _BY_CODE[code] for name, code in _ALIASES.items()
}

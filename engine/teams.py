"""The thirty teams of the NBA and what each source of ours calls them.

Called wherever a foreign row must be matched to a team: tickers, box scores, odds feeds, closing lines. Codes
are matched exactly (in any letter case); an unknown code is None, never a guess, and titles of the venue
("Los Angeles L") are not matched at all. Facts checked against balldontlie bodies, stats.nba.com and four
feeds.
"""

from collections.abc import Callable
from typing import Final

import attrs


@attrs.frozen
class Team:
    """A team. `code` is the league's, which the venue's tickers and balldontlie use too.

    `balldontlie_id`, `nba_id` and `espn_id` are the sources' own numbers; `espn` and `basketball_reference`
    their codes. Only importers of files that know them by these need them.
    """

    code: str
    city: str
    nickname: str
    balldontlie_id: int = 0
    nba_id: int = 0
    espn_id: int = 0
    espn: str = ""
    basketball_reference: str = ""

    @property
    def name(self) -> str:
        """City and nickname, as odds feeds write them: "Los Angeles Clippers"."""
        return f"{self.city} {self.nickname}"

    @property
    def closing_lines(self) -> str:
        """The lower-case code of the closing-lines files."""
        return self.espn.lower()


TEAMS: Final[tuple[Team, ...]] = (
    Team("ATL", "Atlanta", "Hawks", 1, 1610612737, 1, "ATL", "ATL"),
    Team("BOS", "Boston", "Celtics", 2, 1610612738, 2, "BOS", "BOS"),
    Team("BKN", "Brooklyn", "Nets", 3, 1610612751, 17, "BKN", "BRK"),
    Team("CHA", "Charlotte", "Hornets", 4, 1610612766, 30, "CHA", "CHO"),
    Team("CHI", "Chicago", "Bulls", 5, 1610612741, 4, "CHI", "CHI"),
    Team("CLE", "Cleveland", "Cavaliers", 6, 1610612739, 5, "CLE", "CLE"),
    Team("DAL", "Dallas", "Mavericks", 7, 1610612742, 6, "DAL", "DAL"),
    Team("DEN", "Denver", "Nuggets", 8, 1610612743, 7, "DEN", "DEN"),
    Team("DET", "Detroit", "Pistons", 9, 1610612765, 8, "DET", "DET"),
    Team("GSW", "Golden State", "Warriors", 10, 1610612744, 9, "GS", "GSW"),
    Team("HOU", "Houston", "Rockets", 11, 1610612745, 10, "HOU", "HOU"),
    Team("IND", "Indiana", "Pacers", 12, 1610612754, 11, "IND", "IND"),
    Team("LAC", "Los Angeles", "Clippers", 13, 1610612746, 12, "LAC", "LAC"),
    Team("LAL", "Los Angeles", "Lakers", 14, 1610612747, 13, "LAL", "LAL"),
    Team("MEM", "Memphis", "Grizzlies", 15, 1610612763, 29, "MEM", "MEM"),
    Team("MIA", "Miami", "Heat", 16, 1610612748, 14, "MIA", "MIA"),
    Team("MIL", "Milwaukee", "Bucks", 17, 1610612749, 15, "MIL", "MIL"),
    Team("MIN", "Minnesota", "Timberwolves", 18, 1610612750, 16, "MIN", "MIN"),
    Team("NOP", "New Orleans", "Pelicans", 19, 1610612740, 3, "NO", "NOP"),
    Team("NYK", "New York", "Knicks", 20, 1610612752, 18, "NY", "NYK"),
    Team("OKC", "Oklahoma City", "Thunder", 21, 1610612760, 25, "OKC", "OKC"),
    Team("ORL", "Orlando", "Magic", 22, 1610612753, 19, "ORL", "ORL"),
    Team("PHI", "Philadelphia", "76ers", 23, 1610612755, 20, "PHI", "PHI"),
    Team("PHX", "Phoenix", "Suns", 24, 1610612756, 21, "PHX", "PHO"),
    Team("POR", "Portland", "Trail Blazers", 25, 1610612757, 22, "POR", "POR"),
    Team("SAC", "Sacramento", "Kings", 26, 1610612758, 23, "SAC", "SAC"),
    Team("SAS", "San Antonio", "Spurs", 27, 1610612759, 24, "SA", "SAS"),
    Team("TOR", "Toronto", "Raptors", 28, 1610612761, 28, "TOR", "TOR"),
    Team("UTA", "Utah", "Jazz", 29, 1610612762, 26, "UTAH", "UTA"),
    Team("WAS", "Washington", "Wizards", 30, 1610612764, 27, "WSH", "WAS"),
)
"""In the order of balldontlie's numbers, 1 to 30, which is by city."""

_ALIASES: Final = {"la clippers": "LAC", "la lakers": "LAL"}


def team_of_code(code: str) -> Team | None:
    """The team of a tricode (tickers, balldontlie, NBA)."""
    return _BY_CODE.get(code.upper())


def team_of_balldontlie(number: int) -> Team | None:
    """The team of a balldontlie id; None for the defunct and foreign teams that its list also holds."""
    return _BY_BALLDONTLIE.get(number)


def team_of_nba(number: int) -> Team | None:
    """The team of a stats.nba.com id such as 1610612737."""
    return _BY_NBA.get(number)


def team_of_espn(code: str) -> Team | None:
    """The team of an ESPN code (GS, NO, NY, SA, UTAH, WSH differ from the tricodes)."""
    return _BY_ESPN.get(code.upper())


def team_of_basketball_reference(code: str) -> Team | None:
    """The team of a Basketball-Reference code (BRK, CHO, PHO differ from the tricodes)."""
    return _BY_BASKETBALL_REFERENCE.get(code.upper())


def team_of_closing_lines(code: str) -> Team | None:
    """The team of a code of the closing-lines files."""
    return _BY_CLOSING_LINES.get(code.lower())


def team_of_name(name: str) -> Team | None:
    """The team of a full name as feeds write it: "Los Angeles Clippers", and balldontlie "LA Clippers"."""
    return _BY_NAME.get(" ".join(name.lower().split()))


def _by(key: Callable[[Team], str]) -> dict[str, Team]:
    """Teams by one of their texts."""
    return {key(team): team for team in TEAMS}


_BY_CODE: Final = _by(lambda team: team.code)
_BY_ESPN: Final = _by(lambda team: team.espn)
_BY_BASKETBALL_REFERENCE: Final = _by(lambda team: team.basketball_reference)
_BY_CLOSING_LINES: Final = _by(lambda team: team.closing_lines)
_BY_NAME: Final = _by(lambda team: team.name.lower()) | {
    name: _BY_CODE[code] for name, code in _ALIASES.items()
}
_BY_BALLDONTLIE: Final = {team.balldontlie_id: team for team in TEAMS}
_BY_NBA: Final = {team.nba_id: team for team in TEAMS}

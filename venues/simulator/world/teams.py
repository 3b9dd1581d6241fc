"""The thirty teams as balldontlie and Kalshi describe them.

A table of facts for the simulator's bodies; the engine's own table of teams is `engine.teams`.
"""

from typing import Final, NamedTuple


class Team(NamedTuple):
    """One team in the words of both services."""

    number: int
    """balldontlie's id."""
    code: str
    """NBA tricode, equal in Kalshi tickers and balldontlie abbreviations."""
    city: str
    name: str
    conference: str
    division: str
    label: str
    """What Kalshi writes in titles; ambiguous for two cities, so never a key."""

    @property
    def full_name(self) -> str:
        """City and name, as balldontlie joins them ("LA Clippers" is its one exception)."""
        return "LA Clippers" if self.code == "LAC" else f"{self.city} {self.name}"


_ROWS: Final = """
1 ATL Southeast Atlanta|Hawks
2 BOS Atlantic Boston|Celtics
3 BKN Atlantic Brooklyn|Nets
4 CHA Southeast Charlotte|Hornets
5 CHI Central Chicago|Bulls
6 CLE Central Cleveland|Cavaliers
7 DAL Southwest Dallas|Mavericks
8 DEN Northwest Denver|Nuggets
9 DET Central Detroit|Pistons
10 GSW Pacific Golden State|Warriors
11 HOU Southwest Houston|Rockets
12 IND Central Indiana|Pacers
13 LAC Pacific LA|Clippers|Los Angeles C
14 LAL Pacific Los Angeles|Lakers|Los Angeles L
15 MEM Southwest Memphis|Grizzlies
16 MIA Southeast Miami|Heat
17 MIL Central Milwaukee|Bucks
18 MIN Northwest Minnesota|Timberwolves
19 NOP Southwest New Orleans|Pelicans
20 NYK Atlantic New York|Knicks
21 OKC Northwest Oklahoma City|Thunder
22 ORL Southeast Orlando|Magic
23 PHI Atlantic Philadelphia|76ers
24 PHX Pacific Phoenix|Suns
25 POR Northwest Portland|Trail Blazers
26 SAC Pacific Sacramento|Kings
27 SAS Southwest San Antonio|Spurs
28 TOR Atlantic Toronto|Raptors
29 UTA Northwest Utah|Jazz
30 WAS Southeast Washington|Wizards
"""

_EAST: Final = ("Atlantic", "Central", "Southeast")


def _team(row: str) -> Team:
    number, code, division, rest = row.split(" ", 3)
    city, name, *label = rest.split("|")
    conference = "East" if division in _EAST else "West"
    return Team(int(number), code, city, name, conference, division, label[0] if label else city)


TEAMS: Final = tuple(_team(row) for row in _ROWS.strip().splitlines())
"""All teams in the order of their balldontlie ids."""

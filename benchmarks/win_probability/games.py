"""The recorded games that the in-play model is fitted to: closing lines, quarter scores, paths of the lead.

Read by the fit and by its tests. Leads and spreads are the home team's, in points; a season is named by the
year in which it ends.
"""

import csv
import gzip
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import attrs

LINES: Final = Path("nba/odds/closing_lines_results_2008_2024.csv.gz")
PATHS: Final = Path("nba/pbp/lead_paths_2016_2020.csv.gz")
QUARTER_SECONDS: Final = 720
REGULATION_SECONDS: Final = 2880


@attrs.frozen
class Closed:
    """A game with its closing lines: leads and points after each of the four quarters, and at the end."""

    season: int
    playoffs: bool
    spread: float
    total: float | None
    leads: tuple[int, ...]
    points: tuple[int, ...]
    margin: int
    final_points: int


@attrs.frozen
class Played:
    """A regular-season game with every change of its lead: seconds played, and the lead from then on."""

    game: str
    season: int
    spread: float
    seconds: tuple[float, ...]
    leads: tuple[int, ...]

    @property
    def margin(self) -> int:
        """The final one; the last change of the lead is it."""
        return self.leads[-1]

    @property
    def overtimes(self) -> int:
        """How many there were: the file counts each as a quarter whose last five minutes are played."""
        beyond = self.seconds[-1] - REGULATION_SECONDS
        return max(0, -int(-beyond // QUARTER_SECONDS))

    def lead_in_overtime(self, number: int, seconds_left: float) -> int:
        """The lead with so many seconds left of an overtime, counted from 1."""
        return self.lead_at(REGULATION_SECONDS + number * QUARTER_SECONDS - seconds_left)

    def lead_at(self, seconds: float) -> int:
        """The lead when so much was played."""
        place = bisect_right(self.seconds, seconds)
        return self.leads[place - 1] if place else 0


def closed_games(folder: Path) -> list[Closed]:
    """All games with quarter scores and a closing spread. Raises FileNotFoundError without the file."""
    return list(_closed(_rows(folder / LINES)))


def played_games(folder: Path, closed: Iterable[Closed]) -> list[Played]:
    """The paths of the lead, each with the closing spread of its game.

    The paths name no teams, so a game is found by its season, its leads after three quarters and its margin.
    What fits no game or two is left out (111 of 5,829).
    """
    by_scores: dict[tuple[int, ...], list[Closed]] = defaultdict(list)
    for game in closed:
        if not game.playoffs:
            by_scores[game.season, *game.leads[:3], game.margin].append(game)
    played = []
    for name, seconds, leads in _paths(_rows(folder / PATHS)):
        season = 2001 + int(name[3:5])
        path = Played(name, season, 0.0, seconds, leads)
        quarters = (path.lead_at(QUARTER_SECONDS * quarter) for quarter in (1, 2, 3))
        found = by_scores[season, *quarters, path.margin]
        if len(found) == 1:
            played.append(attrs.evolve(path, spread=found[0].spread))
    return played


def seasons_of(games: Sequence[Closed] | Sequence[Played]) -> list[int]:
    """The seasons that there are games of, the oldest first."""
    return sorted({game.season for game in games})


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as table:
        yield from csv.DictReader(table)


def _closed(rows: Iterable[dict[str, str]]) -> Iterator[Closed]:
    for row in rows:
        try:
            home = [int(row[f"q{quarter}_home"]) for quarter in (1, 2, 3, 4)]
            away = [int(row[f"q{quarter}_away"]) for quarter in (1, 2, 3, 4)]
            spread = float(row["spread"]) * (1 if row["whos_favored"] == "home" else -1)
        except ValueError:
            # A few games of each season have no line, or no quarters.
            continue
        finals = int(row["score_home"]), int(row["score_away"])
        yield Closed(
            season=int(row["season"]),
            playoffs=row["playoffs"] == "True",
            spread=spread,
            total=float(row["total"]) if row["total"] else None,
            leads=tuple(sum(home[:n]) - sum(away[:n]) for n in (1, 2, 3, 4)),
            points=tuple(sum(home[:n]) + sum(away[:n]) for n in (1, 2, 3, 4)),
            margin=finals[0] - finals[1],
            final_points=finals[0] + finals[1],
        )


def _paths(rows: Iterable[dict[str, str]]) -> Iterator[tuple[str, tuple[float, ...], tuple[int, ...]]]:
    paths: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for row in rows:
        # The file's lead is the away team's.
        change = float(row["seconds_elapsed"]), -int(row["away_minus_home"])
        paths[row["nba_game_id"]].append(change)
    for name, changes in paths.items():
        yield name, tuple(at for at, _ in changes), tuple(lead for _, lead in changes)

"""Play-by-play of NBA games as the league's own site tells it: with the wall clock, and without.

Used by `venues.importers.evening`. Plays with a wall clock become rows of `nba-states`, for they are the
same: the scorer's moment, and heard as late. Of plays without one nobody can say when they were; only how
the game ended is taken, at an hour at which every game is over: late rather than early.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

from engine.leagues import NBA
from engine.teams import team_of_code
from venues import timestamps
from venues.importers.basketball import ScoreRow, night_of, score_entries
from venues.importers.entries import Entry, Games, NamedGame
from venues.importers.files import SourceFile
from venues.importers.score_delay import STAMPED
from venues.importers.unused import Unused
from venues.refusals import REFUSABLE

BOXSCORE = "nba-boxscore"
CLOCK = "nba-clock"
OVER_HOUR = 3
"""Eastern, the morning after: the latest games begin at half past ten, and five overtimes take an hour."""

CLOCK_COLUMNS = (
    "game_id",
    "date_et",
    "away",
    "home",
    "period",
    "clock_seconds",
    "score_home",
    "score_away",
)
LAST_POINTS_S = 120.0
"""Such files tell when the score changes. Of 18 whole ones the last change came up to 74 s before the end."""
_DURATION = re.compile(r"PT(\d{1,2})M([0-5]?\d(?:\.\d{1,3})?)S", re.ASCII)


class Action(msgspec.Struct, frozen=True):
    """One play; the site tells the score at every one."""

    period: int
    clock: str
    scoreHome: str  # noqa: N815 - as it is sent
    scoreAway: str  # noqa: N815
    timeActual: str | None = None  # noqa: N815


class Plays(msgspec.Struct, frozen=True):
    """The plays of a game, which is known by its number only."""

    gameId: str  # noqa: N815
    actions: list[msgspec.Raw]


class PlaysFile(msgspec.Struct, frozen=True):
    """The file `playbyplay_NUMBER.json`."""

    game: Plays


class Side(msgspec.Struct, frozen=True):
    """A team of a box score."""

    teamTricode: str  # noqa: N815


class Boxscore(msgspec.Struct, frozen=True):
    """Of a box score: which game, who plays, and when it was to begin."""

    gameId: str  # noqa: N815
    gameTimeUTC: str  # noqa: N815
    homeTeam: Side  # noqa: N815
    awayTeam: Side  # noqa: N815


class BoxscoreFile(msgspec.Struct, frozen=True):
    """The file `boxscore_NUMBER.json`."""

    game: Boxscore


_PLAYS = msgspec.json.Decoder(PlaysFile)
_ACTION = msgspec.json.Decoder(Action)
_BOXSCORE = msgspec.json.Decoder(BoxscoreFile)


def read_plays(file: SourceFile, games: Games) -> Iterator[Entry]:
    """A whole file is one game; who plays must be known from another file of the import."""
    told = file.decode(_PLAYS, _whole(file)).game
    game = games.by_nba_id.get(told.gameId)
    if game is None:
        file.note(f"who plays game {told.gameId} is not in any file of this import (its {BOXSCORE} says it)")
    reference = f"nba:{told.gameId}" if game is None else game.reference
    rows: list[ScoreRow] = []
    for action in told.actions:
        try:
            play = _ACTION.decode(action)
            at = None if play.timeActual is None else timestamps.from_text(play.timeActual)
            cells = _cells(play, told.gameId, game)
        except REFUSABLE as error:
            file.refuse(str(error))
            continue
        if at is None:
            file.unused[Unused.NO_MOMENT] += 1
        else:
            rows.append(ScoreRow(file.line, at, reference, game, cells))
    yield from (entry for _row, entry in score_entries(STAMPED, rows))


def _cells(play: Action, number: str, game: NamedGame | None) -> dict[str, str]:
    clock = _DURATION.fullmatch(play.clock)
    if clock is None:
        raise ValueError(f"not a clock: {play.clock[:20]!r}")
    return {
        "timestamp": play.timeActual or "",
        "game_id": number,
        "home_team": "" if game is None else game.home,
        "away_team": "" if game is None else game.away,
        "quarter": str(play.period),
        "time_remaining_quarter_seconds": f"{60 * int(clock[1]) + float(clock[2]):g}",
        "score_home": play.scoreHome,
        "score_away": play.scoreAway,
    }


def read_boxscore(file: SourceFile, games: Games) -> Iterator[Entry]:
    """Who plays and when it was to begin; the score in it is the last one, and is not taken."""
    told, game = _named(file)
    games.by_nba_id.setdefault(told.gameId, game)
    at = timestamps.from_text(told.gameTimeUTC)
    body = {
        "game": game.reference,
        "row": {"gameId": told.gameId},
        "date": game.date,
        "away": game.away,
        "home": game.home,
        "tip_at": at,
        "first": True,
    }
    yield Entry(at, "import", 0, BOXSCORE, msgspec.json.encode(body).decode())


def name_game(file: SourceFile, games: Games) -> None:
    """Learn which game the plays of its number are of."""
    told, game = _named(file)
    games.by_nba_id.setdefault(told.gameId, game)


def _named(file: SourceFile) -> tuple[Boxscore, NamedGame]:
    told = file.decode(_BOXSCORE, _whole(file)).game
    codes = told.awayTeam.teamTricode, told.homeTeam.teamTricode
    for code in codes:
        if team_of_code(code) is None:
            raise file.failed(f"{code!r} is no team of the NBA")
    return told, NamedGame(night_of(timestamps.from_text(told.gameTimeUTC)), *codes)


def _whole(file: SourceFile) -> str:
    return "\n".join(file.lines())


def read_clock(file: SourceFile, _games: Games) -> Iterator[Entry]:
    """Period, game clock and score, but no wall clock: the end of each game, the morning after."""
    last: dict[str, tuple[int, dict[str, str]]] = {}
    for row in file.table(*CLOCK_COLUMNS):
        before = last.get(row["game_id"])
        if before is not None:
            file.unused[Unused.NO_MOMENT] += 1
        last[row["game_id"]] = file.line, row
    for line, row in last.values():
        file.line = line
        if not _ended(row):
            file.unused[Unused.CUT_OFF] += 1
            continue
        try:
            day = date.fromisoformat(row["date_et"])
        except ValueError as error:
            raise file.failed(str(error)) from error
        game = NamedGame(day.isoformat(), row["away"], row["home"])
        body = {
            "game": game.reference,
            "row": row,
            "date": game.date,
            "away": game.away,
            "home": game.home,
            "first": True,
            "last": True,
        }
        at = timestamps.eastern_moment(day + timedelta(days=1), OVER_HOUR)
        yield Entry(at, "import", 0, CLOCK, msgspec.json.encode(body).decode())


def _ended(row: dict[str, str]) -> bool:
    """Whether a game's last row is its end: decided, in the last minutes of the fourth quarter or later."""
    try:
        left_s, period = float(row["clock_seconds"]), int(row["period"])
    except ValueError:
        return False
    return period >= NBA.periods and left_s <= LAST_POINTS_S and row["score_home"] != row["score_away"]

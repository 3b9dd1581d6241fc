"""Scores and sportsbook odds of NBA games as other people recorded them.

Used by `venues.importers.evening`. Every row is given the game it belongs to, as `DATE/AWAY@HOME` with the
Eastern date, so that scores, odds and tickers of one game meet.

A basketball night ends at six in the morning: a row at 01:00 Eastern belongs to the day before.
"""

from collections.abc import Iterator
from datetime import date

import attrs
import msgspec

from engine.teams import team_of_code, team_of_name
from engine.tickers import parse_event_ticker
from engine.units import NANOS_PER_HOUR, Nanos
from venues import timestamps
from venues.importers.entries import Entry, Games, NamedGame
from venues.importers.files import SourceFile

NIGHT = Nanos(6 * NANOS_PER_HOUR)

SPREADS_HOUR = 18
"""The spreads files say the day but not the hour. Games of three in the afternoon are already in play in them
and those of half past seven never are, so they are taken to be of six in the evening, Eastern: late rather
than early, for a price that is known before its time would be a gift."""

STATE_COLUMNS = (
    "timestamp",
    "game_id",
    "home_team",
    "away_team",
    "quarter",
    "time_remaining_quarter_seconds",
    "score_home",
    "score_away",
)
POLL_COLUMNS = ("poll_time_utc", "nba_game_id", "period", "game_minute", "away_score", "home_score")
MONEYLINE_COLUMNS = ("commence_time", "scrape_time", "team")
SPREAD_COLUMNS = (
    "file_date",
    "odds_api_event_id",
    "away_team",
    "home_team",
    "book",
    "home_point",
    "home_price_american",
    "away_point",
    "away_price_american",
)

Row = dict[str, str]


@attrs.frozen
class ScoreRow:
    """A row of a score file with its line, its moment and its game, if that is known."""

    line: int
    at: int
    reference: str
    game: NamedGame | None
    row: Row


@attrs.frozen
class Scrape:
    """One or both sides of a game's moneylines at one moment."""

    line: int
    at: int
    body: dict[str, object]
    rows: list[Row]


def read_states(file: SourceFile, _games: Games) -> Iterator[Entry]:
    """Every play of a game with the wall clock, quarter, seconds left in it and both scores."""
    rows: list[ScoreRow] = []
    named: dict[str, NamedGame] = {}
    for row in file.table(*STATE_COLUMNS):
        at = _moment(file, row["timestamp"])
        number = row["game_id"]
        if number not in named:
            named[number] = _named_by_codes(file, row, at)
        game = named[number]
        if (game.away, game.home) != (row["away_team"], row["home_team"]):
            raise file.failed(f"game {number} is {game.away} at {game.home} in the rows before")
        rows.append(ScoreRow(file.line, at, game.reference, game, row))
    yield from _scores(file, "nba-states", rows)


def name_games(file: SourceFile, games: Games) -> None:
    """Learn which games the states are of."""
    for row in file.table(*STATE_COLUMNS):
        if row["game_id"] not in games.by_nba_id:
            at = _moment(file, row["timestamp"])
            games.by_nba_id[row["game_id"]] = _named_by_codes(file, row, at)


def _named_by_codes(file: SourceFile, row: Row, at: int) -> NamedGame:
    for column in ("away_team", "home_team"):
        if team_of_code(row[column]) is None:
            raise file.failed(f"{column} {row[column]!r} is no team of the NBA")
    return NamedGame(night_of(at), row["away_team"], row["home_team"])


def read_polls(file: SourceFile, games: Games) -> Iterator[Entry]:
    """Polls of games by the league's number only; who plays must be known from another file of the import."""
    rows: list[ScoreRow] = []
    for row in file.table(*POLL_COLUMNS):
        game = games.by_nba_id.get(row["nba_game_id"])
        reference = f"nba:{row['nba_game_id']}" if game is None else game.reference
        at = _moment(file, row["poll_time_utc"])
        rows.append(ScoreRow(file.line, at, reference, game, row))
        if game is None:
            file.note(f"who plays game {row['nba_game_id']} is not in any file of this import")
    yield from _scores(file, "nba-polls", rows)


def _scores(file: SourceFile, kind: str, rows: list[ScoreRow]) -> Iterator[Entry]:
    for row, entry in score_entries(kind, rows):
        file.line = row.line
        yield entry


def score_entries(kind: str, rows: list[ScoreRow]) -> Iterator[tuple[ScoreRow, Entry]]:
    """Rows in time order, marking each game's first (who plays) and last (it may be over)."""
    # Files go game by game, an evening has several at once.
    rows.sort(key=lambda row: row.at)
    last = {row.reference: index for index, row in enumerate(rows)}
    begun: set[str] = set()
    for index, row in enumerate(rows):
        body: dict[str, object] = {"game": row.reference, "row": row.row}
        if row.game is not None:
            body |= {"date": row.game.date, "away": row.game.away, "home": row.game.home}
        if row.reference not in begun:
            begun.add(row.reference)
            body |= {"first": True, "tip_at": row.at if kind == "nba-states" else None}
        if last[row.reference] == index:
            body["last"] = True
        yield row, Entry(row.at, "import", 0, kind, msgspec.json.encode(body).decode())


def read_moneylines(file: SourceFile, _games: Games) -> Iterator[Entry]:
    """Decimal moneylines, a column a book; a row is one side at one scrape, the other may follow."""
    scrapes: dict[tuple[str, str], Scrape] = {}
    for row in file.table(*MONEYLINE_COLUMNS):
        away_name, home_name = _names(file, row)
        tip_at = _moment(file, row["commence_time"])
        game = _game_of(file, row.get("kalshi_event_ticker", ""), away_name, home_name, night_of(tip_at))
        if row["team"] not in (away_name, home_name):
            raise file.failed(f"team {row['team']!r} plays neither home nor away")
        key = game.reference, row["scrape_time"]
        if key not in scrapes:
            body: dict[str, object] = {
                "game": game.reference,
                "date": game.date,
                "away": game.away,
                "home": game.home,
                "away_name": away_name,
                "tip_at": tip_at,
            }
            scrapes[key] = Scrape(file.line, _moment(file, row["scrape_time"]), body, [])
        scrapes[key].rows.append(row)
    for scrape in scrapes.values():
        file.line = scrape.line
        text = msgspec.json.encode(scrape.body | {"rows": scrape.rows}).decode()
        yield Entry(scrape.at, "import", 0, "odds-moneyline", text)


def _names(file: SourceFile, row: Row) -> tuple[str, str]:
    """Full names of away and home, from their own columns or from "Away @ Home"."""
    if "match_away_at_home" in row:
        away, at_sign, home = row["match_away_at_home"].partition(" @ ")
        if not at_sign:
            raise file.failed(f"not a match: {row['match_away_at_home']!r}")
        return away, home
    if "away_team" not in row or "home_team" not in row:
        raise file.failed("neither match_away_at_home nor away_team and home_team", 1)
    return row["away_team"], row["home_team"]


def _game_of(file: SourceFile, event_ticker: str, away_name: str, home_name: str, day: str) -> NamedGame:
    """The game by names; its date from the venue's ticker where the file has one."""
    away, home = team_of_name(away_name), team_of_name(home_name)
    if away is None or home is None:
        raise file.failed(f"{(away_name if away is None else home_name)!r} is no team of the NBA")
    ticker = parse_event_ticker(event_ticker) if event_ticker else None
    if ticker is not None and ticker.date is not None:
        if (ticker.away, ticker.home) != (away.code, home.code):
            raise file.failed(f"{event_ticker} is not {away.code} at {home.code}")
        day = ticker.date.isoformat()
    return NamedGame(day, away.code, home.code)


def read_spreads(file: SourceFile, _games: Games) -> Iterator[Entry]:
    """American spreads, a row a book and day. A game is played on the last day on which it is listed."""
    rows: list[tuple[int, Row]] = []
    days: dict[str, str] = {}
    for row in file.table(*SPREAD_COLUMNS):
        rows.append((file.line, row))
        _day(file, row["file_date"])
        event = row["odds_api_event_id"]
        days[event] = max(days.get(event, ""), row["file_date"])
    begun: set[tuple[str, str]] = set()
    for number, row in rows:
        file.line = number
        event_ticker = row.get("kalshi_event_ticker", "")
        last_day = days[row["odds_api_event_id"]]
        game = _game_of(file, event_ticker, row["away_team"], row["home_team"], last_day)
        body: dict[str, object] = {
            "game": game.reference,
            "date": game.date,
            "away": game.away,
            "home": game.home,
            "first": (game.reference, row["file_date"]) not in begun,
            "row": row,
        }
        begun.add((game.reference, row["file_date"]))
        at = timestamps.eastern_moment(_day(file, row["file_date"]), SPREADS_HOUR)
        yield Entry(at, "import", 0, "odds-spreads", msgspec.json.encode(body).decode())


def _day(file: SourceFile, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise file.failed(f"not a date: {text!r}") from error


def _moment(file: SourceFile, text: str) -> int:
    try:
        return timestamps.from_text(text)
    except timestamps.MomentError as error:
        raise file.failed(str(error)) from error


def night_of(at: int) -> str:
    """Return the Eastern date of the basketball night that a moment belongs to."""
    return timestamps.eastern_date(Nanos(at - NIGHT))

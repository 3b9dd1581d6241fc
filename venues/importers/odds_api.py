"""Rows of the-odds-api: a row an outcome of a market of a bookmaker, as its users keep them.

Used by `venues.importers.evening`. Rows of one bookmaker, game and moment become one line. They are known at
the moment of the snapshot, if the file has one, else when the bookmaker was last heard.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import attrs
import msgspec

from engine.teams import team_of_name
from engine.units import NANOS_PER_SECOND
from venues import timestamps
from venues.importers.basketball import night_of
from venues.importers.entries import Entry, Games, NamedGame
from venues.importers.files import SourceFile
from venues.importers.unused import Unused

ODDS_API = "odds-api"
COLUMNS = (
    "event_id",
    "home_team",
    "away_team",
    "commence_time",
    "bookmaker",
    "last_update",
    "market",
    "outcome_name",
    "price",
    "point",
)
MARKETS = frozenset({"h2h", "spreads", "totals"})
LEAGUE = "basketball_nba"
SNAPSHOT = "%Y%m%d_%H%M%S"
"""How some write the moment of a snapshot, in UTC."""

Row = dict[str, str]


@attrs.frozen
class Priced:
    """What one bookmaker asked for one game at one moment."""

    line: int
    at: int
    game: NamedGame
    row: Row
    rows: list[Row]


def read_odds_api(file: SourceFile, _games: Games) -> Iterator[Entry]:
    """Decimal or American prices, of which a file has one sort: American are those with a sign."""
    found: dict[tuple[str, str, str, str], Priced] = {}
    american = False
    for row in file.table(*COLUMNS):
        if row.get("sport_key", LEAGUE) != LEAGUE:
            file.unused[Unused.OTHER_SPORT] += 1
            continue
        if row["market"] not in MARKETS:
            file.unused[Unused.OTHER_MARKET] += 1
            continue
        american = american or row["price"].startswith(("-", "+"))
        snapshot = row.get("snapshot_utc", "")
        key = row["event_id"], row["bookmaker"], snapshot or row["last_update"], row["last_update"]
        if key not in found:
            at = _snapshot(file, snapshot) if snapshot else _moment(file, row["last_update"])
            found[key] = Priced(file.line, at, _game(file, row), row, [])
        found[key].rows.append(row)
    for priced in found.values():
        file.line = priced.line
        row = priced.row
        body = {
            "game": priced.game.reference,
            "date": priced.game.date,
            "away": priced.game.away,
            "home": priced.game.home,
            "away_name": row["away_team"],
            "home_name": row["home_team"],
            "tip_at": _moment(file, row["commence_time"]),
            "vendor": row["bookmaker"],
            "updated_at": _moment(file, row["last_update"]),
            "american": american,
            "rows": priced.rows,
        }
        yield Entry(priced.at, "import", 0, ODDS_API, msgspec.json.encode(body).decode())


def _game(file: SourceFile, row: Row) -> NamedGame:
    away, home = team_of_name(row["away_team"]), team_of_name(row["home_team"])
    if away is None or home is None:
        raise file.failed(f"{row['away_team' if away is None else 'home_team']!r} is no team of the NBA")
    return NamedGame(night_of(_moment(file, row["commence_time"])), away.code, home.code)


def _snapshot(file: SourceFile, text: str) -> int:
    try:
        moment = datetime.strptime(text, SNAPSHOT).replace(tzinfo=UTC)
    except ValueError:
        return _moment(file, text)
    return int(moment.timestamp()) * NANOS_PER_SECOND


def _moment(file: SourceFile, text: str) -> int:
    try:
        return timestamps.from_text(text)
    except timestamps.MomentError as error:
        raise file.failed(str(error)) from error

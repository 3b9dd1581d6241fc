"""What markets came to: the venue's word where a file has it, else what the final score of the game says.

Used by `venues.importers.evening`. The venue settles winners, spreads and totals of a game by its final score
with overtime, so a recorded score that ends decides them; a result that is made so says it in its words. Of a
game without a final score (cut off, postponed, cancelled) nothing is derived: its positions stay open.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from engine.events import GamePhase, ScoreSeen
from engine.tickers import Ticker, TickerKind, parse_ticker
from engine.units import NANOS_PER_MINUTE, Nanos, Tenths
from engine.view import Axis, Claim
from venues import timestamps
from venues.importers.entries import Entry, Games, NamedGame
from venues.importers.files import SourceFile
from venues.importers.rows import translate_row

RESULTS: Final = "kalshi-results"
SCORES: Final = ("nba-states", "nba-polls", "nba-clock")
QUOTES: Final = ("kalshi-candles", "kalshi-ticker")
"""Kinds of files that never hold a result. Frames of the venue's stream bring their own."""

COLUMNS: Final = ("ticker", "result", "settled_at")
SETTLES_AFTER: Final = Nanos(6 * NANOS_PER_MINUTE)
"""From the end to the settlement: the median over 25,000 settled markets."""


class TickerInRow(msgspec.Struct, frozen=True):
    """A row of a table that names a market."""

    ticker: str


class TableBody(msgspec.Struct, frozen=True):
    """A line made of such a row."""

    row: TickerInRow


class StreamBody(msgspec.Struct, frozen=True):
    """A line of the ticker stream."""

    market_ticker: str


_TABLE: Final = msgspec.json.Decoder(TableBody)
_STREAM: Final = msgspec.json.Decoder(StreamBody)


def read_results(file: SourceFile, _games: Games) -> Iterator[Entry]:
    """The venue's results: `yes`, `no`, or `scalar` with what YES pays (dollars) in a column `value`."""
    for row in file.table(*COLUMNS):
        try:
            at = timestamps.from_text(row["settled_at"])
        except timestamps.MomentError as error:
            raise file.failed(str(error)) from error
        yield Entry(at, "import", 0, RESULTS, msgspec.json.encode({"row": row}).decode())


def ticker_of(entry: Entry) -> str:
    """Whose result an entry is."""
    return _TABLE.decode(entry.body).row.ticker


def derived(entries: Sequence[Entry]) -> list[Entry]:
    """Results by the final score, of the markets that were quoted and of which no result is given."""
    given = {ticker_of(entry) for entry in entries if entry.what == RESULTS}
    finals = {score.game: (entry.at, score) for entry, score in _finals(entries)}
    made = []
    for text in dict.fromkeys(_tickers(entries)):
        ticker = parse_ticker(text)
        final = finals.get(_game_of(ticker))
        claim = _claim(ticker)
        if text in given or final is None or claim is None:
            continue
        at, score = final
        margin = score.home - score.away
        pays = claim.holds(10 * (margin if claim.axis is Axis.MARGIN else score.home + score.away))
        row = {"ticker": text, "result": "yes" if pays else "no"}
        body = {"row": row, "final": f"{score.away}-{score.home}"}
        made.append(Entry(at + SETTLES_AFTER, "import", 0, RESULTS, msgspec.json.encode(body).decode()))
    return made


def _finals(entries: Iterable[Entry]) -> Iterator[tuple[Entry, ScoreSeen]]:
    # Only a game's last row can be its end, and says so.
    last = (entry for entry in entries if entry.what in SCORES and '"last":true' in entry.body)
    for entry in last:
        events = translate_row(entry.what, entry.body, Nanos(entry.at))
        scores = (event for event in events if isinstance(event, ScoreSeen))
        yield from ((entry, score) for score in scores if score.phase is GamePhase.FINAL)


def _tickers(entries: Iterable[Entry]) -> Iterator[str]:
    for entry in entries:
        if entry.what == QUOTES[0]:
            yield _TABLE.decode(entry.body).row.ticker
        elif entry.what == QUOTES[1]:
            yield _STREAM.decode(entry.body).market_ticker


def _game_of(ticker: Ticker) -> str:
    if ticker.date is None or not ticker.away or not ticker.home:
        return ""
    return NamedGame(ticker.date.isoformat(), ticker.away, ticker.home).reference


def _claim(ticker: Ticker) -> Claim | None:
    """What YES says of the final score, by the ticker alone: it names both teams, away first."""
    home = ticker.team == ticker.home
    match ticker.kind:
        case TickerKind.GAME if ticker.team is not None:
            return Claim(Axis.MARGIN, Tenths(0), above=home)
        case TickerKind.SPREAD if ticker.team is not None and ticker.strike is not None:
            return Claim(Axis.MARGIN, ticker.strike if home else Tenths(-ticker.strike), above=home)
        case TickerKind.TOTAL if ticker.strike is not None:
            return Claim(Axis.TOTAL, ticker.strike, above=True)
        case _:
            return None

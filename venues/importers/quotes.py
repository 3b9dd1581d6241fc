"""Quotes of NBA markets as other people recorded them: the ticker stream of 2025 and one-minute candles.

Used by `venues.importers.evening`.
"""

from collections.abc import Iterator

import msgspec

from engine.tickers import parse_ticker
from venues import timestamps
from venues.importers.entries import Entry, Games, NamedGame
from venues.importers.files import SourceFile
from venues.importers.unused import Unused

CANDLE_COLUMNS = ("game", "ticker", "timestamp", "close")


class TickerMoment(msgspec.Struct, frozen=True):
    """When a ticker row is of; its prices are read by whoever gives it a meaning."""

    kalshi_ts: int


_TICKER_MOMENT = msgspec.json.Decoder(TickerMoment)


def read_ticker(file: SourceFile, _games: Games) -> Iterator[Entry]:
    """JSON rows with `kalshi_ts` (s), `market_ticker` and prices as parts of a dollar; the row is kept
    verbatim.
    """
    for text in file.lines():
        row = file.decode(_TICKER_MOMENT, text)
        yield Entry(_seconds(file, row.kalshi_ts), "import", 0, "kalshi-ticker", text)


def read_candles(file: SourceFile, _games: Games) -> Iterator[Entry]:
    """One-minute candles; a minute in which nothing traded says nothing and is left out."""
    for row in file.table(*CANDLE_COLUMNS):
        if not row["close"]:
            file.unused[Unused.NO_TRADE] += 1
            continue
        if not row["timestamp"].isdecimal():
            raise file.failed(f"timestamp {row['timestamp']!r} is not Unix seconds")
        at = _seconds(file, int(row["timestamp"]))
        yield Entry(at, "import", 0, "kalshi-candles", msgspec.json.encode({"row": row}).decode())


def name_games(file: SourceFile, games: Games) -> None:
    """Learn which games the candles are of: they carry the league's number and the venue's ticker."""
    for row in file.table(*CANDLE_COLUMNS):
        number = row["game"]
        if number and number not in games.by_nba_id:
            ticker = parse_ticker(row["ticker"])
            if ticker.date is not None and ticker.away and ticker.home:
                games.by_nba_id[number] = NamedGame(ticker.date.isoformat(), ticker.away, ticker.home)


def _seconds(file: SourceFile, seconds: int) -> int:
    try:
        return timestamps.from_seconds(seconds)
    except timestamps.MomentError as error:
        raise file.failed(str(error)) from error

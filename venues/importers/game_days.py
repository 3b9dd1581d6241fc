"""Which game days of a file an import takes: `tipoff import --from` and `--to`.

Used by `venues.importers.evening`. A game day is the Eastern date of the night that a moment belongs to, so
a game over midnight is of one day. A result is also taken if its market's ticker names a day that was asked
for: the venue may settle the morning after.
"""

from collections.abc import Iterable, Iterator
from datetime import date

import attrs

from engine.tickers import parse_ticker
from engine.units import Nanos
from venues.errors import ImportFailed
from venues.importers.basketball import night_of
from venues.importers.entries import Entry
from venues.importers.files import SourceFile
from venues.importers.results import RESULTS, ticker_of
from venues.importers.stream import STREAM
from venues.importers.unused import Unused


@attrs.frozen
class GameDays:
    """From one Eastern date to another, both included; None leaves an end open."""

    first: date | None = None
    last: date | None = None

    def __attrs_post_init__(self) -> None:
        """Raises ImportFailed if the days end before they begin."""
        if self.first is not None and self.last is not None and self.last < self.first:
            raise ImportFailed(f"--to {self.last} is before --from {self.first}")

    @property
    def words(self) -> str:
        """The two ends, for people."""
        return f"{self.first or 'the first'} to {self.last or 'the last'}"

    @property
    def limited(self) -> bool:
        """Whether anything could be left out."""
        return self.first is not None or self.last is not None

    def has(self, day: str) -> bool:
        """Whether a day, as 2026-01-31, was asked for."""
        # Dates of this form sort as texts.
        return (self.first is None or str(self.first) <= day) and (self.last is None or day <= str(self.last))

    def of(self, file: SourceFile, entries: Iterable[Entry]) -> Iterator[Entry]:
        """The entries that were asked for; the others are counted."""
        begun: set[int] = set()
        for entry in entries:
            if not self._takes(entry):
                file.unused[Unused.OTHER_DAY] += 1
                continue
            if entry.source == STREAM and entry.conn not in begun:
                begun.add(entry.conn)
                if entry.what != "connected":
                    # Cut inside a connection: its books are unknown until a snapshot, as after any connect.
                    yield Entry(entry.at, STREAM, entry.conn, "connected", "")
            yield entry

    def _takes(self, entry: Entry) -> bool:
        if self.has(night_of(Nanos(entry.at))):
            return True
        if entry.what != RESULTS:
            return False
        day = parse_ticker(ticker_of(entry)).date
        return day is not None and self.has(day.isoformat())


EVERY_DAY = GameDays()

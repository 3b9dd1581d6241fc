"""One recorded input to events of the engine: the only way in, live and in every replay.

Called by the feed, the pollers and the replay with each line as it is (or will be) recorded; that both go
through here is why a replay hears exactly what the live engine heard. Which sources there are is said by
whoever makes a translator.
"""

from engine.events import FeedRefused
from engine.units import Nanos
from venues.importers.rows import translate_row
from venues.recordings.line_kinds import IMPORT, OURS
from venues.recordings.readers import Events, LineReaders
from venues.recordings.segments import Line
from venues.refusals import DETAIL_MAX


class Translator:
    """Turns lines into events."""

    def __init__(self, readers: LineReaders) -> None:
        """`readers` are those of all sources."""
        self._readers = {IMPORT: _imported} | dict(readers)

    def translate(self, line: Line) -> Events:
        """Return what a line says, in order; often one event, sometimes none. Never raises for what a line
        holds.
        """
        reader = self._readers.get(line.source)
        if reader is not None:
            return reader(line)
        if line.source in OURS:
            return ()
        return (FeedRefused(line.source, "unknown_source", line.what[:DETAIL_MAX], Nanos(line.at)),)


def _imported(line: Line) -> Events:
    return translate_row(line.what, line.body, Nanos(line.at))

"""How a recorded line is read: each source's lines by a reader of its own, named by the source's word."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from engine.events import FeedRefused, VenueEvent
from engine.units import Nanos
from venues.recordings.line_kinds import OLDER, split_what
from venues.recordings.segments import Line
from venues.refusals import DETAIL_MAX

Events: TypeAlias = tuple[VenueEvent, ...]
LineReader: TypeAlias = Callable[[Line], Events]
"""Says what a line means, in order. Never raises for what a line holds."""

LineReaders: TypeAlias = Mapping[str, LineReader]
"""The word of a source, which stands in its lines, to the reader of them."""

ParseBody: TypeAlias = Callable[[str, str, Nanos], Events]
"""Target and body of an answer, and when it came, to what it says. Never raises either."""


def bodies(parse: ParseBody, said_refusing: frozenset[str] = frozenset()) -> LineReader:
    """The reader of a REST service's lines. An answer that was refused, or is older than one we have had, is
    counted and not parsed, but for the targets whose refusals say something (`said_refusing`).
    """

    def read(line: Line) -> Events:
        refusal, target = split_what(line.what)
        if refusal is not None and (refusal == OLDER or target not in said_refusing):
            return (FeedRefused(line.source, refusal, line.body[:DETAIL_MAX], Nanos(line.at)),)
        return parse(target, line.body, Nanos(line.at))

    return read

"""Reading recorded lines: one reader for each source, found by the source's name."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from engine.events import FeedRefused, VenueEvent
from engine.units import Nanos
from venues.recordings.line_kinds import OLDER, split_what
from venues.recordings.segments import Line
from venues.refusals import DETAIL_MAX

Events: TypeAlias = tuple[VenueEvent, ...]
LineReader: TypeAlias = Callable[[Line], Events]
"""Turns a line into events, in order. Never raises for the content of a line."""

LineReaders: TypeAlias = Mapping[str, LineReader]
"""Source name, as in the lines, to reader."""

ParseBody: TypeAlias = Callable[[str, str, Nanos], Events]
"""Target, body and receive time of an answer to its events. Never raises either."""


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

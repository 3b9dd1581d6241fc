"""The lines that Kalshi leaves in a recording: frames of its stream, and bodies of its REST interface."""

from typing import Final

import msgspec

from engine.events import FeedConnected, FeedLost
from engine.units import Nanos
from venues.kalshi.answers import parse_answer
from venues.kalshi.parse import parse_frame
from venues.recordings.line_kinds import CONNECTED, CONNECTION, KALSHI_REST, KALSHI_STREAM
from venues.recordings.readers import Events, LineReaders, bodies
from venues.recordings.segments import Line
from venues.refusals import DETAIL_MAX


class Lost(msgspec.Struct, frozen=True):
    """The body of a LOST line."""

    reason: str


def read_stream_line(line: Line) -> Events:
    """A frame, or that a connection came up or was lost."""
    at = Nanos(line.at)
    if line.what not in CONNECTION:
        return parse_frame(line.body, line.conn, at)
    if line.what == CONNECTED:
        return (FeedConnected(line.conn, at),)
    try:
        reason = msgspec.json.decode(line.body, type=Lost).reason
    except ValueError:
        reason = line.body
    return (FeedLost(line.conn, reason[:DETAIL_MAX], at),)


# In a pause the exchange tells its status with a 503.
READERS: Final[LineReaders] = {
    KALSHI_STREAM: read_stream_line,
    KALSHI_REST: bodies(parse_answer, frozenset({"/exchange/status"})),
}

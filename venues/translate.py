"""One recorded input to events of the engine: the only way in, live and in every replay.

Called by the feed, the pollers and the replay with each line as it is (or will be) recorded; that both go
through here is why a replay hears exactly what the live engine heard. Has no state and reads no clock.
"""

import msgspec

from engine.events import FeedConnected, FeedLost, FeedRefused, VenueEvent
from engine.units import Nanos
from venues.balldontlie.parse import parse_body
from venues.importers.rows import translate_row
from venues.kalshi.answers import parse_answer
from venues.kalshi.parse import parse_frame
from venues.recordings.line_kinds import CONNECTED, CONNECTION, KALSHI_STREAM, OLDER, OURS, split_what
from venues.recordings.segments import Line
from venues.refusals import DETAIL_MAX


class Lost(msgspec.Struct, frozen=True):
    """The body of a LOST line."""

    reason: str


class Translator:
    """Turns lines into events."""

    def translate(self, line: Line) -> tuple[VenueEvent, ...]:
        """Return what a line says, in order; often one event, sometimes none. Never raises for what a line
        holds.
        """
        if line.source == KALSHI_STREAM:
            if line.what in CONNECTION:
                return self._connection(line)
            return parse_frame(line.body, line.conn, Nanos(line.at))
        return self._other(line)

    def _connection(self, line: Line) -> tuple[VenueEvent, ...]:
        at = Nanos(line.at)
        if line.what == CONNECTED:
            return (FeedConnected(line.conn, at),)
        try:
            reason = msgspec.json.decode(line.body, type=Lost).reason
        except ValueError:
            reason = line.body
        return (FeedLost(line.conn, reason[:DETAIL_MAX], at),)

    def _other(self, line: Line) -> tuple[VenueEvent, ...]:
        at = Nanos(line.at)
        if line.source in OURS:
            return ()
        refusal, target = split_what(line.what)
        if refusal is not None and (refusal == OLDER or target != "/exchange/status"):
            return (FeedRefused(line.source, refusal, line.body[:DETAIL_MAX], at),)
        match line.source:
            case "kalshi.rest":
                return parse_answer(target, line.body, at)
            case "balldontlie":
                return parse_body(target, line.body, at)
            case "import":
                return translate_row(line.what, line.body, at)
            case _:
                return (FeedRefused(line.source, "unknown_source", line.what[:DETAIL_MAX], at),)

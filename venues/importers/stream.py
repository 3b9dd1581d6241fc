"""Recordings of Kalshi's stream by other people: verbatim frames, and a recorder's own events.

Both become `kalshi.ws` lines, as if we had recorded them. Used by `venues.importers.evening`.
"""

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from engine.units import NANOS_PER_MILLISECOND
from venues.importers.entries import Entry, Games
from venues.importers.files import SourceFile
from venues.importers.unused import Unused
from venues.kalshi import wire
from venues.timestamps import MILLISECONDS_MAX

STREAM = "kalshi.ws"

CHANNEL_OF_TYPE = {"orderbook_snapshot": "orderbook_delta", "orderbook_delta": "orderbook_delta"}
"""Frames whose channel has another name than the frame."""

ENDS = frozenset({"ws_disconnected", "ws_closed", "ws_error"})
"""What a recorder may call the end of a connection."""


class FrameRow(msgspec.Struct, frozen=True):
    """A row of kalshi-frames: a frame (perhaps as text) and when it came, or the bare frame."""

    received_ms: Decimal | None = None
    frame: msgspec.Raw = msgspec.Raw()
    type: str = ""
    msg: msgspec.Raw = msgspec.Raw(b"{}")
    recv_ns: msgspec.Raw = msgspec.Raw()


class EventRow(msgspec.Struct, frozen=True):
    """A row of kalshi-events."""

    recv_ns: int
    conn: int
    type: str
    msg: msgspec.Raw
    seq: int | None = None


class Frame(msgspec.Struct, frozen=True, omit_defaults=True):
    """A frame put together again."""

    type: str
    sid: int
    seq: int | None = None
    msg: dict[str, msgspec.Raw] = {}


class Typed(msgspec.Struct, frozen=True):
    """A frame has a type, whatever else it has."""

    type: str


_TYPED = msgspec.json.Decoder(Typed)
_STAMPED = msgspec.json.Decoder(wire.Stamped)
_TEXT = msgspec.json.Decoder(str)
_FRAME_ROW = msgspec.json.Decoder(FrameRow)
_EVENT_ROW = msgspec.json.Decoder(EventRow)
_KEYS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_SUBSCRIBED = msgspec.json.Decoder(wire.Subscribed)


def read_frames(file: SourceFile, _games: Games) -> Iterator[Entry]:
    """`{received_ms, frame}`, or bare frames: one connection, whose beginning is the first frame.

    A bare frame came when the venue's stamp says so, or later: those without one (snapshots, replies) stand
    at the next that is stamped, since nobody can have known them for sure before.
    """
    waiting: list[tuple[str, str]] = []
    at, connected = 0, False
    for text in file.lines():
        row = file.decode(_FRAME_ROW, text)
        frame, moment = _frame_of(file, row, text)
        waiting.append((file.decode(_TYPED, frame).type, frame))
        if moment is None:
            continue
        # A recording never goes back, but the venue's stamps of two markets may.
        at = moment if row.received_ms is not None else max(at, moment)
        if not connected:
            connected = True
            yield Entry(at, STREAM, 1, "connected", "")
        for what, body in waiting:
            yield Entry(at, STREAM, 1, what, body)
        waiting.clear()
    if waiting and not connected:
        raise file.failed("no frame says when it came: neither received_ms nor ts_ms")
    for what, body in waiting:
        yield Entry(at, STREAM, 1, what, body)


def _frame_of(file: SourceFile, row: FrameRow, text: str) -> tuple[str, int | None]:
    """The frame to the letter, and its moment as far as it says one."""
    if not bytes(row.frame):
        if not row.type or bytes(row.recv_ns) or row.received_ms is not None:
            raise file.failed("no frame: neither {received_ms, frame} nor a frame as the venue sent it")
        file.note("frames without a time of their own stand at the venue's ts_ms")
        return text, _stamp(row.msg)
    if row.received_ms is None:
        raise file.failed("a frame without received_ms")
    if not row.received_ms.is_finite() or not 0 <= row.received_ms <= MILLISECONDS_MAX:
        raise file.failed(f"not Unix milliseconds between 1970 and 2100: {row.received_ms}")
    raw = bytes(row.frame).decode()
    frame = file.decode(_TEXT, raw) if raw.startswith('"') else raw
    return frame, int(row.received_ms * NANOS_PER_MILLISECOND)


def _stamp(msg: msgspec.Raw) -> int | None:
    """The venue's moment in a message, if there is one that makes sense."""
    try:
        stamp = _STAMPED.decode(msg).ts_ms
    except msgspec.ValidationError:
        return None
    return None if stamp is None else stamp * NANOS_PER_MILLISECOND


def read_events(file: SourceFile, _games: Games) -> Iterator[Entry]:
    """`{recv_ns, conn, type, seq, msg}`: frames without their subscription numbers, between notes of the
    recorder.
    """
    sids: dict[tuple[int, str], int] = {}
    for text in file.lines():
        row = file.decode(_EVENT_ROW, text)
        if row.type == "ws_connected":
            yield Entry(row.recv_ns, STREAM, row.conn, "connected", "")
        elif row.type == "ws_subscribed":
            subscribed = file.decode(_SUBSCRIBED, bytes(row.msg).decode())
            sids[row.conn, subscribed.msg.channel] = subscribed.msg.sid
            yield Entry(row.recv_ns, STREAM, row.conn, "subscribed", bytes(row.msg).decode())
        elif row.type in ENDS:
            yield Entry(
                row.recv_ns, STREAM, row.conn, "lost", msgspec.json.encode({"reason": row.type}).decode()
            )
        elif row.type == "watch_market":
            yield Entry(row.recv_ns, "import", 0, "kalshi-events", bytes(row.msg).decode())
        elif row.type.startswith("ws_"):
            file.unused[Unused.RECORDER_NOTE] += 1
        else:
            sid = sids.get((row.conn, CHANNEL_OF_TYPE.get(row.type, row.type)), 1)
            yield Entry(row.recv_ns, STREAM, row.conn, row.type, _frame(file, row, sid))


def _frame(file: SourceFile, row: EventRow, sid: int) -> str:
    """The frame as the venue sent it, values untouched; keys that the recorder added are left out."""
    keys = file.decode(_KEYS, bytes(row.msg).decode())
    wanted = wire.BODY_KEYS.get(row.type)
    message = keys if wanted is None else {key: value for key, value in keys.items() if key in wanted}
    return msgspec.json.encode(Frame(row.type, sid, row.seq, message)).decode()

"""Recordings of Kalshi's stream by other people: verbatim frames, and a recorder's own events.

Both become `kalshi.ws` lines, as if we had recorded them. Used by `venues.importers.evening`.
"""

from collections.abc import Iterator

import msgspec

from venues.importers.entries import Entry, Games
from venues.importers.files import SourceFile
from venues.kalshi import wire

STREAM = "kalshi.ws"

CHANNEL_OF_TYPE = {"orderbook_snapshot": "orderbook_delta", "orderbook_delta": "orderbook_delta"}
"""Frames whose channel has another name than the frame."""

WIRE_KEYS = {
    "orderbook_snapshot": frozenset({"market_ticker", "market_id", "yes_dollars_fp", "no_dollars_fp"}),
    "orderbook_delta": frozenset(
        {
            "market_ticker",
            "market_id",
            "price_dollars",
            "delta_fp",
            "side",
            "ts",
            "ts_ms",
            "client_order_id",
            "subaccount",
        }
    ),
    "ticker": frozenset(
        {
            "market_ticker",
            "market_id",
            "price_dollars",
            "yes_bid_dollars",
            "yes_ask_dollars",
            "yes_bid_size_fp",
            "yes_ask_size_fp",
            "last_trade_size_fp",
            "volume_fp",
            "open_interest_fp",
            "dollar_volume",
            "dollar_open_interest",
            "ts",
            "ts_ms",
            "time",
        }
    ),
}
"""What the venue sends; every other key of such a message is the recorder's own."""

ENDS = frozenset({"ws_disconnected", "ws_closed", "ws_error"})
"""What a recorder may call the end of a connection."""


class FrameRow(msgspec.Struct, frozen=True):
    """A row of kalshi-frames."""

    received_ms: int
    frame: msgspec.Raw


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


_FRAME_ROW = msgspec.json.Decoder(FrameRow)
_EVENT_ROW = msgspec.json.Decoder(EventRow)
_KEYS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_SUBSCRIBED = msgspec.json.Decoder(wire.Subscribed)


def read_frames(file: SourceFile, _games: Games) -> Iterator[Entry]:
    """`{received_ms, frame}`: one connection, whose beginning is the first frame."""
    connected = False
    for text in file.lines():
        row = file.decode(_FRAME_ROW, text)
        at = row.received_ms * 1_000_000
        frame = bytes(row.frame).decode()
        what = file.decode(wire.ENVELOPE, frame).type
        if not connected:
            connected = True
            yield Entry(at, STREAM, 1, "connected", "")
        yield Entry(at, STREAM, 1, what, frame)


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
            file.skipped += 1
        else:
            sid = sids.get((row.conn, CHANNEL_OF_TYPE.get(row.type, row.type)), 1)
            yield Entry(row.recv_ns, STREAM, row.conn, row.type, _frame(file, row, sid))


def _frame(file: SourceFile, row: EventRow, sid: int) -> str:
    """The frame as the venue sent it, values untouched; keys that the recorder added are left out."""
    keys = file.decode(_KEYS, bytes(row.msg).decode())
    wanted = WIRE_KEYS.get(row.type)
    message = keys if wanted is None else {key: value for key, value in keys.items() if key in wanted}
    return msgspec.json.encode(Frame(row.type, sid, row.seq, message)).decode()

"""What all watchers share: the watched tables with their versions, and the newest facts in words, as frames.

Filled by the one sampler of `watching`. Every row is turned into JSON once, whoever watches; a watcher is
told what changed since its own version, so one that reads slowly misses steps and no row.
"""

from collections import deque
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, Final

import attrs
import msgspec
import trio

from actors.messages import Numbered
from actors.read_model.changed_rows import KEYS, Cursor, TableChanges
from actors.read_model.row_versions import RowVersions
from actors.read_model.views import (
    FillLine,
    GameLine,
    MarketLine,
    OrderLine,
    PnlLine,
    PositionLine,
    SignalLine,
    StrategyLine,
)
from tipoff.control.protocol import PROTOCOL, encode
from tipoff.control.queries.actor_tree import ActorLine
from tipoff.control.queries.overview import Status
from tipoff.explain.chain import JournalLine, journal_line
from tipoff.json_schema import converter
from tipoff.json_types import Json

FACTS_KEPT_MAX: Final = 1_000
"""So many of the newest facts can still be told to a watcher that comes back."""

FACTS_PER_FRAME_MAX: Final = 100
"""So many facts are worded and sent at a time."""

ROWS_AT_A_TIME: Final = 50
"""After so many rows the loop is let go on with its own work."""

_row_text = msgspec.json.Encoder().encode


@attrs.frozen(kw_only=True)
class Topic:
    """One thing that can be watched: the class of its rows, what they are known by, and that in words."""

    row: type
    key: Callable[[Any], str]
    known_by: str
    many: bool = True
    """Whether the method of this name answers with a list of such rows, and not with one."""


TOPICS: Final[Mapping[str, Topic]] = {
    "status": Topic(row=Status, key=lambda _: "status", known_by='always "status"', many=False),
    "games": Topic(row=GameLine, key=KEYS["games"], known_by="game"),
    "markets": Topic(row=MarketLine, key=KEYS["markets"], known_by="ticker"),
    "strategies": Topic(row=StrategyLine, key=KEYS["strategies"], known_by="name"),
    "positions": Topic(row=PositionLine, key=KEYS["positions"], known_by="strategy/ticker"),
    "orders": Topic(row=OrderLine, key=KEYS["orders"], known_by="order_id"),
    "fills": Topic(row=FillLine, key=KEYS["fills"], known_by="fill_id"),
    "signals": Topic(row=SignalLine, key=KEYS["signals"], known_by="signal_id"),
    "pnl": Topic(row=PnlLine, key=KEYS["pnl"], known_by="strategy"),
    "actors": Topic(row=ActorLine, key=lambda line: str(line.address), known_by="address"),
}
"""The topics whose rows are told; the journal is told fact by fact."""


@attrs.frozen
class _Row:
    value: object
    text: bytes
    """The key and the row, as they stand in a frame."""


@attrs.frozen
class Fresh:
    """Changed rows of a table, ready to be taken over; None is gone."""

    rows: Mapping[str, _Row | None]
    cursor: Cursor | None


class WatchedTable:
    """One topic as its watchers know it."""

    def __init__(self, topic: str) -> None:
        """Nothing of it is known yet."""
        self.topic = topic
        self.cursor: Cursor | None = None
        """How far the observer's table has been seen."""
        self.known = False
        """Whether its rows have been seen at all."""
        self._plain = converter(TOPICS[topic].row)
        self._rows: dict[str, _Row] = {}
        self._versions = RowVersions()
        self._frames: dict[int | None, bytes] = {}

    @property
    def version(self) -> int:
        """How often a row changed."""
        return self._versions.now

    async def fresh(self, changes: TableChanges) -> Fresh:
        """What of the changes is news, as text. The loop goes on meanwhile; nothing is changed yet."""
        rows: dict[str, _Row | None] = {}
        for number, (key, value) in enumerate(changes.rows.items(), start=1):
            if number % ROWS_AT_A_TIME == 0:
                await trio.lowlevel.checkpoint()
            known = self._rows.get(key)
            if value is None:
                if known is not None:
                    rows[key] = None
            elif known is None or known.value != value:
                rows[key] = _Row(value, b"%b:%b" % (_row_text(key), _row_text(self._plain(value))))
        if changes.whole:
            rows.update(dict.fromkeys(key for key in self._rows if key not in changes.rows))
        return Fresh(rows, changes.cursor)

    def take(self, fresh: Fresh) -> None:
        """Take changed rows over."""
        self.cursor, self.known = fresh.cursor, True
        if fresh.rows:
            self._frames.clear()
        for key, row in fresh.rows.items():
            if row is None:
                del self._rows[key]
            else:
                self._rows[key] = row
            self._versions.touch(key)

    def frame(self, since: int | None) -> bytes:
        """What changed after version `since` as one frame; the whole for None, or if that is too long ago.

        Watchers that are equally far share one.
        """
        made = self._frames.get(since)
        if made is None:
            made = self._frames[since] = self._made(since)
        return made

    def _made(self, since: int | None) -> bytes:
        keys = None if since is None else self._versions.since(since)
        if keys is None:
            return self._notification("watch.snapshot", [row.text for row in self._rows.values()])
        rows = self._rows
        return self._notification(
            "watch.diff", [rows[key].text if key in rows else b"%b:null" % _row_text(key) for key in keys]
        )

    def _notification(self, method: str, rows: list[bytes]) -> bytes:
        start = _notification(method, {"topic": self.topic, "version": self.version}).removesuffix(b"}}\n")
        return b'%b,"rows":{%b}}}\n' % (start, b",".join(rows))


class FactLog:
    """The newest facts, each worded once and not before somebody is told it."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self.last: int | None = None
        """The number of the newest fact; None until that is known."""
        self._kept: deque[tuple[Numbered, list[bytes]]] = deque(maxlen=FACTS_KEPT_MAX)
        self._plain = converter(JournalLine)

    @property
    def last_kept(self) -> int:
        """The number of the newest fact that can be told; 0 without one."""
        return self._kept[-1][0].seq if self._kept else 0

    def take(self, facts: tuple[Numbered, ...], seq: int) -> None:
        """Further facts, in order; `seq` is the newest committed one's number."""
        self._kept.extend((numbered, []) for numbered in facts)
        self.last = max(seq, facts[-1].seq if facts else 0)

    def after(self, seq: int) -> tuple[bytes, int] | None:
        """The next facts after number `seq` as one frame, and the number of the last of them; None without.

        Facts that are not kept any more are counted in it as missed.
        """
        place = self._first_after(seq)
        portion = list(islice(self._kept, place, place + FACTS_PER_FRAME_MAX))
        if not portion:
            return None
        first, last = portion[0][0].seq, portion[-1][0].seq
        numbers: dict[str, Json] = {"from": first, "to": last}
        if first > seq + 1:
            numbers["missed"] = first - seq - 1
        start = _notification("watch.facts", numbers).removesuffix(b"}}\n")
        return b'%b,"facts":[%b]}}\n' % (start, b",".join(self._text(*each) for each in portion)), last

    def _first_after(self, seq: int) -> int:
        """Where in what is kept the first fact after `seq` stands."""
        start = len(self._kept)
        for numbered, _ in reversed(self._kept):
            if numbered.seq <= seq:
                break
            start -= 1
        return start

    def _text(self, numbered: Numbered, worded: list[bytes]) -> bytes:
        if not worded:
            worded.append(_row_text(self._plain(journal_line(numbered))))
        return worded[0]


def bye(reason: str) -> bytes:
    """The last frame before the end, which says why."""
    return _notification("watch.bye", {"reason": reason})


def _notification(method: str, params: Mapping[str, Json]) -> bytes:
    return encode({"jsonrpc": "2.0", "v": PROTOCOL, "method": method, "params": params})

"""Sequence numbers of the market stream: they count per subscription over all its markets.

Used by whoever hears every frame of a subscription (the market feed). A gap makes every book of the
subscription suspect, not only the market of the frame that came next.
"""

from enum import Enum

import attrs


class Heard(Enum):
    """What a frame's number says about the frames before it."""

    FIRST = "first"
    NEXT = "next"
    GAP = "gap"
    DUPLICATE = "duplicate"
    OLD = "old"


@attrs.define
class Sequence:
    """The last number of each (connection, subscription).

    After a gap the sequence goes on from what was heard.
    """

    last: dict[tuple[int, int], int] = attrs.field(factory=dict)
    frames: int = 0
    gaps: int = 0
    duplicates: int = 0
    old: int = 0
    missing_from: int = 0
    """The number that should have come when the last gap was noticed."""

    def check(self, conn: int, sid: int, seq: int) -> Heard:
        """Note a frame's number.

        Frames without book content (`ok` replies) consume numbers too: hear them all.
        """
        key = (conn, sid)
        last = self.last.get(key)
        self.frames += 1
        if last is None:
            self.last[key] = seq
            return Heard.FIRST
        if seq == last + 1:
            self.last[key] = seq
            return Heard.NEXT
        if seq == last:
            self.duplicates += 1
            return Heard.DUPLICATE
        if seq < last:
            self.old += 1
            return Heard.OLD
        self.gaps += 1
        self.missing_from = last + 1
        self.last[key] = seq
        return Heard.GAP

    def follows(self, key: tuple[int, int], seq: int) -> bool:
        """Note a number if it is the next of (connection, subscription); if not, `check` says what it is."""
        if self.last.get(key) != seq - 1:
            return False
        self.last[key] = seq
        self.frames += 1
        return True

    def expected(self, conn: int, sid: int) -> int | None:
        """The number that the next frame should carry; None before the first."""
        last = self.last.get((conn, sid))
        return None if last is None else last + 1

    def forget(self, conn: int) -> None:
        """Drop everything of a connection that ended: the next one counts from one again."""
        for key in [key for key in self.last if key[0] == conn]:
            del self.last[key]

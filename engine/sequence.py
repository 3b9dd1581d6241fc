"""Sequence numbers of the market stream: they count per subscription over all its markets.

Used by whoever hears every frame of a subscription (the market feed). A gap makes every book of the
subscription suspect, not only the market of the frame that came next.
"""

from enum import Enum

import attrs


class NumberCheck(Enum):
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
    unread: dict[tuple[int, int], int] = attrs.field(factory=dict)
    """Frames since the last number of which only the subscription could be read: they used one up each."""

    def check(self, conn: int, sid: int, seq: int) -> NumberCheck:
        """Note a frame's number.

        Frames without book content (`ok` replies) consume numbers too: hear them all.
        """
        key = (conn, sid)
        last = self.last.get(key)
        self.frames += 1
        # A frame that could not be read has used up a number, so that a jump by as many is no gap.
        unread = self.unread.pop(key, 0) if self.unread else 0
        if last is None:
            self.last[key] = seq
            return NumberCheck.FIRST
        if last < seq <= last + 1 + unread:
            self.last[key] = seq
            return NumberCheck.NEXT
        if seq == last:
            self.duplicates += 1
            return NumberCheck.DUPLICATE
        if seq < last:
            self.old += 1
            return NumberCheck.OLD
        self.gaps += 1
        self.missing_from = last + 1
        self.last[key] = seq
        # Goes on from here: one lost frame is one gap, not one for every frame after it.
        return NumberCheck.GAP

    def check_unread(self, conn: int, sid: int | None, seq: int | None) -> None:
        """Note a frame of which the subscription or the number could not be read (then None).

        A number without its subscription belongs to the one that waits for it; where that is none or several,
        nothing is known, and the gap will show.
        """
        if sid is not None:
            self.unread[conn, sid] = self.unread.get((conn, sid), 0) + 1
        elif seq is not None:
            waiting = [key for key, last in self.last.items() if key[0] == conn and last + 1 == seq]
            # Of several nobody knows whose number it is; left alone, the gap will show in the next frame.
            if len(waiting) == 1:
                self.last[waiting[0]] = seq

    def follows(self, key: tuple[int, int], seq: int) -> bool:
        """Note a number if it is the next of (connection, subscription); if not, `check` says what it is."""
        if self.last.get(key) != seq - 1:
            return False
        self.last[key] = seq
        self.frames += 1
        if self.unread:
            self.unread.pop(key, None)
        return True

    def expected(self, conn: int, sid: int) -> int | None:
        """The number that the next frame should carry; None before the first."""
        last = self.last.get((conn, sid))
        return None if last is None else last + 1

    def forget(self, conn: int) -> None:
        """Drop everything of a connection that ended: the next one counts from one again."""
        for key in [key for key in self.last if key[0] == conn]:
            del self.last[key]
            self.unread.pop(key, None)

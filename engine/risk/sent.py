"""When entries were sent: how many within a minute, an hour or a game day, without counting each.

Kept by the gate's accounts, for each strategy and for each account that strategies may share.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from typing import Final

from engine.units import NANOS_PER_DAY, Nanos

KEPT: Final = 2 * NANOS_PER_DAY
"""The longest window that a limit looks at is a game day, which has up to 25 hours."""


class SentEntries:
    """The moments of the entries of the last two days, oldest first."""

    __slots__ = ("moments",)

    def __init__(self) -> None:
        """Nothing was sent yet."""
        self.moments: list[Nanos] = []

    def __iter__(self) -> Iterator[Nanos]:
        """From the oldest on."""
        return iter(self.moments)

    def add(self, at: Nanos) -> None:
        """An entry was approved; what is too old for any window is let go of."""
        moments = self.moments
        # Facts of earlier lives come in the order of the journal, whatever the clock did between two lives.
        insort(moments, at)
        del moments[: bisect_left(moments, Nanos(moments[-1] - KEPT))]

    def after(self, moment: Nanos) -> int:
        """How many are later than a moment."""
        return len(self.moments) - bisect_right(self.moments, moment)

    def within(self, begin: Nanos, end: Nanos) -> int:
        """How many are of this span; its beginning belongs to it, its end does not."""
        return bisect_left(self.moments, end) - bisect_left(self.moments, begin)

"""How far we hear the venue late: its time of an event against ours of hearing it.

Kept by the risk gate and by the observer from every change of best prices. One late message is a hiccup of
its own, so the worst of the last few seconds counts: after a stall the lag is told until it is over for good.
"""

from typing import Final

from engine.units import NANOS_PER_SECOND, Nanos

WINDOW: Final = Nanos(5 * NANOS_PER_SECOND)
"""A lag is remembered for one to two of these."""


class FeedLag:
    """The worst lag of the last two windows, in nanoseconds."""

    __slots__ = ("_before", "_ends", "_worst")

    def __init__(self) -> None:
        """Nothing is heard yet."""
        self._ends = 0
        self._worst = 0
        self._before = 0

    def observe(self, at: int, at_venue: int | None) -> None:
        """Something that the venue did at `at_venue` was heard at `at`."""
        if at_venue is None:
            return
        if at >= self._ends:
            self._turn(at)
        self._worst = max(self._worst, at - at_venue)

    def worst(self, now: int) -> Nanos:
        """The worst lag lately; zero if nothing was heard, or nothing that had a time."""
        if now >= self._ends:
            self._turn(now)
        return Nanos(max(self._before, self._worst))

    def _turn(self, now: int) -> None:
        self._before = self._worst if now < self._ends + WINDOW else 0
        self._worst = 0
        self._ends = now + WINDOW

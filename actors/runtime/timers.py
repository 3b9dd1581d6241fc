"""The timers of one engine in one heap, in the order (due, creation number) that makes live equal to replay.

Used by the dispatcher only. A timer of an actor dies with the life that set it; what is cancelled is left in
the heap and forgotten when it comes up, or earlier when the forgotten are the majority.
"""

import heapq
import math
from collections.abc import Callable

from actors.runtime.cells import Cell, Timer

# Each ask sets a timeout and cancels it a moment later; taken out of the middle of a heap one by one, each
# would cost a search through all of it.
COMPACT_MIN = 64
"""Below so many forgotten timers the heap is never rebuilt."""


class Timers:
    """All timers of one engine."""

    __slots__ = ("_created", "_forgotten", "_heap", "soonest")

    soonest: float
    """No timer is due before this; a cheap bound for the path of every input. Infinite without timers."""

    def __init__(self) -> None:
        """Start without timers."""
        # Due, number, timer: tuples are compared without a call. Without the number two that are due at the
        # same moment would fire in heap order, which depends on what else was set and cancelled; a replay
        # could then differ.
        self._heap: list[tuple[int, int, Timer]] = []
        self._created = 0
        self._forgotten = 0
        self.soonest = math.inf

    def __len__(self) -> int:
        """Timers that will still fire."""
        return len(self._heap) - self._forgotten

    def next_due(self) -> int | None:
        """When the next timer is due, or None."""
        heap = self._heap
        while heap and not heap[0][2].live:
            heapq.heappop(heap)
            self._forgotten -= 1
        if not heap:
            self.soonest = math.inf
            return None
        self.soonest = heap[0][0]
        return heap[0][0]

    def for_actor(self, cell: Cell, due: int, message: object, key: str | None) -> None:
        """Set a timer of the cell's present life; the same key replaces an earlier one."""
        if key is not None:
            self.cancel_key(cell, key)
        timer = self._new(due)
        timer.cell, timer.message, timer.key = cell, message, key
        cell.timers[timer.number] = timer
        if key is not None:
            cell.keyed_timers[key] = timer.number
        heapq.heappush(self._heap, (due, timer.number, timer))

    def call_at(self, due: int, call: Callable[[], None]) -> Timer:
        """Set a timer of the runtime itself."""
        timer = self._new(due)
        timer.call = call
        heapq.heappush(self._heap, (due, timer.number, timer))
        return timer

    def cancel(self, timer: Timer | None) -> None:
        """Forget a timer; forgetting it twice, or after it fired, is no error."""
        if timer is None or not timer.live:
            return
        timer.live = False
        timer.call = timer.message = None
        self._forgotten += 1
        if self._forgotten > COMPACT_MIN and self._forgotten * 2 > len(self._heap):
            self._heap = [kept for kept in self._heap if kept[2].live]
            heapq.heapify(self._heap)
            self._forgotten = 0

    def cancel_key(self, cell: Cell, key: str) -> None:
        """Forget the timer of this cell with this key, if there is one."""
        number = cell.keyed_timers.pop(key, None)
        if number is not None:
            self.cancel(cell.timers.pop(number))

    def cancel_all(self, cell: Cell) -> None:
        """Forget every timer of this cell: its life is over."""
        for timer in cell.timers.values():
            self.cancel(timer)
        cell.timers.clear()
        cell.keyed_timers.clear()

    def pop_due(self, until: int) -> Timer | None:
        """Take the next timer that is due by then, or None."""
        due = self.next_due()
        if due is None or due > until:
            return None
        timer = heapq.heappop(self._heap)[2]
        timer.live = False
        if timer.cell is not None:
            timer.cell.timers.pop(timer.number, None)
            if timer.key is not None:
                timer.cell.keyed_timers.pop(timer.key, None)
        return timer

    def _new(self, due: int) -> Timer:
        self._created += 1
        # A bound may be too early (a cancelled timer) but never too late, so an input that passes it may skip
        # the heap.
        self.soonest = min(self.soonest, due)
        return Timer(due, self._created)

"""How long messages wait and how long handlers work on them, by stage.

For live systems, which ask for it. Timing every message would cost a live system a fifth of its time, so one
input in sixteen is timed, with all that follows from it. A virtual system has none of this: its handlers are
called directly, and a replay pays nothing. Reads a monotonic clock, changes nothing, and decides nothing.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import SupportsIndex

from typing_extensions import override

from actors.runtime.behaviour import Address, Outgoing
from actors.runtime.cells import Cell, Entry, Receive
from actors.runtime.dispatcher import Dispatcher
from actors.runtime.histograms import Histogram

MESSAGE_S = (0.00001, 0.0001, 0.001, 0.01, 0.1, 1.0)
"""Upper bounds of the buckets of what happens to one message, in seconds."""

INPUTS_EVERY = 16
"""One input in so many is timed."""

NANOS = 1_000_000_000

StageOf = Callable[[Address], str]
"""The few names under which actors are counted together."""


class StampedQueue(deque[Entry]):
    """The global queue, which knows of each entry when it was put."""

    def __init__(self, clock: Callable[[], int]) -> None:
        """Begin empty; `clock` gives nanoseconds."""
        super().__init__()
        self.since = 0
        """When the entry that was taken last had been put."""
        self._clock = clock
        self._stamps: deque[int] = deque()

    @override
    def append(self, x: Entry, /) -> None:
        """Put behind all others."""
        self._stamps.append(self._clock())
        deque.append(self, x)

    @override
    def appendleft(self, x: Entry, /) -> None:
        """Put before all others."""
        self._stamps.appendleft(self._clock())
        deque.appendleft(self, x)

    @override
    def popleft(self) -> Entry:
        """Take the first."""
        entry = deque.popleft(self)
        self.since = self._stamps.popleft()
        return entry

    @override
    def pop(self) -> Entry:  # type: ignore[override]
        """Take the last back."""
        self._stamps.pop()
        return deque.pop(self)

    @override
    def extend(self, iterable: Iterable[Entry], /) -> None:
        """Put several behind all others."""
        for entry in iterable:
            self.append(entry)

    @override
    def extendleft(self, iterable: Iterable[Entry], /) -> None:
        """Put several before all others, the last of them in front."""
        for entry in iterable:
            self.appendleft(entry)

    @override
    def clear(self) -> None:
        """Throw everything away."""
        self._stamps.clear()
        deque.clear(self)

    @override
    def __delitem__(self, key: SupportsIndex, /) -> None:  # type: ignore[override]
        """Throw one away."""
        deque.__delitem__(self, key)
        del self._stamps[key]


class Timing:
    """Two histograms a stage: from putting a message to taking it, and what its handler took."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        stage_of: StageOf,
        every: int = INPUTS_EVERY,
        clock: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        """Time one input in `every`; `clock` gives nanoseconds and never goes back."""
        self.waits: dict[str, Histogram] = {}
        self.works: dict[str, Histogram] = {}
        self._dispatcher = dispatcher
        self._stage_of = stage_of
        self._every = every
        self._clock = clock
        self._plain = dispatcher.queue
        self._stamped = StampedQueue(clock)
        self._inputs = 0
        self._on = False

    def next_input(self) -> None:
        """An input comes: time it, or not. While messages wait nothing is changed."""
        self._inputs += 1
        # Whole inputs are timed, not single messages: a wait only means something if the put was stamped too.
        on = self._inputs % self._every == 0
        # Entries that wait in one queue cannot move to the other without a change of order.
        if on != self._on and not self._dispatcher.queue:
            self._on = on
            self._dispatcher.use_queue(self._stamped if on else self._plain)

    def wrap(self, cell: Cell, receive: Receive) -> Receive:
        """The handler, timed; of a generator only the call is timed, not what it yields later."""
        stage = self._stage_of(cell.address)
        wait = self.waits.setdefault(stage, Histogram(MESSAGE_S)).observe
        work = self.works.setdefault(stage, Histogram(MESSAGE_S)).observe

        def timed(message: object, now: int) -> Iterable[Outgoing]:
            if not self._on:
                return receive(message, now)
            began = self._clock()
            wait((began - self._stamped.since) / NANOS)
            try:
                return receive(message, now)
            finally:
                work((self._clock() - began) / NANOS)

        return timed

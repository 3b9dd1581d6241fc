"""Copies warnings and errors of the log to the database table `system_logs`.

Lines may come from any thread and are queued; a task stores them with the next records of the market. A token
bucket bounds them, and while the storage fails they wait or are dropped, so that a broken database is never
asked to store its own errors. Nothing here logs.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

import trio

from engine.token_bucket import TokenBucket
from engine.units import NANOS_PER_MINUTE, NANOS_PER_SECOND, Nanos
from persistence.records import LogRecord, Record

LINES_PER_MINUTE: Final = 20
"""So many warnings are kept on average; more are dropped and counted."""

LINES_AT_ONCE: Final = 200
"""So many may come at once, and wait while nothing can be stored."""

KEPT_CHARS_MAX: Final = 2_000
"""Of a longer line only the beginning is kept."""

HAND_ON_S: Final = 1.0


class DatabaseLogSink:
    """A small queue with a budget."""

    def __init__(
        self, keep: Callable[[list[Record]], None], failing: Callable[[], bool], clock: Callable[[], int]
    ) -> None:
        """`keep` stores records, `failing` is true while storing fails, `clock` is UTC nanoseconds."""
        self.kept = 0
        self.dropped = 0
        self._keep = keep
        self._failing = failing
        self._clock = clock
        self._waiting: deque[tuple[str, str, str]] = deque()
        self._lock = threading.Lock()
        self._budget: TokenBucket | None = None

    def take(self, level: str, event: str, line: str) -> None:
        """Take a finished line in, from any thread. Never blocks for long, never raises."""
        with self._lock:
            # The new one goes and not the oldest: the first lines of a trouble say more than its
            # repetitions.
            if len(self._waiting) >= LINES_AT_ONCE:
                self.dropped += 1
                return
            self._waiting.append((level, event[:KEPT_CHARS_MAX], line[:KEPT_CHARS_MAX]))

    async def run(self) -> None:
        """Hand lines on until cancelled, as the budget allows."""
        while True:
            self.hand_on()
            await trio.sleep(HAND_ON_S)

    def hand_on(self) -> None:
        """Hand on what waits, unless nothing can be stored.

        Lines that the budget does not allow are dropped: when they could be kept they are old.
        """
        if self._failing():
            return
        budget = self._budget or TokenBucket.full(LINES_PER_MINUTE, NANOS_PER_MINUTE, LINES_AT_ONCE, _now())
        records: list[Record] = []
        with self._lock:
            # The lock covers only the copy: a thread that logs must never wait for the storage.
            lines = list(self._waiting)
            self._waiting.clear()
        for level, event, line in lines:
            left = budget.take(1, _now())
            if left is None:
                self.dropped += 1
                continue
            budget = left
            records.append(LogRecord(level, "tipoff", event, {"line": line}, Nanos(self._clock())))
        self._budget = budget
        if records:
            self.kept += len(records)
            self._keep(records)


def _now() -> Nanos:
    return Nanos(int(trio.current_time() * NANOS_PER_SECOND))

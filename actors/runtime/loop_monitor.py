"""An instrument of the loop: counts steps of trio that took so long that they blocked everybody.

Registered by the daemon with `trio.lowlevel.add_instrument`; its counters are exported as metrics. trio drops
an instrument that raises, with no more than a log line: then the count of steps stands still.
"""

import time
from collections.abc import Callable

import trio

SLOW_STEP_NS = 100_000_000
"""A step longer than this blocks feeds and timers noticeably."""


class LoopWatch(trio.abc.Instrument):
    """Counts the steps of all tasks, and those that were slow."""

    def __init__(self, slow_ns: int = SLOW_STEP_NS, clock: Callable[[], int] = time.perf_counter_ns) -> None:
        """Count from now; `clock` gives nanoseconds."""
        self.slow_ns = slow_ns
        self.steps = 0
        self.slow_steps = 0
        self.slowest_ns = 0
        self.slowest_task = ""
        self._clock = clock
        self._began = clock()

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        """A task begins to run."""
        self._began = self._clock()

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        """It has let the loop go again."""
        took = self._clock() - self._began
        self.steps += 1
        if took > self.slow_ns:
            self.slow_steps += 1
        if took > self.slowest_ns:
            self.slowest_ns = took
            self.slowest_task = task.name

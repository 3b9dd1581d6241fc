"""Latency from an input to the decision that follows from it, and from the decision to its commit.

Made by `LiveEngine`; `Ingress` reports inputs, `CommitQueue` what was handed over and what is durable. Reads
a monotonic clock of its own, which a replay could not repeat, and therefore decides nothing.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence

from actors.messages import Numbered
from actors.runtime import Histogram
from engine.facts import SignalAction, SignalRaised

NANOS = 1_000_000_000


class Latency:
    """Two histograms in seconds, and the decisions that are not durable yet."""

    def __init__(self, clock: Callable[[], int] = time.perf_counter_ns) -> None:
        """`clock` gives nanoseconds and never goes back."""
        self.decision_s = Histogram()
        self.durable_s = Histogram()
        self._clock = clock
        self._began: int | None = None
        self._waiting: deque[tuple[int, int]] = deque()
        """The last number of what was handed over together, and when."""

    def input_began(self) -> None:
        """An input of the venues has come: what is decided before `input_done` follows from it."""
        self._began = self._clock()

    def input_done(self) -> None:
        """Everything that follows from the input at once has been worked on."""
        self._began = None

    def handed_over(self, facts: Sequence[Numbered], cause: int, busy_since: int | None) -> None:
        """Facts are handed over to be stored.

        Signals to act count as decisions of the input `cause`, unless they were made earlier and are offered
        again; what a timer made is measured from the timer, at `busy_since`.
        """
        now, last = self._clock(), facts[-1].seq
        began = self._began if self._began is not None else busy_since
        if began is not None:
            for numbered in facts:
                if numbered.cause == cause and _is_decision(numbered):
                    self.decision_s.observe((now - began) / NANOS)
        # Facts that are sent again after a failed transaction keep the moment of their first try: they have
        # waited since.
        if not self._waiting or last > self._waiting[-1][0]:
            self._waiting.append((last, now))

    def committed(self, seq: int) -> None:
        """Everything up to and including `seq` is durable."""
        now = self._clock()
        while self._waiting and self._waiting[0][0] <= seq:
            self.durable_s.observe((now - self._waiting.popleft()[1]) / NANOS)

    @property
    def lag_s(self) -> float:
        """For how long the oldest decision has been waiting to become durable; 0 if none waits."""
        return (self._clock() - self._waiting[0][1]) / NANOS if self._waiting else 0.0


def _is_decision(numbered: Numbered) -> bool:
    fact = numbered.fact
    return isinstance(fact, SignalRaised) and fact.action is not SignalAction.NO_TRADE

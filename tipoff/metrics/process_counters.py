"""Counters of the process that no engine owns: reloads, loop, notifications, log, watchdog."""

from collections.abc import Callable, Mapping
from typing import Protocol

import attrs

from actors.runtime import LoopWatch


class DeliveryCounts(Protocol):
    """How many notifications were sent, failed or dropped."""

    @property
    def sent(self) -> int:
        """Delivered, a target each."""
        ...

    @property
    def failed(self) -> int:
        """Given up, a target each."""
        ...

    @property
    def dropped(self) -> int:
        """Left out: repeated, or too many."""
        ...


@attrs.define
class NothingDelivered:
    """Notifications are not configured: all zero."""

    sent: int = 0
    failed: int = 0
    dropped: int = 0


@attrs.define(kw_only=True)
class ProcessCounters:
    """One for a process, through all its runs. Moments are seconds since 1970 (UTC), 0 is never."""

    reloads: int = 0
    reload_failures: int = 0
    reloaded_at: float = 0.0
    """When a reload last succeeded."""
    loop: LoopWatch = attrs.field(factory=LoopWatch)
    notices: DeliveryCounts = attrs.field(factory=NothingDelivered)
    log_lines: Callable[[], Mapping[str, int]] = dict
    """By level."""
    log_dropped: Callable[[], int] = int
    log_sink_dropped: Callable[[], int] = int
    watchdog_at: Callable[[], float] = float
    """When the watchdog was fed last."""

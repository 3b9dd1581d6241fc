"""What the live engine does after it stood still, and when the machine's clock does not keep time.

Started by `tipoff.process.run` beside the engine. A process that was stopped, or a machine that slept, wakes
up with timers that are long due and frames that are long old: before anything else happens every book is
called stale, as of the last moment that was lived through, and the venue is asked for all of them anew. The
engine's own time never jumps; that the wall clock did is told, and how far the venue's clock is away decides
whether entries are let through. Must not decide anything else about trading.
"""

import json
import os
import time
from collections.abc import Callable
from typing import Final, Protocol

import attrs
import structlog
import trio

from actors.addresses import OPERATOR, RISK_GATE
from actors.messages import HaltOperation, Operate, OperatorRequest
from actors.runtime import AskError, SystemEnded
from engine import freshness
from engine.risk import EVERYTHING
from engine.units import NANOS_PER_SECOND
from tipoff.live.engine import LiveEngine
from tipoff.sources.health import HealthIssue
from venues.transport.clock_skew import remedy

POLL_S: Final = 1.0
STILL_S: Final = freshness.PROCESS.seconds
"""Nothing was done for so long: the process was stopped, or something blocked it."""

JUMP_S: Final = 1.0
"""The wall clock is so far from the engine's time, or from where it was at the last look: it was set."""

SKEW_WARNED_S: Final = 5.0
SKEW_BLOCKED_S: Final = freshness.VENUE_TIME.seconds
"""Our clock is so far from the venue's: what is called fresh may be old, so no entry passes."""

MINUTE_S: Final = 60.0


class Feed(Protocol):
    """What is needed of the sources."""

    degraded: list[HealthIssue]

    @property
    def conn(self) -> int:
        """The number of the connection that brings the books; 0 where they are polled."""
        ...  # pragma: no cover

    def renew(self, reason: str) -> None:
        """Give the connection up, so that every book comes anew."""
        ...  # pragma: no cover

    def skew_s(self) -> float | None:
        """Our clock minus the venue's, in seconds; None while nobody has answered."""
        ...  # pragma: no cover


@attrs.frozen
class Clocks:
    """The machine's clocks, in nanoseconds."""

    since_boot: Callable[[], int] = lambda: time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    """Goes on while the machine sleeps."""
    awake: Callable[[], int] = lambda: time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    """Does not."""
    wall: Callable[[], int] = time.time_ns


class Stall:
    """Watches over the time of one engine."""

    def __init__(self, engine: LiveEngine, feed: Feed, clocks: Clocks = Clocks()) -> None:
        """Lived through up to now."""
        self.stalls = 0
        """So often."""
        self._engine = engine
        self._feed = feed
        self._clocks = clocks
        self._lived = clocks.since_boot()
        self._slept = clocks.since_boot() - clocks.awake()
        self._jumped = 0.0
        self._issues: dict[str, HealthIssue] = {}
        self._halted = False

    async def run(self) -> None:
        """Watch until cancelled."""
        # Not only by the poll below: after a sleep the timers that are long due could fire before it.
        self._engine.system.before_time_passes = self.check
        try:
            while True:
                self.check()
                self._wall()
                await self._skew()
                await trio.sleep(POLL_S)
        finally:
            self._engine.system.before_time_passes = None

    def check(self) -> None:
        """Called before time passes for the actors: find out whether it stood still."""
        now = self._clocks.since_boot()
        still = (now - self._lived) / NANOS_PER_SECOND
        self._lived = now
        if still < STILL_S or self._engine.ingress.closed:
            return
        self.stalls += 1
        reason = f"nothing was done for {still:.0f} s"
        structlog.get_logger().warning("stood_still", seconds=round(still, 1))
        # Old time first: what is heard now was the last thing heard, however much is due since.
        self._engine.lose_feed(self._feed.conn, reason)
        slept = self._clocks.since_boot() - self._clocks.awake()
        self._engine.plan.clock.slept(slept - self._slept)
        self._slept = slept
        self._feed.renew(reason)

    def _wall(self) -> None:
        """Tell when the wall clock was set: the engine's time goes on as if it had not been."""
        apart = (self._clocks.wall() - self._engine.plan.clock()) / NANOS_PER_SECOND
        # An evening that is played faster than it was leaves the wall clock behind all the time.
        if self._engine.plan.clock.speed != 1.0:
            return
        if abs(apart - self._jumped) >= JUMP_S:
            structlog.get_logger().warning("clock_set", seconds=round(apart - self._jumped, 1))
            self._jumped = apart
        words = "the machine's clock was set: it is {:+.0f} s from the time that the engine counts"
        self._report("wall clock", words.format(apart) if abs(apart) >= JUMP_S else "")

    async def _skew(self) -> None:
        """Warn when the venue's clock is elsewhere; far away, let no entry pass until somebody resumes."""
        skew = self._feed.skew_s()
        far = skew is not None and abs(skew) >= SKEW_WARNED_S
        words = "" if skew is None else f"our clock is {skew:+.0f} s from the venue's; {remedy(skew)}"
        self._report("clock skew", words if far else "")
        if skew is None or abs(skew) < SKEW_BLOCKED_S:
            self._halted = False
        elif not self._halted:
            self._halted = await self._halt(f"{words}, then resume")

    async def _halt(self, why: str) -> bool:
        """Let only exits pass, durably; it ends by a resume. False if nobody could be told."""
        given = json.dumps({"reason": why}, sort_keys=True)
        request = OperatorRequest(f"clock.{self._engine.now}", os.geteuid(), "halt", given)
        operation = HaltOperation(EVERYTHING, "reducing", why)
        try:
            await self._engine.ask(OPERATOR, Operate(request, RISK_GATE, operation))
        except (AskError, SystemEnded):
            return False
        return True

    def _report(self, subject: str, text: str) -> None:
        """Have one health issue of a subject stand in the status, or none."""
        before = self._issues.pop(subject, None)
        if before is not None and before in self._feed.degraded:
            self._feed.degraded.remove(before)
        if text:
            issue = self._issues[subject] = HealthIssue(subject, text)
            self._feed.degraded.append(issue)

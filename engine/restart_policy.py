"""Restart intensity and backoff: when a failing child may live again, and when its supervisor must give up.

Called by the supervisor of the actor runtime and by the reconnecting edges. Pure: moments are monotonic
nanoseconds that come in as arguments, jitter is a number between 0 and 1 drawn by the caller.
"""

from collections import deque

import attrs

SECOND_NS = 1_000_000_000
RESTARTS = 3
PERIOD_NS = 60 * SECOND_NS
"""So many restarts within so long are allowed unless a supervisor says otherwise."""

EXPONENT_MAX = 62
"""Doubling stops here; with any factor the cap is reached long before."""


class RestartSettingsError(ValueError):
    """Backoff and intensity that contradict each other; the text gives the numbers."""


@attrs.frozen(kw_only=True)
class RestartLimit:
    """At most `restarts_max` failures within any `period_ns`; one more is too many (OTP's MaxR and MaxT)."""

    restarts_max: int = attrs.field(validator=attrs.validators.ge(0))
    period_ns: int = attrs.field(validator=attrs.validators.gt(0))


@attrs.frozen(kw_only=True)
class Backoff:
    """Waiting time before the n-th restart in a row: `first`, then `minimum`, doubled each time, never
    above `cap`.

    Jitter adds up to `jitter` (a share, 0.2 = 20 %) on top, as Akka does, but never beyond the cap. The
    count starts anew after `reset_ns` without a failure; by default (minimum + cap) / 2.
    """

    first_ns: int = attrs.field(default=0, validator=attrs.validators.ge(0))
    minimum_ns: int = attrs.field(default=SECOND_NS // 10, validator=attrs.validators.ge(0))
    cap_ns: int = attrs.field(default=10 * SECOND_NS, validator=attrs.validators.ge(0))
    factor: float = attrs.field(default=2.0, validator=attrs.validators.ge(1.0))
    jitter: float = attrs.field(default=0.2, validator=(attrs.validators.ge(0.0), attrs.validators.le(1.0)))
    reset_ns: int | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.gt(0))
    )

    def __attrs_post_init__(self) -> None:
        """Refuse a cap below the delays that it caps."""
        if self.cap_ns < self.minimum_ns or self.cap_ns < self.first_ns:
            raise RestartSettingsError(f"backoff cap of {self.cap_ns} ns is below its first or minimum delay")

    @property
    def stable_ns(self) -> int:
        """Time without a failure after which the delays start anew."""
        return self.reset_ns if self.reset_ns is not None else max(1, (self.minimum_ns + self.cap_ns) // 2)

    def delay_ns(self, attempt: int, draw: float) -> int:
        """Delay before restart number `attempt` (from 0) in a row; `draw` in [0, 1) places the jitter."""
        # The first restart is immediate by default: the message that crashed the actor is not run again, so
        # one is usually enough.
        bare = self.first_ns if attempt <= 0 else self._grown_ns(attempt - 1)
        return min(self.cap_ns, bare + int(bare * self.jitter * draw))

    def _grown_ns(self, doublings: int) -> int:
        grown = self.minimum_ns * self.factor ** min(doublings, EXPONENT_MAX)
        return self.cap_ns if grown >= self.cap_ns else int(grown)


NO_BACKOFF = Backoff(first_ns=0, minimum_ns=0, cap_ns=0, jitter=0.0)
"""Restart at once, always; only the intensity limits a storm."""


def longest_storm_ns(restarts_max: int, backoff: Backoff) -> int:
    """The longest time that `restarts_max + 1` failures in a row take if every life fails at once (jitter at
    its worst).

    Between two failures lies one backoff delay; there are `restarts_max` of them.
    """
    return sum(backoff.delay_ns(attempt, 1.0) for attempt in range(restarts_max))


def require_reachable(limit: RestartLimit, backoff: Backoff) -> None:
    """Refuse a backoff so slow that `restarts_max + 1` failures cannot fall into one period: the limit would
    never fire.

    Also refuse a stable period so short that the backoff is reset by the waiting itself.
    """
    storm = longest_storm_ns(limit.restarts_max, backoff)
    if storm >= limit.period_ns:
        raise RestartSettingsError(
            f"{limit.restarts_max + 1} failures take up to {storm} ns with this backoff, "
            f"but the intensity counts only {limit.period_ns} ns: the limit would never fire"
        )


class RestartWindow:
    """The failures of one supervisor (or one quarantined child) within the sliding period."""

    __slots__ = ("_failures", "limit")

    def __init__(self, limit: RestartLimit) -> None:
        """Start without failures."""
        self.limit = limit
        # One more than allowed is all that the decision needs; older failures fall out by themselves.
        self._failures: deque[int] = deque(maxlen=limit.restarts_max + 1)

    def failed(self, now_ns: int) -> bool:
        """Count one failure (or failed attempt to restart); True if that is one more than the limit allows.

        A failure exactly `period_ns` ago has left the window.
        """
        failures = self._failures
        while failures and now_ns - failures[0] >= self.limit.period_ns:
            failures.popleft()
        failures.append(now_ns)
        return len(failures) > self.limit.restarts_max

    def clear(self) -> None:
        """Forget every failure, as after a revival."""
        self._failures.clear()

    def __len__(self) -> int:
        """Failures remembered at the last count."""
        return len(self._failures)


class RestartPacing:
    """How many restarts in a row one child has had, and so how long it waits before the next."""

    __slots__ = ("attempt", "backoff")

    def __init__(self, backoff: Backoff) -> None:
        """Start with no restart behind it."""
        self.backoff = backoff
        self.attempt = 0

    def next_delay_ns(self, now_ns: int, alive_since_ns: int | None, draw: float) -> int:
        """Delay before the restart after a failure now; `alive_since_ns` is when the failed life became
        ready.

        Only time spent alive counts as stable, never time spent waiting for a restart.
        """
        if alive_since_ns is not None and now_ns - alive_since_ns >= self.backoff.stable_ns:
            self.attempt = 0
        delay = self.backoff.delay_ns(self.attempt, draw)
        self.attempt += 1
        return delay

    def clear(self) -> None:
        """Start anew, as after a revival."""
        self.attempt = 0

"""A token bucket as a value: how many requests (or orders) may still be sent, without ever reading a clock.

Called by the pollers for the venue's and the data vendor's rate limits (most calls of the venue cost 10
tokens), by the risk gate for orders per minute, and by the simulated venues to enforce the same limits. All
arithmetic is on whole numbers, so a bucket is never off by a rounding.
"""

import attrs

from engine.units import Nanos


@attrs.frozen
class TokenBucket:
    """A bucket of `burst` tokens that gets `tokens` more, evenly, in every `period` nanoseconds.

    In any window of length w no more than burst + tokens × w / period are taken. `stored` is what was in it
    at `at`, in tokens × period, the unit in which refilling is exact. Make it by `full`.
    """

    tokens: int = attrs.field(validator=attrs.validators.gt(0))
    period: Nanos = attrs.field(validator=attrs.validators.gt(Nanos(0)))
    burst: int = attrs.field(validator=attrs.validators.gt(0))
    stored: int
    at: Nanos

    @classmethod
    def full(cls, tokens: int, period: Nanos, burst: int, at: Nanos) -> "TokenBucket":
        """A bucket that starts full. Raises ValueError unless all three sizes are positive."""
        return cls(tokens, period, burst, burst * period, at)

    def take(self, cost: int, now: Nanos) -> "TokenBucket | None":
        """The bucket after taking `cost` tokens, or None if it does not hold them yet.

        A `now` before the last one counts as the last one. Raises ValueError for a cost that no wait would
        make affordable or that is not positive.
        """
        stored = self._stored_at(now)
        missing = self._checked(cost) * self.period - stored
        if missing > 0:
            return None
        # In tokens times the period, whole numbers: in floats many small refills would add up to another
        # rate.
        return attrs.evolve(self, stored=-missing, at=max(now, self.at))

    def ready_at(self, cost: int, now: Nanos) -> Nanos:
        """The first moment, not before `now`, at which `take` gives `cost` tokens. Raises ValueError as
        `take` does.
        """
        missing = self._checked(cost) * self.period - self._stored_at(now)
        # Rounded up: at the moment before, `take` would still refuse.
        wait = -(-missing // self.tokens) if missing > 0 else 0
        return Nanos(max(now, self.at) + wait)

    def drained(self, now: Nanos) -> "TokenBucket":
        """The bucket after the other side said "too many requests": empty, whatever we believed."""
        # The venue counts requests that we do not know of (another process on the same key), so its word
        # wins.
        return attrs.evolve(self, stored=0, at=max(now, self.at))

    def available(self, now: Nanos) -> int:
        """Whole tokens at a moment."""
        return self._stored_at(now) // self.period

    def _stored_at(self, now: Nanos) -> int:
        """What is in it at a moment, in tokens × period."""
        refill = max(now - self.at, 0) * self.tokens
        return min(self.stored + refill, self.burst * self.period)

    def _checked(self, cost: int) -> int:
        """A cost that the bucket can ever pay."""
        if not 0 < cost <= self.burst:
            raise ValueError(f"a cost of {cost} does not fit a bucket of {self.burst}")
        return cost

"""Latencies to the venue and back: constants or distributions, drawn per order.

Used by the paper exchange's rules. A draw depends on the seed, on the kind of latency and on the order's id
only, so a replay draws the same.
"""

import hashlib
from typing import Final

import attrs

from engine.units import Nanos
from engine.variants import plain

PER_MILLE: Final = 1_000
PESSIMISTIC_PER_MILLE: Final = 950
"""The pessimistic band takes every delay at this quantile."""

OPTIMISTIC_PER_MILLE: Final = 50
"""The optimistic band takes them at this one."""

_DRAW_BYTES: Final = 8


def _check_points(_: object, __: object, points: tuple[tuple[int, Nanos], ...]) -> None:
    shares = [share for share, _ in points]
    delays = [delay for _, delay in points]
    if not points or shares != sorted(set(shares)) or delays != sorted(delays):
        raise ValueError(f"a delay needs quantiles that rise: {points}")
    if shares[0] < 0 or shares[-1] > PER_MILLE or delays[0] < 0:
        raise ValueError(f"a delay's shares are 0..{PER_MILLE} and its times not negative: {points}")


@attrs.frozen
class Delay:
    """A distribution given by its quantiles: (share in 1/1000, nanoseconds), straight lines in between.

    One point is a constant. Below the first and above the last share the outermost time holds.
    """

    points: tuple[tuple[int, Nanos], ...] = attrs.field(validator=_check_points)

    def quantile(self, share: int, of: int = PER_MILLE) -> Nanos:
        """The time below which `share` of `of` lie."""
        before = self.points[0]
        for point in self.points:
            # In whole numbers throughout, so that the result is the same on every machine.
            if share * PER_MILLE < point[0] * of:
                width = (point[0] - before[0]) * of
                climbed = share * PER_MILLE - before[0] * of
                return Nanos(before[1] + (point[1] - before[1]) * climbed // width) if width else before[1]
            before = point
        return before[1]

    @property
    def optimistic(self) -> Nanos:
        """The 5th percentile."""
        return self.quantile(OPTIMISTIC_PER_MILLE)

    @property
    def pessimistic(self) -> Nanos:
        """The 95th percentile."""
        return self.quantile(PESSIMISTIC_PER_MILLE)

    def draw(self, seed: int, what: str, order_id: str) -> Nanos:
        """This order's delay."""
        # A constant needs no draw, and every order asks for several delays.
        if len(self.points) == 1:
            return self.points[0][1]
        # By the plain id: a variant of a strategy must meet the delays that the strategy would.
        # A hash in place of a generator with a state: a draw must not depend on how many orders others sent
        # before.
        text = f"{seed}:{what}:{plain(order_id)}"
        digest = hashlib.blake2b(text.encode(), digest_size=_DRAW_BYTES).digest()
        return self.quantile(int.from_bytes(digest, "big"), of=1 << (8 * _DRAW_BYTES))


def delay(value: "Delay | int") -> Delay:
    """A constant given as nanoseconds, or a distribution as it is."""
    return value if isinstance(value, Delay) else Delay(((0, Nanos(value)),))

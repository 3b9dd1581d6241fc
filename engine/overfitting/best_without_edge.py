"""How good the best of so many tries looks if none has an edge, drawn from what strategies without one did.

A try without an edge is as many games as the sweep has, drawn from the controls' results by game; the best of
all tries is kept, again and again. Everything is in units of a mean's own standard error, for a control
trades other sizes than what was swept. Tries are independent here, which tries of one idea are not: this is
the picture, and the most that luck gives; `reality_check` is the test, and keeps what trials have in common.
"""

import hashlib
import math
import struct
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Final

import attrs

from engine.overfitting.moments import Moments

PICKS_MAX: Final = 4_000_000
"""Picks in all; where more would be needed, games are drawn in parcels that are made beforehand."""

PARCELS: Final = 1 << 14
"""So many parcels there are to draw from."""

POOL_MAX: Final = 1 << 16
"""Results of controls at the most: places are drawn with 16 bits."""


@attrs.frozen
class BestWithoutEdge:
    """The greatest studentized means of so many tries, one a draw, ascending.

    `fair` is of controls whose mean is taken off, as if trading cost nothing; `paid` as they were.
    """

    tries: int
    fair: tuple[float, ...]
    paid: tuple[float, ...]

    def quantile(self, share: float) -> float:
        """The studentized mean below which the best of that share of fair draws lies."""
        return self.fair[min(int(share * len(self.fair)), len(self.fair) - 1)]

    def p_at_least(self, t: float) -> float:
        """How often the best of fair tries is as good: (1 + so many draws) / (1 + draws)."""
        return (1 + len(self.fair) - bisect_left(self.fair, t)) / (1 + len(self.fair))


def best_without_edge(
    pool: Sequence[float], *, games: int, tries: int, seed: int, draws: int = 1_000
) -> BestWithoutEdge | None:
    """The best of `tries` over `games` results of `pool`, drawn `draws` times.

    None for a pool without scatter. Raises ValueError for fewer than two games, no try, or a pool larger than
    POOL_MAX. Where tries × games × draws is above PICKS_MAX, a try is drawn in parcels of several games,
    which are drawn from the pool; their mean is set to the pool's.
    """
    if games < 2 or tries < 1 or draws < 1 or len(pool) > POOL_MAX:
        raise ValueError(f"{draws} draws of {tries} tries of {games} games from {len(pool)} results")
    if len(pool) < 2 or min(pool) == max(pool):
        return None
    known = Moments.of(pool)
    size = min(games, math.ceil(games * tries * draws / PICKS_MAX))
    parts = max(2, round(games / size))
    sums, squares = _parcels([(value - known.mean) / known.deviation for value in pool], size, seed)
    count = parts * size
    # What trading cost is a constant a game: it moves the mean and leaves the scatter.
    cost = known.mean / known.deviation
    fair, paid = [], []
    for places in _places(f"{seed} best", len(sums), parts * tries, draws):
        pick = itemgetter(*places)
        drawn = zip(_added(pick(sums), parts), _added(pick(squares), parts), strict=True)
        ratios = [
            (total / count, math.sqrt(max(square - total * total / count, 0.0) / (count - 1)))
            for total, square in drawn
        ]
        scaled = [(mean, math.sqrt(count) / spread) for mean, spread in ratios if spread > 0.0]
        fair.append(max((mean * scale for mean, scale in scaled), default=0.0))
        paid.append(max(((mean + cost) * scale for mean, scale in scaled), default=0.0))
    return BestWithoutEdge(tries, tuple(sorted(fair)), tuple(sorted(paid)))


def _parcels(pool: Sequence[float], size: int, seed: int) -> tuple[list[float], list[float]]:
    """Sums and sums of squares of parcels of `size` results; single results are parcels of one."""
    if size == 1:
        return list(pool), [value * value for value in pool]
    sums, squares = [], []
    second = [value * value for value in pool]
    for places in _places(f"{seed} parcels", len(pool), size, PARCELS):
        pick = itemgetter(*places)
        sums.append(sum(pick(pool)))
        squares.append(sum(pick(second)))
    excess = math.fsum(sums) / len(sums)
    return [each - excess for each in sums], squares


def _places(seed: str, below: int, count: int, draws: int) -> Iterator[list[int]]:
    """`draws` times `count` places below `below`, from SHAKE-256 of the seed."""
    one_draw = struct.Struct(f"<{count}H")
    for draw in range(draws):
        numbers = one_draw.unpack(hashlib.shake_256(f"{seed} {draw}".encode()).digest(one_draw.size))
        yield [number * below >> 16 for number in numbers]


def _added(values: Sequence[float], parts: int) -> list[float]:
    """The sums of each `parts` neighbours."""
    return list(map(sum, zip(*[iter(values)] * parts, strict=True)))

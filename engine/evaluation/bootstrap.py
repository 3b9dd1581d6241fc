"""Bootstrap intervals: statistics with confidence intervals by resampling whole games from a given seed.

Called by reports with the statistics of `engine.evaluation.scoring`. Bets of one game win and lose together,
so games are drawn, not bets; drawing bets would make every interval too narrow. The generator is our own
(SplitMix64, Steele, Lea and Flood 2014), a few lines that give the same numbers on every machine and in every
version of Python.
"""

import hashlib
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

import attrs

T = TypeVar("T")

_MASK: Final = (1 << 64) - 1
_GOLDEN: Final = 0x9E3779B97F4A7C15


def seed_of(*words: str) -> int:
    """A seed that depends on the words and nothing else, such as a run's id and what is drawn."""
    return int.from_bytes(hashlib.sha256("\x1f".join(words).encode()).digest()[:8], "big")


class Dice:
    """Numbers that look random and follow from the seed. Not for secrets."""

    def __init__(self, seed: int) -> None:
        """Begin at a seed; only its lowest 64 bits count."""
        self._state = seed & _MASK

    def bits(self) -> int:
        """The next 64 bits."""
        self._state = (self._state + _GOLDEN) & _MASK
        z = self._state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return z ^ (z >> 31)

    def below(self, limit: int) -> int:
        """A whole number from 0 to limit - 1, each equally likely. Raises ValueError for a limit below 1."""
        if not 1 <= limit <= _MASK:
            raise ValueError(f"cannot draw below {limit}")
        # Numbers of the last, incomplete round would make small results likelier: draw again.
        top = _MASK + 1 - (_MASK + 1) % limit
        while (number := self.bits()) >= top:
            pass
        return number % limit


@attrs.frozen
class Interval:
    """A statistic, the interval around it, and what it rests on: `games` blocks, as good as `games_effective`
    equal ones.
    """

    estimate: float
    low: float
    high: float
    games: int
    games_effective: float


@attrs.frozen
class Resampling:
    """How often to draw, how much the interval shall hold, and from which seed."""

    seed: int
    draws: int = attrs.field(default=1_000, validator=[attrs.validators.ge(20), attrs.validators.le(100_000)])
    confidence: float = attrs.field(
        default=0.95, validator=[attrs.validators.gt(0.0), attrs.validators.lt(1.0)]
    )


def by_game(rows: Iterable[T], game_of: Callable[[T], str]) -> list[list[T]]:
    """Rows in blocks of one game each, games in the order of their names: the draw must not depend on
    arrival.
    """
    blocks: dict[str, list[T]] = {}
    for row in rows:
        blocks.setdefault(game_of(row), []).append(row)
    return [blocks[game] for game in sorted(blocks)]


def interval(
    blocks: Sequence[Sequence[T]], statistic: Callable[[Sequence[T]], float | None], how: Resampling
) -> Interval | None:
    """The percentile interval of a statistic over rows, drawing blocks with replacement.

    None if the statistic has no value on all rows, or on fewer than half of the draws. One block gives an
    interval of no width: look at `games`, not at the width, to see that it says nothing.
    """
    blocks = [block for block in blocks if block]
    estimate = statistic([row for block in blocks for row in block]) if blocks else None
    if estimate is None:
        return None
    dice = Dice(how.seed)
    values: list[float] = []
    for _ in range(how.draws):
        drawn = [blocks[dice.below(len(blocks))] for _ in blocks]
        value = statistic([row for block in drawn for row in block])
        if value is not None:
            values.append(value)
    # An interval over the draws that happen to have a value would leave out the very games that make it
    # uncertain.
    if 2 * len(values) < how.draws:
        return None
    values.sort()
    tail = (1.0 - how.confidence) / 2.0
    return Interval(
        estimate,
        _quantile(values, tail),
        _quantile(values, 1.0 - tail),
        len(blocks),
        effective([len(block) for block in blocks]),
    )


def effective(sizes: Sequence[int]) -> float:
    """How many blocks of equal size would weigh as much: (sum of sizes)² / sum of squares (Kish)."""
    squares = sum(size * size for size in sizes)
    return sum(sizes) ** 2 / squares if squares else 0.0


def _quantile(ordered: Sequence[float], share: float) -> float:
    """The value below which that share of ordered values lies, between its two neighbours."""
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)

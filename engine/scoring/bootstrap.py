"""Bootstrap intervals: statistics with confidence intervals by resampling whole games from a given seed.

Bets of one game win and lose together, so games are drawn, not bets; drawing bets would make every interval
too narrow. Numbers come from SHAKE-256 of the seed, the same on every machine and in every version of Python.
"""

import hashlib
import math
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from operator import itemgetter
from typing import Final, TypeVar

import attrs

T = TypeVar("T")

_BITS: Final = 32
GAMES_MAX: Final = 1 << 16
"""More games than this cannot be drawn: numbers of 32 bits would make some noticeably likelier than others.
"""


def seed_of(*words: str) -> int:
    """A seed that depends on the words and nothing else, such as a run's id and what is drawn."""
    return int.from_bytes(hashlib.sha256("\x1f".join(words).encode()).digest()[:8], "big")


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

    def places(self, games: int) -> Iterator[tuple[int, ...]]:
        """For each draw as many places below `games` as there are games, with repetition.

        Raises ValueError for fewer than one game or more than GAMES_MAX.
        """
        if not 1 <= games <= GAMES_MAX:
            raise ValueError(f"cannot draw from {games} games")
        # The same objects in every draw: a season's would be as large as all that it was measured from.
        known = tuple(range(games))
        one_draw = struct.Struct(f"<{games}I")
        stream = hashlib.shake_256(f"{self.seed} {games}".encode()).digest(one_draw.size * self.draws)
        for numbers in one_draw.iter_unpack(stream):
            # A multiplication instead of a remainder: no game is likelier than another by more than 2**-16.
            yield tuple([known[number * games >> _BITS] for number in numbers])


class GameDraws:
    """The draws over a fixed set of games, made once and used for every statistic over these games."""

    def __init__(self, games: Iterable[str], how: Resampling | None = None) -> None:
        """The order of `games` is of no account; without `how` the seed follows from their names."""
        self.games = tuple(sorted(set(games)))
        self.how = how or Resampling(seed_of(*self.games))
        self._weighed: tuple[list[float], list[float]] = ([], [])

    @cached_property
    def _chosen(self) -> list[Callable[[Sequence[float]], tuple[float, ...]]]:
        """What picks the games of each draw from a list of all; the arithmetic of a season is mostly this."""
        games = len(self.games)
        return [itemgetter(*places, games) for places in self.how.places(games)]

    def mean(self, sums: Mapping[str, tuple[float, float]]) -> Interval | None:
        """The interval of (sum of values) / (sum of weights), where `sums` has both for each game.

        A game that is not in `sums` weighs nothing. None if nothing weighs anything. Raises KeyError for a
        game that is not one of the draws'.
        """
        known = set(self.games)
        if not known.issuperset(sums):
            raise KeyError(f"not among the games that are drawn: {sorted(set(sums) - known)}")
        values = [sums.get(game, (0.0, 0.0))[0] for game in self.games]
        weights = [sums.get(game, (0.0, 0.0))[1] for game in self.games]
        total = math.fsum(weights)
        if total <= 0.0:
            return None
        estimate = math.fsum(values) / total
        # One game more, which weighs nothing: of a single one `itemgetter` gives no tuple.
        values.append(0.0)
        weights.append(0.0)
        drawn = [
            sum(chosen(values)) / weight
            for chosen, weight in zip(self._chosen, self._drawn(weights), strict=True)
            if weight > 0.0
        ]
        return _interval(estimate, drawn, self.how, [weight for weight in weights if weight > 0.0])

    def _drawn(self, weights: list[float]) -> list[float]:
        """The sum of the weights in each draw. Most statistics are of the same fills as the one before."""
        if self._weighed[0] != weights:
            self._weighed = (weights, [sum(chosen(weights)) for chosen in self._chosen])
        return self._weighed[1]


def weighted(rows: Iterable[tuple[str, float, float]]) -> dict[str, tuple[float, float]]:
    """The sums of (game, value, weight) by game: of value × weight, and of weights; in any order the same."""
    by_name: dict[str, tuple[list[float], list[float]]] = {}
    for game, value, weight in rows:
        values, weights = by_name.setdefault(game, ([], []))
        values.append(value * weight)
        weights.append(weight)
    return {game: (math.fsum(values), math.fsum(weights)) for game, (values, weights) in by_name.items()}


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
    """The percentile interval of any statistic over rows, drawing blocks with replacement.

    None if the statistic has no value on all rows, or on fewer than half of the draws. One block gives an
    interval of no width: look at `games`, not at the width, to see that it says nothing. For means
    `GameDraws` is faster.
    """
    blocks = [block for block in blocks if block]
    estimate = statistic([row for block in blocks for row in block]) if blocks else None
    if estimate is None:
        return None
    values: list[float] = []
    for places in how.places(len(blocks)):
        value = statistic([row for place in places for row in blocks[place]])
        if value is not None:
            values.append(value)
    return _interval(estimate, values, how, [len(block) for block in blocks])


def effective(sizes: Sequence[float]) -> float:
    """How many blocks of equal size would weigh as much: (sum of sizes)² / sum of squares (Kish)."""
    squares = sum(size * size for size in sizes)
    return sum(sizes) ** 2 / squares if squares else 0.0


def _interval(
    estimate: float, values: list[float], how: Resampling, sizes: Sequence[float]
) -> Interval | None:
    # An interval over the draws that happen to have a value would leave out the very games that make it
    # uncertain.
    if 2 * len(values) < how.draws:
        return None
    values.sort()
    tail = (1.0 - how.confidence) / 2.0
    low, high = _quantile(values, tail), _quantile(values, 1.0 - tail)
    # Of very skewed games the percentiles may both lie on one side of what was measured.
    return Interval(estimate, min(low, estimate), max(high, estimate), len(sizes), effective(sizes))


def _quantile(ordered: Sequence[float], share: float) -> float:
    """The value below which that share of ordered values lies, between its two neighbours."""
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)

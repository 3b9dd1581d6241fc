"""Bounds on the mean of games that count the results which could have come and have not been seen yet.

An interval drawn from the games that were played knows no loss but those that came. Of strategies that buy
at 97 cents and know nothing it calls two in five winners after thirty games: a loss comes once in
thirty-three. So the mean is bounded once more, by Gaffke's bound for values of a known range ("Three test
statistics for a nonparametric one-sided hypothesis on the mean of a nonnegative variable", 2005; studied by
Learned-Miller and Thomas, arXiv:1905.06208): every draw weighs the games by chance, and beside them one game
more, in which the worst came that any of them stood to bring. Of bets that only win or lose it is the bound
of Clopper and Pearson.
"""

import hashlib
import math
import struct
from collections.abc import Iterator, Mapping
from operator import mul
from typing import Final

import attrs

from engine.scoring.bootstrap import GAMES_MAX, seed_of

DRAWS: Final = 1_000

ERROR: Final = 0.05
"""How often the true mean may lie beyond a bound: one of twenty.

Twice what the interval allows on a side: where every result has been seen often, the interval stays the
stricter of the two, and the bound speaks only where something is still to come.
"""

_WORD: Final = 1 << 32


@attrs.frozen
class UnseenResults:
    """What a game stood to bring at the worst and the best of all, and where the mean of games lies at the
    least and at the most in view of it; all in dollars.
    """

    worst: float
    best: float
    at_least: float
    at_most: float


def unseen_results(
    readings: Mapping[str, Mapping[str, float]], worst: float, best: float
) -> dict[str, UnseenResults]:
    """The bounds on the mean of each reading's results by game; the games stood to bring `worst` to `best`.

    A result beyond the range widens it, and no games have no bounds. Raises ValueError for more than
    GAMES_MAX, and for readings of different games.
    """
    games = sorted({game for results in readings.values() for game in results})
    if not games:
        return {}
    if len(games) > GAMES_MAX:
        raise ValueError(f"cannot draw from {len(games)} games")
    if any(len(results) != len(games) for results in readings.values()):
        raise ValueError("the readings are of different games")
    rows = {
        name: _Row.of([results[game] for game in games], worst, best) for name, results in readings.items()
    }
    for weights in _weights(games):
        for row in rows.values():
            row.draw(weights)
    return {name: row.bounds() for name, row in rows.items()}


@attrs.frozen
class _Row:
    """The results of one reading, and what the draws made of them."""

    values: list[float]
    worst: float
    best: float
    least: list[float] = attrs.field(factory=list)
    most: list[float] = attrs.field(factory=list)

    @classmethod
    def of(cls, values: list[float], worst: float, best: float) -> "_Row":
        return cls(values, min(worst, *values), max(best, *values))

    def draw(self, weights: list[float]) -> None:
        seen, total = sum(map(mul, self.values, weights)), sum(weights)
        self.least.append((seen + self.worst * weights[-1]) / total)
        self.most.append((seen + self.best * weights[-1]) / total)

    def bounds(self) -> UnseenResults:
        beyond = math.ceil(ERROR * DRAWS) - 1
        least, most = sorted(self.least)[beyond], sorted(self.most, reverse=True)[beyond]
        return UnseenResults(self.worst, self.best, least, most)


def _weights(games: list[str]) -> Iterator[list[float]]:
    """Of each draw the weights of the games and of one more, from the games' names and nothing else.

    Exponential ones; divided by their sum they are uniform over all weights that add up to one.
    """
    one_draw = struct.Struct(f"<{len(games) + 1}I")
    text = f"{seed_of('unseen', *games)} {len(games)}"
    stream = hashlib.shake_256(text.encode()).digest(one_draw.size * DRAWS)
    for numbers in one_draw.iter_unpack(stream):
        yield [-math.log((number + 0.5) / _WORD) for number in numbers]

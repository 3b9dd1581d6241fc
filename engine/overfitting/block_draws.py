"""Draws of games in runs of neighbours, for results in which one evening tells of the next.

The stationary bootstrap of Politis, D. N. and Romano, J. P. (1994), "The Stationary Bootstrap", Journal of
the American Statistical Association 89, 1303-1313: a run begins at any game, and ends after each game with a
probability of 1 / its mean length. A mean length of 1 draws games by themselves.
"""

import hashlib
import struct
from collections.abc import Iterator
from typing import Final

import attrs

from engine.scoring.bootstrap import GAMES_MAX, Resampling

_BITS: Final = 32


@attrs.frozen
class BlockDraws:
    """How often to draw, from which seed, and how long a run of neighbouring games is on average."""

    seed: int
    draws: int = attrs.field(default=1_000, validator=[attrs.validators.ge(20), attrs.validators.le(100_000)])
    run_mean: float = attrs.field(default=1.0, validator=attrs.validators.ge(1.0))

    def places(self, games: int) -> Iterator[tuple[int, ...]]:
        """For each draw as many places below `games` as there are games.

        After the last game comes the first. Raises ValueError for fewer than one game or more than GAMES_MAX.
        """
        if self.run_mean == 1.0:
            yield from Resampling(self.seed, self.draws).places(games)
            return
        if not 1 <= games <= GAMES_MAX:
            raise ValueError(f"cannot draw from {games} games")
        ends_below = round((1 << _BITS) / self.run_mean)
        one_draw = struct.Struct(f"<{2 * games}I")
        stream = hashlib.shake_256(f"{self.seed} {games} runs".encode()).digest(one_draw.size * self.draws)
        for numbers in one_draw.iter_unpack(stream):
            places: list[int] = []
            for ends, begins in zip(numbers[:games], numbers[games:], strict=True):
                fresh = not places or ends < ends_below
                places.append(begins * games >> _BITS if fresh else (places[-1] + 1) % games)
            yield tuple(places)

"""Sums over drawn games of all trials at once: a game's results of every trial are fields of one integer.

A draw adds as many integers as there are games, whatever the number of trials, instead of a sum for each
trial. Sums of integers are exact, so that no order of trials or games shows.
"""

import struct
from collections.abc import Sequence
from operator import itemgetter
from typing import Final

from engine.scoring.bootstrap import GAMES_MAX

_BITS: Final = 40
"""A result is a whole number of 2**-40 of the trial's largest: with GAMES_MAX games 57 of 64 bits."""

_ONE: Final = 1 << _BITS


class PackedTrials:
    """Trials over the same games, each divided by its largest result without its sign (`scales`)."""

    def __init__(self, rows: Sequence[Sequence[float]]) -> None:
        """Raises ValueError without trials or games, and for more than GAMES_MAX games."""
        self.games = len(rows[0]) if rows else 0
        if not 1 <= self.games <= GAMES_MAX:
            raise ValueError(f"cannot add up {self.games} games of {len(rows)} trials")
        # What never traded is nothing at any scale.
        self.scales = tuple(max(map(abs, row)) or 1.0 for row in rows)
        self._fields = struct.Struct(f"<{2 * len(rows)}Q")
        scaled = [[value / scale for value in row] for row, scale in zip(rows, self.scales, strict=True)]
        # A bias keeps every field above nothing, so that none borrows from its neighbour.
        self._packed = tuple(
            int.from_bytes(
                self._fields.pack(
                    *(round(value * _ONE) + _ONE for value in game),
                    *(round(value * value * _ONE) for value in game),
                ),
                "little",
            )
            for game in zip(*scaled, strict=True)
        )

    def means(self, places: Sequence[int]) -> tuple[list[float], list[float]]:
        """The mean of each trial over the games at these places, and the mean of its squares."""
        drawn = itemgetter(*places)(self._packed) if len(places) > 1 else (self._packed[places[0]],)
        sums = self._fields.unpack(sum(drawn).to_bytes(self._fields.size, "little"))
        count, trials = len(places), len(self.scales)
        bias, unit = count * _ONE, count * _ONE
        return [(each - bias) / unit for each in sums[:trials]], [each / unit for each in sums[trials:]]

"""The resting bids of one simulated market, in whole cents and hundredths of a contract.

Makers and takers change it through `venues.simulator.world.market`; the services read snapshots of it.
"""

from typing import Final

import attrs

YES: Final = 0
NO: Final = 1
SIDE_TEXT: Final = ("yes", "no")


@attrs.define
class Book:
    """Bids of both sides; `sides[YES][cents]` is the size bid at that many cents for YES."""

    sides: tuple[dict[int, int], dict[int, int]] = attrs.field(factory=lambda: ({}, {}))

    def change(self, side: int, cents: int, delta: int) -> None:
        """Add to a level or take from it; it disappears at zero. Raises ValueError if it were negative."""
        levels = self.sides[side]
        size = levels.get(cents, 0) + delta
        if size < 0 or not 1 <= cents <= 99:
            raise ValueError(f"level {cents} of side {SIDE_TEXT[side]} would have size {size}")
        if size == 0:
            del levels[cents]
        else:
            levels[cents] = size

    def best(self, side: int) -> int:
        """The highest bid of a side in cents, 0 if there is none."""
        return max(self.sides[side], default=0)

    def room(self, side: int) -> int:
        """The highest price at which a new bid of `side` would not trade at once."""
        return 99 - self.best(1 - side)

    def total(self, side: int) -> int:
        """Everything that is bid for a side."""
        return sum(self.sides[side].values())

    def ascending(self, side: int) -> list[tuple[int, int]]:
        """Levels of a side, best last, as the venue lists them."""
        return sorted(self.sides[side].items())

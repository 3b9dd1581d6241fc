"""Who quotes in the simulated books: makers that follow a lagging, noisy idea of the fair price.

A maker keeps a ladder of bids on both sides around its centre and replaces only what a move of the centre
touches, as real ones do: the side that retreats is withdrawn first and comes back a moment later, then the
other one follows. In play it is shy now and then, and leaves the best price of one side out. Used by
`venues.simulator.world.market`.
"""

from random import Random
from typing import Final

import attrs

from venues.simulator.world.book import NO, YES, Book


@attrs.frozen
class Temper:
    """How one kind of maker quotes; prices in cents, sizes in hundredths of a contract, times in seconds."""

    half_spread: float
    """Before bids and offers are rounded away from the centre to whole cents, which adds up to a cent."""
    levels: int
    step: int
    size: int
    threshold: float
    """How far the fair price has to be from the centre before the maker moves."""
    lag: tuple[float, float]
    wobble: float
    """Standard deviation of its error about the fair price."""
    shy: float = 0.0
    """Mean time in play until it leaves out its best price of one side; 0 if it never does."""


TIGHT: Final = Temper(0.02, 2, 1, 10_000, 0.7, (0.4, 2.5), 0.4, shy=5.0)
MIDDLE: Final = Temper(1.6, 3, 1, 12_000, 2.5, (1.0, 6.0), 0.8)
CROWD: Final = Temper(4.0, 5, 2, 40_000, 5.0, (5.0, 25.0), 1.5)
LADDER: Final = Temper(1.2, 2, 1, 10_000, 3.0, (2.0, 15.0), 0.4)
LADDER_CROWD: Final = Temper(4.0, 2, 2, 30_000, 7.0, (8.0, 40.0), 0.8)
SIZES: Final = 1.0
"""Standard deviation of the logarithm of a maker's sizes: some best prices are good for a few only."""
BEFORE_TIP: Final = 300
"""Before the game makers show so many times what they show in play."""
Change = tuple[int, int, int]
"""Side, cents, and by how much the level there changes."""


@attrs.define
class Maker:
    """One maker in one market, with its resting orders."""

    temper: Temper
    rng: Random
    orders: tuple[dict[int, int], dict[int, int]] = attrs.field(factory=lambda: ({}, {}))
    centre: float = -1.0
    error: float = 0.0
    due: bool = False
    """Whether a re-quote is on its way."""
    sizes: tuple[int, ...] = ()
    """Its size in play at every price, so that levels it keeps do not change when its centre moves."""
    scale: int = BEFORE_TIP
    """What its sizes are multiplied with at the moment."""
    shy: int | None = None
    """The side whose best price it leaves out."""

    def __attrs_post_init__(self) -> None:
        self.sizes = tuple(self._size() for _ in range(100))

    def _size(self) -> int:
        size = max(100, round(self.temper.size * self.rng.lognormvariate(0.0, SIZES)))
        # One size in three is no whole number of contracts, as in real books.
        return size if self.rng.random() < 0.3 else size // 100 * 100

    def wants_to_move(self, fair: float) -> bool:
        """Whether the fair price (cents) left the centre far enough."""
        return abs(fair + self.error - self.centre) >= self.temper.threshold

    def follow(self, fair: float) -> int:
        """Move the centre to `fair` (cents) if that is far enough; the side that has to retreat first."""
        before = self.centre
        if self.wants_to_move(fair):
            self.error = 0.7 * self.error + self.rng.gauss(0.0, self.temper.wobble * 0.7)
            self.centre = fair + self.error
        return NO if self.centre > before else YES

    def withdraw(self, side: int) -> list[Change]:
        """Cancel what it would not bid any more; the book has yet to see it."""
        held, wanted = self.orders[side], self._ladder(side)
        unwanted = [cents for cents in held if cents not in wanted]
        return [(side, cents, -held.pop(cents)) for cents in unwanted] + self._surplus(side)

    def _surplus(self, side: int) -> list[Change]:
        """What it holds beyond its size: after the tip it shows less."""
        held = self.orders[side]
        surplus = [(side, cents, self.sizes[cents] * self.scale - size) for cents, size in held.items()]
        changes = [change for change in surplus if change[2] < 0]
        for _, cents, delta in changes:
            held[cents] += delta
        return changes

    def place(self, side: int, book: Book) -> list[Change]:
        """Bid what is missing of one side of the ladder; levels that were eaten are refilled too."""
        held, room = self.orders[side], book.room(side)
        changes = []
        for cents in self._ladder(side):
            wanted = self.sizes[cents] * self.scale
            missing = wanted - held.get(cents, 0)
            if cents <= room and missing > wanted // 3:
                held[cents] = held.get(cents, 0) + missing
                changes.append((side, cents, missing))
        return changes

    def limit(self, side: int) -> int:
        """The highest price at which it bids for a side now."""
        centre = self.centre if side == YES else 100.0 - self.centre
        return min(98, int(centre - self.temper.half_spread))

    def _ladder(self, side: int) -> range:
        """Where it wants to bid, best price first."""
        temper = self.temper
        top = self.limit(side)
        top -= top % temper.step
        ladder = range(top, max(0, top - temper.levels * temper.step), -temper.step)
        return ladder[1:] if self.shy == side else ladder

    def lose(self, side: int, cents: int, count: int) -> int:
        """Give up to `count` of its order at a price to a taker; the number given."""
        held = self.orders[side]
        given = min(held.get(cents, 0), count)
        if given:
            held[cents] -= given
            if not held[cents]:
                del held[cents]
        return given

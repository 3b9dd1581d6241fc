"""Who quotes in the simulated books: makers that follow a lagging, noisy idea of the fair price.

A maker keeps a ladder of bids on both sides around its centre and replaces only what a move of the centre
touches, as real ones do. Used by `venues.simulator.world.market`.
"""

from random import Random
from typing import Final

import attrs

from venues.simulator.world.book import NO, YES, Book


@attrs.frozen
class Temper:
    """How one kind of maker quotes; prices in cents, sizes in hundredths of a contract, times in seconds."""

    half_spread: float
    levels: int
    step: int
    size: int
    threshold: float
    """How far the fair price has to be from the centre before the maker moves."""
    lag: tuple[float, float]
    wobble: float
    """Standard deviation of its error about the fair price."""


TIGHT: Final = Temper(0.6, 2, 1, 12_000, 1.5, (0.4, 2.5), 0.4)
MIDDLE: Final = Temper(1.6, 3, 1, 40_000, 2.5, (1.0, 6.0), 0.8)
CROWD: Final = Temper(4.0, 5, 2, 150_000, 5.0, (5.0, 25.0), 1.5)
LADDER: Final = Temper(1.2, 2, 1, 20_000, 3.0, (2.0, 15.0), 0.4)
LADDER_CROWD: Final = Temper(4.0, 2, 2, 60_000, 7.0, (8.0, 40.0), 0.8)


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
    """Its size at every price, so that levels it keeps do not change when its centre moves."""

    def __attrs_post_init__(self) -> None:
        self.sizes = tuple(self._size() for _ in range(100))

    def _size(self) -> int:
        size = round(self.temper.size * self.rng.uniform(0.4, 1.9))
        # One size in three is no whole number of contracts, as in real books.
        return size if self.rng.random() < 0.3 else size // 100 * 100

    def wants_to_move(self, fair: float) -> bool:
        """Whether the fair price (cents) left the centre far enough."""
        return abs(fair + self.error - self.centre) >= self.temper.threshold

    def requote(self, fair: float, book: Book) -> list[tuple[int, int, int]]:
        """Move the ladder around `fair` (cents); the changes (side, cents, delta) the book has yet to see.

        If the fair price is near the centre, eaten levels are only refilled. Cancels come first, so that new
        bids find the room that the maker's own old quotes took.
        """
        temper = self.temper
        if self.wants_to_move(fair):
            self.error = 0.7 * self.error + self.rng.gauss(0.0, temper.wobble * 0.7)
            self.centre = fair + self.error
        wanted = self._ladder(self.centre), self._ladder(100.0 - self.centre)
        changes: list[tuple[int, int, int]] = []
        for side in (YES, NO):
            held = self.orders[side]
            unwanted = [cents for cents in held if cents not in wanted[side]]
            changes += [(side, cents, -held.pop(cents)) for cents in unwanted]
        for side in (YES, NO):
            room = 99 - self._best_after(changes, book, 1 - side)
            changes += self._additions(side, wanted[side], room)
        return changes

    def _additions(self, side: int, wanted: range, room: int) -> list[tuple[int, int, int]]:
        held = self.orders[side]
        changes = []
        for cents in wanted:
            missing = self.sizes[cents] - held.get(cents, 0)
            if cents <= room and missing > self.sizes[cents] // 3:
                held[cents] = held.get(cents, 0) + missing
                changes.append((side, cents, missing))
        return changes

    def _best_after(self, changes: list[tuple[int, int, int]], book: Book, side: int) -> int:
        """The best bid of a side once the changes so far are made."""
        levels = dict(book.sides[side])
        for changed, cents, delta in changes:
            if changed == side:
                levels[cents] = levels.get(cents, 0) + delta
        return max((cents for cents, size in levels.items() if size), default=0)

    def _ladder(self, centre: float) -> range:
        temper = self.temper
        top = min(98, int(centre - temper.half_spread))
        top -= top % temper.step
        return range(top, max(0, top - temper.levels * temper.step), -temper.step)

    def lose(self, side: int, cents: int, count: int) -> int:
        """Give up to `count` of its order at a price to a taker; the number given."""
        held = self.orders[side]
        given = min(held.get(cents, 0), count)
        if given:
            held[cents] -= given
            if not held[cents]:
                del held[cents]
        return given

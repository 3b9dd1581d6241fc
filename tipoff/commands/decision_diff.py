"""Which decisions two runs share, which only one made, and which they made at other prices or counts.

Called by `tipoff compare`. An order is the same in two runs if the same strategy decided it at the same
moment on the same side of the same market; a fill, if it is one of such an order. Pure.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from operator import attrgetter

import attrs

from persistence.decisions import Decision


@attrs.frozen
class Pair:
    """A decision of both, or of one alone."""

    a: Decision | None
    b: Decision | None

    @property
    def either(self) -> Decision:
        """The decision of whoever made it."""
        found = self.a or self.b
        assert found is not None  # noqa: S101 - a pair of nothing is not made
        return found

    @property
    def prices_differ(self) -> bool:
        """Made by both, at another price."""
        return self.a is not None and self.b is not None and self.a.price != self.b.price

    @property
    def counts_differ(self) -> bool:
        """Made by both, for another count."""
        return self.a is not None and self.b is not None and self.a.count != self.b.count

    @property
    def differs(self) -> bool:
        """Not the same in both."""
        return self.a is None or self.b is None or self.prices_differ or self.counts_differ


@attrs.define
class Tally:
    """How many of one strategy's decisions are in both, in one, and differ."""

    both: int = 0
    only_a: int = 0
    only_b: int = 0
    prices_differ: int = 0
    counts_differ: int = 0

    def add(self, pair: Pair) -> None:
        """Count one."""
        self.only_a += pair.b is None
        self.only_b += pair.a is None
        self.both += pair.a is not None and pair.b is not None
        self.prices_differ += pair.prices_differ
        self.counts_differ += pair.counts_differ


def paired(a: Iterable[Decision], b: Iterable[Decision]) -> Iterator[Pair]:
    """Every decision of either, in order of time; several at one place are paired in order of price and
    count.
    """
    places: dict[tuple[str, str, str, int], tuple[list[Decision], list[Decision]]] = {}
    for number, every in enumerate((a, b)):
        for each in every:
            places.setdefault(each.place, ([], []))[number].append(each)
    for place in sorted(places, key=lambda place: (place[3], place)):
        mine, theirs = places[place]
        yield from _at_one_place(mine, theirs)


def _at_one_place(a: Sequence[Decision], b: Sequence[Decision]) -> Iterator[Pair]:
    order = attrgetter("price", "count", "name")
    for left, right in zip_longest(sorted(a, key=order), sorted(b, key=order)):
        yield Pair(left, right)


def tallies(pairs: Iterable[Pair]) -> dict[str, Tally]:
    """The counts by strategy."""
    found: dict[str, Tally] = {}
    for pair in pairs:
        found.setdefault(pair.either.strategy, Tally()).add(pair)
    return found

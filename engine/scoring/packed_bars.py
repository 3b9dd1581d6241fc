"""The bars of one market with a whole number a bar, ordered as their times are.

A season has millions of bars, of which few are looked at: an object each, or a row of columns, would cost
more than all scores together. From the highest bit down: the bar's number since 1970 (29), the bid and the
ask (14 each), whether the book was trusted (1) and the period (5).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple, TypeAlias

import attrs

from engine.bars import BAR
from engine.units import PRICE_ONE

TRUSTED_UNIT: Final = 1 << 5
ASK_UNIT: Final = 1 << 6
BID_UNIT: Final = 1 << 20
NUMBER_UNIT: Final = 1 << 34
"""What one of each counts for."""

NO_PRICE: Final = (1 << 14) - 1
"""What stands for an empty side; every price is below."""
assert NO_PRICE > PRICE_ONE  # noqa: S101 - of two constants

PERIOD_MAX: Final = 30
"""The highest period that is told from the one after it. Nothing stands for an unknown one, so each is stored
as one more.
"""

BarRow: TypeAlias = tuple[int, float | None]
"""A bar as a driver gives it: packed, and what the sportsbooks said."""


class BarPrices(NamedTuple):
    """What scores need of a `MarketBar`; `trusted` is 1 where the book was trusted at its end."""

    at: int
    yes_bid: int | None
    yes_ask: int | None
    trusted: int
    period: int | None
    p_books: float | None


@attrs.frozen
class PackedBars:
    """All bars of one market in the order of time, and what the sportsbooks said at each."""

    packed: Sequence[int] = ()
    p_books: Sequence[float | None] = ()

    @classmethod
    def of_rows(cls, rows: Iterable[BarRow]) -> "PackedBars":
        """From what `persistence.bars` selects."""
        columns = tuple(zip(*rows, strict=True))
        return cls(*columns) if columns else cls()

    @classmethod
    def of(cls, bars: Iterable[BarPrices]) -> "PackedBars":
        """From bars one by one. Ends of bars are multiples of `BAR`."""
        return cls.of_rows((packed(bar), bar.p_books) for bar in bars)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.packed)

    def __getitem__(self, place: int) -> BarPrices:
        """One of them, unpacked."""
        return unpacked(self.packed[place], self.p_books[place])

    def before(self, place: int) -> Iterator[BarPrices]:
        """Those before a place, the latest first."""
        return (self[earlier] for earlier in range(place - 1, -1, -1))


def packed(bar: BarPrices) -> int:
    """A bar in a number; two bars are ordered as their ends are."""
    bid = NO_PRICE if bar.yes_bid is None else bar.yes_bid
    ask = NO_PRICE if bar.yes_ask is None else bar.yes_ask
    period = 0 if bar.period is None else min(bar.period, PERIOD_MAX) + 1
    return from_end(bar.at) + bid * BID_UNIT + ask * ASK_UNIT + bar.trusted * TRUSTED_UNIT + period


def from_end(at: int) -> int:
    """The least number of a bar that ends at `at`, a multiple of `BAR`; earlier ones are less."""
    return at // BAR * NUMBER_UNIT


def unpacked(number: int, p_books: float | None) -> BarPrices:
    """The bar that a number stands for."""
    bid, ask, period = number // BID_UNIT % (1 << 14), number // ASK_UNIT % (1 << 14), number % TRUSTED_UNIT
    return BarPrices(
        at=end_of(number),
        yes_bid=None if bid == NO_PRICE else bid,
        yes_ask=None if ask == NO_PRICE else ask,
        trusted=number // TRUSTED_UNIT % 2,
        period=period - 1 if period else None,
        p_books=p_books,
    )


def end_of(number: int) -> int:
    """When a packed bar ended, in nanoseconds since 1970."""
    return number // NUMBER_UNIT * BAR


def is_played(number: int) -> bool:
    """Whether a period was on at the end of a packed bar: 0 stands before the tip."""
    return number % TRUSTED_UNIT > 1

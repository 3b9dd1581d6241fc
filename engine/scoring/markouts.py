"""What a fill was worth later: against the closing price, and after fixed times.

Both are answers to one question: did the price come to us, or did we only meet those who knew more? A number
that is not known (a book that was not trusted then) is None and counted, never guessed.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

import attrs

from engine.events import BookSide
from engine.scoring.bootstrap import GameDraws, Interval, weighted
from engine.units import NANOS_PER_MINUTE, NANOS_PER_SECOND, PRICE_ONE, Nanos, Price

HORIZONS: Final[tuple[Nanos, ...]] = (
    Nanos(10 * NANOS_PER_SECOND),
    NANOS_PER_MINUTE,
    Nanos(5 * NANOS_PER_MINUTE),
    Nanos(15 * NANOS_PER_MINUTE),
)
"""How long after a fill the market is looked at again; not sooner than the bars of the market tell."""

MOMENTS: Final[tuple[Nanos | None, ...]] = (*HORIZONS, None)
"""The same, and the settlement."""


def closing_line_value(side: BookSide, entry: Price, p_close: float) -> float:
    """How much better than the close we bought, in dollars a contract: above 0 is good on either side.

    `p_close` is the last trusted mid, or the sharp books' fair price, before the tip. For entries before the
    tip only: in play there is no close, use markouts.
    """
    gain = p_close - entry / PRICE_ONE
    return gain if side is BookSide.BID else -gain


Gain: TypeAlias = float | None
"""What a fill was worth later, in dollars a contract before fees; None if the book was not trusted then, or
no result is known.
"""


class MarkoutRow(NamedTuple):
    """A fill with its game and its contracts, which are its weight, and its gains at each of `MOMENTS`."""

    game: str
    contracts: float
    gains: Sequence[Gain]


@attrs.frozen
class MarkoutPoint:
    """The mean a contract at one horizon, with the interval by game; `missing` fills could not be looked at
    and are not in it.
    """

    horizon: Nanos | None
    mean: Interval | None
    fills: int
    missing: int


def markout(side: BookSide, price: Price, p_later: float | None) -> Gain:
    """Side × (later price - fill price); the price is the middle of a trusted book, else None."""
    if p_later is None:
        return None
    gain = p_later - price / PRICE_ONE
    return gain if side is BookSide.BID else -gain


def markout_curve(rows: Sequence[MarkoutRow], draws: GameDraws) -> tuple[MarkoutPoint, ...]:
    """The mean markout by horizon, shortest first, settlement last. For makers it should not be above 0: else
    fills are too kind.
    """
    if not rows:
        return ()
    return tuple(_point(place, rows, draws) for place in range(len(MOMENTS)))


def _point(place: int, rows: Sequence[MarkoutRow], draws: GameDraws) -> MarkoutPoint:
    """The mean at one of the moments."""
    seen = [(game, gain, contracts) for game, contracts, gains in rows if (gain := gains[place]) is not None]
    return MarkoutPoint(MOMENTS[place], draws.mean(weighted(seen)), len(seen), len(rows) - len(seen))

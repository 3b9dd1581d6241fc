"""What a fill was worth later: against the closing price, and after fixed times.

Both are answers to one question: did the price come to us, or did we only meet those who knew more? A number
that is not known (a book that was not trusted then) is None and counted, never guessed.
"""

from collections.abc import Iterable, Sequence
from typing import Final

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


def closing_line_value(side: BookSide, entry: Price, p_close: float) -> float:
    """How much better than the close we bought, in dollars a contract: above 0 is good on either side.

    `p_close` is the last trusted mid, or the sharp books' fair price, before the tip. For entries before the
    tip only: in play there is no close, use markouts.
    """
    gain = p_close - entry / PRICE_ONE
    return gain if side is BookSide.BID else -gain


@attrs.frozen
class Markout:
    """What a fill was worth after a while, in dollars a contract before fees.

    `horizon` None is the settlement; `gain` is None if the book was not trusted then, or no result is known.
    """

    horizon: Nanos | None
    gain: float | None


@attrs.frozen
class MarkoutRow:
    """A fill's markout with its game and its contracts, which are its weight."""

    game: str
    contracts: float
    markout: Markout


@attrs.frozen
class MarkoutPoint:
    """The mean a contract at one horizon, with the interval by game; `missing` fills could not be looked at
    and are not in it.
    """

    horizon: Nanos | None
    mean: Interval | None
    fills: int
    missing: int


def markout(side: BookSide, price: Price, p_later: float | None, horizon: Nanos | None) -> Markout:
    """Side × (price after the horizon - fill price); the price is the middle of a trusted book, else None."""
    if p_later is None:
        return Markout(horizon, None)
    gain = p_later - price / PRICE_ONE
    return Markout(horizon, gain if side is BookSide.BID else -gain)


def markout_curve(rows: Iterable[MarkoutRow], draws: GameDraws) -> tuple[MarkoutPoint, ...]:
    """The mean markout by horizon, shortest first, settlement last. For makers it should not be above 0: else
    fills are too kind.
    """
    by_horizon: dict[Nanos | None, list[MarkoutRow]] = {}
    for row in rows:
        by_horizon.setdefault(row.markout.horizon, []).append(row)
    ordered = sorted(by_horizon, key=lambda horizon: (horizon is None, horizon or 0))
    return tuple(_point(horizon, by_horizon[horizon], draws) for horizon in ordered)


def _point(horizon: Nanos | None, rows: Sequence[MarkoutRow], draws: GameDraws) -> MarkoutPoint:
    """The mean of one horizon."""
    seen = [(row.game, row.markout.gain, row.contracts) for row in rows if row.markout.gain is not None]
    return MarkoutPoint(horizon, draws.mean(weighted(seen)), len(seen), len(rows) - len(seen))

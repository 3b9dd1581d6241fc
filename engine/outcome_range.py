"""What a game stood to bring at its worst and at its best: a fold of the fills in it, apart from its result.

A result tells what came, this what could have come: who buys at 97 cents has won nearly every game so far,
and stood to lose thirty times as much in each. `Tally` keeps it, the verdict on a strategy rests on it.
"""

from collections.abc import Mapping
from typing import Final

import attrs

from engine.events import BookSide
from engine.facts import OrderFilled
from engine.units import COUNT_ZERO, MONEY_ZERO, PRICE_ONE, Count, Money


@attrs.frozen
class OutcomeRange:
    """The least and the most that a game could have brought at any moment while it was traded, after fees.

    Each market counts for itself, as if all could be lost together: two bets of which one must win are worth
    more than this says, never less.
    """

    worst: Money = MONEY_ZERO
    best: Money = MONEY_ZERO

    def and_also(self, other: "OutcomeRange") -> "OutcomeRange":
        """The range of both together, for a game that was traded in two runs."""
        return OutcomeRange(Money(self.worst + other.worst), Money(self.best + other.best))


@attrs.define
class _Game:
    """Money paid and received so far, contracts by market (YES above zero), and the range up to now.

    `bought` and `sold` are the sums of the contracts above and below zero; a contract that was sold owes a
    whole dollar where it loses.
    """

    cash: int = 0
    counts: dict[str, Count] = attrs.field(factory=dict)
    bought: int = 0
    sold: int = 0
    found: OutcomeRange = OutcomeRange()

    def on_filled(self, fill: OrderFilled) -> None:
        sign = 1 if fill.side is BookSide.BID else -1
        before = self.counts.get(fill.ticker, COUNT_ZERO)
        after = self.counts[fill.ticker] = Count(before + sign * fill.count)
        self.cash -= sign * fill.price * fill.count + fill.fee
        self.bought += max(after, 0) - max(before, 0)
        self.sold += min(after, 0) - min(before, 0)
        self.found = OutcomeRange(
            Money(min(self.found.worst, self.cash + self.sold * PRICE_ONE)),
            Money(max(self.found.best, self.cash + self.bought * PRICE_ONE)),
        )


class OutcomeRanges:
    """The ranges of all games, by strategy; fed with every fill in the order of the journal."""

    def __init__(self) -> None:
        """Begin with nothing traded."""
        self._games: dict[str, dict[str, _Game]] = {}

    def on_filled(self, fill: OrderFilled) -> None:
        """Take a fill in."""
        self._games.setdefault(fill.strategy, {}).setdefault(fill.game, _Game()).on_filled(fill)

    def of(self, strategy: str) -> Mapping[str, OutcomeRange]:
        """The range of every game in which a strategy was filled."""
        return {game: row.found for game, row in sorted(self._games.get(strategy, {}).items())}


CHANGING: Final[tuple[type, ...]] = (OutcomeRanges, _Game)
"""What it is made of and changes with it."""

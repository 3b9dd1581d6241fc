"""The worst case of a game: what the least favourable outcome costs, over all its markets and open orders.

Called by the risk gate with what is held and open in one game. Exact over the grid of all (home margin,
points) that a game can end with: YES of every market is a half-line on one of the two axes, so profit and
loss is a sum of one step function of the margin and one of the points, and only the break points matter. That
a margin rules some points out (7 points cannot be won by 20) is not used: the result can only be worse than
the truth there, and such totals have no market. A market that is no claim on the game (a player's points) is
taken at its own worst.
"""

from collections.abc import Iterable, Sequence

import attrs

from engine.units import Money, Tenths
from engine.view import Axis, Claim


@attrs.frozen
class Payoff:
    """What one market's position brings if its YES pays (`yes`) and if it does not (`no`), cost and fees
    included.
    """

    claim: Claim | None
    yes: Money
    no: Money


def worst_case(payoffs: Iterable[Payoff]) -> Money:
    """The result of the least favourable outcome; negative is a loss."""
    by_axis: dict[Axis, list[Payoff]] = {axis: [] for axis in Axis}
    worst = 0
    for payoff in payoffs:
        if payoff.claim is None:
            # A player's points are tied to neither axis: no outcome of the game can be shown to help them.
            worst += min(payoff.yes, payoff.no)
        else:
            by_axis[payoff.claim.axis].append(payoff)
    for axis, lines in by_axis.items():
        if lines:
            worst += min(_result(lines, value) for value in break_points(axis, lines))
    return Money(worst)


def break_points(axis: Axis, payoffs: Sequence[Payoff]) -> list[Tenths]:
    """One whole number of points from every stretch between thresholds; a margin is never zero."""
    values: set[int] = set()
    for payoff in payoffs:
        if payoff.claim is not None:
            floor = payoff.claim.threshold // 10
            # Both sides of a threshold, and the whole number on it where a line has no half point.
            values.update((floor - 1, floor, floor + 1))
    if axis is Axis.MARGIN and 0 in values:
        # Nobody wins by nothing; the stretches on both sides of it have margins of their own.
        values = values - {0} | {-1, 1}
    return [Tenths(10 * value) for value in sorted(values)]


def _result(payoffs: Sequence[Payoff], value: Tenths) -> int:
    return sum(
        payoff.yes if payoff.claim is not None and payoff.claim.holds(value) else payoff.no
        for payoff in payoffs
    )

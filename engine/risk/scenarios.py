"""The worst case of a game: what the least favourable outcome costs, over all its markets and open orders.

Called by the risk gate with what is held and open in one game. Exact over the grid of all (home margin,
points) that a game can end with: YES of every market is a half-line on one of the two axes, so profit and
loss is a sum of one step function of the margin and one of the points, and only the break points matter. That
a margin rules some points out (7 points cannot be won by 20) is not used: the result can only be worse than
the truth there, and such totals have no market. A market that is no claim on the game (a player's points) is
taken at its own worst.
"""

from collections.abc import Iterable
from typing import NamedTuple

from engine.units import Money
from engine.view import Axis, Claim


class Payoff(NamedTuple):
    """What one market's position brings if its YES pays (`yes`) and if it does not (`no`), cost and fees
    included.
    """

    claim: Claim | None
    yes: int
    no: int


def worst_case(payoffs: Iterable[Payoff]) -> Money:
    """The result of the least favourable outcome; negative is a loss."""
    worst = 0
    by_axis: dict[Axis, list[tuple[int, int]]] = {axis: [] for axis in Axis}
    for claim, yes, no in payoffs:
        if claim is None:
            # A player's points are tied to neither axis: no outcome of the game can be shown to help them.
            worst += min(yes, no)
            continue
        turns = by_axis[claim.axis]
        # Far below every threshold whoever is above loses; each claim then turns once on the way up. Neither
        # an "above" nor a "below" pays on the threshold itself.
        if claim.above:
            worst += no
            turns.append((claim.threshold + 1, yes - no))
        else:
            worst += yes
            turns.append((claim.threshold, no - yes))
    return Money(worst + sum(map(_deepest, by_axis.values())))


def _deepest(turns: list[tuple[int, int]]) -> int:
    """The least that these turns come to at any outcome, each at its tenth; none is 0."""
    turns.sort()
    deepest = result = 0
    last = len(turns) - 1
    for place, (at, change) in enumerate(turns):
        result += change
        if result < deepest and (place == last or _whole(at, turns[place + 1][0])):
            deepest = result
    return deepest


def _whole(begin: int, end: int) -> bool:
    """Whether an outcome lies in the tenths from `begin` up to and without `end`.

    A whole number of points, but not zero: nobody wins by nothing, and no game ends without points.
    """
    first = -(-begin // 10) * 10
    return (first or 10) < end

"""The probability of backtest overfitting: how often the best of one half is below the middle in the other.

Combinatorially symmetric cross-validation (CSCV) of Bailey, D. H., Borwein, J. M., López de Prado, M. and
Zhu, Q. J. (2015), "The Probability of Backtest Overfitting", Journal of Computational Finance 20 (4), 39-69:
games in the order of their days are cut into an even number of blocks, every half of the blocks is once what
is chosen on, and the rank of the chosen trial in the other half is looked up. Performance is the mean a game.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from operator import add, sub
from typing import Final

import attrs

BLOCKS: Final = 16
"""Blocks of the paper: 12,870 halves."""

BLOCKS_MAX: Final = 20
"""Blocks at the most: 184,756 halves."""


@attrs.frozen
class Overfitting:
    """What came of all halves.

    `p_overfit` is the share of halves whose best is at or below the middle of the others, `p_loss` the share
    in which it loses, `inside` and `outside` the means a game of the chosen in both halves, over all halves.
    """

    blocks: int
    halves: int
    p_overfit: float
    p_loss: float
    inside: float
    outside: float


def backtest_overfitting(rows: Sequence[Sequence[float]], blocks: int = BLOCKS) -> Overfitting | None:
    """The probability for trials (rows) over games in the order of their days.

    None for fewer than two trials or fewer games than blocks. Of equally good trials the first is chosen;
    equal ranks count half. Raises ValueError for an odd number of blocks or more than BLOCKS_MAX.

    Sums of every subset of the first and of the second half of the blocks are made once (2 × 2^(blocks/2)
    rows), so that each of the C(blocks, blocks/2) halves costs one addition and one comparison a trial.
    """
    if blocks % 2 or not 2 <= blocks <= BLOCKS_MAX:
        raise ValueError(f"{blocks} blocks: an even number from 2 to {BLOCKS_MAX} is needed")
    games = len(rows[0]) if rows else 0
    if len(rows) < 2 or games < blocks:
        return None
    cuts = [games * block // blocks for block in range(blocks + 1)]
    sums = [[math.fsum(row[start:end]) for row in rows] for start, end in pairwise(cuts)]
    sizes = [end - start for start, end in pairwise(cuts)]
    whole = [math.fsum(row) for row in rows]
    outcomes = [
        _outcome(inside, list(map(sub, whole, inside)), size, games - size)
        for inside, size in _halves(sums, sizes)
    ]
    count = len(outcomes)
    return Overfitting(
        blocks,
        count,
        # λ = ln(ω / (1 - ω)) ≤ 0 is ω ≤ 1/2.
        sum(rank <= 0.5 for rank, _inside, _outside in outcomes) / count,
        sum(outside < 0.0 for _rank, _inside, outside in outcomes) / count,
        math.fsum(inside for _rank, inside, _outside in outcomes) / count,
        math.fsum(outside for _rank, _inside, outside in outcomes) / count,
    )


def _halves(sums: Sequence[list[float]], sizes: Sequence[int]) -> Iterator[tuple[list[float], int]]:
    """The sums of every half of the blocks, and the games in it."""
    middle = len(sums) // 2
    first, second = _subsets(sums[:middle]), _subsets(sums[middle:])
    mask = (1 << middle) - 1
    for chosen in combinations(range(len(sums)), middle):
        bits = sum(1 << block for block in chosen)
        yield list(map(add, first[bits & mask], second[bits >> middle])), sum(sizes[each] for each in chosen)


def _subsets(sums: Sequence[list[float]]) -> list[list[float]]:
    """For every set of blocks, as bits, the sum of each trial over them."""
    found = [[0.0] * len(sums[0])]
    for block in sums:
        found.extend([list(map(add, known, block)) for known in found])
    return found


def _outcome(
    inside: list[float], outside: list[float], inside_games: int, outside_games: int
) -> tuple[float, float, float]:
    """The relative rank ω outside of the best inside, between 0 and 1, and both its means."""
    best = max(inside)
    chosen = outside[inside.index(best)]
    below, equal = sum(map(chosen.__gt__, outside)), outside.count(chosen)
    rank = (below + (equal + 1) / 2) / (len(outside) + 1)
    return rank, best / inside_games, chosen / outside_games

"""The probability of backtest overfitting: against a slow computation by the paper's steps, and its ends."""

import math
import statistics
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.overfitting.backtest_overfitting import BLOCKS_MAX, backtest_overfitting
from tests.engine.overfitting.sweeps import noise

small = st.lists(st.lists(st.integers(-3, 3), min_size=13, max_size=13), min_size=2, max_size=5)


def by_the_paper(rows: list[list[float]], blocks: int) -> tuple[float, float, float, float]:
    """Every half of the blocks by itself, its games gathered one by one, ranks counted by comparison."""
    games = len(rows[0])
    members = [range(games * block // blocks, games * (block + 1) // blocks) for block in range(blocks)]
    logits, outsides, insides = [], [], []
    for chosen in combinations(range(blocks), blocks // 2):
        inside_games = [game for block in chosen for game in members[block]]
        outside_games = [game for game in range(games) if game not in inside_games]
        inside = [statistics.fmean(row[game] for game in inside_games) for row in rows]
        outside = [statistics.fmean(row[game] for game in outside_games) for row in rows]
        best = inside.index(max(inside))
        ahead = sum(value < outside[best] for value in outside)
        level = sum(value == outside[best] for value in outside)
        omega = (ahead + (level + 1) / 2) / (len(rows) + 1)
        logits.append(math.log(omega / (1 - omega)))
        insides.append(inside[best])
        outsides.append(outside[best])
    count = len(logits)
    return (
        sum(logit <= 1e-12 for logit in logits) / count,
        sum(value < 0 for value in outsides) / count,
        statistics.fmean(insides),
        statistics.fmean(outsides),
    )


@given(small, st.sampled_from([2, 4, 6]))
def test_it_is_what_the_papers_steps_give(numbers: list[list[int]], blocks: int) -> None:
    rows = [[float(each) for each in row] for row in numbers]
    found = backtest_overfitting(rows, blocks)
    assert found is not None
    told = (found.p_overfit, found.p_loss, found.inside, found.outside)
    assert told == pytest.approx(by_the_paper(rows, blocks))


def test_who_is_best_in_every_game_is_never_overfitted() -> None:
    rows = noise(20, 64)
    best = [max(each) + 0.1 for each in zip(*rows, strict=True)]
    found = backtest_overfitting([*rows, best])
    assert found is not None
    assert (found.halves, found.p_overfit) == (12_870, 0.0)


def test_who_was_best_in_one_half_only_is_always_overfitted() -> None:
    ups = [1.0] * 8 + [-1.0] * 8
    found = backtest_overfitting([ups, [-value for value in ups], [0.0] * 16], 2)
    assert found is not None
    assert (found.p_overfit, found.p_loss, found.inside, found.outside) == (1.0, 1.0, 1.0, -1.0)


def test_without_an_edge_the_chosen_is_below_the_middle_half_of_the_time() -> None:
    shares = []
    for seed in range(40):
        found = backtest_overfitting(noise(30, 80, seed), 8)
        assert found is not None
        shares.append(found.p_overfit)
    assert statistics.fmean(shares) == pytest.approx(0.5, abs=0.1)


@given(st.permutations(range(5)), st.integers(-8, 8))
def test_neither_the_order_of_trials_nor_the_unit_shows(order: list[int], power: int) -> None:
    rows = noise(5, 40)
    known, mixed = (
        backtest_overfitting(rows, 6),
        backtest_overfitting([[value * 2.0**power for value in rows[place]] for place in order], 6),
    )
    assert known is not None
    assert mixed is not None
    assert (mixed.p_overfit, mixed.p_loss) == (known.p_overfit, known.p_loss)


def test_one_trial_and_few_games_have_no_halves() -> None:
    assert backtest_overfitting(noise(1, 40)) is None
    assert backtest_overfitting(noise(2, 15), 16) is None
    assert backtest_overfitting(noise(2, 16), 16) is not None
    assert backtest_overfitting([]) is None


@pytest.mark.limit("engine.overfitting.backtest_overfitting:BLOCKS_MAX")
@pytest.mark.parametrize("blocks", [3, 0, BLOCKS_MAX + 2])
def test_blocks_are_even_and_not_too_many(blocks: int) -> None:
    with pytest.raises(ValueError, match="an even number from 2"):
        backtest_overfitting(noise(2, 40), blocks)


@pytest.mark.limit("engine.overfitting.backtest_overfitting:BLOCKS_MAX")
def test_the_most_blocks_are_all_looked_at() -> None:
    found = backtest_overfitting(noise(2, BLOCKS_MAX), BLOCKS_MAX)
    assert found is not None
    assert found.halves == math.comb(BLOCKS_MAX, BLOCKS_MAX // 2)

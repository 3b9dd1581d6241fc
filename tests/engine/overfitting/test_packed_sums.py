"""Packed trials: the means of drawn games, of all trials at once, are those of plain sums."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.overfitting.packed_sums import PackedTrials
from engine.scoring.bootstrap import GAMES_MAX

GAMES = 6
rows_of_trials = st.lists(
    st.lists(st.floats(-1e6, 1e6), min_size=GAMES, max_size=GAMES), min_size=1, max_size=5
)
drawn = st.lists(st.integers(0, GAMES - 1), min_size=1, max_size=20)


@given(rows_of_trials, drawn)
def test_means_are_those_of_plain_sums(rows: list[list[float]], places: list[int]) -> None:
    packed = PackedTrials(rows)
    means, squares = packed.means(places)
    for row, scale, mean, square in zip(rows, packed.scales, means, squares, strict=True):
        taken = [row[place] / scale for place in places]
        assert mean == pytest.approx(math.fsum(taken) / len(places), abs=1e-11)
        assert square == pytest.approx(math.fsum(each * each for each in taken) / len(places), abs=1e-11)


def test_the_worst_and_the_best_fill_no_neighbours_field() -> None:
    packed = PackedTrials([[-1.0] * 2, [1.0] * 2, [0.0] * 2, [-1.0] * 2])
    assert packed.means([0] * GAMES_MAX) == ([-1.0, 1.0, 0.0, -1.0], [1.0, 1.0, 0.0, 1.0])
    assert packed.scales == (1.0, 1.0, 1.0, 1.0)


@pytest.mark.parametrize("rows", [[], [[]], [[0.0] * (GAMES_MAX + 1)]])
def test_so_many_games_cannot_be_added_up(rows: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="cannot add up"):
        PackedTrials(rows)

"""Draws in runs of neighbouring games: even, as long as asked, and games by themselves for runs of one."""

from collections import Counter
from itertools import pairwise

import pytest

from engine.overfitting.block_draws import BlockDraws
from engine.scoring.bootstrap import GAMES_MAX, Resampling

GAMES = 50


def test_runs_of_one_are_games_drawn_by_themselves() -> None:
    assert list(BlockDraws(7, 20).places(6)) == list(Resampling(7, 20).places(6))


def test_runs_are_as_long_as_asked() -> None:
    drawn = list(BlockDraws(7, 400, run_mean=5.0).places(GAMES))
    steps = [later == (earlier + 1) % GAMES for places in drawn for earlier, later in pairwise(places)]
    # A new run may begin at the next game by chance.
    follows = 4 / 5 + 1 / 5 / GAMES
    assert sum(steps) / len(steps) == pytest.approx(follows, abs=0.01)


def test_every_game_is_drawn_equally_often() -> None:
    counts = Counter(place for places in BlockDraws(7, 2_000, 5.0).places(GAMES) for place in places)
    assert set(counts) == set(range(GAMES))
    assert all(count == pytest.approx(2_000, rel=0.2) for count in counts.values())


def test_a_seed_gives_the_same_draws() -> None:
    assert list(BlockDraws(7, 20, 3.0).places(9)) == list(BlockDraws(7, 20, 3.0).places(9))
    assert list(BlockDraws(7, 20, 3.0).places(9)) != list(BlockDraws(8, 20, 3.0).places(9))


@pytest.mark.parametrize("run_mean", [1.0, 2.0])
@pytest.mark.parametrize("games", [0, GAMES_MAX + 1])
def test_so_many_games_cannot_be_drawn(games: int, run_mean: float) -> None:
    with pytest.raises(ValueError, match="cannot draw"):
        next(BlockDraws(1, 20, run_mean).places(games))
    assert len(next(BlockDraws(1, 20, run_mean).places(1))) == 1

"""The best of many tries without an edge: as large as theory says, and drawn from what controls did."""

import math
from statistics import NormalDist, fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.overfitting.best_without_edge import PICKS_MAX, POOL_MAX, BestWithoutEdge, best_without_edge
from tests.engine.overfitting.sweeps import noise

POOL = noise(1, 4_000)[0]


def drawn(games: int, tries: int, draws: int = 400, pool: list[float] | None = None) -> BestWithoutEdge:
    found = best_without_edge(pool or POOL, games=games, tries=tries, seed=7, draws=draws)
    assert found is not None
    return found


@pytest.mark.parametrize("games, tries", [(400, 1), (400, 20), (400, 200), (1_230, 400)])
def test_of_many_games_it_is_the_greatest_of_as_many_normal_numbers(games: int, tries: int) -> None:
    found = drawn(games, tries)
    for share in (0.25, 0.5, 0.75):
        assert found.quantile(share) == pytest.approx(NormalDist().inv_cdf(share ** (1 / tries)), abs=0.15)


def test_parcels_are_as_good_as_single_games() -> None:
    games, tries = 120, 20
    whole = drawn(games, tries, PICKS_MAX // games // tries)
    parcels = drawn(games, tries, 4 * PICKS_MAX // games // tries)
    for share in (0.05, 0.5, 0.95):
        assert parcels.quantile(share) == pytest.approx(whole.quantile(share), abs=0.1)


def test_with_every_try_the_best_is_better() -> None:
    medians = [drawn(100, tries).quantile(0.5) for tries in (1, 5, 25, 125)]
    assert medians == sorted(medians)
    assert abs(medians[0]) < 0.15


def test_what_trading_cost_makes_the_best_worse() -> None:
    found = drawn(100, 50, pool=[value - 0.3 for value in POOL])
    fair = drawn(100, 50)
    assert found.fair == pytest.approx(fair.fair)
    lost = fmean(found.fair) - fmean(found.paid)
    assert lost == pytest.approx(0.3 * math.sqrt(100) / 1.0, rel=0.15)


def test_who_wins_often_and_little_looks_better_by_luck_than_who_wins_seldom_and_much() -> None:
    often, seldom = [0.1] * 90 + [-0.9] * 10, [0.9] * 10 + [-0.1] * 90
    assert drawn(100, 50, pool=often).quantile(0.9) > drawn(100, 50, pool=seldom).quantile(0.9) + 1.0


@given(st.integers(0, 10**6), st.floats(-100, 100))
@settings(deadline=None, max_examples=10)
def test_a_seed_gives_the_same_draws_and_nothing_is_ever_impossible(seed: int, t: float) -> None:
    found = best_without_edge(POOL[:50], games=30, tries=5, seed=seed, draws=50)
    assert found is not None
    assert found == best_without_edge(POOL[:50], games=30, tries=5, seed=seed, draws=50)
    assert 1 / 51 <= found.p_at_least(t) <= 1.0


def test_the_unit_does_not_show() -> None:
    assert drawn(50, 5, 50, [8.0 * value for value in POOL]).fair == drawn(50, 5, 50).fair


@pytest.mark.parametrize("pool", [[], [1.0], [2.0] * 9])
def test_of_what_never_scatters_nothing_is_drawn(pool: list[float]) -> None:
    assert best_without_edge(pool, games=30, tries=5, seed=1) is None


@pytest.mark.limit("engine.overfitting.best_without_edge:POOL_MAX")
@pytest.mark.parametrize("games, tries, pool", [(1, 1, 9), (30, 0, 9), (30, 1, POOL_MAX + 1)])
def test_what_cannot_be_drawn_is_refused(games: int, tries: int, pool: int) -> None:
    with pytest.raises(ValueError, match="draws of"):
        best_without_edge([0.0, 1.0] * (pool // 2) + [1.0], games=games, tries=tries, seed=1)


@pytest.mark.limit("engine.overfitting.best_without_edge:POOL_MAX")
def test_the_largest_pool_is_drawn_from() -> None:
    assert best_without_edge([0.0, 1.0] * (POOL_MAX // 2), games=30, tries=1, seed=1, draws=20) is not None

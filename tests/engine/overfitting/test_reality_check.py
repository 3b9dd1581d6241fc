"""White's and Hansen's checks: against a slow computation, and what no arrangement of trials may change."""

import math
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.overfitting.block_draws import BlockDraws
from engine.overfitting.moments import Moments
from engine.overfitting.reality_check import RealityCheck, reality_check
from tests.engine.overfitting.sweeps import noise

HOW = BlockDraws(7, 200)


def check(rows: list[list[float]], how: BlockDraws = HOW) -> RealityCheck:
    found = reality_check(rows, how)
    assert found is not None
    return found


def by_the_papers(rows: list[list[float]], how: BlockDraws) -> tuple[list[float], list[float]]:
    """The five probabilities and the greatest studentized means, game by game with plain sums."""
    count = len(rows[0])
    root, far = math.sqrt(count), -math.sqrt(2 * math.log(math.log(count)))
    means, spreads = [statistics.fmean(row) for row in rows], [statistics.stdev(row) for row in rows]
    ratios = [root * mean / spread for mean, spread in zip(means, spreads, strict=True)]
    keeps = {
        "lower": [min(mean, 0.0) for mean in means],
        "consistent": [mean if ratio <= far else 0.0 for mean, ratio in zip(means, ratios, strict=True)],
        "upper": [0.0 for _mean in means],
    }
    seen = {"white": max(root * mean for mean in means), **dict.fromkeys(keeps, max(0.0, *ratios))}
    as_good, greatest = dict.fromkeys(seen, 0), []
    for places in how.places(count):
        drawn = [[row[place] for place in places] for row in rows]
        gaps = [statistics.fmean(each) - mean for each, mean in zip(drawn, means, strict=True)]
        as_good["white"] += max(root * gap for gap in gaps) >= seen["white"]
        for name, kept in keeps.items():
            best = max(
                root * (gap + keep) / spread for gap, keep, spread in zip(gaps, kept, spreads, strict=True)
            )
            as_good[name] += max(0.0, best) >= seen[name]
        greatest.append(
            max(
                0.0,
                *(
                    root * (gap + keep) / statistics.stdev(each)
                    for gap, keep, each in zip(gaps, keeps["consistent"], drawn, strict=True)
                ),
            )
        )
    return [(1 + as_good[name]) / (1 + how.draws) for name in seen], sorted(greatest)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("run_mean", [1.0, 4.0])
def test_they_are_what_the_papers_steps_give(seed: int, run_mean: float) -> None:
    rows = [
        [100.0**trial * (value + 0.1 * (trial - 1)) for value in row]
        for trial, row in enumerate(noise(4, 40, seed))
    ]
    how = BlockDraws(seed, 100, run_mean)
    found, (expected, greatest) = check(rows, how), by_the_papers(rows, how)
    assert [found.p_white, found.p_lower, found.p_consistent, found.p_upper] == pytest.approx(expected)
    assert list(found.greatest) == pytest.approx(greatest)


@given(st.permutations(range(6)), st.integers(-20, 20))
@settings(deadline=None, max_examples=20)
def test_neither_the_order_of_trials_nor_the_unit_shows(order: list[int], power: int) -> None:
    rows = noise(6, 40)
    assert check([[value * 2.0**power for value in rows[place]] for place in order]) == check(rows)


def test_a_trial_that_is_far_below_nothing_takes_nothing_from_the_best() -> None:
    rows = noise(3, 100)
    rows[0] = [value + 0.3 for value in rows[0]]
    poor = [value - 5.0 for value in noise(1, 100, 99)[0]]
    before, after = check(rows), check([*rows, poor])
    assert after.p_consistent == before.p_consistent
    assert after.p_lower == before.p_lower
    assert after.greatest == before.greatest
    assert after.p_upper >= before.p_upper


def test_a_copy_of_a_trial_is_no_second_try() -> None:
    rows = noise(3, 60)
    twice = check([*rows, rows[0]])
    assert (twice.p_white, twice.p_consistent, twice.greatest) == (
        check(rows).p_white,
        check(rows).p_consistent,
        check(rows).greatest,
    )


def test_with_more_trials_without_an_edge_more_is_asked_of_the_best() -> None:
    few, many = check(noise(2, 100)), check(noise(100, 100))
    assert few.critical(0.05) < many.critical(0.05)
    best = 3.0
    assert few.p_adjusted(best) < many.p_adjusted(best)


def test_an_edge_is_found_and_none_is_not() -> None:
    rows = noise(20, 200)
    t = Moments.of(max(rows, key=math.fsum)).t
    assert check(rows).p_adjusted(t) > 0.05
    rows[0] = [value + 0.5 for value in rows[0]]
    found = check(rows)
    assert max(found.p_white, found.p_upper, found.p_adjusted(Moments.of(rows[0]).t)) < 0.01


def test_hansens_three_stand_in_their_order() -> None:
    found = check(noise(20, 100))
    assert found.p_lower <= found.p_consistent <= found.p_upper


def test_what_never_scatters_cannot_be_tested() -> None:
    assert reality_check([[0.0] * 40, [1.0] * 40], HOW) is None
    assert reality_check([], HOW) is None
    rows = noise(2, 40)
    assert check([*rows, [0.0] * 40]) == check(rows)


def test_a_trial_that_lost_once_may_have_been_lucky_in_every_draw_without_that_loss() -> None:
    lucky = [0.1] * 99 + [-0.9]
    found = check([lucky])
    # A draw leaves the one loss out in a share of (1 - 1/100)**100, and then nothing scatters at all.
    share = sum(math.isinf(each) for each in found.greatest) / HOW.draws
    assert share == pytest.approx(0.366, abs=0.1)
    assert found.p_adjusted(Moments.of(lucky).t) > 0.3

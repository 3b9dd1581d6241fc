"""Is the verdict on a search right? Seasons of 200 trials are made up, with an edge and without, and judged.

`make honesty` judges 500 seasons of each world and prints how often the best is called real, with intervals;
every test run judges a few. Without an edge at most one of twenty may be called real.

Covers: engine.overfitting.judgement.
"""

import os
import sys
from collections import Counter

import pytest

from engine.overfitting.judgement import ERROR_MAX, SweepJudgement
from tests.engine.overfitting.worlds import WITH_EDGE, WITHOUT_EDGE, World, share

pytestmark = [pytest.mark.honesty, pytest.mark.slow]

SWEEPS = int(os.environ.get("HONESTY_SWEEPS", "4"))
LONG_RUN = 200
"""With at least so many seasons the shares are held against what is promised."""
PROMISED = 0.05
GAMES_SHORT = 240
"""Seasons of more games are long."""
POWER = {
    "one of 200 knows 10 cents": 0.0,
    "20 of 200 know 10 cents": 0.4,
    "all know 10 cents, much alike": 0.0,
    "one of 200 knows 15 cents": 0.8,
    "20 of 200 know 15 cents": 0.9,
    "20 of 200 know 5 cents, a season": 0.8,
}
"""How often these edges must be found."""


def seasons_of(world: World) -> int:
    """How many seasons are judged; a fifth of the long ones, which cost five times as much."""
    return SWEEPS if world.games <= GAMES_SHORT else max(1, SWEEPS // 5)


def told(world: World, capsys: pytest.CaptureFixture[str]) -> Counter[SweepJudgement]:
    """What is said of so many seasons of a world; printed past pytest where they are many."""
    seasons = seasons_of(world)
    found: Counter[SweepJudgement] = Counter()
    by_hansen = 0
    for seed in range(seasons):
        evidence = world.judged(seed)
        found[evidence.verdict.judgement] += 1
        by_hansen += evidence.reality is not None and evidence.reality.p_consistent <= ERROR_MAX
    if SWEEPS >= LONG_RUN:
        with capsys.disabled():
            unknown = found[SweepJudgement.UNKNOWN]
            real = share(found[SweepJudgement.REAL], seasons)
            words = f"real {real}, cannot be known {unknown}, by Hansen's check alone {by_hansen}"
            sys.stdout.write(f"\n  {world.name}: {words}\n")
    return found


@pytest.mark.promise("search-luck-not-real")
@pytest.mark.timeout(0)
@pytest.mark.parametrize("world", WITHOUT_EDGE, ids=lambda world: world.name)
def test_the_best_of_a_search_without_an_edge_is_called_real_at_most_once_in_twenty(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    real, seasons = told(world, capsys)[SweepJudgement.REAL], seasons_of(world)
    if SWEEPS >= LONG_RUN:
        assert real / seasons <= PROMISED
    else:
        # Of four seasons two would be wrong by chance once in seventy times, if the promise were just kept.
        assert real <= 1


@pytest.mark.timeout(0)
@pytest.mark.parametrize("world", WITH_EDGE, ids=lambda world: world.name)
def test_an_edge_that_was_planted_is_found(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    real = told(world, capsys)[SweepJudgement.REAL] / seasons_of(world)
    assert real >= POWER[world.name] - (0.0 if SWEEPS >= LONG_RUN else 0.4)

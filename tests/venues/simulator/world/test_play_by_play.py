"""Simulated games against what is measured of real ones.

Covers: venues.simulator.world.fair_value.
"""

import itertools
from random import Random
from statistics import mean, stdev

import pytest

from venues.simulator.world.fair_value import outlook
from venues.simulator.world.play_by_play import Lines, Moment, play
from venues.simulator.world.settings import SECOND

GAMES = 1200


@pytest.fixture(scope="module")
def games() -> list[tuple[Lines, list[Moment]]]:
    """Many games with all sorts of lines."""
    rng = Random(7)
    drawn = []
    for number in range(GAMES):
        lines = Lines(rng.choice((-8.5, -4.5, -1.5, 1.5, 4.5, 7.5, 11.5)), rng.choice((219.5, 229.5, 239.5)))
        drawn.append((lines, play(lines, 0, Random(f"{number}"))))
    return drawn


def test_final_margins_and_points_spread_around_the_lines(games: list[tuple[Lines, list[Moment]]]) -> None:
    margins = [moments[-1].lead - lines.spread for lines, moments in games]
    points = [moments[-1].home + moments[-1].away - lines.total for lines, moments in games]
    assert abs(mean(margins)) < 1.3
    assert 12.5 < stdev(margins) < 16.0
    assert abs(mean(points)) < 2.5
    assert 15.5 < stdev(points) < 20.5


@pytest.mark.parametrize("period", [1, 2, 3, 4])
def test_the_win_probability_is_calibrated(games: list[tuple[Lines, list[Moment]]], period: int) -> None:
    bins: dict[int, list[tuple[float, bool]]] = {}
    for lines, moments in games:
        start = next(moment for moment in moments if moment.period == period)
        p_home = outlook(lines, start).p_home
        bins.setdefault(min(4, int(p_home * 5)), []).append((p_home, moments[-1].lead > 0))
    for predicted in bins.values():
        expected = mean(p for p, _ in predicted)
        happened = mean(won for _, won in predicted)
        error = 3.2 * (0.25 / len(predicted)) ** 0.5
        assert abs(expected - happened) < 0.035 + error


def test_ladders_are_calibrated_at_half_time(games: list[tuple[Lines, list[Moment]]]) -> None:
    for line in (-6.5, 0.5, 6.5):
        rows = [
            (outlook(lines, half).p_margin_above(line), moments[-1].lead > line)
            for lines, moments in games
            for half in moments
            if half.status == "Halftime"
        ]
        assert mean(p for p, _ in rows) == pytest.approx(mean(won for _, won in rows), abs=0.04)
    for line in (219.5, 229.5):
        rows = [
            (outlook(lines, half).p_points_above(line), moments[-1].home + moments[-1].away > line)
            for lines, moments in games
            for half in moments
            if half.status == "Halftime"
        ]
        assert mean(p for p, _ in rows) == pytest.approx(mean(won for _, won in rows), abs=0.05)


def test_a_game_lasts_as_long_as_real_ones_and_never_ends_level(
    games: list[tuple[Lines, list[Moment]]],
) -> None:
    hours = [(moments[-1].at - moments[0].at) / SECOND / 3600 for _, moments in games]
    assert 1.9 < mean(hours) < 2.5
    assert all(moments[-1].lead != 0 for _, moments in games)
    overtimes = mean(moments[-1].period > 4 for _, moments in games)
    assert 0.015 < overtimes < 0.09


def test_time_and_score_go_forward_but_for_corrections(games: list[tuple[Lines, list[Moment]]]) -> None:
    corrections = 0
    for _, moments in games:
        for earlier, later in itertools.pairwise(moments):
            assert earlier.at < later.at
            gained = later.home + later.away - earlier.home - earlier.away
            corrections += gained == -1
            assert -1 <= gained <= 3
    assert corrections


def test_ladder_prices_never_rise_with_the_strike() -> None:
    rng = Random(3)
    for number in range(40):
        lines = Lines(rng.uniform(-12, 12), rng.uniform(205, 250))
        for moment in play(lines, 0, Random(number))[::7]:
            view = outlook(lines, moment)
            margins = [view.p_margin_above(line - 0.5) for line in range(-30, 31)]
            assert margins == sorted(margins, reverse=True)
            assert view.p_margin_above(1.5) <= view.p_home <= view.p_margin_above(-1.5)

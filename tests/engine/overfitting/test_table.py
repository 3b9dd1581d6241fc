"""A sweep's table: in order whatever order it came in, and whole or refused."""

import math
from datetime import date

import pytest

from engine.overfitting.table import PlayedGame, SweepTable, Trial
from tests.engine.overfitting.sweeps import games


def test_games_stand_by_day_and_trials_by_key_whatever_order_they_came_in() -> None:
    one, two, three = games(3, a_day=1)
    trials = [Trial("b", {}, (3.0, 1.0, 2.0)), Trial("a", {}, (30.0, 10.0, 20.0))]
    found = SweepTable.of([three, one, two], trials, controls=[Trial("c", {}, (6.0, 4.0, 5.0))])
    assert found.games == (one, two, three)
    assert [trial.key for trial in found.trials] == ["a", "b"]
    assert found.trials[1].results == (1.0, 2.0, 3.0)
    assert found.controls[0].results == (4.0, 5.0, 6.0)
    assert found.tried == 2


def test_tries_that_failed_are_counted_with_the_rest() -> None:
    assert SweepTable.of(games(1), [Trial("a", {}, (1.0,))], tried=7).tried == 7
    with pytest.raises(ValueError, match="0 tries cannot have 1 trials"):
        SweepTable.of(games(1), [Trial("a", {}, (1.0,))], tried=0)


@pytest.mark.parametrize("results", [(1.0,), (1.0, math.nan), (1.0, math.inf), (1.0, 2.0, 3.0)])
def test_a_result_too_many_or_too_few_or_that_is_none_is_refused(results: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="trial 'a' has"):
        SweepTable.of(games(2), [Trial("a", {}, results)])


def test_what_is_there_twice_is_refused() -> None:
    (game,) = games(1)
    with pytest.raises(ValueError, match="game 'game-0000' is there more than once"):
        SweepTable.of([game, game], [])
    twice = [Trial("a", {}, (1.0,)), Trial("a", {}, (2.0,))]
    with pytest.raises(ValueError, match="trial 'a' is there more than once"):
        SweepTable.of([game], twice)
    with pytest.raises(ValueError, match="control 'a' is there more than once"):
        SweepTable.of([game], [], controls=twice)


def test_a_game_is_open_until_its_last_day() -> None:
    assert PlayedGame("a", date(2026, 1, 2)).last_day == date(2026, 1, 2)
    with pytest.raises(ValueError, match="before its tip"):
        PlayedGame("a", date(2026, 1, 2), date(2026, 1, 1))

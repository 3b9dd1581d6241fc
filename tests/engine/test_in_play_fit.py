"""The in-play model's constants: fitted again from the recorded games, and held against them.

Covers: engine.in_play_fit.
"""

import math
from pathlib import Path

import pytest

from benchmarks.win_probability.fit import LEVEL_SEASONS, fitted
from benchmarks.win_probability.games import Closed, Played, closed_games, played_games
from benchmarks.win_probability.held_out import ALLOWED, FIRST_QUARTERS, said_at_quarters, said_of_playoffs
from benchmarks.win_probability.judging import (
    GAMES_MIN,
    beyond,
    cells,
    fitted_model,
    log_loss,
    logistic_model,
    normal_model,
    said_at_moments,
    said_throughout,
)
from engine.in_play_curve import Curve
from engine.in_play_fit import FITTED

HELD_OUT = 2021
"""The newest season of which there are paths."""


@pytest.fixture(scope="module")
def closed(shared: Path) -> list[Closed]:
    return [game for game in closed_games(shared / "data") if game.season >= FIRST_QUARTERS]


@pytest.fixture(scope="module")
def played(shared: Path, closed: list[Closed]) -> list[Played]:
    return played_games(shared / "data", closed)


def test_paths_are_joined_to_the_lines_of_their_games(played: list[Played]) -> None:
    assert len(played) == 5_717
    assert sum(game.overtimes for game in played) == 359
    first = next(game for game in played if game.game == "0021600001")
    # NYK at CLE, 2016-10-25: 88 to 117, Cleveland favoured.
    assert first.margin == 29
    assert first.spread > 0


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_constants_are_what_the_fit_finds(played: list[Played], closed: list[Closed]) -> None:
    again = fitted(played, closed)
    for ours, fresh in ((FITTED.lined, again.lined), (FITTED.unlined, again.unlined)):
        assert ours.seconds == fresh.seconds
        for name in ("kept", "to_come", "sd"):
            assert getattr(ours, name) == pytest.approx(getattr(fresh, name), abs=6e-4), name
    for row, fresh_row in zip(FITTED.late.steps, again.late.steps, strict=True):
        assert row == pytest.approx(fresh_row, abs=6e-4)
    assert FITTED.overtime == pytest.approx(again.overtime, abs=6e-3)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_on_a_season_held_out_it_is_as_good_as_a_logistic_and_better_than_the_normal_model(
    played: list[Played], closed: list[Closed]
) -> None:
    seen = [game for game in played if game.season != HELD_OUT]
    unseen = [game for game in played if game.season == HELD_OUT]
    fit = fitted(seen, [game for game in closed if game.season != HELD_OUT])
    model, logistic = fitted_model(fit), logistic_model(seen)
    losses = [log_loss(said_at_moments(one, unseen)) for one in (model, logistic, normal_model)]
    # Twenty numbers smoothed over time do no worse than two free ones at each moment.
    assert losses[0] < losses[1] + 0.001
    assert losses[0] < losses[2] - 0.003
    late = [
        [said for said in said_throughout(one, unseen) if said.seconds <= 5] for one in (model, normal_model)
    ]
    assert log_loss(late[0]) < log_loss(late[1]) - 0.01


@pytest.mark.promise("half-time-win-probability")
def test_what_is_said_happens_in_every_decile_of_every_quarter(closed: list[Closed]) -> None:
    newest = max(game.season for game in closed)
    games = [g for g in closed if not g.playoffs and g.season > newest - LEVEL_SEASONS]
    said = said_at_quarters(fitted_model(FITTED), games, "regular")
    large = [cell for cell in cells(said) if cell.games >= GAMES_MIN]
    assert len(large) > 35
    assert not [cell for cell in large if beyond(cell, ALLOWED)]
    # Not only for want of games: over all of them nothing is left of the overstatement of favourites.
    sure = [one for one in said if max(one.p, 1 - one.p) > 0.7]
    gap = math.fsum((one.won - one.p) * (1 if one.p > 0.5 else -1) for one in sure) / len(sure)
    assert abs(gap) < 0.01


def test_the_playoffs_which_are_not_in_the_fit_are_said_as_well(closed: list[Closed]) -> None:
    said = said_of_playoffs(closed, FITTED)
    large = [cell for cell in cells(said["model"]) if cell.games >= GAMES_MIN]
    assert len(large) > 8
    assert not [cell for cell in large if beyond(cell, ALLOWED)]
    assert log_loss(said["model"]) < log_loss(said["normal"])


def test_the_shapes_are_those_of_a_game() -> None:
    for curve in (FITTED.lined, FITTED.unlined):
        assert isinstance(curve, Curve)
        assert list(curve.sd) == sorted(curve.sd)
        assert all(0.4 < kept <= 1.05 for kept in curve.kept)
    for steps in FITTED.late.steps:
        assert list(steps) == sorted(steps)

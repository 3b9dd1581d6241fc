"""The table of the manual that holds simulated evenings against real ones is measured, and up to date."""

from pathlib import Path

import attrs
import pytest

from benchmarks.evening_measures import (
    Minute,
    Top,
    autocorrelation,
    continuation,
    follows,
    quiet_minutes,
    seconds_behind,
    share_within,
    spread,
)
from benchmarks.evenings import COMPARED, PAGE, Measured, Near, on_page, sides, table
from venues.simulator.evening import generate
from venues.simulator.world.settings import EveningSettings
from venues.simulator.world.world import World


@pytest.fixture(scope="module")
def lines(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Measured]:
    return sides(shared / "data", tmp_path_factory.mktemp("evenings") / "frames")


@pytest.mark.slow
@pytest.mark.promise("simulated-beside-real")
def test_the_page_says_what_is_measured_on_both_kinds_of_evenings(lines: list[Measured]) -> None:
    assert all(all(line.cells()) for line in lines)
    assert on_page(PAGE.read_text("utf-8")) == table(lines)


@pytest.mark.slow
@pytest.mark.promise("simulated-near-real")
def test_a_simulated_evening_is_as_near_to_a_real_one_as_the_page_says(lines: list[Measured]) -> None:
    """With planted edges and without: every line of the table."""
    assert [line.compared for line in lines] == list(COMPARED)
    assert [line.cells() for line in lines if not line.holds()] == []


def test_what_is_near_enough_is_a_distance_or_a_factor() -> None:
    assert Near(by=0.5).holds(1.0, 1.5)
    assert not Near(by=0.5).holds(1.0, 1.51)
    assert Near(factor=2).holds(1.0, 0.5)
    assert Near(factor=2).holds(1.0, 2.0)
    assert not Near(factor=2).holds(1.0, 0.49)
    assert not Near(factor=2).holds(1.0, 2.01)


def test_a_line_holds_if_it_does_with_planted_edges_and_without() -> None:
    compared = COMPARED[0]
    assert Measured(compared, 1.0, 1.1, 0.9).holds()
    assert not Measured(compared, 1.0, 1.1, 0.5).holds()
    assert not Measured(compared, 1.0, 1.5, 0.9).holds()


def test_a_spread_counts_for_as_long_as_it_stood() -> None:
    assert spread([Top(0, 40, 41), Top(9, 40, 50)], 10) == pytest.approx(1.9)


def test_changes_that_lie_close_together_are_near_the_same_moments() -> None:
    assert share_within([5.0], 0, 10, 1) == pytest.approx(0.1)
    assert share_within([5.0, 5.5], 0, 10, 1) == pytest.approx(0.15)
    assert share_within([5.0, 8.0], 0, 10, 1) == pytest.approx(0.2)
    # Nothing is known of what was before the beginning.
    assert share_within([0.5], 0, 10, 1) == pytest.approx(0.05)


def minutes(*closes: float, leads: tuple[int, ...] = ()) -> list[Minute]:
    shown = leads or (0,) * len(closes)
    return [Minute(close, 10, lead) for close, lead in zip(closes, shown, strict=True)]


def test_a_price_that_bounces_is_told_from_one_that_goes_on() -> None:
    assert autocorrelation([minutes(50, 51, 50, 52, 50, 51, 50)]) < -0.8
    assert autocorrelation([minutes(50, 51, 53, 56, 60, 65, 71)]) > 0.9


def test_minutes_without_a_trade_are_counted_and_say_nothing_of_moves() -> None:
    game = [*minutes(50, 51, 50, 52, 50, 51, 50), Minute(50, 0, 0), Minute(60, 10, 0)]
    assert quiet_minutes([game]) == pytest.approx(1 / 9)
    assert autocorrelation([game]) == autocorrelation([game[:7]])


def test_whether_the_price_moves_with_the_score_or_after_it() -> None:
    leads = (0, 2, 2, 5, 5, 5, 2, 2)
    same = minutes(50, 54, 54, 60, 60, 60, 54, 54, leads=leads)
    later = minutes(50, 50, 54, 54, 60, 60, 60, 54, leads=leads)
    assert follows([same], 0) == pytest.approx(1)
    assert follows([later], 1) == pytest.approx(1)
    assert follows([later], 0) < 0.5


def test_how_far_the_price_is_behind_the_scorer() -> None:
    """A price that follows half a minute later moves half in the same minute and half in the next."""
    leads = (0, 2, 2, 5, 5, 5, 2, 2)
    half = minutes(50, 52, 54, 57, 60, 60, 57, 54, leads=leads)
    assert seconds_behind([half]) == pytest.approx(30, abs=8)


def test_a_move_that_comes_back_does_not_go_on() -> None:
    assert continuation([minutes(50, 53, 56, 53, 50)]) == pytest.approx(-1)
    assert continuation([minutes(50, 53, 56, 57, 59)]) == pytest.approx(0.5)
    # What is no move of five cents says nothing.
    assert continuation([minutes(50, 53, 56, 57, 59), minutes(50, 51, 52, 60, 70)]) == pytest.approx(0.5)


SMALL = EveningSettings(seed=3, games=1, rungs=2, activity=0.2, postponed=False, cancelled=False)


def test_without_edges_nothing_is_planted_and_the_game_is_the_same() -> None:
    plain = attrs.evolve(SMALL, edges=False)
    planted, without = (World(settings).games[0] for settings in (SMALL, plain))
    assert planted.cases
    assert without.cases == ()
    assert without.moments == planted.moments
    assert list(generate(plain)) != list(generate(SMALL))

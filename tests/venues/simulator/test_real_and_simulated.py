"""The table of the manual that holds simulated evenings against real ones is measured, and up to date."""

from pathlib import Path

import attrs
import pytest

from benchmarks.evenings import (
    PAGE,
    Minute,
    Top,
    autocorrelation,
    follows,
    on_page,
    quiet_minutes,
    share_within,
    sides,
    spread,
    table,
)
from venues.simulator.evening import generate
from venues.simulator.world.settings import EveningSettings
from venues.simulator.world.world import World


@pytest.mark.slow
@pytest.mark.promise("simulated-beside-real")
def test_the_page_says_what_is_measured_on_both_kinds_of_evenings(shared: Path, tmp_path: Path) -> None:
    rows = sides(shared / "data", tmp_path / "frames")
    assert all(len(row) == 4 and all(row) for row in rows)
    assert on_page(PAGE.read_text("utf-8")) == table(rows)


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


SMALL = EveningSettings(seed=3, games=1, rungs=2, activity=0.2, postponed=False, cancelled=False)


def test_without_edges_nothing_is_planted_and_the_game_is_the_same() -> None:
    plain = attrs.evolve(SMALL, edges=False)
    planted, without = (World(settings).games[0] for settings in (SMALL, plain))
    assert planted.cases
    assert without.cases == ()
    assert without.moments == planted.moments
    assert list(generate(plain)) != list(generate(SMALL))

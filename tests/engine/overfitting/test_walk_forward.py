"""Walk-forward: chosen on earlier days, judged on later ones, and no game on both sides."""

from datetime import timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.overfitting.table import PlayedGame, SweepTable, Trial
from engine.overfitting.walk_forward import FOLDS_MAX, Schedule, folds, walk_forward
from tests.engine.overfitting.sweeps import FIRST, games, noise, table

days_of_games = st.lists(st.integers(0, 40), min_size=1, max_size=80)
schedules = st.builds(
    Schedule,
    folds=st.integers(1, 10),
    first_share=st.floats(0.1, 0.9),
    gap_days=st.integers(0, 5),
    train_days_max=st.none() | st.integers(1, 30),
)


def played(days: list[int], open_days: int = 0) -> list[PlayedGame]:
    """Games of these days, each open for so many more."""
    return [
        PlayedGame(f"g{place:03}", day, day + timedelta(days=open_days))
        for place, day in enumerate(FIRST + timedelta(days=number) for number in sorted(days))
    ]


@pytest.mark.promise("search-judged-on-later-games")
@given(days_of_games, st.integers(0, 3), schedules)
def test_every_training_is_over_before_its_test_begins(days: list[int], still: int, how: Schedule) -> None:
    known = played(days, still)
    tested: list[int] = []
    for fold in folds(known, how):
        begins = known[fold.test[0]].day
        assert all(known[place].last_day < begins - timedelta(days=how.gap_days) for place in fold.train)
        assert fold.train
        if how.train_days_max is not None:
            assert all((begins - known[place].day).days <= how.train_days_max for place in fold.train)
        tested.extend(fold.test)
    assert tested == sorted(set(tested))
    if tested and how.train_days_max is None:
        assert tested == list(range(tested[0], len(known)))


@given(days_of_games, schedules)
def test_a_day_is_tested_whole(days: list[int], how: Schedule) -> None:
    known = played(days)
    for fold in folds(known, how):
        tested = {known[place].day for place in fold.test}
        assert {known[place].day for place in set(range(len(known))) - set(fold.test)}.isdisjoint(tested)


def test_a_season_is_tested_in_as_many_steps_as_were_asked() -> None:
    found = folds(games(1_230), Schedule(folds=6, first_share=0.4))
    assert len(found) == 6
    assert [len(fold.test) for fold in found] == [119, 126, 119, 126, 126, 117]
    assert len(found[0].train) == found[0].test[0] == 497


def test_games_that_are_still_open_are_purged_from_training() -> None:
    known = games(20, a_day=2)
    postponed = attrs.evolve(known[3], last_day=known[10].day)
    known[3] = postponed
    found = folds(known, Schedule(folds=2, first_share=0.5))
    assert [3 in fold.train for fold in found] == [False, True]


def test_one_day_cannot_be_split() -> None:
    assert folds(games(7)) == ()
    assert walk_forward(table(noise(3, 7))).outside is None


def test_games_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="not in the order"):
        folds(list(reversed(games(20))))


@pytest.mark.limit("engine.overfitting.walk_forward:FOLDS_MAX")
def test_so_many_steps_and_no_more() -> None:
    assert len(folds(games(400, a_day=1), Schedule(folds=FOLDS_MAX))) == FOLDS_MAX
    with pytest.raises(ValueError, match="folds"):
        Schedule(folds=FOLDS_MAX + 1)


def test_the_chosen_is_the_best_of_what_was_known_and_earns_what_came() -> None:
    early, late = (1.0, -1.0), (0.5, 2.0)
    rows = [[before] * 10 + [after] * 10 for before, after in zip(early, late, strict=True)]
    found = walk_forward(
        SweepTable.of(
            games(20, a_day=2), [Trial("luck", {}, tuple(rows[0])), Trial("skill", {}, tuple(rows[1]))]
        ),
        Schedule(folds=1, first_share=0.5),
    )
    (step,) = found.steps
    assert (step.chosen, step.inside, step.outside) == ("luck", 1.0, 0.5)
    assert found.places == tuple(range(10, 20))
    assert found.results == (0.5,) * 10


@given(st.permutations(range(6)))
def test_the_order_of_trials_does_not_show(order: list[int]) -> None:
    known = table(noise(6, 60))
    mixed = SweepTable.of(known.games, [known.trials[place] for place in order])
    assert walk_forward(mixed) == walk_forward(known)


def test_a_trial_that_is_worse_in_every_game_changes_nothing() -> None:
    rows = noise(4, 60)
    worse = [min(each) - 0.1 for each in zip(*rows, strict=True)]
    assert walk_forward(table([*rows, worse])) == walk_forward(table(rows))

"""The verdict on the best of a sweep: what it rests on, and when it must say nothing."""

import math
from collections.abc import Sequence
from random import Random

import pytest

from engine.overfitting.block_draws import BlockDraws
from engine.overfitting.judgement import (
    ERROR_MAX,
    SIDES_MIN,
    Judging,
    SweepEvidence,
    SweepJudgement,
    best_of,
    judged,
    luck_of,
    sides,
)
from engine.overfitting.table import SweepTable, Trial
from engine.overfitting.walk_forward import Schedule
from engine.scoring.judgement import GAMES_MIN
from tests.engine.overfitting.sweeps import games, noise, table

HOW = Judging(BlockDraws(7, 200), Schedule(folds=4), blocks=6)


def evidence(rows: Sequence[Sequence[float]], tried: int | None = None) -> SweepEvidence:
    return judged(table(rows, tried), HOW)


def with_edge(count: int = 200, edge: float = 0.6) -> list[list[float]]:
    rows = noise(10, count)
    rows[4] = [value + edge for value in rows[4]]
    return rows


def test_an_edge_that_holds_out_of_sample_is_real() -> None:
    found = evidence(with_edge())
    assert found.best is not None
    assert found.best.key == "trial-004"
    assert found.verdict.judgement is SweepJudgement.REAL
    assert found.verdict.sentence.startswith(
        "real: +0.498 dollars a game in 200 games, out of sample +0.48 in 116; "
    )
    assert found.p_best == pytest.approx(1 / 201)
    assert found.deflated is not None
    assert found.deflated.p_above > 0.95
    assert found.overfitting is not None
    assert found.overfitting.p_overfit == 0.0
    assert found.reality is not None
    assert found.reality.p_consistent < ERROR_MAX


def test_luck_is_not_told_apart_and_it_is_said_what_would_tell() -> None:
    found = evidence(noise(50, 200))
    assert found.verdict.judgement is SweepJudgement.NOT_TOLD_APART
    assert "not told apart from the best of 50 without an edge" in found.verdict.sentence
    assert found.p_best is not None
    assert found.p_best > ERROR_MAX


def test_what_stopped_winning_is_not_real() -> None:
    rows = noise(10, 200)
    rows[4] = [value + (2.0 if place < 80 else -0.1) for place, value in enumerate(rows[4])]
    found = evidence(rows)
    assert found.p_best is not None
    assert found.p_best <= ERROR_MAX
    assert found.walk.outside is not None
    assert found.walk.outside.mean < 0.0
    assert found.verdict.judgement is SweepJudgement.NOT_TOLD_APART
    assert "would have gained nothing" in found.verdict.sentence


@pytest.mark.parametrize("count", [GAMES_MIN - 1, GAMES_MIN])
def test_of_twenty_nine_games_nothing_is_said(count: int) -> None:
    found, known = evidence(noise(10, count)), count == GAMES_MIN
    assert (found.verdict.judgement is not SweepJudgement.UNKNOWN) == known
    assert known == (found.p_best is not None)
    if not known:
        assert found.verdict.sentence == "cannot be known from 29 games: 1 more is needed at the least."
        assert found.verdict.more_games == 1


@pytest.mark.limit("engine.overfitting.judgement:SIDES_MIN")
@pytest.mark.parametrize("lost", [SIDES_MIN - 1, SIDES_MIN])
def test_who_hardly_ever_lost_is_not_judged(lost: int) -> None:
    results = [0.1] * 300
    for place in range(lost):
        results[place * 30 + 3] = -0.4
    found = evidence([*noise(3, 300), results, [value - 1.0 for value in noise(1, 300, 2)[0]]][3:])
    assert sides(results) == lost
    assert (found.verdict.judgement is SweepJudgement.UNKNOWN) == (lost < SIDES_MIN)
    if lost < SIDES_MIN:
        assert f"won {300 - lost} and lost {lost}, and at least {SIDES_MIN} of both" in found.verdict.sentence


def test_games_of_one_day_are_not_judged() -> None:
    rows = with_edge(40, 0.3)
    one_day = games(40, a_day=40)
    trials = [Trial(f"t{place}", {}, tuple(row)) for place, row in enumerate(rows)]
    found = judged(SweepTable.of(one_day, trials), HOW)
    assert found.verdict.judgement is SweepJudgement.UNKNOWN
    assert "so few days" in found.verdict.sentence


@pytest.mark.promise("search-counts-every-try")
def test_tries_that_failed_make_the_best_less_certain() -> None:
    rows = with_edge(200, 0.2)
    few, many = evidence(rows), evidence(rows, tried=400)
    assert few.p_best is not None
    assert many.p_best == pytest.approx(1.0 - (1.0 - few.p_best) ** 40)
    assert few.critical is not None
    assert many.critical is not None
    assert few.critical < many.critical
    assert "the best of 400 without" in many.verdict.sentence


def test_no_trial_and_no_game_are_told_as_such() -> None:
    assert judged(SweepTable.of([], []), HOW).verdict.sentence == "cannot be known: no trial has a result."
    none = judged(SweepTable.of(games(40), [], tried=5), HOW)
    assert none.verdict.judgement is SweepJudgement.UNKNOWN
    assert luck_of(SweepTable.of([], []), HOW.draws) is None


def test_equally_good_trials_are_told_in_the_order_of_their_keys() -> None:
    pair = [Trial("b", {}, (1.0, 2.0)), Trial("a", {}, (2.0, 1.0))]
    found = best_of(SweepTable.of(games(2), pair).trials)
    assert found is not None
    assert found.key == "a"


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_trials_and_of_games_changes_nothing(seed: int) -> None:
    random, known = Random(seed), table(noise(6, 60, seed))
    places = random.sample(range(60), 60)
    trials = [
        Trial(trial.key, trial.parameters, tuple(trial.results[place] for place in places))
        for trial in random.sample(known.trials, 6)
    ]
    mixed = SweepTable.of([known.games[place] for place in places], trials)
    assert judged(mixed, HOW) == judged(known, HOW)


def test_the_unit_of_the_objective_does_not_change_the_judgement() -> None:
    rows = with_edge()
    cents = evidence([[1024.0 * value for value in row] for row in rows])
    dollars = evidence(rows)
    assert (cents.verdict.judgement, cents.p_best, cents.critical) == (
        dollars.verdict.judgement,
        dollars.p_best,
        dollars.critical,
    )


def test_luck_is_drawn_from_controls_or_without_them_from_the_trials_own_scatter() -> None:
    known = table(noise(20, 100))
    own = luck_of(known, HOW.draws)
    controls = [Trial("random", {}, tuple(value - 0.5 for value in noise(1, 100, 9)[0]))]
    controlled = luck_of(SweepTable.of(known.games, known.trials, controls=controls), HOW.draws)
    assert own is not None
    assert controlled is not None
    assert (own.controlled, controlled.controlled) == (False, True)
    assert own.best.tries == controlled.best.tries == 20
    assert math.fsum(controlled.best.paid) < math.fsum(controlled.best.fair)
    still = [Trial("still", {}, (0.0,) * 100)]
    silent = luck_of(SweepTable.of(known.games, known.trials, controls=still), HOW.draws)
    assert silent is not None
    assert not silent.controlled

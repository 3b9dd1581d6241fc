"""The verdict: none below thirty games, and only what holds under every reading."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.scoring.bootstrap import GameDraws, Interval
from engine.scoring.judgement import (
    GAMES_MIN,
    GAMES_TOLD_MAX,
    Z_POWER,
    Z_TWO_SIDED,
    Honesty,
    Judgement,
    Power,
    Verdict,
    games_needed,
    honesty,
    power,
    verdict,
)
from engine.scoring.unseen_results import unseen_results


def season(games: int, result: float, other: float | None = None) -> dict[str, float]:
    """Results that lie around `result`, or around two values in turn."""
    second = result if other is None else other
    return {f"g{number:03}": result if number % 2 else second for number in range(games)}


def verdict_on(results: dict[str, float], worst: float = 0.0, best: float = 0.0, **shifts: float) -> Verdict:
    """The verdict where each reading is the base result moved by so much a game, of games that stood to bring
    `worst` to `best`.
    """
    draws = GameDraws(results)
    readings = {
        name: {game: value + shift for game, value in results.items()}
        for name, shift in {"base": 0.0, **shifts}.items()
    }
    intervals = {
        name: found
        for name, each in readings.items()
        if (found := draws.mean({game: (value, 1.0) for game, value in each.items()}))
    }
    return verdict(intervals, unseen_results(readings, worst, best), results)


def judged(results: dict[str, float], **shifts: float) -> Judgement:
    return verdict_on(results, **shifts).judgement


@pytest.mark.parametrize(
    ("deviation", "edge", "needed"), [(0.05, 0.01, 197), (0.05, 0.005, 785), (1.0, -0.5, 32)]
)
def test_the_games_needed_are_those_of_the_usual_formula(deviation: float, edge: float, needed: int) -> None:
    assert games_needed(deviation, edge) == needed


def test_with_rounded_quantiles_it_is_the_number_of_the_textbooks() -> None:
    assert pytest.approx(196) == ((1.96 + 0.84) * 0.05 / 0.01) ** 2
    assert math.erf(Z_TWO_SIDED / math.sqrt(2)) == pytest.approx(0.95)
    assert (1 + math.erf(Z_POWER / math.sqrt(2))) / 2 == pytest.approx(0.80)


@pytest.mark.limit("engine.scoring.judgement:GAMES_TOLD_MAX")
def test_without_an_edge_or_for_a_tiny_one_no_number_of_games_is_told() -> None:
    assert games_needed(1.0, 0.0) is None
    edge = (Z_TWO_SIDED + Z_POWER) / math.sqrt(GAMES_TOLD_MAX)
    assert games_needed(1.0, edge * (1 + 1e-9)) == GAMES_TOLD_MAX
    assert games_needed(1.0, edge * (1 - 1e-9)) is None
    with pytest.raises(ValueError, match="deviation"):
        games_needed(-1.0, 0.1)


@given(st.floats(0.001, 10), st.floats(0.001, 10))
def test_half_the_edge_needs_four_times_the_games(deviation: float, edge: float) -> None:
    one, four = games_needed(deviation, edge), games_needed(deviation, edge / 2)
    if one is not None and four is not None:
        assert 4 * (one - 1) <= four <= 4 * one


@pytest.mark.limit("engine.scoring.judgement:GAMES_MIN")
def test_thirty_games_have_a_verdict_and_twenty_nine_have_none() -> None:
    assert judged(season(GAMES_MIN, 1.0)) is Judgement.BEATS
    assert judged(season(GAMES_MIN - 1, 1.0)) is Judgement.UNKNOWN
    assert judged(season(GAMES_MIN, -1.0)) is Judgement.LOSES
    assert judged(season(GAMES_MIN - 1, -1.0)) is Judgement.UNKNOWN


def test_results_around_nothing_are_not_told_apart() -> None:
    assert judged(season(40, 1.0, -1.0)) is Judgement.NOT_TOLD_APART


def test_a_gain_that_the_least_reading_does_not_have_is_no_verdict() -> None:
    assert judged(season(40, 1.0), pessimistic=-0.5) is Judgement.BEATS
    assert judged(season(40, 1.0), pessimistic=-1.5) is Judgement.NOT_TOLD_APART
    assert judged(season(40, -1.0), optimistic=0.5) is Judgement.LOSES
    assert judged(season(40, -1.0), optimistic=1.5) is Judgement.NOT_TOLD_APART


def test_the_sentence_says_how_many_more_games_are_needed() -> None:
    results = season(40, 1.1, -0.9)
    found = verdict_on(results)
    assert found.judgement is Judgement.NOT_TOLD_APART
    assert found.power.more == found.power.needed - 40 if found.power.needed else None
    assert f"about {found.power.more} more would tell" in found.sentence
    assert "+0.10 dollars a game" in found.sentence


def test_of_few_games_the_sentence_says_no_more_than_that() -> None:
    few = verdict_on({"a": 1.0})
    assert few.sentence == "cannot be known from 1 game: at least 29 more are needed."
    assert (few.power.needed, few.power.more) == (None, 29)
    assert verdict({}, {}, {}).sentence.startswith("cannot be known: it has not traded")
    with pytest.raises(ValueError, match="reading"):
        verdict({}, {}, {"a": 1.0})
    with pytest.raises(ValueError, match="bounds"):
        verdict({"base": Interval(1.0, 0.9, 1.1, 1, 1.0)}, {}, {"a": 1.0})


def test_who_has_not_lost_yet_what_could_be_lost_is_not_told_apart() -> None:
    favourites, longshots = season(60, 0.03), season(60, -0.03)
    assert verdict_on(favourites).judgement is Judgement.BEATS
    unseen = verdict_on(favourites, worst=-0.97)
    assert unseen.judgement is Judgement.NOT_TOLD_APART
    assert unseen.rare
    assert "a game stood to lose 0.97, and too few were played to tell how rare that is." in unseen.sentence
    assert verdict_on(longshots).judgement is Judgement.LOSES
    unseen = verdict_on(longshots, best=0.97)
    assert unseen.judgement is Judgement.NOT_TOLD_APART
    assert "a game stood to bring 0.97, and too few were played to tell how rare that is." in unseen.sentence
    # Chance alone leaves no question of what is rare.
    assert not verdict_on(season(60, 1.0, -1.0), worst=-9.0).rare


def test_equal_results_tell_nothing_that_more_games_could() -> None:
    assert power(season(40, 0.0)) == Power(None, None)
    assert power(season(40, 0.0, 0.0)) == Power(None, None)
    assert power(season(40, 1.0)) == Power(GAMES_MIN, 0)


@given(st.dictionaries(st.text(max_size=3), st.floats(-5, 5), max_size=60))
def test_below_thirty_games_nothing_is_ever_said(results: dict[str, float]) -> None:
    if len(results) < GAMES_MIN:
        assert judged(results) is Judgement.UNKNOWN


def test_expectations_are_fiction_when_what_came_is_surely_less() -> None:
    less, more = Interval(-0.02, -0.03, -0.01, 30, 30.0), Interval(0.02, 0.01, 0.03, 30, 30.0)
    around = Interval(0.0, -0.01, 0.01, 30, 30.0)
    assert honesty(0.03, less, GAMES_MIN) is Honesty.FICTION
    assert honesty(0.03, more, GAMES_MIN) is Honesty.MODEST
    assert honesty(0.03, around, GAMES_MIN) is Honesty.BORNE_OUT
    assert honesty(0.03, less, GAMES_MIN - 1) is Honesty.UNKNOWN
    assert honesty(None, less, GAMES_MIN) is Honesty.UNKNOWN

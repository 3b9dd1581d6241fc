"""Importance of parameters: all of it where one decides, none where it is noise."""

from itertools import product
from random import Random

import pytest

from engine.overfitting.importance import LEVELS_MAX, importances, levels_of
from engine.overfitting.table import Setting, Trial


def trials(rows: list[tuple[dict[str, Setting], float]]) -> list[Trial]:
    return [Trial(f"t{place:03}", parameters, (mean, mean)) for place, (parameters, mean) in enumerate(rows)]


def test_a_parameter_that_decides_everything_has_the_whole_share() -> None:
    rows: list[tuple[dict[str, Setting], float]] = [
        ({"edge": edge, "wait": wait}, float(edge)) for edge, wait in product((1, 2, 3), (10, 20))
    ]
    first, second = importances(trials(rows))
    assert (first.parameter, first.share) == ("edge", 1.0)
    assert (second.parameter, second.share) == ("wait", 0.0)
    assert [(level.name, level.trials, level.mean) for level in first.levels] == [
        ("1", 2, 1.0),
        ("2", 2, 2.0),
        ("3", 2, 3.0),
    ]


def test_a_variance_is_divided_as_it_was_made() -> None:
    random = Random(1)
    rows: list[tuple[dict[str, Setting], float]] = [
        ({"a": a, "b": b}, 2.0 * a + 1.0 * b + random.gauss(0.0, 1.0))
        for a, b, _again in product((-1, 1), (-1, 1), range(500))
    ]
    first, second = importances(trials(rows))
    # Variances 4, 1 and 1 of the noise.
    assert first.share == pytest.approx(4 / 6, abs=0.03)
    assert second.share == pytest.approx(1 / 6, abs=0.03)


def test_noise_is_of_no_importance_however_many_levels_it_has() -> None:
    random = Random(2)
    shares = [
        importances(trials([({"a": place % 8}, random.gauss(0.0, 1.0)) for place in range(24)]))[0].share
        or 0.0
        for _again in range(200)
    ]
    # Without the correction seven levels more than one of 24 trials explain 7/23 of nothing.
    assert sum(shares) / len(shares) < 0.12


def test_what_two_do_only_together_is_in_neither_share() -> None:
    rows: list[tuple[dict[str, Setting], float]] = [
        ({"a": a, "b": b}, float(a * b)) for a, b, _again in product((-1, 1), (-1, 1), range(4))
    ]
    assert [found.share for found in importances(trials(rows))] == [0.0, 0.0]


def test_nothing_can_be_known_with_as_many_levels_as_trials() -> None:
    (found,) = importances(trials([({"a": "x"}, 1.0), ({"a": "y"}, 2.0)]))
    assert found.share is None
    assert importances(trials([({"a": 1}, 1.0), ({"a": 1}, 2.0)])) == ()
    assert importances([Trial("a", {"x": 1}, ()), Trial("b", {"x": 2}, ())]) == ()


@pytest.mark.limit("engine.overfitting.importance:LEVELS_MAX")
def test_more_numbers_than_levels_are_grouped_by_rank() -> None:
    few = levels_of(list(range(LEVELS_MAX)))
    assert few == [(place, str(place)) for place in range(LEVELS_MAX)]
    many = levels_of([float(place) for place in range(10 * LEVELS_MAX)])
    assert len(set(many)) == LEVELS_MAX
    assert many[0] == (0, "0.0 to 9.0")
    assert len(set(levels_of(list(range(LEVELS_MAX + 1))))) == LEVELS_MAX


def test_words_stay_words_and_what_is_missing_is_a_level() -> None:
    words: list[Setting | None] = [f"w{place}" for place in range(LEVELS_MAX + 2)]
    assert len(set(levels_of(words))) == LEVELS_MAX + 2
    assert levels_of([True, None, 2]) == [(2, "true"), (1, "-"), (0, "2")]

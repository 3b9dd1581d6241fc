"""Intervals by drawing games: repeatable from a seed, wider for fewer games, honest about their ground."""

import math
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.scoring.bootstrap import (
    GAMES_MAX,
    GameDraws,
    Resampling,
    by_game,
    effective,
    interval,
    seed_of,
    weighted,
)

rows_by_game = st.lists(st.lists(st.floats(-100, 100), min_size=1, max_size=5), min_size=1, max_size=8)


def mean(rows: Sequence[float]) -> float:
    return math.fsum(rows) / len(rows)


def test_a_seed_of_words_is_the_same_everywhere() -> None:
    assert seed_of("run-1", "brier") == 0xA7BDCAF997D54158
    assert seed_of("a", "b") != seed_of("ab")
    assert seed_of("a", "b") != seed_of("b", "a")


def test_draws_are_those_of_shake_256() -> None:
    # The stream of "7 6" begins with 37 b2 b2 4b: 0x4bb2b237 of 2**32 is the second of six games.
    drawn = list(Resampling(7, draws=20).places(6))
    assert drawn[:3] == [(1, 0, 3, 5, 0, 0), (1, 0, 4, 3, 5, 5), (4, 3, 1, 0, 1, 4)]
    assert len(drawn) == 20


def test_draws_are_even() -> None:
    counts = Counter(place for places in Resampling(7).places(6) for place in places)
    assert set(counts) == set(range(6))
    assert all(900 < counts[face] < 1_100 for face in range(6))


@pytest.mark.limit("engine.scoring.bootstrap:GAMES_MAX")
@pytest.mark.parametrize("games", [0, GAMES_MAX + 1])
def test_so_many_games_cannot_be_drawn(games: int) -> None:
    with pytest.raises(ValueError, match="cannot draw"):
        next(Resampling(1).places(games))


def test_the_most_games_can_be_drawn() -> None:
    assert len(next(Resampling(1, draws=20).places(GAMES_MAX))) == GAMES_MAX


def test_rows_are_put_together_by_game_in_the_order_of_names() -> None:
    rows = [("b", 1), ("a", 2), ("b", 3)]
    assert by_game(rows, lambda row: row[0]) == [[("a", 2)], [("b", 1), ("b", 3)]]


@given(rows_by_game, st.integers(0, 2**32))
def test_the_same_seed_gives_the_same_interval_around_the_estimate(
    rows: list[list[float]], seed: int
) -> None:
    how = Resampling(seed, draws=50)
    found = interval(rows, mean, how)
    assert found == interval(rows, mean, how)
    assert found is not None
    flat = [value for game in rows for value in game]
    assert found.estimate == mean(flat)
    assert min(flat) - 1e-9 <= found.low <= found.high <= max(flat) + 1e-9
    assert found.games == len(rows)
    assert 1.0 - 1e-9 <= found.games_effective <= len(rows) + 1e-9


def test_an_interval_is_about_as_wide_as_theory_says() -> None:
    (numbers, *_) = Resampling(3).places(1_000)
    games = [[number / 1_000] for number in numbers[:400]]
    found = interval(games, mean, Resampling(1))
    assert found is not None
    assert found.high - found.low == pytest.approx(2 * 1.96 * math.sqrt(1 / 12 / 400), rel=0.15)
    assert found.low < found.estimate < found.high


def test_ten_bets_of_one_game_are_one_observation() -> None:
    (numbers, *_) = Resampling(5).places(1_000)
    results = [float(number % 2) for number in numbers[:40]]
    alone = interval([[result] for result in results], mean, Resampling(1))
    tenfold = interval([[result] * 10 for result in results], mean, Resampling(1))
    assert alone is not None
    assert tenfold is not None
    assert (tenfold.low, tenfold.high) == pytest.approx((alone.low, alone.high))
    as_if_independent = interval([[result] for result in results for _ in range(10)], mean, Resampling(1))
    assert as_if_independent is not None
    assert as_if_independent.high - as_if_independent.low < 0.5 * (tenfold.high - tenfold.low)


def test_one_game_has_no_width_and_nothing_has_no_interval() -> None:
    found = interval([[1.0, 2.0]], mean, Resampling(1))
    assert found is not None
    assert (found.low, found.high, found.games) == (1.5, 1.5, 1)
    assert interval([], mean, Resampling(1)) is None
    assert interval([[], []], mean, Resampling(1)) is None


def test_a_statistic_that_mostly_has_no_value_has_no_interval() -> None:
    def all_present(rows: Sequence[float]) -> float | None:
        return 1.0 if {1.0, 2.0, 3.0, 4.0} <= set(rows) else None

    assert interval([[1.0], [2.0], [3.0], [4.0]], all_present, Resampling(1)) is None


@given(st.lists(st.integers(0, 50), max_size=10))
def test_unequal_games_count_for_less(sizes: list[int]) -> None:
    assert 0.0 <= effective(sizes) <= len(sizes) + 1e-9
    assert effective([7] * 5) == pytest.approx(5.0)


@pytest.mark.parametrize(
    "wrong", [{"draws": 19}, {"draws": 100_001}, {"confidence": 0.0}, {"confidence": 1.0}]
)
def test_senseless_draws_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be"):
        Resampling(1, **wrong)


sums_by_game = st.dictionaries(
    st.text("abcdefgh", min_size=1, max_size=2),
    st.tuples(st.floats(-100, 100), st.floats(0.1, 10)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=50)
@given(sums_by_game)
def test_an_interval_of_a_mean_holds_the_mean_and_does_not_know_the_order(
    sums: dict[str, tuple[float, float]],
) -> None:
    found = GameDraws(sums).mean(sums)
    assert found is not None
    backwards = dict(reversed(sums.items()))
    assert found == GameDraws(reversed(list(sums))).mean(backwards)
    total = math.fsum(weight for _value, weight in sums.values())
    assert found.estimate == math.fsum(value for value, _weight in sums.values()) / total
    assert found.low <= found.estimate <= found.high
    assert found.games == len(sums)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(-9, 9), st.floats(0.1, 3)), min_size=1))
def test_sums_by_game_do_not_know_the_order_of_rows(rows: list[tuple[str, float, float]]) -> None:
    assert weighted(rows) == weighted(reversed(rows))


def test_both_ways_to_an_interval_agree() -> None:
    rows = {"a": [1.0, 2.0], "b": [4.0], "c": [-3.0, 0.5, 2.0]}
    draws = GameDraws(rows)
    sums = {game: (math.fsum(values), float(len(values))) for game, values in rows.items()}
    quick, slow = draws.mean(sums), interval(list(rows.values()), mean, draws.how)
    assert quick is not None
    assert slow is not None
    assert (quick.low, quick.high) == pytest.approx((slow.low, slow.high))


def test_a_game_that_weighs_nothing_is_no_game_and_a_stranger_is_an_error() -> None:
    draws = GameDraws("abc")
    found = draws.mean({"a": (1.0, 1.0), "b": (2.0, 1.0)})
    assert found is not None
    assert (found.games, found.estimate) == (2, 1.5)
    assert draws.mean({}) is None
    assert GameDraws([]).mean({}) is None
    with pytest.raises(KeyError, match="z"):
        draws.mean({"z": (1.0, 1.0)})


@pytest.mark.slow
def test_about_nineteen_of_twenty_intervals_hold_the_truth() -> None:
    held = 0
    for trial in range(200):
        (numbers, *_) = Resampling(trial, draws=20).places(60)
        games = {f"g{number:02}": (float(value) - 29.5, 1.0) for number, value in enumerate(numbers)}
        found = GameDraws(games, Resampling(seed_of(str(trial)), draws=400)).mean(games)
        held += found is not None and found.low <= 0.0 <= found.high
    assert 0.90 <= held / 200 <= 0.99

"""Intervals by drawing games: repeatable from a seed, wider for fewer games, honest about their ground."""

import math
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.evaluation.bootstrap import Dice, Resampling, by_game, effective, interval, seed_of

rows_by_game = st.lists(st.lists(st.floats(-100, 100), min_size=1, max_size=5), min_size=1, max_size=8)


def mean(rows: Sequence[float]) -> float:
    return math.fsum(rows) / len(rows)


def test_the_generator_is_splitmix64() -> None:
    dice = Dice(1234567)
    assert [dice.bits() for _ in range(5)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def test_a_seed_of_words_is_the_same_everywhere() -> None:
    assert seed_of("run-1", "brier") == 0xA7BDCAF997D54158
    assert seed_of("a", "b") != seed_of("ab")
    assert seed_of("a", "b") != seed_of("b", "a")


@given(st.integers(0, 2**64), st.integers(1, 1_000))
def test_a_draw_stays_below_its_limit(seed: int, limit: int) -> None:
    dice = Dice(seed)
    assert all(0 <= dice.below(limit) < limit for _ in range(20))


def test_numbers_of_an_incomplete_round_are_drawn_again() -> None:
    # Of limits just above half of all numbers nearly every second draw is thrown away.
    dice, limit = Dice(11), 2**63 + 1
    assert all(dice.below(limit) < limit for _ in range(50))


def test_draws_are_even() -> None:
    dice = Dice(7)
    counts = Counter(dice.below(6) for _ in range(6_000))
    assert all(900 < counts[face] < 1_100 for face in range(6))


@pytest.mark.parametrize("limit", [0, -1, 2**64])
def test_a_limit_that_cannot_be_drawn_below_is_an_error(limit: int) -> None:
    with pytest.raises(ValueError, match="cannot draw"):
        Dice(1).below(limit)


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
    dice = Dice(3)
    games = [[dice.below(1_000) / 1_000] for _ in range(400)]
    found = interval(games, mean, Resampling(1))
    assert found is not None
    assert found.high - found.low == pytest.approx(2 * 1.96 * math.sqrt(1 / 12 / 400), rel=0.15)
    assert found.low < found.estimate < found.high


def test_ten_bets_of_one_game_are_one_observation() -> None:
    dice = Dice(5)
    results = [float(dice.below(2)) for _ in range(40)]
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

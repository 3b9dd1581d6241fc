"""American and decimal odds: definitions, round trips, and what is no price."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.pricing.odds import (
    OddsError,
    american_of_decimal,
    american_of_p,
    logit,
    overround,
    p_of_american,
    p_of_decimal,
    p_of_logit,
)

american = st.integers(100, 100_000) | st.integers(-100_000, -101)
probabilities = st.floats(0.0001, 0.9999)


@pytest.mark.parametrize(
    ("odds", "p"),
    [
        (-110, 0.523810),
        (-125, 0.555556),
        (105, 0.487805),
        (-150, 0.6),
        (130, 0.434783),
        (-275, 0.733333),
        (225, 0.307692),
        (-600, 0.857143),
        (440, 0.185185),
        (-1000, 0.909091),
        (650, 0.133333),
        (-4500, 0.978261),
        (1200, 0.076923),
        (141, 0.414938),
    ],
)
def test_the_published_implied_probabilities(odds: int, p: float) -> None:
    assert p_of_american(odds) == pytest.approx(p, abs=5e-7)
    assert american_of_p(p) == odds


@pytest.mark.parametrize("odds", [0, 1, 99, -1, -99])
def test_there_are_no_american_odds_below_100(odds: int) -> None:
    with pytest.raises(OddsError):
        p_of_american(odds)


def test_minus_and_plus_100_are_the_same_price() -> None:
    assert p_of_american(-100) == p_of_american(100) == 0.5
    assert american_of_p(0.5) == 100
    assert p_of_decimal(2.0) == 0.5


def test_decimal_odds_include_the_stake() -> None:
    assert p_of_american(150) == pytest.approx(p_of_decimal(2.5))
    assert p_of_american(-150) == pytest.approx(p_of_decimal(1 + 100 / 150))
    assert american_of_decimal(2.5) == 150
    assert p_of_decimal(4.0) == 0.25


@pytest.mark.parametrize("odds", [1.0, 0.0, -2.0, math.inf, math.nan])
def test_decimal_odds_are_above_1(odds: float) -> None:
    with pytest.raises(OddsError):
        p_of_decimal(odds)


@pytest.mark.parametrize("p", [0.0, 1.0, -0.1, 1.1, math.nan])
def test_certainties_have_no_odds(p: float) -> None:
    for function in (american_of_p, logit):
        with pytest.raises(OddsError):
            function(p)


def test_the_margin_of_a_book() -> None:
    assert overround([p_of_american(-110)] * 2) == pytest.approx(0.047619, abs=5e-7)


@given(american)
def test_american_odds_survive_the_way_through_probability_and_decimal(odds: int) -> None:
    assert american_of_p(p_of_american(odds)) == odds
    assert american_of_decimal(1 / p_of_american(odds)) == odds


@given(probabilities)
def test_rounded_odds_are_near_the_probability(p: float) -> None:
    assert p_of_american(american_of_p(p)) == pytest.approx(p, abs=0.0013)
    assert p_of_decimal(1 / p) == pytest.approx(p)
    assert p_of_logit(logit(p)) == pytest.approx(p)


@given(st.floats(-800, 800))
def test_logits_of_opposite_sign_are_opposite_chances(x: float) -> None:
    assert p_of_logit(x) + p_of_logit(-x) == pytest.approx(1.0)


@given(st.integers(101, 100_000))
def test_the_two_sides_without_a_margin_sum_to_1(odds: int) -> None:
    assert p_of_american(odds) + p_of_american(-odds) == pytest.approx(1.0)

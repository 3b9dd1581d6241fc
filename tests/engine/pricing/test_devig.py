"""Every published de-vig row, the equalities between the methods, and an independent oracle."""

import csv
import gzip
import math
from itertools import pairwise
from pathlib import Path

import attrs
import pytest
import shin as oracle
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.pricing.devig import (
    AMERICAN_NO_TRADE,
    OVERROUND_PER_OUTCOME_MAX,
    DevigError,
    DevigMethod,
    additive,
    devig,
    multiplicative,
    odds_ratio,
    odds_ratio_factor,
    p_fair_of_american,
    power,
    power_exponent,
    shin,
    shin_insiders,
)
from engine.pricing.odds import OddsError, logit, overround, p_of_american


@st.composite
def books(draw: st.DrawFn, least: int = 2, most: int = 6) -> list[float]:
    """Implied probabilities of a plausible book: fair chances, each raised by a margin of its own."""
    weights = draw(st.lists(st.floats(0.05, 1.0), min_size=least, max_size=most))
    margins = draw(st.lists(st.floats(1.0, 1.15), min_size=len(weights), max_size=len(weights)))
    total = math.fsum(weights)
    prices = [weight / total * margin for weight, margin in zip(weights, margins, strict=True)]
    assume(all(price < 0.99 for price in prices))
    return prices


@attrs.frozen
class Row:
    """A row of the reference table: prices, margin, and the home side's fair probability by each method."""

    home: int
    away: int
    margin: float
    p_multiplicative: float
    p_additive: float
    p_power: float
    k: float
    z: float
    p_odds_ratio: float


ROWS = (
    Row(-110, -110, 0.047619, 0.500000, 0.500000, 0.500000, 1.071943, 0.047619, 0.500000),
    Row(-125, 105, 0.043360, 0.532468, 0.533875, 0.534586, 1.065458, 0.043369, 0.533939),
    Row(-150, 130, 0.034783, 0.579832, 0.582609, 0.583983, 1.052970, 0.034815, 0.582712),
    Row(-275, 225, 0.041026, 0.704433, 0.712821, 0.717220, 1.071634, 0.041383, 0.713259),
    Row(-600, 440, 0.042328, 0.822335, 0.835979, 0.843873, 1.101215, 0.043743, 0.837083),
    Row(-1000, 650, 0.042424, 0.872093, 0.887879, 0.897749, 1.131728, 0.045034, 0.889652),
    Row(-4500, 1200, 0.055184, 0.927100, 0.950669, 0.970312, 1.371187, 0.067683, 0.958742),
    Row(141, -150, 0.014938, 0.408831, 0.407469, 0.406834, 1.022424, 0.014946, 0.407447),
)


@pytest.mark.parametrize("row", ROWS)
def test_the_published_rows(row: Row) -> None:
    book = (p_of_american(row.home), p_of_american(row.away))
    assert overround(book) == pytest.approx(row.margin, abs=5.1e-7)
    assert p_fair_of_american(row.home, row.away) == pytest.approx(row.p_multiplicative, abs=5.1e-7)
    assert additive(book)[0] == pytest.approx(row.p_additive, abs=5.1e-7)
    assert shin(book)[0] == pytest.approx(row.p_additive, abs=5.1e-7)
    assert power(book)[0] == pytest.approx(row.p_power, abs=5.1e-7)
    assert odds_ratio(book)[0] == pytest.approx(row.p_odds_ratio, abs=5.1e-7)
    assert power_exponent(book) == pytest.approx(row.k, abs=5.1e-7)
    assert shin_insiders(book) == pytest.approx(row.z, abs=5.1e-7)


def test_the_published_book_of_three_outcomes() -> None:
    book = [1 / 2.6, 1 / 2.4, 1 / 4.3]
    assert shin(book) == pytest.approx((0.372994, 0.404779, 0.222227), abs=5.1e-7)
    assert shin_insiders(book) == pytest.approx(0.016943, abs=5.1e-7)


@given(books())
def test_shin_agrees_with_an_independent_implementation(book: list[float]) -> None:
    assume(overround(book) > 1e-4)
    theirs = oracle.calculate_implied_probabilities(
        [1 / q for q in book], full_output=True, max_iterations=5_000
    )
    # Near a fair book their iteration stops before it has arrived.
    assume(theirs.delta < 1e-9)
    assert shin(book) == pytest.approx(tuple(theirs.implied_probabilities), abs=1e-6)
    assert shin_insiders(book) == pytest.approx(theirs.z, abs=1e-6)


@given(books(), st.sampled_from(DevigMethod))
def test_fair_probabilities_sum_to_1_keep_their_order_and_mirror(
    book: list[float], method: DevigMethod
) -> None:
    try:
        fair = devig(method, book)
    except DevigError:
        assume(False)
        raise
    assert math.fsum(fair) == pytest.approx(1.0, abs=1e-12)
    assert all(0.0 < p < 1.0 for p in fair)
    assert devig(method, book[::-1]) == pytest.approx(fair[::-1], abs=1e-12)
    ranks = sorted(range(len(book)), key=lambda i: book[i])
    assert all(fair[low] <= fair[high] + 1e-12 for low, high in pairwise(ranks))


@given(books(most=2))
def test_two_way_shin_is_additive(book: list[float]) -> None:
    assert shin(book) == pytest.approx(additive(book), abs=1e-9)


@given(books())
def test_the_odds_ratio_method_shifts_every_logit_alike(book: list[float]) -> None:
    shift = math.log(odds_ratio_factor(book))
    for q, p in zip(book, odds_ratio(book), strict=True):
        assert logit(q) - logit(p) == pytest.approx(shift, abs=1e-6)


@given(st.floats(0.51, 0.9), st.floats(0.005, 0.06))
def test_the_methods_are_ordered_by_what_they_leave_a_favourite(p: float, margin: float) -> None:
    book = (p * (1 + margin), (1 - p) * (1 + margin))
    fair = [method(book)[0] for method in (multiplicative, additive, odds_ratio, power)]
    assert all(less <= more + 1e-9 for less, more in pairwise(fair))


@given(books(), st.sampled_from(DevigMethod))
def test_a_book_without_a_margin_is_left_alone(book: list[float], method: DevigMethod) -> None:
    fair = multiplicative(book)
    # A hair above 1, so that rounding does not make it a book below 1.
    assert devig(method, [p * (1 + 1e-12) for p in fair]) == pytest.approx(fair, abs=1e-6)


@pytest.mark.parametrize("method", DevigMethod)
@pytest.mark.parametrize(
    "book", [[], [0.5], [0.5, 0.0], [1.0, 0.1], [0.5, math.nan], [0.9, 0.9], [0.4, 0.4], [-0.5, 1.5]]
)
def test_what_is_no_book_is_refused(method: DevigMethod, book: list[float]) -> None:
    with pytest.raises(DevigError):
        devig(method, book)


def test_limits_of_what_is_a_market() -> None:
    assert multiplicative([0.65, 0.65]) == (0.5, 0.5)
    assert OVERROUND_PER_OUTCOME_MAX == 0.15
    with pytest.raises(DevigError):
        multiplicative([0.651, 0.651])
    assert power([0.475, 0.475]) == pytest.approx((0.5, 0.5))
    with pytest.raises(DevigError):
        multiplicative([0.474, 0.474])


def test_a_longshot_whose_price_is_all_margin_is_refused_and_not_clamped() -> None:
    with pytest.raises(DevigError, match="longshot"):
        additive([0.99, 0.01, 0.1, 0.1])


def test_shin_refuses_a_book_below_1_where_the_others_do_not() -> None:
    with pytest.raises(DevigError, match="no margin"):
        shin([0.49, 0.50])
    assert power([0.49, 0.50])[1] == pytest.approx(0.505, abs=1e-3)


def test_far_exponents_are_found() -> None:
    lopsided = [0.999, 0.16]
    assert power_exponent(lopsided) > 2.0
    assert odds_ratio_factor([0.9999, 0.25]) > 2.0
    assert math.fsum(q ** power_exponent(lopsided) for q in lopsided) == pytest.approx(1.0)


def test_a_price_that_is_none_is_an_error_of_the_odds() -> None:
    with pytest.raises(OddsError):
        p_fair_of_american(0, -110)


def test_beyond_the_no_trade_price_methods_differ_by_points() -> None:
    book = (p_of_american(AMERICAN_NO_TRADE), p_of_american(900))
    assert power(book)[0] - multiplicative(book)[0] > 0.02


def test_on_closing_lines_the_plain_method_is_the_best_calibrated(shared: Path) -> None:
    """The reference's 19,807 games of 2008-2023: log loss 0.58924, 0.58951 and 0.58999."""
    with gzip.open(shared / "data/nba/odds/closing_lines_results_2008_2024.csv.gz", "rt") as table:
        games = [game for row in csv.DictReader(table) if (game := priced(row)) is not None]
    assert len(games) > 19_800
    for method, reference in ((multiplicative, 0.58924), (additive, 0.58951), (power, 0.58999)):
        losses = [-math.log(method(book)[0 if home_won else 1]) for book, home_won in games]
        assert math.fsum(losses) / len(games) == pytest.approx(reference, abs=6e-5)


def priced(row: dict[str, str]) -> tuple[tuple[float, float], bool] | None:
    """A game's implied probabilities and whether the home team won; None without a book's moneylines."""
    try:
        book = p_of_american(int(row["moneyline_home"])), p_of_american(int(row["moneyline_away"]))
        multiplicative(book)
    except ValueError:
        return None
    return book, int(row["score_home"]) > int(row["score_away"])

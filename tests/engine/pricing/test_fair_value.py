"""What the sportsbooks think: each de-vigged, moved to the market's line, then joined."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import OddsSeen
from engine.message import changed
from engine.pricing.devig import DevigMethod
from engine.pricing.fair_value import BookPrice, Rules, fair_value, joined, p_of_row
from engine.units import NANOS_PER_MINUTE, Nanos, Tenths
from engine.view import Axis, Claim, View
from tests.engine.strategies.evening import GAME, START, game_known, odds, score

HOME = Claim(Axis.MARGIN, Tenths(0), above=True)
AWAY = Claim(Axis.MARGIN, Tenths(0), above=False)
RULES = Rules(age_max=Nanos(10 * NANOS_PER_MINUTE), books_min=3)
MULTIPLICATIVE = DevigMethod.MULTIPLICATIVE


def spread_row(home: float, home_odds: int = -110, away_odds: int = -110) -> OddsSeen:
    return changed(
        odds("fanduel", None, None),
        spread_home=Tenths(round(10 * home)),
        spread_home_odds=home_odds,
        spread_away_odds=away_odds,
    )


def test_each_book_is_devigged_by_itself() -> None:
    assert p_of_row(odds("x", -150, 130), HOME, MULTIPLICATIVE) == pytest.approx(0.579832, abs=1e-6)
    assert p_of_row(odds("x", -150, 130), AWAY, MULTIPLICATIVE) == pytest.approx(1 - 0.579832, abs=1e-6)
    assert p_of_row(odds("x", -150, 130), HOME, DevigMethod.SHIN) == pytest.approx(0.582609, abs=1e-6)


@pytest.mark.parametrize(
    "row", [odds("x", -150, None), odds("x", None, 130), odds("x", -1500, 900), odds("x", 50, -150)]
)
def test_one_sided_extreme_and_senseless_rows_say_nothing(row: OddsSeen) -> None:
    assert p_of_row(row, HOME, MULTIPLICATIVE) is None


def test_a_spread_is_moved_to_the_markets_line() -> None:
    by_5 = Claim(Axis.MARGIN, Tenths(25), above=True)
    row = spread_row(-5.5)
    assert p_of_row(row, by_5, MULTIPLICATIVE) == pytest.approx(0.5879, abs=2e-4)
    own = Claim(Axis.MARGIN, Tenths(55), above=True)
    assert p_of_row(row, own, MULTIPLICATIVE) == pytest.approx(0.5)
    away = Claim(Axis.MARGIN, Tenths(55), above=False)
    assert p_of_row(spread_row(-5.5, -120, 100), away, MULTIPLICATIVE) == pytest.approx(
        1 - 0.521739, abs=1e-6
    )


def test_a_total_is_moved_to_the_markets_line() -> None:
    row = changed(odds("x", None, None), total=Tenths(2285), over_odds=-110, under_odds=-110)
    assert p_of_row(row, Claim(Axis.TOTAL, Tenths(2255), above=True), MULTIPLICATIVE) == pytest.approx(
        0.566184, abs=1e-6
    )


def test_a_book_without_a_moneyline_speaks_by_its_spread_before_the_tip_only() -> None:
    assert p_of_row(spread_row(-5), HOME, MULTIPLICATIVE) == pytest.approx(0.6591, abs=1e-3)
    assert p_of_row(spread_row(-5), HOME, MULTIPLICATIVE, share=0.5) is None


def test_in_play_lines_are_moved_with_what_is_left_of_the_game() -> None:
    claim = Claim(Axis.MARGIN, Tenths(25), above=True)
    before, late = (p_of_row(spread_row(-5.5), claim, MULTIPLICATIVE, share) for share in (1.0, 0.1))
    assert before is not None
    assert late is not None
    assert late > before
    assert p_of_row(spread_row(-5.5), claim, MULTIPLICATIVE, None) is None


def told(*rows: OddsSeen) -> View:
    view = View()
    view.apply(game_known())
    for row in rows:
        view.apply(row)
    return view


def test_the_median_of_independent_fresh_books() -> None:
    rows = [
        odds("fanduel", -150, 130),
        odds("betmgm", -140, 120),
        odds("caesars", -160, 140),
        odds("kalshi", 200, -250),
    ]
    fair = fair_value(told(*rows).game(GAME), HOME, RULES, START)
    assert fair is not None
    assert fair.books == 3
    assert fair.p_fair == pytest.approx(0.579832, abs=1e-6)
    assert 0 < fair.p_dispersion < 0.05


def test_a_row_counts_until_its_age_and_no_longer() -> None:
    game = told(*(odds(book, -150, 130) for book in ("fanduel", "betmgm", "caesars"))).game(GAME)
    fair = fair_value(game, HOME, RULES, Nanos(START + RULES.age_max))
    assert fair is not None
    assert fair.until == START + RULES.age_max + 1
    assert fair_value(game, HOME, RULES, fair.until) is None


def test_the_books_own_time_is_their_age() -> None:
    rows = [
        changed(odds(book, -150, 130), at_venue=Nanos(START - RULES.age_max - 1)) for book in ("a", "b", "c")
    ]
    assert fair_value(told(*rows).game(GAME), HOME, RULES, START) is None


def test_in_play_without_a_clock_only_moneylines_are_usable() -> None:
    view = told(*(changed(spread_row(-5), vendor=book) for book in ("a", "b", "c")))
    view.apply(changed(score(10, 10, 2, 5), clock_ms=None))
    assert fair_value(view.game(GAME), Claim(Axis.MARGIN, Tenths(25), above=True), RULES, START) is None


@given(
    st.lists(st.floats(0.05, 0.95), min_size=3, max_size=9),
    st.sampled_from(["median", "mean", "logit_mean", "weighted"]),
)
def test_every_average_lies_between_the_books_and_mirrors(prices: list[float], average: str) -> None:
    rules = attrs.evolve(RULES, average=average)
    fair = joined([BookPrice(f"b{n}", p, START) for n, p in enumerate(prices)], rules)
    other = joined([BookPrice(f"b{n}", 1 - p, START) for n, p in enumerate(prices)], rules)
    assert fair is not None
    assert other is not None
    assert min(prices) - 1e-9 <= fair.p_fair <= max(prices) + 1e-9
    assert fair.p_fair == pytest.approx(1 - other.p_fair)
    assert fair.p_dispersion == pytest.approx(max(prices) - min(prices))


def test_an_unknown_average_is_refused() -> None:
    with pytest.raises(ValueError, match="no average"):
        joined([BookPrice("a", 0.5, START)], attrs.evolve(RULES, average="mode", books_min=1))

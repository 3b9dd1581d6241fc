"""Scores against their definitions: worked examples, identities, symmetry, and nothing from nothing."""

import math
import statistics

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.evaluation.scoring import (
    HORIZONS,
    Calibration,
    Drawdown,
    Forecast,
    LogLoss,
    Markout,
    Profit,
    brier,
    brier_advantage,
    calibration,
    closing_line_value,
    closing_odds_value,
    drawdown,
    log_loss,
    markout,
    markout_curve,
    profit,
    returns,
    wilson,
)
from engine.events import BookSide
from engine.units import NANOS_PER_SECOND, Money, Nanos, Price, from_cents

probabilities = st.floats(0, 1)
outcomes = st.sampled_from([0.0, 1.0])
forecasts = st.lists(
    st.builds(Forecast, st.sampled_from("abc"), probabilities, outcomes, probabilities | st.none()),
    min_size=1,
    max_size=40,
)
prices = st.integers(1, 9_999).map(Price)
RAIN = [Forecast("a", 0.9, 1.0, 0.8), Forecast("a", 0.2, 0.0, 0.4), Forecast("b", 0.6, 0.0, None)]


def test_brier_is_the_mean_squared_error() -> None:
    assert brier(RAIN) == pytest.approx((0.01 + 0.04 + 0.36) / 3)
    assert brier([]) is None


def test_the_advantage_compares_on_the_rows_that_the_market_priced() -> None:
    assert brier_advantage(RAIN) == pytest.approx(((0.04 + 0.16) - (0.01 + 0.04)) / 2)
    assert brier_advantage(RAIN[2:]) is None


def test_log_loss_says_how_often_it_clipped() -> None:
    assert log_loss([Forecast("a", 0.8, 1.0)]) == LogLoss(-math.log(0.8), 0)
    clipped = log_loss([Forecast("a", 0.0, 1.0), Forecast("a", 1.0, 1.0)], 0.01)
    assert clipped is not None
    assert clipped.clipped == 2
    assert clipped.mean == pytest.approx((-math.log(0.01) - math.log(0.99)) / 2)
    assert log_loss([]) is None


@given(forecasts)
def test_scores_lie_in_their_ranges_and_do_not_know_yes_from_no(rows: list[Forecast]) -> None:
    mirrored = [
        Forecast(row.game, 1 - row.p, 1 - row.outcome, None if row.p_market is None else 1 - row.p_market)
        for row in rows
    ]
    score, loss = brier(rows), log_loss(rows)
    assert score is not None
    assert loss is not None
    assert 0.0 <= score <= 1.0
    assert loss.mean >= -math.log(0.99) - 1e-12
    assert brier(mirrored) == pytest.approx(score)
    assert brier_advantage(mirrored) == pytest.approx(brier_advantage(rows))
    other = log_loss(mirrored)
    assert other is not None
    assert other.mean == pytest.approx(loss.mean)


@given(forecasts, st.integers(1, 20))
def test_the_parts_of_murphys_split_are_the_brier_score(rows: list[Forecast], bins: int) -> None:
    split = calibration(rows, bins)
    assert split is not None
    total = split.reliability - split.resolution + split.uncertainty + split.within
    assert total == pytest.approx(brier(rows))
    assert sum(each.count for each in split.bins) == len(rows)
    assert min(split.reliability, split.resolution, split.uncertainty) >= 0.0
    for each in split.bins:
        assert each.p_low <= each.p_said <= each.p_high
        assert each.p_came_low - 1e-12 <= each.p_came <= each.p_came_high + 1e-12


@given(st.lists(st.tuples(st.sampled_from([0.05, 0.35, 0.75]), outcomes), min_size=1))
def test_nothing_is_left_within_bins_of_equal_forecasts(pairs: list[tuple[float, float]]) -> None:
    split = calibration([Forecast("a", p, outcome) for p, outcome in pairs])
    assert split is not None
    assert split.within == pytest.approx(0.0, abs=1e-12)


def test_a_perfect_forecaster_is_all_resolution() -> None:
    split = calibration([Forecast("a", 1.0, 1.0), Forecast("b", 0.0, 0.0)])
    assert split is not None
    assert (split.reliability, split.resolution, split.uncertainty) == (0.0, 0.25, 0.25)
    assert [each.count for each in split.bins] == [1, 1]


def test_calibration_of_nothing_is_nothing() -> None:
    assert calibration([]) is None
    with pytest.raises(ValueError, match="bin"):
        calibration(RAIN, 0)
    assert isinstance(calibration(RAIN, 1), Calibration)


@pytest.mark.parametrize(
    ("share", "count", "low", "high"),
    [(0.0, 10, 0.0, 0.2775), (1.0, 10, 0.7225, 1.0), (0.5, 10, 0.2366, 0.7634), (0.1, 100, 0.0552, 0.1744)],
)
def test_wilson_intervals_of_the_textbooks(share: float, count: int, low: float, high: float) -> None:
    assert wilson(share, count) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 500), st.data())
def test_a_wilson_interval_holds_its_share_and_shrinks(count: int, data: st.DataObject) -> None:
    share = data.draw(st.integers(0, count)) / count
    low, high = wilson(share, count)
    assert 0.0 <= low <= share + 1e-12
    assert share - 1e-12 <= high <= 1.0
    narrower = wilson(share, count * 4)
    assert narrower[1] - narrower[0] < high - low
    assert wilson(1 - share, count) == pytest.approx((1 - high, 1 - low))


@pytest.mark.parametrize(("share", "count"), [(0.5, 0), (-0.1, 5), (1.1, 5), (math.nan, 5)])
def test_no_interval_without_trials(share: float, count: int) -> None:
    with pytest.raises(ValueError, match="no interval"):
        wilson(share, count)


def test_buying_below_the_close_is_worth_the_difference() -> None:
    assert closing_line_value(BookSide.BID, from_cents(50), 0.55) == pytest.approx(0.05)
    assert closing_line_value(BookSide.ASK, from_cents(50), 0.55) == pytest.approx(-0.05)
    assert closing_odds_value(BookSide.BID, from_cents(50), 0.55) == pytest.approx(0.10)
    assert closing_odds_value(BookSide.ASK, from_cents(50), 0.55) == pytest.approx(-0.10)
    assert closing_odds_value(BookSide.BID, from_cents(0), 0.55) is None


@given(prices, probabilities)
def test_closing_value_does_not_know_yes_from_no(price: Price, p_close: float) -> None:
    other = Price(10_000 - price)
    for value in (closing_line_value, closing_odds_value):
        yes = value(BookSide.BID, price, p_close)
        assert value(BookSide.ASK, other, 1 - p_close) == pytest.approx(yes, rel=1e-9, abs=1e-9)
    assert markout(BookSide.BID, price, p_close, HORIZONS[0]).gain == pytest.approx(
        markout(BookSide.ASK, other, 1 - p_close, HORIZONS[0]).gain, abs=1e-12
    )


def test_the_markout_curve_says_what_it_could_not_see() -> None:
    second = NANOS_PER_SECOND
    fills = [
        markout(BookSide.BID, from_cents(40), 0.42, Nanos(5 * second)),
        markout(BookSide.ASK, from_cents(40), 0.42, Nanos(second)),
        markout(BookSide.BID, from_cents(40), None, Nanos(second)),
        markout(BookSide.BID, from_cents(40), None, Nanos(30 * second)),
    ]
    assert fills[2] == Markout(second, None)
    curve = markout_curve(fills)
    assert [(point.horizon, point.count, point.untrusted) for point in curve] == [
        (second, 1, 1),
        (5 * second, 1, 0),
        (30 * second, 0, 1),
    ]
    assert curve[0].mean == pytest.approx(-0.02)
    assert curve[1].mean == pytest.approx(0.02)
    assert curve[2].mean is None
    assert markout_curve([]) == ()


def test_profit_of_a_few_games() -> None:
    assert profit([Money(30), Money(-10), Money(10), Money(0)]) == Profit(4, 0.5, 7.5, 4.0, 2.0)
    assert profit([Money(5)]) == Profit(1, 1.0, 5.0, None, None)
    assert profit([Money(-5)]) == Profit(1, 0.0, -5.0, 0.0, None)
    assert profit([]) is None


@given(st.lists(st.integers(-(10**9), 10**9).map(Money), min_size=1))
def test_profit_agrees_with_the_sum(results: list[Money]) -> None:
    found = profit(results)
    assert found is not None
    assert found.expectancy * found.units == pytest.approx(sum(results), abs=1e-3)
    if found.profit_factor is not None:
        assert (found.profit_factor >= 1) == (sum(results) >= 0)


def test_drawdown_is_the_deepest_fall_and_the_longest_time_below_a_peak() -> None:
    worths = [100, 120, 90, 110, 121, 115, 118]
    equity = [(Nanos(at), Money(worth)) for at, worth in enumerate(worths)]
    assert drawdown(equity) == Drawdown(Money(30), Nanos(2))
    assert drawdown([*equity, (Nanos(20), Money(120))]) == Drawdown(Money(30), Nanos(16))
    assert drawdown([]) is None


@given(st.lists(st.integers(-1000, 1000).map(Money), min_size=1))
def test_equity_that_only_rises_has_no_drawdown(changes: list[Money]) -> None:
    worth, equity = 0, []
    for at, change in enumerate(changes):
        worth += abs(change)
        equity.append((Nanos(at), Money(worth)))
    assert drawdown(equity) == Drawdown(Money(0), Nanos(0))
    fallen = drawdown([(at, Money(-worth)) for at, worth in equity])
    assert fallen is not None
    assert fallen.depth == equity[-1][1] - equity[0][1]


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=50))
def test_ratios_are_those_of_the_definitions(values: list[float]) -> None:
    assume(statistics.pstdev(values) > 1e-6)
    found = returns(values)
    assert found is not None
    assert found.sharpe == pytest.approx(
        statistics.fmean(values) / statistics.stdev(values), rel=1e-6, abs=1e-9
    )
    if found.p_sharpe is not None and found.sharpe is not None:
        assert (found.p_sharpe > 0.5) == (found.sharpe > 1e-17) or abs(found.sharpe) < 1e-12


def test_returns_without_spread_have_no_ratio() -> None:
    assert returns([0.1]) is None
    found = returns([0.1] * 7)
    assert found is not None
    assert (found.sharpe, found.sortino, found.p_sharpe) == (None, None, None)
    assert found.mean == pytest.approx(0.1)


def test_sortino_counts_only_losses() -> None:
    found = returns([0.3, -0.1])
    assert found is not None
    assert found.sortino == pytest.approx(0.1 / math.sqrt(0.01 / 2))

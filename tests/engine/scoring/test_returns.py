"""Statistics of results against their definitions: worked examples and identities."""

import math
import statistics

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.scoring.returns import Drawdown, Profit, drawdown, losing_run, profit, returns, share_of_best
from engine.units import Money, Nanos


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


def test_the_losing_run_is_the_longest_one_and_ends_with_a_draw() -> None:
    assert losing_run([Money(result) for result in (-1, -1, 0, -1, 2, -1, -1, -1)]) == 3
    assert losing_run([]) == 0


def test_the_share_of_the_best_tells_when_the_rest_lost() -> None:
    assert share_of_best([Money(50), Money(30), Money(10), Money(10)], 3) == pytest.approx(0.9)
    assert share_of_best([Money(60), Money(-20), Money(-20)], 1) == pytest.approx(3.0)
    assert share_of_best([Money(5), Money(-5)], 3) is None

"""Scores over runs: what one strategy is told does not depend on others, on order, or on repetition."""

import math

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.outcome_range import OutcomeRange
from engine.scoring.equity import EquityPoint
from engine.scoring.forecasts import Forecast
from engine.scoring.judgement import Honesty, Judgement
from engine.scoring.observations import FillSeen, ForecastSeen, RunSeen, StrategySeen, Wishes
from engine.scoring.scores import StrategyScores, scores
from engine.tally import Band
from engine.units import Money, Nanos, contracts
from tests.engine.scoring.rows import fill_seen

DOLLAR = 1_000_000


def evening(number: int, dollars: float, *, strategy: str = "s", fills: tuple[FillSeen, ...] = ()) -> RunSeen:
    """A run of one game that brought so many dollars."""
    amount = Money(round(dollars * DOLLAR))
    pnl = Band(amount, amount, amount)
    row = StrategySeen(
        strategy=strategy,
        wishes=Wishes(passed=3, refused={"orders_per_hour": 1}),
        signals=4,
        near_misses=2,
        rested=0,
        delayed=0,
        fees=Money(10),
        realized=amount,
        unrealized=Money(0),
        pnl=pnl,
        games={f"g{number:03}": pnl},
        ranges={f"g{number:03}": OutcomeRange(Money(min(0, amount)), Money(max(0, amount)))},
        curve=(EquityPoint(Nanos(number), amount, amount, amount),),
    )
    return RunSeen(strategies=(row,), fills=fills, forecasts=(), blind=0, at=Nanos(number))


def season(results: list[float]) -> list[RunSeen]:
    return [evening(number, result) for number, result in enumerate(results)]


def one(runs: list[RunSeen]) -> StrategyScores:
    (found,) = scores(runs)
    return found


@given(st.lists(st.floats(-9, 9), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_the_runs_is_of_no_account(results: list[float], random: object) -> None:
    runs = season(results)
    shuffled = list(runs)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert scores(shuffled) == scores(runs)


def test_what_is_said_of_a_strategy_does_not_depend_on_who_else_ran() -> None:
    alone = season([1.0, -2.0, 3.0])
    others = [evening(number, 9.0, strategy="other") for number in range(40)]
    assert scores([*alone, *others])[1] == one(alone)


def test_a_season_adds_up() -> None:
    found = one(season([1.0, -2.0, 4.0]))
    assert found.pnl.base == 3 * DOLLAR
    assert (found.fees, found.signals, found.near_misses, found.runs) == (30, 12, 6, 3)
    assert (found.wishes.made, found.wishes.by_limits) == (12, {"orders_per_hour": 3})
    assert [point.pnl.base / DOLLAR for point in found.curve] == [1, 1, -1, -1, 3, 3]
    assert found.ups.best == ("g002", Money(4 * DOLLAR))
    assert found.ups.worst == ("g001", Money(-2 * DOLLAR))
    assert (found.ups.losing_run, found.ups.drawdown) == (1, 2 * DOLLAR)
    assert found.verdict.judgement is Judgement.UNKNOWN


def test_a_loss_from_the_first_trade_on_is_a_drawdown() -> None:
    assert one(season([-3.0])).ups.drawdown == 3 * DOLLAR


def test_a_game_that_was_replayed_twice_was_played_once() -> None:
    runs = season([1.0] * 29)
    assert one([*runs, *runs]).verdict.judgement is Judgement.UNKNOWN
    assert one([*runs, *runs]).verdict.games == 29
    assert one(season([1.0] * 30)).verdict.judgement is Judgement.BEATS


def forecasting(rows: list[Forecast]) -> RunSeen:
    seen = tuple(
        ForecastSeen(strategy="s", ticker=f"t{number}", forecast=row) for number, row in enumerate(rows)
    )
    return attrs.evolve(evening(0, 0.0), forecasts=seen)


def test_forecasts_are_compared_on_the_rows_that_had_a_price() -> None:
    rows = [Forecast("a", 0.9, 1.0, 0.8), Forecast("a", 0.2, 0.0, 0.4), Forecast("b", 0.6, 0.0, None)]
    found = one([forecasting(rows)]).forecasts
    assert (found.count, found.compared, found.games) == (3, 2, 1)
    assert found.brier == pytest.approx((0.01 + 0.04) / 2)
    assert found.brier_market == pytest.approx((0.04 + 0.16) / 2)
    assert found.brier_gain is not None
    assert found.brier_gain.estimate == pytest.approx(0.15 / 2)
    assert found.log_loss_gain is not None
    ours, theirs = -math.log(0.9) - math.log(0.8), -math.log(0.8) - math.log(0.6)
    assert found.log_loss_gain.estimate == pytest.approx((theirs - ours) / 2)
    assert found.calibration is not None
    assert sum(each.count for each in found.calibration.bins) == 3


def test_without_forecasts_there_is_nothing_to_compare() -> None:
    found = one(season([1.0])).forecasts
    assert (found.count, found.brier, found.brier_gain, found.calibration) == (0, None, None, None)


def expecting(games: int, gain: float, stated: float | None = 0.05) -> list[RunSeen]:
    """Ten contracts a game that brought so many dollars each."""
    return [
        evening(
            number,
            10 * gain,
            fills=(fill_seen(game=f"g{number:03}", gain=Money(round(10 * gain * DOLLAR)), stated=stated),),
        )
        for number in range(games)
    ]


def test_expectations_that_do_not_come_true_are_called_fiction() -> None:
    found = one(expecting(30, -0.02)).expectation
    assert found.honesty is Honesty.FICTION
    assert found.stated == pytest.approx(0.05)
    assert found.brought is not None
    assert found.brought.estimate == pytest.approx(-0.02)
    assert found.gap is not None
    assert found.gap.estimate == pytest.approx(-0.07)
    assert (found.fills, found.contracts) == (30, 300.0)
    assert one(expecting(29, -0.02)).expectation.honesty is Honesty.UNKNOWN
    assert one(expecting(30, 0.05)).expectation.honesty in (Honesty.BORNE_OUT, Honesty.MODEST)


def test_what_states_nothing_or_is_open_expects_nothing() -> None:
    found = one(expecting(30, -0.02, stated=None)).expectation
    assert (found.fills, found.stated, found.honesty) == (0, None, Honesty.UNKNOWN)
    fill = fill_seen(game="g000", closed=contracts(0))
    assert one([evening(0, 0.0, fills=(fill,))]).expectation.fills == 0


def test_closing_line_value_counts_what_has_no_close() -> None:
    known, unknown = fill_seen(game="g000", close=0.02, close_books=0.01), fill_seen(game="g000")
    later = fill_seen(game="g000", to_tip=-1)
    found = one([evening(0, 0.0, fills=(known, unknown, later))])
    assert (found.closing.fills, found.closing.missing) == (1, 1)
    assert found.closing.mean is not None
    assert found.closing.mean.estimate == pytest.approx(0.02)
    assert found.closing_books.mean is not None
    assert found.closing_books.mean.estimate == pytest.approx(0.01)

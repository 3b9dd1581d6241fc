"""Scoring runs that the price has not followed, and moves of the price: traded as defined, and only then.

Covers: engine.strategies.inplay.
"""

import json

import pytest

from engine.facts import Noted, SignalAction
from engine.strategies.momentum import MomentumParameters
from engine.strategies.parameters import Plain
from engine.win_probability import InPlayModel
from tests.engine.strategies.evening import (
    AWAY_WINS,
    GAME,
    HOME_WINS,
    Evening,
    game_known,
    market,
    odds,
    score,
    top,
)

BOOKS = ("draftkings", "fanduel", "betmgm")
RUN = "scoring_run"


def tipped_off(**parameters: Plain) -> Evening:
    """An even game, tipped off, priced at 0.50 with a spread of one cent."""
    run = Evening("momentum", **parameters).at(
        0,
        game_known(),
        market(HOME_WINS),
        *(odds(book, -110, -110) for book in BOOKS),
        top(HOME_WINS, 49, 51),
    )
    return run.at(1, score(0, 0, 1, 12)).at(600, score(20, 20, 2, 12)).at(601, top(HOME_WINS, 49, 51))


def test_buys_with_a_run_that_the_price_has_not_followed() -> None:
    run = tipped_off(price_momentum=False)
    run.at(610, score(24, 20, 2, 11.5)).at(650, score(32, 20, 2, 10.5)).at(651, top(HOME_WINS, 51, 52))
    assert run.trades == ["650 enter scoring_run LAL bid 0.5100"]
    entry = run.actions(SignalAction.ENTER)[0]
    evidence = dict(entry.evidence)
    model = InPlayModel()
    change = model.p_win(12, 34.5, 0.0) - model.p_win(0, 36.0, 0.0)
    assert evidence["run"] == "12"
    assert float(evidence["model_change"]) == pytest.approx(change, abs=1e-6)
    assert entry.p_fair == pytest.approx(0.50 + change)


def test_sells_with_a_run_of_the_other_team() -> None:
    run = tipped_off(price_momentum=False).at(650, score(20, 32, 2, 10.5))
    assert run.trades == ["650 enter scoring_run LAL ask 0.4900"]


def test_does_not_trade_a_run_that_the_price_has_followed() -> None:
    run = tipped_off(price_momentum=False).at(640, top(HOME_WINS, 76, 77)).at(650, score(32, 20, 2, 10.5))
    assert run.trades == []


def test_does_not_trade_an_evening_without_runs_or_moves() -> None:
    run = tipped_off()
    for minute in range(1, 12):
        run.at(600 + 60 * minute, score(20 + 2 * minute, 20 + 2 * minute, 2, 12 - minute))
        run.at(610 + 60 * minute, top(HOME_WINS, 49 + minute % 2, 51 + minute % 2))
    assert run.lines == []


@pytest.mark.parametrize(("threshold", "trades"), [(12, 1), (13, 0)])
def test_a_run_of_exactly_the_threshold_counts(threshold: int, trades: int) -> None:
    run = tipped_off(price_momentum=False, scoring_run_threshold=threshold).at(650, score(32, 20, 2, 10.5))
    assert len(run.orders) == trades


@pytest.mark.parametrize(("seconds", "trades"), [(720, 1), (721, 0)])
def test_a_run_must_happen_within_the_timeframe(seconds: int, trades: int) -> None:
    run = tipped_off(price_momentum=False).at(seconds, score(32, 20, 2, 10.5))
    assert len(run.orders) == trades


@pytest.mark.parametrize(("lag", "trades"), [(0.0, 1), (0.01, 0)])
def test_the_price_must_lag_by_the_threshold(lag: float, trades: int) -> None:
    model = InPlayModel()
    cents = 100 * (0.50 + model.p_win(12, 34.5, 0.0) - model.p_win(0, 36.0, 0.0)) - 51
    run = tipped_off(price_momentum=False, price_lag_threshold=cents + lag).at(650, score(32, 20, 2, 10.5))
    assert len(run.orders) == trades


def test_a_mistaken_score_makes_no_run() -> None:
    run = tipped_off(price_momentum=False).at(620, score(20, 2, 2, 11)).at(640, score(22, 20, 2, 10.5))
    assert run.trades == []


def test_spread_and_total_markets_follow_a_run_too() -> None:
    spread = f"{GAME}-LAL6"
    run = Evening("momentum", price_momentum=False).at(
        0, game_known(), market(spread, "spread", "LAL", 5.5), *(odds(book, -110, -110) for book in BOOKS)
    )
    run.at(1, score(0, 0, 1, 12), top(spread, 33, 34)).at(600, score(20, 20, 2, 12))
    run.at(650, score(34, 20, 2, 10.5))
    assert run.trades == ["650 enter scoring_run LAL6 bid 0.3400"]


def test_buys_a_move_of_the_price_in_a_tight_market() -> None:
    run = tipped_off(scoring_runs=False).at(640, top(HOME_WINS, 56, 57)).at(641, top(HOME_WINS, 57, 58))
    assert run.trades == ["640 enter price_momentum LAL bid 0.5700"]


def test_a_move_in_a_wide_market_or_slower_than_the_lookback_is_none() -> None:
    wide = tipped_off(scoring_runs=False).at(640, top(HOME_WINS, 55, 59))
    assert wide.trades == []
    slow = tipped_off(scoring_runs=False)
    for step in range(10):
        slow.at(700 + 40 * step, top(HOME_WINS, 50 + step, 51 + step))
    assert slow.trades == []


@pytest.mark.parametrize(("change", "trades"), [(6.5, 1), (6.51, 0)])
def test_a_move_of_exactly_the_least_change_counts(change: float, trades: int) -> None:
    run = tipped_off(scoring_runs=False, min_price_change_cents=change).at(640, top(HOME_WINS, 56, 57))
    assert len(run.orders) == trades


def test_a_small_move_does_not_pay_for_two_fees_and_the_spread() -> None:
    run = tipped_off(scoring_runs=False).at(640, top(HOME_WINS, 54, 56))
    assert run.lines == ["640 no_trade no_net_edge LAL bid 0.5600"]


def test_a_landslide_is_not_expected_to_go_on_like_that() -> None:
    run = tipped_off(scoring_runs=False).at(640, top(HOME_WINS, 79, 80))
    assert run.actions(SignalAction.ENTER)[0].p_fair == pytest.approx(0.795 + 0.10)


def test_leaves_when_the_price_turns_back() -> None:
    run = tipped_off(scoring_runs=False).at(640, top(HOME_WINS, 56, 57)).at(650, top(HOME_WINS, 58, 59))
    run.at(660, top(HOME_WINS, 56, 57)).at(670, top(HOME_WINS, 55, 56))
    assert run.trades[1:] == ["670 exit reversion LAL ask 0.5500"]


def test_leaves_at_the_target_and_after_the_time_limit() -> None:
    hit = tipped_off(scoring_runs=False).at(640, top(HOME_WINS, 56, 57)).at(650, top(HOME_WINS, 64, 65))
    assert hit.trades[1:] == ["650 exit target LAL ask 0.6400"]
    late = tipped_off(scoring_runs=False, exit_on_reversion=False, exit_edge_gone=False)
    late.at(640, top(HOME_WINS, 56, 57)).at(650, top(HOME_WINS, 55, 56)).at(1300)
    assert late.trades[1:] == ["1240 exit time_limit LAL ask 0.5500"]


def test_the_baseline_is_a_fact_and_survives_a_restart() -> None:
    run = tipped_off(price_momentum=False)
    (noted,) = [fact for fact in run.facts if isinstance(fact, Noted)]
    # The venue's own price of before the tip is the better forecast of the two.
    assert json.loads(noted.value)["source"] == "kalshi"
    run.restart()
    run.at(602, score(20, 20, 2, 11.9)).at(603, top(HOME_WINS, 49, 50)).at(604, score(20, 20, 2, 11.8))
    run.at(650, score(32, 20, 2, 10.5))
    assert run.trades == ["650 enter scoring_run LAL bid 0.5000"]
    assert sum(isinstance(fact, Noted) for fact in run.facts) == 1


def test_both_winner_markets_are_watched() -> None:
    run = Evening("momentum", price_momentum=False).at(
        0,
        game_known(),
        market(AWAY_WINS),
        *(odds(book, -110, -110) for book in BOOKS),
        top(AWAY_WINS, 49, 51),
    )
    run.at(1, score(0, 0, 1, 12)).at(600, score(20, 20, 2, 12)).at(650, score(32, 20, 2, 10.5))
    assert run.trades == ["650 enter scoring_run BOS ask 0.4900"]


def test_defaults_are_the_documented_ones() -> None:
    defaults = MomentumParameters()
    assert (defaults.scoring_run_threshold, defaults.timeframe_seconds, defaults.price_lag_threshold) == (
        8,
        120,
        3,
    )
    assert (defaults.lookback_seconds, defaults.min_price_change_cents, defaults.max_spread_cents) == (
        120,
        5,
        3,
    )
    assert (defaults.position_size, defaults.cooldown_minutes, defaults.exit_on_reversion) == (10, 3, True)

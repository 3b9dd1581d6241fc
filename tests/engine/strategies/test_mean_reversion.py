"""SimulatedClock and price that ran ahead of expectation: traded as defined, and only then.

Covers: engine.strategies.baselines.
"""

import pytest

from engine.facts import Noted, SignalAction
from engine.strategies.mean_reversion import MeanReversionParameters
from engine.strategies.parameters import ParametersRefused, Plain
from tests.engine.strategies.evening import (
    GAME,
    HOME_WINS,
    Evening,
    counts,
    game_known,
    market,
    odds,
    score,
    top,
    total_odds,
)

BOOKS = ("draftkings", "fanduel", "betmgm")
TOTAL = f"{GAME}-226"


def total_evening(**parameters: Plain) -> Evening:
    """220 points were expected at the opening; the market is on more than 225.5."""
    return (
        Evening("mean_reversion", **parameters)
        .at(
            0,
            game_known(),
            market(TOTAL, "total", strike=225.5),
            *(total_odds(b, 220, opening=True) for b in BOOKS),
        )
        .at(1, score(0, 0, 1, 12))
    )


def price_evening(**parameters: Plain) -> Evening:
    """The home team's pre-game price was 0.60."""
    return (
        Evening("mean_reversion", **parameters)
        .at(
            0,
            game_known(),
            market(HOME_WINS),
            *(odds(book, -150, 125) for book in BOOKS),
            top(HOME_WINS, 59, 61),
        )
        .at(1, score(0, 0, 1, 12))
    )


def test_sells_the_over_after_a_fast_quarter_that_the_market_believes_in() -> None:
    run = total_evening().at(720, score(34, 33, 2, 12)).at(721, top(TOTAL, 71, 72))
    assert run.trades == ["721 enter pace_reversion 226 ask 0.7100"]
    evidence = dict(run.actions(SignalAction.ENTER)[0].evidence)
    assert evidence["projected_total"] == "268.0000"
    assert evidence["opening_total"] == "220.0000"


def test_buys_the_over_after_a_slow_quarter() -> None:
    run = total_evening().at(720, score(22, 21, 2, 12)).at(721, top(TOTAL, 9, 10))
    assert run.trades == ["721 enter pace_reversion 226 bid 0.1000"]


def test_does_not_trade_an_evening_at_the_expected_pace() -> None:
    run = total_evening()
    for quarter, points in ((2, 55), (3, 110), (4, 165)):
        run.at(720 * quarter, score(points // 2, points - points // 2, quarter, 12), top(TOTAL, 40, 42))
    assert run.lines == []


@pytest.mark.parametrize(("deviation", "trades"), [(100 * 48 / 220, 1), (100 * 48 / 220 + 0.001, 0)])
def test_the_deviation_itself_is_enough(deviation: float, trades: int) -> None:
    run = (
        total_evening(min_deviation_percent=deviation)
        .at(720, score(34, 33, 2, 12))
        .at(721, top(TOTAL, 71, 72))
    )
    assert len(run.orders) == trades


def test_a_pace_needs_a_quarter_of_the_game_to_show() -> None:
    run = total_evening().at(700, score(34, 33, 1, 0.5)).at(701, top(TOTAL, 71, 72))
    assert run.lines == []
    assert len(run.at(720, score(34, 33, 2, 12)).orders) == 1


def test_without_confidence_nothing_comes_back() -> None:
    run = total_evening(reversion_confidence=0).at(720, score(34, 33, 2, 12)).at(721, top(TOTAL, 71, 72))
    assert run.trades == []


def test_half_is_sold_half_way_and_only_once() -> None:
    run = total_evening(exit_edge_gone=False).at(720, score(34, 33, 2, 12)).at(721, top(TOTAL, 71, 72))
    fair = run.actions(SignalAction.ENTER)[0].p_fair
    assert fair is not None
    half_way = round(100 * (0.71 + fair) / 2) - 1
    run.at(722, top(TOTAL, half_way - 1, half_way)).at(730, top(TOTAL, half_way - 2, half_way - 1))
    assert [line.split()[2] for line in run.trades] == ["pace_reversion", "half_way"]
    assert counts(run.orders) == ["10.00", "5.00"]


def test_buys_a_favourite_whose_price_fell_further_than_the_score_says() -> None:
    run = price_evening().at(300, score(10, 14, 1, 6)).at(301, top(HOME_WINS, 39, 41))
    assert run.trades == ["301 enter price_reversion LAL bid 0.4100"]
    evidence = dict(run.actions(SignalAction.ENTER)[0].evidence)
    assert evidence["pregame"] == "0.600000"
    assert evidence["move"] == "-0.200000"


def test_does_not_trade_a_price_that_follows_the_score() -> None:
    run = price_evening().at(600, score(10, 28, 1, 2)).at(601, top(HOME_WINS, 34, 36))
    assert run.trades == []


@pytest.mark.parametrize(
    ("parameters", "why"),
    [
        ({"min_reversion_percent": 20.1}, "moved too little"),
        ({"max_reversion_percent": 19.9}, "moved too far"),
        ({"max_score_deficit": 3}, "trails by too much"),
        ({"min_time_remaining_pct": 90}, "too late"),
        ({"price": False}, "switched off"),
    ],
)
def test_each_bound_stops_it(parameters: dict[str, Plain], why: str) -> None:
    run = price_evening(**parameters).at(300, score(10, 14, 1, 6)).at(301, top(HOME_WINS, 39, 41))
    assert run.orders == [], why


@pytest.mark.parametrize(
    "parameters",
    [
        {"min_reversion_percent": 20},
        {"max_reversion_percent": 20},
        {"max_score_deficit": 4},
        {"min_time_remaining_pct": 87.5},
    ],
)
def test_each_bound_itself_is_allowed(parameters: dict[str, Plain]) -> None:
    run = price_evening(**parameters).at(300, score(10, 14, 1, 6)).at(301, top(HOME_WINS, 39, 41))
    assert len(run.orders) == 1


def test_only_the_first_half() -> None:
    late = price_evening().at(1800, score(60, 62, 3, 11)).at(1801, top(HOME_WINS, 39, 41))
    assert late.orders == []
    both = (
        price_evening(only_first_half=False).at(1800, score(60, 62, 3, 11)).at(1801, top(HOME_WINS, 39, 41))
    )
    assert len(both.orders) == 1


def test_baselines_survive_a_restart_and_are_not_taken_anew() -> None:
    run = price_evening().at(300, score(10, 14, 1, 6))
    run.restart()
    run.at(301, top(HOME_WINS, 39, 41))
    assert run.trades == ["301 enter price_reversion LAL bid 0.4100"]
    assert sum(isinstance(fact, Noted) for fact in run.facts) == 1


def test_a_game_first_heard_of_in_the_third_quarter_has_no_pregame_price() -> None:
    run = Evening("mean_reversion", only_first_half=False).at(
        0, game_known(), market(HOME_WINS), score(60, 62, 3, 11), top(HOME_WINS, 59, 61)
    )
    assert run.at(10, top(HOME_WINS, 39, 41)).orders == []


def test_an_empty_window_is_refused() -> None:
    with pytest.raises(ParametersRefused, match="min_reversion_percent"):
        MeanReversionParameters.parse({"min_reversion_percent": 41})


def test_defaults_are_the_documented_ones() -> None:
    defaults = MeanReversionParameters()
    assert (defaults.min_deviation_percent, defaults.min_time_elapsed_percent) == (15, 25)
    assert (defaults.reversion_confidence, defaults.partial_exit_threshold) == (1, 50)
    assert (defaults.min_reversion_percent, defaults.max_reversion_percent) == (15, 40)
    assert (defaults.min_time_remaining_pct, defaults.only_first_half) == (25, True)
    assert (defaults.max_score_deficit, defaults.cooldown_minutes) == (20, 10)

"""Relations between the markets of a game: arbitrage, failed legs, and the normal model's word.

Covers: engine.strategies.legs, engine.strategies.merge_steps, engine.strategies.relations.
"""

import pytest

from engine.facts import SignalAction
from engine.strategies.correlation import CorrelationParameters
from engine.strategies.parameters import ParametersRefused, Plain
from tests.engine.strategies.evening import (
    AWAY_WINS,
    GAME,
    HOME_WINS,
    Evening,
    counts,
    game_known,
    market,
    score,
    top,
)

HOME_BY_5 = f"{GAME}-LAL5"
HOME_BY_8 = f"{GAME}-LAL8"
HOME_BY_11 = f"{GAME}-LAL11"
AWAY_BY_5 = f"{GAME}-BOS5"
OVER_220 = f"{GAME}-221"
OVER_223 = f"{GAME}-224"


def evening(**parameters: Plain) -> Evening:
    return Evening("correlation", **parameters).at(
        0,
        game_known(),
        market(HOME_WINS),
        market(AWAY_WINS),
        market(HOME_BY_5, "spread", "LAL", 4.5),
        market(HOME_BY_8, "spread", "LAL", 7.5),
        market(HOME_BY_11, "spread", "LAL", 10.5),
        market(AWAY_BY_5, "spread", "BOS", 4.5),
        market(OVER_220, "total", strike=220.5),
        market(OVER_223, "total", strike=223.5),
    )


def arbitrage(**parameters: Plain) -> Evening:
    return evening(statistics=False, **parameters)


def test_buys_both_winners_when_they_cost_less_than_a_dollar() -> None:
    run = arbitrage().at(1, top(HOME_WINS, 53, 54)).at(2, top(AWAY_WINS, 39, 40))
    assert run.trades == [
        "2 enter arbitrage_complementary BOS bid 0.4000",
        "2 enter arbitrage_complementary LAL bid 0.5400",
    ]
    assert len({order.leg_of for order in run.orders}) == 1
    assert counts(run.orders) == ["10.00", "10.00"]


def test_sells_both_winners_when_they_bring_more_than_a_dollar() -> None:
    run = arbitrage().at(1, top(HOME_WINS, 60, 61)).at(2, top(AWAY_WINS, 46, 47))
    assert [line.split()[4] for line in run.trades] == ["ask", "ask"]


@pytest.mark.parametrize(("away", "trades"), [(41, 2), (42, 0)])
def test_the_sum_of_95_is_low_enough_and_96_is_not(away: int, trades: int) -> None:
    run = arbitrage().at(1, top(HOME_WINS, 53, 54)).at(2, top(AWAY_WINS, away - 1, away))
    assert len(run.orders) == trades


@pytest.mark.parametrize(("away", "trades"), [(45, 2), (44, 0)])
def test_the_sum_of_105_is_high_enough_and_104_is_not(away: int, trades: int) -> None:
    run = arbitrage().at(1, top(HOME_WINS, 60, 61)).at(2, top(AWAY_WINS, away, away + 1))
    assert len(run.orders) == trades


def test_does_not_trade_an_evening_whose_prices_fit_together() -> None:
    run = evening().at(1, top(HOME_WINS, 53, 54), top(AWAY_WINS, 46, 47))
    run.at(2, top(HOME_BY_5, 39, 41), top(HOME_BY_8, 31, 33), top(HOME_BY_11, 23, 25), top(AWAY_BY_5, 32, 34))
    run.at(3, top(OVER_220, 55, 57), top(OVER_223, 48, 50))
    assert run.lines == []


def test_a_higher_rung_cannot_be_worth_more_than_a_lower_one() -> None:
    run = arbitrage().at(1, top(HOME_BY_5, 38, 40)).at(2, top(HOME_BY_8, 46, 48))
    assert run.trades == [
        "2 enter arbitrage_spread_ladder LAL8 ask 0.4600",
        "2 enter arbitrage_spread_ladder LAL5 bid 0.4000",
    ]


def test_more_points_cannot_be_likelier_than_fewer() -> None:
    run = arbitrage().at(1, top(OVER_220, 48, 50)).at(2, top(OVER_223, 57, 58))
    assert [line.split()[2] for line in run.trades] == ["arbitrage_total_ladder"] * 2


def test_winning_by_five_cannot_be_likelier_than_winning() -> None:
    run = arbitrage().at(1, top(HOME_WINS, 48, 50)).at(2, top(HOME_BY_5, 57, 58))
    assert [line.split()[2] for line in run.trades] == ["arbitrage_moneyline_spread"] * 2


def test_both_teams_cannot_win_by_five() -> None:
    run = arbitrage().at(1, top(HOME_BY_5, 60, 61)).at(2, top(AWAY_BY_5, 48, 49))
    assert [line.split()[4] for line in run.trades] == ["ask", "ask"]


def test_a_violation_that_the_fees_eat_is_left_alone() -> None:
    run = arbitrage().at(1, top(HOME_BY_5, 48, 50)).at(2, top(HOME_BY_8, 53, 54))
    assert run.trades == []
    assert len(run.at(3, top(HOME_BY_8, 54, 55)).orders) == 2


def test_legs_are_sized_to_the_thinner_one() -> None:
    run = arbitrage().at(1, top(HOME_WINS, 53, 54, size=400)).at(2, top(AWAY_WINS, 39, 40, size=20))
    assert counts(run.orders) == ["5.00", "5.00"]


def test_legs_are_held_to_settlement_whatever_the_price_does() -> None:
    run = arbitrage().at(1, top(HOME_WINS, 53, 54)).at(2, top(AWAY_WINS, 39, 40))
    run.at(100, top(HOME_WINS, 10, 11), top(AWAY_WINS, 89, 90))
    assert len(run.orders) == 2


def failed_leg(mode: str, ask_after: int) -> Evening:
    """The home leg is not filled; the market then asks `ask_after` for it."""
    run = arbitrage(hedge_mode=mode).at(1, top(HOME_WINS, 53, 54))
    run.fail.add(HOME_WINS)
    run.tops[HOME_WINS] = top(HOME_WINS, ask_after - 1, ask_after)
    return run


def test_a_failed_leg_is_completed_if_that_does_not_lose() -> None:
    run = failed_leg("complete", 54).at(2, top(AWAY_WINS, 39, 40))
    assert run.trades[2:] == ["2 enter hedge_complete LAL bid 0.5400"]


def test_a_failed_leg_that_became_dear_is_unwound() -> None:
    run = arbitrage(hedge_mode="complete").at(1, top(HOME_WINS, 53, 54))
    run.fills = False
    run.at(2, top(AWAY_WINS, 39, 40))
    run.tell(top(HOME_WINS, 58, 59))
    run.fail.add(HOME_WINS)
    run.fills = True
    for order in list(run.orders):
        run._fill(order)
    assert run.trades[2:] == ["2 exit hedge_unwind BOS ask 0.3900"]
    assert run.orders[-1].exit


def test_unwinding_sells_the_other_leg() -> None:
    run = failed_leg("unwind", 54).at(2, top(AWAY_WINS, 39, 40))
    assert run.trades[2:] == ["2 exit hedge_unwind BOS ask 0.3900"]


def test_holding_does_nothing() -> None:
    assert failed_leg("hold", 54).at(2, top(AWAY_WINS, 39, 40)).trades[2:] == []


def test_a_completion_that_fails_too_is_followed_by_unwinding_after_the_pause() -> None:
    run = failed_leg("complete", 54).at(2, top(AWAY_WINS, 39, 40)).at(20)
    assert [line.split()[2] for line in run.trades[2:]] == ["hedge_complete", "hedge_unwind"]


def test_a_restart_between_two_legs_mends_the_torn_group() -> None:
    run = failed_leg("hold", 54).at(2, top(AWAY_WINS, 39, 40))
    run.chosen = {**run.chosen, "hedge_mode": "unwind"}
    run.restart()
    run.at(30, top(AWAY_WINS, 38, 40))
    assert run.trades[2:] == ["2 exit hedge_unwind BOS ask 0.3900"]


def statistical(**parameters: Plain) -> Evening:
    return evening(arbitrage=False, **parameters).at(1, top(HOME_BY_5, 39, 41), top(HOME_BY_11, 23, 25))


def test_a_rung_that_is_dear_beside_its_neighbours_is_sold() -> None:
    run = statistical().at(2, top(HOME_BY_8, 48, 49))
    assert run.trades == ["2 enter ladder LAL8 ask 0.4800"]
    assert dict(run.actions(SignalAction.ENTER)[0].evidence)["relation"] == "ladder"


def test_buying_what_is_cheap_is_the_other_way() -> None:
    assert statistical().at(2, top(HOME_BY_8, 15, 16)).orders == []
    run = statistical(prefer_no_on_overvalued=False).at(2, top(HOME_BY_8, 15, 16))
    assert run.trades == ["2 enter ladder LAL8 bid 0.1600"]


def test_rungs_further_away_say_nothing() -> None:
    run = statistical(max_spread_gap=2.9).at(2, top(HOME_BY_8, 48, 49))
    assert run.trades == []


def test_a_margin_that_does_not_fit_the_winner_is_sold() -> None:
    run = (
        evening(arbitrage=False)
        .at(1, top(HOME_WINS, 60, 61), top(AWAY_WINS, 39, 40))
        .at(2, top(HOME_BY_5, 57, 58))
    )
    assert run.trades == ["2 enter moneyline_spread LAL5 ask 0.5700"]


def test_in_play_the_model_narrows_with_the_clock() -> None:
    before = evening(arbitrage=False).at(1, top(HOME_WINS, 60, 61)).at(2, top(HOME_BY_5, 30, 31))
    assert before.trades == []
    late = (
        evening(arbitrage=False)
        .at(1, score(80, 79, 4, 3), top(HOME_WINS, 60, 61))
        .at(2, top(HOME_BY_5, 30, 31))
    )
    assert late.trades == ["2 enter moneyline_spread LAL5 ask 0.3000"]


def test_contradicting_sums_are_refused() -> None:
    with pytest.raises(ParametersRefused):
        CorrelationParameters.parse({"complementary_min_sum": 101})


def test_defaults_are_the_documented_ones() -> None:
    defaults = CorrelationParameters()
    assert (defaults.max_spread_gap, defaults.correlation_threshold) == (3.0, 0.10)
    assert (defaults.complementary_min_sum, defaults.complementary_max_sum) == (95, 105)
    assert (defaults.min_discrepancy_percent, defaults.prefer_no_on_overvalued) == (5, True)

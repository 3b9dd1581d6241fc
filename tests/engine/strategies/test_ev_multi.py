"""Expected value against every book and against all of them: traded as defined, and only then."""

import pytest

from engine.facts import SignalAction
from engine.strategies.ev_multi import EvMultiParameters
from engine.strategies.parameters import ParametersRefused, Plain
from tests.engine.strategies.evening import HOME_WINS, Evening, counts, game_known, market, odds, score, top

BOOKS = ("draftkings", "fanduel", "betmgm", "caesars", "bet365")
P_HOME = 0.6 / 1.1


def evening(home: int = -150, away: int = 100, /, **parameters: Plain) -> Evening:
    return Evening("ev_multi", **parameters).at(
        0, game_known(), market(HOME_WINS), *(odds(book, home, away) for book in BOOKS)
    )


def test_buys_what_all_books_think_worth_more() -> None:
    run = evening().at(1, top(HOME_WINS, 47, 48))
    assert run.lines == ["1 enter expected_value LAL bid 0.4800"]
    evidence = dict(run.actions(SignalAction.ENTER)[0].evidence)
    assert evidence["agreeing"] == "5"
    assert evidence["aggregation"] == "median"


def test_does_not_trade_an_evening_whose_prices_agree_with_the_books() -> None:
    run = evening().at(1, top(HOME_WINS, 53, 55)).at(2, top(HOME_WINS, 54, 56)).at(3, top(HOME_WINS, 52, 54))
    assert run.lines == []


def ev_percent(ask: float) -> float:
    fee = 0.07 * ask * (1 - ask)
    return 100 * (P_HOME - ask - fee - 0.07 * round(P_HOME, 4) * (1 - round(P_HOME, 4))) / (ask + fee)


@pytest.mark.parametrize(("above", "trades"), [(-0.0001, 1), (0.0001, 0)])
def test_the_least_expected_value_is_after_both_fees(above: float, trades: int) -> None:
    run = evening(min_ev_percent=ev_percent(0.48) + above).at(1, top(HOME_WINS, 47, 48))
    assert len(run.orders) == trades
    assert run.lines[0].split()[1:3] == (
        ["enter", "expected_value"] if trades else ["no_trade", "below_min_ev"]
    )


def test_four_books_are_too_few() -> None:
    run = Evening("ev_multi").at(
        0, game_known(), market(HOME_WINS), *(odds(book, -150, 100) for book in BOOKS[:4])
    )
    assert run.at(1, top(HOME_WINS, 40, 41)).lines == []


def test_too_few_that_agree_are_a_near_miss() -> None:
    run = Evening("ev_multi", aggregation_method="mean", outlier_percent=0, min_sportsbooks_agreeing=2)
    run.at(
        0,
        game_known(),
        market(HOME_WINS),
        *(odds(book, -110, -110) for book in BOOKS[:4]),
        odds("bet365", -400, 350),
    )
    run.at(1, top(HOME_WINS, 47, 48))
    assert run.lines == ["1 no_trade too_few_agree LAL bid 0.4800"]
    assert dict(run.actions(SignalAction.NO_TRADE)[0].evidence)["number"] == "1"


def test_an_outlier_is_left_out() -> None:
    run = Evening("ev_multi", aggregation_method="mean", min_sportsbooks=4)
    run.at(
        0,
        game_known(),
        market(HOME_WINS),
        *(odds(book, -150, 100) for book in BOOKS[:4]),
        odds("bet365", -400, 350),
    )
    run.at(1, top(HOME_WINS, 47, 48))
    evidence = dict(run.actions(SignalAction.ENTER)[0].evidence)
    assert evidence["outliers"] == "bet365"
    assert float(evidence["aggregate"]) == pytest.approx(P_HOME, abs=1e-6)


@pytest.mark.parametrize("choice", [{"exclude_books": ["bet365"]}, {"preferred_books": list(BOOKS[:4])}])
def test_books_can_be_excluded_or_preferred(choice: dict[str, Plain]) -> None:
    assert evening(**choice).at(1, top(HOME_WINS, 40, 41)).lines == []
    assert len(evening(min_sportsbooks=4, **choice).at(1, top(HOME_WINS, 40, 41)).orders) == 1


def test_sharper_books_weigh_more() -> None:
    run = Evening("ev_multi", aggregation_method="weighted", outlier_percent=0)
    run.at(0, game_known(), market(HOME_WINS), *(odds(book, -150, 100) for book in BOOKS[:2]))
    run.at(1, *(odds(book, -110, -110) for book in BOOKS[2:])).at(2, top(HOME_WINS, 40, 41))
    aggregate = float(dict(run.actions(SignalAction.ENTER)[0].evidence)["aggregate"])
    assert aggregate == pytest.approx((4 * P_HOME + 4 * 0.5) / 8, abs=1e-6)


def test_sizes_by_a_quarter_of_kelly_up_to_the_position_size() -> None:
    assert counts(evening().at(1, top(HOME_WINS, 47, 48)).orders) == ["10.00"]
    assert counts(evening(bankroll=100).at(1, top(HOME_WINS, 47, 48)).orders) == ["3.00"]


def test_in_play_more_is_asked() -> None:
    run = evening().at(1, score(0, 0, 1, 12)).at(2, top(HOME_WINS, 48, 49))
    assert run.trades == []
    assert len(evening().at(1, top(HOME_WINS, 48, 49)).orders) == 1


def test_contradicting_parameters_are_refused() -> None:
    with pytest.raises(ParametersRefused, match="both name fanduel"):
        EvMultiParameters.parse({"preferred_books": ["fanduel"], "exclude_books": ["fanduel"]})


def test_defaults_are_the_documented_ones() -> None:
    defaults = EvMultiParameters()
    assert (defaults.min_ev_percent, defaults.min_sportsbooks, defaults.min_sportsbooks_agreeing) == (3, 5, 2)
    assert (defaults.position_size, defaults.kelly_fraction) == (10, 0.25)

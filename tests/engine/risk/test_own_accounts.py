"""Whose use counts against a limit: the account's, everybody's where it is the portfolio's.

Covers: engine.risk.limits, engine.risk.money_rules, engine.risk.utilization.
"""

import pytest

from engine.accounts import Accounts
from engine.events import BookSide
from engine.message import changed
from engine.orders import TimeInForce
from engine.reasons import DenialReason
from engine.risk import LIMIT_NAMES, RiskGate
from engine.risk.limits import PORTFOLIO
from tests.engine.risk.desk import Desk
from tests.engine.strategies.evening import HOME_WINS, game_known, market, odds, top

PER_ACCOUNT = {
    "contracts_per_market": 10,
    "contracts_per_game": 10,
    "exposure_per_market": 6,
    "exposure_per_game": 6,
    "orders_per_minute": 1,
    "orders_per_hour": 1,
    "orders_per_day": 1,
}
"""Limits that one order of ten contracts at 51 cents uses up."""

OF_ALL = {
    "contracts_total": 10,
    "exposure_total": 6,
    "worst_case_per_game": 6,
    "loss_per_day": 6,
    "loss_per_week": 6,
}


@pytest.mark.promise("alone-or-among-others")
@pytest.mark.parametrize("name", PER_ACCOUNT)
def test_what_another_account_uses_does_not_count(name: str) -> None:
    limit = {name: PER_ACCOUNT[name]}
    own = Desk(None, Accounts.ISOLATED, **limit)
    own.send(own.order(strategy="beta"))
    own.send(own.order())
    assert own.judge(own.order()) is DenialReason[name.upper()]
    shared = Desk(None, Accounts.SHARED, **limit)
    shared.send(shared.order(strategy="beta"))
    assert shared.judge(shared.order()) is DenialReason[name.upper()]


@pytest.mark.promise("portfolio-limits-count-everybody")
@pytest.mark.parametrize("name", OF_ALL)
@pytest.mark.parametrize("accounts", list(Accounts))
def test_the_portfolios_limits_count_everybody(name: str, accounts: Accounts) -> None:
    desk = Desk(None, accounts, **{name: OF_ALL[name]})
    desk.send(desk.order(strategy="beta"))
    assert desk.judge(desk.order()) is DenialReason[name.upper()]


@pytest.mark.promise("portfolio-limits-count-everybody")
@pytest.mark.parametrize("accounts", list(Accounts))
def test_the_fall_of_all_together_stops_everybody(accounts: Accounts) -> None:
    desk = Desk(None, accounts, drawdown_total=1)
    desk.bought(51, 700, strategy="beta")
    desk.filled(desk.order(1, 700, BookSide.ASK, strategy="beta"))
    assert desk.judge(desk.order()) is DenialReason.DRAWDOWN_TOTAL


@pytest.mark.parametrize("name", [*PER_ACCOUNT, *OF_ALL])
def test_a_wide_limit_of_a_strategys_own_lifts_no_limit_of_all(name: str) -> None:
    desk = Desk(None, Accounts.SHARED, **{name: (PER_ACCOUNT | OF_ALL)[name]})
    desk.gate.set_limit(name, "alpha", "10000", "eva", desk.now)
    desk.send(desk.order(strategy="beta"))
    assert desk.judge(desk.order()) is DenialReason[name.upper()]


def test_where_each_is_a_portfolio_by_itself_the_fall_of_one_stops_it_alone() -> None:
    desk = Desk(None, Accounts.ISOLATED, drawdown_total=1)
    desk.gate = RiskGate(desk.limits, apart=True)
    desk.gate.restore(desk.facts)
    for news in (game_known(), market(HOME_WINS), top(HOME_WINS, 49, 51, size=1000), odds("x", -110, -110)):
        desk.gate.on_game_news(news, desk.now)
    desk.bought(51, 700, strategy="beta")
    desk.filled(desk.order(1, 700, BookSide.ASK, strategy="beta"))
    assert desk.judge(desk.order(strategy="beta")) is DenialReason.DRAWDOWN_TOTAL
    assert desk.judge(desk.order(strategy="beta")) is DenialReason.REDUCING
    assert desk.judge(desk.order()) is None


def test_every_limit_of_the_portfolio_is_tried_here() -> None:
    assert {*OF_ALL, "drawdown_total"} == PORTFOLIO
    assert set(LIMIT_NAMES) > PORTFOLIO


@pytest.mark.promise("alone-or-among-others")
def test_an_order_of_another_account_is_no_own_order_to_meet() -> None:
    for accounts, met in ((Accounts.ISOLATED, None), (Accounts.SHARED, DenialReason.SELF_CROSS)):
        desk = Desk(None, accounts, orders_per_day=100)
        desk.send(changed(desk.order(52, 10, strategy="beta"), tif=TimeInForce.GTC))
        assert desk.judge(desk.order(52, 10, BookSide.ASK)) is met


def test_in_either_case_an_own_order_is_not_met() -> None:
    for accounts in Accounts:
        desk = Desk(None, accounts, orders_per_day=100)
        desk.send(changed(desk.order(52, 10), tif=TimeInForce.GTC))
        assert desk.judge(desk.order(52, 10, BookSide.ASK)) is DenialReason.SELF_CROSS


def test_of_a_limit_of_accounts_the_one_that_uses_most_is_told() -> None:
    desk = Desk(None, Accounts.ISOLATED, orders_per_day=10, contracts_per_market=100)
    desk.send(desk.order())
    for _ in range(2):
        desk.send(desk.order(strategy="beta"))
    lines = {line.name: (line.use, line.where) for line in desk.gate.limits_in_use(desk.now)}
    assert lines["orders_per_day"] == ("2", "beta")
    use, where = lines["contracts_per_market"]
    assert use == "20"
    assert where.endswith(" of beta")

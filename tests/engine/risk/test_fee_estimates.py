"""The gate counts an order with the fee that the exchange will charge, as it is rounded on that day.

Covers: engine.risk.exposure, engine.view.
"""

import pytest

from engine.calendar import parse_time
from engine.facts import OrderApproved
from engine.fees import Rounding
from engine.message import changed
from engine.risk import RiskGate, RiskLimits
from engine.terms import FeeRegime, Member
from engine.units import parse_money
from engine.view import View
from tests.engine.risk.desk import Desk
from tests.engine.strategies.evening import HOME_WINS, START, game_known, market, odds, top


@pytest.mark.parametrize(
    ("rounding", "fee"),
    [
        (Rounding(), "0.0177"),
        (Rounding(FeeRegime.CENT), "0.04"),
        (Rounding(member=Member.BROKER), "0.04"),
    ],
)
def test_an_order_counts_with_the_fee_that_the_exchange_would_round_to(rounding: Rounding, fee: str) -> None:
    gate, desk = RiskGate(RiskLimits(), rounding=rounding), Desk()
    for fact in desk.facts:
        gate.on_committed_fact(fact, START)
    for news in (game_known(), market(HOME_WINS), top(HOME_WINS, 49, 51, size=1000)):
        gate.on_game_news(news, START)
    gate.on_game_news(odds("fanduel", -110, -110), START)
    order = desk.order(count=1)
    assert any(isinstance(fact, OrderApproved) for fact in gate.judge(order, START).facts)
    pending = gate.accounts.open_order(order.order_id)
    assert pending is not None
    assert pending.fee == parse_money(fee)


def test_an_order_of_december_2025_counts_with_the_fees_of_then() -> None:
    desk, then = Desk(), parse_time("2025-12-25T20:00:00-05:00")
    gate = RiskGate(RiskLimits())
    gate.restore([OrderApproved(changed(desk.order(count=1), decided_at=then), then)])
    ((order_id, exposure),) = gate.accounts.orders.items()
    assert exposure.orders[order_id].fee == parse_money("0.04")


def test_a_market_that_was_listed_in_december_2025_has_the_terms_of_then() -> None:
    view = View()
    for day, regime in (("2025-12-25", FeeRegime.CENT), ("2026-11-20", FeeRegime.MICRODOLLAR)):
        view.apply(changed(market(HOME_WINS), at=parse_time(f"{day}T20:00:00-05:00")))
        terms = view.markets[HOME_WINS].terms
        assert terms is not None
        assert terms.regime is regime

"""Where orders stand, folded from facts: an order is in one stage at a time and ends once."""

import pytest

from engine.events import BookSide
from engine.facts import (
    Fact,
    FillEvidence,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    OrderRested,
    OrderSubmitted,
)
from engine.order_stages import OrderStages
from engine.orders import CancelReason, Liquidity, PlaceOrder, RejectCode, TimeInForce
from engine.units import Count, Money, Nanos, Price

AT = Nanos(1)
SIDE = BookSide.BID
EVIDENCE = FillEvidence(
    kind="book",
    trade_id=None,
    level_price=Price(5000),
    level_size=Count(100),
    book_conn=1,
    book_sid=1,
    book_seq=1,
    book_age_ns=0,
    queue_before=Count(0),
    queue_after=Count(0),
    decided_at=AT,
    arrived_at=AT,
    fee_formula="",
)
EMPTY = {"submitted": 0, "resting": 0, "filled": 0, "cancelled": 0, "rejected": 0}


def submitted(name: str) -> OrderSubmitted:
    price, count, gtc = Price(5000), Count(200), TimeInForce.GTC
    return OrderSubmitted(PlaceOrder(name, "sharp", "g", "T", SIDE, price, count, gtc, AT, "s"), AT, AT)


def rested(name: str) -> OrderRested:
    return OrderRested(name, "sharp", "T", SIDE, Price(5000), Count(200), Count(0), 1, AT)


def filled(name: str, remaining: int) -> OrderFilled:
    return OrderFilled(
        fill_id="f",
        order_id=name,
        strategy="sharp",
        game="g",
        ticker="T",
        side=SIDE,
        price=Price(5000),
        count=Count(100),
        liquidity=Liquidity.MAKER,
        fee=Money(0),
        fee_accumulated=Money(0),
        remaining=Count(remaining),
        evidence=EVIDENCE,
        at_venue=None,
        at=AT,
    )


def cancelled(name: str) -> OrderCancelled:
    return OrderCancelled(name, "sharp", "T", Count(1), next(iter(CancelReason)), AT)


def rejected(name: str) -> OrderRejected:
    return OrderRejected(name, "sharp", "T", next(iter(RejectCode)), "", AT)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([submitted("a")], {"submitted": 1}),
        ([submitted("a"), rested("a")], {"resting": 1}),
        ([submitted("a"), rested("a"), filled("a", 100)], {"resting": 1}),
        ([submitted("a"), rested("a"), filled("a", 100), filled("a", 0)], {"filled": 1}),
        ([submitted("a"), filled("a", 100), cancelled("a")], {"cancelled": 1}),
        ([submitted("a"), rejected("a"), submitted("b")], {"rejected": 1, "submitted": 1}),
        ([submitted("a"), cancelled("a"), cancelled("a"), filled("a", 0)], {"cancelled": 1}),
        ([rested("unknown"), cancelled("unknown")], {}),
    ],
)
def test_an_order_is_in_one_stage_and_ends_once(facts: list[Fact], expected: dict[str, int]) -> None:
    stages = OrderStages()
    for fact in facts:
        stages.apply(fact)
    assert stages.counts() == EMPTY | expected

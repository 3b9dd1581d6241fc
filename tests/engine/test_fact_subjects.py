"""Whose a fact is: of a strategy, of an order, or of nobody."""

import pytest

from engine.events import BookSide
from engine.fact_subjects import order_of, strategy_of
from engine.facts import (
    AmendSubmitted,
    BandEnded,
    CancelSubmitted,
    Fact,
    OrderApproved,
    OrderSubmitted,
    VenueStatusChanged,
)
from engine.orders import AmendOrder, CancelOrder, CancelReason, PlaceOrder, TimeInForce
from engine.units import Count, Nanos, Price

AT = Nanos(1)
ORDER = PlaceOrder(
    "o", "ann", "game", "ticker", BookSide.BID, Price(4_000), Count(100), TimeInForce.GTC, AT, "s"
)
AMEND = AmendOrder("o", "ann", Price(4_000), Count(50), AT)


@pytest.mark.parametrize(
    ("fact", "strategy", "order"),
    [
        (OrderSubmitted(ORDER, AT, AT), "ann", "o"),
        (AmendSubmitted(AMEND, AT, AT), "ann", "o"),
        (OrderApproved(CancelOrder("o", "ann", AT), AT), "ann", "o"),
        (CancelSubmitted("o", "ann", AT, CancelReason.REQUESTED, AT), "ann", "o"),
        (BandEnded("o", AT), None, "o"),
        (VenueStatusChanged(None, True, True, AT), None, None),
    ],
)
def test_a_fact_is_of_whom_it_names_itself_or_in_what_it_carries(
    fact: Fact, strategy: str | None, order: str | None
) -> None:
    assert (strategy_of(fact), order_of(fact)) == (strategy, order)

"""Positions and settlement: netting, cost, what a trade and a result do to both.

Covers: engine.settlement.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import BookSide
from engine.fees import MONEY_CENTICENT
from engine.positions import (
    FLAT,
    Position,
    Trade,
    closable,
    collateral_price,
    liquidation_value,
    settled,
    trade,
    trade_postings,
)
from engine.settlement import Payout, booking, paid_out, payment, payout
from engine.units import MONEY_CENT, MONEY_ZERO, PRICE_ONE, Count, Money, Price

BID, ASK = BookSide.BID, BookSide.ASK

TRADES = st.lists(
    st.builds(
        Trade,
        side=st.sampled_from(list(BookSide)),
        price=st.integers(1, 9_999).map(Price),
        count=st.integers(1, 10_000).map(Count),
        fee=st.integers(0, 10_000).map(Money),
    ),
    max_size=30,
)


def done(*trades: tuple[BookSide, int, int]) -> Position:
    """A position after trades given in cents and contracts."""
    position = FLAT
    for side, price, count in trades:
        position = trade(position, Trade(side, Price(price * 100), Count(count * 100), Money(0))).position
    return position


@pytest.mark.parametrize(
    ("trades", "count", "cost", "realized"),
    [
        ([(BID, 40, 10)], 10, 4.00, 0),
        ([(ASK, 40, 10)], -10, 6.00, 0),
        ([(BID, 40, 10), (ASK, 55, 10)], 0, 0, 1.50),
        ([(ASK, 55, 10), (BID, 40, 10)], 0, 0, 1.50),
        ([(BID, 40, 10), (BID, 60, 10)], 20, 10.00, 0),
        ([(BID, 40, 10), (BID, 60, 10), (ASK, 70, 5)], 15, 7.50, 1.00),
        ([(BID, 40, 10), (ASK, 50, 15)], -5, 2.50, 1.00),
    ],
)
def test_yes_and_no_net_into_one_signed_position(
    trades: list[tuple[BookSide, int, int]], count: int, cost: float, realized: float
) -> None:
    """Cost is released in proportion; what goes beyond the position opens the other side."""
    position = done(*trades)
    assert (position.count, position.cost) == (count * 100, round(cost * 1_000_000))
    assert position.realized == round(realized * 1_000_000)


@pytest.mark.promise("money-conserved-any-trades")
@given(trades=TRADES)
def test_money_is_conserved_by_any_trades(trades: list[Trade]) -> None:
    """What was paid is what is locked, lost or charged, and each entry sums to zero."""
    position, cash = FLAT, 0
    for one in trades:
        traded = trade(position, one)
        postings = trade_postings("s", "T", traded, one.fee)
        assert sum(posting.amount for posting in postings) == 0
        cash += traded.proceeds - traded.opened - one.fee
        position = traded.position
        assert 0 <= position.cost <= abs(position.count) * PRICE_ONE
        assert position.count or not position.cost
    assert cash == position.realized - position.cost - position.fees
    assert position.count == sum(one.count if one.side is BID else -one.count for one in trades)


@given(trades=TRADES)
def test_buying_yes_mirrors_selling_it_at_the_other_price(trades: list[Trade]) -> None:
    """YES at p and NO at 1 - p are the same trade seen from the other side."""
    one, other = FLAT, FLAT
    for done_ in trades:
        mirrored = Trade(done_.side.opposite, Price(PRICE_ONE - done_.price), done_.count, done_.fee)
        one, other = trade(one, done_).position, trade(other, mirrored).position
    assert (one.count, one.cost, one.realized) == (-other.count, other.cost, other.realized)


def test_what_can_be_closed_is_what_the_other_side_holds() -> None:
    """Buying closes NO, selling closes YES."""
    assert (closable(Count(-5), BID), closable(Count(5), BID)) == (5, 0)
    assert (closable(Count(-5), ASK), closable(Count(5), ASK)) == (0, 5)
    assert (collateral_price(BID, Price(4_000)), collateral_price(ASK, Price(4_000))) == (4_000, 6_000)


def test_a_position_is_worth_the_bid_of_its_side() -> None:
    """Nothing where nobody bids."""
    assert liquidation_value(Count(100), Price(4_000), Price(4_500)) == 400_000
    assert liquidation_value(Count(-100), Price(4_000), Price(4_500)) == 550_000
    assert liquidation_value(Count(100), None, Price(4_500)) == 0
    assert liquidation_value(Count(-100), Price(4_000), None) == 0
    assert liquidation_value(Count(0), Price(4_000), Price(4_500)) == 0
    assert liquidation_value(Count(1), Price(4_000), Price(4_500)) == 4_000


@pytest.mark.parametrize(
    ("count", "value", "grid", "amount", "residual"),
    [
        (10_001, 3_060, MONEY_CENTICENT, 30_603_000, 60),
        (10_001, 3_060, MONEY_CENT, 30_600_000, 3_060),
        (-10_000, 10_000, MONEY_CENTICENT, 0, 0),
        (-10_000, 0, MONEY_CENTICENT, 100_000_000, 0),
        (1, 3_333, MONEY_CENTICENT, 3_300, 33),
    ],
)
def test_payouts_are_rounded_down_to_the_balance_grid(
    count: int, value: int, grid: Money, amount: int, residual: int
) -> None:
    """The first row is the venue's example: 30.60306 pays 30.6030."""
    paid = payout(Count(count), Price(value), grid)
    assert (paid.amount, paid.residual) == (amount, residual)


def test_a_correction_takes_back_what_was_paid_and_not_what_would_be_paid_now() -> None:
    by_the_cent = payout(Count(10_001), Price(3_060), MONEY_CENT)
    assert paid_out(Count(10_001), Price(3_060), by_the_cent.amount) == by_the_cent
    assert paid_out(Count(-300), Price(10_000), MONEY_ZERO) == Payout(MONEY_ZERO, MONEY_ZERO)


@pytest.mark.parametrize(
    ("held", "value", "paid", "realized", "fees"),
    [
        ((1_000, 4_000_000), 10_000, 10_000_000, 6_000_000, 0),
        ((1_000, 4_000_000), 0, 0, -4_000_000, 0),
        ((-1_000, 6_000_000), 10_000, 0, -6_000_000, 0),
        ((-1_000, 6_000_000), 0, 10_000_000, 4_000_000, 0),
        ((-1_000, 6_000_000), 3_333, 6_666_900, 667_000, 100),
        ((0, 0), 10_000, 0, 0, 0),
    ],
)
def test_a_result_realizes_what_the_held_side_pays_less_what_it_cost(
    held: tuple[int, int], value: int, paid: int, realized: int, fees: int
) -> None:
    """What rounding took of a payout stands among the fees."""
    count, cost = held
    after = settled(Position(Count(count), Money(cost)), Price(value), Money(paid))
    assert after == Position(realized=Money(realized), fees=Money(fees))


@given(trades=TRADES, value=st.integers(0, 10_000).map(Price))
def test_a_settlement_leaves_nothing_behind(trades: list[Trade], value: Price) -> None:
    """Its entries sum to zero, and cash in the end is what was realized less fees."""
    position, cash = FLAT, 0
    for one in trades:
        traded = trade(position, one)
        cash += traded.proceeds - traded.opened - one.fee
        position = traded.position
    paid = payout(position.count, value, MONEY_CENTICENT)
    assert sum(posting.amount for posting in booking("s", "T", position, paid)) == 0
    assert sum(posting.amount for posting in payment("s", "T", paid.amount)) == 0
    after = settled(position, value, paid.amount)
    assert (after.count, after.cost) == (0, 0)
    assert cash + paid.amount == after.realized - after.fees

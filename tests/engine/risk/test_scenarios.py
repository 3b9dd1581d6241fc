"""The worst case of a game, exact over all margins and totals, whatever of the open orders fills.

Covers: engine.risk.exposure.
"""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import BookSide
from engine.fees import FeeTerms, Multiplier
from engine.message import changed
from engine.risk.exposure import Exposure, Pending, pending
from engine.risk.scenarios import Payoff, _whole, worst_case
from engine.units import COUNT_ONE, MONEY_ONE, PRICE_ONE, Count, Money, Price, Tenths
from engine.view import Axis, Claim
from tests.engine.risk.desk import Desk

MARGINS = [margin for margin in range(-45, 46) if margin]
TOTALS = range(150, 300)

claims = st.one_of(
    st.builds(Claim, st.just(Axis.MARGIN), st.integers(-400, 400).map(Tenths), st.booleans()),
    st.builds(Claim, st.just(Axis.TOTAL), st.integers(1_600, 2_800).map(Tenths), st.booleans()),
)
amounts = st.integers(-50_000_000, 50_000_000).map(Money)
payoffs = st.builds(Payoff, claims, amounts, amounts)


def result(lines: list[Payoff], margin: int, total: int) -> int:
    """Profit and loss of one outcome."""
    money = 0
    for line in lines:
        assert line.claim is not None
        value = 10 * (margin if line.claim.axis is Axis.MARGIN else total)
        money += line.yes if line.claim.holds(Tenths(value)) else line.no
    return money


@given(st.lists(payoffs, max_size=12))
def test_it_is_the_least_of_all_outcomes(lines: list[Payoff]) -> None:
    brute = min(result(lines, margin, total) for margin, total in product(MARGINS, TOTALS))
    assert worst_case(lines) == brute


def test_of_two_strikes_anywhere_near_one_another_every_outcome_between_them_is_looked_at() -> None:
    """Whole, half or odd, on one side of nothing or on both; nobody wins by nothing."""
    near = [
        Claim(Axis.MARGIN, Tenths(tenths), above=above)
        for tenths in range(-12, 13)
        for above in (True, False)
    ]
    for one, other in product(near, near):
        lines = [Payoff(one, Money(5), Money(-7)), Payoff(other, Money(-3), Money(2))]
        assert worst_case(lines) == min(result(lines, margin, 0) for margin in (-2, -1, 1, 2)), lines


def test_a_strike_beside_zero_has_a_stretch_on_its_other_side_too() -> None:
    for tenths, above in product((-5, 5), (True, False)):
        claim = Claim(Axis.MARGIN, Tenths(tenths), above=above)
        assert worst_case([Payoff(claim, Money(7), Money(-9))]) == -9
        assert worst_case([Payoff(claim, Money(-9), Money(7))]) == -9


def test_a_whole_strike_pays_neither_side_on_itself_twice() -> None:
    claim = Claim(Axis.TOTAL, Tenths(2200), above=True)
    assert not claim.holds(Tenths(2200))
    assert worst_case([Payoff(claim, Money(5), Money(-5))]) == -5


@pytest.mark.parametrize(("axis", "tenths"), [(Axis.TOTAL, 2_200), (Axis.MARGIN, 10), (Axis.MARGIN, -10)])
@pytest.mark.parametrize("above", [True, False])
def test_both_sides_of_a_whole_strike_are_looked_at(axis: Axis, tenths: int, *, above: bool) -> None:
    claim = Claim(axis, Tenths(tenths), above=above)
    assert worst_case([Payoff(claim, Money(5), Money(-7))]) == -7
    assert worst_case([Payoff(claim, Money(-7), Money(5))]) == -7


def test_a_market_of_another_kind_is_taken_at_its_own_worst() -> None:
    home = Claim(Axis.MARGIN, Tenths(0), above=True)
    lines = [Payoff(home, Money(10), Money(-10)), Payoff(None, Money(3), Money(-4))]
    assert worst_case(lines) == -14


def test_a_winner_and_its_opponent_cover_each_other() -> None:
    home, away = (Claim(Axis.MARGIN, Tenths(0), above=above) for above in (True, False))
    assert worst_case([Payoff(home, Money(60), Money(-40)), Payoff(away, Money(50), Money(-50))]) == 10


orders = st.tuples(st.sampled_from(BookSide), st.integers(1, 99), st.integers(1, 6))


@pytest.mark.promise("way-filling-open-orders")
@given(st.integers(-8, 8), st.integers(1, 99), st.lists(orders, max_size=4), st.data())
def test_no_filling_of_the_open_orders_is_worse_than_the_payoff_says(
    held: int, price: int, open_orders: list[tuple[BookSide, int, int]], data: st.DataObject
) -> None:
    desk, terms = Desk(), FeeTerms()
    exposure = Exposure("alpha", "T", "G")
    if held:
        side = BookSide.BID if held > 0 else BookSide.ASK
        exposure.fill(side, Price(100 * price), Count(abs(held) * COUNT_ONE), Money(0))
    for number, (side, cents, count) in enumerate(open_orders):
        order = changed(desk.order(cents, count, side), order_id=f"o{number}")
        exposure.orders[order.order_id] = pending(order, terms)
    payoff = exposure.payoff(None)
    at_risk, contracts = exposure.at_risk(), exposure.contracts()
    fills = data.draw(st.permutations(list(exposure.orders.values())))
    # Anything at all, or one side whole and nothing else: that is the worst for one of the outcomes.
    whole = data.draw(st.sampled_from([None, *BookSide]))
    chosen = [each for each in fills if whole is None or each.order.side is whole]
    for filled in chosen if whole else chosen[: data.draw(st.integers(0, len(chosen)))]:
        most = filled.remaining // COUNT_ONE
        count = (most if whole else data.draw(st.integers(1, most))) * COUNT_ONE
        fee = Money(filled.fee * count // filled.count)
        exposure.fill(filled.order.side, filled.price, Count(count), fee)
        assert abs(exposure.count) <= contracts
        assert exposure.cost <= at_risk + len(fills)
    assert exposure.cash + exposure.count * PRICE_ONE >= payoff.yes
    assert exposure.cash >= payoff.no


@pytest.mark.parametrize(("side", "cents"), [(BookSide.BID, 99), (BookSide.ASK, 1)])
def test_an_order_whose_fee_is_more_than_it_can_win_counts_as_filled_for_both_outcomes(
    side: BookSide, cents: int
) -> None:
    order = Desk().order(cents, 1, side)
    exposure = Exposure("alpha", "T", "G")
    exposure.orders["o"] = Pending(order, order.price, order.count, Money(20_000), order.count)
    payoff = exposure.payoff(None)
    # It costs 99 cents and two for the fee, or brings one cent and costs the same fee.
    lost, won = -990_000 - 20_000, 10_000 - 20_000
    assert (payoff.yes, payoff.no) == ((won, lost) if side is BookSide.BID else (lost, won))


def test_of_an_order_that_is_partly_covered_the_rest_is_at_risk() -> None:
    desk, exposure = Desk(), Exposure("alpha", "T", "G")
    exposure.fill(BookSide.BID, Price(5_000), Count(10 * COUNT_ONE), Money(0))
    order = desk.order(40, 15, BookSide.ASK)
    exposure.orders["o"] = Pending(order, order.price, order.count, Money(0), order.count)
    assert exposure.at_risk() == 5 * MONEY_ONE + 3 * MONEY_ONE


def test_an_order_of_nothing_has_no_fee_left() -> None:
    order = Desk().order()
    assert Pending(order, order.price, Count(0), Money(20_000), Count(0)).fee_left == 0


def test_what_there_is_in_an_exposure_is_told_line_by_line() -> None:
    desk, exposure = Desk(), Exposure("alpha", "T", "G")
    assert exposure.lines() == []
    exposure.fill(BookSide.BID, Price(5_000), Count(10 * COUNT_ONE), Money(0))
    exposure.orders["o1"] = pending(desk.order(), FeeTerms())
    assert exposure.lines() == ["alpha holds 10.00 of T", "alpha has the order o1 in T"]


def test_of_orders_against_a_position_the_cheapest_are_taken_to_close_it() -> None:
    desk, exposure = Desk(), Exposure("alpha", "T", "G")
    exposure.fill(BookSide.BID, Price(5_000), Count(10 * COUNT_ONE), Money(0))
    for cents in (90, 10):
        order = desk.order(cents, 10, BookSide.ASK)
        exposure.orders[order.order_id] = pending(order, FeeTerms(multiplier=Multiplier(0)))
    # If the sale at 10 comes second, it is NO bought at 90: nine dollars, beside the five of the position.
    assert round(exposure.at_risk() / MONEY_ONE, 2) == 14.00


@given(st.lists(st.tuples(st.sampled_from(BookSide), st.integers(1, 99), st.integers(1, 9)), max_size=12))
def test_what_fills_realize_is_what_the_cash_says_once_flat(fills: list[tuple[BookSide, int, int]]) -> None:
    exposure, realized = Exposure("alpha", "T", "G"), 0
    for side, cents, count in fills:
        realized += exposure.fill(side, Price(100 * cents), Count(count * COUNT_ONE), Money(1_000))
    if exposure.count:
        side = BookSide.ASK if exposure.count > 0 else BookSide.BID
        realized += exposure.fill(side, Price(5_000), Count(abs(exposure.count)), Money(0))
    assert exposure.count == 0
    assert abs(realized - exposure.cash) <= len(fills)
    assert exposure.cost == 0


@pytest.mark.parametrize(
    ("begin", "end", "found"),
    [(1, 10, False), (1, 11, True), (-5, 10, False), (-5, 11, True), (-10, -9, True)],
)
def test_a_stretch_without_a_whole_point_is_no_result(begin: int, end: int, *, found: bool) -> None:
    """In tenths, without its end; no game ends level."""
    assert _whole(begin, end) is found

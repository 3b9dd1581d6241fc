"""Fees at the edges: nothing traded, more than a dollar, long multipliers, and rounding by the cent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import BookSide
from engine.fees import FeeTerms, FeeTermsUnknown, parse_multiplier
from engine.orders import Liquidity
from engine.terms import FeeRegime
from engine.units import MONEY_ZERO, PRICE_ONE, Count, Price


def test_nothing_traded_costs_nothing() -> None:
    assert FeeTerms().model_units(Liquidity.TAKER, Price(5_000), Count(0)) == 0


@pytest.mark.parametrize("price", [0, PRICE_ONE])
def test_at_nothing_and_at_a_dollar_the_model_charges_nothing(price: int) -> None:
    assert FeeTerms().p_fee(Liquidity.TAKER, Price(price)) == 0


@pytest.mark.parametrize("price", [-1, PRICE_ONE + 1])
def test_beyond_nothing_and_a_dollar_there_is_no_price(price: int) -> None:
    with pytest.raises(ValueError, match="no fee for one contract"):
        FeeTerms().p_fee(Liquidity.TAKER, Price(price))


def test_a_formula_of_more_than_a_dollar_says_so() -> None:
    charged = FeeTerms().charge(Liquidity.TAKER, BookSide.BID, Price(5_000), Count(10_000), MONEY_ZERO)
    assert " = 1.75;" in charged.formula


def test_a_multiplier_has_at_most_eight_digits_before_the_point() -> None:
    assert parse_multiplier("12345678") == 123_456_780_000
    with pytest.raises(FeeTermsUnknown):
        parse_multiplier("123456789")


@given(price=st.integers(1, 9_999).map(Price), sizes=st.lists(st.integers(1, 5_000), min_size=1, max_size=5))
def test_by_the_cent_a_fill_is_rounded_up_or_gets_something_back_but_never_both(
    price: Price, sizes: list[int]
) -> None:
    accumulated = MONEY_ZERO
    for size in sizes:
        terms = FeeTerms(regime=FeeRegime.CENT)
        charged = terms.charge(Liquidity.TAKER, BookSide.BID, price, Count(size), accumulated)
        assert min(charged.rounding, charged.rebate) == 0
        assert charged.fee == charged.trade_fee + charged.rounding - charged.rebate >= 0
        accumulated = charged.accumulated

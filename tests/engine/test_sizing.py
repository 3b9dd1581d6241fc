"""How many contracts: the published Kelly rows, and every cap."""

import math

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.fees import FeeTerms
from engine.orders import Liquidity
from engine.sizing import Sizing, contracts_to_trade, kelly
from engine.units import MONEY_ONE, Money, Price, contracts

FIXED = Sizing(
    position_size=10,
    use_kelly=False,
    kelly_fraction=0.25,
    depth_share=0.25,
    bankroll=Money(1000 * MONEY_ONE),
    loss_max=Money(1000 * MONEY_ONE),
)


@pytest.mark.parametrize(
    ("p", "c", "fee", "without_fee", "with_fee"),
    [
        (0.58, 0.50, 0.017500, 0.160000, 0.129534),
        (0.62, 0.55, 0.017325, 0.155556, 0.121743),
        (0.90, 0.85, 0.008925, 0.333333, 0.291157),
        (0.30, 0.25, 0.013125, 0.066667, 0.050042),
        (0.12, 0.10, 0.006300, 0.022222, 0.015330),
    ],
)
def test_kelly_with_fees_as_published(
    p: float, c: float, fee: float, without_fee: float, with_fee: float
) -> None:
    assert FeeTerms().p_fee(Liquidity.TAKER, Price(round(10_000 * c))) == pytest.approx(fee)
    assert kelly(p, c) == pytest.approx(without_fee, abs=1e-6)
    assert kelly(p, c + fee) == pytest.approx(with_fee, abs=1e-6)


@pytest.mark.parametrize(
    ("p", "c"), [(0.5, 0.5), (0.4, 0.5), (math.nan, 0.5), (0.5, 0.0), (0.5, 1.0), (1.5, 0.5)]
)
def test_without_an_edge_or_a_sane_number_nothing_is_bet(p: float, c: float) -> None:
    assert kelly(p, c) == 0.0


def test_a_share_of_what_is_displayed_is_exact_at_the_border() -> None:
    assert contracts_to_trade(FIXED, 0.6, 0.5, contracts(40)) == contracts(10)
    assert contracts_to_trade(FIXED, 0.6, 0.5, contracts(39)) == contracts(9)
    assert contracts_to_trade(FIXED, 0.6, 0.5, contracts(3)) == 0
    assert contracts_to_trade(FIXED, 0.6, 0.5, None) == contracts(10)


def test_what_may_still_be_lost_caps_the_size() -> None:
    assert contracts_to_trade(
        attrs.evolve(FIXED, loss_max=Money(3 * MONEY_ONE)), 0.6, 0.5, None
    ) == contracts(6)
    assert contracts_to_trade(attrs.evolve(FIXED, loss_max=Money(-1)), 0.6, 0.5, None) == 0


@pytest.mark.parametrize(("p", "cost"), [(math.nan, 0.5), (0.5, math.nan), (0.5, 0.0), (math.inf, 0.5)])
def test_no_number_is_no_trade(p: float, cost: float) -> None:
    assert contracts_to_trade(FIXED, p, cost, None) == 0


@given(st.floats(0.02, 0.98), st.floats(0.02, 0.98), st.integers(0, 5000), st.booleans())
def test_sizes_are_whole_and_under_every_cap(p: float, cost: float, displayed: int, use_kelly: bool) -> None:  # noqa: FBT001
    sizing = attrs.evolve(FIXED, use_kelly=use_kelly, position_size=50, loss_max=Money(7 * MONEY_ONE))
    count = contracts_to_trade(sizing, p, cost, contracts(displayed))
    assert count % contracts(1) == 0
    whole = count // contracts(1)
    assert 0 <= whole <= 50
    assert whole <= displayed * 0.25 + 1e-6
    assert whole * cost <= 7 + 1e-6
    if use_kelly:
        assert whole * cost <= kelly(p, cost) * 0.25 * 1000 + 1e-6

"""Fees follow the date: which rounding was in force when, to the nanosecond, and what each of them charged.

Covers: engine.fees.
"""

import datetime as dt

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.calendar import day_begin, parse_time
from engine.events import BookSide
from engine.fees import (
    MONEY_CENTICENT,
    REGIMES,
    FeeTerms,
    FeeType,
    Rounding,
    balance_grid,
    regime_at,
    regime_dates,
)
from engine.orders import Liquidity
from engine.terms import FeeRegime, Member
from engine.units import MONEY_CENT, MONEY_ZERO, Count, Money, Nanos, contracts, from_cents, parse_money

CENT, CENT_ALIGNED, CENTICENT, MICRODOLLAR = FeeRegime
TERMS = FeeTerms(FeeType.QUADRATIC_WITH_MAKER_FEES)


@pytest.mark.promise("fees-follow-date-fill")
@pytest.mark.parametrize(
    ("moment", "regime"),
    [
        ("2025-12-25T20:00:00-05:00", CENT),
        ("2026-02-28T23:59:59-05:00", CENT),
        ("2026-03-11T23:59:59.999999999-04:00", CENT),
        ("2026-03-12T00:00:00-04:00", CENT_ALIGNED),
        ("2026-05-31T23:59:59.999999999-04:00", CENT_ALIGNED),
        ("2026-06-01T00:00:00-04:00", CENTICENT),
        ("2026-08-22T12:00:00-04:00", CENTICENT),
        ("2026-08-31T23:59:59.999999999-04:00", CENTICENT),
        ("2026-09-01T00:00:00-04:00", MICRODOLLAR),
        ("2026-11-20T19:00:00-05:00", MICRODOLLAR),
        ("1970-01-01T00:00:00Z", CENT),
    ],
)
def test_each_day_has_the_rounding_that_was_in_force_on_it(moment: str, regime: FeeRegime) -> None:
    assert regime_at(parse_time(moment)) is regime


def test_a_regime_begins_with_its_first_eastern_day_and_ends_with_its_last() -> None:
    assert [regime for _, regime in REGIMES] == list(FeeRegime)
    assert regime_dates(CENT) == (None, dt.date(2026, 3, 11))
    assert regime_dates(MICRODOLLAR) == (dt.date(2026, 9, 1), None)
    for (since, regime), (_, before) in zip(REGIMES[1:], REGIMES, strict=False):
        begin = day_begin(since)
        assert (regime_at(Nanos(begin - 1)), regime_at(begin)) == (before, regime)
        assert regime_dates(regime)[0] == since
        assert regime_dates(before)[1] == since - dt.timedelta(days=1)


def test_what_is_forced_holds_on_every_day() -> None:
    for since, _ in REGIMES[1:]:
        assert regime_at(day_begin(since), CENT) is CENT
        assert Rounding(MICRODOLLAR).of(TERMS, Nanos(day_begin(since) - 1)).regime is MICRODOLLAR


@pytest.mark.parametrize(
    ("day", "member", "fees"),
    [
        # Three fills of 1 contract at 50 cents, model fee 0.0175 each.
        ("2025-12-25", Member.DIRECT, ["0.02", "0.02", "0.02"]),
        ("2026-03-11", Member.DIRECT, ["0.02", "0.02", "0.02"]),
        ("2026-03-12", Member.DIRECT, ["0.02", "0.02", "0.02"]),
        ("2026-05-31", Member.DIRECT, ["0.02", "0.02", "0.02"]),
        ("2026-06-01", Member.DIRECT, ["0.0175", "0.0175", "0.0175"]),
        ("2026-08-31", Member.DIRECT, ["0.0175", "0.0175", "0.0175"]),
        ("2026-09-01", Member.DIRECT, ["0.0175", "0.0175", "0.0175"]),
        ("2026-05-31", Member.BROKER, ["0.02", "0.02", "0.02"]),
        ("2026-06-01", Member.BROKER, ["0.02", "0.02", "0.02"]),
        ("2026-09-01", Member.BROKER, ["0.02", "0.02", "0.02"]),
    ],
)
def test_three_fills_at_fifty_cents_on_each_side_of_each_boundary(
    day: str, member: Member, fees: list[str]
) -> None:
    terms = Rounding(member=member).of(TERMS, day_begin(dt.date.fromisoformat(day)))
    accumulated, charged = MONEY_ZERO, []
    for _ in fees:
        fee = terms.charge(Liquidity.TAKER, BookSide.BID, from_cents(50), contracts(1), accumulated)
        accumulated = fee.accumulated
        charged.append(fee.fee)
    assert charged == [parse_money(text) for text in fees]


@pytest.mark.parametrize(
    ("regime", "net"),
    [
        # Five fills of 1 contract at 33 cents, model fee 0.015477 each, 0.077385 in all.
        (CENT, ["0.02", "0.02", "0.01", "0.02", "0.01"]),
        (CENT_ALIGNED, ["0.02", "0.02", "0.01", "0.02", "0.01"]),
        (CENTICENT, ["0.0155"] * 5),
        (MICRODOLLAR, ["0.0155"] * 4 + ["0.0154"]),
    ],
)
def test_five_fills_of_an_order_under_each_regime(regime: FeeRegime, net: list[str]) -> None:
    accumulated, charged = MONEY_ZERO, []
    for _ in net:
        fee = TERMS.rounded(regime, Member.DIRECT).charge(
            Liquidity.TAKER, BookSide.BID, from_cents(33), contracts(1), accumulated
        )
        accumulated = fee.accumulated
        charged.append(fee.fee)
    assert charged == [parse_money(text) for text in net]


@pytest.mark.parametrize(
    ("regime", "direct", "broker"),
    [
        (CENT, MONEY_CENT, MONEY_CENT),
        (CENT_ALIGNED, MONEY_CENT, MONEY_CENT),
        (CENTICENT, MONEY_CENTICENT, MONEY_CENT),
        (MICRODOLLAR, MONEY_CENTICENT, MONEY_CENT),
    ],
)
def test_balances_were_in_whole_cents_for_everybody_until_june(
    regime: FeeRegime, direct: Money, broker: Money
) -> None:
    assert balance_grid(regime, Member.DIRECT) == direct
    assert balance_grid(regime, Member.BROKER) == broker


orders = st.lists(st.integers(1, 40).map(contracts), min_size=1, max_size=10)


def paid(regime: FeeRegime, member: Member, cents: int, sizes: list[Count]) -> int:
    """What an order of several fills pays in all."""
    accumulated, total = MONEY_ZERO, 0
    for size in sizes:
        fee = TERMS.rounded(regime, member).charge(
            Liquidity.TAKER, BookSide.BID, from_cents(cents), size, accumulated
        )
        accumulated, total = fee.accumulated, total + fee.fee
    return total


@example(Member.DIRECT, 25, [contracts(1)] * 4 + [contracts(12)])
@example(Member.BROKER, 82, [contracts(34), contracts(25), contracts(1)])
@given(st.sampled_from(Member), st.integers(1, 99), orders)
def test_an_earlier_regime_is_kinder_by_a_cent_at_most_and_only_that_of_whole_orders(
    member: Member, cents: int, sizes: list[Count]
) -> None:
    """So a date that is set too late errs on the dear side, but for what rounding fill by fill leaves over.

    Sixteen contracts at 25 cents cost 0.21 to the cent, and in five fills 0.2101 by microdollars. Of 60 at 82
    cents in three fills a cent is left over.
    """
    cent, cent_aligned, centicent, microdollar = (paid(regime, member, cents, sizes) for regime in FeeRegime)
    assert microdollar <= centicent <= cent_aligned
    assert cent <= cent_aligned <= cent + MONEY_CENT
    assert microdollar <= cent + (MONEY_CENTICENT if member is Member.DIRECT else MONEY_CENT)


@given(st.lists(st.tuples(st.integers(1, 40).map(contracts), st.sampled_from(FeeRegime)), max_size=10))
def test_an_order_that_rests_across_a_boundary_pays_its_trade_fees_and_what_is_left_over(
    lots: list[tuple[Count, FeeRegime]],
) -> None:
    accumulated, total, traded = MONEY_ZERO, 0, 0
    for size, regime in sorted(lots, key=lambda lot: list(FeeRegime).index(lot[1])):
        terms = TERMS.rounded(regime, Member.DIRECT)
        fee = terms.charge(Liquidity.MAKER, BookSide.BID, from_cents(37), size, accumulated)
        assert min(fee.fee, fee.accumulated) >= 0
        accumulated, total, traded = fee.accumulated, total + fee.fee, traded + fee.trade_fee
    assert total == traded + accumulated

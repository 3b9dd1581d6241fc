"""Every published and every really charged fee that is known, and what must hold for all the others."""

from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import BookSide
from engine.fees import (
    MONEY_CENTICENT,
    MULTIPLIER_ONE,
    REBATE_AT_EXACTLY_ONE_STEP,
    FeeNames,
    FeeTerms,
    FeeTermsUnknown,
    FeeType,
    FillFee,
    Multiplier,
    balance_grid,
    fee_terms,
    parse_fee_type,
    parse_multiplier,
    rebated,
)
from engine.orders import Liquidity
from engine.terms import FeeRegime, Member
from engine.units import (
    MONEY_CENT,
    Count,
    Money,
    Nanos,
    Price,
    contracts,
    from_cents,
    parse_count,
    parse_money,
    parse_price,
)

TAKER, MAKER = Liquidity.TAKER, Liquidity.MAKER
NEWEST = FeeTerms(FeeType.QUADRATIC_WITH_MAKER_FEES)
NOTHING = Money(0)

prices = st.integers(0, 10_000).map(Price)
cent_prices = st.integers(1, 99).map(from_cents)
counts = st.integers(1, 1_000_000).map(Count)
liquidities = st.sampled_from(Liquidity)
sides = st.sampled_from(BookSide)
all_terms = st.builds(
    FeeTerms,
    st.sampled_from([kind for kind in FeeType if kind is not FeeType.FLAT]),
    st.sampled_from([0, 2_500, 5_000, 10_000, 12_345, 20_000]).map(Multiplier),
    st.sampled_from(FeeRegime),
    st.sampled_from(Member),
)
fills = st.lists(
    st.tuples(liquidities, sides, prices, st.integers(1, 10_000).map(Count)), min_size=1, max_size=12
)


def charged(terms: FeeTerms, liquidity: Liquidity, count: str, price: str) -> Money:
    return terms.estimate(liquidity, parse_price(price), parse_count(count))


def whole_order(terms: FeeTerms, lots: list[tuple[Liquidity, BookSide, Price, Count]]) -> list[FillFee]:
    fees: list[FillFee] = []
    for liquidity, side, price, count in lots:
        accumulated = fees[-1].accumulated if fees else NOTHING
        fees.append(terms.charge(liquidity, side, price, count, accumulated))
    return fees


@pytest.mark.promise("published-fee-tables-met")
@pytest.mark.parametrize(
    ("cents", "one", "hundred"),
    [
        (1, "0.01", "0.07"),
        (5, "0.01", "0.34"),
        (10, "0.01", "0.63"),
        (20, "0.02", "1.12"),
        (25, "0.02", "1.32"),
        (30, "0.02", "1.47"),
        (40, "0.02", "1.68"),
        (50, "0.02", "1.75"),
        (85, "0.01", "0.90"),
        (90, "0.01", "0.63"),
        (95, "0.01", "0.34"),
        (99, "0.01", "0.07"),
    ],
)
def test_the_fee_schedules_table_by_the_cent(cents: int, one: str, hundred: str) -> None:
    terms = FeeTerms(regime=FeeRegime.CENT)
    assert terms.estimate(TAKER, from_cents(cents), contracts(1)) == parse_money(one)
    assert terms.estimate(TAKER, from_cents(cents), contracts(100)) == parse_money(hundred)


@pytest.mark.promise("fees-venue-last-microdollar")
@pytest.mark.parametrize("regime", [FeeRegime.CENTICENT, FeeRegime.MICRODOLLAR])
@pytest.mark.parametrize(
    ("multiplier", "count", "price", "fee"),
    [
        ("1", "1", "0.28", "0.0142"),
        ("1", "15", "0.74", "0.2021"),
        ("1", "20", "0.13", "0.1584"),
        ("1", "3", "0.52", "0.0525"),
        ("0.5", "1", "0.52", "0.0088"),
        ("0.5", "20", "0.13", "0.0792"),
        ("0.5", "0.27", "0.27", "0.0019"),
        ("1", "5.52", "0.17", "0.0546"),
        ("1", "1.16", "0.16", "0.0110"),
    ],
)
def test_what_direct_members_were_really_charged(
    regime: FeeRegime, multiplier: str, count: str, price: str, fee: str
) -> None:
    terms = FeeTerms(multiplier=parse_multiplier(multiplier), regime=regime)
    assert charged(terms, TAKER, count, price) == parse_money(fee)


@pytest.mark.parametrize(
    ("count", "price", "taker", "maker"),
    [
        ("1", "0.50", "0.0175", "0.0044"),
        ("10", "0.50", "0.1750", "0.0438"),
        ("100", "0.50", "1.75", "0.4375"),
        ("100", "0.05", "0.3325", "0.0832"),
        ("20", "0.33", "0.3096", "0.0774"),
        ("1", "0.01", "0.0007", "0.0002"),
        ("100", "0.99", "0.0693", "0.0174"),
    ],
)
def test_takers_and_makers_of_a_series_with_maker_fees(
    count: str, price: str, taker: str, maker: str
) -> None:
    assert charged(NEWEST, TAKER, count, price) == parse_money(taker)
    assert charged(NEWEST, MAKER, count, price) == parse_money(maker)


def test_what_makers_pay_depends_on_the_fee_type() -> None:
    half = FeeTerms(FeeType.QUADRATIC_WITH_COMBO_MAKER_FEES)
    assert charged(FeeTerms(FeeType.QUADRATIC), MAKER, "100", "0.50") == NOTHING
    assert charged(half, MAKER, "100", "0.50") == parse_money("0.875")
    assert charged(FeeTerms(FeeType.QUADRATIC).with_maker_fees(), MAKER, "100", "0.50") == parse_money(
        "0.4375"
    )
    assert half.with_maker_fees() == half


def test_the_pages_example_of_a_balance_that_is_kept_in_cents() -> None:
    fee = FeeTerms(member=Member.BROKER).charge(TAKER, BookSide.BID, Price(550), contracts(1), NOTHING)
    assert fee.trade_fee == parse_money("0.003639")
    assert fee.rounding == parse_money("0.001361")
    assert fee.fee == parse_money("0.005")
    assert "= 0.00363825;" in fee.formula


def test_the_same_fill_of_a_direct_member() -> None:
    fee = FeeTerms().charge(TAKER, BookSide.BID, Price(550), contracts(1), NOTHING)
    assert fee.fee == parse_money("0.0587") - parse_money("0.055")


@pytest.mark.parametrize(("step", "scale"), [(MONEY_CENT, 1), (MONEY_CENTICENT, 100)])
def test_the_pages_accumulator_gives_back_a_step_when_it_holds_more(step: Money, scale: int) -> None:
    left, rebates = NOTHING, []
    for _ in range(3):
        rebate, left = rebated(Money(left + 4_000 // scale), step, charged=Money(step * 2))
        rebates.append(rebate)
    assert rebates == [0, 0, step]
    assert left == 2_000 // scale


@pytest.mark.parametrize(
    ("trade_fee", "rounding", "net", "left"),
    [
        ("0.0085", "0.0065", ["0.0150", "0.0050", "0.0150"], "0.0095"),
        ("0.0041", "0.0059", ["0.0100", "0.0000", "0.0100"], "0.0077"),
        ("0.0005", "0.009597", ["0.010097", "0.000097", "0.000097"], "0.008791"),
    ],
)
def test_the_three_orders_of_the_page_of_march(
    trade_fee: str, rounding: str, net: list[str], left: str
) -> None:
    # Its trade fees are not those of the formula, so only the accumulator is tested by them.
    gross, accumulated, fees = parse_money(trade_fee) + parse_money(rounding), NOTHING, []
    for _ in range(3):
        rebate, accumulated = rebated(Money(accumulated + parse_money(rounding)), MONEY_CENT, Money(gross))
        fees.append(gross - rebate)
    assert fees == [parse_money(text) for text in net]
    assert accumulated == parse_money(left)


def test_five_fills_of_an_order_cost_what_one_would() -> None:
    fees = whole_order(NEWEST, [(TAKER, BookSide.BID, from_cents(33), contracts(1))] * 5)
    assert [fee.fee for fee in fees] == [parse_money("0.0155")] * 4 + [parse_money("0.0154")]
    assert sum(fee.fee for fee in fees) == parse_money("0.0774")


def test_two_fills_leave_their_rounding_in_the_accumulator() -> None:
    lots = [(TAKER, BookSide.BID, from_cents(61), contracts(count)) for count in (7, 13)]
    fees = whole_order(NEWEST, lots)
    assert [fee.fee for fee in fees] == [parse_money("0.1166"), parse_money("0.2165")]
    assert fees[-1].accumulated == parse_money("0.000040")


def test_the_accumulator_goes_on_from_taker_to_maker_fills() -> None:
    taker = NEWEST.charge(TAKER, BookSide.BID, from_cents(33), contracts(4), NOTHING)
    maker = NEWEST.charge(MAKER, BookSide.BID, from_cents(33), contracts(1), taker.accumulated)
    assert maker.accumulated == taker.accumulated + maker.rounding - maker.rebate


def test_an_order_of_many_fills_pays_whole_cents_once_in_the_old_regime() -> None:
    terms = FeeTerms(regime=FeeRegime.CENT)
    fees = whole_order(terms, [(TAKER, BookSide.BID, from_cents(50), contracts(1))] * 100)
    assert sum(fee.fee for fee in fees) == parse_money("1.75")
    assert fees[0].fee == parse_money("0.02")
    assert {fee.fee for fee in fees} == {parse_money("0.01"), parse_money("0.02")}


def test_an_events_terms_win_field_by_field() -> None:
    series = FeeNames("quadratic_with_maker_fees", "0.5")
    assert fee_terms(series) == FeeTerms(FeeType.QUADRATIC_WITH_MAKER_FEES, Multiplier(5_000))
    in_play = fee_terms(series, FeeNames(None, "1"))
    assert in_play == FeeTerms(FeeType.QUADRATIC_WITH_MAKER_FEES, MULTIPLIER_ONE)
    assert fee_terms(series, FeeNames("quadratic")).fee_type is FeeType.QUADRATIC
    assert fee_terms(series, FeeNames("", "")) == fee_terms(series)


@pytest.mark.promise("fee-terms-understood-refused")
@pytest.mark.parametrize(
    "series",
    [
        FeeNames("quadratic_with_something_new", "1"),
        FeeNames("flat", "1"),
        FeeNames(None, "1"),
        FeeNames("quadratic", None),
        FeeNames("quadratic", "-1"),
        FeeNames("quadratic", "0.00001"),
        FeeNames("quadratic", "1e3"),
        FeeNames("quadratic", ".5"),
        FeeNames("quadratic", "nan"),
        FeeNames("quadratic", "9" * 13),
    ],
)
def test_terms_that_are_not_understood_are_refused_and_never_taken_for_free(series: FeeNames) -> None:
    with pytest.raises(FeeTermsUnknown):
        fee_terms(series)


def test_a_negative_multiplier_is_refused_however_it_comes() -> None:
    with pytest.raises(FeeTermsUnknown):
        FeeTerms(multiplier=Multiplier(-1))
    with pytest.raises(FeeTermsUnknown):
        parse_fee_type("Quadratic")


def test_no_model_fee_is_charged_while_the_venue_waives_it() -> None:
    terms = FeeTerms(waived_until=Nanos(1_000))
    assert charged(terms.at(Nanos(999)), TAKER, "100", "0.50") == NOTHING
    assert charged(terms.at(Nanos(1_000)), TAKER, "100", "0.50") == parse_money("1.75")
    assert FeeTerms().at(Nanos(5)) == FeeTerms()


def test_a_series_without_a_fee_still_rounds_the_balance() -> None:
    terms = FeeTerms(multiplier=parse_multiplier("0"), member=Member.BROKER)
    assert terms.estimate(TAKER, parse_price("0.3333"), parse_count("3.33")) == parse_money("0.000111")


def test_a_formula_can_be_checked_by_hand() -> None:
    fee = NEWEST.charge(MAKER, BookSide.BID, from_cents(33), contracts(20), NOTHING)
    assert fee.formula == (
        "1 x 1/4 x 0.07 x 20.00 x 0.3300 x 0.6700 = 0.077385; trade fee 0.077385 + rounding 0.000015"
        " = 0.077400 (microdollar, direct)"
    )


def test_a_formula_shows_the_rebate() -> None:
    fees = whole_order(NEWEST, [(TAKER, BookSide.BID, from_cents(33), contracts(1))] * 5)
    assert fees[-1].formula == (
        "1 x 0.07 x 1.00 x 0.3300 x 0.6700 = 0.015477; trade fee 0.015477 + rounding 0.000023"
        " - rebate 0.000100 = 0.015400 (microdollar, direct)"
    )
    whole = FeeTerms(multiplier=parse_multiplier("0.5")).charge(
        TAKER, BookSide.ASK, from_cents(50), contracts(100), NOTHING
    )
    assert whole.formula.startswith(
        "0.5 x 0.07 x 100.00 x 0.5000 x 0.5000 = 0.875; trade fee 0.875000 = 0.875000"
    )


@pytest.mark.parametrize(("count", "price"), [(-1, 5_000), (100, -1), (100, 10_001)])
def test_impossible_fills_have_no_fee(count: int, price: int) -> None:
    with pytest.raises(ValueError, match="no fee"):
        NEWEST.estimate(TAKER, Price(price), Count(count))


def test_exactly_one_step_in_the_accumulator_stays_there() -> None:
    assert REBATE_AT_EXACTLY_ONE_STEP is False
    assert rebated(MONEY_CENT, MONEY_CENT, Money(50_000)) == (0, MONEY_CENT)
    assert rebated(Money(10_001), MONEY_CENT, Money(50_000)) == (MONEY_CENT, 1)
    assert rebated(Money(30_001), MONEY_CENT, Money(20_000)) == (20_000, 10_001)


@pytest.mark.promise("fill-ever-paid-order")
@given(all_terms, fills)
def test_no_fill_is_ever_paid_for_and_the_balance_of_an_order_adds_up(
    terms: FeeTerms, lots: list[tuple[Liquidity, BookSide, Price, Count]]
) -> None:
    fees = whole_order(terms, lots)
    for fee in fees:
        assert fee.fee == fee.trade_fee + fee.rounding - fee.rebate
        assert min(fee.fee, fee.rounding, fee.rebate, fee.accumulated) >= 0
    paid = sum(fee.fee for fee in fees)
    traded = sum(fee.trade_fee for fee in fees)
    assert paid == traded + fees[-1].accumulated
    model = sum(Fraction(terms.model_units(lot[0], lot[2], lot[3]), 4 * 10**10) for lot in lots)
    assert paid >= model
    if terms.regime is FeeRegime.CENT:
        assert paid % MONEY_CENT == 0
        assert paid - traded < MONEY_CENT
        assert paid - model < MONEY_CENT + len(lots)


@given(all_terms, fills)
def test_the_balance_stays_on_the_members_grid(
    terms: FeeTerms, lots: list[tuple[Liquidity, BookSide, Price, Count]]
) -> None:
    grid = balance_grid(terms.regime, terms.member)
    for fee, (_, side, price, count) in zip(whole_order(terms, lots), lots, strict=True):
        revenue = price * count * (-1 if side is BookSide.BID else 1)
        if terms.regime is not FeeRegime.CENT:
            assert (revenue - fee.fee) % grid == 0


@given(all_terms, liquidities, prices, counts)
def test_yes_and_no_cost_the_same(terms: FeeTerms, liquidity: Liquidity, price: Price, count: Count) -> None:
    yes = terms.charge(liquidity, BookSide.BID, price, count, NOTHING)
    no = terms.charge(liquidity, BookSide.ASK, Price(10_000 - price), count, NOTHING)
    assert (yes.fee, yes.trade_fee, yes.rounding) == (no.fee, no.trade_fee, no.rounding)


@given(all_terms, liquidities, prices, counts, counts)
def test_more_contracts_never_have_a_smaller_trade_fee(
    terms: FeeTerms, liquidity: Liquidity, price: Price, count: Count, more: Count
) -> None:
    few = terms.charge(liquidity, BookSide.BID, price, count, NOTHING)
    many = terms.charge(liquidity, BookSide.BID, price, Count(count + more), NOTHING)
    assert few.trade_fee <= many.trade_fee
    assert terms.estimate(MAKER, price, count) <= terms.estimate(TAKER, price, count)


@given(cent_prices, counts)
def test_at_whole_cents_a_direct_member_pays_the_model_up_to_a_centicent(price: Price, count: Count) -> None:
    cents = price // 100
    exact = Fraction(7, 100) * Fraction(count, 100) * Fraction(cents, 100) * (1 - Fraction(cents, 100))
    expected = ceil(exact * 10_000) * 100
    for regime in (FeeRegime.CENTICENT, FeeRegime.MICRODOLLAR):
        assert FeeTerms(regime=regime).estimate(TAKER, price, count) == expected


@pytest.mark.promise("order-pieces-costs-most")
@given(cent_prices, st.lists(st.integers(1, 500), min_size=2, max_size=10))
def test_an_order_in_pieces_costs_at_most_one_step_more_than_whole(price: Price, sizes: list[int]) -> None:
    pieces = whole_order(NEWEST, [(TAKER, BookSide.BID, price, Count(size)) for size in sizes])
    whole = NEWEST.estimate(TAKER, price, Count(sum(sizes)))
    assert whole <= sum(fee.fee for fee in pieces) <= whole + MONEY_CENTICENT + len(sizes)


@given(all_terms, fills)
def test_no_order_in_pieces_costs_more_than_is_set_aside_for_it(
    terms: FeeTerms, lots: list[tuple[Liquidity, BookSide, Price, Count]]
) -> None:
    liquidity, _, _, _ = lots[0]
    price = from_cents(37)
    sizes = [Count(-(-lot[3] // 100) * 100) for lot in lots]
    pieces = whole_order(terms, [(liquidity, BookSide.BID, price, size) for size in sizes])
    assert sum(fee.fee for fee in pieces) <= terms.estimate_in_pieces(liquidity, price, Count(sum(sizes)))


@given(all_terms, liquidities, prices)
def test_the_fee_as_a_probability_is_the_model_fee_of_one_contract(
    terms: FeeTerms, liquidity: Liquidity, price: Price
) -> None:
    model = terms.model_units(liquidity, price, contracts(1)) / 4e16
    assert terms.p_fee(liquidity, price) == pytest.approx(model, abs=1e-15)


@given(st.integers(0, 10**8))
def test_a_multiplier_is_read_exactly(multiplier: int) -> None:
    assert parse_multiplier(f"{multiplier // 10_000}.{multiplier % 10_000:04d}") == multiplier


@pytest.mark.parametrize(("member", "step"), [(Member.DIRECT, 100), (Member.BROKER, 10_000)])
def test_an_order_in_pieces_is_estimated_two_steps_dearer_than_whole(member: Member, step: int) -> None:
    terms = FeeTerms(member=member)
    whole = terms.estimate(Liquidity.TAKER, Price(5_000), Count(1_000))
    assert terms.estimate_in_pieces(Liquidity.TAKER, Price(5_000), Count(1_000)) == whole + 2 * step

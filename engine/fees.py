"""What the venue charges for a fill: fee types, multipliers, rounding regimes and the order's accumulator.

Called by the paper exchange for every fill, by strategies and the risk gate for estimates, and by `tipoff
fees`. All arithmetic is on whole numbers; nothing is rounded but where the venue rounds. Sources: the venue's
fee schedule (February 2026), its page "Fee Rounding" in the editions of March, June and September 2026, and
33 real fills.

The model fee is `multiplier × 0.07 × count × price × (1 − price)` for the taker, and a share of that for the
maker.
"""

import datetime as dt
from bisect import bisect_right
from enum import Enum
from functools import lru_cache
from typing import Final, NewType, TypeAlias

import attrs

from engine.calendar import day_begin
from engine.events import BookSide
from engine.message import message
from engine.orders import Liquidity
from engine.terms import FeeRegime, Member
from engine.units import (
    COUNT_ONE,
    MONEY_CENT,
    MONEY_ONE,
    MONEY_ZERO,
    PRICE_ONE,
    Count,
    Money,
    Nanos,
    Price,
    format_count,
    format_money,
    format_price,
)

Multiplier = NewType("Multiplier", int)
"""A series' or event's `fee_multiplier` in 1/10,000: 10,000 is the plain fee, 5,000 half of it."""

MULTIPLIER_ONE: Final = Multiplier(10_000)
MULTIPLIER_DECIMALS: Final = 4

MONEY_CENTICENT: Final = Money(100)
"""One hundredth of a cent: the grid of a direct member's balance."""

REBATE_AT_EXACTLY_ONE_STEP: Final = False
"""The venue rebates when the accumulator exceeds a step; what it does at exactly a step is not published."""

# 0.07 in hundredths, the maker's share in quarters, price (twice) in 1/10,000, count in 1/100, multiplier in
# 1/10,000: this many of the products' units make 1/1,000,000 dollar.
_RATE_HUNDREDTHS: Final = 7
_PER_MONEY: Final = 100 * 4 * 10_000 * 10_000 * 100 * 10_000 // 1_000_000


class FeeTermsUnknown(ValueError):
    """The venue's fee terms are missing or not ones that we know: refuse to trade, never take it for free."""


class FeeType(Enum):
    """The venue's `fee_type`; they differ in what the maker pays. FLAT exists by name only and is refused."""

    QUADRATIC = "quadratic"
    QUADRATIC_WITH_MAKER_FEES = "quadratic_with_maker_fees"
    QUADRATIC_WITH_COMBO_MAKER_FEES = "quadratic_with_combo_maker_fees"
    FLAT = "flat"


REGIMES: Final[tuple[tuple[dt.date, FeeRegime], ...]] = (
    (dt.date.min, FeeRegime.CENT),
    (dt.date(2026, 3, 12), FeeRegime.CENT_ALIGNED),
    (dt.date(2026, 6, 1), FeeRegime.CENTICENT),
    (dt.date(2026, 9, 1), FeeRegime.MICRODOLLAR),
)
"""Since which Eastern date the venue rounds how.

The venue publishes no such dates; each is the one from which a rule is known, and where that leaves a choice
the dearer rule holds for longer. CENT: the fee schedule's table, and whole cents in 11 of 11 settlements from
November 2025 to February 2026. CENT_ALIGNED: the page of March 2026, written for fractional sizes, which the
venue switched on that day; an order's fee is never less than by CENT. CENTICENT: the page's edition of June
2026, the first with a finer grid for direct members; real fills of August 2026 agree. MICRODOLLAR: its
edition of September 2026, the former one being there late in August; on which day of a month without games is
not known, and a single fill costs a direct member the same by both.
"""

_GRID: Final[dict[Member, Money]] = {Member.DIRECT: MONEY_CENTICENT, Member.BROKER: MONEY_CENT}
_IN_WHOLE_CENTS: Final = (FeeRegime.CENT, FeeRegime.CENT_ALIGNED)

_MAKER_QUARTERS: Final[dict[FeeType, int]] = {
    FeeType.QUADRATIC: 0,
    FeeType.QUADRATIC_WITH_MAKER_FEES: 1,
    FeeType.QUADRATIC_WITH_COMBO_MAKER_FEES: 2,
}

_BEGINS: Final = tuple(day_begin(since) for since, _ in REGIMES[1:])
_REGIMES_BEGUN: Final = tuple(regime for _, regime in REGIMES)

# Looking a member up in its enum costs more than the arithmetic of a fee.
_TAKER: Final = Liquidity.TAKER
_BID: Final = BookSide.BID
_BY_THE_CENT: Final = FeeRegime.CENT

ModelUnits: TypeAlias = int
"""A model fee in 1/4e10 of 1/1,000,000 dollar, the unit in which the formula is exact."""


@message
class FillFee:
    """What one fill costs and how that came about.

    `fee` is what is charged: trade_fee + rounding - rebate, never negative. `accumulated` is the order's
    accumulator after this fill: hand it to the order's next fill, be it a taker's or a maker's.
    """

    fee: Money
    trade_fee: Money
    rounding: Money
    rebate: Money
    accumulated: Money
    terms: "FeeTerms"
    liquidity: Liquidity
    price: Price
    count: Count

    @property
    def formula(self) -> str:
        """The arithmetic as a person would check it."""
        terms, model = self.terms, self.terms.model_units(self.liquidity, self.price, self.count)
        share = "" if self.liquidity is Liquidity.TAKER else f"{_MAKER_QUARTERS[terms.fee_type]}/4 x "
        other = Price(PRICE_ONE - self.price)
        text = (
            f"{_multiplier_text(terms.multiplier)} x {share}0.07 x {format_count(self.count)}"
            f" x {format_price(self.price)} x {format_price(other)} = {_model_text(model)};"
            f" trade fee {format_money(self.trade_fee)}"
        )
        if self.rounding:
            text += f" + rounding {format_money(self.rounding)}"
        if self.rebate:
            text += f" - rebate {format_money(self.rebate)}"
        return f"{text} = {format_money(self.fee)} ({terms.regime.value}, {terms.member.value})"


@attrs.frozen
class FeeTerms:
    """All that decides a fee but the fill itself; what no table of the venue charges is refused."""

    fee_type: FeeType = FeeType.QUADRATIC
    multiplier: Multiplier = MULTIPLIER_ONE
    regime: FeeRegime = FeeRegime.MICRODOLLAR
    member: Member = Member.DIRECT
    waived_until: Nanos | None = None
    _rate_taker: int = attrs.field(init=False, repr=False, eq=False)
    _rate_maker: int = attrs.field(init=False, repr=False, eq=False)
    _grid: Money = attrs.field(init=False, repr=False, eq=False)
    _unit: Money = attrs.field(init=False, repr=False, eq=False)
    _step: Money = attrs.field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        """Refuse unknown terms and look the tables up, once, so that `charge` need not."""
        # FLAT is in the venue's list without a published formula; guessed, it would make fills cheaper than
        # they are.
        if self.fee_type not in _MAKER_QUARTERS:
            raise FeeTermsUnknown(f"fee type {self.fee_type.value!r} is charged by no table that we know")
        if self.multiplier < 0:
            raise FeeTermsUnknown(f"fee multiplier {_multiplier_text(self.multiplier)} is negative")
        rate = _RATE_HUNDREDTHS * self.multiplier
        object.__setattr__(self, "_rate_taker", 4 * rate)
        object.__setattr__(self, "_rate_maker", _MAKER_QUARTERS[self.fee_type] * rate)
        object.__setattr__(self, "_grid", balance_grid(self.regime, self.member))
        by_centicent = self.regime in (FeeRegime.CENT_ALIGNED, FeeRegime.CENTICENT)
        object.__setattr__(self, "_unit", MONEY_CENTICENT if by_centicent else Money(1))
        object.__setattr__(self, "_step", MONEY_CENT if by_centicent else self._grid)

    def at(self, now: Nanos) -> "FeeTerms":
        """The terms at a moment: without a model fee as long as the venue waives it."""
        if self.waived_until is None:
            return self
        if now < self.waived_until:
            return attrs.evolve(self, multiplier=Multiplier(0), waived_until=None)
        return attrs.evolve(self, waived_until=None)

    def rounded(self, regime: FeeRegime, member: Member) -> "FeeTerms":
        """The same terms under another rounding."""
        if self.regime is regime and self.member is member:
            return self
        return attrs.evolve(self, regime=regime, member=member)

    def with_maker_fees(self) -> "FeeTerms":
        """The same terms where makers pay too, for pessimists: some fills of plain series were charged so."""
        if self.fee_type is FeeType.QUADRATIC:
            return attrs.evolve(self, fee_type=FeeType.QUADRATIC_WITH_MAKER_FEES)
        return self

    def model_units(self, liquidity: Liquidity, price: Price, count: Count) -> ModelUnits:
        """The exact model fee, unrounded. Raises ValueError for a negative count or a price outside 0..1."""
        if count < 0 or not 0 <= price <= PRICE_ONE:
            raise ValueError(f"no fee for {count} hundredths of a contract at {price}")
        rate = self._rate_taker if liquidity is _TAKER else self._rate_maker
        return rate * count * price * (PRICE_ONE - price)

    def p_fee(self, liquidity: Liquidity, price: Price) -> float:
        """The model fee of one contract in dollars, so comparable with a probability; no rounding."""
        if not 0 <= price <= PRICE_ONE:
            raise ValueError(f"no fee for one contract at {price}")
        # As `model_units`, without its call: every judgement of an entry asks twice.
        rate = self._rate_taker if liquidity is _TAKER else self._rate_maker
        return rate * COUNT_ONE * price * (PRICE_ONE - price) / _PER_MONEY / MONEY_ONE

    def estimate(self, liquidity: Liquidity, price: Price, count: Count) -> Money:
        """What the first fill of an order would cost a buyer of YES; for decisions."""
        return self.charge(liquidity, BookSide.BID, price, count, MONEY_ZERO).fee

    def estimate_in_pieces(self, liquidity: Liquidity, price: Price, count: Count) -> Money:
        """What an order may be charged in all when it fills in pieces: rounding takes two steps more."""
        return Money(self.estimate(liquidity, price, count) + 2 * self._step)

    def charge(
        self, liquidity: Liquidity, side: BookSide, price: Price, count: Count, accumulated: Money
    ) -> FillFee:
        """The fee of a fill at a YES price; `accumulated` is what the order's earlier fills left.

        The balance change is floored to the member's grid. Selling YES out of a position and buying NO differ
        by whole cents in revenue, so they are charged alike and the position need not be known.
        """
        if self.regime is _BY_THE_CENT:
            return self._charge_by_the_cent(liquidity, price, count, accumulated)
        unit = self._unit
        # Twice negated: integer division rounds down, the venue rounds its fee up.
        trade_fee = Money(-(-self.model_units(liquidity, price, count) // (_PER_MONEY * unit)) * unit)
        revenue = -price * count if side is _BID else price * count
        # Python's remainder is never negative here, so this is the distance to the grid below, for payments
        # as well.
        rounding = Money((revenue - trade_fee) % self._grid)
        rebate, left = rebated(Money(accumulated + rounding), self._step, Money(trade_fee + rounding))
        fee = Money(trade_fee + rounding - rebate)
        return FillFee(fee, trade_fee, rounding, rebate, left, self, liquidity, price, count)

    def _charge_by_the_cent(
        self, liquidity: Liquidity, price: Price, count: Count, accumulated: Money
    ) -> FillFee:
        """The order's fees so far, up to the cent, less what its earlier fills paid.

        A fill counts with its model fee up to $0.000001, so that the accumulator is money: never kinder than
        exact.
        """
        trade_fee = Money(-(-self.model_units(liquidity, price, count) // _PER_MONEY))
        fee = Money(-(-(trade_fee - accumulated) // MONEY_CENT) * MONEY_CENT)
        rounding = Money(max(fee - trade_fee, 0))
        rebate = Money(trade_fee + rounding - fee)
        left = Money(accumulated + fee - trade_fee)
        return FillFee(fee, trade_fee, rounding, rebate, left, self, liquidity, price, count)


def rebated(accumulated: Money, step: Money, charged: Money) -> tuple[Money, Money]:
    """The rebate of an accumulator, in whole steps and at most what was charged, and what stays in it."""
    beyond = accumulated if REBATE_AT_EXACTLY_ONE_STEP else accumulated - 1
    if beyond < step:
        # Also the usual case of an empty accumulator.
        return MONEY_ZERO, accumulated
    # Capped: the venue's net fee of a fill is never negative.
    rebate = min(beyond // step, charged // step) * step
    return Money(rebate), Money(accumulated - rebate)


def regime_at(moment: Nanos, forced: FeeRegime | None = None) -> FeeRegime:
    """How the venue rounds at a moment, unless a regime is forced."""
    return _REGIMES_BEGUN[bisect_right(_BEGINS, moment)] if forced is None else forced


def regime_dates(regime: FeeRegime) -> tuple[dt.date | None, dt.date | None]:
    """First and last Eastern date of a regime; None where there is none."""
    position = [each for _, each in REGIMES].index(regime)
    since = REGIMES[position][0] if position else None
    if position + 1 == len(REGIMES):
        return since, None
    return since, REGIMES[position + 1][0] - dt.timedelta(days=1)


def balance_grid(regime: FeeRegime, member: Member) -> Money:
    """What balances are whole multiples of: fills and payouts at settlement are rounded to it."""
    return MONEY_CENT if regime in _IN_WHOLE_CENTS else _GRID[member]


@attrs.frozen
class Rounding:
    """Whose balance is rounded, and how: by the date, unless a regime is forced."""

    regime: FeeRegime | None = None
    member: Member = Member.DIRECT

    def of(self, terms: FeeTerms, moment: Nanos) -> FeeTerms:
        """The terms as they round at a moment."""
        return terms.rounded(regime_at(moment, self.regime), self.member)

    def grid(self, moment: Nanos) -> Money:
        """What balances are whole multiples of at a moment."""
        return balance_grid(regime_at(moment, self.regime), self.member)


BY_DATE: Final = Rounding()
"""What holds unless it is configured otherwise."""


def parse_multiplier(text: str) -> Multiplier:
    """Read a `fee_multiplier` such as "0.5". Raises FeeTermsUnknown for what is no decimal of four places."""
    whole, _, fraction = text.partition(".")
    digits = (whole + fraction.rstrip("0").ljust(MULTIPLIER_DECIMALS, "0")) if whole else ""
    # More decimals than we keep are refused: rounded, the multiplier would charge a fee the venue does not.
    exact = len(digits) == len(whole) + MULTIPLIER_DECIMALS and len(digits) <= 12
    if not (exact and digits.isascii() and digits.isdigit()):
        raise FeeTermsUnknown(
            f"fee multiplier {text[:24]!r} is not a decimal number that we can keep exactly"
        )
    return Multiplier(int(digits))


def parse_fee_type(text: str) -> FeeType:
    """The fee type of that name. Raises FeeTermsUnknown for names that are new to us."""
    try:
        return FeeType(text)
    except ValueError:
        raise FeeTermsUnknown(f"fee type {text!r} is unknown") from None


@message
class FeeNames:
    """Fee terms as the venue writes them for a series or, as an override, for an event; None is not said."""

    fee_type: str | None = None
    fee_multiplier: str | None = None


NOTHING_SAID: Final = FeeNames()
"""Of an event that overrides nothing."""


def fee_terms(
    series: FeeNames,
    event: FeeNames = NOTHING_SAID,
    regime: FeeRegime = FeeRegime.MICRODOLLAR,
    member: Member = Member.DIRECT,
    waived_until: Nanos | None = None,
) -> FeeTerms:
    """The terms in force: what the event overrides, else the series', field by field.

    Raises FeeTermsUnknown if the type or the multiplier is said by neither, or not known.
    """
    # An empty text is how the venue writes a cleared override.
    fee_type = event.fee_type or series.fee_type
    multiplier = event.fee_multiplier or series.fee_multiplier
    if not fee_type or not multiplier:
        raise FeeTermsUnknown("the venue has not said the fee type or the fee multiplier")
    return _terms(fee_type, multiplier, regime, member, waived_until)


@lru_cache(maxsize=256)
def _terms(
    fee_type: str, multiplier: str, regime: FeeRegime, member: Member, waived_until: Nanos | None
) -> FeeTerms:
    """Made once: every market of an evening has one of a few, and everybody who hears of it asks."""
    return FeeTerms(parse_fee_type(fee_type), parse_multiplier(multiplier), regime, member, waived_until)


def _multiplier_text(multiplier: Multiplier) -> str:
    """A multiplier without needless zeros: "0.5"."""
    return f"{multiplier / MULTIPLIER_ONE:g}"


def _model_text(model: ModelUnits) -> str:
    """An exact model fee in dollars: 25 times the units are 1e-18 dollars."""
    whole, fraction = divmod(model * 25, 10**18)
    return f"{whole}.{fraction:018d}".rstrip("0").rstrip(".")

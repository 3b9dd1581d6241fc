"""The units of the house: integer prices, counts, money, times and points, and the exact way in and out.

Everybody who touches an amount imports this module. Prices are 1/10,000 dollar, counts 1/100 contract, money
1/1,000,000 dollar, so price times count is money without any rounding. The venue sends decimal strings; what
does not fit the unit is a `UnitError`, never a rounding. Dollars with a decimal point exist only at the
edges, for people and for JSON, and are made by the `format_…` functions.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Final, NewType

Price = NewType("Price", int)
"""A price in 1/10,000 dollar, from 0 to PRICE_ONE; of a YES contract unless a name says otherwise."""

Count = NewType("Count", int)
"""A number of contracts in 1/100 contract; signed where it is a change or a position."""

Money = NewType("Money", int)
"""An amount in 1/1,000,000 dollar; signed."""

Nanos = NewType("Nanos", int)
"""A moment (UTC nanoseconds since 1970) or a duration in nanoseconds."""

Tenths = NewType("Tenths", int)
"""Points, lines and strikes in 1/10 point; signed."""

PRICE_ZERO: Final = Price(0)
PRICE_ONE: Final = Price(10_000)
PRICE_CENT: Final = Price(100)
COUNT_ZERO: Final = Count(0)
COUNT_ONE: Final = Count(100)
MONEY_ZERO: Final = Money(0)
MONEY_ONE: Final = Money(1_000_000)
MONEY_CENT: Final = Money(10_000)
TENTHS_ONE: Final = Tenths(10)

NANOS_PER_MICROSECOND: Final = Nanos(1_000)
NANOS_PER_MILLISECOND: Final = Nanos(1_000_000)
NANOS_PER_SECOND: Final = Nanos(1_000_000_000)
NANOS_PER_MINUTE: Final = Nanos(60_000_000_000)
NANOS_PER_HOUR: Final = Nanos(3_600_000_000_000)
NANOS_PER_DAY: Final = Nanos(86_400_000_000_000)

TEXT_LENGTH_MAX: Final = 24
"""Longer numbers are refused before they are read; the largest honest one has about 16 characters."""


COUNT_TEXTS_MAX: Final = 32_768
"""Texts of counts remembered at once."""


class UnitError(ValueError):
    """A text or number that has no exact place in the unit it was meant for."""


# Frames carry prices with four decimals, and there are only 10,001 of them: one look into a table is the
# whole parsing.
_PRICE_OF_TEXT: Final[dict[str, Price]] = {f"0.{units:04d}": Price(units) for units in range(PRICE_ONE)} | {
    "1.0000": PRICE_ONE
}

# Sizes repeat (a level changes by what an order brought), so their texts are remembered. Reading a text twice
# gives the same count, whether remembered or not: this memory cannot be seen from outside but by its speed.
_COUNT_OF_TEXT: Final[dict[str, Count]] = {}


known_price: Final[Callable[[str], Price | None]] = _PRICE_OF_TEXT.get
"""What `parse_price` says of a text, if it is written as the venue writes prices; else None."""

known_count: Final[Callable[[str], Count | None]] = _COUNT_OF_TEXT.get
"""What `parse_count_change` says of a text, if it has been read lately; else None."""


def parse_price(text: str) -> Price:
    """Read a price in dollars such as "0.4200", with up to six decimals if those after the fourth are zero.

    Raises UnitError for anything else: below 0, above 1, finer than 1/10,000 dollar, signs, blanks,
    exponents.
    """
    price = _PRICE_OF_TEXT.get(text)
    if price is not None:
        return price
    units = _scaled(text, 4, "price")
    if units > PRICE_ONE:
        raise UnitError(f"not a price: {text!r} is above one dollar")
    return Price(units)


def parse_count(text: str) -> Count:
    """Read a size such as "54.00". Raises UnitError for signs, blanks, exponents and thousandths."""
    count = _COUNT_OF_TEXT.get(text)
    if count is None:
        count = _cache(text, Count(_scaled(text, 2, "count")))
    elif count < 0:
        raise UnitError(f"not a count: {text!r} is negative")
    return count


def parse_count_change(text: str) -> Count:
    """Read a signed size such as "-54.00", of a change or a position. Raises UnitError as `parse_count`."""
    count = _COUNT_OF_TEXT.get(text)
    if count is None:
        size = _scaled(text.removeprefix("-"), 2, "count")
        if size == 0:
            # Not remembered: "-0.00" is a change, but no count, and the memory is shared.
            return COUNT_ZERO
        count = _cache(text, Count(-size if text[:1] == "-" else size))
    return count


def _cache(text: str, count: Count) -> Count:
    """Keep what a text means; start over when the memory is full, so that no feed can make it grow."""
    if len(_COUNT_OF_TEXT) >= COUNT_TEXTS_MAX:
        _COUNT_OF_TEXT.clear()
    _COUNT_OF_TEXT[text] = count
    return count


def parse_money(text: str) -> Money:
    """Read a signed amount in dollars, up to six decimals: "-0.055". Raises UnitError otherwise."""
    if text[:1] == "-":
        return Money(-_scaled(text[1:], 6, "amount"))
    return Money(_scaled(text, 6, "amount"))


def parse_tenths(text: str) -> Tenths:
    """Read signed points with one decimal, such as "-1.5" or "225.50". Raises UnitError otherwise."""
    if text[:1] == "-":
        return Tenths(-_scaled(text[1:], 1, "number of points"))
    return Tenths(_scaled(text, 1, "number of points"))


@lru_cache(maxsize=1_024)
def tenths_from_number(points: float) -> Tenths:
    """The tenths of a JSON number such as 18.5. Raises UnitError for what is not a whole number of tenths."""
    # The shortest text of a float is what the sender wrote; multiplying would round 0.1's neighbours into it.
    return parse_tenths(repr(points))


def _scaled(text: str, decimals: int, what: str) -> int:
    """Digits of an unsigned decimal number as a whole number of 10 ** -decimals, or UnitError."""
    if len(text) > TEXT_LENGTH_MAX:
        raise UnitError(f"not a {what}: {text[:TEXT_LENGTH_MAX]!r}… is too long")
    whole, point, fraction = text.partition(".")
    # An ASCII test as well as a digit test, since int() also reads the digits of other scripts.
    if not text.isascii() or not whole.isdigit() or (point and not fraction.isdigit()):
        raise UnitError(f"not a {what}: {text!r}")
    kept, lost = fraction[:decimals], fraction[decimals:]
    if lost.strip("0"):
        raise UnitError(f"not a {what}: {text!r} is finer than {decimals} decimals")
    return int(whole + kept.ljust(decimals, "0"))


def from_cents(cents: int) -> Price:
    """The price of a whole number of cents from 0 to 100. Raises UnitError outside."""
    if not 0 <= cents <= 100:
        raise UnitError(f"not a price: {cents} cents")
    return Price(cents * PRICE_CENT)


def contracts(whole: int) -> Count:
    """The count of a whole number of contracts."""
    return Count(whole * COUNT_ONE)


def complement(price: Price) -> Price:
    """The price of the other side: what NO costs when YES costs `price`."""
    return Price(PRICE_ONE - price)


def value(price: Price, count: Count) -> Money:
    """What `count` contracts cost at `price`, exactly."""
    return Money(price * count)


def probability(price: Price) -> float:
    """A price read as a probability."""
    return price / PRICE_ONE


def format_price(price: Price) -> str:
    """A price in dollars, always four decimals: "0.4200"."""
    return _decimal(price, 4)


def format_count(count: Count) -> str:
    """A count in contracts, always two decimals: "-54.00"."""
    return _decimal(count, 2)


def format_money(money: Money) -> str:
    """An amount in dollars, always six decimals: "-0.055000"."""
    return _decimal(money, 6)


def format_tenths(tenths: Tenths) -> str:
    """Points with one decimal: "-1.5"."""
    return _decimal(tenths, 1)


@lru_cache(maxsize=16_384)
def _decimal(units: int, decimals: int) -> str:
    """Whole units of 10 ** -decimals as a decimal text."""
    whole, fraction = divmod(abs(units), int(10**decimals))
    sign = "-" if units < 0 else ""
    return f"{sign}{whole}.{fraction:0{decimals}d}"

"""What a position is closed at by hand: the worst price that the market's ticks allow, and always a price.

Covers: engine.exchange.rules.
"""

import pytest

from engine.events import BookSide, PriceRange
from engine.exchange.rules import on_tick
from engine.exchange.submission import _worst
from engine.units import Price

REAL = (PriceRange(Price(0), Price(10_000), Price(100)),)
INNER = (PriceRange(Price(100), Price(9_900), Price(100)),)
TAPERED = (
    PriceRange(Price(0), Price(1_000), Price(10)),
    PriceRange(Price(1_000), Price(9_000), Price(100)),
    PriceRange(Price(9_000), Price(10_000), Price(10)),
)
UNEVEN = (PriceRange(Price(50), Price(9_990), Price(100)),)


@pytest.mark.parametrize(
    ("ranges", "lowest", "highest"),
    [(REAL, 100, 9_900), (INNER, 100, 9_900), (TAPERED, 10, 9_990), (UNEVEN, 50, 9_950)],
)
def test_the_worst_price_is_a_price_on_a_tick(
    ranges: tuple[PriceRange, ...], lowest: int, highest: int
) -> None:
    assert _worst(BookSide.ASK, ranges) == lowest
    assert _worst(BookSide.BID, ranges) == highest
    assert on_tick(_worst(BookSide.ASK, ranges), ranges)
    assert on_tick(_worst(BookSide.BID, ranges), ranges)

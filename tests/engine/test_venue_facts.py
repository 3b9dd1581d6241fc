"""What a listing says of its market's terms: all of it but of which market, and when.

Covers: engine.events.
"""

import attrs
import pytest

from engine.events import MarketKnown, MarketStatus, PriceRange
from engine.message import changed
from engine.units import PRICE_ONE, Nanos, Price, Tenths
from engine.venue_facts import MarketTermsChanged

RANGES = (PriceRange(Price(0), PRICE_ONE, Price(100)),)
TERMS = MarketTermsChanged(
    ticker="T",
    event_ticker="E",
    series="S",
    status=MarketStatus.ACTIVE,
    price_ranges=RANGES,
    fee_type="quadratic",
    fee_multiplier="1",
    open_at=Nanos(1),
    close_at=Nanos(2),
    expected_expiration_at=Nanos(3),
    exchange_index=1,
    binary=True,
    at=Nanos(4),
)
KNOWN = MarketKnown(
    "T", "G", "spread", "BOS", Tenths(45), MarketStatus.ACTIVE, Nanos(2), "quadratic", "1", Nanos(4)
)


@pytest.mark.parametrize("listing", [TERMS, KNOWN], ids=["exchange", "game"])
def test_two_listings_say_the_same_unless_any_of_the_terms_is_another(
    listing: MarketTermsChanged | MarketKnown,
) -> None:
    for field in attrs.fields(type(listing)):  # type: ignore[arg-type]  # what `message` makes of it
        other = changed(listing, **{field.name: "another"})
        assert (other.said == listing.said) is (field.name in {"ticker", "game", "at"}), field.name

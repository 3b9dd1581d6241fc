"""What a listing says of its market's terms: all of it but of which market, and when.

Covers: engine.events, engine.message.
"""

import attrs
import pytest

from engine.events import MarketKnown, MarketListed, MarketStatus, PriceRange
from engine.message import changed
from engine.orders import Approved
from engine.units import PRICE_ONE, Nanos, Price, Tenths
from engine.venue_facts import MarketTermsChanged, said_terms

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
LISTED = MarketListed(
    ticker="T",
    event_ticker="E",
    series="S",
    title="who wins",
    status=MarketStatus.ACTIVE,
    price_ranges=RANGES,
    fee_type="quadratic",
    fee_multiplier="1",
    floor_strike=Tenths(45),
    strike_type="greater",
    open_at=Nanos(1),
    close_at=Nanos(2),
    expected_expiration_at=Nanos(3),
    exchange_index=1,
    binary=True,
    at=Nanos(4),
)


@pytest.mark.parametrize("listing", [TERMS, KNOWN], ids=["exchange", "game"])
def test_two_listings_say_the_same_unless_any_of_the_terms_is_another(
    listing: MarketTermsChanged | MarketKnown,
) -> None:
    for field in attrs.fields(type(listing)):  # type: ignore[arg-type]  # what `message` makes of it
        other = changed(listing, **{field.name: "another"})
        assert (other.said == listing.said) is (field.name in {"ticker", "game", "at"}), field.name


def test_a_listing_repeats_another_unless_it_says_anything_else() -> None:
    for field in attrs.fields(type(LISTED)):  # type: ignore[arg-type]  # what `message` makes of it
        other = changed(LISTED, **{field.name: "another"})
        assert LISTED.repeats(other) is (field.name == "at"), field.name


def test_terms_and_the_listing_that_they_are_from_say_the_same() -> None:
    assert said_terms(LISTED) == TERMS.said
    assert said_terms(changed(LISTED, title="another", floor_strike=None, at=Nanos(9))) == TERMS.said
    assert said_terms(changed(LISTED, binary=False)) != TERMS.said


def test_what_is_copied_with_changes_is_of_its_own_class_and_has_no_other_fields() -> None:
    assert changed(Approved(KNOWN)) == Approved(KNOWN), "one field, none changed"
    assert changed(KNOWN, kind="total", team=None).strike == KNOWN.strike
    with pytest.raises(TypeError, match="another"):
        changed(KNOWN, another=1)

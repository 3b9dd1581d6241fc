"""What was heard becomes a row column by column; what was not said stays empty."""

from typing import Any

import pytest

from engine.events import BookSnapshot, Trust
from engine.message import changed
from engine.units import Count, Nanos, Price, Tenths
from persistence.records import BookSample, MarketRecord, OddsRecord, Record, row
from tests.persistence.test_queries import BAR, LISTED, ODDS


def values_of(record: Record) -> dict[str, Any]:
    """A record's row by the names of its columns."""
    table, values = row(record)
    names = [column.name for column in table.columns if column.name not in ("id", "run")]
    return dict(zip(names, values, strict=True))


@pytest.mark.parametrize(
    ("strike", "floor", "stored"),
    [(Tenths(2255), None, 2255), (Tenths(0), Tenths(30), 0), (None, Tenths(30), 30), (None, None, None)],
)
def test_a_markets_strike_is_that_of_its_ticker_else_that_of_its_listing(
    strike: Tenths | None, floor: Tenths | None, stored: int | None
) -> None:
    record = MarketRecord(changed(LISTED, floor_strike=floor), "total", "g", strike=strike)
    assert values_of(record)["strike"] == stored


def test_a_bar_without_estimates_has_none() -> None:
    assert values_of(BAR)["fair"] == '{"momentum":0.5}'
    assert values_of(changed(BAR, fair=()))["fair"] is None


@pytest.mark.parametrize("opening", [False, True])
def test_odds_say_whether_they_were_the_first(*, opening: bool) -> None:
    assert values_of(OddsRecord(changed(ODDS, opening=opening)))["opening"] == opening


def test_the_best_prices_of_a_book_are_those_that_stand_last() -> None:
    """Bids of both sides; an empty side has none."""
    levels = ((Price(3_000), Count(1)), (Price(4_000), Count(1)))
    book = BookSnapshot("K", levels, levels, 1, 1, 1, None, Nanos(5))
    best = {"yes_bid": 4_000, "yes_ask": 6_000}
    assert best.items() <= values_of(BookSample(book, Trust.TRUSTED)).items()
    empty = values_of(BookSample(changed(book, yes=(), no=()), Trust.TRUSTED))
    assert (empty["yes_bid"], empty["yes_ask"]) == (None, None)

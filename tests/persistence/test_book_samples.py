"""The last sample of each book is that of the run that is read, and the markets are its own."""

from collections.abc import Callable

import pytest

from engine.events import BookSnapshot, Trust
from engine.message import changed
from engine.units import Count, Nanos, Price
from persistence.book_samples import NO_TOP, last_samples, last_tops, markets_of, tops_of
from persistence.queries import Reader
from persistence.records import BookSample, MarketRecord
from persistence.writer import JournalWriter
from tests.persistence.test_queries import LISTED

Opened = Callable[..., JournalWriter]


def sample(ticker: str, at: int, bid: int | None) -> BookSample:
    """A hundred bid for at some price, and 70 offered at 45 cents; without a bid it is empty."""
    if bid is None:
        return BookSample(BookSnapshot(ticker, (), (), 1, 2, at, None, Nanos(at)), Trust.TRUSTED)
    yes, no = ((Price(bid), Count(100)),), ((Price(5_500), Count(70)),)
    return BookSample(BookSnapshot(ticker, yes, no, 1, 2, at, None, Nanos(at)), Trust.TRUSTED)


def market(ticker: str) -> MarketRecord:
    return MarketRecord(changed(LISTED, ticker=ticker), "game", "g")


@pytest.fixture
def reader(url: str, opened: Opened) -> Reader:
    """The later of two runs that sampled the same book, once at the same moment."""
    former = opened(url, "former")
    former.append([], [sample("a", 20, 4_900), sample("a", 30, 4_950), sample("c", 10, 4_000), market("c")])
    former.close()
    writer = opened(url, "this")
    writer.append([], [sample("b", 5, 3_000), sample("a", 20, 4_100), sample("a", 10, 4_000)])
    writer.append([], [market("b"), market("a")])
    return writer.reader()


def test_the_best_prices_are_those_of_the_latest_sample(reader: Reader) -> None:
    assert last_tops(reader) == {"a": (4_100, 4_500), "b": (3_000, 4_500)}
    tops = tops_of(reader.connection, reader.run.id, ["a", "b", "c"])
    assert tops == {"a": (4_100, 4_500), "b": (3_000, 4_500), "c": NO_TOP}


def test_an_empty_book_keeps_its_last_prices_for_whoever_values_what_is_held(
    url: str, opened: Opened
) -> None:
    writer = opened(url, "this")
    writer.append([], [sample("a", 10, 4_000), sample("a", 20, None), sample("b", 10, None)])
    reader = writer.reader()
    assert last_tops(reader) == {"a": (4_000, 4_500)}
    assert tops_of(reader.connection, reader.run.id, ["a", "b"]) == {"a": (4_000, 4_500), "b": NO_TOP}
    # Whoever looks at the book sees that it is empty.
    assert [(row.ticker, row.yes_bid) for row in last_samples(reader)] == [("a", None), ("b", None)]


@pytest.mark.parametrize(
    ("until", "found"),
    [(None, ["a20", "b5"]), (20, ["a20", "b5"]), (19, ["a10", "b5"]), (9, ["b5"]), (4, [])],
)
def test_the_samples_are_the_last_up_to_a_moment_in_the_order_of_their_markets(
    reader: Reader, until: int | None, found: list[str]
) -> None:
    assert [f"{row.ticker}{row.at}" for row in last_samples(reader, until)] == found


def test_a_sample_comes_back_as_it_was(reader: Reader) -> None:
    row = last_samples(reader)[0]
    assert (row.trust, row.yes_bid, row.yes_ask, row.at_venue) == ("trusted", 4_100, 4_500, None)
    assert (row.yes_levels, row.no_levels) == (((4_100, 100),), ((5_500, 70),))


def test_the_markets_are_those_of_the_run_in_the_order_of_their_tickers(reader: Reader) -> None:
    assert [(row.ticker, row.game, row.status) for row in markets_of(reader)] == [
        ("a", "g", "active"),
        ("b", "g", "active"),
    ]

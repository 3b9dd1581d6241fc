"""What a strategy did in a game, from the tables, is what the fold of the facts says.

Covers: persistence.run_results, persistence.stored_runs.
"""

from collections.abc import Callable
from typing import Any

import pytest

from engine.events import MarketDetermined, MarketSettled, Trust
from engine.facts import OrderApproved
from engine.orders import TimeInForce
from engine.tally import Tally
from engine.units import Price
from persistence import stored_runs as stored
from persistence.records import BookSample, MarketRecord
from persistence.run_results import game_results
from persistence.writer import JournalWriter
from tests.engine.exchange.floor import (
    ASK,
    BID,
    ELSEWHERE,
    MARKET,
    Floor,
    books_of,
    listing,
    rules,
)
from tests.persistence.evenings import place

Opened = Callable[..., JournalWriter]


def test_the_results_of_a_settled_evening_are_those_of_the_tally(
    url: str, opened: Opened, small_evening: list[Any]
) -> None:
    writer = opened(url)
    writer.append(small_evening)
    tally = Tally()
    for placed in small_evening:
        tally.apply(placed.fact)
    with stored.opened(url) as connection:
        (run,) = stored.stored_runs(connection)
        (result,) = game_results(connection, run.row.id)
        assert stored.digest_of(connection, run.row.id) == writer.digest()
    band = tally.band("sharp", {})
    counted = tally.strategies["sharp"]
    assert (result.strategy, result.game) == ("sharp", "g")
    assert (result.orders, result.fills) == (counted.orders, counted.fills) == (run.orders, run.fills)
    assert (result.contracts, result.fees) == (counted.contracts, tally.fees("sharp"))
    assert (result.pessimistic, result.base, result.optimistic) == (
        band.pessimistic,
        band.base,
        band.optimistic,
    )
    assert run.base == result.base


def test_what_is_still_open_is_worth_what_it_would_fetch(
    url: str, opened: Opened, small_evening: list[Any]
) -> None:
    opened(url).append(small_evening[:-3])
    tally = Tally()
    for placed in small_evening[:-3]:
        tally.apply(placed.fact)
    with stored.opened(url) as connection:
        (run,) = stored.stored_runs(connection)
        (result,) = game_results(connection, run.row.id)
    band = tally.band("sharp", {})
    assert band.base < 0
    assert (result.pessimistic, result.base, result.optimistic) == (
        band.pessimistic,
        band.base,
        band.optimistic,
    )


def traded(value: int) -> Floor:
    """Two strategies on either side of two games: one was settled at some value, the other is still open."""
    floor = Floor(rules())
    floor.on_venue_event(listing(ELSEWHERE))
    for ticker in (ELSEWHERE, MARKET):
        floor.book(bids={40: 100}, asks={50: 100}, ticker=ticker)
    for ticker, game in ((MARKET, "settled"), (ELSEWHERE, "open")):
        for strategy, side, price in (("bob", ASK, 40), ("ann", BID, 50)):
            order_id, more = f"{strategy} {game}", {"strategy": strategy, "ticker": ticker, "game": game}
            floor.place(order_id, side, price, 10, tif=TimeInForce.IOC, **more)
    floor.on_venue_event(MarketDetermined(MARKET, "scalar", Price(value), floor.now, floor.now))
    floor.on_venue_event(MarketSettled(MARKET, floor.now, floor.now))
    return floor


@pytest.fixture(params=[0, 3_000])
def two_runs(
    url: str, opened: Opened, small_evening: list[Any], request: pytest.FixtureRequest
) -> tuple[str, Floor]:
    """A database whose second run is that evening, and the evening itself."""
    former = opened(url, "former")
    former.append(small_evening)
    former.close()
    floor = traded(request.param)
    never = OrderApproved(floor.order("never sent", BID, 50, 10, game="never"), floor.now)
    markets = [
        MarketRecord(listing(ticker), "game", game)
        for ticker, game in ((MARKET, "settled"), (ELSEWHERE, "open"), ("other", "open"), ("none", None))
    ]
    books = [BookSample(book, Trust.TRUSTED) for book in books_of(floor.exchange)]
    opened(url).append(place([*floor.facts, never]), [*markets, *books])
    return url, floor


def test_each_strategy_has_what_it_did_in_each_game_of_its_run(two_runs: tuple[str, Floor]) -> None:
    url, floor = two_runs
    with stored.opened(url) as connection:
        found = game_results(connection, stored.stored_runs(connection)[1].row.id)
    names = [("ann", "open"), ("ann", "settled"), ("bob", "open"), ("bob", "settled")]
    assert [(each.strategy, each.game) for each in found] == names
    for each in found:
        band = floor.tally.by_game(each.strategy, floor.marks())[each.game]
        assert (each.pessimistic, each.base, each.optimistic) == (
            band.pessimistic,
            band.base,
            band.optimistic,
        )
        assert (each.orders, each.fills, each.contracts) == (1, 1, 1_000)
    assert sum(each.fees for each in found) == floor.tally.fees("ann") + floor.tally.fees("bob")


def test_what_one_reading_alone_holds_is_worth_the_result(url: str, opened: Opened) -> None:
    """Only the optimistic reading is filled, so no position is settled when the result comes."""
    floor = Floor(rules())
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 100)
    # Half of the cancels stood ahead of it, in that reading.
    floor.depth(BID, 40, 100)
    floor.depth(BID, 40, -100)
    floor.wait(2_001)
    floor.trade(ASK, 40, 90)
    floor.on_venue_event(MarketDetermined(MARKET, "yes", Price(10_000), floor.now, floor.now))
    band = floor.tally.band("ann", {})
    assert (band.pessimistic, band.base) == (0, 0)
    # Contracts at 40 cents that pay a dollar, whatever was bid for them at the end.
    assert band.optimistic > 0
    opened(url).append(place(floor.facts))
    with stored.opened(url) as connection:
        (result,) = game_results(connection, stored.stored_runs(connection)[0].row.id)
    assert (result.pessimistic, result.base, result.optimistic) == (0, 0, band.optimistic)


def test_each_run_has_its_own_sums(two_runs: tuple[str, Floor], small_evening: list[Any]) -> None:
    url, floor = two_runs
    with stored.opened(url) as connection:
        former, this = stored.stored_runs(connection)
        digests = [stored.digest_of(connection, each.row.id) for each in (former, this)]
    assert (former.row.run, former.entries, former.strategies) == ("former", len(small_evening), ("sharp",))
    assert (former.signals, former.orders, former.fills, former.games) == (7, 5, 6, ())
    assert (this.strategies, this.games) == (("ann", "bob"), ("open", "settled"))
    assert (this.signals, this.orders, this.fills) == (0, 4, 4)
    names = ("ann", "bob")
    marks = floor.marks()
    assert this.fees == sum(floor.tally.fees(name) for name in names)
    assert this.base == sum(
        floor.tally.realized(name) + floor.tally.unrealized(name, marks) for name in names
    )
    assert digests[0] != digests[1]


def test_a_database_without_runs_holds_none(url: str) -> None:
    with stored.opened(url) as connection:
        assert stored.stored_runs(connection) == []

"""What a strategy did in a game, from the tables, is what the fold of the facts says.

Covers: persistence.run_results, persistence.stored_runs.
"""

from collections.abc import Callable
from typing import Any

from engine.tally import Tally
from persistence import stored_runs as stored
from persistence.run_results import game_results
from persistence.writer import JournalWriter

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


def test_a_database_without_runs_holds_none(url: str) -> None:
    with stored.opened(url) as connection:
        assert stored.stored_runs(connection) == []

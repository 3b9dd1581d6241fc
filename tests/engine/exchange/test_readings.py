"""Contract by contract no reading paid less than a kinder one.

Played on the judge's evenings, which charge no fees: what a reading moved on in cash is price times count.
`make soak` plays 5,000.
"""

import os
from collections.abc import Iterable
from typing import Final

import attrs
import pytest

from engine.events import BookSide
from engine.facts import BandMoved, OrderAmended, OrderSubmitted
from tests.engine.exchange.judge.evenings import CELLS, Cell, feed_of
from tests.engine.exchange.judge.flow import Wish
from tests.engine.exchange.judge.play import Player, played

EXAMPLES: Final = int(os.environ.get("READINGS_EXAMPLES", "360"))
EACH: Final = -(-EXAMPLES // len(CELLS))
READINGS: Final = ("pessimistic", "base", "optimistic")


def paid(player: Player, order_id: str) -> dict[str, list[tuple[int, int]]]:
    """The prices and counts of an order's contracts in each reading, in the order in which they came."""
    found: dict[str, list[tuple[int, int]]] = {name: [] for name in READINGS}
    before = dict.fromkeys(READINGS, (0, 0))
    moved = [each for each in player.facts if isinstance(each, BandMoved) and each.order_id == order_id]
    for fact in moved:
        for name in READINGS:
            count, cash = getattr(fact, name), getattr(fact, f"{name}_cash")
            more, spent = count - before[name][0], cash - before[name][1]
            before[name] = count, cash
            assert more >= 0
            if more:
                found[name].append((abs(spent) // more, more))
    return found


def laid_out(contracts: Iterable[tuple[int, int]], side: BookSide) -> list[tuple[int, int]]:
    """The same, best price first."""
    return sorted(contracts, reverse=side is BookSide.ASK)


def no_better(worse: list[tuple[int, int]], better: list[tuple[int, int]], side: BookSide) -> bool:
    """Whether each contract of one reading is there in the other, at no worse a price."""
    ours, theirs = laid_out(worse, side), laid_out(better, side)
    at, left = 0, theirs[0][1] if theirs else 0
    for price, count in ours:
        rest = count
        while rest:
            if at == len(theirs):
                return False
            other = theirs[at][0]
            if (price < other) if side is BookSide.BID else (price > other):
                return False
            part = min(rest, left)
            rest, left = rest - part, left - part
            if not left:
                at += 1
                left = theirs[at][1] if at < len(theirs) else 0
    return True


def towards(wish: Wish) -> Wish:
    """A wish that is amended towards the market where it was to be amended away from it, by as much."""
    price, count = wish.amend
    away = price < wish.price if wish.side is BookSide.BID else price > wish.price
    return attrs.evolve(wish, amend=(2 * wish.price - price, count)) if away else wish


def evening(cell: Cell, number: int) -> Player:
    """An evening in which no order is amended away from the market.

    A kinder reading may have had such an order filled before, at the former price, which the one that waited
    need not pay any more.
    """
    feed = feed_of(cell, number)
    feed.flow = attrs.evolve(feed.flow, wishes=tuple(map(towards, feed.flow.wishes)))
    return played(feed, number)


@pytest.mark.timeout(900)
@pytest.mark.promise("readings-in-order")
@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name.replace(", ", "-").replace(" ", "-"))
def test_contract_by_contract_no_reading_pays_less_than_a_kinder_one(cell: Cell) -> None:
    for number in range(EACH):
        player = evening(cell, number)
        for fact in player.facts:
            if not isinstance(fact, OrderSubmitted):
                continue
            side, readings = fact.order.side, paid(player, fact.order.order_id)
            told = f"{cell.name}/{number} {fact.order.order_id}: {readings}"
            assert no_better(readings["pessimistic"], readings["base"], side), told
            assert no_better(readings["base"], readings["optimistic"], side), told


def test_each_reading_is_apart_from_the_base_one_in_some_evening() -> None:
    """Or the test above could not fail."""
    apart = {"pessimistic": 0, "optimistic": 0}
    for number in range(3 * EACH):
        player = evening(CELLS[0], number)
        orders = [fact.order.order_id for fact in player.facts if isinstance(fact, OrderSubmitted)]
        for readings in (paid(player, order_id) for order_id in orders):
            for name in apart:
                apart[name] += readings[name] != readings["base"]
    assert min(apart.values()) > 0, apart


def test_orders_are_amended_towards_the_market_in_some_evening() -> None:
    """Or the tests above would say nothing of them."""
    moved = {BookSide.BID: 0, BookSide.ASK: 0}
    for number in range(3 * EACH):
        prices: dict[str, tuple[BookSide, int]] = {}
        for fact in evening(CELLS[0], number).facts:
            if isinstance(fact, OrderSubmitted):
                prices[fact.order.order_id] = fact.order.side, fact.order.price
            elif isinstance(fact, OrderAmended):
                side, before = prices[fact.order_id]
                assert fact.price >= before if side is BookSide.BID else fact.price <= before
                moved[side] += fact.price != before
    assert min(moved.values()) > 0, moved


def test_a_contract_more_or_a_cent_less_is_seen() -> None:
    bid, ask = BookSide.BID, BookSide.ASK
    assert no_better([(51, 2)], [(50, 1), (51, 1)], bid)
    assert not no_better([(50, 2)], [(50, 1), (51, 1)], bid)
    assert not no_better([(51, 3)], [(50, 1), (51, 1)], bid)
    assert no_better([(50, 2)], [(50, 1), (51, 1)], ask)
    assert not no_better([(51, 2)], [(50, 1), (51, 1)], ask)

"""Who has an account of its own gets what it would have got alone, whoever else trades.

The evenings are the judge's: streams with times and without, with gaps, and polled books, each late in its
way, with orders of two strategies that take, rest, amend and cancel in one market.

Covers: engine.accounts.
"""

import attrs
import pytest

from engine.accounts import SHARED, Accounts
from engine.facts import Fact, OrderSubmitted
from engine.message import changed
from engine.step import NOTHING
from engine.venue_facts import AmendSubmitted
from tests.engine.exchange.floor import Floor, rules
from tests.engine.exchange.judge.evenings import CELLS, Cell, feed_of
from tests.engine.exchange.judge.flow import Wish
from tests.engine.exchange.judge.play import Player, played

BOTH = ("ann", "bob")
EACH = 25


def of(player: Player, strategy: str) -> list[Fact]:
    """Every fact about a strategy and its account."""
    submitted = [fact.order for fact in player.facts if isinstance(fact, OrderSubmitted)]
    mine = {order.order_id for order in submitted if order.strategy == strategy}
    return [fact for fact in player.facts if _about(fact, strategy, mine)]


def _about(fact: Fact, strategy: str, orders: set[str]) -> bool:
    if isinstance(fact, OrderSubmitted):
        return fact.order.order_id in orders
    if isinstance(fact, AmendSubmitted):
        return fact.amend.order_id in orders
    names = {getattr(fact, "strategy", None), getattr(fact, "account", None)}
    return strategy in names or getattr(fact, "order_id", None) in orders


def played_by(cell: Cell, number: int, who: tuple[str, ...], accounts: Accounts) -> Player:
    """An evening in which only these trade. The orders of an evening are dealt to both in turn."""
    feed = feed_of(cell, number)
    wishes = tuple(attrs.evolve(wish, strategy=BOTH[turn % 2]) for turn, wish in enumerate(feed.flow.wishes))
    feed.flow = attrs.evolve(feed.flow, wishes=tuple(each for each in wishes if _is_of(each, who)))
    return played(feed, number, accounts)


def _is_of(wish: Wish, who: tuple[str, ...]) -> bool:
    return wish.strategy in who


@pytest.mark.promise("alone-or-among-others")
@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name.replace(", ", "-").replace(" ", "-"))
def test_what_a_strategy_gets_does_not_depend_on_who_else_trades(cell: Cell) -> None:
    told = 0
    for number in range(EACH):
        together = played_by(cell, number, BOTH, Accounts.ISOLATED)
        for strategy in BOTH:
            alone = played_by(cell, number, (strategy,), Accounts.ISOLATED)
            assert of(together, strategy) == of(alone, strategy), f"{cell.name}/{number}"
            told += len(of(alone, strategy))
    assert told > EACH


def test_who_shares_an_account_gets_less_than_alone_in_some_evening() -> None:
    """Or the test above could not fail."""
    cell, differ = CELLS[0], 0
    for number in range(EACH):
        together = played_by(cell, number, BOTH, Accounts.SHARED)
        alone = played_by(cell, number, ("ann",), Accounts.SHARED)
        differ += of(together, "ann") != of(alone, "ann")
    assert differ > 0


def test_an_account_that_is_open_stays_what_it_was() -> None:
    """Whatever the configuration says by now; the next run opens another."""
    floor = Floor(rules())
    other = changed(floor.opening("ann"), account="ann")
    assert floor.exchange.open_account(other) is NOTHING
    assert floor.exchange.state.account_of("ann") == floor.account


def test_the_shared_account_has_no_name_and_each_own_one_that_of_its_strategy() -> None:
    assert [mode.of("ann") for mode in Accounts] == ["ann", SHARED]

"""Orders by hand on an account of their own: no strategy's number is touched, and all of it adds up."""

import pytest

from engine.facts import OrderFilled
from engine.tally import NO_MARK, Tally
from tipoff.config.load import parse
from tipoff.runs.from_config import schema

from .conftest import NAME, ORDER, TICKER, Bench, Serve

HAND = "hand"
CONFIG = f"""
[[strategy]]
name = "{NAME}"
kind = "{NAME}"

[[strategy]]
name = "{HAND}"
kind = "scripted"
bankroll = "500.00"
"""
"""As the page on the exchange tells it."""


@pytest.fixture
def bench() -> Bench:
    return Bench(parse(CONFIG, schema()))


def tally(bench: Bench) -> Tally:
    found = Tally()
    for each in bench.facts:
        found.apply(each.fact)
    return found


async def test_an_order_by_hand_has_an_account_and_a_row_of_its_own(serve: Serve, bench: Bench) -> None:
    mine: dict[str, object] = {**ORDER, "strategy": HAND}
    del mine["p_fair"]
    async with serve() as at:
        wire = await at.greeted()
        await wire.result("orders.place", request_id="one", **mine)
        bench.later(1)
        shown = str(await wire.result("positions"))
        assert HAND in shown
        assert NAME not in shown
        rows = await wire.result("pnl")
        assert HAND in str(rows)
    (filled,) = [each.fact for each in bench.facts if isinstance(each.fact, OrderFilled)]
    assert (filled.order_id, filled.strategy) == ("operator:one", HAND)
    found = tally(bench)
    hand, strategy = found.strategies[HAND], found.strategies[NAME]
    assert (hand.orders, hand.fills, hand.bankroll) == (1, 1, 500_000_000)
    assert (strategy.orders, strategy.fills) == (0, 0)
    assert found.fees(NAME) == found.realized(NAME) == found.unrealized(NAME, {}) == 0
    assert found.unrealized(HAND, {TICKER: NO_MARK}) < 0
    assert found.ledger.verify() == 0


async def test_a_position_that_is_closed_by_hand_leaves_the_account_that_held_it(
    serve: Serve, bench: Bench
) -> None:
    async with serve() as at:
        wire = await at.greeted()
        await wire.result("orders.place", request_id="held", **ORDER)
        bench.later(1)
        await wire.result("positions.close", request_id="away", strategy=NAME, ticker=TICKER)
        bench.later(1)
    found = tally(bench)
    assert found.strategies[NAME].fills == 2
    assert found.strategies[NAME].positions[TICKER] == 0
    assert found.strategies[HAND].fills == 0
    assert found.ledger.verify() == 0

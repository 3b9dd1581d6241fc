"""When a strategy hears what became of its orders: after each order's own way back from the venue.

Covers: actors.strategy.
"""

import pytest

from actors.fact_history import FactHistory
from actors.runtime import After
from actors.strategy import StrategyActor
from engine.exchange import ExchangeRules
from engine.facts import CancelRefused, Fact, StrategyOpened
from engine.latency import Delay
from engine.orders import RejectCode
from engine.strategies.momentum import Momentum, MomentumParameters
from engine.strategies.strategy import StrategyContext
from engine.units import NANOS_PER_MILLISECOND, Money, Nanos

RULES = ExchangeRules(
    decide_to_send=0,
    entry=0,
    cancel=0,
    acknowledge=Delay(((500, Nanos(20 * NANOS_PER_MILLISECOND)), (950, Nanos(90 * NANOS_PER_MILLISECOND)))),
)
AT = Nanos(1)
SEED = 3


def refused(order_id: str) -> Fact:
    return CancelRefused(order_id, "momentum", RejectCode.MARKET_INACTIVE, AT)


@pytest.fixture
def actor() -> StrategyActor:
    strategy = Momentum("momentum", MomentumParameters(), StrategyContext(SEED))
    return StrategyActor(strategy, FactHistory(), lambda order_id: RULES.heard_after(order_id, SEED))


def delay(actor: StrategyActor, fact: Fact) -> int:
    (after,) = actor.receive(fact, AT)
    assert isinstance(after, After)
    return after.delay_ns


def test_each_order_has_its_own_delay_and_keeps_it(actor: StrategyActor) -> None:
    delays = [delay(actor, refused(f"momentum-{number}")) for number in range(200)]
    assert delays == [delay(actor, refused(f"momentum-{number}")) for number in range(200)]
    assert min(delays) >= 20 * NANOS_PER_MILLISECOND
    assert max(delays) <= 90 * NANOS_PER_MILLISECOND
    above = sum(each > 20 * NANOS_PER_MILLISECOND for each in delays)
    assert 70 <= above <= 130, "half of them are above the median"


def test_what_is_about_no_order_is_heard_after_the_median(actor: StrategyActor) -> None:
    opened = StrategyOpened("momentum", "momentum", Money(1), "{}", AT)
    assert delay(actor, opened) == 20 * NANOS_PER_MILLISECOND

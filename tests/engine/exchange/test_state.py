"""What the exchange keeps of a market, and no more of it than it may."""

import pytest

from engine.accounts import SHARED
from engine.exchange import state
from engine.exchange.market import QueueLevel
from engine.exchange.state import ExchangeState
from engine.units import Count, Nanos, Price
from engine.venue_facts import QueueLevelChanged
from tests.engine.exchange.floor import BID, MARKET, cents


@pytest.mark.limit("engine.exchange.state:USED_TRADES_MAX")
def test_trades_are_remembered_up_to_a_number_and_the_oldest_is_forgotten_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(state, "USED_TRADES_MAX", 3)
    kept = ExchangeState(Nanos(60))
    market = kept.market(MARKET).of(SHARED)
    for name in ("first", "second", "third"):
        kept._use(market, name)
    assert list(market.used_trades) == ["first", "second", "third"]
    kept._use(market, "fourth")
    assert list(market.used_trades) == ["second", "third", "fourth"]


def test_a_level_that_waits_as_long_as_before_keeps_its_turn_among_those_due_at_one_moment() -> None:
    """Set again it would stand behind the others."""
    kept = ExchangeState(Nanos(60))
    market = kept.market(MARKET).of(SHARED)
    low, high = cents(40), cents(41)
    for price in (low, high):
        market.own_levels(BID)[price] = QueueLevel(BID, price)

    def told(price: Price, *waiting: tuple[Count, Nanos, None]) -> list[tuple[str, int]]:
        kept.apply(QueueLevelChanged(MARKET, BID, price, waiting, (), "depth", Nanos(1)))
        return [(timer.key.split(":")[2], timer.due) for timer in kept.timers.all()]

    soon, later = (Count(100), Nanos(5), None), (Count(30), Nanos(9), None)
    told(low, soon)
    assert told(high, soon) == [("4000", 5), ("4100", 5)]
    assert told(low, soon, later) == [("4000", 5), ("4100", 5)]
    assert told(low, later) == [("4100", 5), ("4000", 9)]
    assert told(high) == [("4000", 9)]

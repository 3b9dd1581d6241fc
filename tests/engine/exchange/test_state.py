"""What the exchange keeps of a market, and no more of it than it may."""

import pytest

from engine.accounts import SHARED
from engine.exchange import state
from engine.exchange.state import ExchangeState
from engine.units import Nanos
from tests.engine.exchange.floor import MARKET


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

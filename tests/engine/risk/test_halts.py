"""What a scope is of, and in which state: a drain is one of its own, in journals of before too."""

import pytest

from engine.facts import TradingHalted
from engine.risk.halts import (
    EVERYTHING,
    Halts,
    ScopeKind,
    StateUnknown,
    TradingState,
    kind_of_scope,
    state_in,
)
from engine.units import Nanos


@pytest.mark.parametrize(
    ("scope", "kind"),
    [
        ("all", ScopeKind.ALL),
        ("strategy:momentum", ScopeKind.STRATEGY),
        ("game:26NOV20MEMPOR", ScopeKind.GAME),
        ("quarantine:momentum", ScopeKind.QUARANTINE),
        ("strategy:quarantine:odd", ScopeKind.STRATEGY),
    ],
)
def test_a_scope_is_of_what_it_begins_with(scope: str, kind: ScopeKind) -> None:
    assert kind_of_scope(scope) is kind


@pytest.mark.parametrize("scope", ["", "every", "quarantine", "quarantine:", "venue:kalshi"])
def test_what_is_no_scope_has_no_kind(scope: str) -> None:
    with pytest.raises(StateUnknown):
        kind_of_scope(scope)


def halted(state: str, why: str = "lunch", scope: str = EVERYTHING) -> TradingHalted:
    return TradingHalted(scope, state, "uid 7", why, Nanos(5))


@pytest.mark.parametrize(
    ("fact", "state"),
    [
        (halted("draining"), TradingState.DRAINING),
        (halted("draining", "draining: by hand"), TradingState.DRAINING),
        (halted("reducing", "draining"), TradingState.DRAINING),
        (halted("reducing", "draining: by hand"), TradingState.DRAINING),
        (halted("reducing", "drawdown_total: 5, limit 4"), TradingState.REDUCING),
        (halted("halted", "draining: a word of a person"), TradingState.HALTED),
        (halted("reducing", "draining: a word of a person", "strategy:sharp"), TradingState.REDUCING),
    ],
)
def test_the_state_of_a_halt_is_read_as_it_was_meant(fact: TradingHalted, state: TradingState) -> None:
    halts = Halts()
    halts.apply(fact)
    assert state_in(fact) is state
    assert halts.state_of(fact.scope) is state


def test_a_halt_is_stricter_than_a_drain_and_a_drain_than_nothing() -> None:
    halts = Halts()
    halts.apply(halted("draining"))
    assert halts.state("sharp", "g", "T") == (TradingState.DRAINING, EVERYTHING)
    halts.apply(halted("halted", scope="game:g"))
    assert halts.state("sharp", "g", "T") == (TradingState.HALTED, "game:g")

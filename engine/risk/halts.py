"""Trading states (active to halted), latched for everything, a strategy, a game or a market.

Kept by the risk gate from facts alone, so a halt survives every restart and ends by an explicit resume only.
"""

from enum import Enum, IntEnum
from typing import Final

import attrs

from engine.facts import TradingHalted, TradingResumed
from engine.units import Nanos

EVERYTHING: Final = "all"
STRATEGY: Final = "strategy:"
GAME: Final = "game:"
MARKET: Final = "market:"
QUARANTINE: Final = "quarantine:"
DRAINING_BEFORE: Final = "draining"
"""How the reason of a drain begins in older journals, where a drain is a REDUCING halt."""


class ScopeKind(Enum):
    """What a scope is of; the value is how its scopes begin."""

    ALL = "all"
    STRATEGY = "strategy"
    GAME = "game"
    MARKET = "market"
    QUARANTINE = "quarantine"


class TradingState(IntEnum):
    """How much is allowed, less and less."""

    ACTIVE = 0
    REDUCING = 1
    DRAINING = 2
    """As much as REDUCING lets through, on the way to an end that an operator wants."""
    HALTED = 3

    @property
    def word(self) -> str:
        """As it is written in facts and commands."""
        return self.name.lower()


class StateUnknown(ValueError):
    """Not a scope, or not a state that trading can be put into."""


@attrs.frozen
class Halt:
    """Who stopped a scope, when and why."""

    state: TradingState
    by: str
    why: str
    at: Nanos


class Halts:
    """The latched states by scope."""

    def __init__(self) -> None:
        """Begin with everything active."""
        self.of: dict[str, Halt] = {}

    def apply(self, fact: TradingHalted | TradingResumed) -> None:
        """Fold a halt or a resume."""
        if isinstance(fact, TradingHalted):
            self.of[fact.scope] = Halt(state_in(fact), fact.by, fact.why, fact.at)
        else:
            self.of.pop(fact.scope, None)

    def state(self, strategy: str, game: str, ticker: str) -> tuple[TradingState, str]:
        """The strictest state that holds for an order, and its scope."""
        strictest, where = TradingState.ACTIVE, ""
        if not self.of:
            return strictest, where
        # Quarantine is not among them: a parked strategy's position may still be closed by hand.
        for scope in (EVERYTHING, STRATEGY + strategy, GAME + game, MARKET + ticker):
            halt = self.of.get(scope)
            if halt is not None and halt.state > strictest:
                strictest, where = halt.state, scope
        return strictest, where

    def state_of(self, scope: str) -> TradingState:
        """The state of a scope by itself."""
        halt = self.of.get(scope)
        return TradingState.ACTIVE if halt is None else halt.state

    def quarantined(self, strategy: str) -> bool:
        """Whether a strategy is parked."""
        return QUARANTINE + strategy in self.of


def parse_state(word: str) -> TradingState:
    """A state other than ACTIVE. Raises StateUnknown: a fact that cannot be read must not pass for ACTIVE."""
    for state in TradingState:
        if state is not TradingState.ACTIVE and word == state.word:
            return state
    raise StateUnknown(f"{word!r} is no state to halt in: reducing, draining or halted")


def state_in(fact: TradingHalted) -> TradingState:
    """The state that a halt is, also as older journals have it. Raises StateUnknown."""
    state = parse_state(fact.state)
    drains = state is TradingState.REDUCING and fact.scope == EVERYTHING
    # Journals from before DRAINING was a state have it as a REDUCING halt whose reason begins with that word.
    return TradingState.DRAINING if drains and fact.why.startswith(DRAINING_BEFORE) else state


def check_scope(scope: str) -> str:
    """A scope that can be halted, unchanged. Raises StateUnknown."""
    if scope == EVERYTHING:
        return scope
    for prefix in (STRATEGY, GAME, MARKET, QUARANTINE):
        if scope.startswith(prefix) and len(scope) > len(prefix):
            return scope
    raise StateUnknown(f"{scope!r} is no scope: all, strategy:NAME, game:ID or market:TICKER")


def kind_of_scope(scope: str) -> ScopeKind:
    """What a scope is of. Raises StateUnknown for what is no scope."""
    return ScopeKind(check_scope(scope).partition(":")[0])


def covers(scope: str, strategy: str, game: str, ticker: str) -> bool:
    """Whether a scope includes an order of this strategy in this market of this game."""
    return scope in (
        EVERYTHING,
        STRATEGY + strategy,
        GAME + game,
        MARKET + ticker,
        QUARANTINE + strategy,
    )

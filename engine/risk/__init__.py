"""The risk gate: every wish to trade passes here, and nowhere else is one approved."""

from engine.risk.configuring import configure
from engine.risk.gate import CHANGING, RiskGate, approved_before
from engine.risk.halts import (
    EVERYTHING,
    GAME,
    MARKET,
    QUARANTINE,
    STRATEGY,
    Halt,
    ScopeKind,
    StateUnknown,
    TradingState,
    check_scope,
    covers,
    kind_of_scope,
    state_in,
)
from engine.risk.limits import LIMIT_NAMES, PORTFOLIO, LimitInUse, LimitRefused, LimitValue, RiskLimits

__all__ = [
    "CHANGING",
    "EVERYTHING",
    "GAME",
    "LIMIT_NAMES",
    "MARKET",
    "PORTFOLIO",
    "QUARANTINE",
    "STRATEGY",
    "Halt",
    "LimitInUse",
    "LimitRefused",
    "LimitValue",
    "RiskGate",
    "RiskLimits",
    "ScopeKind",
    "StateUnknown",
    "TradingState",
    "approved_before",
    "check_scope",
    "configure",
    "covers",
    "kind_of_scope",
    "state_in",
]

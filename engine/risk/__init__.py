"""The risk gate: every wish to trade passes here, and nowhere else is one approved."""

from engine.risk.configuring import configure
from engine.risk.gate import RiskGate, approved_before
from engine.risk.halts import (
    EVERYTHING,
    GAME,
    QUARANTINE,
    STRATEGY,
    ScopeKind,
    StateUnknown,
    TradingState,
    kind_of_scope,
    state_in,
)
from engine.risk.limits import LIMIT_NAMES, LimitInUse, LimitRefused, LimitValue, RiskLimits

__all__ = [
    "EVERYTHING",
    "GAME",
    "LIMIT_NAMES",
    "QUARANTINE",
    "STRATEGY",
    "LimitInUse",
    "LimitRefused",
    "LimitValue",
    "RiskGate",
    "RiskLimits",
    "ScopeKind",
    "StateUnknown",
    "TradingState",
    "approved_before",
    "configure",
    "kind_of_scope",
    "state_in",
]

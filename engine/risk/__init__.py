"""The risk gate: every wish to trade passes here, and nowhere else is one approved."""

from engine.risk.gate import RiskGate, approved_before
from engine.risk.limits import LimitInUse, LimitRefused, RiskLimits

__all__ = ["LimitInUse", "LimitRefused", "RiskGate", "RiskLimits", "approved_before"]

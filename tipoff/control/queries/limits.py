"""The risk limits and their use, from the gate that holds them."""

import attrs

from actors.addresses import RISK_GATE
from actors.messages import GateSeen, LimitsWanted
from actors.read_model.views import HaltLine
from tipoff.control.context import Call, CallContext
from tipoff.control.endpoint import Endpoints
from tipoff.control.method import Method

ENDPOINTS = Endpoints()


@attrs.frozen(kw_only=True)
class LimitLine:
    """A limit, who it holds for (null is everybody), how much of it is in use, and where most of it is."""

    name: str
    strategy: str | None
    use: str
    limit: str
    unit: str
    where: str


@attrs.frozen(kw_only=True)
class RiskSeen:
    """Every limit with its use, what is halted, and whether decisions can be made durable."""

    limits: tuple[LimitLine, ...]
    halts: tuple[HaltLine, ...]
    journal_trouble: str | None


@ENDPOINTS.answers(
    Method(
        name="risk",
        line="The risk limits and their use; set or reset one.",
        help="Show every limit beside its use, and what is halted.",
        also="show",
    )
)
async def risk(context: CallContext, _call: Call) -> RiskSeen:
    """Every limit with its use, from the gate that holds it."""
    gate = await context.ask(RISK_GATE, LimitsWanted())
    seen = await context.overview()
    assert isinstance(gate, GateSeen)  # noqa: S101 - that is what it answers
    limits = tuple(
        LimitLine(
            name=line.name,
            strategy=line.strategy,
            use=line.use,
            limit=line.limit,
            unit=line.unit,
            where=line.where,
        )
        for line in gate.limits
    )
    return RiskSeen(limits=limits, halts=seen.halts, journal_trouble=gate.trouble)

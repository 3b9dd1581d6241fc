"""Risk limits, changed while it trades."""

from actors.addresses import RISK_GATE
from actors.messages import LimitOperation
from tipoff.control.context import Call, CallContext, OperationAnswer
from tipoff.control.endpoint import Endpoints
from tipoff.control.method import Method
from tipoff.control.parameters import Param
from tipoff.control.permissions import Level

ENDPOINTS = Endpoints()
LIMIT_NAME = Param(name="name", required=True, place=True, help="As `tipoff risk` names it.")
LIMIT_OWNER = Param(name="strategy", help="A limit of this strategy instead of the global one.")


@ENDPOINTS.answers(
    Method(
        name="risk.set",
        level=Level.ADMIN,
        line="Change a limit from now on, over restarts too.",
        params=(
            LIMIT_NAME,
            Param(name="value", required=True, place=True, help="A number, words with commas, or none."),
            LIMIT_OWNER,
        ),
    )
)
async def risk_set(context: CallContext, call: Call) -> OperationAnswer:
    """Change a risk limit from now on, over restarts too."""
    params = call.params
    operation = LimitOperation(params.must("name"), params.text("strategy"), params.must("value"))
    return await context.operate(call, RISK_GATE, operation)


@ENDPOINTS.answers(
    Method(
        name="risk.reset",
        level=Level.ADMIN,
        line="Put a limit back to what the configuration says.",
        params=(LIMIT_NAME, LIMIT_OWNER),
    )
)
async def risk_reset(context: CallContext, call: Call) -> OperationAnswer:
    """Put a risk limit back to what the configuration says."""
    params = call.params
    return await context.operate(
        call, RISK_GATE, LimitOperation(params.must("name"), params.text("strategy"), None)
    )

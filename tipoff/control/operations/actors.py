"""An actor restarted, or brought back."""

from actors.addresses import RISK_GATE, STRATEGIES
from actors.messages import ResumeOperation
from actors.runtime import ActorStatus
from engine.risk import QUARANTINE
from tipoff.control.context import Call, CallContext, OperationAnswer
from tipoff.control.endpoint import Endpoints
from tipoff.control.method import Method
from tipoff.control.parameters import Param
from tipoff.control.permissions import Level
from tipoff.control.protocol import ErrorCode, Fault
from tipoff.output import Failure

ENDPOINTS = Endpoints()
ACTOR = Param(name="name", required=True, place=True, help="An address, or its last part.")


@ENDPOINTS.answers(
    Method(
        name="actors.restart",
        level=Level.ADMIN,
        line="Give an actor a new life; it folds its past again.",
        params=(ACTOR,),
    )
)
async def actors_restart(context: CallContext, call: Call) -> OperationAnswer:
    """Replace an actor's life by a new one, which folds its past again."""
    actor = _actor(context, call.params.must("name"))

    async def work() -> str:
        context.engine.restart(actor.address)
        return f"{actor.address} was restarted"

    return await context.perform(call, work)


@ENDPOINTS.answers(
    Method(
        name="actors.revive",
        level=Level.ADMIN,
        line="Bring an actor back that failed too often and is parked.",
        params=(ACTOR,),
    )
)
async def actors_revive(context: CallContext, call: Call) -> OperationAnswer:
    """Bring a quarantined or stopped actor back; a strategy may trade again."""
    actor = _actor(context, call.params.must("name"))

    async def work() -> str:
        if not context.engine.revive(actor.address):
            raise Failure("running", f"{actor.address} is {actor.state}; only what is parked can be revived")
        return f"{actor.address} was revived"

    if actor.address.parent != STRATEGIES:
        return await context.perform(call, work)
    if actor.state != "running" and not context.engine.revive(actor.address):
        raise Fault(ErrorCode.REFUSED, f"{actor.address} could not be revived")
    # The supervisor runs the actor again, but the gate still holds its quarantine, which is durable.
    operation = ResumeOperation(QUARANTINE + actor.address.last, "revived")
    return await context.operate(call, RISK_GATE, operation)


def _actor(context: CallContext, name: str) -> ActorStatus:
    """The actor of an address, or of the last part of one if only one has it. Raises Fault."""
    found = [actor for actor in context.engine.status() if name in (str(actor.address), actor.address.last)]
    exact = [actor for actor in found if str(actor.address) == name]
    chosen = exact or found
    if len(chosen) == 1:
        return chosen[0]
    if chosen:
        places = ", ".join(str(actor.address) for actor in chosen)
        raise Fault(ErrorCode.NOT_FOUND, f"{name!r} may be {places}; give the whole address")
    raise Fault(ErrorCode.NOT_FOUND, f"no actor is called {name!r}; `tipoff actors` lists them")

"""Stopping and starting to trade: halt, resume, drain."""

import attrs

from actors.addresses import GAMES, RISK_GATE, STRATEGIES
from actors.messages import HaltOperation, ResumeOperation
from actors.read_model.views import Query
from engine.risk import EVERYTHING, TradingState
from tipoff.control.context import Call, CallContext, OperationAnswer
from tipoff.control.endpoint import Endpoints
from tipoff.control.method import Method
from tipoff.control.parameters import Param
from tipoff.control.permissions import Level
from tipoff.control.protocol import ErrorCode, Fault

ENDPOINTS = Endpoints()
NO_REASON = "no reason given"
SCOPE = Param(
    name="scope",
    place=True,
    default="all",
    unsaid="all",
    help="all, strategy:NAME, game:ID or market:TICKER.",
)
REASON = Param(name="reason", help="Kept in the journal.")


@ENDPOINTS.answers(
    Method(
        name="halt",
        level=Level.OPERATE,
        line="Stop trading at once, until it is resumed.",
        help="Stop trading at once and cancel what rests; only `resume` ends it, restarts do not.",
        params=(
            SCOPE,
            Param(
                name="state",
                choices=("halted", "reducing"),
                default="halted",
                unsaid="halted",
                switch="reducing",
                help="Let orders pass that make positions smaller.",
            ),
            attrs.evolve(REASON, default="halted by hand"),
        ),
    )
)
async def halt(context: CallContext, call: Call) -> OperationAnswer:
    """Stop a scope at once; it stays stopped until somebody resumes it, over restarts too."""
    params = call.params
    scope = params.text("scope") or EVERYTHING
    await _require_known(context, scope)
    operation = HaltOperation(
        scope,
        params.text("state") or "halted",
        params.text("reason") or NO_REASON,
    )
    return await context.operate(call, RISK_GATE, operation)


async def _require_known(context: CallContext, scope: str) -> None:
    """Raise Fault for an unknown scope: a mistyped halt must not look as if it had stopped something."""
    kind, _, name = scope.partition(":")
    if kind == "market" and not await context.query(Query("markets", ticker=name)):
        raise Fault(ErrorCode.NOT_FOUND, f"no market {name!r} is followed, so nothing is halted")
    parent = {"strategy": STRATEGIES, "game": GAMES}.get(kind)
    names = [str(actor.address.last) for actor in context.engine.status() if actor.address.parent == parent]
    if parent is not None and name and name not in names:
        there = f"there are {', '.join(names)}" if names else "there is none"
        raise Fault(ErrorCode.NOT_FOUND, f"no {kind} is called {name!r}, so nothing is halted; {there}")


@ENDPOINTS.answers(
    Method(
        name="resume",
        level=Level.OPERATE,
        line="End a halt.",
        help="End a halt. The reason is required, because somebody will ask.",
        params=(SCOPE, attrs.evolve(REASON, required=True)),
    )
)
async def resume(context: CallContext, call: Call) -> OperationAnswer:
    """End a halt, with a reason."""
    params = call.params
    return await context.operate(
        call, RISK_GATE, ResumeOperation(params.text("scope") or EVERYTHING, params.must("reason"))
    )


@ENDPOINTS.answers(
    Method(
        name="drain",
        level=Level.OPERATE,
        line="Let no entry pass any more, and wait for what rests.",
        help="Let no entry pass any more and take resting entries back; exits and settlement go on.\n\n"
        "With --wait it returns when no order rests any more, and tells what is still open. Positions are "
        "not waited for: only an exit or the end of their game closes them.",
        params=(attrs.evolve(REASON, default="by hand"),),
    )
)
async def drain(context: CallContext, call: Call) -> OperationAnswer:
    """Let no entry pass any more and take resting entries back; exits and settlement go on."""
    reason = call.params.text("reason")
    state = TradingState.DRAINING.word
    return await context.operate(call, RISK_GATE, HaltOperation(EVERYTHING, state, reason or NO_REASON))

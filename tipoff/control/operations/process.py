"""What the process does again or otherwise: its configuration, its log."""

from tipoff.control.context import Call, CallContext, OperationAnswer
from tipoff.control.endpoint import Endpoints
from tipoff.control.method import Method
from tipoff.control.parameters import Param
from tipoff.control.permissions import Level
from tipoff.control.protocol import ErrorCode, Fault

ENDPOINTS = Endpoints()
LOG_LEVELS = ("debug", "info", "warning", "error")


@ENDPOINTS.answers(
    Method(
        name="reload",
        level=Level.ADMIN,
        line="Let the daemon read its configuration again.",
        help="Let the daemon read its configuration again; a broken one changes nothing.",
    )
)
async def reload(context: CallContext, call: Call) -> OperationAnswer:
    """Read the configuration again; a broken one changes nothing."""
    if context.hooks.reload is None:
        raise Fault(ErrorCode.NOT_AVAILABLE, "this daemon was not started from a configuration file")
    answer = await context.perform(call, context.hooks.reload)
    if context.hooks.reloaded is not None:
        context.hooks.reloaded()
    return answer


@ENDPOINTS.answers(
    Method(
        name="loglevel",
        level=Level.ADMIN,
        line="Show what the daemon logs, or set it.",
        params=(
            Param(
                name="level",
                required=True,
                place=True,
                choices=LOG_LEVELS,
                help="What is less important is left out; without it the present level is shown.",
            ),
        ),
        shows="loglevel.show",
    )
)
async def loglevel(context: CallContext, call: Call) -> OperationAnswer:
    """Set what is logged."""
    hook, level = context.hooks.loglevel, call.params.must("level")
    if hook is None:
        raise Fault(ErrorCode.NOT_AVAILABLE, "this daemon's log level cannot be changed while it runs")

    async def work() -> str:
        return f"the log level is {hook(level)}"

    return await context.perform(call, work)

"""Which games are followed."""

from collections.abc import Awaitable, Callable

from actors.addresses import RISK_GATE
from actors.messages import FollowOperation
from actors.runtime import Address
from tipoff.control.context import Call, CallContext, OperationAnswer
from tipoff.control.endpoint import Endpoints
from tipoff.control.method import Method
from tipoff.control.parameters import Param
from tipoff.control.permissions import Level
from tipoff.control.protocol import ErrorCode, Fault

ENDPOINTS = Endpoints()
THE_GAME = Param(
    name="game",
    required=True,
    place=True,
    help="Its id, as in 26JAN14WASLAC, or the ticker of one of its events or markets, in any letter case.",
)


@ENDPOINTS.answers(
    Method(
        name="games.load",
        level=Level.ADMIN,
        line="Follow a game that was not found by itself, or was unloaded; also after a restart, until "
        "the run ends.",
        params=(THE_GAME,),
    )
)
async def games_load(context: CallContext, call: Call) -> OperationAnswer:
    """Follow a game that was not found by itself, or was unloaded."""
    hook = context.hooks.load_game
    if hook is None:
        raise Fault(ErrorCode.NOT_AVAILABLE, "this daemon finds its games by itself only")
    return await _follow(context, call, hook)


@ENDPOINTS.answers(
    Method(
        name="games.unload",
        level=Level.ADMIN,
        line="Follow a game no more; refused while there is a position or an order of ours in it.",
        params=(THE_GAME,),
    )
)
async def games_unload(context: CallContext, call: Call) -> OperationAnswer:
    """Follow a game no more; refused while there is a position or an order of ours in it."""
    hook = context.hooks.unload_game
    if hook is None:
        raise Fault(ErrorCode.NOT_AVAILABLE, "this daemon follows its games to their end")
    return await _follow(context, call, hook)


async def _follow(
    context: CallContext, call: Call, hook: Callable[[str], Awaitable[FollowOperation]]
) -> OperationAnswer:
    async def work() -> tuple[Address, FollowOperation]:
        return RISK_GATE, await hook(call.params.must("game"))

    answer = await context.perform(call, work)
    # Now and not at the next poll of the markets: whoever loads a game wants to see its books.
    if context.hooks.followed is not None:
        await context.hooks.followed()
    return answer

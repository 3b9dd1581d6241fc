"""Strategies on, off, and with other parameters."""

import json

from actors.addresses import STRATEGIES, strategy_address
from actors.messages import StrategyOperation
from actors.runtime import Address
from tipoff.control.context import Call, CallContext, OperationAnswer
from tipoff.control.endpoint import Endpoints
from tipoff.control.method import Method
from tipoff.control.parameters import Param
from tipoff.control.permissions import Level
from tipoff.control.protocol import ErrorCode, Fault

ENDPOINTS = Endpoints()
NAME = Param(name="name", required=True, place=True, help="As `tipoff strategies` names it.")


@ENDPOINTS.answers(
    Method(name="strategies.enable", level=Level.OPERATE, line="Let a strategy trade again.", params=(NAME,))
)
async def strategies_enable(context: CallContext, call: Call) -> OperationAnswer:
    """Let a strategy trade again."""
    return await context.operate(call, _strategy(context, call), StrategyOperation(True))


@ENDPOINTS.answers(
    Method(
        name="strategies.disable",
        level=Level.OPERATE,
        line="Let a strategy send nothing more and cancel what it has resting; its positions stay.",
        params=(NAME,),
    )
)
async def strategies_disable(context: CallContext, call: Call) -> OperationAnswer:
    """A strategy sends nothing more and its resting orders are cancelled; its positions stay."""
    return await context.operate(call, _strategy(context, call), StrategyOperation(False))


@ENDPOINTS.answers(
    Method(
        name="strategies.set",
        level=Level.OPERATE,
        line="Give a strategy other parameters: all of them or, if one is wrong, none.",
        params=(
            NAME,
            Param(
                name="values",
                kind="values",
                required=True,
                place=True,
                typed="KEY=VALUE",
                help="Parameters such as position_size=20; lists with commas.",
            ),
        ),
    )
)
async def strategies_set(context: CallContext, call: Call) -> OperationAnswer:
    """Give a strategy other parameters, all or none of them; positions and open orders stay."""
    # As text, because an operation is recorded and must read the same in a replay.
    values = tuple((name, json.dumps(value)) for name, value in call.params.table("values").items())
    return await context.operate(call, _strategy(context, call), StrategyOperation(None, values))


def _strategy(context: CallContext, call: Call) -> Address:
    """The address of the strategy that is named. Raises Fault, naming those there are."""
    name = call.params.must("name")
    names = [
        str(actor.address.last) for actor in context.engine.status() if actor.address.parent == STRATEGIES
    ]
    if name not in names:
        raise Fault(ErrorCode.NOT_FOUND, f"no strategy is called {name!r}; there are {', '.join(names)}")
    return strategy_address(name)

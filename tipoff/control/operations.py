"""The methods of the control socket that change something: each is one operation of an actor or the process.

What they come to is journaled with the peer's user id, in the same commit as its effect where actors are
concerned. Names, parameters and help stand in `registry`.
"""

import json
from collections.abc import Awaitable, Callable, Mapping

from actors.addresses import GAMES, PAPER_EXCHANGE, RISK_GATE, STRATEGIES, strategy_address
from actors.messages import (
    CancelAllOperation,
    CancelOperation,
    CloseOperation,
    FollowOperation,
    HaltOperation,
    LimitOperation,
    OrderOperation,
    ResumeOperation,
    StrategyOperation,
)
from actors.read_model.views import Query
from actors.runtime import ActorStatus, Address
from engine.events import BookSide
from engine.orders import TimeInForce
from engine.risk import EVERYTHING, QUARANTINE, TradingState
from engine.units import UnitError, parse_count, parse_price
from tipoff.control.context import Call, CallContext, Handler, OperationAnswer
from tipoff.control.protocol import ErrorCode, Fault
from tipoff.output import Failure

NO_REASON = "no reason given"


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


async def resume(context: CallContext, call: Call) -> OperationAnswer:
    """End a halt, with a reason."""
    params = call.params
    return await context.operate(
        call, RISK_GATE, ResumeOperation(params.text("scope") or EVERYTHING, params.must("reason"))
    )


async def drain(context: CallContext, call: Call) -> OperationAnswer:
    """Let no entry pass any more and take resting entries back; exits and settlement go on."""
    reason = call.params.text("reason")
    state = TradingState.DRAINING.word
    return await context.operate(call, RISK_GATE, HaltOperation(EVERYTHING, state, reason or NO_REASON))


async def orders_place(context: CallContext, call: Call) -> OperationAnswer:
    """Send an order by hand on a strategy's account; the risk gate judges it like any other."""
    params = call.params
    try:
        price, count = parse_price(params.must("price")), parse_count(params.must("count"))
    except UnitError as error:
        raise Fault(ErrorCode.INVALID_PARAMS, str(error)) from None
    operation = OrderOperation(
        params.must("strategy"),
        params.must("ticker"),
        BookSide(params.must("side")),
        price,
        count,
        TimeInForce[(params.text("tif") or "ioc").upper()],
        params.flag("post_only"),
        params.flag("reduce_only"),
        params.number("p_fair"),
    )
    return await context.operate(call, RISK_GATE, operation)


async def orders_cancel(context: CallContext, call: Call) -> OperationAnswer:
    """Take an order back, or with `all` those of a strategy or of everybody."""
    params = call.params
    order_id = params.text("order_id")
    # All at once is the exchange's: it knows what rests, the gate only what it let through.
    if order_id is None:
        return await context.operate(call, PAPER_EXCHANGE, CancelAllOperation(params.text("strategy")))
    return await context.operate(call, RISK_GATE, CancelOperation(order_id))


async def positions_close(context: CallContext, call: Call) -> OperationAnswer:
    """Close a position at whatever the book gives, risk limits or not."""
    params = call.params
    return await context.operate(
        call, PAPER_EXCHANGE, CloseOperation(params.must("strategy"), params.must("ticker"))
    )


async def strategies_enable(context: CallContext, call: Call) -> OperationAnswer:
    """Let a strategy trade again."""
    return await context.operate(call, _strategy(context, call), StrategyOperation(True))


async def strategies_disable(context: CallContext, call: Call) -> OperationAnswer:
    """A strategy sends nothing more and its resting orders are cancelled; its positions stay."""
    return await context.operate(call, _strategy(context, call), StrategyOperation(False))


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


async def risk_set(context: CallContext, call: Call) -> OperationAnswer:
    """Change a risk limit from now on, over restarts too."""
    params = call.params
    operation = LimitOperation(params.must("name"), params.text("strategy"), params.must("value"))
    return await context.operate(call, RISK_GATE, operation)


async def risk_reset(context: CallContext, call: Call) -> OperationAnswer:
    """Put a risk limit back to what the configuration says."""
    params = call.params
    return await context.operate(
        call, RISK_GATE, LimitOperation(params.must("name"), params.text("strategy"), None)
    )


async def actors_restart(context: CallContext, call: Call) -> OperationAnswer:
    """Replace an actor's life by a new one, which folds its past again."""
    actor = _actor(context, call.params.must("name"))

    async def work() -> str:
        context.engine.restart(actor.address)
        return f"{actor.address} was restarted"

    return await context.perform(call, work)


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


async def reload(context: CallContext, call: Call) -> OperationAnswer:
    """Read the configuration again; a broken one changes nothing."""
    if context.hooks.reload is None:
        raise Fault(ErrorCode.NOT_AVAILABLE, "this daemon was not started from a configuration file")
    answer = await context.perform(call, context.hooks.reload)
    if context.hooks.reloaded is not None:
        context.hooks.reloaded()
    return answer


async def loglevel(context: CallContext, call: Call) -> OperationAnswer:
    """Set what is logged."""
    hook, level = context.hooks.loglevel, call.params.must("level")
    if hook is None:
        raise Fault(ErrorCode.NOT_AVAILABLE, "this daemon's log level cannot be changed while it runs")

    async def work() -> str:
        return f"the log level is {hook(level)}"

    return await context.perform(call, work)


async def games_load(context: CallContext, call: Call) -> OperationAnswer:
    """Follow a game that was not found by itself, or was unloaded."""
    hook = context.hooks.load_game
    if hook is None:
        raise Fault(ErrorCode.NOT_AVAILABLE, "this daemon finds its games by itself only")
    return await _follow(context, call, hook)


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


HANDLERS: Mapping[str, Handler] = {
    "halt": halt,
    "resume": resume,
    "drain": drain,
    "orders.place": orders_place,
    "orders.cancel": orders_cancel,
    "positions.close": positions_close,
    "strategies.enable": strategies_enable,
    "strategies.disable": strategies_disable,
    "strategies.set": strategies_set,
    "risk.set": risk_set,
    "risk.reset": risk_reset,
    "actors.restart": actors_restart,
    "actors.revive": actors_revive,
    "games.load": games_load,
    "games.unload": games_unload,
    "reload": reload,
    "loglevel": loglevel,
}
"""What answers each method that changes something."""

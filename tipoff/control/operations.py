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
from actors.runtime import ActorStatus, Address
from engine.events import BookSide
from engine.orders import TimeInForce
from engine.risk.halts import EVERYTHING, QUARANTINE, TradingState
from engine.units import UnitError, parse_count, parse_price
from tipoff.control.context import Call, CallContext, Handler, OperationAnswer
from tipoff.control.protocol import ErrorCode, Fault
from tipoff.output import Failure

NO_REASON = "no reason given"


async def halt(room: CallContext, call: Call) -> OperationAnswer:
    """Stop a scope at once; it stays stopped until somebody resumes it, over restarts too."""
    given = call.given
    scope = given.text("scope") or EVERYTHING
    _require_known(room, scope)
    wish = HaltOperation(
        scope,
        given.text("state") or "halted",
        given.text("reason") or NO_REASON,
    )
    return await room.act(call, RISK_GATE, wish)


def _require_known(room: CallContext, scope: str) -> None:
    """Raise Fault if a scope names nobody: a mistyped halt must not look as if something stood still."""
    kind, _, name = scope.partition(":")
    parent = {"strategy": STRATEGIES, "game": GAMES}.get(kind)
    names = [str(actor.address.last) for actor in room.engine.status() if actor.address.parent == parent]
    if parent is not None and name and name not in names:
        there = f"there are {', '.join(names)}" if names else "there is none"
        raise Fault(ErrorCode.NOT_FOUND, f"no {kind} is called {name!r}, so nothing is halted; {there}")


async def resume(room: CallContext, call: Call) -> OperationAnswer:
    """End a halt, with a reason."""
    given = call.given
    return await room.act(
        call, RISK_GATE, ResumeOperation(given.text("scope") or EVERYTHING, given.must("reason"))
    )


async def drain(room: CallContext, call: Call) -> OperationAnswer:
    """Let no entry pass any more and take resting entries back; exits and settlement go on."""
    reason = call.given.text("reason")
    state = TradingState.DRAINING.word
    return await room.act(call, RISK_GATE, HaltOperation(EVERYTHING, state, reason or NO_REASON))


async def orders_place(room: CallContext, call: Call) -> OperationAnswer:
    """Send an order by hand on a strategy's account; the risk gate judges it like any other."""
    given = call.given
    try:
        price, count = parse_price(given.must("price")), parse_count(given.must("count"))
    except UnitError as error:
        raise Fault(ErrorCode.INVALID_PARAMS, str(error)) from None
    wish = OrderOperation(
        given.must("strategy"),
        given.must("ticker"),
        BookSide(given.must("side")),
        price,
        count,
        TimeInForce[(given.text("tif") or "ioc").upper()],
        given.flag("post_only"),
        given.flag("reduce_only"),
        given.number("p_fair"),
    )
    return await room.act(call, RISK_GATE, wish)


async def orders_cancel(room: CallContext, call: Call) -> OperationAnswer:
    """Take an order back, or with `all` those of a strategy or of everybody."""
    given = call.given
    order_id = given.text("order_id")
    if order_id is None:
        return await room.act(call, PAPER_EXCHANGE, CancelAllOperation(given.text("strategy")))
    return await room.act(call, RISK_GATE, CancelOperation(order_id))


async def positions_close(room: CallContext, call: Call) -> OperationAnswer:
    """Close a position at whatever the book gives, risk limits or not."""
    given = call.given
    return await room.act(call, PAPER_EXCHANGE, CloseOperation(given.must("strategy"), given.must("ticker")))


async def strategies_enable(room: CallContext, call: Call) -> OperationAnswer:
    """Let a strategy trade again."""
    return await room.act(call, _strategy(room, call), StrategyOperation(True))


async def strategies_disable(room: CallContext, call: Call) -> OperationAnswer:
    """A strategy sends nothing more and its resting orders are cancelled; its positions stay."""
    return await room.act(call, _strategy(room, call), StrategyOperation(False))


async def strategies_set(room: CallContext, call: Call) -> OperationAnswer:
    """Give a strategy other parameters, all or none of them; positions and open orders stay."""
    values = tuple((name, json.dumps(value)) for name, value in call.given.table("values").items())
    return await room.act(call, _strategy(room, call), StrategyOperation(None, values))


def _strategy(room: CallContext, call: Call) -> Address:
    """The address of the strategy that is named. Raises Fault, naming those there are."""
    name = call.given.must("name")
    names = [str(actor.address.last) for actor in room.engine.status() if actor.address.parent == STRATEGIES]
    if name not in names:
        raise Fault(ErrorCode.NOT_FOUND, f"no strategy is called {name!r}; there are {', '.join(names)}")
    return strategy_address(name)


async def risk_set(room: CallContext, call: Call) -> OperationAnswer:
    """Change a risk limit from now on, over restarts too."""
    given = call.given
    wish = LimitOperation(given.must("name"), given.text("strategy"), given.must("value"))
    return await room.act(call, RISK_GATE, wish)


async def risk_reset(room: CallContext, call: Call) -> OperationAnswer:
    """Put a risk limit back to what the configuration says."""
    given = call.given
    return await room.act(call, RISK_GATE, LimitOperation(given.must("name"), given.text("strategy"), None))


async def actors_restart(room: CallContext, call: Call) -> OperationAnswer:
    """Replace an actor's life by a new one, which folds its past again."""
    actor = _actor(room, call.given.must("name"))

    async def deed() -> str:
        room.engine.restart(actor.address)
        return f"{actor.address} was restarted"

    return await room.perform(call, deed)


async def actors_revive(room: CallContext, call: Call) -> OperationAnswer:
    """Bring a quarantined or stopped actor back; a strategy may trade again."""
    actor = _actor(room, call.given.must("name"))

    async def deed() -> str:
        if not room.engine.revive(actor.address):
            raise Failure("running", f"{actor.address} is {actor.state}; only what is parked can be revived")
        return f"{actor.address} was revived"

    if actor.address.parent != STRATEGIES:
        return await room.perform(call, deed)
    if actor.state != "running" and not room.engine.revive(actor.address):
        raise Fault(ErrorCode.REFUSED, f"{actor.address} could not be revived")
    wish = ResumeOperation(QUARANTINE + actor.address.last, "revived")
    return await room.act(call, RISK_GATE, wish)


def _actor(room: CallContext, name: str) -> ActorStatus:
    """The actor of an address, or of the last part of one if only one has it. Raises Fault."""
    found = [actor for actor in room.engine.status() if name in (str(actor.address), actor.address.last)]
    exact = [actor for actor in found if str(actor.address) == name]
    chosen = exact or found
    if len(chosen) == 1:
        return chosen[0]
    if chosen:
        places = ", ".join(str(actor.address) for actor in chosen)
        raise Fault(ErrorCode.NOT_FOUND, f"{name!r} may be {places}; give the whole address")
    raise Fault(ErrorCode.NOT_FOUND, f"no actor is called {name!r}; `tipoff actors` lists them")


async def reload(room: CallContext, call: Call) -> OperationAnswer:
    """Read the configuration again; a broken one changes nothing."""
    if room.hooks.reload is None:
        raise Fault(ErrorCode.NOT_AVAILABLE, "this daemon was not started from a configuration file")
    acted = await room.perform(call, room.hooks.reload)
    if room.hooks.reloaded is not None:
        room.hooks.reloaded()
    return acted


async def loglevel(room: CallContext, call: Call) -> OperationAnswer:
    """Set what is logged."""
    hook, level = room.hooks.loglevel, call.given.must("level")
    if hook is None:
        raise Fault(ErrorCode.NOT_AVAILABLE, "this daemon's log level cannot be changed while it runs")

    async def deed() -> str:
        return f"the log level is {hook(level)}"

    return await room.perform(call, deed)


async def games_load(room: CallContext, call: Call) -> OperationAnswer:
    """Follow a game that was not found by itself, or was unloaded."""
    hook = room.hooks.load_game
    if hook is None:
        raise Fault(ErrorCode.NOT_AVAILABLE, "this daemon finds its games by itself only")
    return await _follow(room, call, hook)


async def games_unload(room: CallContext, call: Call) -> OperationAnswer:
    """Follow a game no more; refused while there is a position or an order of ours in it."""
    hook = room.hooks.unload_game
    if hook is None:
        raise Fault(ErrorCode.NOT_AVAILABLE, "this daemon follows its games to their end")
    return await _follow(room, call, hook)


async def _follow(
    room: CallContext, call: Call, hook: Callable[[str], Awaitable[FollowOperation]]
) -> OperationAnswer:
    async def deed() -> tuple[Address, FollowOperation]:
        return RISK_GATE, await hook(call.given.must("game"))

    acted = await room.perform(call, deed)
    if room.hooks.followed is not None:
        await room.hooks.followed()
    return acted


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

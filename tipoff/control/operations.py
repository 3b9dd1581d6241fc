"""The methods of the control socket that change something: each becomes one wish, or one deed of the daemon.

Listed by `control_catalogue`. What they come to is journaled with the peer's user id, in the same commit as
its effect where actors are concerned. Must not import the server.
"""

import json
from collections.abc import Awaitable, Callable

from actors.addresses import GAMES, PAPER_EXCHANGE, RISK_GATE, STRATEGIES, strategy_address
from actors.messages import (
    CancelAllWish,
    CancelWish,
    CloseWish,
    FollowWish,
    HaltWish,
    LimitWish,
    OrderWish,
    ResumeWish,
    StrategyWish,
)
from actors.runtime import ActorStatus, Address
from engine.events import BookSide
from engine.orders import TimeInForce
from engine.risk.halts import EVERYTHING, QUARANTINE
from engine.units import UnitError, parse_count, parse_price
from tipoff.control.parameters import DRAINING, Acted, Call, Room
from tipoff.control.protocol import Fault, Trouble
from tipoff.output import Failure

TIMES_IN_FORCE = {"gtc": TimeInForce.GTC, "ioc": TimeInForce.IOC, "fok": TimeInForce.FOK}
"""The short words for how long an order lives."""


async def halt(room: Room, call: Call) -> Acted:
    """Stop a scope at once; it stays stopped until somebody resumes it, over restarts too."""
    given = call.given
    scope = given.text("scope") or EVERYTHING
    _require_known(room, scope)
    wish = HaltWish(
        scope,
        given.text("state") or "halted",
        given.text("reason") or "no reason given",
    )
    return await room.act(call, RISK_GATE, wish)


def _require_known(room: Room, scope: str) -> None:
    """Raise Fault if a scope names nobody: a mistyped halt must not look as if something stood still."""
    kind, _, name = scope.partition(":")
    parent = {"strategy": STRATEGIES, "game": GAMES}.get(kind)
    names = [str(actor.address.last) for actor in room.engine.status() if actor.address.parent == parent]
    if parent is not None and name and name not in names:
        there = f"there are {', '.join(names)}" if names else "there is none"
        raise Fault(Trouble.NOT_FOUND, f"no {kind} is called {name!r}, so nothing is halted; {there}")


async def resume(room: Room, call: Call) -> Acted:
    """End a halt, with a reason."""
    given = call.given
    return await room.act(
        call, RISK_GATE, ResumeWish(given.text("scope") or EVERYTHING, given.must("reason"))
    )


async def drain(room: Room, call: Call) -> Acted:
    """Let no entry pass any more and take resting entries back; exits and settlement go on."""
    reason = call.given.text("reason")
    why = f"{DRAINING}: {reason}" if reason else DRAINING
    return await room.act(call, RISK_GATE, HaltWish(EVERYTHING, "reducing", why))


async def place(room: Room, call: Call) -> Acted:
    """Send an order by hand on a strategy's account; the risk gate judges it like any other."""
    given = call.given
    try:
        price, count = parse_price(given.must("price")), parse_count(given.must("count"))
    except UnitError as error:
        raise Fault(Trouble.INVALID_PARAMS, str(error)) from None
    wish = OrderWish(
        given.must("strategy"),
        given.must("ticker"),
        BookSide(given.must("side")),
        price,
        count,
        TIMES_IN_FORCE[given.text("tif") or "ioc"],
        given.flag("post_only"),
        given.flag("reduce_only"),
        given.number("p_fair"),
    )
    return await room.act(call, RISK_GATE, wish)


async def cancel(room: Room, call: Call) -> Acted:
    """Take an order back, or with `all` those of a strategy or of everybody."""
    given = call.given
    order_id = given.text("order_id")
    if (order_id is None) is not given.flag("all"):
        raise Fault(Trouble.INVALID_PARAMS, "name an order_id, or say all (and perhaps a strategy)")
    if order_id is None:
        return await room.act(call, PAPER_EXCHANGE, CancelAllWish(given.text("strategy")))
    return await room.act(call, RISK_GATE, CancelWish(order_id))


async def close(room: Room, call: Call) -> Acted:
    """Close a position at whatever the book gives, risk limits or not."""
    given = call.given
    return await room.act(call, PAPER_EXCHANGE, CloseWish(given.must("strategy"), given.must("ticker")))


async def switch_on(room: Room, call: Call) -> Acted:
    """Let a strategy trade again."""
    return await room.act(call, _strategy(room, call), StrategyWish(True))


async def switch_off(room: Room, call: Call) -> Acted:
    """A strategy sends nothing more and its resting orders are cancelled; its positions stay."""
    return await room.act(call, _strategy(room, call), StrategyWish(False))


async def configure(room: Room, call: Call) -> Acted:
    """Give a strategy other parameters, all or none of them; positions and open orders stay."""
    values = tuple((name, json.dumps(value)) for name, value in call.given.table("values").items())
    return await room.act(call, _strategy(room, call), StrategyWish(None, values))


def _strategy(room: Room, call: Call) -> Address:
    """The address of the strategy that is named. Raises Fault, naming those there are."""
    name = call.given.must("name")
    names = [str(actor.address.last) for actor in room.engine.status() if actor.address.parent == STRATEGIES]
    if name not in names:
        raise Fault(Trouble.NOT_FOUND, f"no strategy is called {name!r}; there are {', '.join(names)}")
    return strategy_address(name)


async def limit_set(room: Room, call: Call) -> Acted:
    """Change a risk limit from now on, over restarts too."""
    given = call.given
    wish = LimitWish(given.must("name"), given.text("strategy"), given.must("value"))
    return await room.act(call, RISK_GATE, wish)


async def limit_reset(room: Room, call: Call) -> Acted:
    """Put a risk limit back to what the configuration says."""
    given = call.given
    return await room.act(call, RISK_GATE, LimitWish(given.must("name"), given.text("strategy"), None))


async def restart(room: Room, call: Call) -> Acted:
    """Replace an actor's life by a new one, which folds its past again."""
    actor = _actor(room, call.given.must("name"))

    async def deed() -> str:
        room.engine.restart(actor.address)
        return f"{actor.address} was restarted"

    return await room.perform(call, deed)


async def revive(room: Room, call: Call) -> Acted:
    """Bring a quarantined or stopped actor back; a strategy may trade again."""
    actor = _actor(room, call.given.must("name"))

    async def deed() -> str:
        if not room.engine.revive(actor.address):
            raise Failure("running", f"{actor.address} is {actor.state}; only what is parked can be revived")
        return f"{actor.address} was revived"

    if actor.address.parent != STRATEGIES:
        return await room.perform(call, deed)
    if actor.state != "running" and not room.engine.revive(actor.address):
        raise Fault(Trouble.REFUSED, f"{actor.address} could not be revived")
    wish = ResumeWish(QUARANTINE + actor.address.last, "revived")
    return await room.act(call, RISK_GATE, wish)


def _actor(room: Room, name: str) -> ActorStatus:
    """The actor of an address, or of the last part of one if only one has it. Raises Fault."""
    found = [actor for actor in room.engine.status() if name in (str(actor.address), actor.address.last)]
    exact = [actor for actor in found if str(actor.address) == name]
    chosen = exact or found
    if len(chosen) == 1:
        return chosen[0]
    if chosen:
        places = ", ".join(str(actor.address) for actor in chosen)
        raise Fault(Trouble.NOT_FOUND, f"{name!r} may be {places}; give the whole address")
    raise Fault(Trouble.NOT_FOUND, f"no actor is called {name!r}; `tipoff actors` lists them")


async def reload(room: Room, call: Call) -> Acted:
    """Read the configuration again; a broken one changes nothing."""
    if room.hooks.reload is None:
        raise Fault(Trouble.NOT_AVAILABLE, "this daemon was not started from a configuration file")
    acted = await room.perform(call, room.hooks.reload)
    if room.hooks.reloaded is not None:
        room.hooks.reloaded()
    return acted


async def loglevel(room: Room, call: Call) -> Acted:
    """Set what is logged."""
    hook, level = room.hooks.loglevel, call.given.must("level")
    if hook is None:
        raise Fault(Trouble.NOT_AVAILABLE, "this daemon's log level cannot be changed while it runs")

    async def deed() -> str:
        return f"the log level is {hook(level)}"

    return await room.perform(call, deed)


async def load_game(room: Room, call: Call) -> Acted:
    """Follow a game that was not found by itself, or was unloaded."""
    hook = room.hooks.load_game
    if hook is None:
        raise Fault(Trouble.NOT_AVAILABLE, "this daemon finds its games by itself only")
    return await _follow(room, call, hook)


async def unload_game(room: Room, call: Call) -> Acted:
    """Follow a game no more; refused while there is a position or an order of ours in it."""
    hook = room.hooks.unload_game
    if hook is None:
        raise Fault(Trouble.NOT_AVAILABLE, "this daemon follows its games to their end")
    return await _follow(room, call, hook)


async def _follow(room: Room, call: Call, hook: Callable[[str], Awaitable[FollowWish]]) -> Acted:
    async def deed() -> tuple[Address, FollowWish]:
        return RISK_GATE, await hook(call.given.must("game"))

    acted = await room.perform(call, deed)
    if room.hooks.followed is not None:
        await room.hooks.followed()
    return acted

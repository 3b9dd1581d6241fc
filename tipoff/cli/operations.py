"""The commands that change something in a running daemon: `halt`, `resume`, `orders place` and their sisters.

Registered by `cli`. Each takes `--request-id`: the same id is fulfilled once, however often the command is
repeated, and the journal keeps who asked.
"""

import json
from typing import Annotated, Literal

import attrs
from cyclopts import Parameter

from tipoff.cli.arguments import Flag
from tipoff.cli.queries import HERE, Where, actors, games, orders, positions, risk, strategies
from tipoff.exit_codes import Exit
from tipoff.json_types import Json
from tipoff.output import Answer, Failure

RequestId = Annotated[
    str | None, Parameter(help="Repeating a command with the same id does it once. Drawn unless given.")
]
Scope = Annotated[str, Parameter(help="all, strategy:NAME or game:ID.")]
Reason = Annotated[str, Parameter(help="Kept in the journal.")]
Name = Annotated[str, Parameter(name="NAME")]
OwnLimit = Annotated[str | None, Parameter(help="A limit of this strategy instead of the global one.")]


def halt(
    scope: Scope = "all",
    /,
    *,
    reason: Reason = "halted by hand",
    reducing: Annotated[Flag, Parameter(help="Let orders pass that make positions smaller.")] = False,
    request_id: RequestId = None,
    where: Where = HERE,
) -> Answer:
    """Stop trading at once and cancel what rests; only `resume` ends it, restarts do not.

    Parameters
    ----------
    scope
        all, strategy:NAME or game:ID.
    """
    state = "reducing" if reducing else "halted"
    return where.act("halt", request_id, scope=scope, state=state, reason=reason)


def resume(
    scope: Scope = "all", /, *, reason: Reason, request_id: RequestId = None, where: Where = HERE
) -> Answer:
    """End a halt. The reason is required, because somebody will ask.

    Parameters
    ----------
    scope
        all, strategy:NAME or game:ID.
    """
    return where.act("resume", request_id, scope=scope, reason=reason)


def reload(*, request_id: RequestId = None, where: Where = HERE) -> Answer:
    """Let the daemon read its configuration again; a broken one changes nothing."""
    return where.act("reload", request_id)


def loglevel(
    level: Literal["debug", "info", "warning", "error"] | None = None,
    /,
    *,
    request_id: RequestId = None,
    where: Where = HERE,
) -> Answer:
    """Show what the daemon logs, or set it.

    Parameters
    ----------
    level
        What is less important is left out; without it the present level is shown.
    """
    if level is None:
        found = where.look("loglevel.show")
        return Answer(found, f"the log level is {found['level']}")
    return where.act("loglevel", request_id, level=level)


@actors.command
def restart(name: Name, /, *, request_id: RequestId = None, where: Where = HERE) -> Answer:
    """Give an actor a new life; it folds its past again.

    Parameters
    ----------
    name
        An address, or its last part.
    """
    return where.act("actors.restart", request_id, name=name)


@actors.command
def revive(name: Name, /, *, request_id: RequestId = None, where: Where = HERE) -> Answer:
    """Bring an actor back that failed too often and is parked.

    Parameters
    ----------
    name
        An address, or its last part.
    """
    return where.act("actors.revive", request_id, name=name)


@games.command
def load(game: str, /, *, request_id: RequestId = None, where: Where = HERE) -> Answer:
    """Follow a game that was not found by itself, or was unloaded; also after a restart, until the run ends.

    Parameters
    ----------
    game
        Its id, as in 26JAN14WASLAC, or the ticker of one of its events or markets, in any letter case.
    """
    return where.act("games.load", request_id, game=game)


@games.command
def unload(game: str, /, *, request_id: RequestId = None, where: Where = HERE) -> Answer:
    """Follow a game no more; refused while there is a position or an order of ours in it.

    Parameters
    ----------
    game
        As `tipoff games` names it, or the ticker of one of its events or markets, in any letter case.
    """
    return where.act("games.unload", request_id, game=game)


@strategies.command
def enable(name: Name, /, *, request_id: RequestId = None, where: Where = HERE) -> Answer:
    """Let a strategy trade again.

    Parameters
    ----------
    name
        As `tipoff strategies` names it.
    """
    return where.act("strategies.enable", request_id, name=name)


@strategies.command
def disable(name: Name, /, *, request_id: RequestId = None, where: Where = HERE) -> Answer:
    """Let a strategy send nothing more and cancel what it has resting; its positions stay.

    Parameters
    ----------
    name
        As `tipoff strategies` names it.
    """
    return where.act("strategies.disable", request_id, name=name)


@strategies.command(name="set")
def set_parameters(
    name: Name,
    /,
    *values: Annotated[str, Parameter(name="KEY=VALUE", required=True)],
    request_id: RequestId = None,
    where: Where = HERE,
) -> Answer:
    """Give a strategy other parameters: all of them or, if one is wrong, none.

    Parameters
    ----------
    name
        As `tipoff strategies` names it.
    values
        Parameters such as position_size=20; lists with commas.
    """
    given: dict[str, Json] = dict(map(_key_and_value, values))
    return where.act("strategies.set", request_id, name=name, values=given)


def _key_and_value(text: str) -> tuple[str, Json]:
    """A parameter as it is typed: JSON where it reads as such, else a text, or with commas a list of them."""
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise Failure("usage", f"{text!r} is not KEY=VALUE", exit_code=Exit.USAGE)
    try:
        read: Json = json.loads(value)
    except ValueError:
        return key, value.split(",") if "," in value else value
    return key, read


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class OrderTerms(Where):
    """On what terms an order is placed, and by which daemon."""

    strategy: Annotated[str, Parameter(help="On whose account.")]
    tif: Annotated[Literal["gtc", "ioc", "fok"], Parameter(help="How long it lives.")] = "ioc"
    post_only: Annotated[Flag, Parameter(help="Only rest, never take.")] = False
    reduce_only: Annotated[Flag, Parameter(help="Only make a position smaller.")] = False
    request_id: RequestId = None
    fair: Annotated[float | None, Parameter(help="Fair value of YES; strategies with opinions need one.")] = (
        None
    )


@orders.command
def place(
    ticker: str,
    side: Literal["bid", "ask"],
    count: str,
    price: str,
    /,
    *,
    on: OrderTerms,
) -> Answer:
    """Place a paper order by hand; the risk gate judges it like any other.

    Parameters
    ----------
    ticker
        The market.
    side
        bid buys YES, ask sells YES (which is buying NO).
    count
        Contracts, such as 10.
    price
        YES price in dollars, such as 0.42.
    """
    terms: dict[str, Json] = {
        "strategy": on.strategy,
        "ticker": ticker.upper(),
        "side": side,
        "price": price,
        "count": count,
        "tif": on.tif,
        "post_only": on.post_only,
        "reduce_only": on.reduce_only,
        "p_fair": on.fair,
    }
    return on.act("orders.place", on.request_id, **terms)


@orders.command
def cancel(
    order_id: Annotated[str | None, Parameter(name="ORDER")] = None,
    /,
    *,
    all: Annotated[Flag, Parameter(help="Take all orders back.")] = False,  # noqa: A002
    strategy: Annotated[str | None, Parameter(help="With --all: only those of this strategy.")] = None,
    request_id: RequestId = None,
    where: Where = HERE,
) -> Answer:
    """Take an order back, or with --all every order.

    Parameters
    ----------
    order_id
        As `tipoff orders` names it.
    """
    if (order_id is None) is not all:
        raise Failure("usage", "name an order, or say --all", exit_code=Exit.USAGE)
    if all:
        return where.act("orders.cancel", request_id, all=True, strategy=strategy)
    return where.act("orders.cancel", request_id, order_id=order_id)


@positions.command
def close(strategy: str, ticker: str, /, *, request_id: RequestId = None, where: Where = HERE) -> Answer:
    """Close a position at whatever the book gives, risk limits or not.

    Parameters
    ----------
    strategy
        Whose position.
    ticker
        In which market.
    """
    return where.act("positions.close", request_id, strategy=strategy, ticker=ticker.upper())


@risk.command(name="set")
def set_limit(
    name: Name,
    value: str,
    /,
    *,
    strategy: OwnLimit = None,
    request_id: RequestId = None,
    where: Where = HERE,
) -> Answer:
    """Change a limit from now on, over restarts too.

    Parameters
    ----------
    name
        As `tipoff risk` names it.
    value
        A number, words with commas, or none.
    """
    return where.act("risk.set", request_id, name=name, value=value, strategy=strategy)


@risk.command(name="reset")
def reset_limit(
    name: Name, /, *, strategy: OwnLimit = None, request_id: RequestId = None, where: Where = HERE
) -> Answer:
    """Put a limit back to what the configuration says.

    Parameters
    ----------
    name
        As `tipoff risk` names it.
    """
    return where.act("risk.reset", request_id, name=name, strategy=strategy)

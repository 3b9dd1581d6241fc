"""The commands that look at a running daemon: `status`, `orders`, `why` and their sisters.

Registered by `cli`; those that change something are in `cli_control_acts`. Each asks the control socket one
question and shows the answer; which socket that is follows from the configuration.
"""

import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any

import attrs
from cyclopts import App, Parameter
from cyclopts.validators import Number

from tipoff.cli import screens
from tipoff.cli.arguments import ConfigFile, Flag, Whole
from tipoff.control.client import CALL_SECONDS, ControlClient, NotRunning
from tipoff.exit_codes import Exit
from tipoff.json_types import Json
from tipoff.output import Answer, Failure, progress

TABLE = r"^\[{}\][ \t]*(?:#[^\n]*)?$.*?(?=^\[|\Z)"
"""A table of a TOML file from its head to the next one."""

CONFIG_FILE = Path("engine.toml")
SOCKET_VARIABLE = "TIPOFF_SOCKET"
"""Names the socket in the environment, for whoever asks often."""


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class Where:
    """Which daemon is asked."""

    socket: Annotated[
        Path | None,
        Parameter(help=f"The daemon's socket; without it ${SOCKET_VARIABLE}, then the configuration's."),
    ] = None
    config: ConfigFile = None
    timeout: Annotated[
        float, Parameter(help="Seconds to wait for an answer.", validator=Number(gt=0, lte=600))
    ] = CALL_SECONDS

    def path(self) -> Path:
        """The socket. Raises Failure if it must be read from a configuration that cannot be."""
        named = os.environ.get(SOCKET_VARIABLE)
        if self.socket is not None:
            return self.socket
        if self.config is None and named:
            return Path(named)
        return configured_socket(self.config)

    def look(self, method: str, **params: Json) -> Any:  # noqa: ANN401 - the schema says what it is
        """Ask the daemon. Raises Failure."""
        with ControlClient(self.path(), self.timeout) as client:
            return client.look(method, **params)

    def act(self, method: str, request_id: str | None, **params: Json) -> Answer:
        """Let the daemon do something, once for each request id. Raises Failure."""
        with ControlClient(self.path(), self.timeout) as client:
            return screens.acted(client.act(method, request_id, **params))


def configured_socket(file: Path | None) -> Path:
    """The socket that a configuration names. Raises Failure.

    Reads these two keys only: a question to a daemon shall not wait for a whole configuration to be checked,
    and a slip elsewhere in the file must not keep anybody from stopping a daemon that runs on an older one.
    """
    from tipoff.config.sections import ControlSection, EngineSection

    engine, control = EngineSection(), ControlSection()
    path = file or CONFIG_FILE
    document: dict[str, Any] = {}
    if file is not None or path.is_file():
        try:
            document = _readable(path, path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            message = f"{path} cannot be read ({error}); name the socket with --socket"
            raise Failure("config", message, exit_code=Exit.CONFIG) from None
    folder = _text(document, "engine", "state_directory") or str(engine.state_directory)
    return Path(folder) / (_text(document, "control", "socket") or str(control.socket))


def _readable(path: Path, text: str) -> dict[str, Any]:
    """The file, or of one that is no TOML the two tables that say where the socket is.

    Raises ValueError if those are broken themselves.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        document: dict[str, Any] = {}
        for name in ("engine", "control"):
            table = re.search(TABLE.format(name), text, re.MULTILINE | re.DOTALL)
            if table is None and f"[{name}" in text:
                raise
            document |= tomllib.loads(table[0]) if table is not None else {}
        progress(f"{path} is broken ({error}); `tipoff config check` tells more")
        return document


def _text(document: dict[str, Any], section: str, key: str) -> str | None:
    table = document.get(section)
    value = table.get(key) if isinstance(table, dict) else None
    return value if isinstance(value, str) and value else None


HERE = Where()
Strategy = Annotated[str | None, Parameter(help="Only of this strategy.")]
Ticker = Annotated[str | None, Parameter(help="Only of this market.")]
Game = Annotated[str | None, Parameter(help="Only of this game.")]
Limit = Annotated[Whole, Parameter(help="So many at most, the newest.", validator=Number(gte=1, lte=1_000))]


def status(*, where: Where = HERE) -> Answer:
    """Show on one screen: is it trading, what is degraded, what is at risk, the band, what failed last."""
    try:
        return screens.status(where.look("status"))
    except NotRunning as failure:
        raise Failure(
            failure.code, str(failure), details=failure.details, exit_code=Exit.NOT_RUNNING_STATUS
        ) from None


def health(*, where: Where = HERE) -> Answer:
    """Check whether the daemon can do its work, for probes: exit code 0, or 5 with what is wrong."""
    found = where.look("health")
    return screens.health(found, Exit.OK if found["ok"] else Exit.NOT_READY)


def markets(*, game: Game = None, limit: Limit = 1_000, where: Where = HERE) -> Answer:
    """List the markets with their best prices, and whether these may be believed."""
    return screens.lines("markets", where.look("markets", game=game, limit=limit))


def book(ticker: str, /, *, where: Where = HERE) -> Answer:
    """Show a market's book, level by level, in YES prices.

    Parameters
    ----------
    ticker
        The market.
    """
    return screens.book(where.look("book", ticker=ticker.upper()))


def signals(
    *, strategy: Strategy = None, ticker: Ticker = None, limit: Limit = 50, where: Where = HERE
) -> Answer:
    """List what the strategies concluded lately, near misses too."""
    return screens.lines("signals", where.look("signals", strategy=strategy, ticker=ticker, limit=limit))


def fills(
    *, strategy: Strategy = None, ticker: Ticker = None, limit: Limit = 50, where: Where = HERE
) -> Answer:
    """List the last fills."""
    return screens.lines("fills", where.look("fills", strategy=strategy, ticker=ticker, limit=limit))


def pnl(*, strategy: Strategy = None, where: Where = HERE) -> Answer:
    """Show profit and loss after fees as a band, open positions valued at what they would fetch at once."""
    return screens.lines("pnl", where.look("pnl", strategy=strategy))


def journal(*, strategy: Strategy = None, limit: Limit = 20, where: Where = HERE) -> Answer:
    """Show the last committed facts in words."""
    return screens.lines("journal", where.look("journal", strategy=strategy, limit=limit))


def dead_letters(*, limit: Limit = 50, where: Where = HERE) -> Answer:
    """List the last messages that nobody will work on, with what failed."""
    return screens.lines("dead_letters", where.look("dead_letters", limit=limit))


def why(
    name: Annotated[str, Parameter(name="ID")],
    /,
    *,
    db: Annotated[str | None, Parameter(help="Read this database instead of asking a daemon.")] = None,
    run: Annotated[str | None, Parameter(help="With --db: which run; without it the latest.")] = None,
    where: Where = HERE,
) -> Answer:
    """Tell why: the chain from market message to ledger entry, in words and numbers.

    Also why an order did not fill, was refused, or a signal became no order.

    Parameters
    ----------
    name
        An order, a fill, a signal or a ledger entry, as other commands name them.
    """
    if db is None:
        return screens.why(where.look("why", id=name))
    from tipoff.explain.from_database import why_in

    return screens.why(why_in(db, run, name))


def metrics(*, where: Where = HERE) -> Answer:
    """Print the numbers that Prometheus gets."""
    return screens.metrics(where.look("metrics"))


actors = App(name="actors", help="The tree of actors; restart or revive one.")


@actors.default
def show_actors(*, where: Where = HERE) -> Answer:
    """Show the tree: state, incarnation, restarts, mailboxes, last errors, age."""
    return screens.actors(where.look("actors"))


games = App(name="games", help="The games; follow one, or follow one no more.")


@games.default
def show_games(*, game: Game = None, where: Where = HERE) -> Answer:
    """List the games: who, when, score, markets, sportsbooks."""
    return screens.lines("games", where.look("games", game=game, limit=1_000))


strategies = App(name="strategies", help="The strategies; switch one on or off, give it other parameters.")


@strategies.default
def show_strategies(
    *,
    strategy: Strategy = None,
    parameters: Annotated[Flag, Parameter(help="Show their parameters too.")] = False,
    where: Where = HERE,
) -> Answer:
    """List the strategies with what they did and have at risk."""
    return screens.strategies(where.look("strategies", strategy=strategy), parameters=parameters)


orders = App(name="orders", help="The orders; place one by hand, or take some back.")


@orders.default
def show_orders(
    *,
    strategy: Strategy = None,
    ticker: Ticker = None,
    open: Annotated[Flag, Parameter(help="Only those that may still trade.")] = False,  # noqa: A002
    limit: Limit = 50,
    where: Where = HERE,
) -> Answer:
    """List orders, the open ones last."""
    found = where.look("orders", strategy=strategy, ticker=ticker, open=open, limit=limit)
    return screens.lines("orders", found)


positions = App(name="positions", help="The positions; close one by hand.")


@positions.default
def show_positions(*, strategy: Strategy = None, ticker: Ticker = None, where: Where = HERE) -> Answer:
    """List open positions with what they cost and what they would fetch at once."""
    found = where.look("positions", strategy=strategy, ticker=ticker, limit=1_000)
    return screens.lines("positions", found)


risk = App(name="risk", help="The risk limits: show, set, put back.")


@risk.default
@risk.command(name="show")
def show_risk(*, where: Where = HERE) -> Answer:
    """Show every limit beside its use, and what is halted."""
    return screens.risk(where.look("risk"))

"""What people see of a daemon's answers: tables, and for `status`, `why` and `book` a screen of their own.

Used by the commands that talk to the control socket. A screen says the same as the document that it is made
of, and leaves out what does not fit. A method without a screen here is shown as a table.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from tipoff.commands.switches import Flag
from tipoff.control.method import Method
from tipoff.exit_codes import Exit
from tipoff.output import Answer, table

Line = Mapping[str, Any]

COLUMNS: dict[str, tuple[str, ...]] = {
    "games": ("game", "phase", "score", "tip_at", "markets", "sportsbooks", "matched", "halted"),
    "markets": ("ticker", "status", "yes_bid", "yes_ask", "trust", "at"),
    "orders": ("order_id", "ticker", "side", "price", "count", "filled", "state", "at"),
    "fills": ("fill_id", "ticker", "side", "price", "count", "liquidity", "fee", "at"),
    "signals": ("signal_id", "ticker", "side", "action", "reason", "p_fair", "price", "p_edge", "at"),
    "positions": ("strategy", "ticker", "position", "cost", "worth", "unrealized"),
    "journal": ("seq", "at", "owner", "text"),
    "dead_letters": ("at", "address", "message_type", "why", "error", "digest"),
    "limits": ("name", "strategy", "use", "limit", "unit", "where"),
    "halts": ("scope", "state", "by", "why", "at"),
}
"""What of a line is shown; the document has all of it."""

GOOD, BAD = "green", "red"
PIPE_COLUMNS = 2_000
"""Columns of a table that is written into a pipe."""


FOLDED = (
    *("order_id", "fill_id", "signal_id", "ticker", "game", "scope", "name", "address"),
    *("state", "text", "error", "why", "reason", "where", "by", "message_type"),
)
"""Columns that give way on a narrow terminal; numbers and moments stay in one piece."""


class Wide:
    """A table that is folded to a terminal's width, and is as wide as it likes where programs read it."""

    def __init__(self, grid: Table) -> None:
        self._grid = grid

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if console.is_terminal:
            yield self._grid
            return
        roomy = options.update(max_width=PIPE_COLUMNS)
        wanted = Measurement.get(console, roomy, self._grid).maximum
        yield from console.render(self._grid, options.update(width=wanted))


def screen_of(method: Method) -> Callable[..., Answer]:
    """How a method's answer is shown: by a screen of its own, as what was done, or as a table."""
    screen = SCREENS.get(method.name)
    if screen is not None:
        return screen
    return done if method.mutates else partial(listed, method.name)


def listed(name: str, found: Line | list[Line]) -> Answer:
    """Any answer as a table: a list line by line, or a word that there is nothing; one thing part by part."""
    if isinstance(found, Mapping):
        rows = [(key.replace("_", " "), _cell(key, each)) for key, each in found.items()]
        return Answer(found, table(("part", "value"), rows))
    return Answer(found, _table(name, found))


def orders(found: list[Line]) -> Answer:
    """The orders, each with where it stands."""
    return Answer(found, _table("orders", [{**line, "state": _stage(line)} for line in found]))


def _stage(line: Line) -> str:
    """Where an order stands, in a word or two."""
    if line["ahead"] is not None:
        return f"{line['stage']}, {line['ahead']} ahead"
    return str(line["end"] or line["stage"])


def done(found: Any) -> Answer:  # noqa: ANN401 - the schema says what it is
    """What was done."""
    again = " (done before by the same request)" if found["repeated"] else ""
    return Answer(found, Text(f"{found['outcome']}{again}"))


def status(found: Line) -> Answer:
    """One screen."""
    trading = (
        Text("TRADING", style=f"bold {GOOD}") if found["trading"] else Text("NOT TRADING", f"bold {BAD}")
    )
    uptime = _duration(found["uptime_seconds"])
    head = Text.assemble(
        trading, f"  {found['state']}, run {found['run'] or '-'}, up {uptime}, tipoff {found['tipoff']}"
    )
    band = found["pnl"]
    limit = found["at_risk_max"]
    of = f" of {limit} allowed" if limit not in (None, "none") else ""
    failure = found["last_failure"]
    parts: list[RenderableType] = [
        head,
        *(Text(f"  because {why}", BAD) for why in found["why_not"]),
        Text(f"At risk   {_rounded(found['at_risk'])} dollars{of}, {_open(found)}"),
        *(_listed("Open", found["still_open"]) if found["still_open"] else _resting(found["resting"])),
        Text(
            f"P&L       {_rounded(band['base'])} dollars after fees "
            f"(pessimistic {_rounded(band['pessimistic'])}, optimistic {_rounded(band['optimistic'])})"
        ),
        Text(f"Feed      {_feed(found['feed'])}"),
        Text(f"Lag       the venue is heard up to {found['feed']['lag_ms']} ms late"),
        Text(
            f"Actors    {found['actors_running']} of {found['actors']} run, {found['restarts']} restarts, "
            f"{found['dead_letters']} dead letters, journal at {found['journal_seq']}"
        ),
        *_listed("Degraded", found["degraded"]),
        Text(
            "Failed    "
            + (
                f"{_moment(failure['at'])} {failure['address']}: {failure['what']} {failure['error']}"
                if failure
                else "nothing"
            )
        ),
        Text(""),
        _status_strategies(found),
    ]
    return Answer(found, Group(*parts))


def _listed(heading: str, sentences: list[str]) -> list[Text]:
    """A heading, and beside it one sentence a line."""
    heads = [heading, *[""] * len(sentences)]
    shown = zip(heads, sentences or ["nothing"], strict=False)
    return [Text(f"{head:10}{sentence}", BAD if sentences else "") for head, sentence in shown]


def _resting(lines: list[Line]) -> list[Text]:
    """What rests where only a strategy, a game or a market is halted."""
    told = [f"order {line['order_id']} of {line['strategy']}: {line['why']}" for line in lines]
    return _listed("Rests", told) if told else []


def _open(found: Line) -> str:
    return f"{found['positions']} positions, {found['open_orders']} open orders"


def _feed(feed: Line) -> str:
    connected = "connected" if feed["connected"] else "not connected"
    return (
        f"{connected}, {feed['trusted_books']} of {feed['books']} books trusted, {feed['gaps']} gaps, "
        f"last book {_moment(feed['last_book_at'])}"
    )


def _status_strategies(found: Line) -> RenderableType:
    """As narrow as a screen of 80 columns wants it: whole cents; below it who was never switched on."""
    results = {line["strategy"]: line for line in found["results"]}
    rows = []
    never_on = [line["name"] for line in found["strategies"] if line["name"] not in results]
    for line in found["strategies"]:
        if line["name"] in never_on:
            continue
        band = results[line["name"]]["band"]
        money = (line["at_risk"], *(band[key] for key in ("pessimistic", "base", "optimistic")))
        counts = (line[key] for key in ("signals", "orders", "fills", "open_orders"))
        rows.append((line["name"], _switch(line), *map(str, counts), *map(_rounded, money)))
    heads = ("strategy", "state", "sig.", "ord.", "fills", "open", "at risk", "pess.", "base", "opt.")
    parts: list[RenderableType] = [Wide(table(heads, rows))]
    if never_on:
        parts.append(Text(f"{'off':10}{', '.join(never_on)}"))
    return Group(*parts)


def _switch(line: Line) -> str:
    if line["quarantined"]:
        return "quarantined"
    if not line["enabled"]:
        return "off"
    return str(line["halted"] or "on")


def health(found: Line) -> Answer:
    """The checks, and the exit code for probes."""
    rows = [(check["name"], "ok" if check["ok"] else "FAILED", check["detail"]) for check in found["checks"]]
    code = Exit.OK if found["ok"] else Exit.NOT_READY
    return Answer(found, table(("check", "result", "detail"), rows), code)


def actors(found: list[Line]) -> Answer:
    """The tree, indented."""
    rows = [
        (
            "  " * line["depth"] + str(line["address"]).rpartition("/")[2],
            str(line["state"]),
            *(("", "", "", "") if line["kind"] == "supervisor" else _life(line)),
            str(line["last_error"]),
        )
        for line in found
    ]
    heads = ("actor", "state", "life", "restarts", "mailbox", "age", "last error")
    return Answer(found, Wide(table(heads, rows)))


def _life(line: Line) -> tuple[str, str, str, str]:
    mailbox = f"{line['mailbox']}/{line['mailbox_capacity']}"
    return str(line["incarnation"]), str(line["restarts"]), mailbox, _duration(line["age_seconds"])


def strategies(
    found: list[Line],
    *,
    parameters: Annotated[Flag, Parameter(help="Show their parameters too.")] = False,
) -> Answer:
    """The strategies, on request with their parameters below."""
    rows = [
        (
            line["name"],
            line["kind"] or "-",
            _switch(line),
            *(str(line[key]) for key in ("signals", "near_misses", "orders", "fills", "open_orders")),
            _cents(line["cash"]),
            _cents(line["at_risk"]),
            ", ".join(f"{reason} {count}" for reason, count in line["denied"].items()) or "-",
        )
        for line in found
    ]
    heads = (
        "strategy",
        "kind",
        "state",
        "signals",
        "near",
        "orders",
        "fills",
        "open",
        "cash",
        "at risk",
        "denied",
    )
    parts: list[RenderableType] = [Wide(table(heads, rows))]
    for line in found if parameters else ():
        parts += [Text(f"\n{line['name']}", "bold"), *_parameters(line["parameters"])]
    return Answer(found, Group(*parts))


def _parameters(text: str) -> Iterable[Text]:
    try:
        values = json.loads(text)
    except ValueError:
        return [Text(f"  {text}")]
    return [Text(f"  {name} = {json.dumps(value)}") for name, value in values.items()]


def risk(found: Line) -> Answer:
    """Limits beside their use, then the halts."""
    parts: list[RenderableType] = [_table("limits", found["limits"])]
    if found["halts"]:
        parts += [Text(""), _table("halts", found["halts"])]
    if found["journal_trouble"]:
        parts.append(Text(f"decisions cannot be made durable: {found['journal_trouble']}", BAD))
    return Answer(found, Group(*parts))


def book(found: Line) -> Answer:
    """Asks above bids, as traders draw it."""
    head = Text(f"{found['ticker']}  {found['trust']}  frame {found['seq']} at {found['at']}")
    rows = [("", level["price"], level["count"]) for level in reversed(found["asks"])]
    rows += [(level["count"], level["price"], "") for level in found["bids"]]
    grid = table(("bid", "YES price", "ask"), rows)
    for column in grid.columns:
        column.justify = "right"
    return Answer(found, Group(head, grid))


def why(found: Any) -> Answer:  # noqa: ANN401 - the schema says what it is
    """The verdict, then the chain."""
    parts: list[RenderableType] = [Text.assemble((found["id"], "bold"), f": {found['verdict']}"), Text("")]
    for step in found["steps"]:
        origin = f"  #{step['seq']} by {step['owner']}, on input {step['cause']}"
        parts += [Text(f"{step['at'][11:26]}  {step['text']}"), Text(f"{'':17}{origin.strip()}", "dim")]
    if found["left_out"]:
        parts.append(Text(f"{found['left_out']} steps in the middle are left out"))
    parts += [Text(f"moments of {kind}: {word}") for kind, word in found["moments"].items()]
    return Answer(found, Group(*parts))


def log_level(found: Line) -> Answer:
    """The level in a sentence."""
    return Answer(found, f"the log level is {found['level']}")


def metrics(found: Line) -> Answer:
    """The text as it is."""
    return Answer(found, Text(str(found["text"]), no_wrap=True, end=""))


def pnl(found: list[Line]) -> Answer:
    """The band of each strategy."""
    rows = [
        (
            line["strategy"],
            *(_cents(line[key]) for key in ("realized", "unrealized", "fees")),
            *(_cents(line["band"][key]) for key in ("pessimistic", "base", "optimistic")),
        )
        for line in found
    ]
    heads = ("strategy", "realized", "unrealized", "fees", "pessimistic", "base", "optimistic")
    return Answer(found, Wide(table(heads, rows)))


def _table(what: str, found: list[Line]) -> RenderableType:
    columns = COLUMNS.get(what) or tuple(found[0] if found else ())
    rows = [[_cell(column, line[column]) for column in columns] for line in found]
    if not rows:
        return Text(f"no {what.replace('_', ' ')}", "dim")
    grid = table([_heading(column) for column in columns], rows)
    for column, name in zip(grid.columns, columns, strict=True):
        column.no_wrap = name not in FOLDED
    return Wide(grid)


def _heading(column: str) -> str:
    """A column's name in words; moments say of which zone they are."""
    return column.replace("_", " ") + (" UTC" if column == "at" or column.endswith("_at") else "")


def _cell(column: str, value: object) -> str:
    match value:
        case None | "":
            return "-"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.4f}"
        case str() if column == "at":
            return value[11:19]
        case str() if column.endswith("_at"):
            return value[5:16].replace("T", " ")
        case _:
            return str(value)


def _rounded(money: str) -> str:
    """Whole cents, rounded: cut off they would show a loss smaller than it is."""
    return f"{round(Decimal(money), 2) + 0:.2f}"


def _moment(at: str | None) -> str:
    """Day and time of day in UTC, short enough for a line that says more."""
    return "never" if at is None else f"{at[5:10]} {at[11:19]} UTC"


def _cents(money: str) -> str:
    """Dollars with four decimals: the venue's grid; the document keeps all six."""
    return money[:-2]


def _duration(seconds: int | None) -> str:
    if seconds is None:
        return "-"
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02}m" if hours else f"{minutes}m{rest:02}s"


SCREENS: Mapping[str, Callable[..., Answer]] = {
    "status": status,
    "health": health,
    "actors": actors,
    "strategies": strategies,
    "orders": orders,
    "pnl": pnl,
    "risk": risk,
    "book": book,
    "why": why,
    "metrics": metrics,
    "loglevel.show": log_level,
}
"""The methods whose answers have a screen of their own. What a screen can be told by name becomes options."""

"""The manual's tables, made from the code, so that they cannot say anything else.

Called by `conf.py` at every build and by `tests/docs/test_manual.py`. Writes Markdown into `docs/generated`,
which the pages include and nobody edits.
"""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Console

from docs.bounds import rows as bound_rows
from docs.outline import drawn
from engine.freshness import CLOCKS
from engine.orders import RejectCode
from engine.reasons import DenialReason
from engine.strategies.parameters import TradingParameters
from persistence.column_meanings import TABLES as ABOUT_TABLES
from persistence.table_batches import table_names
from tipoff.cli.app import COMMANDS, app, explain
from tipoff.config.load import StrategySettings
from tipoff.config.render import about, rows
from tipoff.control.parameters import Param
from tipoff.control.protocol import ErrorCode
from tipoff.control.registry import METHODS
from tipoff.exit_codes import Exit
from tipoff.export.columns import DECIMALS, Column, table_columns
from tipoff.export.recorded_events import ABOUT as ABOUT_RECORDED
from tipoff.export.recorded_events import RECORDED
from tipoff.metrics.families import COLLECTOR_GROUP, GROUPS
from tipoff.metrics.family import Family
from tipoff.runs.from_config import schema

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("engine", "actors", "venues", "persistence", "tipoff")
OPINIONATED = ("sharp_line", "momentum", "ev_multi", "mean_reversion", "correlation")
"""The strategies that trade by default, in the manual's order."""
PARAMETER_HEADINGS = ("parameter", "type", "default", "meaning")
EDITED = "<!-- made from the code by docs/tables.py -->\n"


def write_tables(folder: Path) -> None:
    """Write every table into `folder`."""
    folder.mkdir(exist_ok=True)
    for name, text in tables().items():
        (folder / f"{name}.md").write_text(EDITED + text, "utf-8")


def tables() -> dict[str, str]:
    """Name and Markdown of every table."""
    return {
        "commands": commands(),
        "configuration": configuration(),
        "data_dictionary": data_dictionary(),
        "denials": table(("reason", "what it means"), ((f"`{r.value}`", r.meaning) for r in DenialReason)),
        "rejections": table(("reason", "what it means"), ((f"`{r.value}`", r.meaning) for r in RejectCode)),
        "exits": table(("code", "meaning"), ((f"{int(code)}", code.explanation) for code in Exit)),
        "bounds": told_bounds(),
        "freshness": freshness(),
        "limits": limits(),
        "metrics": metrics(),
        "methods": methods(),
        "recorded_tables": recorded_tables(),
        "request_errors": request_errors(),
        "tree": f"```text\n{drawn()}```\n",
        "parameters_shared": table(PARAMETER_HEADINGS, rows(TradingParameters)),
        **{f"parameters_{kind}": parameters(kind) for kind in OPINIONATED},
    }


def configuration() -> str:
    """Every key of `engine.toml`: type, default, meaning."""
    known = schema()
    parts = [_keys(f"[{section}]", kind, f"{section}.") for section, kind in known.sections().items()]
    parts.append(_keys("[[strategy]]", StrategySettings, "strategy."))
    parts += [
        _keys(f"Parameters of `{name}`", parameters, f"strategy.{name}.parameters.")
        for name, parameters in known.strategies.items()
    ]
    return "\n".join(parts)


def parameters(kind: str) -> str:
    """What a kind can be told beside what every trading strategy can be told, or with another default."""
    shared = list(rows(TradingParameters))
    own = schema().strategies[kind]
    return table(PARAMETER_HEADINGS, (row for row in rows(own) if row not in shared))


def commands() -> str:
    """Every command with its help."""
    return "\n".join(
        f"## `tipoff {' '.join(words)}`\n\n```text\n{_help(words)}\n```\n"
        for name, *_ in COMMANDS
        for words in _commands_of(name)
    )


def data_dictionary() -> str:
    """Every table of the database with its columns, in the units of the database."""
    return "\n".join(
        f"## {name}\n\n{ABOUT_TABLES[name]}\n\n{_columns(table_columns(name))}" for name in table_names()
    )


def recorded_tables() -> str:
    """Every table that a recording is exported as."""
    made = {each.name: each.columns for each in RECORDED.values()}
    return "\n".join(
        f"### {name}\n\n{about}\n\n{_columns(made[name])}" for name, about in ABOUT_RECORDED.items()
    )


def _columns(columns: Iterable[Column]) -> str:
    """The columns of a table; what stands beside an amount in a file is named with it."""
    headings = ("column", "unit", "may be missing", "meaning")
    lines = []
    for column in columns:
        decimals = DECIMALS.get(column.unit)
        twin = f", `{column.name}_{decimals.suffix}`" if decimals is not None else ""
        missing = "yes" if column.null else ""
        lines.append((f"`{column.name}`{twin}", column.unit.value, missing, column.text))
    return table(headings, lines)


def methods() -> str:
    """Every method of the control socket; what may be left out has a question mark."""
    lines = (
        (
            f"`{method.name}`",
            method.level.word,
            ", ".join(map(_param, method.params)) or "-",
            method.line + (" (always answered)" if method.always else ""),
        )
        for method in METHODS.values()
    )
    return table(("method", "level", "parameters", ""), lines)


def request_errors() -> str:
    """Everything that can be wrong with a request."""
    lines = ((f"`{e.value}`", str(e.rpc), str(int(e.exit)), e.meaning) for e in ErrorCode)
    return table(("word", "code", "exit", "meaning"), lines)


def _param(param: Param) -> str:
    return f"`{param.name}`" + ("" if param.required else "?")


def told_bounds() -> str:
    """The limits that people meet, with the value of each as the code has it and the test at it."""
    headings = ("what", "at most", "beyond it", "where", "held by")
    every = list(bound_rows())
    parts = dict.fromkeys(heading for heading, _ in every)
    return "\n".join(
        f"## {part}\n\n{table(headings, (cells for heading, cells in every if heading == part))}"
        for part in parts
    )


def metrics() -> str:
    """Every metric, in its group."""
    headings = ("metric", "kind", "labels", "meaning")
    return "\n".join(
        f"## {group.title}\n\n{table(headings, map(_metric, group.families))}"
        for group in (*GROUPS, COLLECTOR_GROUP)
    )


def _metric(family: Family) -> tuple[str, ...]:
    labels = ", ".join(f"`{name}`" for name in family.labels)
    return (f"`{family.name}`", family.kind, labels, family.help)


def limits() -> str:
    """Every constant of the product whose name ends in _MAX or _MIN, with the line that explains it."""
    found = (
        limit
        for folder in PRODUCT
        for path in sorted((ROOT / folder).rglob("*.py"))
        for limit in _limits(path)
    )
    return table(("limit", "value", "where", "what it means"), found)


def freshness() -> str:
    """How old what is known may be, and what follows."""
    headings = ("what", "at most", "beyond it", "key")
    lines = (
        (clock.what, f"{clock.seconds:g} s", clock.beyond, f"`{clock.key}`" if clock.key else "")
        for clock in CLOCKS
    )
    return table(headings, lines)


def table(headings: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table."""
    cells = [headings, tuple("---" for _ in headings), *lines]
    return (
        "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in cells)
        + "\n"
    )


def _keys(heading: str, kind: type, prefix: str) -> str:
    lines = (
        (f"`{prefix}{key}`", type_, f"`{default}`", meaning) for key, type_, default, meaning in rows(kind)
    )
    return f"## {heading}\n\n{about(kind)}\n\n{table(('key', 'type', 'default', 'meaning'), lines)}"


def _commands_of(name: str) -> list[list[str]]:
    """A command, or the commands of its group."""
    children = [child for child in app[name] if not child.startswith("-")]
    return [[name, child] for child in children] or [[name]]


def _help(words: list[str]) -> str:
    """What `--help` prints, on a screen of fixed width."""
    console = Console(width=100, no_color=True, force_terminal=False)
    explain(words)
    with console.capture() as captured:
        app.help_print(words, console=console)
    return "\n".join(line.rstrip() for line in captured.get().strip().splitlines())


def _limits(path: Path) -> Iterator[tuple[str, str, str, str]]:
    body = ast.parse(path.read_text("utf-8")).body
    for node, below in zip(body, [*body[1:], None], strict=True):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.expr() as value):
                pass
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                pass
            case _:
                continue
        if name.endswith(("_MAX", "_MIN")) and not name.startswith("_"):
            where = path.relative_to(ROOT).as_posix()
            yield f"`{name}`", f"`{ast.unparse(value)}`", f"`{where}`", _text_of(below)


def _text_of(node: ast.stmt | None) -> str:
    match node:
        case ast.Expr(value=ast.Constant(value=str(text))):
            return " ".join(text.split())
        case _:
            return ""

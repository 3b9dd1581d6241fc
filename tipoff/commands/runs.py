"""`tipoff runs`: what a database holds, run by run.

Requests in, answers out. Called by the command line.
"""

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from engine.units import Nanos, format_money
from persistence.connect import where
from persistence.stored_runs import StoredRun, digest_of, opened, stored_runs
from tipoff.commands.database import storage_errors
from tipoff.commands.options import RunsRequest
from tipoff.commands.run_selection import day_of, day_typed
from tipoff.config.database import database_url
from tipoff.config.load import load_or_template
from tipoff.json_types import Json, utc_text
from tipoff.output import Answer, table
from tipoff.reports.numbers import cents
from tipoff.runs.from_config import schema
from tipoff.runs.names import kind_of

SHORT = 8
"""Characters of a digest that a person compares."""


def run_runs(request: RunsRequest) -> Answer:
    """List the runs that fit, oldest first."""
    with storage_errors():
        url = database_url(load_or_template(request.config, schema()), request.db)
        with opened(url) as connection:
            found = [run for run in stored_runs(connection) if _fits(run, request)][-request.limit :]
            lines = [run_line(run, digest_of(connection, run.row.id)) for run in found]
    document: Json = {"database": where(url), "runs": lines}
    return Answer(document, _screen(found, lines) if lines else Text("no runs", "dim"))


def _fits(run: StoredRun, request: RunsRequest) -> bool:
    day = day_of(run)
    since, until = (None if text is None else day_typed(text) for text in (request.since, request.until))
    return (
        request.kind in (None, kind_of(run.row.run))
        and (request.strategy is None or request.strategy in run.strategies)
        and (since is None or (day is not None and day >= since))
        and (until is None or (day is not None and day <= until))
    )


def run_line(run: StoredRun, digest: str) -> Mapping[str, Json]:
    """A run as programs read it."""
    row, day = run.row, day_of(run)
    return {
        "run": row.run,
        "game_day": None if day is None else day.isoformat(),
        "kind": kind_of(row.run),
        "version": row.version,
        "config_digest": row.config_digest,
        "seed": row.seed,
        "started_at": None if row.started_at is None else utc_text(Nanos(row.started_at)),
        "ended_at": None if row.ended_at is None else utc_text(Nanos(row.ended_at)),
        "ended": row.end_reason,
        "entries": run.entries,
        "games": list(run.games),
        "strategies": list(run.strategies),
        "signals": run.signals,
        "orders": run.orders,
        "fills": run.fills,
        "fees": format_money(run.fees),
        "pnl": {"base": format_money(run.base)},
        "digest": digest,
    }


def _screen(found: Sequence[StoredRun], lines: Iterable[Mapping[str, Json]]) -> RenderableType:
    """Eighty columns; who traded with what stands below, once for each configuration."""
    numbers: dict[str | None, int] = {}
    for run in found:
        numbers.setdefault(run.row.config_digest, len(numbers) + 1)
    rows = [_row(run, line, numbers) for run, line in zip(found, lines, strict=True)]
    heads = ("run", "game day", "ord.", "fills", "base", "end", "cfg", "digest")
    grid = table(heads, rows)
    for column, head in zip(grid.columns, heads, strict=True):
        column.justify = "right" if head in ("ord.", "fills", "base", "cfg") else "left"
        column.no_wrap = True
    told = {run.row.config_digest: run for run in found}
    return Group(grid, Text(""), *(_told(run, numbers[digest]) for digest, run in told.items()))


def _row(run: StoredRun, line: Mapping[str, Json], numbers: Mapping[str | None, int]) -> tuple[str, ...]:
    row = run.row
    return (
        row.run,
        str(line["game_day"] or "-"),
        str(run.orders),
        str(run.fills),
        cents(format_money(run.base)),
        "no" if row.ended_at is None else "yes",
        str(numbers[row.config_digest]),
        str(line["digest"])[:SHORT],
    )


def _told(run: StoredRun, number: int) -> Text:
    row = run.row
    names = ", ".join(run.strategies) or "no strategy"
    digest = (row.config_digest or "-")[:SHORT]
    return Text(f"cfg {number} is {digest}: seed {row.seed}, tipoff {row.version}, {names}", "dim")

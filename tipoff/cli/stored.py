"""The commands about what is stored: `runs`, `compare`, `export`.

Arguments in, requests out. Registered by `cli`. What they do is in `tipoff.commands.runs`,
`tipoff.commands.compare` and `tipoff.commands.export`, imported when the command is called.
"""

from pathlib import Path
from typing import Annotated, Literal

import attrs
from cyclopts import Parameter

from tipoff.commands.options import ALL_RUNS, CompareRequest, ExportRequest, RunsRequest
from tipoff.commands.switches import ConfigFile, Url
from tipoff.exit_codes import Exit
from tipoff.output import Answer, Failure


def runs(*, on: RunsRequest = ALL_RUNS) -> Answer:
    """List the runs of a database: game day, configuration, what was traded, what came of it, and the digest.

    `report --run`, `report --runs` and `compare` take their names. Money is after fees, with open positions
    at what they would fetch.
    """
    from tipoff.commands.runs import run_runs

    return run_runs(on)


def compare(a: str, b: str, /, *, db: Url = None, config: ConfigFile = None) -> Answer:
    """Show two runs side by side, or two sets: what differs in configuration, decisions and money.

    Differences are B less A. The interval is of what a strategy brought a game, over the games of both.

    Parameters
    ----------
    a
        A run, names with commas, FROM..TO in game days, config:DIGEST (its first characters), or all.
    b
        The other one, said in the same way.
    """
    from tipoff.commands.compare import run_compare

    return run_compare(CompareRequest(a=a, b=b, db=db, config=config))


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class ExportOptions:
    """What is exported."""

    format: Annotated[
        Literal["parquet", "csv", "jsonl"], Parameter(help="Parquet needs the extra `analysis`.")
    ] = "parquet"
    run: Annotated[
        str, Parameter(help="Which runs: all, names with commas, FROM..TO in game days, or config:DIGEST.")
    ] = "all"
    tables: Annotated[str | None, Parameter(help="Which tables, with commas; without it all.")] = None
    recording: Annotated[
        tuple[Path, ...],
        Parameter(help="Instead of a database: a recording, every line of it parsed; may be repeated."),
    ] = ()
    db: Url = None
    config: ConfigFile = None


def export(
    folder: Annotated[Path, Parameter(help="Of the files; must be empty, or not be there yet.")],
    /,
    *,
    on: ExportOptions = ExportOptions(),
) -> Answer:
    """Write tables of a database, or recordings, as Parquet, CSV or JSON lines, with their schema.

    One file a table, and `schema.json` with types, units and meanings. Amounts stand as whole units and as
    decimals, times in UTC. A database may be exported while a daemon writes to it.
    """
    if on.recording and on.db is not None:
        message = "--recording and --db are two sources: export them into two folders"
        raise Failure("usage", message, exit_code=Exit.USAGE)
    names = tuple(name.strip() for name in (on.tables or "").split(",") if name.strip())
    from tipoff.commands.export import run_export

    return run_export(
        ExportRequest(
            folder=folder,
            format=on.format,
            run=on.run,
            tables=names,
            recordings=on.recording,
            config=on.config,
            db=on.db,
        )
    )

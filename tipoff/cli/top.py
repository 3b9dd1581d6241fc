"""The command `top`: the terminal view of a running daemon.

Arguments in, the view out. Registered by `cli`. What it does is in `tipoff.top.run`, imported when it is
called.
"""

import sys
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from tipoff.cli.where import HERE, Where
from tipoff.output import Answer

Every = Annotated[float, Parameter(help="Seconds between two looks.", validator=Number(gte=0.2, lte=3_600))]


def top(*, every: Every = 1.0, where: Where = HERE) -> Answer | None:
    """Watch a running daemon in the terminal: state, games, books, strategies, actors, journal.

    It only looks, until you press `h` to halt or `r` to resume; `?` shows all keys. With --json it prints
    once what it would show.
    """
    from tipoff.top.run import run_top

    return run_top(where.path(), every, as_json="--json" in sys.argv)

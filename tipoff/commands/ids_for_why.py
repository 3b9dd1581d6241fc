"""After a replay into a database: which ids `why` can be asked for, and which commands list more of them.

Called by the commands that replay.
"""

from collections.abc import Mapping

from rich.console import Group, RenderableType
from rich.text import Text

from persistence.connect import file_of, where
from persistence.queries import Reader
from tipoff.json_types import Json
from tipoff.output import table

LISTS = "orders, fills, signals, positions, markets"


def ids_in(url: str, run: str) -> dict[str, dict[str, str]]:
    """For each strategy the last order that was sent, the last fill and the last signal of a run."""
    with Reader.open(url, run) as reader:
        names = [row.strategy for row in reader.strategies()]
        return {name: dict(_last(reader, name)) for name in names}


def _last(reader: Reader, strategy: str) -> list[tuple[str, str]]:
    sent = [row.order_id for row in reader.orders(strategy=strategy) if row.arrives_at is not None]
    return [
        *(("order", name) for name in sent[-1:]),
        *(("fill", row.fill_id) for row in reader.fills(strategy=strategy, limit=1)),
        *(("signal", row.signal_id) for row in reader.signals(strategy=strategy, limit=1)),
    ]


def ids_screen(url: str, run: str, ids: Mapping[str, Mapping[str, Json]]) -> RenderableType:
    """What to type next; the examples are the last of each strategy."""
    db = typed(url)
    rows = [
        (name, *(str(each.get(kind, "-")) for kind in ("order", "fill", "signal")))
        for name, each in ids.items()
        if each
    ]
    more = Text(
        f"`tipoff why ID --db {db} --run {run}` tells why; the last ids are above.\n"
        f"These take --db and --run, too, and list more: {LISTS}.\n"
        f"`tipoff dashboard --db {db} --run {run}` looks back at it in a browser.",
        "dim",
    )
    return Group(table(("strategy", "order", "fill", "signal"), rows), more) if rows else more


def nothing_kept() -> RenderableType:
    """What to say after a replay that has left nothing behind."""
    return Text(
        "Kept nowhere: with --db URL, `tipoff why ID` tells why of each order, fill and signal.", "dim"
    )


def typed(url: str) -> str:
    """A database's address as a person may type it, never with a password."""
    file = file_of(url)
    return f"sqlite:///{file}" if file is not None else where(url)

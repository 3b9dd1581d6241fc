"""What of the read model changed since somebody last asked: rows by their keys, and the facts behind them.

Asked of the observer by whoever watches (`tipoff.control.watching`), at most some times a second. Large
tables keep versions and answer with what changed; small ones, whose rows change with every price, are
answered whole, and whoever asked compares.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import attrs

from actors.messages import Numbered
from actors.read_model import lines
from actors.read_model.model import ReadModel
from actors.read_model.row_versions import RowVersions
from actors.read_model.views import Query

FACTS_MAX: Final = 1_000
"""So many facts are answered at a time: as many as are remembered."""

KEYS: Final[Mapping[str, Callable[[Any], str]]] = {
    "games": lambda line: str(line.game),
    "markets": lambda line: str(line.ticker),
    "strategies": lambda line: str(line.name),
    "positions": lambda line: f"{line.strategy}/{line.ticker}",
    "orders": lambda line: str(line.order_id),
    "fills": lambda line: str(line.fill_id),
    "signals": lambda line: str(line.signal_id),
    "pnl": lambda line: str(line.strategy),
}
"""The tables that can be watched, and what their rows are known by."""


@attrs.frozen
class Cursor:
    """How far somebody has seen a table: the versions of one life of the observer, and the version."""

    versions: RowVersions
    version: int


@attrs.frozen
class ChangesWanted:
    """Asked of the observer: what changed in these tables since the cursors (None: everything), and the facts
    after `facts_after` (None: no facts).
    """

    since: Mapping[str, Cursor | None]
    facts_after: int | None = None


@attrs.frozen
class TableChanges:
    """Rows by key, None for one that is gone. If they are `whole`, a key that is not there is gone too."""

    rows: Mapping[str, object | None]
    whole: bool
    cursor: Cursor | None = None


@attrs.frozen
class Changes:
    """What changed, by table; `seq` is the last committed fact's number, `halted` what may not trade."""

    tables: Mapping[str, TableChanges]
    seq: int
    halted: tuple[str, ...] = ()
    facts: tuple[Numbered, ...] = ()


def changes(model: ReadModel, wanted: ChangesWanted) -> Changes:
    """Answer what is wanted of the tables that there are."""
    return Changes(
        tables={
            table: _of_table(model, table, cursor) for table, cursor in wanted.since.items() if table in KEYS
        },
        seq=model.seq,
        halted=tuple(model.tally.halted),
        facts=() if wanted.facts_after is None else _facts(model, wanted.facts_after),
    )


def _of_table(model: ReadModel, table: str, cursor: Cursor | None) -> TableChanges:
    versions = model.versions.get(table)
    if versions is None:
        return TableChanges(_by_key(table, lines.TABLES[table](model, Query(table))), whole=True)
    now = Cursor(versions, versions.now)
    # Another life's versions say nothing about this one's rows.
    keys = versions.since(cursor.version) if cursor is not None and cursor.versions is versions else None
    if keys is None:
        return TableChanges(_by_key(table, lines.TABLES[table](model, Query(table))), whole=True, cursor=now)
    return TableChanges(lines.rows(model, table, keys), whole=False, cursor=now)


def _by_key(table: str, made: Iterable[object]) -> dict[str, object | None]:
    key_of = KEYS[table]
    return {key_of(line): line for line in made}


def _facts(model: ReadModel, after: int) -> tuple[Numbered, ...]:
    found: list[Numbered] = []
    for numbered in reversed(model.journal):
        if numbered.seq <= after or len(found) >= FACTS_MAX:
            break
        found.append(numbered)
    return tuple(reversed(found))

"""Retention of recorded inputs (snapshots, scores, odds) and logs; decisions are kept for ever.

Run by the daemon once a day and by `tipoff db prune`, beside a working daemon: rows go in small portions,
each its own transaction, so that the journal never waits for long. The run that is open now keeps all its
rows, however long it has lasted.
"""

from collections import deque
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, func, select, tuple_

from engine.units import NANOS_PER_DAY, Nanos
from persistence import connect
from persistence.connect import Access
from persistence.market_tables import PRUNABLE
from persistence.tables import runs

PORTION: Final = 2_000
"""Rows removed in one transaction."""

DEFAULT_POLICY: Final[Mapping[str, int | None]] = MappingProxyType(
    {
        "orderbook_snapshots": 7,
        "market_bars": 400,
        "nba_live_data": 30,
        "betting_odds": 90,
        "system_logs": 30,
        "dead_letters": 30,
    }
)
"""Days that each table keeps its rows; None keeps them for ever."""


class Pruning:
    """Removes rows received before the policy's limit, a portion at a time.

    The caller may wait between the steps: nothing is held open or locked then.
    """

    def __init__(self, url: str, now: Nanos, policy: Mapping[str, int | None] = DEFAULT_POLICY) -> None:
        """Nothing is removed yet. Raises ValueError for a table that may not be shortened."""
        for name, days in policy.items():
            if name not in PRUNABLE:
                raise ValueError(f"{name} is kept for ever; retention knows {', '.join(PRUNABLE)}")
            if days is not None and days < 0:
                raise ValueError(f"{name} cannot be kept for {days} days")
        kept = {name: days for name, days in policy.items() if days is not None}
        self.removed: dict[str, int] = dict.fromkeys(kept, 0)
        self._url = url
        self._before = {name: Nanos(now - days * NANOS_PER_DAY) for name, days in kept.items()}
        self._left = deque(kept)

    def step(self) -> bool:
        """Remove one portion in one transaction; returns whether there is more to do.

        Raises storage errors; the portions before stay removed, and the step may be repeated.
        """
        if not self._left:
            return False
        name = self._left[0]
        engine = connect.make_engine(self._url, Access.WRITE)
        try:
            with connect.sorted_errors(self._url), engine.connect() as connection:
                connect.check_revision(connect.revision(connection), connect.where(self._url))
                connection.rollback()
                with connection.begin():
                    count = _remove(connection, PRUNABLE[name], self._before[name])
        finally:
            engine.dispose()
        self.removed[name] += count
        # A full portion says that there may be more of the same table.
        if count < PORTION:
            self._left.popleft()
        return bool(self._left)


def prune(url: str, now: Nanos, policy: Mapping[str, int | None] = DEFAULT_POLICY) -> dict[str, int]:
    """Remove everything that `Pruning` would, at once; returns rows removed by table. Raises what it does."""
    pruning = Pruning(url, now, policy)
    while pruning.step():
        pass
    return pruning.removed


def overdue(url: str, now: Nanos, policy: Mapping[str, int | None] = DEFAULT_POLICY) -> dict[str, int]:
    """How many rows `prune` would remove now, by table; removes nothing."""
    with connect.reading(url) as connection:
        return {
            name: connection.execute(
                select(func.count()).where(
                    _old(connection, PRUNABLE[name], Nanos(now - days * NANOS_PER_DAY))
                )
            ).scalar_one()
            for name, days in policy.items()
            if days is not None
        }


def _remove(connection: Connection, table: Table, before: Nanos) -> int:
    keys = list(table.primary_key.columns)
    old = select(*keys).where(_old(connection, table, before)).order_by(table.c.at).limit(PORTION)
    return connection.execute(delete(table).where(tuple_(*keys).in_(old))).rowcount


def _old(connection: Connection, table: Table, before: Nanos) -> ColumnElement[bool]:
    """Older rows, but for those of the run that is open: the newest, unless it has ended in good order."""
    # A run that was killed has no end and goes on when it is resumed, so its rows are still in use.
    newest = select(runs.c.id, runs.c.ended_at).order_by(runs.c.id.desc()).limit(1)
    found = connection.execute(newest).first()
    old = table.c.at < before
    return old if found is None or found.ended_at is not None else and_(old, table.c.run != found.id)

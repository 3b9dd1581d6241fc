"""How long what was heard is kept: snapshots, scores, odds, logs and dead letters; decisions are kept for
ever.

Run by schedule and by `tipoff db prune`, beside a working daemon: rows go in small portions, each its own
transaction, so that the journal never waits for long. Must not import `actors`, `venues` or `daemon`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from sqlalchemy import Connection, Table, delete, func, select

from engine.units import NANOS_PER_DAY, Nanos
from persistence import connect
from persistence.connect import Access
from persistence.markets import PRUNABLE

PORTION: Final = 2_000
"""Rows removed in one transaction."""

DEFAULT_POLICY: Final[Mapping[str, int | None]] = MappingProxyType(
    {
        "orderbook_snapshots": 7,
        "nba_live_data": 30,
        "betting_odds": 90,
        "system_logs": 30,
        "dead_letters": 30,
    }
)
"""Days that each table keeps its rows; None keeps them for ever."""


def prune(url: str, now: Nanos, policy: Mapping[str, int | None] = DEFAULT_POLICY) -> dict[str, int]:
    """Remove what is older than the policy says, by the time that each row was heard; returns rows removed by
    table.

    Raises ValueError for a table that may not be shortened, and storage errors (the portions before stay
    removed).
    """
    for name, days in policy.items():
        if name not in PRUNABLE:
            raise ValueError(f"{name} is kept for ever; retention knows {', '.join(PRUNABLE)}")
        if days is not None and days < 0:
            raise ValueError(f"{name} cannot be kept for {days} days")
    removed: dict[str, int] = {}
    engine = connect.make_engine(url, Access.WRITE)
    with connect.sorted_errors(url), engine.connect() as connection:
        connect.check_revision(connect.revision(connection), connect.where(url))
        connection.rollback()
        for name, days in policy.items():
            if days is not None:
                removed[name] = _shorten(connection, PRUNABLE[name], Nanos(now - days * NANOS_PER_DAY))
    engine.dispose()
    return removed


def overdue(url: str, now: Nanos, policy: Mapping[str, int | None] = DEFAULT_POLICY) -> dict[str, int]:
    """How many rows `prune` would remove now, by table; removes nothing."""
    with connect.reading(url) as connection:
        return {
            name: connection.execute(
                select(func.count()).where(PRUNABLE[name].c.at < now - days * NANOS_PER_DAY)
            ).scalar_one()
            for name, days in policy.items()
            if days is not None
        }


def _shorten(connection: Connection, table: Table, before: Nanos) -> int:
    old = select(table.c.id).where(table.c.at < before).order_by(table.c.at).limit(PORTION)
    removed = 0
    while True:
        with connection.begin():
            count = connection.execute(delete(table).where(table.c.id.in_(old))).rowcount
        removed += count
        if count < PORTION:
            return removed

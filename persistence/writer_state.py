"""What a writer reads when it opens a database: the run, its verified journal, and the rows folded so far.

Called by `persistence.writer`, by the verifier and by the readers.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, Final, TypeVar

import attrs
from sqlalchemy import Connection, Table, insert, select, update

from engine.facts import RunEnded, RunStarted
from engine.units import Nanos
from persistence.errors import RESTORE, StorageCorrupt
from persistence.high_water_mark import HighWaterMark
from persistence.journal import DECISIONS, Chain, Digest, Entry, genesis
from persistence.projected_rows import (
    OPEN_STATES,
    LimitRow,
    OrderRow,
    PerformanceRow,
    PositionRow,
    StrategyRow,
)
from persistence.projections import Projection
from persistence.tables import journal, runs

WINDOW: Final = 5_000
"""Entries read at once."""

R = TypeVar("R", StrategyRow, OrderRow, PositionRow, PerformanceRow, LimitRow)


@attrs.frozen
class Walked:
    """Where a run's journal ends, and the digest of its decisions; None if not all of it was walked."""

    chain: Chain
    digest: Digest | None


def run_id(connection: Connection, run: str) -> int:
    """The number of a run, given to it if it is new."""
    found = connection.execute(select(runs.c.id).where(runs.c.run == run)).scalar_one_or_none()
    if found is None:
        found = connection.execute(insert(runs).values(run=run).returning(runs.c.id)).scalar_one()
    return int(found)


def update_run(connection: Connection, run: int, fact: RunStarted | RunEnded) -> None:
    """Store a run's start or end in its row. A run that starts again keeps its first start."""
    chosen = update(runs).where(runs.c.id == run)
    if isinstance(fact, RunEnded):
        connection.execute(chosen.values(ended_at=fact.at, end_reason=fact.reason))
        return
    connection.execute(
        chosen.values(
            version=fact.version,
            config_digest=fact.config_digest,
            seed=fact.seed,
            configuration=fact.configuration or None,
            ended_at=None,
            end_reason=None,
        )
    )
    connection.execute(chosen.where(runs.c.started_at.is_(None)).values(started_at=fact.at))


def entries(
    connection: Connection,
    run: int,
    first: int,
    last: int | None = None,
    kinds: Collection[str] = (),
) -> Iterator[Entry]:
    """Stored entries from `first` to `last` (or to the end), all or those of some kinds, read in windows so
    that a long journal fits in memory.
    """
    names = ("seq", "at", "cause", "owner", "kind", "body", "chain")
    for seq, at, cause, owner, kind, body, chain in _windows(connection, run, names, (first, last), kinds):
        yield Entry(seq, Nanos(at), cause, owner, kind, body, bytes(chain))


def texts(connection: Connection, run: int, kinds: Collection[str]) -> Iterator[tuple[str, str]]:
    """Kind and text of all entries of some kinds: what a digest and a fold need of them."""
    return _windows(connection, run, ("kind", "body"), (1, None), kinds)


def _windows(
    connection: Connection,
    run: int,
    names: Iterable[str],
    span: tuple[int, int | None],
    kinds: Collection[str],
) -> Iterator[Any]:
    first, last = span
    columns = [journal.c[name] for name in names]
    while last is None or first <= last:
        end = first + WINDOW - 1 if last is None else min(last, first + WINDOW - 1)
        wanted = select(*columns).where(journal.c.run == run, journal.c.seq >= first, journal.c.seq <= end)
        if kinds:
            wanted = wanted.where(journal.c.kind.in_(sorted(kinds)))
        result = connection.execute(wanted.order_by(journal.c.seq))
        # The driver's own rows: what SQLAlchemy makes of each is a tenth of the time of a season's report.
        found = result.cursor.fetchall()
        result.close()
        yield from found
        first = end + 1
        if last is None and not found:
            # An empty window is not the end: a lost stretch of entries leaves a hole, and what lies behind it
            # must still be seen to name the first entry that is missing.
            behind = next_after(connection, run, end)
            if behind is None:
                return
            first = behind


def next_after(connection: Connection, run: int, seq: int) -> int | None:
    """Number of the first entry after `seq`; None if there is none."""
    wanted = select(journal.c.seq).where(journal.c.run == run, journal.c.seq > seq)
    return connection.execute(wanted.order_by(journal.c.seq).limit(1)).scalar_one_or_none()


def last_entry(connection: Connection, run: int, name: str) -> tuple[int, bytes]:
    """Number and chain of a run's last entry; zero and the run's beginning if there is none."""
    wanted = select(journal.c.seq, journal.c.chain).where(journal.c.run == run)
    found = connection.execute(wanted.order_by(journal.c.seq.desc()).limit(1)).first()
    return (found[0], bytes(found[1])) if found else (0, genesis(name))


def walk(connection: Connection, run: int, name: str, place: str, behind: int = 0) -> Walked:
    """Go through a run's journal and check its sequence and chain, all of it or what is behind an entry that
    a snapshot vouches for. Raises StorageCorrupt naming the first bad entry.
    """
    chain, digest = Chain(name), None if behind else Digest()
    if behind:
        # Asked of the journal itself: the snapshot was compared with it.
        wanted = select(journal.c.chain).where(journal.c.run == run, journal.c.seq == behind)
        chain = Chain(name, behind, bytes(connection.execute(wanted).scalar_one()))
    for entry in entries(connection, run, behind + 1):
        expected = chain.seq + 1
        if not chain.follows(entry):
            what = (
                f"run {name}: entry {expected} is missing from the journal"
                if entry.seq != expected
                else f"run {name}: entry {entry.seq} ({entry.kind} by {entry.owner}) is not what was written"
            )
            raise StorageCorrupt(what, place, RESTORE)
        if digest is not None:
            digest.add((entry,))
    return Walked(chain, digest)


def digest_of(connection: Connection, run: int, last: int) -> Digest:
    """The digest of a run's decisions up to an entry, from the journal."""
    digest = Digest()
    for kind, body in _windows(connection, run, ("kind", "body"), (1, last), DECISIONS):
        digest.add_text(kind, body)
    return digest


def check_high_water_mark(connection: Connection, known: HighWaterMark, place: str) -> None:
    """Compare the journal with the high-water mark. Raises StorageCorrupt if something that was durable is
    gone.
    """
    found = connection.execute(
        select(journal.c.chain)
        .join(runs, runs.c.id == journal.c.run)
        .where(runs.c.run == known.run, journal.c.seq == known.seq)
    ).scalar_one_or_none()
    if found is None:
        last = connection.execute(
            select(journal.c.seq)
            .join(runs, runs.c.id == journal.c.run)
            .where(runs.c.run == known.run)
            .order_by(journal.c.seq.desc())
            .limit(1)
        ).scalar_one_or_none()
        what = f"run {known.run}: entries {(last or 0) + 1} to {known.seq} were durable and are gone"
        raise StorageCorrupt(what, place, RESTORE)
    if bytes(found) != known.chain:
        raise StorageCorrupt(f"run {known.run}: entry {known.seq} is not what was written", place, RESTORE)


def projection(connection: Connection, run: int, live: Callable[[], Connection]) -> Projection:
    """The folded rows as they stand in the database. `live` gives the connection for orders that are fetched
    later.
    """

    def load_order(order_id: str) -> OrderRow | None:
        table = OrderRow.TABLE
        wanted = _columns(OrderRow).where(table.c.run == run, table.c.order_id == order_id)
        asked = live()
        # Called within an append as well as before one; only a transaction that this reading began may be
        # ended by it.
        began = not asked.in_transaction()
        found = asked.execute(wanted).first()
        if began:
            asked.rollback()
        return OrderRow(*found) if found else None

    made = Projection(load_order)
    orders = OrderRow.TABLE
    made.strategies.rows = {row.strategy: row for row in rows_of(connection, StrategyRow, run)}
    found = connection.execute(
        _columns(OrderRow).where(orders.c.run == run, orders.c.status.in_(OPEN_STATES))
    )
    made.orders.rows = {row[0]: OrderRow(*row) for row in found}
    over = select(orders.c.order_id).where(orders.c.run == run, orders.c.status.not_in(OPEN_STATES))
    # The ids only: orders that are over are many, and a row is read if a fact names one of them again.
    made.orders.elsewhere = set(connection.execute(over).scalars())
    made.positions.rows = {(row.strategy, row.ticker): row for row in rows_of(connection, PositionRow, run)}
    made.performance.rows = {row.strategy: row for row in rows_of(connection, PerformanceRow, run)}
    made.limits.rows = {(row.scope, row.name): row for row in rows_of(connection, LimitRow, run)}
    return made


def rows_of(connection: Connection, kind: type[R], run: int) -> list[R]:
    """All rows of a folded table, in the order of their keys."""
    table: Table = kind.TABLE
    wanted = _columns(kind).where(table.c.run == run).order_by(*list(table.primary_key.columns))
    return [kind(*found) for found in connection.execute(wanted)]


def _columns(kind: type[R]):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a Select of this row's columns
    return select(*[column for column in kind.TABLE.columns if column.name != "run"])

"""Rebuilds all tables that are folded from the journal, when `tipoff db verify` finds one that differs.

The journal itself must be whole; it is read and checked, never changed. Everything happens in one
transaction, the append-only triggers included.
"""

from sqlalchemy import Connection, select

from engine.facts import RunEnded, RunStarted
from persistence import connect, schema_upgrade, triggers, writer_state
from persistence.connect import Access
from persistence.projections import Projection
from persistence.statements import Statements
from persistence.tables import APPEND_ONLY, FOLDED, LISTED, journal, runs


def rebuild(url: str) -> int:
    """Fold every run again and replace what is stored; returns the number of entries folded.

    Raises StorageCorrupt if a journal is damaged (then nothing is changed) and what opening raises.
    """
    place = connect.where(url)
    engine = connect.make_engine(url, Access.WRITE)
    entries = 0
    with connect.sorted_errors(url), engine.connect() as connection:
        connect.check_revision(connect.revision(connection), place)
        schema_upgrade.trust(connection, place)
        connection.rollback()
        with connection.begin():
            # Inside the transaction: if anything fails the old rows and their triggers are back.
            _switch_triggers(connection, on=False)
            for table in (*FOLDED, *LISTED):
                connection.execute(table.delete())
            for run in connection.execute(select(runs.c.id, runs.c.run)).all():
                # Checked before it is folded: rows made from a damaged journal would look sound to the next
                # verification.
                writer_state.walk(connection, run.id, run.run, place)
                entries += _fold(connection, run.id)
            _switch_triggers(connection, on=True)
    engine.dispose()
    return entries


def _switch_triggers(connection: Connection, *, on: bool) -> None:
    dialect = connection.dialect.name
    for name in APPEND_ONLY:
        # The journal keeps its triggers even here: nothing that rebuilds may touch what it rebuilds from.
        if name != journal.name:
            for statement in (triggers.creations if on else triggers.drops)(name, dialect):
                connection.exec_driver_sql(statement)


def _fold(connection: Connection, run: int) -> int:
    projection = Projection()
    statements = Statements(connection.dialect)
    entries = 0
    for entry in writer_state.entries(connection, run, 1):
        fact = entry.fact
        projection.apply(entry.seq, fact)
        if isinstance(fact, RunStarted | RunEnded):
            writer_state.update_run(connection, run, fact)
        entries += 1
        # A season's rows do not have to fit into memory.
        if entries % writer_state.WINDOW == 0:
            _flush(connection, run, projection, statements)
    _flush(connection, run, projection, statements)
    return entries


def _flush(connection: Connection, run: int, projection: Projection, statements: Statements) -> None:
    for table, rows in projection.listed.items():
        if rows:
            connection.exec_driver_sql(statements.new(table), [(run, *values) for values in rows])
    for table, rows in projection.changed():
        connection.exec_driver_sql(statements.latest(table), [(run, *values) for values in rows])
    projection.commit()

"""The schema changes step by step, in one transaction each time, on both databases, empty and full.

Covers: persistence.schema_upgrade, persistence.tables, persistence.triggers.
"""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from persistence import connect, schema_upgrade
from persistence.connect import Access
from persistence.errors import SchemaNewer, SchemaOlder, StorageForeign
from persistence.maintenance import verify
from persistence.tables import REVISIONS, metadata
from persistence.writer import JournalWriter


def test_there_is_one_head_and_the_code_knows_every_revision() -> None:
    script = ScriptDirectory.from_config(schema_upgrade.alembic_config("sqlite://"))
    history = [each.revision for each in script.walk_revisions()]
    assert script.get_heads() == [REVISIONS[-1]]
    assert tuple(reversed(history)) == REVISIONS


@pytest.mark.promise("migrations-make-exactly-tables")
def test_the_migrations_make_exactly_the_tables_of_the_code(bare: str) -> None:
    """What `alembic check` asks, and on SQLite the text of every table, index and trigger as well."""
    assert schema_upgrade.upgrade(bare) == (None, REVISIONS[-1])
    with connect.reading(bare) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert schema_upgrade.differences(connection) == []


def test_tables_made_at_once_are_the_same_as_migrated_ones(tmp_path: Path) -> None:
    urls = [f"sqlite:///{tmp_path / name}" for name in ("migrated.db", "created.db")]
    schema_upgrade.upgrade(urls[0])
    schema_upgrade.create(urls[1])
    with connect.reading(urls[0]) as migrated, connect.reading(urls[1]) as created:
        assert schema_upgrade._objects(migrated) == schema_upgrade._objects(created)


def test_every_table_is_strict_and_none_has_a_loose_column(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    schema_upgrade.upgrade(url)
    with connect.reading(url) as connection:
        listed = connection.exec_driver_sql("PRAGMA table_list").mappings().all()
        ours = {row["name"]: row["strict"] for row in listed if row["name"] in metadata.tables}
        assert ours == dict.fromkeys(metadata.tables, 1)
        kinds = {
            str(column["type"])
            for table in metadata.tables
            for column in connection.exec_driver_sql(f"PRAGMA table_info({table})").mappings()
        }
        assert kinds <= {"INTEGER", "TEXT", "REAL", "BLOB"}


def test_up_down_up_leaves_no_trace_in_an_empty_database(bare: str) -> None:
    schema_upgrade.upgrade(bare)
    before = snapshot(bare)
    command.downgrade(schema_upgrade.alembic_config(bare), "base")
    assert set(snapshot(bare)) <= {"alembic_version"}
    schema_upgrade.upgrade(bare)
    assert snapshot(bare) == before


def test_a_full_database_goes_down_and_up_step_by_step(bare: str, small_evening: list[Any]) -> None:
    """Each released revision is upgraded with rows in it; the journal of the newest one still verifies."""
    schema_upgrade.upgrade(bare)
    writer = JournalWriter(bare, "evening")
    writer.append(small_evening)
    writer.close()
    for revision in reversed(REVISIONS[:-1]):
        command.downgrade(schema_upgrade.alembic_config(bare), revision)
        schema_upgrade.upgrade(bare)
        assert verify(bare).sound
    assert schema_upgrade.upgrade(bare) == (REVISIONS[-1], REVISIONS[-1])
    assert verify(bare).sound


@pytest.mark.promise("database-newer-older-somebody")
def test_a_newer_schema_is_refused_naming_both(bare: str) -> None:
    """D12."""
    schema_upgrade.upgrade(bare)
    set_revision(bare, "9999")
    with pytest.raises(SchemaNewer, match=f"its schema is 9999, this program knows up to {REVISIONS[-1]}"):
        JournalWriter(bare, "evening")
    with pytest.raises(SchemaNewer, match="9999"):
        schema_upgrade.upgrade(bare)


@pytest.mark.promise("database-newer-older-somebody")
def test_an_older_schema_is_refused_until_it_is_upgraded(tmp_path: Path, bare_server: str) -> None:
    """D12."""
    new = f"sqlite:///{tmp_path / 'none.db'}"
    for url in (new, bare_server):
        with pytest.raises(
            SchemaOlder, match=f"no tables yet, this program needs {REVISIONS[-1]}.*db upgrade"
        ):
            JournalWriter(url, "evening")
    assert not (tmp_path / "none.db").exists()
    older = f"sqlite:///{tmp_path / 'older.db'}"
    schema_upgrade.upgrade(older, REVISIONS[-2])
    both = f"its schema is {REVISIONS[-2]}, this program needs {REVISIONS[-1]}"
    with pytest.raises(SchemaOlder, match=both):
        JournalWriter(older, "evening")
    schema_upgrade.upgrade(older)
    JournalWriter(older, "evening").close()


@pytest.mark.promise("database-newer-older-somebody")
def test_somebody_elses_database_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "theirs.db"
    theirs = sqlite3.connect(file)
    theirs.execute("CREATE TABLE alembic_version (version_num TEXT)")
    theirs.execute("INSERT INTO alembic_version VALUES ('0001')")
    theirs.commit()
    theirs.close()
    before = file.read_bytes()
    for attempt in (schema_upgrade.upgrade, lambda url: JournalWriter(url, "evening")):
        with pytest.raises(StorageForeign, match="not one of our databases"):
            attempt(f"sqlite:///{file}")
    assert file.read_bytes() == before


BROKEN = """
revision = "{revision}"
down_revision = "{head}"
from alembic import op
import sqlalchemy as sa
import os, signal
def upgrade():
    with op.batch_alter_table("strategies", schema=None) as batch:
        batch.add_column(sa.Column("colour", sa.Text, nullable=True))
    op.execute("CREATE TABLE extra (a INTEGER)")
    {stroke}
def downgrade():
    pass
"""
STROKES = {"exception": "raise RuntimeError('half-way')", "kill": "os.kill(os.getpid(), signal.SIGKILL)"}


@pytest.mark.promise("migration-ends-half-way")
@pytest.mark.parametrize("stroke", STROKES)
def test_a_migration_that_ends_half_way_leaves_what_the_next_run_mends(
    bare: str, small_evening: list[Any], tmp_path: Path, stroke: str
) -> None:
    """D13: neither an exception nor a kill leaves a half-changed schema, a temporary table or a changed
    row.
    """
    schema_upgrade.upgrade(bare)
    writer = JournalWriter(bare, "evening")
    writer.append(small_evening)
    writer.close()
    before = snapshot(bare)
    scripts = copy_of_migrations(tmp_path)
    step = scripts / "versions" / "9000_a_step.py"
    fields = {"revision": "9000", "head": REVISIONS[-1]}
    step.write_text(BROKEN.format(stroke=STROKES[stroke], **fields))
    assert upgrade_in_a_process(bare, scripts).returncode in (1, -signal.SIGKILL)
    assert snapshot(bare) == before
    assert verify(bare).sound
    step.write_text(BROKEN.format(stroke="pass", **fields))
    assert upgrade_in_a_process(bare, scripts).returncode == 0
    after = snapshot(bare)
    assert "extra" in after
    assert "colour" in after["strategies"]
    assert "_alembic_tmp_strategies" not in after


def test_a_table_rebuilt_by_a_migration_stays_strict(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    schema_upgrade.upgrade(url)
    scripts = copy_of_migrations(tmp_path)
    fields = {"revision": "9000", "head": REVISIONS[-1], "stroke": "pass"}
    (scripts / "versions" / "9000_a_step.py").write_text(
        BROKEN.format(**fields).replace("None) as", "None, recreate='always') as")
    )
    finished = upgrade_in_a_process(url, scripts)
    assert finished.returncode == 0, finished.stderr
    with sqlite3.connect(tmp_path / "a.db") as connection:
        listed = connection.execute("PRAGMA table_list('strategies')").fetchone()
    connection.close()
    assert listed[5] == 1


def upgrade_in_a_process(url: str, scripts: Path) -> subprocess.CompletedProcess[str]:
    program = (
        "import sys; from pathlib import Path; from alembic import command\n"
        "from persistence import schema_upgrade\n"
        "schema_upgrade.MIGRATIONS = Path(sys.argv[2])\n"
        "command.upgrade(schema_upgrade.alembic_config(sys.argv[1]), 'head')"
    )
    return subprocess.run(
        [sys.executable, "-c", program, url, str(scripts)],
        env={**os.environ, "PYTHONPATH": str(schema_upgrade.MIGRATIONS.parent)},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def copy_of_migrations(tmp_path: Path) -> Path:
    copy = tmp_path / "migrations"
    (copy / "versions").mkdir(parents=True)
    for file in (
        schema_upgrade.MIGRATIONS / "env.py",
        *(schema_upgrade.MIGRATIONS / "versions").glob("*.py"),
    ):
        (copy / file.relative_to(schema_upgrade.MIGRATIONS)).write_bytes(file.read_bytes())
    return copy


def set_revision(url: str, revision: str) -> None:
    engine = connect.make_engine(url, Access.WRITE)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")
    engine.dispose()


def snapshot(url: str) -> dict[str, dict[str, str]]:
    """Every table with its columns and their types, and how many rows it has."""
    engine = connect.make_engine(url, Access.WRITE)
    with engine.connect() as connection:
        found = {name: _describe(connection, name) for name in inspect(connection).get_table_names()}
    engine.dispose()
    return found


def _describe(connection: Connection, table: str) -> dict[str, str]:
    columns = {each["name"]: str(each["type"]) for each in inspect(connection).get_columns(table)}
    count = connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()
    indexes = sorted(str(each["name"]) for each in inspect(connection).get_indexes(table))
    return {**columns, "rows": str(count), "indexes": " ".join(indexes)}

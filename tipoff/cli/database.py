"""The commands `db upgrade`, `verify`, `backup`, `restore`, `prune`.

Arguments in, requests out. Registered by `cli`. What they do is in `tipoff.commands.database`, imported when
the command is called.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Annotated, TypeAlias

from cyclopts import App, Parameter

from tipoff.commands.options import StorageRequest
from tipoff.commands.switches import ConfigFile, Url
from tipoff.output import Answer

DryRun: TypeAlias = Annotated[bool, Parameter(negative="", help="Tell what would go, and remove nothing.")]

app = App(name="db", help="Look after the database.")


@app.command
def upgrade(*, db: Url = None, config: ConfigFile = None) -> Answer:
    """Bring the database to this version; safe to repeat."""
    return _run("upgrade", StorageRequest(config=config, db=db))


@app.command
def verify(*, db: Url = None, config: ConfigFile = None) -> Answer:
    """Check the journal's hash chain, rebuild every table from it and compare."""
    return _run("verify", StorageRequest(config=config, db=db))


@app.command
def backup(out: Path, *, db: Url = None, config: ConfigFile = None) -> Answer:
    """Copy the database, also while the daemon writes to it.

    Parameters
    ----------
    out
        File of the copy; must not exist yet.
    """
    return _run("backup", StorageRequest(config=config, db=db, out=out))


@app.command
def restore(backup: Path, *, db: Url = None, config: ConfigFile = None) -> Answer:
    """Put a backup in the place of a database that was moved away, and verify it.

    Parameters
    ----------
    backup
        File that `tipoff db backup` made.
    """
    return _run("restore", StorageRequest(config=config, db=db, backup=backup))


@app.command
def prune(*, db: Url = None, config: ConfigFile = None, dry_run: DryRun = False) -> Answer:
    """Delete rows and recordings that the configuration does not keep any longer; with --db only rows."""
    return _run("prune", StorageRequest(config=config, db=db, dry_run=dry_run))


def _run(name: str, request: StorageRequest) -> Answer:
    """Call `tipoff.commands.database.run_NAME`, which is imported only now."""
    body: Callable[[StorageRequest], Answer] = getattr(
        import_module("tipoff.commands.database"), f"run_{name}"
    )
    return body(request)

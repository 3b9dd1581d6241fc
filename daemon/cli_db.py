"""The commands `db upgrade`, `verify`, `backup`, `prune`. Arguments in, requests out.

Registered by `cli`. What they do is in `daemon.storage`, imported when the command is called.
"""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from daemon.cli_runs import ConfigFile
from daemon.output import Answer
from daemon.requests import StorageRequest

app = App(name="db", help="Look after the database.")
Url = Annotated[str | None, Parameter(name="--db", help="Database, instead of the configuration's.")]


@app.command
def upgrade(*, db: Url = None, config: ConfigFile = None) -> Answer:
    """Bring the database to this version; safe to repeat."""
    from daemon.storage import run_upgrade

    return run_upgrade(StorageRequest(config=config, db=db))


@app.command
def verify(*, db: Url = None, config: ConfigFile = None) -> Answer:
    """Check the journal's hash chain, rebuild every table from it and compare."""
    from daemon.storage import run_verify

    return run_verify(StorageRequest(config=config, db=db))


@app.command
def backup(out: Path, *, db: Url = None, config: ConfigFile = None) -> Answer:
    """Copy the database, also while the daemon writes to it.

    Parameters
    ----------
    out
        File of the copy; must not exist yet.
    """
    from daemon.storage import run_backup

    return run_backup(StorageRequest(config=config, db=db, out=out))


@app.command
def prune(*, db: Url = None, config: ConfigFile = None) -> Answer:
    """Delete what is older than the configuration's retention."""
    from daemon.storage import run_prune

    return run_prune(StorageRequest(config=config, db=db))

"""What a configuration says of the database: its URL and how long tables keep their rows."""

from typing import Final

import attrs

from persistence.connect import address
from persistence.errors import StorageUnreachable
from persistence.passwords import with_password_file
from tipoff.config.load import Config
from tipoff.config.secret_files import secret_path
from tipoff.config.sections import RetentionSection

SQLITE: Final = "sqlite:///"
MEMORY: Final = ":memory:"
FILE_WANTED: Final = "name a file: sqlite:///FILE"


def database_url(config: Config, override: str | None) -> str:
    """The database's URL; a relative SQLite file of the configuration lies in the state directory.

    It never holds a password of the configuration, only the name of its file. Raises StorageUnreachable for
    an address that names no file and no server.
    """
    if override is not None:
        return override
    url = config.database.url
    named = address(url)
    if named.get_backend_name() == "sqlite":
        if named.database in (None, "", MEMORY):
            raise StorageUnreachable("a database in memory is gone with the process", "database", FILE_WANTED)
        return f"{SQLITE}{config.engine.state_directory / named.database}"
    if config.database.password_file:
        return with_password_file(url, secret_path(config.database.password_file).absolute())
    return url


def retention_policy(retention: RetentionSection) -> dict[str, int | None]:
    """Days by table, as storage wants them: what is kept for ever has none."""
    return {
        field.name.removesuffix("_days"): getattr(retention, field.name) or None
        for field in attrs.fields(type(retention))
    }

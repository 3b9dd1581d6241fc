"""What a configuration says of the database: its URL and how long tables keep their rows."""

from pathlib import Path

import attrs

from persistence.passwords import with_password_file
from tipoff.config.load import Config
from tipoff.config.secret_files import secret_path
from tipoff.config.sections import RetentionSection

SQLITE = "sqlite:///"


def database_url(config: Config, override: str | None) -> str:
    """The database's URL; a relative SQLite file of the configuration lies in the state directory.

    It never holds a password of the configuration, only the name of its file.
    """
    if override is not None:
        return override
    url = config.database.url
    if url.startswith(SQLITE) and not Path(url.removeprefix(SQLITE)).is_absolute():
        return f"{SQLITE}{config.engine.state_directory / url.removeprefix(SQLITE)}"
    if config.database.password_file:
        return with_password_file(url, secret_path(config.database.password_file).absolute())
    return url


def retention_policy(retention: RetentionSection) -> dict[str, int | None]:
    """Days by table, as storage wants them: what is kept for ever has none."""
    return {
        field.name.removesuffix("_days"): getattr(retention, field.name) or None
        for field in attrs.fields(type(retention))
    }

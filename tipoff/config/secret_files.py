"""Whether the files that a configuration names can be used: keys, passwords, tokens.

Called by `config check` and before the daemon starts; a key that others can read is refused. Never returns or
prints what a file holds.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from tipoff.config.fields import Secrecy, key_of, secrecy_of, settings_of
from tipoff.config.load import Config
from tipoff.config.problems import Problem

SECRET_BYTES_MAX = 65_536


def secret_path(name: str) -> Path:
    """Where a secret is: a bare name is looked for in $CREDENTIALS_DIRECTORY, anything else is a path."""
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    if credentials and "/" not in name:
        return Path(credentials) / name
    return Path(name).expanduser()


def named_secrets(config: Config) -> dict[str, str]:
    """Every key of the configuration that names a file with a secret, and what it names."""
    return {path: value for path, value in _of_secrecy(config, Secrecy.FILE) if value}


def covered_values(config: Config) -> list[str]:
    """Every value of the configuration that is itself a secret."""
    return [value for _, value in _of_secrecy(config, Secrecy.COVERED) if value]


def _of_secrecy(config: Config, wanted: Secrecy) -> Iterator[tuple[str, str]]:
    """Path and value of every key that is so secret."""
    for name, section in config.sections().items():
        for field in settings_of(type(section)):
            if secrecy_of(field) is wanted:
                yield f"{name}.{key_of(field)}", getattr(section, field.name)


def file_problems(config: Config) -> Iterator[Problem]:
    """What is wrong with each file that is named; one line each, without a line in the file of settings."""
    for key, name in named_secrets(config).items():
        path = secret_path(name)
        message = _wrong_with(path)
        if message:
            yield Problem(key, 0, f"{path} {message}")


def _wrong_with(path: Path) -> str:
    try:
        status = path.stat()
        with path.open("rb") as file:
            content = file.read(SECRET_BYTES_MAX + 1)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if not stat.S_ISREG(status.st_mode):
        return "is not a file"
    if not _is_credential(path) and status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return f"can be used by others (mode {stat.S_IMODE(status.st_mode):04o}); chmod 600 it"
    if not content.strip():
        return "is empty"
    if len(content) > SECRET_BYTES_MAX:
        return f"is larger than {SECRET_BYTES_MAX} bytes"
    return ""


def _is_credential(path: Path) -> bool:
    """Whether the service manager made the file for this unit alone; its mode then shows an access list."""
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    return bool(credentials) and path.parent == Path(credentials or "")

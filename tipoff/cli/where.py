"""Which daemon a command asks: the socket that is named, or the one that a configuration names.

Options of every command that talks to a running daemon.
"""

import os
import re
from pathlib import Path
from typing import Annotated, Any

import attrs
from cyclopts import Parameter
from cyclopts.validators import Number

from tipoff.commands.switches import ConfigFile
from tipoff.config.places import SOCKET, STATE_DIRECTORY
from tipoff.control.client import CALL_SECONDS, ControlClient
from tipoff.exit_codes import Exit
from tipoff.output import Failure, progress

TABLE = r"^\[{}\][ \t]*(?:#[^\n]*)?$.*?(?=^\[|\Z)"
"""A table of a TOML file from its head to the next one."""

CONFIG_FILE = Path("engine.toml")
SOCKET_VARIABLE = "TIPOFF_SOCKET"
"""Names the socket in the environment, for whoever asks often."""


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class Where:
    """Which daemon is asked."""

    socket: Annotated[
        Path | None,
        Parameter(help=f"The daemon's socket; without it ${SOCKET_VARIABLE}, then the configuration's."),
    ] = None
    config: ConfigFile = None
    timeout: Annotated[
        float, Parameter(help="Seconds to wait for an answer.", validator=Number(gt=0, lte=600))
    ] = CALL_SECONDS

    def path(self) -> Path:
        """The socket. Raises Failure if it must be read from a configuration that cannot be."""
        named = os.environ.get(SOCKET_VARIABLE)
        if self.socket is not None:
            return self.socket
        # A configuration that was named says more than an environment that happens to be set.
        if self.config is None and named:
            return Path(named)
        return configured_socket(self.config)

    def connected(self) -> ControlClient:
        """A line to it. Raises Failure."""
        return ControlClient(self.path(), self.timeout)


def configured_socket(file: Path | None) -> Path:
    """The socket that a configuration names. Raises Failure.

    Reads these two keys only: a question to a daemon shall not wait for a whole configuration to be checked,
    and a slip elsewhere in the file must not keep anybody from stopping a daemon that runs on an older one.
    """
    path = file or CONFIG_FILE
    document: dict[str, Any] = {}
    if file is not None or path.is_file():
        try:
            document = _readable(path, path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            message = f"{path} cannot be read ({error}); name the socket with --socket"
            raise Failure("config", message, exit_code=Exit.CONFIG) from None
    folder = _text(document, "engine", "state_directory") or str(STATE_DIRECTORY)
    return Path(folder) / (_text(document, "control", "socket") or str(SOCKET))


def _readable(path: Path, text: str) -> dict[str, Any]:
    """The file, or of one that is no TOML the two tables that say where the socket is.

    Raises ValueError if those are broken themselves.
    """
    # Late: most questions name the socket by the environment, or there is no file.
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        document: dict[str, Any] = {}
        for name in ("engine", "control"):
            table = re.search(TABLE.format(name), text, re.MULTILINE | re.DOTALL)
            if table is None and f"[{name}" in text:
                raise
            document |= tomllib.loads(table[0]) if table is not None else {}
        progress(f"{path} is broken ({error}); `tipoff config check` tells more")
        return document


def _text(document: dict[str, Any], section: str, key: str) -> str | None:
    table = document.get(section)
    value = table.get(key) if isinstance(table, dict) else None
    return value if isinstance(value, str) and value else None


HERE = Where()

"""The commands `version` and `completion`: what is installed here, and completion for the shell.

Registered by `cli`.
"""

import platform
from importlib import metadata
from typing import Literal

from rich.text import Text

from daemon import __version__
from daemon.output import Answer, Json, table

LIBRARIES = ("pykka", "trio", "trio-websocket", "httpx", "attrs", "msgspec", "sqlalchemy", "cryptography")


def version() -> Answer:
    """Show the versions of tipoff and of what it stands on, for reports of faults."""
    document: dict[str, Json] = {
        "tipoff": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
    }
    libraries = [(name, metadata.version(name)) for name in LIBRARIES]
    shown = [(key, str(value)) for key, value in document.items() if isinstance(value, str)]
    return Answer(document, table(("part", "version"), [*shown, *libraries]))


def completion(shell: Literal["bash", "zsh", "fish"], /) -> Answer:
    """Print a completion script; source it, or put it where the shell looks for completions.

    Parameters
    ----------
    shell
        The shell to complete in.
    """
    from daemon.cli import app

    script = app.generate_completion(shell=shell)
    return Answer({"shell": shell, "script": script}, Text(script, no_wrap=True, end=""))

"""The commands `version` and `completion`: what is installed here, and completion for the shell.

Registered by `cli`.
"""

import platform
import re
from importlib import metadata
from typing import Literal

from rich.text import Text

from tipoff import __version__
from tipoff.json_types import Json
from tipoff.output import Answer, table

ZSH_END = """
# Autoloaded as _tipoff from $fpath it completes; sourced after compinit it registers itself.
if [[ "${funcstack[1]}" == "_tipoff" ]]; then
  _cyclopts_tipoff "$@"
elif (( $+functions[compdef] )); then
  compdef _cyclopts_tipoff tipoff
fi
"""
FISH_WORDS = re.compile(r"^(complete -c tipoff -n (?:__fish_use_subcommand|'[^']*')) -a ", re.MULTILINE)
"""Where a command is expected: fish offers files as well unless it is told not to."""

LIBRARIES = ("pykka", "trio", "trio-websocket", "httpx", "attrs", "msgspec", "sqlalchemy", "cryptography")


def version() -> Answer:
    """Show the versions of tipoff and of what it stands on, for reports of faults."""
    ours = {
        "tipoff": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
    libraries = {name: metadata.version(name) for name in LIBRARIES}
    document: dict[str, Json] = {**ours, "libraries": libraries}
    return Answer(document, table(("part", "version"), [*ours.items(), *libraries.items()]))


def completion(shell: Literal["bash", "zsh", "fish"], /) -> Answer:
    """Print a completion script for the shell, to be read at its start.

    bash: `source <(tipoff completion bash)` in ~/.bashrc. zsh: `source <(tipoff completion zsh)` in ~/.zshrc,
    below compinit, or save it as _tipoff in a folder of $fpath. fish: save it as
    ~/.config/fish/completions/tipoff.fish.

    Parameters
    ----------
    shell
        The shell to complete in.
    """
    from tipoff.cli.app import app

    script = app.generate_completion(shell=shell)
    if shell == "zsh":
        script += ZSH_END
    elif shell == "fish":
        script = FISH_WORDS.sub(r"\1 -f -a ", script)
    return Answer({"shell": shell, "script": script}, Text(script, no_wrap=True, end=""))

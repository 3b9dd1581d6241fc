"""The part of `tipoff doctor` that looks at where secrets are: the service manager's credentials, key files.

Called by `doctor`. Looks at names, owners and modes; reads and shows no secret. What a file holds is judged
by `tipoff.config.secret_files` and by the readers of keys.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from tipoff.config.load import Config
from tipoff.config.secret_files import named_secrets, secret_path
from tipoff.sources.findings import Finding

DIRECTORY = "CREDENTIALS_DIRECTORY"


def credentials(config: Config) -> Iterator[Finding]:
    """Whether the service manager's credentials and the names in the configuration fit together."""
    named = named_secrets(config)
    bare = {key: name for key, name in named.items() if "/" not in name}
    directory = os.environ.get(DIRECTORY)
    if directory:
        yield from _given(Path(directory), bare)
    elif bare:
        names = ", ".join(bare.values())
        fix = "under systemd: LoadCredential=NAME:FILE in the unit; by hand: write a path with a / in it"
        detail = f"{names}: looked for in this folder, for ${DIRECTORY} is not set"
        yield Finding("credentials", "warn", detail, fix)
    for key, name in named.items():
        if "/" in name:
            yield from _place(key, secret_path(name))


def _given(directory: Path, bare: dict[str, str]) -> Iterator[Finding]:
    """What the service manager has given, and what the configuration makes of it."""
    try:
        mode = stat.S_IMODE(directory.stat().st_mode)
        given = {each.name for each in directory.iterdir()}
    except OSError as error:
        fix = f"start it by the service manager, which makes it, or unset ${DIRECTORY}"
        yield Finding("credentials", "fail", f"{directory} cannot be read: {error.strerror}", fix)
        return
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        fix = f"chmod 700 {directory}; systemd makes it so by itself"
        yield Finding("credentials", "fail", f"{directory} is open to others (mode {mode:04o})", fix)
    for key, name in bare.items():
        if name not in given:
            fix = f"add LoadCredential={name}:FILE to the unit, or name another file in {key}"
            yield Finding("credentials", "fail", f"{key} names {name}, which {directory} does not have", fix)
    unused = sorted(given - set(bare.values()))
    if unused:
        fix = "name them in the configuration, such as balldontlie.key_file, or take them out of the unit"
        yield Finding("credentials", "warn", f"given and used by nobody: {', '.join(unused)}", fix)
    used = sorted(given & set(bare.values()))
    if used:
        yield Finding("credentials", "ok", f"from the service manager: {', '.join(used)}")


def _place(key: str, path: Path) -> Iterator[Finding]:
    """Whether somebody else could put another file in a secret's place. A missing one is told elsewhere."""
    try:
        file, folder = path.stat(), path.absolute().parent.stat()
    except OSError:
        return
    if file.st_uid not in (0, os.geteuid()):
        fix = f"chown {os.geteuid()} {path}"
        yield Finding("keys", "fail", f"{key}: {path} belongs to another user ({file.st_uid})", fix)
    others = folder.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if others and not folder.st_mode & stat.S_ISVTX:
        mode = stat.S_IMODE(folder.st_mode)
        fix = f"chmod go-w {path.absolute().parent}"
        yield Finding("keys", "warn", f"{key}: others can write to its folder (mode {mode:04o})", fix)

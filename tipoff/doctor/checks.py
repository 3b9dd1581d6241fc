"""`tipoff doctor`: is everything around the daemon as it must be?

Each finding comes with what to do. Called by the command line. Looks and changes nothing: no key is shown, no
database is touched but for reading its version. The network is asked by `network`, only when told to.
"""

import os
import shutil
import socket
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import attrs
from rich.table import Table

from persistence.connect import where
from persistence.errors import StorageError
from persistence.lock import NAME as LOCK
from persistence.maintenance import found_revision
from persistence.queries import Reader
from persistence.tables import REVISIONS
from tipoff.config.database import SQLITE, database_url
from tipoff.config.load import FILE, Config, load_or_template
from tipoff.config.problems import ConfigError, Problem
from tipoff.config.secret_files import named_secrets
from tipoff.doctor.credentials import credentials
from tipoff.exit_codes import Exit
from tipoff.json_types import Json
from tipoff.output import Answer, table
from tipoff.process.start_problems import start_problems
from tipoff.runs.from_config import schema
from tipoff.runs.plugins import installed
from tipoff.sources.findings import Finding
from tipoff.sources.registry import sources_of
from tipoff.sources.source import KeyAdvice
from venues.transport.proxy import ProxyUnusable, named_proxy

PYTHON_MIN = (3, 11)
"""Older interpreters cannot run it."""

ELSEWHERE = ("ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy")
MEGABYTE = 1_048_576
TRUSTED_SINCE_S = 1_735_689_600
"""The first second of 2025: a clock before it was never set."""


def run_doctor(config_file: Path | None, *, network: bool) -> Answer:
    """Look at everything; exits 78 if the configuration cannot be used, 1 if something else fails."""
    findings = list(examine(config_file))
    if network:
        from tipoff.doctor.network import examine_network

        findings += examine_network(_config_or_none(config_file))
    else:
        findings.append(Finding("network", "ok", "not asked; --network asks the venues too"))
    return Answer(_document(findings), _screen(findings), exit_of(findings))


def exit_of(findings: list[Finding]) -> Exit:
    """How the command ends: warnings are no failure."""
    failed = {finding.check for finding in findings if finding.state == "fail"}
    if failed & {"configuration", "keys"}:
        return Exit.CONFIG
    return Exit.FAILED if failed else Exit.OK


def examine(config_file: Path | None) -> Iterator[Finding]:
    """Everything that this machine can tell by itself."""
    yield python()
    yield clock()
    yield from proxy()
    yield from configuration(config_file)
    config = _config_or_none(config_file)
    if config is None:
        return
    yield from keys(config)
    yield from credentials(config)
    yield from budgets(config)
    yield from state(config)
    # What `configuration` has refused already names no database that could be looked at.
    addressed = not any(problem.path == "database.url" for problem in start_problems(config))
    if addressed:
        yield database(config)
        yield from set_aside(config)
    yield disk(config, _stored_megabytes(config) if addressed else 0)
    yield from ports(config)


def python() -> Finding:
    """The interpreter."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info >= PYTHON_MIN:
        return Finding("python", "ok", version)
    return Finding("python", "fail", version, "install Python 3.11 or newer")


def clock() -> Finding:
    """Whether the clock was ever set; how exact it is, only a venue can tell."""
    if time.time() > TRUSTED_SINCE_S:
        return Finding("clock", "ok", "is set; --network compares it with the venue's")
    return Finding(
        "clock", "fail", "was never set", "switch time synchronisation on: timedatectl set-ntp true"
    )


def proxy() -> Iterator[Finding]:
    """Which way out the environment names. One that cannot be gone is a problem of the configuration."""
    with suppress(ProxyUnusable):
        named = named_proxy()
        if named is not None:
            detail = f"https and wss go through {named.place} (HTTPS_PROXY), but for hosts of NO_PROXY"
            yield Finding("proxy", "ok", detail)
        elif any(os.environ.get(name) for name in ELSEWHERE):
            fix = "if there is no other way out: HTTPS_PROXY=http://HOST:PORT"
            yield Finding("proxy", "warn", "ALL_PROXY and HTTP_PROXY are not looked at", fix)


def configuration(config_file: Path | None) -> Iterator[Finding]:
    """The file and all its problems, those too that only a start would meet."""
    name = str(config_file or FILE)
    fix = "mend it; `tipoff config check` looks again"
    try:
        config = load_or_template(config_file, schema())
    except ConfigError as error:
        for problem in error.problems:
            yield Finding("configuration", "fail", problem.text(error.source), fix)
        return
    met = [problem for problem in start_problems(config) if not _of_a_key(config, problem)]
    for problem in met:
        yield Finding("configuration", "fail", problem.text(name), fix)
    if met:
        return
    if config_file is None and not FILE.is_file():
        yield Finding("configuration", "warn", f"there is no {name}; defaults are in force", "tipoff init")
        return
    yield Finding("configuration", "ok", name)


def _of_a_key(config: Config, problem: Problem) -> bool:
    """Whether it is about a file that holds a secret."""
    return problem.path in named_secrets(config)


def keys(config: Config) -> Iterator[Finding]:
    """Key files: present, readable by the owner only, and keys at all."""
    problems = start_problems(config)
    for problem in filter(partial(_of_a_key, config), problems):
        yield Finding("keys", "fail", problem.text("the configuration"), "mend the file, or its name")
    told = {problem.path.partition(".")[0] for problem in problems}
    for name, source in sources_of(config).items():
        about = source.key
        if about is None or name in told:
            continue
        key = source.read_key(config.sources[name])
        if key is None:
            yield Finding(
                "keys",
                "warn",
                f"no key of {source.title}: {about.without}{_asleep(config, about)}",
                about.get,
            )
        else:
            yield Finding("keys", "ok", f"{source.title} has a key{about.kind(key)}")


def _asleep(config: Config, about: KeyAdvice[Any]) -> str:
    """Which of the configured strategies enter nothing for want of a key."""
    kinds = installed().strategies
    names = [
        each.name for each in config.strategies if each.enabled and about.sleeps(kinds[each.kind].traits())
    ]
    return f"; asleep: {', '.join(names)}" if names else ""


def budgets(config: Config) -> Iterator[Finding]:
    """What each source makes of its own section: whether what is configured fits into what is allowed."""
    for name, source in sources_of(config).items():
        yield from source.check(config.sources[name])


def state(config: Config) -> Iterator[Finding]:
    """The directory of what must survive."""
    folder = config.engine.state_directory
    if not folder.exists():
        parent = next(each for each in folder.absolute().parents if each.exists())
        if os.access(parent, os.W_OK):
            yield Finding("state", "ok", f"{folder} will be made")
        else:
            yield Finding("state", "fail", f"{folder} cannot be made", f"make it: sudo install -d {folder}")
        return
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        yield Finding("state", "fail", f"{folder} cannot be written", "chown it to who runs the daemon")
        return
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        yield Finding(
            "state", "warn", f"others can write to {folder} (mode {mode:04o})", f"chmod 700 {folder}"
        )
    else:
        yield Finding("state", "ok", str(folder))


def database(config: Config) -> Finding:
    """Whether the database can be read, and is of this version."""
    url, head = database_url(config, None), REVISIONS[-1]
    file = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite:///") and not file.exists():
        return Finding("database", "ok", "will be made")
    try:
        found = found_revision(url)
    except StorageError as error:
        return Finding("database", "fail", f"{error.where}: {error.what}", error.remedy)
    if found is None:
        return Finding("database", "warn", "is empty", "tipoff db upgrade, or let the daemon do it")
    if found != head:
        fix = "back it up (tipoff db backup), then tipoff db upgrade; the daemon does it when it starts"
        return Finding("database", "warn", f"is at {found}, this version wants {head}", fix)
    return Finding("database", "ok", f"{where(url)} is at {found}")


def set_aside(config: Config) -> Iterator[Finding]:
    """What the last run could not apply or decide on, and nobody has released."""
    try:
        with Reader.open(database_url(config, None)) as reader:
            found = reader.set_aside()
    except StorageError:
        # Whatever is wrong with the database itself is a finding of its own.
        return
    for fact in found:
        release = (
            f"`tipoff resume {fact.scope} --reason ...` releases it" if fact.scope else "nothing rests on it"
        )
        look = "run the version that wrote it, or `tipoff db verify`" if fact.first else "report the error"
        fix = f"{look}; then {release}"
        what = f"{fact.scope} stands still: {fact.words}" if fact.scope else fact.words
        yield Finding("quarantine", "fail" if fact.scope else "warn", what, fix)
    if not found:
        yield Finding(
            "quarantine", "ok", "every fact of the last run could be applied, and no decision failed"
        )


def disk(config: Config, stored: int) -> Finding:
    """Room for recordings and journal, and for a copy of a database of so many megabytes."""
    folder = config.engine.state_directory.absolute()
    there = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(there).free // MEGABYTE
    needed = config.recording.disk_free_megabytes_min
    detail = f"{free} MB are free"
    recordings = folder / config.recording.directory
    fix = f"`tipoff db prune --dry-run` tells what may go of {recordings}; or give it a larger disk"
    if free < needed:
        return Finding("disk", "fail", f"{detail}; recording needs {needed}", fix)
    if free < 2 * needed:
        return Finding("disk", "warn", f"{detail}; recording stops at {needed}", fix)
    if free < needed + stored:
        return Finding("disk", "warn", f"{detail}; a copy of the database takes {stored} more", fix)
    return Finding("disk", "ok", f"{detail}; recording needs {needed}, a copy of the database {stored}")


def _stored_megabytes(config: Config) -> int:
    """Size of a SQLite database, which a backup or a migration needs once more."""
    url = database_url(config, None)
    file = Path(url.removeprefix(SQLITE))
    if not url.startswith(SQLITE) or not file.is_file():
        return 0
    return -(-file.stat().st_size // MEGABYTE)


def ports(config: Config) -> Iterator[Finding]:
    """Where the daemon wants to listen. What a running daemon holds is its own."""
    holder = holder_of(config.engine.state_directory)
    if holder:
        yield Finding("tipoff", "ok", f"process {holder} runs with this state directory")
    if config.metrics.enabled:
        yield _port("metrics", (config.metrics.host, config.metrics.port), holder)
    if config.dashboard.enabled:
        yield _port("dashboard", (config.dashboard.host, config.dashboard.port), holder)
    if config.control.enabled:
        yield Finding(
            "ports", "ok", f"control socket {config.engine.state_directory / config.control.socket}"
        )


def _port(name: str, place: tuple[str, int], holder: int) -> Finding:
    host, port = place
    where = f"{name} on {host} port {port}"
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except OSError as error:
        if holder:
            return Finding("ports", "ok", f"{where}: in use while the daemon runs")
        fix = f"choose another [{name}] port, or stop what listens there"
        return Finding("ports", "fail", f"{where}: {error.strerror or error}", fix)
    return Finding("ports", "ok", where)


def holder_of(directory: Path) -> int:
    """The process that works in a state directory; 0 if none does. Takes no lock."""
    with suppress(OSError, ValueError):
        holder = int((directory / LOCK).read_text("ascii").strip() or "0")
        if holder > 0 and Path(f"/proc/{holder}").exists():
            return holder
    return 0


def _config_or_none(config_file: Path | None) -> Config | None:
    with suppress(ConfigError):
        return load_or_template(config_file, schema())
    return None


def _document(findings: list[Finding]) -> Json:
    worst = [finding.state for finding in findings]
    return {
        "ok": "fail" not in worst,
        "warnings": worst.count("warn"),
        "failures": worst.count("fail"),
        "findings": [attrs.asdict(finding) for finding in findings],
    }


def _screen(findings: list[Finding]) -> Table:
    # Names of sections stand in brackets, which would be taken for styles.
    rows = [(each.state, each.check, each.detail, each.fix) for each in findings]
    return table(("", "what", "found", "what to do"), rows)

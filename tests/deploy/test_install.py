"""The installer writes what a server needs, may be run again, and says what is wrong before any change.

Below a folder of its own: packages are left out by `--settings-only`, and the program is this repository's.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from tipoff.config.load import load
from tipoff.runs.from_config import schema

Install = Callable[..., subprocess.CompletedProcess[str]]

UNITS = ("tipoff.service", "tipoff-backup.service", "tipoff-backup.timer")

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-sysusers") is None, reason="systemd-sysusers is missing: apt-get install systemd"
)


@pytest.fixture
def server(tmp_path: Path, root: Path) -> Path:
    """A root with nothing in it but the program."""
    program = tmp_path / "server/opt/tipoff/bin/tipoff"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\ncd {root} && exec {sys.executable} -m tipoff "$@"\n', "utf-8")
    program.chmod(0o755)
    return tmp_path / "server"


@pytest.fixture
def install(server: Path, root: Path) -> Install:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = (str(root / "deploy/install.sh"), "--root", str(server), *words)
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    return run


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    files = (file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


@attrs.frozen
class Mode:
    """A path and who may use it."""

    path: str
    mode: int


def test_it_writes_units_group_and_a_configuration_that_fits_them(install: Install, server: Path) -> None:
    done = install("--settings-only")
    assert done.returncode == 0, done.stderr
    for unit in UNITS:
        assert (server / "etc/systemd/system" / unit).is_file()
    config = load(server / "etc/tipoff/engine.toml", schema())
    assert str(config.engine.state_directory) == "/var/lib/tipoff"
    assert str(config.control.socket) == "/run/tipoff/control.sock"
    assert config.control.group == "tipoff-operators"
    assert "tipoff-operators:" in (server / "etc/group").read_text("utf-8")
    assert "nothing was started" in done.stdout


@pytest.mark.parametrize(
    "place", [Mode("etc/credstore", 0o700), Mode("etc/tipoff", 0o755), Mode("etc/tipoff/engine.toml", 0o644)]
)
def test_keys_are_roots_alone_and_the_service_can_read_its_configuration(
    place: Mode, install: Install, server: Path
) -> None:
    install("--settings-only")
    assert (server / place.path).stat().st_mode & 0o777 == place.mode


@pytest.mark.promise("installing-again")
def test_a_second_run_changes_nothing(install: Install, server: Path) -> None:
    words = ("--settings-only", "--prometheus", "--grafana")
    install(*words)
    before = contents(server)
    again = install(*words)
    assert (again.returncode, contents(server)) == (0, before)
    told = [line for line in again.stdout.splitlines() if line.startswith(("written", "made", "kept"))]
    assert told == []


@pytest.mark.promise("installing-again")
def test_what_somebody_changed_in_the_configuration_stays(install: Install, server: Path) -> None:
    install("--settings-only")
    file = server / "etc/tipoff/engine.toml"
    file.write_text("[engine]\nseed = 3\n", "utf-8")
    again = install("--settings-only")
    assert (again.returncode, file.read_text("utf-8")) == (0, "[engine]\nseed = 3\n")


@pytest.mark.promise("installing-again")
def test_a_former_prometheus_configuration_is_kept_also_by_a_second_run(
    install: Install, server: Path
) -> None:
    former = server / "etc/prometheus/prometheus.yml"
    former.parent.mkdir(parents=True)
    former.write_text("# somebody's\n", "utf-8")
    install("--settings-only", "--prometheus")
    former.write_text("# changed later\n", "utf-8")
    install("--settings-only", "--prometheus")
    kept = former.with_name("prometheus.yml.before-tipoff")
    assert kept.read_text("utf-8") == "# somebody's\n"
    assert "job_name: tipoff" in former.read_text("utf-8")


def test_a_dry_run_changes_nothing(install: Install, server: Path) -> None:
    before = contents(server)
    done = install("--settings-only", "--prometheus", "--grafana", "--dry-run")
    assert (done.returncode, contents(server)) == (0, before)
    assert "would run: install -D -m 0644" in done.stdout
    assert "\nwritten" not in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "name the wheel"),
        (("--wheel",), "--wheel needs a value"),
        (("--wheel", "/nowhere.whl"), "/nowhere.whl: no such file"),
        (("--whel", "x"), "--whel: no such switch"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_changed(
    words: tuple[str, ...], said: str, install: Install, server: Path
) -> None:
    before = contents(server)
    done = install(*words)
    assert (done.returncode, contents(server)) == (2, before)
    assert said in done.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is missing")
@pytest.mark.parametrize("unit", UNITS)
def test_systemd_finds_nothing_wrong_with_the_units(unit: str, install: Install, server: Path) -> None:
    install("--settings-only")
    command = ("systemd-analyze", "verify", "--man=no", str(server / "etc/systemd/system" / unit))
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    # The program is not at its place on this machine.
    missing = "Command /opt/tipoff/bin/tipoff is not executable"
    said = [line for line in done.stderr.splitlines() if "tipoff" in line and missing not in line]
    assert said == []


def allowed_calls(unit: str) -> set[str]:
    """The system calls that the lines of a unit come to, in their order, with the sets of this systemd."""
    found: set[str] = set()
    for line in re.findall(r"^SystemCallFilter=(.+)$", unit, re.MULTILINE):
        without = line.startswith("~")
        for name in line.removeprefix("~").split():
            found = found - calls_of(name) if without else found | calls_of(name)
    return found


def calls_of(name: str) -> set[str]:
    """The calls of a set and of the sets in it."""
    if not name.startswith("@"):
        return {name}
    command = ("systemd-analyze", "syscall-filter", name)
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    words = (line.strip() for line in said.splitlines()[1:])
    return {call for word in words if word and word[0] != "#" for call in calls_of(word)}


@pytest.mark.promise("unit-lets-daemon")
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is missing")
def test_the_unit_lets_the_daemon_give_its_socket_to_the_operators(root: Path) -> None:
    """By `@privileged` alone that is taken away from it, and no daemon with a group starts."""
    allowed = allowed_calls((root / "deploy/tipoff.service").read_text("utf-8"))
    assert {"chown", "chmod", "bind", "epoll_wait", "fsync"} <= allowed
    assert not {"setuid", "mount", "ptrace", "setpriority", "bpf"} & allowed


def test_the_backup_runs_as_the_daemons_user_and_keeps_copies_apart_from_its_state(root: Path) -> None:
    daemon = (root / "deploy/tipoff.service").read_text("utf-8")
    backup = (root / "deploy/tipoff-backup.service").read_text("utf-8")
    # Without a name of its own the daemon's user is called as its unit.
    assert "\nDynamicUser=yes\n" in daemon
    assert "\nUser=" not in daemon
    assert "\nDynamicUser=yes\nUser=tipoff\nStateDirectory=tipoff tipoff-backups\n" in backup
    # A copy's mark stands beside it, and goes with it.
    assert "-name tipoff-* -mtime" in backup

"""The image is built on a bare Debian without any registry of images; its engine starts, answers and ends.

The files are checked everywhere. Building needs root, buildah, debootstrap, and package indexes that answer.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import attrs
import pytest
import yaml

from tests.conftest import SHARED_IS_ABSENT
from tipoff.cli.app import COMMANDS
from tipoff.exit_codes import Exit

BUILD_S_MAX = 600
READY_S_MAX = 60
LOOK_S = 0.1
UNREACHED = re.compile(
    r"Failed getting release|Couldn't download|ConnectionError|NewConnection|resolv", re.IGNORECASE
)
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
CONFIGS = ("/etc/tipoff/engine.toml", "/etc/tipoff/postgresql.toml")


@pytest.fixture(scope="module")
def services(root: Path) -> dict[str, Any]:
    """What compose.yaml starts."""
    found: dict[str, Any] = yaml.safe_load((root / "compose.yaml").read_text("utf-8"))["services"]
    return found


def test_every_file_that_a_service_is_given_is_there(services: dict[str, Any], root: Path) -> None:
    given = [line.split(":")[0] for each in services.values() for line in each["volumes"]]
    ours = [path for path in given if path.startswith("./") and path != "./keys"]
    assert len(ours) == 4
    assert [path for path in ours if not (root / path).exists()] == []


def test_nothing_listens_beyond_this_machine(services: dict[str, Any]) -> None:
    """`ports` would open them to everybody, as would a service that listens on every address."""
    assert {name: each["network_mode"] for name, each in services.items()} == {
        "engine": "host",
        "database": "none",
        "prometheus": "host",
        "grafana": "host",
    }
    assert not [name for name, each in services.items() if "ports" in each]
    assert "--web.listen-address=127.0.0.1:9090" in services["prometheus"]["command"]
    assert services["grafana"]["environment"]["GF_SERVER_HTTP_ADDR"] == "127.0.0.1"


def test_the_engine_is_asked_by_commands_that_there_are(services: dict[str, Any]) -> None:
    names = {name for name, *_ in COMMANDS}
    engine = services["engine"]
    assert engine["healthcheck"]["test"][:2] == ["CMD", "tipoff"]
    assert {engine["command"][0], engine["healthcheck"]["test"][2]} <= names
    assert engine["command"][2] == CONFIGS[1]


def test_the_configurations_are_the_default_one_with_lines_that_are_in_it(root: Path) -> None:
    text = (root / "Containerfile").read_text("utf-8")
    usual = (root / "engine.toml").read_text("utf-8").splitlines()
    changed = re.findall(r"'s\|\^(.+)\$\|.+\|'", text)
    assert len(changed) == 3
    assert [line for line in changed if usual.count(line) != 1] == []


@attrs.frozen
class Builder:
    """buildah with a store of its own."""

    folder: Path

    def words(self, *words: str) -> tuple[str, ...]:
        store = ("--root", str(self.folder / "store"), "--runroot", str(self.folder / "runroot"))
        return ("buildah", *store, "--storage-driver", "vfs", *words)

    def __call__(self, *words: str) -> str:
        return done(self.words(*words))

    def run(self, container: str, *words: str) -> str:
        return self("run", "--isolation", "chroot", container, "--", *words)


def done(command: Sequence[str]) -> str:
    """What a command prints. Skips where an index cannot be reached: nothing is wrong with the image then."""
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=BUILD_S_MAX)
    said = ended.stdout + ended.stderr
    if ended.returncode and (unreached := UNREACHED.search(said)):
        pytest.skip(f"{SHARED_IS_ABSENT}an index of packages does not answer: {unreached[0]}")
    assert ended.returncode == 0, said
    return ended.stdout.strip()


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    if os.geteuid() != 0:
        pytest.skip(f"{SHARED_IS_ABSENT}only root may build on a root of debootstrap")
    for program in ("buildah", "debootstrap"):
        if shutil.which(program) is None:
            pytest.skip(f"{SHARED_IS_ABSENT}{program} is missing: apt-get install buildah debootstrap")
    folder = tmp_path_factory.mktemp("images")
    yield Builder(folder)
    # A store is some gigabytes.
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def container(builder: Builder, root: Path) -> str:
    """A container of our image, whose base is a bare Debian of today."""
    base, context = builder.folder / "base", builder.folder / "context"
    done(
        ("debootstrap", "--variant=minbase", "--include=python3-venv,ca-certificates", "bookworm", str(base))
    )
    if CERTIFICATES.exists():
        # It trusts whom this machine trusts: there may be a mirror between us and the index.
        shutil.copy(CERTIFICATES, base / CERTIFICATES.relative_to("/"))
        (base / "etc/pip.conf").write_text(f"[global]\ncert = {CERTIFICATES}\n", "utf-8")
    scratch = builder("from", "scratch")
    builder("copy", "--quiet", scratch, str(base), "/")
    builder("commit", "--quiet", scratch, "localhost/debian")
    shutil.rmtree(base)
    (context / "requirements").mkdir(parents=True)
    shutil.copy(root / "requirements/runtime.txt", context / "requirements")
    done(
        (
            sys.executable,
            "-m",
            "build",
            "--no-isolation",
            "--wheel",
            "--outdir",
            str(context / "dist"),
            str(root),
        )
    )
    builder(
        "build",
        "--isolation",
        "chroot",
        "--layers=false",
        "--build-arg",
        "BASE=localhost/debian",
        "--tag",
        "tipoff",
        "--file",
        str(root / "Containerfile"),
        str(context),
    )
    return builder("from", "localhost/tipoff")


@pytest.mark.slow
@pytest.mark.timeout(BUILD_S_MAX + 200)
def test_the_image_is_built_and_its_engine_starts_answers_and_ends(
    builder: Builder, container: str, tmp_path: Path
) -> None:
    assert builder.run(container, "id", "-u") == "10001"
    shown = [
        json.loads(builder.run(container, "tipoff", "config", "show", "--json", "--config", each))
        for each in CONFIGS
    ]
    assert "?host=/run/postgresql" in json.dumps(shown[1])
    assert "?host=" not in json.dumps(shown[0])
    said = tmp_path / "said.txt"
    # Without any network: ports are nobody else's, and no venue is asked.
    command = (
        "unshare",
        "--net",
        *builder.words(
            "run", "--isolation", "chroot", container, "--", "tipoff", "run", "--config", CONFIGS[0]
        ),
    )
    with said.open("w", encoding="utf-8") as out:
        engine = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + READY_S_MAX
        while "ready: run" not in said.read_text("utf-8"):
            assert time.monotonic() < deadline, said.read_text("utf-8")
            with suppress(subprocess.TimeoutExpired):
                raise AssertionError(f"ended with {engine.wait(LOOK_S)}: {said.read_text('utf-8')}")
        status = json.loads(builder.run(container, "tipoff", "status", "--json"))
        assert status["state"] == "running"
        assert status["actors"] == status["actors_running"]
        # Whose process it is stands in its lock; what starts it does not hand signals on.
        builder.run(container, "sh", "-c", "kill -TERM $(cat /var/lib/tipoff/tipoff.lock)")
        assert engine.wait(READY_S_MAX) == Exit.OK, said.read_text("utf-8")
    finally:
        engine.kill()
        engine.wait()

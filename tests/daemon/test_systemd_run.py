"""The real daemon under a stand-in for the service manager: ready, scraped, watched, reloaded, stopped."""

import http.client
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import pytest

from daemon.exits import Exit
from daemon.metrics_families import FAMILIES

pytestmark = pytest.mark.slow
START_S_MAX = 60.0


@attrs.define
class Running:
    """A daemon and what it has told its manager."""

    process: subprocess.Popen[str]
    line: socket.socket
    port: int
    told: list[str] = attrs.field(factory=list)

    def wait_for(self, word: str, seconds: float = START_S_MAX) -> str:
        """Wait until the manager has heard a datagram with this word; returns it."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.line.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                self.told.append(self.line.recv(4_096).decode())
            except TimeoutError:
                break
            if word in self.told[-1]:
                return self.told[-1]
        raise AssertionError(f"{word} was not told; only {self.told}")

    def get(self, path: str) -> tuple[int, bytes]:
        """Ask the metrics page."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port


@pytest.fixture
def start(tmp_path: Path, root: Path) -> Iterator[Callable[[str], Running]]:
    """Start a daemon without keys whose venues refuse every connection; more text goes into its file."""
    running: list[Running] = []

    def begin(more: str) -> Running:
        port = free_port()
        config = tmp_path / "engine.toml"
        config.write_text(
            f'[engine]\nstate_directory = "{tmp_path}/state"\n[metrics]\nport = {port}\n'
            f'[kalshi]\nrest_url_demo = "http://127.0.0.1:9/trade-api/v2"\n{more}',
            "utf-8",
        )
        line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        line.bind(str(tmp_path / "notify"))
        process = subprocess.Popen(
            [sys.executable, "-m", "daemon", "run", "--config", str(config)],
            cwd=root,
            env={
                "NOTIFY_SOCKET": str(tmp_path / "notify"),
                "WATCHDOG_USEC": "2000000",
                "PYTHONPATH": str(root),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(Running(process, line, port))
        return running[-1]

    yield begin
    for each in running:
        each.process.kill()
        each.process.communicate()
        each.line.close()


def test_the_daemon_tells_its_manager_how_it_is_and_answers_scrapes_until_it_is_stopped(
    start: Callable[[str], Running],
) -> None:
    daemon = start("")
    ready = daemon.wait_for("READY=1")
    assert "STATUS=running, " in ready
    assert daemon.get("/healthz")[0] == 200
    status, text = daemon.get("/metrics")
    assert status == 200
    for family in (family for families in FAMILIES.values() for family in families):
        assert f"\n# TYPE {family.name} ".encode() in b"\n" + text
    for group in FAMILIES:
        assert f'tipoff_collector_up{{collector="{group}"}} 0'.encode() not in text
    promtool = shutil.which("promtool")
    if promtool is not None:
        checked = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, check=False)
        assert (checked.returncode, checked.stderr) == (0, b"")
    daemon.wait_for("WATCHDOG=1", 10)
    daemon.process.send_signal(signal.SIGTERM)
    daemon.wait_for("STOPPING=1", 10)
    assert daemon.process.wait(30) == Exit.OK


def test_a_broken_configuration_ends_at_once_with_the_code_that_is_not_started_again(
    start: Callable[[str], Running],
) -> None:
    daemon = start("[logging]\nlevel = 7\nstile = 1\n")
    assert daemon.process.wait(30) == Exit.CONFIG
    assert daemon.process.stderr is not None
    said = daemon.process.stderr.read()
    assert "logging.level" in said
    assert "stile" in said
    assert "Traceback" not in said

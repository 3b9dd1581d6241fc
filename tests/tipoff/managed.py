"""A real daemon in a process of its own, under a stand-in for the service manager.

Used by the tests of the service: here and in the stories. Whoever starts one ends it by `killed`.
"""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import attrs

START_S_MAX = 60.0


@attrs.define
class Running:
    """A daemon and what it has told its manager."""

    process: subprocess.Popen[str]
    line: socket.socket
    port: int
    told: list[str] = attrs.field(factory=list)
    said: str | None = None

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

    def killed(self) -> None:
        """End it, whatever it is doing."""
        self.process.kill()
        self.errors()
        self.line.close()

    def errors(self) -> str:
        """What it has said to people, once it has ended."""
        if self.said is None:
            self.said = self.process.communicate()[1]
        return self.said


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port


def started(
    root: Path,
    folder: Path,
    config: Path,
    port: int,
    path: tuple[Path, ...] = (),
    *,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Running:
    """Start a daemon with this configuration, whose metrics are at `port`; plug-ins lie in `path`.

    `environment` is what it has in its own besides what its manager says.
    """
    address = folder / "notify"
    address.unlink(missing_ok=True)
    line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    line.bind(str(address))
    process = subprocess.Popen(
        [sys.executable, "-m", "tipoff", "run", "--config", str(config)],
        cwd=root,
        env={
            "NOTIFY_SOCKET": str(address),
            "WATCHDOG_USEC": "2000000",
            "PYTHONPATH": os.pathsep.join(map(str, (root, *path))),
            "PATH": os.environ["PATH"],
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    return Running(process, line, port)

"""The processes of a soak: the simulated venues, the daemon, and the commands that look at what it left.

Each is a real process; what they print is kept in files. Must not judge anything.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import attrs

from tipoff.control.client import ControlClient
from tipoff.json_types import Json
from tipoff.output import Failure

ROOT = Path(__file__).resolve().parents[3]
START_S_MAX = 90.0
STOP_S_MAX = 60.0
COMMAND_S_MAX = 600.0
LOOK_S = 0.05


class Stuck(Exception):
    """A process did not do in time what it should; says which, and where its output is."""


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


@attrs.define
class Venues:
    """The simulated venues of one evening."""

    process: subprocess.Popen[str]
    admin: str
    config: Path

    @classmethod
    def started(cls, settings: Mapping[str, Json], log: Path) -> "Venues":
        """Start them and wait until they say where they are. Raises Stuck if they do not."""
        with log.open("ab") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.simulation.soak.venues_child", json.dumps(settings)],
                cwd=ROOT, env=_environment(), stdout=subprocess.PIPE, stderr=errors, text=True,
            )  # fmt: skip
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise Stuck(f"the venues did not start; see {log}")
        said = json.loads(line)
        return cls(process, said["admin"], Path(said["config"]))

    def end(self) -> None:
        """End them at once."""
        self.process.kill()
        self.process.communicate()


@attrs.define
class Daemon:
    """One life of the daemon."""

    process: subprocess.Popen[bytes]
    socket: Path
    tasks: Path
    log: Path

    @classmethod
    def started(cls, venues: Venues, socket: Path, speed: float, log: Path) -> "Daemon":
        """Start it; it is not ready yet."""
        tasks = log.with_suffix(".tasks")
        arguments = [str(venues.config.with_name("soak.toml")), venues.admin, str(speed), str(tasks)]
        with log.open("wb") as errors, log.with_suffix(".json").open("wb") as answer:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.simulation.soak.daemon_child", *arguments],
                cwd=ROOT, env=_environment(), stdout=answer, stderr=errors,
            )  # fmt: skip
        return cls(process, socket, tasks, log)

    @property
    def alive(self) -> bool:
        """Whether the process has not ended."""
        return self.process.poll() is None

    def wait_ready(self) -> dict[str, Json]:
        """Wait until it runs and its first fact is durable; returns its status. Raises Stuck."""
        deadline = time.monotonic() + START_S_MAX
        while time.monotonic() < deadline and self.alive:
            with suppress(Failure):
                status = self.look("status")
                assert isinstance(status, dict)
                if status["state"] not in ("starting", "stopping", "stopped") and status["run"]:
                    return status
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(LOOK_S)
        how = "is not ready" if self.alive else f"ended with {self.process.returncode}"
        raise Stuck(f"the daemon {how}; see {self.log}")

    def look(self, method: str, **params: Json) -> Json:
        """Ask over the control socket. Raises Failure."""
        with ControlClient(self.socket) as client:
            return client.query(method, **params)

    def operate(self, method: str, **params: Json) -> Json:
        """Have something done over the control socket. Raises Failure."""
        with ControlClient(self.socket) as client:
            return client.operate(method, None, **params)

    def resume(self, words: str) -> int:
        """End every halt whose reason has these words, as an operator would; returns how many there were."""
        resumed = 0
        with suppress(Failure), ControlClient(self.socket) as client:
            status = client.query("status")
            assert isinstance(status, dict)
            halts = status["halts"]
            assert isinstance(halts, list)
            for halt in halts:
                if isinstance(halt, dict) and words in str(halt["why"]):
                    client.operate("resume", scope=halt["scope"], reason="looked at it: the weather was it")
                    resumed += 1
        return resumed

    def kill(self) -> None:
        """End it as nothing else does: by SIGKILL."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> tuple[int, float]:
        """SIGTERM; returns the exit code and how long it took. Raises Stuck."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Stuck(f"the daemon did not stop within {STOP_S_MAX:g} s; see {self.log}") from None
        return code, time.monotonic() - began


def command(*arguments: str) -> tuple[int, dict[str, Json]]:
    """A command of the command line with --json: its exit code and its document."""
    done = subprocess.run(
        [sys.executable, "-m", "tipoff", *arguments, "--json"],
        cwd=ROOT, env=_environment(), capture_output=True, text=True, timeout=COMMAND_S_MAX, check=False,
    )  # fmt: skip
    try:
        document = json.loads(done.stdout)
    except ValueError:
        document = {"error": {"message": done.stdout + done.stderr}}
    return done.returncode, document

"""What serves until it is ended, with each of its switches: it begins, says so, and ends in good order.

Which switches there are is read from the command line.
Covers: tipoff.cli.run, tipoff.commands.simulate, tipoff.commands.run.
"""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import attrs
import pytest

from tests.tipoff.cli.test_every_switch import KEPT, SERVERS, leaves
from tipoff.cli.app import app
from tipoff.exit_codes import Exit

S_MAX: Final = 120.0
"""What a server may live, however busy the machine is."""
SIMULATED: Final = (
    ("--seed", "7", "--games", "1", "--speed", "50", "--port", "0", "--balldontlie-port", "0"),
    ("--today", "--keys", "keys"),
    ("--wall-clock", "--surprises", "--no-edges", "--held", "freeze=true"),
    ("--games", "1", "--history", "2", "--live-days", "1.5"),
    ("--serve", str(KEPT), "--json"),
)
"""Switches that are used together in one simulated evening each."""

RECORDED: Final = ("--record", "evenings", "--evenings", "1", "--games", "1")
"""Switches with which it serves nobody."""

RUN: Final = ("--config", "keys/engine.toml")

DASHBOARD: Final = (
    ("--socket", "nowhere.sock", "--port", "0"),
    ("--config", "engine.toml", "--db", "sqlite:///kept.db", "--run", "{run}"),
)
"""Live, of a daemon that is still to come; and looking back."""


@attrs.define
class Server:
    """A command of ours in a process of its own, and what it has said."""

    process: subprocess.Popen[str]
    said: str = ""

    def until(self, word: str) -> None:
        """Read until it says a word; whoever never does is killed and has come to its end."""
        assert self.process.stdout is not None
        while word not in self.said:
            line = self.process.stdout.readline()
            assert line, self.said
            self.said += line

    def ended(self, by: signal.Signals) -> int:
        """Its exit code when it is asked to end."""
        self.process.send_signal(by)
        assert self.process.stdout is not None
        self.said += self.process.stdout.read()
        assert "Traceback" not in self.said
        assert "a fault of tipoff" not in self.said
        return self.process.wait(S_MAX)


@contextmanager
def started(folder: Path, *words: str) -> Iterator[Server]:
    """Start a command; it is gone afterwards, and after a while whatever happens."""
    command = [sys.executable, "-u", "-m", "tipoff", *words]
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    guard = threading.Timer(S_MAX, process.kill)
    guard.start()
    with process:
        try:
            yield Server(process)
        finally:
            guard.cancel()
            process.kill()


def test_no_switch_of_them_is_left_out() -> None:
    tried = (*SIMULATED, RECORDED, RUN, *DASHBOARD)
    used = {word for words in tried for word in words if word.startswith("--")}
    every = set()
    for path, command in leaves(app):
        if path[0] in SERVERS:
            arguments = command.assemble_argument_collection()
            every |= {each.name for each in arguments if each.name.startswith("--") and each.show}
    assert used - {"--json"} == every


@pytest.mark.slow
def test_the_servers_begin_with_each_switch_and_end_when_they_are_asked(tmp_path: Path) -> None:
    with started(tmp_path, "simulate", *SIMULATED[1]) as today:
        today.until("config")
        with started(tmp_path, "run", *RUN) as daemon:
            daemon.until("ready: run")
            assert daemon.ended(signal.SIGTERM) == Exit.OK, daemon.said
        assert "our clock is" not in daemon.said
        assert today.ended(signal.SIGINT) == Exit.INTERRUPTED, today.said
    for words in (SIMULATED[0], *SIMULATED[2:]):
        with started(tmp_path, "simulate", *words) as venues:
            venues.until("admin")
            assert venues.ended(signal.SIGINT) == Exit.INTERRUPTED, venues.said


@pytest.mark.slow
def test_the_dashboard_begins_with_each_switch_and_ends_when_it_is_asked(tmp_path: Path) -> None:
    config = tmp_path / "engine.toml"
    config.write_text('[engine]\nstate_directory = "state"\n', "utf-8")
    with started(tmp_path, "replay", str(KEPT), "--db", "sqlite:///kept.db", "--json") as replayed:
        said, _ = replayed.process.communicate(timeout=S_MAX)
    run = str(json.loads(said.splitlines()[-1])["run"])
    for words in DASHBOARD:
        with started(tmp_path, "dashboard", *(word.format(run=run) for word in words)) as page:
            page.until("Ctrl-C ends it")
            assert "open http://127.0.0.1:" in page.said
            assert page.ended(signal.SIGINT) == Exit.INTERRUPTED, page.said


@pytest.mark.slow
def test_with_a_folder_for_recordings_it_writes_them_and_ends(tmp_path: Path) -> None:
    with started(tmp_path, "simulate", *RECORDED) as writer:
        assert writer.process.wait(S_MAX) == Exit.OK
    assert len(list((tmp_path / "evenings").iterdir())) == 1


@pytest.mark.slow
def test_a_port_that_is_taken_is_a_sentence(tmp_path: Path) -> None:
    with started(tmp_path, "simulate") as first:
        first.until("admin")
        port = first.said.partition("http://127.0.0.1:")[2].partition("/")[0]
        with started(tmp_path, "simulate", "--port", port) as second:
            second.until("ddress already in use")
            assert second.process.wait(S_MAX) == Exit.FAILED
            assert "a fault of tipoff" not in second.said

"""`run` and `simulate` with each of their switches: they begin, say so, and end in good order when asked.

Which switches there are is read from the command line.
Covers: tipoff.cli.run, tipoff.commands.simulate, tipoff.commands.run.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.tipoff.cli.test_every_switch import KEPT, SERVERS, leaves
from tipoff.cli.app import app
from tipoff.exit_codes import Exit

BEGIN_S_MAX: Final = 60.0
SIMULATED: Final = (
    ("--seed", "7", "--games", "1", "--speed", "50", "--port", "0", "--balldontlie-port", "0"),
    ("--today", "--keys", "keys"),
    ("--wall-clock", "--surprises", "--held", "freeze=true"),
    ("--serve", str(KEPT), "--json"),
)
"""Switches that are used together in one simulated evening each."""

RUN: Final = ("--config", "keys/engine.toml")


@contextmanager
def started(folder: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A command of ours in a process of its own, gone afterwards."""
    command = [sys.executable, "-m", "tipoff", *words]
    said = (folder / f"{words[0]}-{abs(hash(words))}.txt").open("w+")
    process = subprocess.Popen(command, cwd=folder, stdout=said, stderr=subprocess.STDOUT, text=True)
    process.stdout = said
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        said.close()


def said_of(process: subprocess.Popen[str]) -> str:
    """What it has said so far."""
    assert process.stdout is not None
    process.stdout.seek(0)
    return process.stdout.read()


def until(process: subprocess.Popen[str], word: str) -> None:
    """Wait until it says a word."""
    end = time.monotonic() + BEGIN_S_MAX
    while word not in said_of(process):
        assert process.poll() is None, said_of(process)
        assert time.monotonic() < end, said_of(process)
        time.sleep(0.05)


def ended(process: subprocess.Popen[str], by: signal.Signals) -> tuple[int, str]:
    """How it ends when it is asked to."""
    process.send_signal(by)
    code = process.wait(BEGIN_S_MAX)
    said = said_of(process)
    assert "Traceback" not in said
    assert "a fault of tipoff" not in said
    return code, said


def test_no_switch_of_them_is_left_out() -> None:
    used = {word for words in (*SIMULATED, RUN) for word in words if word.startswith("--")}
    every = set()
    for path, command in leaves(app):
        if path[0] in SERVERS:
            arguments = command.assemble_argument_collection()
            every |= {each.name for each in arguments if each.name.startswith("--") and each.show}
    assert used - {"--json"} == every


@pytest.mark.slow
def test_the_servers_begin_with_each_switch_and_end_when_they_are_asked(tmp_path: Path) -> None:
    with started(tmp_path, "simulate", *SIMULATED[1]) as today:
        until(today, "config")
        with started(tmp_path, "run", *RUN) as daemon:
            until(daemon, "ready: run")
            code, said = ended(daemon, signal.SIGTERM)
            assert code == Exit.OK, said
        assert "our clock is" not in said
        code, said = ended(today, signal.SIGINT)
        assert code == Exit.INTERRUPTED, said
    for words in (SIMULATED[0], SIMULATED[2], SIMULATED[3]):
        with started(tmp_path, "simulate", *words) as venues:
            until(venues, "admin")
            code, said = ended(venues, signal.SIGINT)
            assert code == Exit.INTERRUPTED, said


@pytest.mark.slow
def test_a_port_that_is_taken_is_a_sentence(tmp_path: Path) -> None:
    with started(tmp_path, "simulate") as first:
        until(first, "admin")
        port = said_of(first).partition("http://127.0.0.1:")[2].partition("/")[0]
        command = [sys.executable, "-m", "tipoff", "simulate", "--port", port]
        second = subprocess.run(command, capture_output=True, text=True, timeout=BEGIN_S_MAX, check=False)
        assert second.returncode == Exit.FAILED
        assert "ddress already in use" in second.stderr
        assert "a fault of tipoff" not in second.stderr

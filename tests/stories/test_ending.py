"""A real daemon beside the simulated venues is ended in every phase of its life, and goes on where it was."""

import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import attrs
import pytest

from engine.facts import OperatorActed, RunEnded, RunStarted
from persistence.maintenance import verify
from persistence.queries import Reader
from tests.stories.venues import venues
from tests.tipoff.managed import Running, free_port, started
from tipoff.control.client import ControlClient
from tipoff.exit_codes import Exit
from tipoff.process.shutdown import STOP_S_ALL
from tipoff.process.signals import CUT_S_MAX
from tipoff.process.stall import STILL_S
from venues.recordings.recorder import read

pytestmark = pytest.mark.slow


@attrs.define
class House:
    """A state directory beside the venues, and the daemons that live in it one after the other."""

    root: Path
    folder: Path
    config: Path
    port: int
    lives: list[Running] = attrs.field(factory=list)

    @property
    def database(self) -> Path:
        return next((self.folder / "state").glob("*.db"))

    def start(self) -> Running:
        life = started(self.root, self.folder, self.config, self.port)
        self.lives.append(life)
        return life

    def act(self, method: str, reason: str) -> None:
        with ControlClient(next((self.folder / "state").glob("*.sock")), 60) as client:
            client.operate(method, reason=reason)

    def state(self) -> str:
        with ControlClient(next((self.folder / "state").glob("*.sock")), 60) as client:
            return str(client.hello["state"])


@pytest.fixture
def house(root: Path, tmp_path: Path) -> Iterator[House]:
    with venues(tmp_path) as (config, _switch):
        text = config.read_text("utf-8")
        port = free_port()
        config.write_text(text.replace("port = 9464", f"port = {port}", 1), "utf-8")
        house = House(root, tmp_path, config, port)
        yield house
        for life in house.lives:
            life.killed()


def ended(life: Running, number: int) -> tuple[int, float]:
    """Send a signal and wait; the exit code and the seconds until then."""
    began = time.monotonic()
    life.process.send_signal(number)
    code = life.process.wait(2 * STOP_S_ALL)
    return code, time.monotonic() - began


def stopped(life: Running, seconds: float) -> None:
    """Let it stand still, as under a debugger or in a machine that is frozen."""
    life.process.send_signal(signal.SIGSTOP)
    with suppress(subprocess.TimeoutExpired):
        life.process.wait(seconds)
    life.process.send_signal(signal.SIGCONT)


@pytest.mark.fault("E5", "I1", "I2", "I3", "I4", "I6", "I8", "I10")
@pytest.mark.timeout(400)
def test_ended_while_starting_running_draining_halted_and_stopping(house: House) -> None:
    while_starting(house)
    while_draining(house)
    while_halted(house)
    while_stopping(house)
    assert_nothing_was_lost(house)


def while_starting(house: House) -> None:
    """Reload and a look at the state are refused in words; the end is one in good order."""
    life = house.start()
    life.wait_for("STATUS=starting")
    for number in (signal.SIGHUP, signal.SIGUSR1):
        life.process.send_signal(number)
    code, took = ended(life, signal.SIGTERM)
    assert (code, took < STOP_S_ALL) == (Exit.OK, True)
    assert "Traceback" not in life.errors()


def while_draining(house: House) -> None:
    """Reload and a look at the state end nothing; TERM ends in good order."""
    life = house.start()
    life.wait_for("READY=1")
    life.process.send_signal(signal.SIGHUP)
    life.wait_for("RELOADING=1")
    life.wait_for("READY=1")
    life.process.send_signal(signal.SIGUSR1)
    house.act("drain", reason="for the night")
    assert house.state() == "draining"
    code, took = ended(life, signal.SIGTERM)
    assert (code, took < STOP_S_ALL) == (Exit.OK, True)
    said = life.errors()
    assert "stopping: stopped by SIGTERM" in said
    assert '"event": "state"' in said
    assert "left unfinished" not in said
    life.wait_for("STOPPING=1", 1)


def while_halted(house: House) -> None:
    """Still draining; stopped for a while, which it notices; then halted, and ended by INT."""
    life = house.start()
    life.wait_for("READY=1")
    assert house.state() == "draining"
    stopped(life, STILL_S + 1.5)
    house.act("halt", reason="by hand")
    assert house.state() == "halted"
    assert ended(life, signal.SIGINT)[0] == Exit.OK
    assert '"event": "stood_still"' in life.errors()
    (recording,) = (house.folder / "state" / "recordings").iterdir()
    assert any(line.what == "lost" and "nothing was done" in line.body for line in read(recording))


def while_stopping(house: House) -> None:
    """The disk is held, so the first TERM waits; the second ends it at once."""
    life = house.start()
    life.wait_for("READY=1")
    assert house.state() == "halted"
    with closing(sqlite3.connect(house.database, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        life.process.send_signal(signal.SIGTERM)
        life.wait_for("stopping, durable")
        code, took = ended(life, signal.SIGTERM)
    assert code == Exit.CUT_SHORT
    assert took < CUT_S_MAX + 8
    # The next start goes on from what was durable.
    life = house.start()
    life.wait_for("READY=1")
    assert house.state() == "halted"
    assert ended(life, signal.SIGTERM)[0] == Exit.OK


def assert_nothing_was_lost(house: House) -> None:
    """The journal is whole, and every life began and went on where the one before had ended."""
    url = f"sqlite:///{house.database}"
    assert verify(url).problems == ()
    with Reader.open(url, None) as reader:
        run = reader.runs()[-1].run
    with Reader.open(url, run) as reader:
        facts = [recorded.fact for recorded in reader.facts()]
    assert sum(isinstance(fact, RunStarted) for fact in facts) == 4
    assert sum(isinstance(fact, RunEnded) for fact in facts) == 3
    acts = [fact.command for fact in facts if isinstance(fact, OperatorActed)]
    assert acts == ["reload", "drain", "halt"]

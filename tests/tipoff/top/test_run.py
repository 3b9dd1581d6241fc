"""The command `top`: what it needs, what it says without that, and a real daemon seen with it.

Covers: tipoff.cli.top.
"""

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from tipoff.cli.app import main
from tipoff.control.client import ControlClient
from tipoff.exit_codes import Exit
from tipoff.output import Failure
from tipoff.top import run
from tipoff.top.app import TopApp

from .conftest import LOOKS, MadeUp
from .test_app import head, until

START_S_MAX = 90.0


def test_without_its_library_it_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "LIBRARY", "a_library_that_nobody_has")
    assert main(["top", "--socket", "nowhere"]) == Exit.FAILED
    said = capfd.readouterr().err
    assert "not installed" in said
    assert "tipoff[top]" in said


def test_where_nobody_runs_it_exits_7(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for stream in ("stdin", "stdout"):
        monkeypatch.setattr(f"sys.{stream}.isatty", lambda: True, raising=False)
    with pytest.raises(Failure) as refused:
        run.run_top(tmp_path / "s", 1.0, as_json=False)
    assert refused.value.exit == Exit.NOT_RUNNING


def test_without_a_terminal_it_names_what_prints_once(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["top", "--socket", "nowhere"]) == Exit.USAGE
    assert "tipoff top --json" in capfd.readouterr().err


@pytest.mark.parametrize("every", ["0.1", "0", "-1", "3601", "often"])
def test_a_rate_that_would_disturb_is_refused(every: str) -> None:
    assert main(["top", "--every", every]) == Exit.USAGE


def test_as_a_document_it_is_one_round(daemon: MadeUp) -> None:
    document = run.once(daemon.connect()).document
    read = json.loads(json.dumps(document))
    assert set(LOOKS) <= set(read)
    assert read["hello"]["level"] == "operate"
    assert daemon.closed == 1


@attrs.define
class House:
    """Simulated venues and a daemon that trades with them, as processes."""

    folder: Path
    root: Path
    processes: list[subprocess.Popen[bytes]] = attrs.field(factory=list)

    @property
    def socket(self) -> Path:
        return self.folder / "state" / "control.sock"

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tipoff", *arguments]
        log = (self.folder / "log").open("ab")
        with log:
            self.processes.append(subprocess.Popen(command, cwd=self.root, stdout=log, stderr=log))
        return self.processes[-1]

    def wait_for(self, path: Path) -> None:
        deadline = time.monotonic() + START_S_MAX
        never = threading.Event()
        while not path.exists():
            assert time.monotonic() < deadline, (self.folder / "log").read_text("utf-8")
            never.wait(0.05)


@pytest.fixture
def house(tmp_path: Path, root: Path) -> Iterator[House]:
    made = House(tmp_path, root)
    yield made
    for process in made.processes:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_a_real_daemon_is_watched_halted_lost_and_found_again(house: House) -> None:
    config = house.folder / "engine.toml"
    house.start("simulate", "--today", "--keys", str(house.folder), "--games", "1")
    house.wait_for(config)
    run = house.start("run", "--config", str(config))
    house.wait_for(house.socket)

    async def story() -> None:
        app = TopApp(lambda: ControlClient(house.socket, 30), 0.2)
        async with app.run_test(size=(160, 48)) as pilot:
            async with asyncio.timeout(START_S_MAX):
                await until(pilot, lambda: len(app.seen.answers.markets) > 0)
            assert head(app).startswith((" TRADING", " NOT TRADING"))
            assert "risk_gate" in app.panes["actors"].render().plain
            assert app.seen.link.level == "admin"
            await pilot.press("h", "x", "enter", "enter")
            await until(pilot, lambda: head(app).startswith(" HALTED "))
            assert "halted by uid" in head(app)
            run.terminate()
            await until(pilot, lambda: head(app).startswith(" NO DAEMON "))
            await asyncio.to_thread(run.wait)
            house.start("run", "--config", str(config))
            await until(pilot, lambda: head(app).startswith(" HALTED "))

    asyncio.run(story())
    assert run.returncode == Exit.OK

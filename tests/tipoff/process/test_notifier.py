"""What a service manager hears, from a socket that stands in for it, and the unit that it reads."""

import configparser
import itertools
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
import trio

from tipoff.config.secret_files import secret_path
from tipoff.exit_codes import Exit
from tipoff.process.notifier import Notifier, watch
from tipoff.process.shutdown import STEPS, STOP_S_ALL
from tipoff.process.signals import SECONDS, SignalRequest
from tipoff.runs.from_config import schema

UNIT = "deploy/tipoff.service"


@attrs.frozen
class Manager:
    """A service manager that only listens."""

    line: socket.socket
    address: str

    def heard(self) -> list[dict[str, str]]:
        """Every datagram so far as its assignments."""
        found: list[dict[str, str]] = []
        while True:
            try:
                text = self.line.recv(4_096).decode()
            except BlockingIOError:
                return found
            found.append(dict(each.split("=", 1) for each in text.splitlines()))

    def notifier(self, **more: str) -> Notifier:
        return Notifier({"NOTIFY_SOCKET": self.address, **more})


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    """Listening on a file, or on a name without one."""
    path = str(tmp_path / "notify")
    abstract = request.param == "abstract"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.setblocking(False)
        line.bind("\0" + path if abstract else path)
        yield Manager(line, "@" + path if abstract else path)


def test_ready_status_and_stopping_are_told_in_their_words(manager: Manager) -> None:
    notifier = manager.notifier()
    notifier.ready("2 feeds")
    notifier.status("all\nwell " + "x" * 500)
    notifier.extend(1.5)
    notifier.stopping("by a signal")
    ready, status, extend, stopping = manager.heard()
    assert ready == {"READY": "1", "STATUS": "2 feeds"}
    assert status["STATUS"].startswith("all well x")
    assert len(status["STATUS"]) == 200
    assert extend == {"EXTEND_TIMEOUT_USEC": "1500000"}
    assert stopping == {"STOPPING": "1", "STATUS": "by a signal"}


def test_a_reload_brings_its_time_and_is_followed_by_ready(manager: Manager) -> None:
    notifier = manager.notifier()
    notifier.reloading("reading the configuration")
    notifier.ready("2 feeds")
    reloading, ready = manager.heard()
    assert reloading["RELOADING"] == "1"
    assert reloading["MONOTONIC_USEC"].isdigit()
    assert ready["READY"] == "1"


@pytest.mark.fault("I11")
@pytest.mark.parametrize("address", ["", "@", "relative", "/nowhere/at/all", "/" + "x" * 300, "vsock:2:1"])
def test_a_manager_that_is_missing_or_dead_is_ignored(address: str) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": address} if address else {})
    notifier.ready("")
    notifier.well()
    notifier.stopping("")


@pytest.mark.fault("I11")
def test_a_manager_that_does_not_read_never_holds_us_up(manager: Manager) -> None:
    notifier = manager.notifier()
    for _ in range(10_000):
        notifier.status("x" * 200)


@pytest.mark.parametrize(
    "environ, seconds",
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_waits_as_long_as_the_manager_says(
    environ: dict[str, str], seconds: float | None
) -> None:
    assert Notifier(environ).watchdog_s == seconds


@pytest.mark.parametrize("takes_s", [0.0, 5.0, 7.0])
async def test_the_watchdog_is_fed_at_least_twice_in_its_interval(
    manager: Manager, autojump_clock: trio.testing.MockClock, takes_s: float
) -> None:
    fed: list[float] = []

    class Noting(Notifier):
        def well(self) -> None:
            super().well()
            fed.append(autojump_clock.current_time())

    async def healthy() -> bool:
        await trio.sleep(takes_s)
        return True

    notifier = Noting({"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "30000000"})
    with trio.move_on_after(300):
        await watch(notifier, healthy, lambda: "well")
    assert len(fed) >= 20
    assert max(after - before for before, after in itertools.pairwise(fed)) <= 15
    assert sum("WATCHDOG" in told for told in manager.heard()) > 0


@pytest.mark.fault("I9")
async def test_the_watchdog_is_not_fed_while_a_critical_actor_is_stuck(
    manager: Manager, autojump_clock: trio.testing.MockClock
) -> None:
    stuck = True

    async def healthy() -> bool:
        if stuck:
            await trio.sleep_forever()
        return True

    notifier = manager.notifier(WATCHDOG_USEC="30000000")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch, notifier, healthy, lambda: "running")
        await trio.sleep(120)
        told = manager.heard()
        assert not any("WATCHDOG" in each for each in told)
        assert told[-1]["STATUS"] == "a critical actor does not answer; running"
        stuck = False
        await trio.sleep(30)
        assert any("WATCHDOG" in each for each in manager.heard())
        assert notifier.watchdog_at > 0
        nursery.cancel_scope.cancel()
    assert autojump_clock.current_time() > 0


# The unit


def settings(root: Path) -> configparser.SectionProxy:
    """The service section; a key that is given twice keeps its last value."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(root / UNIT)
    return parser["Service"]


@pytest.fixture(scope="module")
def analyze() -> str:
    found = shutil.which("systemd-analyze")
    if found is None:
        pytest.skip("systemd-analyze is not installed")
    return found


def test_the_unit_has_no_mistakes(root: Path, tmp_path: Path, analyze: str) -> None:
    unit = tmp_path / "tipoff.service"
    text = (root / UNIT).read_text("utf-8").replace("/opt/tipoff/bin/tipoff", "/bin/true")
    unit.write_text(text, "utf-8")
    done = subprocess.run([analyze, "verify", "--man=no", unit], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_unit_exposes_no_more_than_it_must(root: Path, analyze: str) -> None:
    command = [analyze, "security", "--offline=true", "--threshold=15", "--no-pager", str(root / UNIT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.promise("wrong-configuration-broken-invariant", "damaged-lost-database-ends")
def test_neither_a_wrong_configuration_nor_a_broken_invariant_is_started_again(root: Path) -> None:
    service = settings(root)
    prevented = service["RestartPreventExitStatus"].split()
    never = (Exit.INVARIANT_BROKEN, Exit.CUT_SHORT, Exit.CONFIG)
    assert prevented == [str(int(code)) for code in never]
    assert service["Restart"] == "on-failure"
    assert str(int(Exit.ESCALATED)) not in prevented


@pytest.mark.fault("I1")
def test_the_manager_waits_longer_than_all_steps_of_a_stop_and_than_its_end_by_force(root: Path) -> None:
    patience = int(settings(root)["TimeoutStopSec"])
    assert sum(step.seconds_max for step in STEPS) == STOP_S_ALL
    assert patience > max(SECONDS.values()) + 5
    assert SECONDS[SignalRequest.END.value] > STOP_S_ALL


def test_the_unit_reloads_by_a_signal_and_waits_for_ready(root: Path) -> None:
    service = settings(root)
    assert service["Type"] == "notify"
    assert service["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert int(service["WatchdogSec"]) >= 30


def test_every_secret_has_a_credential_and_none_is_in_the_environment(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = (root / UNIT).read_text("utf-8")
    given = [line for line in text.splitlines() if line.startswith("LoadCredential=")]
    named = [
        field.name
        for kind in schema().sections().values()
        for field in attrs.fields(kind)
        if field.name.endswith("_file")
    ]
    assert len(given) == len(named)
    assert "PASSWORD" not in text
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert secret_path("kalshi.pem") == tmp_path / "kalshi.pem"

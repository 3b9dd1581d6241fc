"""The real daemon under a stand-in for the service manager: ready, scraped, watched, reloaded, stopped."""

import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.tipoff.managed import Running, free_port, started
from tipoff.exit_codes import Exit
from tipoff.metrics.families import GROUPS, all_families

pytestmark = pytest.mark.slow


@pytest.fixture
def start(tmp_path: Path, root: Path) -> Iterator[Callable[[str], Running]]:
    """Start a daemon without keys whose venues refuse every connection; more text goes into its file."""
    running: list[Running] = []

    def begin(more: str) -> Running:
        port = free_port()
        config = tmp_path / "engine.toml"
        config.write_text(
            f'[engine]\nstate_directory = "{tmp_path}/state"\n[metrics]\nport = {port}\n'
            "[dashboard]\nenabled = false\n"
            f'[kalshi]\nrest_url_prod = "http://127.0.0.1:9/trade-api/v2"\n{more}',
            "utf-8",
        )
        running.append(started(root, tmp_path, config, port))
        return running[-1]

    yield begin
    for each in running:
        each.killed()


def test_the_daemon_tells_its_manager_how_it_is_and_answers_scrapes_until_it_is_stopped(
    start: Callable[[str], Running], tmp_path: Path
) -> None:
    daemon = start("")
    ready = daemon.wait_for("READY=1")
    assert "STATUS=running, " in ready
    assert daemon.get("/healthz")[0] == 200
    status, text = daemon.get("/metrics")
    assert status == 200
    for family in all_families():
        assert f"\n# TYPE {family.name} ".encode() in b"\n" + text
    for group in GROUPS:
        assert f'tipoff_collector_up{{collector="{group.name}"}} 0'.encode() not in text
    promtool = shutil.which("promtool")
    if promtool is not None:
        checked = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, check=False)
        assert (checked.returncode, checked.stderr) == (0, b"")
    daemon.wait_for("WATCHDOG=1", 10)
    reload_twice(daemon, tmp_path / "engine.toml")
    daemon.process.send_signal(signal.SIGTERM)
    daemon.wait_for("STOPPING=1", 10)
    assert daemon.process.wait(30) == Exit.OK
    said = daemon.errors()
    assert "reload: limit contracts_total is 70.0" in said
    assert "contracts_total" in said.partition("stays in force")[2]


def reload_twice(daemon: Running, file: Path) -> None:
    """Have a good and then a broken file read again: the manager hears of both, the metrics know which."""
    good = file.read_text("utf-8")
    for number, limit in enumerate(("70.0", "-1.0")):
        file.write_text(f"{good}[risk]\ncontracts_total = {limit}\n", "utf-8")
        daemon.process.send_signal(signal.SIGHUP)
        assert "MONOTONIC_USEC=" in daemon.wait_for("RELOADING=1", 10)
        daemon.wait_for("READY=1", 10)
        text = daemon.get("/metrics")[1].decode()
        assert f"\ntipoff_config_reloads_total {number + 1}.0\n" in text
        assert f"\ntipoff_config_reload_failures_total {number}.0\n" in text


@pytest.mark.fault("F1")
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

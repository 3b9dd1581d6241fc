"""Days of the simulated venues' history, downloaded by processes that are killed at any moment.

The recordings are those of a process that was not, to the byte, and they replay.
"""

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.tipoff.download.conftest import tree
from tipoff.download.stage import UNFINISHED
from tipoff.exit_codes import Exit

DAYS: Final = int(os.environ.get("DOWNLOAD_DAYS", "4"))
"""`DOWNLOAD_DAYS=30` is a month."""
KILLS: Final = 5
SEED: Final = 20_261_201

pytestmark = [pytest.mark.slow, pytest.mark.promise("interrupted-download"), pytest.mark.timeout(600 * DAYS)]


@contextmanager
def venues(folder: Path) -> Iterator[Path]:
    """The simulated venues in a process of their own, and a configuration with keys and quick budgets."""
    words = ("--games", "1", "--history", str(DAYS), "--live-days", str(DAYS / 2), "--wall-clock")
    command = [sys.executable, "-u", "-m", "tipoff", "simulate", *words, "--keys", "keys"]
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    config = folder / "keys" / "engine.toml"
    try:
        assert process.stdout is not None
        # The last line that it says when clients can come.
        assert any(line.startswith("config") for line in process.stdout)
        text = config.read_text("utf-8")
        # The simulated venue grants a key twenty a second; it is told by 429 who asks more often.
        config.write_text(re.sub(r"(?m)^reads_per_second = .*$", "reads_per_second = 25.0", text), "utf-8")
        yield config
    finally:
        process.kill()
        process.communicate()


def begun(folder: Path, out: str, config: Path) -> subprocess.Popen[bytes]:
    """A download in a process of its own."""
    days = ("--from", first_day(), "--to", "2026-11-19", "--out", out, "--config", str(config))
    return subprocess.Popen(
        [sys.executable, "-m", "tipoff", "download", *days, "--json"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def first_day() -> str:
    from datetime import date, timedelta

    return str(date(2026, 11, 20) - timedelta(days=DAYS))


def finished(process: subprocess.Popen[bytes]) -> None:
    _out, err = process.communicate(timeout=1_200)
    assert process.returncode == Exit.OK, err.decode()


def test_a_download_killed_five_times_ends_like_one_that_was_not(tmp_path: Path) -> None:
    draws = random.Random(SEED)
    with venues(tmp_path) as config:
        began = time.monotonic()
        finished(begun(tmp_path, "whole", config))
        whole_s = time.monotonic() - began
        for _ in range(KILLS):
            process = begun(tmp_path, "broken", config)
            with pytest.raises(subprocess.TimeoutExpired):
                process.communicate(timeout=draws.uniform(0.05, 0.3) * whole_s)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            assert process.returncode == -signal.SIGKILL
        finished(begun(tmp_path, "broken", config))
    assert sorted(path.name for path in (tmp_path / "broken").iterdir()) == sorted(
        path.name for path in (tmp_path / "whole").iterdir()
    )
    assert UNFINISHED not in {path.name for path in (tmp_path / "broken").iterdir()}
    assert len(tree(tmp_path / "whole")) == 2 * DAYS
    assert tree(tmp_path / "broken") == tree(tmp_path / "whole")
    replayed = subprocess.run(
        [sys.executable, "-m", "tipoff", "replay", "broken", "--json"],
        cwd=tmp_path,
        capture_output=True,
        timeout=1_200,
        check=False,
    )
    assert replayed.returncode == Exit.OK, replayed.stderr.decode()

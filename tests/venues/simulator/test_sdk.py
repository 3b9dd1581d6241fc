"""The venue's own client for Python reads every answer of the simulated REST interface.

It lives in an environment of its own (`make sdk`, in `build/sdk`), because it is no part of the product.
"""

import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from venues.simulator.kalshi.endpoints import ROUTES

SIMULATE = ["-m", "tipoff", "simulate", "--wall-clock", "--games", "1", "--speed", "200", "--json"]


@contextmanager
def simulated(root: Path) -> Generator[str]:
    """A running `tipoff simulate` on free ports; what it printed, as one line."""
    process = subprocess.Popen(
        [sys.executable, *SIMULATE], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        yield json.dumps(json.loads(process.stdout.readline()))
    finally:
        process.terminate()
        process.communicate(timeout=30)


def test_the_venues_own_client_reads_every_answer(root: Path) -> None:
    """Each path that is served is asked for, and what comes back fits the client's own classes."""
    python = root / "build" / "sdk" / "bin" / "python"
    if not python.exists():
        pytest.skip(f"the venue's own client is not installed in {python.parent.parent}: run `make sdk`")
    script = Path(__file__).with_name("sdk_calls.py")
    with simulated(root) as told:
        done = subprocess.run(
            [python, script], input=told, capture_output=True, text=True, timeout=110, check=False
        )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["failures"] == {}
    unasked = [
        pattern.pattern
        for pattern, _route, _private in ROUTES
        if not any(pattern.fullmatch(path) for path in said["paths"])
    ]
    assert unasked == []
    assert len(said["answers"]) >= len(ROUTES)

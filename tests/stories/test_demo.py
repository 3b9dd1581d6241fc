"""A whole evening over real sockets: everything traded and paid, and the recording replays to its digest.

Covers: tipoff.commands.demo, tipoff.commands.simulated_recording, tipoff.reports.document.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SPEED = "900"
"""One evening of one game in fifteen seconds or so, whatever else the machine does."""


def tipoff(*arguments: str) -> dict[str, Any]:
    """What a command prints as JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "tipoff", *arguments, "--json"],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    document: dict[str, Any] = json.loads(done.stdout)
    return document


@pytest.mark.promise("recording-demo-over-real")
@pytest.mark.slow
def test_the_demo_plays_an_evening_and_its_recording_gives_the_same_digest(tmp_path: Path) -> None:
    keep = tmp_path / "kept"
    played = tipoff("demo", "--games", "1", "--speed", SPEED, "--keep", str(keep))
    assert played["actors"] == {"restarts": 0, "dead_letters": 0, "failed": []}
    assert played["ledger"]["imbalance"] == "0.000000"
    assert played["recording"]["refused"] == 0
    assert {market["status"] for market in played["markets"].values()} == {"finalized"}
    assert all(market["snapshots"] for market in played["markets"].values())
    assert all(game["matched"] and game["status"] == "final" for game in played["games"])
    assert sum(row["fills"] for row in played["strategies"].values()) > 0
    replayed = tipoff("replay", str(keep / "recording"), "--verify")
    assert replayed["digest"] == played["digest"]
    assert replayed["strategies"] == played["strategies"]
    checked = tipoff("db", "verify", "--db", f"sqlite:///{keep / 'tipoff.db'}")
    assert checked["sound"]


@pytest.mark.slow
def test_a_demo_without_sockets_keeps_its_evening_too_and_never_mixes_two(tmp_path: Path) -> None:
    keep = tmp_path / "kept"
    demo = ("demo", "--games", "1", "--speed", "0", "--seed", "3", "--keep", str(keep))
    played = tipoff(*demo)
    replayed = tipoff("replay", str(keep / "recording"), "--verify")
    assert replayed["digest"] == played["digest"]
    assert tipoff("db", "verify", "--db", f"sqlite:///{keep / 'tipoff.db'}")["sound"]
    again = subprocess.run(
        [sys.executable, "-m", "tipoff", *demo], capture_output=True, text=True, timeout=60, check=False
    )
    assert again.returncode == 1
    assert f"{keep / 'recording'} is there already; name a folder without one" in again.stderr

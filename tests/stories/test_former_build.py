"""What a former build gave, byte for byte: a change that is not meant to change results must not.

The digests were taken from revision 1828d72. `former_build/` is what that build recorded of a simulated
evening of one game (`demo --speed 0 --seed 7 --games 1 --keep`), cut off in its third quarter, with the
configuration that it wrote beside it. Whoever means to change what is decided, filled or paid writes the new
digest here and says why.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

KEPT = Path(__file__).with_name("former_build")
OF_RECORDING = "74222c261e4fdf9d978a535b7e6586b32c2b4c812d3f8764f1ced76b3389c5b8"
OF_DEMO = {
    1: "3532b2eadb2190b3fc1fed6c841d28b3e80388f5e169d53f868194e1488da0b6",
    2: "b6eaaab33521f6397ec5079568c6c7690f34f5267e1a9b3b43604e611ac3e245",
    3: "2e856be2e337dac76f73d7ba3266af2396cbe3fd695796e242b5ec0ace11463b",
}


def tipoff(*arguments: str) -> dict[str, Any]:
    """What a command prints as JSON."""
    command = [sys.executable, "-m", "tipoff", *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, check=True)
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_a_recording_of_the_former_build_still_gives_its_digest() -> None:
    replayed = tipoff("replay", str(KEPT), "--config", str(KEPT / "engine.toml"))
    assert replayed["recording"]["frames"] == 10_125
    assert sum(row["fills"] for row in replayed["strategies"].values()) == 54
    assert replayed["digest"] == OF_RECORDING


@pytest.mark.slow
@pytest.mark.parametrize("seed", OF_DEMO)
def test_a_simulated_evening_is_played_as_the_former_build_played_it(seed: int) -> None:
    assert tipoff("demo", "--speed", "0", "--seed", str(seed))["digest"] == OF_DEMO[seed]

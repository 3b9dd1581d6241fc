"""Chaos over the runtime: safety while faults happen, liveness when they have stopped (checklist 32, 33)."""

import os
import subprocess
import sys

import pytest

from actors.runtime import VirtualSystem
from tests.actors.runtime.chaos import ChaosFound, Monkey, main, play


@pytest.mark.promise("dies-random-order-tree")
@pytest.mark.timeout(0)
def test_whatever_dies_the_tree_heals_and_nothing_vanishes(seeds: range) -> None:
    """Checklist 32."""
    for seed in seeds:
        play(seed)


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_the_same_seed_gives_the_same_events_whatever_the_hash_seed(hash_seed: str) -> None:
    """Checklist 33."""
    command = [sys.executable, "-m", "tests.actors.runtime.chaos", "7"]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert printed.splitlines()[0] == play(7)


def test_another_seed_gives_other_events() -> None:
    assert play(7) != play(8)


def test_a_failing_seed_is_named_with_the_command_that_plays_it_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def forgets_to_restart(_system: VirtualSystem, _address: object) -> bool:
        return False

    monkeypatch.setattr(Monkey, "_make_peace", lambda _monkey: None)
    monkeypatch.setattr(VirtualSystem, "revive", forgets_to_restart)
    with pytest.raises(ChaosFound, match=r"seed \d+: .*; again: python -m tests\.actors\.runtime\.chaos \d+"):
        main(["0", "20"])


def test_many_seeds_at_once_from_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["100", "3"]) == 0
    assert capsys.readouterr().out == "3 seeds from 100 on: everything held\n"

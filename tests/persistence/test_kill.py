"""kill -9 at any moment: whole transactions only, and nothing acknowledged is lost.

A replay ends as if undisturbed.
"""

import multiprocessing
import os
import random
import shutil
import signal
from collections.abc import Callable
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any

import pytest

from persistence.connect import Durability, Settings
from persistence.maintenance import verify
from persistence.writer import JournalWriter, Mode, Options

Opened = Callable[..., JournalWriter]
BATCH = 5
LARGE = 16
KILLS = 200
FORK = multiprocessing.get_context("fork")
# Children are forked from this process, which holds no database open then: 200 new interpreters would take
# minutes.


class Acknowledged:
    """The last number that a writer returned and whether it has opened, where its killer can read both.

    Plain shared memory without a lock: whoever is killed while holding one would take it along.
    """

    def __init__(self) -> None:
        self._shared = FORK.Array("q", [0, 0], lock=False)

    @property
    def seq(self) -> int:
        return int(self._shared[0])

    def set(self, seq: int) -> None:
        self._shared[0] = seq

    @property
    def opened(self) -> bool:
        return bool(self._shared[1])

    def set_opened(self, opened: int) -> None:
        self._shared[1] = opened


def replay(url: str, evening: list[Any], acknowledged: Acknowledged, durability: Durability) -> None:
    """What `tipoff replay --resume` does with its database: begin again, be compared, go on."""
    options = Options(mode=Mode.REPLAY, settings=Settings(durability=durability))
    writer = JournalWriter(url, "evening", options)
    acknowledged.set_opened(1)
    while writer.seq < len(evening):
        seq = writer.append(evening[writer.seq : writer.seq + BATCH])
        acknowledged.set(max(seq, acknowledged.seq))
    os._exit(0)


def run_and_kill(process: ForkProcess, acknowledged: Acknowledged, chance: random.Random) -> None:
    """Start a child and kill it: one in five while it opens, the others after it has opened, while it
    works.
    """
    acknowledged.set_opened(0)
    process.start()
    if chance.random() > 0.2:
        while not acknowledged.opened and process.exitcode is None:
            process.join(timeout=0.002)
        process.join(timeout=chance.uniform(0, 0.05))
    else:
        process.join(timeout=chance.uniform(0, 0.06))
    assert process.pid is not None
    if process.exitcode is None:
        os.kill(process.pid, signal.SIGKILL)
    process.join()


@pytest.mark.promise("writer-killed-200-times")
@pytest.mark.fault("I5")
@pytest.mark.slow
@pytest.mark.parametrize("durability", list(Durability))
def test_a_replay_killed_200_times_ends_like_the_undisturbed_one(
    lite: str, opened: Opened, make_evening: Callable[[int], list[Any]], durability: Durability
) -> None:
    """D6, D7: after each kill a new process begins the replay again on what is there."""
    evening = make_evening(600)
    whole = JournalWriter("sqlite://", "evening")
    whole.append(evening)
    digest = whole.digest()
    whole.close()
    chance = random.Random(durability.value)
    acknowledged = Acknowledged()
    stored = 0
    for kill in range(KILLS // 2):
        process = FORK.Process(target=replay, args=(lite, evening, acknowledged, durability))
        run_and_kill(process, acknowledged, chance)
        if kill % 10 == 9:
            found = verify(lite)
            assert found.problems == ()
            entries = found.runs[0].entries if found.runs else 0
            assert entries >= max(acknowledged.seq, stored)
            assert entries % BATCH == 0 or entries == len(evening)
            stored = entries
    assert stored > 10 * BATCH, "the kills came too early to show anything"
    writer = opened(lite, options=Options(mode=Mode.REPLAY))
    assert writer.stored_seq >= acknowledged.seq
    for start in range(0, len(evening), BATCH):
        writer.append(evening[start : start + BATCH])
    assert writer.digest() == digest
    assert verify(lite).runs[0].digest == digest


def killed_at(url: str, evening: list[Any], number: int, run: str = "evening") -> None:
    """A writer that is killed before its operation `number`."""
    done = 0

    def seam(_: str) -> None:
        nonlocal done
        done += 1
        if done == number:
            os.kill(os.getpid(), signal.SIGKILL)

    writer = JournalWriter(url, run, Options(seam=seam))
    for start in range(0, len(evening), LARGE):
        writer.append(evening[start : start + LARGE])
    os._exit(0)


@pytest.mark.postgres
def test_a_kill_before_any_operation_on_a_server_leaves_whole_batches(
    served: str, small_evening: list[Any]
) -> None:
    """D6 on PostgreSQL: what a killed process had not committed the server takes back, and its lock."""
    number, code = 0, -signal.SIGKILL
    while code != 0:
        number += 1
        run = f"run{number}"
        process = FORK.Process(target=killed_at, args=(served, small_evening, number, run))
        process.start()
        process.join()
        assert process.exitcode is not None
        code = process.exitcode
        writer = JournalWriter(served, run)
        assert writer.seq % LARGE == 0 or writer.seq == len(small_evening)
        writer.append(small_evening[writer.seq :])
        writer.close()
    assert number > 20
    assert verify(served).problems == ()


@pytest.mark.promise("kill-before-any-operation")
def test_a_kill_before_any_operation_leaves_whole_batches(
    file: Path, tmp_path: Path, small_evening: list[Any]
) -> None:
    """D6 by operation instead of by time: before each insertion, the commit, and between commit and mark."""
    number = 0
    while True:
        number += 1
        place = tmp_path / f"killed{number}"
        place.mkdir()
        url = f"sqlite:///{shutil.copy(file, place / 'tipoff.db')}"
        process = FORK.Process(target=killed_at, args=(url, small_evening, number))
        process.start()
        process.join()
        found = verify(url)
        assert [problem for problem in found.problems if problem.check != "mark"] == []
        entries = found.runs[0].entries if found.runs else 0
        assert entries % LARGE == 0 or entries == len(small_evening)
        writer = JournalWriter(url, "evening")
        assert writer.seq == entries
        writer.append(small_evening[entries:])
        writer.close()
        assert verify(url).sound
        shutil.rmtree(place)
        if process.exitcode == 0:
            break
    assert number > 20

"""A sweep ends with the same table: on one process, on two, after kills of its leader and of its workers.

Covers: tipoff.sweep.workers.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import attrs
import pytest

from persistence.sweep_store import SweepStore
from tipoff import __version__
from tipoff.sweep.plan import Plan, plan_of
from tipoff.sweep.recordings import recording_ref
from tipoff.sweep.sweep import Sweep, begin, parameters_text, tasks_of
from tipoff.sweep.task import RecordingRef, TrialTask
from tipoff.sweep.workers import Processes

TRIALS: Final = int(os.environ.get("SWEEP_TRIALS", "8"))
KILLS: Final = 5
PATIENCE_SECONDS: Final = 100

LOOK: Final = threading.Event()
"""Never set: to look again after a while. Other processes are what is waited for."""


def nobody(_done: int, _total: int) -> None:
    """Not watched."""


def made(path: Path, plan: Plan, config: str, evenings: Path) -> SweepStore:
    """A new sweep over both evenings."""
    refs = [recording_ref(evenings / name) for name in ("evening-3", "evening-4")]
    return begin(path, attrs.evolve(plan, version=__version__), config, refs)


def run(path: Path, workers: int) -> str:
    """Play what is missing, and the digest of the table."""
    with SweepStore(path) as store:
        processes = Processes(workers)
        try:
            Sweep(store).run(processes, nobody)
        finally:
            processes.close()
        return store.digest()


@pytest.fixture(scope="module")
def plan() -> Plan:
    """A few trials of a strategy that thinks little."""
    return plan_of({}, [f"sharp_line.position_size=1..{TRIALS}"])


@pytest.fixture(scope="module")
def undisturbed(
    plan: Plan, config_text: str, evenings: Path, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """The digest of the sweep that nobody disturbed, played in one process."""
    path = tmp_path_factory.mktemp("undisturbed") / "sweep.db"
    made(path, plan, config_text, evenings).close()
    return run(path, workers=1)


def test_one_process_and_two_give_the_same_table(
    plan: Plan, config_text: str, evenings: Path, tmp_path: Path, undisturbed: str
) -> None:
    made(tmp_path / "sweep.db", plan, config_text, evenings).close()
    assert run(tmp_path / "sweep.db", workers=2) == undisturbed


def begun(path: Path, workers: int = 2) -> "subprocess.Popen[bytes]":
    """Somebody's `tipoff sweep resume`."""
    words = ["sweep", "resume", str(path), "--workers", str(workers), "--json"]
    command = [sys.executable, "-m", "tipoff", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def children(pid: int) -> list[int]:
    """The processes that this one has started."""
    try:
        told = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(each) for each in told.split()]


def until(holds: Callable[[], bool]) -> bool:
    """Wait for something that another process does; whether it came."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < ends:
        if holds():
            return True
        LOOK.wait(0.02)
    return False


def alive(pid: int) -> bool:
    """Whether a process lives, and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.promise("sweep-survives-kills")
def test_a_sweep_that_is_killed_at_random_ends_with_the_undisturbed_table(
    plan: Plan, config_text: str, evenings: Path, tmp_path: Path, undisturbed: str
) -> None:
    path, draw = tmp_path / "sweep.db", random.Random(7)
    made(path, plan, config_text, evenings).close()
    for kill in range(KILLS):
        leader = begun(path)
        assert until(lambda leader=leader: len(children(leader.pid)) >= 2 or leader.poll() is not None)  # type: ignore[misc]
        LOOK.wait(draw.uniform(0.0, 6.0))
        workers = children(leader.pid)
        if kill % 2 and workers:
            # A worker, and then let it go on a while before its leader falls too.
            os.kill(draw.choice(workers), signal.SIGKILL)
            LOOK.wait(draw.uniform(0.0, 4.0))
        workers = children(leader.pid)
        leader.kill()
        leader.communicate()
        assert until(lambda workers=workers: not any(map(alive, workers))), "its workers end with it"  # type: ignore[misc]
    leader = begun(path)
    out, err = leader.communicate(timeout=PATIENCE_SECONDS * 8)
    assert leader.returncode == 0, err.decode()
    told = json.loads(out)
    assert (told["missing"], told["failed"], told["digest"]) == (0, 0, undisturbed)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(
    plan: Plan, config_text: str, evenings: Path, tmp_path: Path
) -> None:
    path = tmp_path / "sweep.db"
    made(path, plan, config_text, evenings).close()
    leader = begun(path, workers=1)

    def rows() -> int:
        with SweepStore(path, reads=True) as store:
            return len(store.outcomes(Sweep(store).key))

    assert until(lambda: rows() > 0)
    leader.send_signal(signal.SIGINT)
    _, err = leader.communicate(timeout=PATIENCE_SECONDS)
    assert leader.returncode == 130
    assert b"tipoff sweep resume" in err
    assert b"Traceback" not in err
    assert rows() > 0


def test_tasks_are_as_equal_as_can_be_and_enough_for_all_workers() -> None:
    refs = [RecordingRef(str(number) * 64, f"e{number}", "", ()) for number in range(3)]
    trials = [TrialTask(number, ()) for number in range(60)]
    sizes = [len(task.trials) for task in tasks_of(dict.fromkeys(refs[:1], trials), 2)]
    assert sizes == [20, 20, 20]
    sizes = [len(task.trials) for task in tasks_of(dict.fromkeys(refs[:1], trials[:10]), 4)]
    assert sizes == [2, 3, 2, 3]
    assert not list(tasks_of({}, 2))


def test_parameters_have_one_text_whatever_their_order() -> None:
    assert parameters_text({"b": 1, "a": "x"}) == parameters_text({"a": "x", "b": 1}) == '{"a":"x","b":1}'

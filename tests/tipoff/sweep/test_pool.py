"""Workers that die: everything is played in the end, and only the trial that kills them is recorded so."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import pytest

from tipoff.sweep.pool import Pool
from tipoff.sweep.recordings import RecordingRefused
from tipoff.sweep.task import PlayedEvening, RecordingRef, Task, TrialOutcome, TrialTask

REF = RecordingRef("d" * 64, "evening", "/nowhere", ())


class Pretended(Executor):
    """A pool in this process. Under a killer it dies, and all that is sent after that falls with it."""

    def __init__(self, workers: "PretendedWorkers") -> None:
        self.workers = workers
        self.dead = False

    def submit(self, play: Callable[..., Any], /, *given: Any, **_: Any) -> "Future[Any]":  # noqa: ANN401
        """Play at once."""
        (task,) = given
        future: Future[Any] = Future()
        numbers = {trial.number for trial in task.trials}
        self.workers.sent.append(numbers)
        accident = self.workers.accidents and len(self.workers.sent) in self.workers.accidents
        self.dead = self.dead or accident or bool(numbers & self.workers.killers)
        if self.dead:
            future.set_exception(BrokenProcessPool("a process ended"))
            return future
        try:
            future.set_result(play(task))
        except Exception as error:  # noqa: BLE001 - as a worker hands it on
            future.set_exception(error)
        return future


class PretendedWorkers:
    """Makes pools anew, and counts them."""

    def __init__(self, killers: set[int], accidents: set[int] | None = None) -> None:
        self.count = 2
        self.killers, self.accidents = killers, accidents or set()
        self.sent: list[set[int]] = []
        self.made = 0
        self._executor: Pretended | None = None

    def executor(self) -> Executor:
        """The living one."""
        if self._executor is None:
            self._executor = Pretended(self)
            self.made += 1
        return self._executor

    def died(self, error: BaseException) -> bool:
        """As processes say it."""
        return isinstance(error, BrokenProcessPool)

    def renew(self) -> bool:
        """All of it is gone."""
        self._executor = None
        return True


def play(task: Task) -> PlayedEvening:
    """An evening that nothing is in; trial 99 raises."""
    if any(trial.number == 99 for trial in task.trials):
        raise ZeroDivisionError("by nothing")
    return PlayedEvening((), tuple(TrialOutcome(number=each.number, state="done") for each in task.trials))


def tasks(size: int, *numbers: int) -> list[Task]:
    """Tasks of so many trials."""
    trials = [TrialTask(number, ()) for number in numbers]
    return [Task(REF, tuple(trials[at : at + size])) for at in range(0, len(trials), size)]


def states(workers: PretendedWorkers, wanted: list[Task]) -> dict[int, str]:
    """What became of each trial; none of them twice."""
    found: dict[int, str] = {}
    for ended in Pool(workers, play).played(wanted):
        assert ended is not None
        for outcome in ended[1].outcomes:
            assert outcome.number not in found
            found[outcome.number] = outcome.state
    return found


@pytest.mark.parametrize("size", [1, 3, 10])
@pytest.mark.parametrize("killers", [set(), {4}, {0, 19}, {7, 8, 9}])
def test_all_are_played_but_those_under_which_workers_die(size: int, killers: set[int]) -> None:
    workers = PretendedWorkers(killers)
    found = states(workers, tasks(size, *range(20)))
    assert found == {number: "poisoned" if number in killers else "done" for number in range(20)}


def test_a_worker_that_somebody_killed_costs_no_trial() -> None:
    workers = PretendedWorkers(set(), accidents={2, 9})
    assert set(states(workers, tasks(2, *range(20))).values()) == {"done"}
    assert workers.made == 3


def test_who_was_in_flight_at_a_death_is_played_alone() -> None:
    workers = PretendedWorkers({3})
    states(workers, tasks(1, *range(8)))
    after = workers.sent[workers.sent.index({3}) + 1 :]
    assert after.count({3}) == 1, "twice in all"
    assert workers.made == 3


def test_a_trial_that_raises_is_a_row_and_its_companions_are_played() -> None:
    found = states(PretendedWorkers(set()), tasks(4, 1, 2, 99, 3))
    assert found == {1: "done", 2: "done", 3: "done", 99: "failed"}


def test_a_recording_that_is_another_stops_the_sweep() -> None:
    def refuse(_task: Task) -> PlayedEvening:
        raise RecordingRefused("it differs")

    with pytest.raises(RecordingRefused):
        list(Pool(PretendedWorkers(set()), refuse).played(tasks(1, 1, 2)))


def test_no_more_than_twice_as_many_as_workers_are_in_flight() -> None:
    flying: set[Future[Any]] = set()
    most = 0

    class Slow(Pretended):
        def submit(self, play: Callable[..., Any], /, *given: Any, **_: Any) -> "Future[Any]":  # noqa: ANN401
            nonlocal most
            future = super().submit(play, *given)
            flying.add(future)
            most = max(most, len(flying))
            return future

    workers = PretendedWorkers(set())
    workers._executor = Slow(workers)
    for ended in Pool(workers, play).played(tasks(1, *range(30))):
        assert ended is not None
        if flying:
            flying.pop()
    assert most == 4

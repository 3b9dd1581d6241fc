"""Tasks on worker processes that may die: what was in flight is played again, and who kills them is found.

Runs over any executor of `concurrent.futures`: processes of this machine, or dask.distributed's on others. At
most twice as many tasks as workers are in flight. When workers die nobody knows under which task: all that
were in flight are suspects and are played one at a time. A suspect under which they die again is divided,
down to the trial; that trial is recorded as poisoned, and no other.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from typing import Final, Protocol

import attrs

from tipoff.config.problems import ConfigError
from tipoff.output import Failure
from tipoff.sweep.recordings import RecordingRefused
from tipoff.sweep.task import PlayedEvening, State, Task, TrialOutcome

IN_FLIGHT: Final = 2
"""Tasks in flight for each worker."""

DEATHS: Final = 2
"""A task that was in flight at so many deaths, the last of them alone, is to blame."""

LOOK_SECONDS: Final = 1.0
"""So often the leader looks up while nothing ends."""


class Workers(Protocol):
    """Where tasks are played."""

    count: int
    """How many at once."""

    def executor(self) -> Executor:
        """A living executor; a new one where the last has died."""
        ...

    def died(self, error: BaseException) -> bool:
        """Whether a task's error says that its worker died, and not what the task raised."""
        ...

    def renew(self) -> bool:
        """After a death: make the pool anew if all of it is dead; whether it was."""
        ...


@attrs.frozen
class Suspect:
    """A task, and at how many deaths of workers it was in flight; who is `suspected` flies alone."""

    task: Task
    deaths: int = 0
    suspected: bool = True


class Pool:
    """Plays tasks until all have an outcome."""

    def __init__(self, workers: Workers, play: Callable[[Task], PlayedEvening]) -> None:
        """`play` is sent to the workers with each task, so it must be picklable."""
        self._workers = workers
        self._play = play
        self._suspects: deque[Suspect] = deque()
        self._flying: dict[Future[PlayedEvening], Suspect] = {}

    def played(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, PlayedEvening] | None]:
        """Each task, or part of one, with what came of it, as they end; None each second in which none does.

        Raises RecordingRefused and ConfigError, for which no trial is to blame.
        """
        waiting = iter(tasks)
        try:
            while True:
                self._submit(waiting)
                if not self._flying:
                    return
                done, _ = wait(self._flying, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
                if not done:
                    yield None
                yield from self._ended(done)
        finally:
            for future in self._flying:
                future.cancel()

    def _submit(self, waiting: Iterator[Task]) -> None:
        if any(each.suspected for each in self._flying.values()):
            return
        if self._suspects:
            # One at a time and alone, or the next death would make more suspects.
            if not self._flying:
                self._send(self._suspects.popleft())
            return
        while len(self._flying) < IN_FLIGHT * self._workers.count:
            task = next(waiting, None)
            if task is None:
                return
            self._send(Suspect(task, suspected=False))

    def _send(self, suspect: Suspect) -> None:
        try:
            future = self._workers.executor().submit(self._play, suspect.task)
        except Exception as error:
            # It died since the last answer; what was in flight hears so from its futures.
            if not self._workers.died(error):
                raise
            self._suspects.append(Suspect(suspect.task, suspect.deaths))
            self._workers.renew()
            return
        self._flying[future] = suspect

    def _ended(self, done: Iterable[Future[PlayedEvening]]) -> Iterator[tuple[Task, PlayedEvening]]:
        died = False
        for future in done:
            suspect = self._flying.pop(future)
            error = future.exception()
            if error is None:
                yield suspect.task, future.result()
            elif self._workers.died(error):
                died = True
                yield from self._blamed(suspect)
            else:
                yield from self._failed(suspect, error)
        if died and self._workers.renew():
            # The whole pool is gone, and with it whatever else was in flight.
            for suspect in self._flying.values():
                self._suspects.append(Suspect(suspect.task, suspect.deaths + 1))
            self._flying.clear()

    def _blamed(self, suspect: Suspect) -> Iterator[tuple[Task, PlayedEvening]]:
        deaths = suspect.deaths + 1
        if deaths < DEATHS:
            self._suspects.append(Suspect(suspect.task, deaths))
        elif len(suspect.task.trials) > 1:
            self._divide(suspect.task, deaths=1)
        else:
            words = f"{deaths} workers died while it was played"
            yield suspect.task, _nothing(suspect.task, "poisoned", words)

    def _failed(self, suspect: Suspect, error: BaseException) -> Iterator[tuple[Task, PlayedEvening]]:
        if isinstance(error, RecordingRefused | ConfigError | Failure):
            # The machine's or the configuration's, so every other task's too.
            raise error
        if len(suspect.task.trials) > 1:
            # Nobody knows whose fault it is, so each is asked by itself.
            self._divide(suspect.task, deaths=0)
            return
        words = f"{type(error).__name__}: {error}"
        yield suspect.task, _nothing(suspect.task, "failed", words)

    def _divide(self, task: Task, *, deaths: int) -> None:
        half = len(task.trials) // 2
        for trials in (task.trials[:half], task.trials[half:]):
            self._suspects.append(Suspect(attrs.evolve(task, trials=trials), deaths))


def _nothing(task: Task, state: State, error: str) -> PlayedEvening:
    outcomes = (TrialOutcome(number=trial.number, state=state, error=error) for trial in task.trials)
    return PlayedEvening((), tuple(outcomes))

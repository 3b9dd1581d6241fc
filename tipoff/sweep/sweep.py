"""A sweep from its file: which trials there are, what is missing, and what came of them."""

import datetime as dt
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import attrs
import msgspec

from engine.overfitting.table import PlayedGame, SweepTable, Trial
from persistence.sweep_store import OutcomeRow, ResultRow, SweepKey, SweepStore
from tipoff.sweep.evening import play
from tipoff.sweep.objectives import GameScore, Objective
from tipoff.sweep.plan import Mode, Plan
from tipoff.sweep.pool import Pool, Workers
from tipoff.sweep.recordings import moved
from tipoff.sweep.search import BATCH, Search
from tipoff.sweep.space import Parameters, Value
from tipoff.sweep.task import PlayedEvening, RecordingRef, SweepSetup, Task, TrialTask

TASK_TRIALS: Final = 25
"""So many trials of an evening are one task: more share more, and want more memory."""

Told = Callable[[int, int], None]
"""Hears how many (trial, evening) pairs are done, and how many there are."""


@attrs.frozen
class TrialResult:
    """A trial over all evenings: its value is the mean a game of what is looked for, None where it failed."""

    number: int
    parameters: Parameters
    value: float | None
    games: tuple[float, ...]
    errors: tuple[str, ...]
    orders: int
    fills: int


class Sweep:
    """One sweep and its results."""

    def __init__(self, store: SweepStore) -> None:
        """Of an open file."""
        self.store = store
        plan, self.config = store.plan()
        self.plan = Plan.of_text(plan)
        self.recordings = [read_ref(body) for _, body in store.recordings()]
        self.key = SweepKey(self.plan.strategy, self.plan.version, self.plan.run_seed)
        self.setup = SweepSetup(
            config=self.config,
            strategy=self.plan.strategy,
            seed=self.plan.run_seed,
            version=self.plan.version,
            every_market=self.plan.every_market,
        )

    # Playing

    def run(self, workers: Workers, told: Told, at: str | None = None) -> None:
        """Play whatever is missing; `at` is where workers find the recordings, a folder or a URL.

        Each answer is durable before the next is waited for. Raises what the pool raises.
        """
        places = moved(self.recordings, at)
        pool = Pool(workers, partial(play, self.setup))
        if self.plan.mode is not Mode.SEARCH:
            trials = {
                number: parameters_text(each) for number, each in enumerate(self.plan.combinations(), 1)
            }
            self.store.add_trials(trials.items())
            self._play(pool, workers.count, places, trials, told)
            return
        search, wanted = Search(self.plan.space, self.plan.seed), self.plan.wanted()
        for first in range(1, wanted + 1, BATCH):
            asked = search.ask(range(first, min(first + BATCH, wanted + 1)))
            trials = {number: parameters_text(each) for number, each in asked.items()}
            self.store.add_trials(trials.items())
            before = (first - 1) * len(places)
            self._play(pool, workers.count, places, trials, _told_of_all(told, before, wanted * len(places)))
            search.tell({each.number: each.value for each in self.results() if each.number in asked})

    def _play(
        self,
        pool: Pool,
        workers: int,
        places: Sequence[RecordingRef],
        trials: dict[int, str],
        told: Told,
    ) -> None:
        known = {(row.recording, row.parameters) for row in self.store.outcomes(self.key)}
        missing: dict[RecordingRef, list[TrialTask]] = {}
        total = done = 0
        for place in places:
            for number, text in trials.items():
                total += 1
                if (place.digest, text) in known:
                    done += 1
                    continue
                # Two trials of a search may be the same; it is played once.
                known.add((place.digest, text))
                missing.setdefault(place, []).append(TrialTask(number, tuple(json.loads(text).items())))
        told(done, total)
        for ended in pool.played(tasks_of(missing, workers)):
            if ended is not None:
                task, played = ended
                self._keep(task, played, trials)
                done += len(task.trials)
            told(done, total)

    def _keep(self, task: Task, played: PlayedEvening, trials: dict[int, str]) -> None:
        digest = task.recording.digest
        rows = []
        for outcome in played.outcomes:
            text = trials[outcome.number]
            counts = (outcome.signals, outcome.orders, outcome.fills)
            row = OutcomeRow(digest, text, outcome.state, outcome.error, *counts)
            rows.append((row, [ResultRow(digest, text, *attrs.astuple(each)) for each in outcome.games]))
        self.store.add(self.key, digest, played.games, rows)

    # Reading

    def games(self) -> list[PlayedGame]:
        """Every game, in the order of the days; one that stands in two recordings is one game."""
        days: dict[str, str] = {}
        for _, game, day in self.store.games():
            days[game] = min(day, days.get(game, day))
        games = [PlayedGame(game, dt.date.fromisoformat(day)) for game, day in days.items()]
        return sorted(games, key=lambda game: (game.day, game.name))

    def results(self, objective: Objective | None = None) -> list[TrialResult]:
        """Every trial by number, by the plan's objective unless another is named."""
        looked_for = self.plan.objective if objective is None else objective
        places = {game.name: place for place, game in enumerate(self.games())}
        brought: dict[str, list[float]] = {}
        for row in self.store.results(self.key):
            mine = brought.setdefault(row.parameters, [0.0] * len(places))
            mine[places[row.game]] += GameScore(*attrs.astuple(row)[2:]).of(looked_for)
        outcomes: dict[str, list[OutcomeRow]] = {}
        for outcome in self.store.outcomes(self.key):
            outcomes.setdefault(outcome.parameters, []).append(outcome)
        return [
            self._result(number, text, brought.get(text, [0.0] * len(places)), outcomes.get(text, []))
            for number, text in self.store.trials().items()
        ]

    def _result(
        self, number: int, text: str, brought: Sequence[float], outcomes: Sequence[OutcomeRow]
    ) -> TrialResult:
        errors = tuple(row.error or row.state for row in outcomes if row.state != "done")
        whole = not errors and len(outcomes) == len(self.recordings)
        return TrialResult(
            number=number,
            parameters=json.loads(text),
            value=sum(brought) / len(brought) if whole and brought else None,
            games=tuple(brought),
            errors=errors,
            orders=sum(row.orders for row in outcomes),
            fills=sum(row.fills for row in outcomes),
        )

    def missing(self) -> int:
        """How many (trial, evening) pairs have no outcome yet, of the trials that are known."""
        known = {(row.recording, row.parameters) for row in self.store.outcomes(self.key)}
        texts = set(self.store.trials().values())
        wanted = self.plan.wanted() - len(self.store.trials())
        here = sum((each.digest, text) not in known for each in self.recordings for text in texts)
        return here + wanted * len(self.recordings)

    def table(self, objective: Objective | None = None) -> SweepTable:
        """The whole trials as the guards against luck take them; all that were tried are counted."""
        results = self.results(objective)
        width = len(str(len(results)))
        trials = [
            Trial(f"{each.number:0{width}}", each.parameters, each.games)
            for each in results
            if each.value is not None
        ]
        return SweepTable.of(self.games(), trials, tried=len(results))


def _told_of_all(told: Told, before: int, total: int) -> Told:
    return lambda done, _of_these: told(before + done, total)


def begin(path: Path, plan: Plan, config: str, recordings: Iterable[RecordingRef]) -> SweepStore:
    """The file of a new sweep."""
    refs = [(each.digest, msgspec.json.encode(attrs.asdict(each)).decode()) for each in recordings]
    return SweepStore.create(path, plan=plan.text(), config=config, recordings=refs)


def read_ref(body: str) -> RecordingRef:
    """A recording as it is stored."""
    words = json.loads(body)
    files = tuple((name, digest) for name, digest in words["files"])
    return RecordingRef(words["digest"], words["name"], words["place"], files)


def parameters_text(parameters: Parameters) -> str:
    """A trial's parameters as the store has them: JSON in the order of the names."""
    ordered: dict[str, Value] = dict(sorted(parameters.items()))
    return json.dumps(ordered, separators=(",", ":"))


def tasks_of(missing: dict[RecordingRef, list[TrialTask]], workers: int) -> Iterator[Task]:
    """What is missing in tasks: large, that much is shared, but so many that each worker has something."""
    count = sum(map(len, missing.values()))
    size = min(TASK_TRIALS, -(-count // workers) or 1)
    for recording, trials in missing.items():
        parts = -(-len(trials) // size)
        # As equal as can be: a small rest would pay for reading the evening as a large one does.
        edges = [len(trials) * part // parts for part in range(parts + 1)]
        for begin_at, end_at in itertools.pairwise(edges):
            yield Task(recording, tuple(trials[begin_at:end_at]))

"""Mutates every function of a room and runs the tests that could notice: one must fail.

Half of `make mutate`. The tests are collected and run once, to see which come to what and how long they take;
then each mutant is a forked child in which one function has other code. First come the tests that have killed
its neighbours, then the quick ones. At the end those that killed must pass once more, or nothing has been
shown. What was found out is remembered, see `memory`: a second run asks only about what has changed.
"""

import builtins
import functools
import gc
import itertools
import os
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import FunctionType
from typing import TypeAlias

import attrs
import pytest
from _pytest.runner import runtestprotocol

from tests.mutants.breaks import ROOT
from tests.mutants.forks import FAILED, PASSED, Outcome, outcome_of, say
from tests.mutants.memory import Fate, Memory, Seen, base_digest, digest_of, file_digest
from tests.mutants.operators import Mutant, mutants, number_of_mutants
from tests.mutants.reaching import Reached
from tests.tidy.mirror import module_of, tests_by_module
from tests.tidy.source import sources

SLOW_S = 12.0
"""A test that takes longer is left out, unless no quicker one could notice."""

MUTANT_S = 20.0
"""What the tests of one mutant may take together, in seconds of a processor."""

SPARE_S = 5.0
"""What they may take longer than before, of a processor, besides three times as long."""

TOLD_EVERY = 100
FORGOTTEN = "TIPOFF_MUTATE_FORGET"
"""A variable of the environment: with anything in it nothing is remembered of earlier runs."""


@attrs.frozen
class Room:
    """Product files (or folders) that belong together, and the tests that answer for them."""

    files: tuple[str, ...]
    tests: tuple[str, ...]
    marks: str = "not slow"
    """Which of them, as for `pytest -m`."""
    words: tuple[str, ...] = ()
    """Only mutants whose name has one of these in it, if there are any."""
    root: Path = ROOT
    """The project."""

    def paths(self) -> list[str]:
        """Every file of the room, relative to the project."""
        found = (path for name in self.files for path in _python_files(self.root / name))
        return sorted(path.relative_to(self.root).as_posix() for path in found)

    def text(self, path: str) -> str:
        """A file as it was when it was first asked for: what is loaded stays while somebody edits."""
        return _text(self.root / path)

    def all_tests(self) -> list[str]:
        """The room's tests, and others that say that they cover one of its modules."""
        standing = tests_by_module(sources())
        others = {test for path in self.paths() for test in standing.get(module_of(path), ())}
        return [*self.tests, *sorted(test for test in others if not test.startswith(self.tests))]

    def mutants(self) -> list[Mutant]:
        """Every mutant of the room, file by file."""
        made: list[Mutant] = []
        for path in self.paths():
            made += mutants(path, self.text(path), str(self.root / path), len(made))
        return [
            mutant for mutant in made if not self.words or any(word in mutant.name for word in self.words)
        ]


ROOMS = {
    "risk": Room(("engine/risk",), ("tests/engine/risk",)),
    "fees": Room(("engine/fees.py",), ("tests/engine/test_fees.py", "tests/engine/test_fee_edges.py")),
    "ledger": Room(("engine/ledger.py",), ("tests/engine/test_ledger.py",)),
    "positions": Room(("engine/positions.py",), ("tests/engine/test_positions.py",)),
    "book": Room(("engine/book.py",), ("tests/engine/test_book.py",)),
    "exchange": Room(
        ("engine/exchange", "engine/queueing.py", "engine/taker_walk.py"),
        ("tests/engine/exchange", "tests/engine/test_queueing.py"),
    ),
    "persistence": Room(("persistence",), ("tests/persistence",), "not slow and not postgres"),
}


Place: TypeAlias = tuple[str, str, int]
"""A function: its file, its qualified name, the line at which its code begins."""


@attrs.frozen
class Try:
    """A test that passes, and what it could notice."""

    item: pytest.Item
    seen: Seen
    file: str
    """Relative to the project."""

    @property
    def name(self) -> str:
        """What pytest calls it."""
        return self.item.nodeid

    @property
    def waits_for_server(self) -> bool:
        """Whether it takes its time for another database than the one in a file."""
        return self.item.get_closest_marker("postgres") is not None


class Mutating:
    """A plugin whose run of the tests is: once as they are, then for each mutant those that could notice."""

    def __init__(self, room: Room, memory: Memory, folder: Path) -> None:
        """`folder` takes what the children say."""
        self.room = room
        self.outcomes: dict[str, Outcome] = {}
        self.void = False
        """Whether tests that killed fail though nothing is mutated: then nothing has been shown."""
        self._memory = memory
        self._log = folder / "log"
        self._trying = folder / "trying"
        self._standing = tests_by_module(sources()) if room.root == ROOT else {}
        self._digests: dict[str, str] = {}
        self._living: dict[Place, list[FunctionType]] = defaultdict(list)
        """The functions whose code can be replaced."""
        self._caches: list[functools._lru_cache_wrapper[object]] = []
        self._kills: dict[Place, Counter[str]] = defaultdict(Counter)
        """How many mutants of a function each test has killed."""
        self._fresh = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests once, then the mutants."""
        self._find_living()
        tries = self._run_as_they_are(session.items)
        # What is there now lives as long as this process: a child need not copy it to look for garbage.
        gc.freeze()
        chosen = self.room.mutants()
        began, work = time.monotonic(), _work_s()
        for number, mutant in enumerate(chosen, 1):
            self._judge(mutant, tries)
            if number % TOLD_EVERY == 0:
                self._memory.save()
                say(f"{number} of {len(chosen)}")
        self._memory.save()
        if self._fresh:
            say(
                f"{self._fresh} of {len(chosen)} mutants tried, "
                f"each in {(_work_s() - work) / self._fresh:.2f} s of a processor, "
                f"{(time.monotonic() - began) / self._fresh:.2f} s by the clock; the others are remembered"
            )
        self.void = not self._killers_pass(tries)
        self._memory.checked = not self.void
        self._memory.save()
        return True

    def _find_living(self) -> None:
        """Load the room, and find its functions and what remembers their answers."""
        for path in self.room.paths():
            self.room.text(path)
            import_module(module_of(path))
        within = f"{self.room.root}/"
        # What an earlier room has frozen is not among the objects that can be asked for.
        gc.unfreeze()
        for found in gc.get_objects():
            if isinstance(found, FunctionType):
                code = found.__code__
                if code.co_filename.startswith(within):
                    path = code.co_filename.removeprefix(within)
                    self._living[path, code.co_qualname, code.co_firstlineno].append(found)
            elif isinstance(found, functools._lru_cache_wrapper):
                self._caches.append(found)

    def _run_as_they_are(self, items: Sequence[pytest.Item]) -> list[Try]:
        began, tries, remembered = time.monotonic(), [], 0
        with self._told() as reached:
            for item in items:
                file = item.path.relative_to(self.room.root).as_posix()
                self._digests.setdefault(file, file_digest(item.path))
                seen = self._memory.seen(item.nodeid, self._digests[file])
                remembered += seen is not None
                seen = seen or _seen(item, reached)
                if seen is not None:
                    tries.append(Try(item, seen, file))
                    self._memory.keep(item.nodeid, self._digests[file], seen)
                if len(tries) % TOLD_EVERY == 0:
                    self._memory.save()
        self._memory.save()
        took = f"{time.monotonic() - began:.1f} s"
        say(f"{len(tries)} of {len(items)} tests pass, {remembered} of them as remembered; {took}")
        return tries

    @contextmanager
    def _told(self) -> Iterator[Reached]:
        """The mutants that each test could have noticed."""
        reached, first = Reached(), 0
        for name, told in reached.names().items():
            setattr(builtins, name, told)
        whole = {function: function.__code__ for found in self._living.values() for function in found}
        for path in self.room.paths():
            text, filename = self.room.text(path), str(self.room.root / path)
            for name, line, code in reached.telling(path, text, filename, first):
                for function in self._living[path, name, line]:
                    function.__code__ = code
            first += number_of_mutants(path, text)
        yield reached
        for function, code in whole.items():
            function.__code__ = code

    def _judge(self, mutant: Mutant, tries: Sequence[Try]) -> None:
        place = mutant.path, mutant.function, mutant.line
        fate = self._memory.fates.get(mutant.name)
        chosen = self.chosen(mutant, [each for each in tries if mutant.number in each.seen.reached])
        if fate is None or fate.seen_with != self._seen_with(fate.killer):
            fate = self._tried(mutant, self._living[place], chosen)
            self._memory.fates[mutant.name] = fate
            self._memory.checked = False
            self._fresh += 1
        self.outcomes[mutant.name] = fate.outcome
        if fate.outcome.killed:
            self._kills[place][fate.killer] += 1
        else:
            say(f"{fate.outcome.value}: {mutant.name}" + ("" if chosen else " (no test could notice)"))

    def _tried(self, mutant: Mutant, functions: Sequence[FunctionType], chosen: Sequence[Try]) -> Fate:
        if not chosen:
            return Fate(Outcome.SURVIVED, "", self._seen_with(""))
        limit_s = 20 + 5 * sum(each.seen.seconds for each in chosen)
        work_s = SPARE_S + 3 * sum(each.seen.work_s for each in chosen)
        run = functools.partial(
            _run, mutant, functions, self._caches, [each.item for each in chosen], self._trying
        )
        outcome = outcome_of(run, limit_s, self._log, work_s)
        killer = self._trying.read_text("utf-8") if outcome.killed and self._trying.exists() else ""
        return Fate(outcome, killer, self._seen_with(killer))

    def _seen_with(self, killer: str) -> str:
        """What a fate was seen with: the killer's file, or each that could have had one in it."""
        file = killer.partition("::")[0]
        return self._memory.seen_with({file: self._digests.get(file, "")} if killer else self._digests)

    def chosen(self, mutant: Mutant, could: Sequence[Try]) -> list[Try]:
        """The tests that are to notice a mutant, in order: as many as its time allows, at least one."""
        standing = self._standing.get(module_of(mutant.path), set())
        kills = self._kills[mutant.path, mutant.function, mutant.line]
        fate = self._memory.fates.get(mutant.name)
        last = fate.killer if fate else ""

        def order(each: Try) -> tuple[bool, int, bool, bool, float]:
            own = each.file not in standing
            return each.name != last, -kills[each.name], own, each.waits_for_server, each.seen.work_s

        quick = sorted((each for each in could if each.seen.work_s < SLOW_S), key=order)
        spent = itertools.accumulate(each.seen.work_s for each in quick)
        return [each for each, until in zip(quick, spent, strict=True) if until <= MUTANT_S] or sorted(
            could, key=lambda each: each.seen.work_s
        )[:1]

    def _killers_pass(self, tries: Sequence[Try]) -> bool:
        killers = {name for counted in self._kills.values() for name in counted}
        items = [each.item for each in tries if each.name in killers]
        if self._memory.checked or not items:
            return True
        limit_s = 60 + 10 * sum(each.seen.seconds for each in tries if each.name in killers)
        whole = outcome_of(lambda: PASSED if all(map(_passes, items)) else FAILED, limit_s, self._log)
        return whole is Outcome.SURVIVED


def judge(room: Room) -> Mutating:
    """Mutate a room; what became of its mutants is printed as it is known."""
    os.environ["HYPOTHESIS_PROFILE"] = "mutants"
    os.chdir(room.root)
    with tempfile.TemporaryDirectory(prefix="tipoff-mutants.") as folder:
        name = digest_of(*room.files)[:16]
        kept = room.root if FORGOTTEN not in os.environ else Path(folder)
        memory = Memory(kept / ".mutants" / f"{name}.json", base_digest(room.root))
        mutating = Mutating(room, memory, Path(folder))
        plain = ["--quiet", "-p", "no:cacheprovider", "-m", room.marks]
        pytest.main([*plain, *room.all_tests()], plugins=[mutating])
    return mutating


def _seen(item: pytest.Item, reached: Reached) -> Seen | None:
    """Run a test as it is; None if it does not pass (skipped here, or failing)."""
    reached.begin()
    began, work = time.monotonic(), _work_s()
    if not _passes(item):
        return None
    return Seen(time.monotonic() - began, _work_s() - work, frozenset(reached.numbers))


def _work_s() -> float:
    """What this process and its children have had of a processor so far."""
    return sum(os.times()[:4])


class _Another:
    """In the place of the test that is next: one that shares nothing but the session, which goes on."""

    def __init__(self, item: pytest.Item) -> None:
        self._session = item.session

    def listchain(self) -> list[pytest.Session]:
        """What it stands in."""
        return [self._session]


def _passes(item: pytest.Item) -> bool:
    """Whether a test passes, whatever it has done before."""
    request_again = getattr(item, "_initrequest", None)
    if request_again is not None:
        request_again()
    reports = runtestprotocol(item, log=False, nextitem=_Another(item))  # type: ignore[arg-type]
    return len(reports) == 3 and all(report.passed for report in reports)


def _run(
    mutant: Mutant,
    functions: Sequence[FunctionType],
    caches: Sequence["functools._lru_cache_wrapper[object]"],
    items: Sequence[pytest.Item],
    trying: Path,
) -> int:
    """In a child: give the function its other code, and run the tests until one fails."""
    code = mutant.make()
    for function in functions:
        function.__code__ = code
    for cached in caches:
        cached.cache_clear()
    for item in items:
        trying.write_text(item.nodeid, "utf-8")
        if not _passes(item):
            return FAILED
    return PASSED


@functools.cache
def _text(path: Path) -> str:
    return path.read_text("utf-8")


def _python_files(path: Path) -> list[Path]:
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]

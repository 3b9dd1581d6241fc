"""Mutates every function of a room and runs the room's tests that call it: one must fail.

Half of `make mutate`. The tests are collected and run once, to see which calls what and how long it takes;
then each mutant is a forked child in which one function has other code. At the end the tests must pass once
more, or nothing has been shown. A room has TIPOFF_MUTATE_SECONDS; what is looked at first is spread over the
room, and always the same.
"""

import builtins
import functools
import gc
import hashlib
import itertools
import os
import tempfile
import time
from collections import defaultdict
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
from tests.mutants.operators import Mutant, marked, mutants
from tests.tidy.mirror import module_of, tests_by_module
from tests.tidy.source import sources

SECONDS = float(os.environ.get("TIPOFF_MUTATE_SECONDS", "600"))
"""How long a room may take after its tests have run once."""

SLOW_S = 12.0
"""A test that takes longer is left out, unless no quicker one calls the function."""

MUTANT_S = 20.0
"""What the tests of one mutant may take together: first those that stand for its module, then quick ones."""

TOLD_EVERY = 100
MARK = "__tipoff_called__"


@attrs.frozen
class Room:
    """Product files (or folders) that belong together, and the tests that answer for them."""

    files: tuple[str, ...]
    tests: tuple[str, ...]
    marks: str = "not slow"
    """Which of them, as for `pytest -m`."""
    words: tuple[str, ...] = ()
    """Only mutants whose name has one of these in it, if there are any."""

    def paths(self) -> list[str]:
        """Every file of the room, relative to the project."""
        found = (path for name in self.files for path in _python_files(ROOT / name))
        return sorted(path.relative_to(ROOT).as_posix() for path in found)

    def all_tests(self) -> list[str]:
        """The room's tests, and others that say that they cover one of its modules."""
        standing = tests_by_module(sources())
        others = {test for path in self.paths() for test in standing.get(module_of(path), ())}
        return [*self.tests, *sorted(test for test in others if not test.startswith(self.tests))]

    def mutants(self) -> list[Mutant]:
        """Every mutant of the room, in an order that is spread over it and always the same."""
        made = [
            mutant
            for path in self.paths()
            for mutant in mutants(path, _text(path), str(ROOT / path))
            if not self.words or any(word in mutant.name for word in self.words)
        ]
        return sorted(made, key=lambda mutant: hashlib.sha256(mutant.name.encode()).digest())


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


@attrs.define
class Calls:
    """What one test took, and the functions that it called."""

    item: pytest.Item
    seconds: float
    work_s: float
    """Its share of a processor, which is the same however busy the machine is."""
    called: frozenset[Place]

    @property
    def waits_for_server(self) -> bool:
        """Whether it takes its time for another database than the one in a file."""
        return self.item.get_closest_marker("postgres") is not None

    @property
    def file(self) -> str:
        """The test's file, relative to the project."""
        return self.item.path.relative_to(ROOT).as_posix()


class Mutating:
    """A plugin whose run of the tests is: once as they are, then for each mutant those that call it."""

    def __init__(self, room: Room, log: Path) -> None:
        """`log` takes what the children say."""
        self.room = room
        self.outcomes: dict[str, Outcome] = {}
        self.all = 0
        self.void = False
        """Whether the tests fail at the end though nothing is mutated: then nothing has been shown."""
        self._log = log
        self._standing = tests_by_module(sources())
        self._living: dict[Place, list[FunctionType]] = defaultdict(list)
        """The functions whose code can be replaced."""
        self._caches: list[functools._lru_cache_wrapper[object]] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests once, then the mutants until the time is over."""
        self._find_living()
        with self._told() as called:
            calls = [found for item in session.items if (found := _calls(item, called)) is not None]
        say(f"{len(calls)} of {len(session.items)} tests pass in {sum(call.seconds for call in calls):.1f} s")
        # What is there now lives as long as this process: a child need not copy it to look for garbage.
        gc.freeze()
        chosen = self.room.mutants()
        self.all = len(chosen)
        end = time.monotonic() + SECONDS
        for number, mutant in enumerate(chosen, 1):
            if time.monotonic() > end:
                break
            self._judge(mutant, calls)
            if number % TOLD_EVERY == 0:
                say(f"{number} of {self.all}")
        items = [call.item for call in calls if call.work_s < SLOW_S]
        whole = outcome_of(lambda: PASSED if all(map(_passes, items)) else FAILED, 10 * SECONDS, self._log)
        self.void = bool(items) and whole is not Outcome.SURVIVED
        return True

    def _find_living(self) -> None:
        """Load the room, and find its functions and what remembers their answers."""
        for path in self.room.paths():
            _text(path)
            import_module(module_of(path))
        for found in gc.get_objects():
            if isinstance(found, FunctionType):
                code = found.__code__
                if code.co_filename.startswith(f"{ROOT}/"):
                    path = code.co_filename.removeprefix(f"{ROOT}/")
                    self._living[path, code.co_qualname, code.co_firstlineno].append(found)
            elif isinstance(found, functools._lru_cache_wrapper):
                self._caches.append(found)

    @contextmanager
    def _told(self) -> Iterator[set[Place]]:
        """The functions of the room that were called since the set was emptied.

        They tell so themselves: a profile of every call takes several times as long as the tests.
        """
        called: set[Place] = set()
        setattr(builtins, MARK, called)
        whole = {function: function.__code__ for found in self._living.values() for function in found}
        for path in self.room.paths():
            for name, line, code in marked(path, _text(path), str(ROOT / path), MARK):
                for function in self._living[path, name, line]:
                    function.__code__ = code
        yield called
        for function, code in whole.items():
            function.__code__ = code

    def _judge(self, mutant: Mutant, calls: Sequence[Calls]) -> None:
        place = mutant.path, mutant.function, mutant.line
        functions = self._living[place]
        chosen = self.chosen(mutant, [call for call in calls if place in call.called])
        if chosen:
            limit = 5 + 3 * sum(call.seconds for call in chosen)
            run = functools.partial(_run, mutant, functions, self._caches, [call.item for call in chosen])
            outcome = outcome_of(run, limit, self._log)
        else:
            outcome = Outcome.SURVIVED
        self.outcomes[mutant.name] = outcome
        if not outcome.killed:
            say(f"{outcome.value}: {mutant.name}" + ("" if chosen else " (no test calls it)"))

    def chosen(self, mutant: Mutant, calling: Sequence[Calls]) -> list[Calls]:
        """The tests that are to notice a mutant: as many as its time allows, at least one."""
        standing = self._standing.get(module_of(mutant.path), set())
        in_order = sorted(
            calling, key=lambda call: (call.file not in standing, call.waits_for_server, call.work_s)
        )
        quick = [call for call in in_order if call.work_s < SLOW_S]
        spent = itertools.accumulate(call.work_s for call in quick)
        return [call for call, until in zip(quick, spent, strict=True) if until <= MUTANT_S] or sorted(
            calling, key=lambda call: call.work_s
        )[:1]


def judge(room: Room) -> Mutating:
    """Mutate a room; what became of its mutants is printed as it is known."""
    os.environ["HYPOTHESIS_PROFILE"] = "mutants"
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory(prefix="tipoff-mutants.") as folder:
        mutating = Mutating(room, Path(folder) / "log")
        plain = ["--quiet", "-p", "no:cacheprovider", "-m", room.marks]
        pytest.main([*plain, *room.all_tests()], plugins=[mutating])
    return mutating


def _calls(item: pytest.Item, called: set[Place]) -> Calls | None:
    """Run a test as it is; None if it does not pass (skipped here, or failing)."""
    called.clear()
    began, work = time.monotonic(), _work_s()
    if not _passes(item):
        return None
    return Calls(item, time.monotonic() - began, _work_s() - work, frozenset(called))


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
) -> int:
    """In a child: give the function its other code, and run the tests until one fails."""
    for function in functions:
        function.__code__ = mutant.code
    for cached in caches:
        cached.cache_clear()
    return PASSED if all(_passes(item) for item in items) else FAILED


@functools.cache
def _text(path: str) -> str:
    """A file as it was when it was first asked for: what is loaded does not change while somebody edits."""
    return (ROOT / path).read_text("utf-8")


def _python_files(path: Path) -> list[Path]:
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]

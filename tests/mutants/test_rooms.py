"""The mutants of a small project: what its tests notice is killed, and what none could notice survives."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import attrs
import pytest

from tests.mutants import operators, rooms
from tests.mutants.__main__ import HEAD, Row
from tests.mutants.forks import Outcome
from tests.mutants.memory import Fate, Memory, Seen
from tests.mutants.reaching import Reached
from tests.tidy.source import ROOT

PURSE = """
def low(cents: int) -> bool:
    return cents < 100


def fee(cents: int) -> int:
    return cents * 7


def never(cents: int) -> int:
    return cents + 1


def count(end: int) -> int:
    number = 0
    while number < end:
        number += 1
    return number
"""
TESTS = """
import purse


def test_low():
    assert purse.low(5) and not purse.low(200)


def test_fee():
    purse.fee(3)


def test_count():
    assert purse.count(3) == 3
"""
JUDGE = """
import json, sys
from pathlib import Path
from tests.mutants import rooms

rooms.SPARE_S = 1.0
for _ in range(int(sys.argv[1])):
    judged = rooms.judge(rooms.Room(("purse.py",), (".",), root=Path.cwd()))
outcomes = {name: outcome.name for name, outcome in judged.outcomes.items()}
sys.stderr.write(json.dumps({"outcomes": outcomes, "void": judged.void}))
"""

KILLED, LATE, SURVIVED = "KILLED", "LATE", "SURVIVED"
OUTCOMES = {
    # 5 and 200 are on the same sides of 101, and neither is 100.
    "low: cents < 100 -> cents <= 100": SURVIVED,
    "low: cents < 100 -> cents < 101": SURVIVED,
    "fee: cents * 7 -> cents // 7": SURVIVED,
    "fee: cents * 7 -> cents * 8": SURVIVED,
    "never: cents + 1 -> cents - 1": SURVIVED,
    "never: cents + 1 -> cents + 2": SURVIVED,
    "count: number = 0 -> number = 1": SURVIVED,
    "count: number < end -> number <= end": KILLED,
    "count: number += 1 -> number -= 1": LATE,
    "count: number += 1 -> number += 2": KILLED,
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of one module, whose tests miss most of it."""
    (tmp_path / "purse.py").write_text(PURSE, "utf-8")
    (tmp_path / "test_purse.py").write_text(TESTS, "utf-8")
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    return tmp_path


def judged(project: Path, rooms: int = 1, **changes: str) -> tuple[Mapping[str, Any], str]:
    """What became of the mutants of a project, so often a room of one process, and what was said."""
    environment = os.environ | {
        "PYTHONPATH": f"{ROOT}{os.pathsep}{project}",
        "PYTHONDONTWRITEBYTECODE": "1",
        **changes,
    }
    ran = subprocess.run(
        [sys.executable, "-c", JUDGE, str(rooms)],
        cwd=project,
        env=environment,
        capture_output=True,
        check=True,
        text=True,
    )
    return json.loads(ran.stderr), ran.stdout


@pytest.mark.slow
def test_a_mutant_is_killed_by_a_test_that_fails_or_never_ends_and_survives_every_other(
    project: Path,
) -> None:
    found, said = judged(project)
    assert found == {
        "outcomes": {f"purse.py {name}": outcome for name, outcome in OUTCOMES.items()},
        "void": False,
    }
    for name in OUTCOMES:
        alone = name.startswith(("low", "never"))
        assert (f"purse.py {name} (no test could notice)" in said) == alone, name


@pytest.mark.slow
def test_what_is_known_is_not_tried_again_until_a_test_or_the_product_changes(project: Path) -> None:
    """A kill stands as long as its test does, a survivor as long as all of them do."""
    first, said = judged(project)
    assert "3 of 3 tests pass, 0 of them as remembered" in said
    assert "10 of 10 mutants tried" in said
    again, said = judged(project)
    assert again == first
    assert "3 of 3 tests pass, 3 of them as remembered" in said
    assert "mutants tried" not in said
    (project / "test_never.py").write_text(
        "import purse\n\ndef test_never(): assert purse.never(1) == 2\n", "utf-8"
    )
    found, said = judged(project)
    assert "4 of 4 tests pass, 3 of them as remembered" in said
    # All that had survived; what is killed by a test that is as it was is not tried.
    assert "7 of 10 mutants tried" in said
    assert {name for name, outcome in found["outcomes"].items() if outcome != first["outcomes"][name]} == {
        "purse.py never: cents + 1 -> cents - 1",
        "purse.py never: cents + 1 -> cents + 2",
    }
    (project / "purse.py").write_text(PURSE + "\nMORE = 1\n", "utf-8")
    again, said = judged(project)
    assert again == found
    assert "10 of 10 mutants tried" in said


@pytest.mark.slow
def test_a_later_room_of_the_same_process_is_mutated_like_the_first(project: Path) -> None:
    found, said = judged(project, rooms=2, TIPOFF_MUTATE_FORGET="1")
    assert {
        name.removeprefix("purse.py "): outcome for name, outcome in found["outcomes"].items()
    } == OUTCOMES
    assert said.count("10 of 10 mutants tried") == 2


@pytest.mark.slow
def test_tests_that_fail_by_themselves_kill_nothing(project: Path) -> None:
    (project / "test_purse.py").write_text(TESTS.replace("== 3", "== 4"), "utf-8")
    found, said = judged(project)
    assert "2 of 3 tests pass" in said
    assert set(found["outcomes"].values()) == {"SURVIVED"}


SAMPLE = '''
class Purse:
    """Not this: 1 < 2."""

    @property
    def low(self):
        """Nor this: 1 < 2."""
        return self.cents < 100 and not self.closed

    def name(self, words):
        for word in words:
            if word in ("gold", "silver") and not self.closed:
                return word
            elif 0 > self.cents:
                self.cents += 1
        return [each for each in words if each is not None]
'''


def told(*, closed: bool = False, cents: int = 0) -> tuple[Any, Reached, dict[int, str]]:
    """A purse that tells, what it tells to, and the names of its mutants."""
    reached = Reached()
    space: dict[str, Any] = dict(reached.names())
    exec(compile(SAMPLE, "/purse.py", "exec"), space)
    for name, _line, code in reached.telling("purse.py", SAMPLE, "/purse.py", 40):
        found = vars(space["Purse"])[name.partition(".")[2]]
        getattr(found, "fget", found).__code__ = code
    purse = space["Purse"]()
    purse.closed, purse.cents = closed, cents
    made = operators.mutants("purse.py", SAMPLE, "/purse.py", 40)
    return purse, reached, {mutant.number: mutant.name.partition(": ")[2] for mutant in made}


def heard(reached: Reached, names: dict[int, str]) -> set[str]:
    """The names of the mutants that could be noticed since last time."""
    found = {names[number] for number in reached.numbers}
    reached.begin()
    return found


def test_a_comparison_tells_of_the_mutants_that_would_have_answered_otherwise() -> None:
    purse, reached, names = told(cents=99)
    both = {
        "self.cents < 100 and (not self.closed) -> self.cents < 100 or not self.closed",
        "not self.closed -> not not self.closed",
    }
    assert purse.low
    assert heard(reached, names) == both
    purse.cents = 100
    assert not purse.low
    assert heard(reached, names) == both | {
        "self.cents < 100 -> self.cents <= 100",
        "self.cents < 100 -> self.cents < 101",
    }
    assert type(purse).low.__doc__ == "Nor this: 1 < 2."


def test_a_statement_tells_only_if_it_is_come_to() -> None:
    purse, reached, names = told(cents=5)
    assert purse.name([]) == []
    assert heard(reached, names) == set()
    assert purse.name(["tin"]) == ["tin"]
    first = heard(reached, names)
    assert not [name for name in first if "+=" in name or "0 >" in name]
    assert "each is not None -> each is None" in first
    purse.cents = -1
    assert purse.name(["tin"]) == ["tin"]
    assert purse.cents == 0
    assert heard(reached, names) - first == {
        "self.cents += 1 -> self.cents -= 1",
        "self.cents += 1 -> self.cents += 2",
    }
    assert purse.name(["tin"]) == ["tin"]
    assert heard(reached, names) - first == {
        "0 > self.cents -> 0 >= self.cents",
        "0 > self.cents -> 1 > self.cents",
    }


def test_a_comparison_that_raises_could_be_noticed_and_raises_the_same() -> None:
    purse, reached, names = told()
    purse.cents = "many"
    with pytest.raises(TypeError, match="'<' not supported"):
        _ = purse.low
    assert "self.cents < 100 -> self.cents <= 100" in heard(reached, names)


def trying(name: str, work_s: float, reached: frozenset[int] = frozenset({0})) -> rooms.Try:
    """A test of some length."""
    item = SimpleNamespace(nodeid=f"{name}::test_it", get_closest_marker=lambda _name: None)
    return rooms.Try(cast("pytest.Item", item), Seen(10 * work_s, work_s, reached), name)


def test_the_last_killer_comes_first_then_tests_of_the_module_then_quick_ones_within_the_time(
    tmp_path: Path,
) -> None:
    own = trying("tests/engine/test_ledger.py", 3.0)
    quick, slower = trying("tests/a.py", 1.0), trying("tests/b.py", 11.0)
    late = trying("tests/c.py", 8.0)
    (mutant, *_) = rooms.ROOMS["ledger"].mutants()
    memory = Memory(tmp_path / "ledger.json", "base")
    mutating = rooms.Mutating(rooms.ROOMS["ledger"], memory, tmp_path)
    assert mutating.chosen(mutant, [slower, late, quick, own]) == [own, quick, late]
    memory.fates[mutant.name] = Fate(Outcome.KILLED, late.name, "before")
    assert mutating.chosen(mutant, [slower, late, quick, own]) == [late, own, quick]
    only = trying("tests/d.py", 100.0)
    assert mutating.chosen(mutant, [only]) == [only]
    assert mutating.chosen(mutant, []) == []


def test_a_memory_holds_for_the_text_that_it_was_made_with(tmp_path: Path) -> None:
    seen, fate = Seen(2.0, 1.5, frozenset({1, 3})), Fate(Outcome.LATE, "tests/a.py::test_it", "digest")
    memory = Memory(tmp_path / "folder" / "room.json", "base")
    memory.keep("tests/a.py::test_it", "one", seen)
    memory.fates["a mutant"] = fate
    memory.checked = False
    memory.save()
    again = Memory(tmp_path / "folder" / "room.json", "base")
    assert again.seen("tests/a.py::test_it", "one") == seen
    assert again.seen("tests/a.py::test_it", "two") is None
    assert again.fates == {"a mutant": fate}
    assert not again.checked
    changed = Memory(tmp_path / "folder" / "room.json", "another base")
    assert changed.seen("tests/a.py::test_it", "one") is None
    # Its seen_with does not hold any more; who killed it is still the first to be tried.
    assert changed.fates == {"a mutant": fate}
    files = {"tests/a.py": "one"}
    assert changed.seen_with(files) != again.seen_with(files) != again.seen_with({"tests/a.py": "two"})


def test_a_broken_memory_is_none(tmp_path: Path) -> None:
    (tmp_path / "room.json").write_text('{"base": "ba', "utf-8")
    assert Memory(tmp_path / "room.json", "base").fates == {}


def test_a_room_is_tight_when_the_survivors_are_those_of_the_list() -> None:
    row = Row("ledger", 10, 9, 1, (), 0, void=False)
    assert str(row).split() == ["ledger", "10", "9", "1", "0", "90.0", "%"]
    assert HEAD.split()[:2] == ["room", "mutants"]
    assert row.tight
    assert not attrs.evolve(row, unknown=("a mutant",)).tight
    assert not attrs.evolve(row, listed=1).tight
    assert not attrs.evolve(row, void=True).tight

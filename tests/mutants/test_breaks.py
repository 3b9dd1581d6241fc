"""Every break can still be made, every promise has one, and no survivor is listed that does not exist."""

import os
import re
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from docs.markers import held_by
from tests.mutants import forks, operators, promises, rooms
from tests.mutants.breaks import Break, breaks
from tests.mutants.forks import Outcome
from tests.mutants.survivors import survivors
from tests.tidy.source import ROOT, fail_with

BREAKS = tuple(breaks())


def test_the_place_of_every_break_is_found_exactly_once() -> None:
    problems: list[str] = []
    for each in BREAKS:
        try:
            text = (ROOT / each.file).read_text("utf-8")
            made = each.made_in(text)
        except (OSError, ValueError) as error:
            problems.append(f"{each.means}: {error}")
            continue
        if made == text:
            problems.append(f"{each.means}: it changes nothing")
        if each.file.endswith(".py"):
            compile(made, each.file, "exec")
    fail_with(problems)


def test_breaks_are_of_the_product_and_named_apart() -> None:
    assert not [each.file for each in BREAKS if each.file.startswith("tests/")]
    assert len({each.means for each in BREAKS}) == len(BREAKS)


def test_every_break_names_tests_that_exist() -> None:
    fail_with([f"{each.means}: {test}" for each in BREAKS for test in each.tests if not _exists(test)])


def test_every_promise_has_a_break_that_one_of_its_tests_must_notice() -> None:
    broken = {test for each in BREAKS for test in each.tests}
    whole = {key for key, tests in held_by()["promise"].items() if not broken & set(tests)}
    fail_with([f"nothing is broken to try the promise {key}" for key in sorted(whole)])


def test_every_survivor_is_a_mutant_that_is_made_and_says_why_it_is_harmless() -> None:
    made = {mutant.name for room in rooms.ROOMS.values() for mutant in room.mutants()}
    known = survivors()
    fail_with([f"no such mutant any more: {name}" for name in known if name not in made])
    fail_with([f"why is it harmless? {name}" for name, why in known.items() if len(why) < 10])


SAMPLE = '''
class Purse:
    """Not this: 1 < 2."""

    @property
    def low(self) -> bool:
        """Nor this: 1 < 2."""
        return self.cents < 100 and not self.open

    def add(self, cents: int = 5) -> int:
        if cents < 0:
            raise ValueError(f"{cents - 1}")
        self.cents += cents
        self.tell()
        if not cents:
            assert_never(cents)
        return max(self.cents, 0)
'''


def test_an_operator_changes_comparisons_sums_connectives_numbers_bounds_and_calls() -> None:
    made = list(operators.mutants("purse.py", SAMPLE, "/purse.py"))
    names = [mutant.name.removeprefix("purse.py Purse.") for mutant in made]
    assert sorted(names) == sorted(
        [
            "low: self.cents < 100 and (not self.open) -> self.cents < 100 or not self.open",
            "low: self.cents < 100 -> self.cents <= 100",
            "low: self.cents < 100 -> self.cents < 101",
            "low: not self.open -> not not self.open",
            "add: cents < 0 -> cents <= 0",
            "add: cents < 0 -> cents < 1",
            "add: self.cents += cents -> self.cents -= cents",
            "add: self.tell() -> None",
            "add: not cents -> not not cents",
            "add: max(self.cents, 0) -> min(self.cents, 0)",
            "add: max(self.cents, 0) -> max(self.cents, 1)",
        ]
    )


def test_a_mutant_is_the_code_of_its_function() -> None:
    space: dict[str, Any] = {}
    exec(compile(SAMPLE, "/purse.py", "exec"), space)
    purse = space["Purse"]()
    purse.cents, purse.open = 100, False
    assert not purse.low
    by_name = {mutant.name: mutant for mutant in operators.mutants("purse.py", SAMPLE, "/purse.py")}
    space["Purse"].low.fget.__code__ = by_name[
        "purse.py Purse.low: self.cents < 100 -> self.cents <= 100"
    ].make()
    assert purse.low


def test_a_break_whose_place_is_gone_or_doubled_is_refused() -> None:
    each = Break("a sum", ("tests/a.py::test_b",), "engine/a.py", "a + b", "a - b")
    assert each.made_in("c = a + b") == "c = a - b"
    for text in ("c = a", "c = a + b + (a + b)"):
        with pytest.raises(ValueError, match="not once"):
            each.made_in(text)


def test_a_row_with_other_keys_is_no_break(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('[[break]]\nmeans = "x"\n', "utf-8")
    with pytest.raises(ValueError, match="not the keys of a break"):
        list(breaks(tmp_path))


class Seen:
    """A report of one test."""

    nodeid = "tests/a.py::test_b"
    when = "call"

    def __init__(self, *, passed: bool) -> None:
        self.passed, self.failed = passed, not passed


@pytest.mark.parametrize(
    ("seen", "ended", "code"),
    [
        ([True, False], pytest.ExitCode.TESTS_FAILED, forks.FAILED),
        ([True], pytest.ExitCode.OK, forks.PASSED),
        ([], pytest.ExitCode.NO_TESTS_COLLECTED, forks.SKIPPED),
        ([], pytest.ExitCode.INTERRUPTED, forks.UNTRIED),
        ([], pytest.ExitCode.USAGE_ERROR, forks.UNTRIED),
    ],
)
def test_a_break_is_noticed_by_a_test_that_fails_and_not_by_tests_that_could_not_be_run(
    seen: list[bool], ended: int, code: int
) -> None:
    outcomes = promises.Outcomes()
    for passed in seen:
        outcomes.pytest_runtest_logreport(cast("pytest.TestReport", Seen(passed=passed)))
    assert outcomes.code(ended) == code


def end_by_a_signal() -> int:
    """As a crash of the interpreter does."""
    os.kill(os.getpid(), signal.SIGKILL)
    return forks.PASSED


@pytest.mark.parametrize(
    ("run", "outcome"),
    [
        (lambda: forks.PASSED, Outcome.SURVIVED),
        (lambda: forks.FAILED, Outcome.KILLED),
        (lambda: 1 // 0, Outcome.KILLED),
        (end_by_a_signal, Outcome.KILLED),
        (lambda: forks.UNTRIED, Outcome.UNTRIED),
        (lambda: int(threading.Event().wait(60)), Outcome.LATE),
    ],
)
def test_what_a_child_comes_to_is_known_however_it_ends(
    run: Callable[[], int], outcome: Outcome, tmp_path: Path
) -> None:
    assert forks.outcome_of(run, 5 if outcome is not Outcome.LATE else 0.1, tmp_path / "log") is outcome


def work_for_ever() -> int:
    """As a loop does whose end a mutant has taken away."""
    while True:
        pass


def test_a_child_that_works_too_long_is_late_however_long_others_may_wait(tmp_path: Path) -> None:
    assert forks.outcome_of(work_for_ever, 60, tmp_path / "log", work_s_max=0.5) is Outcome.LATE


def _exists(test: str) -> bool:
    path, _, name = test.partition("::")
    file = ROOT / path
    return (
        file.is_file()
        and re.search(rf"^(async )?def {name}\(", file.read_text("utf-8"), re.MULTILINE) is not None
    )

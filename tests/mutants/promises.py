"""Makes every break in a copy of the project and runs the tests of its promise there: one must fail.

Half of `make mutate`. The tests must pass in the copy while nothing is broken; a test that fails there anyhow
proves nothing and is named.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import pytest

from tests.mutants.breaks import ROOT, Break
from tests.mutants.forks import FAILED, PASSED, SKIPPED, UNTRIED, Outcome, outcome_of, say

SECONDS_MAX = 300
"""What a break's tests may take; the longest of them play a whole evening."""


LIBRARIES = ("attrs", "cattrs", "msgspec", "pykka", "sqlalchemy", "structlog", "trio.testing")


class Outcomes:
    """A plugin that counts how tests ended."""

    def __init__(self) -> None:
        """Nothing has ended yet."""
        self.passed = 0
        self.failed: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test's call as passed, and whatever failed, fixtures too, as failed."""
        if report.failed:
            self.failed.append(report.nodeid)
        elif report.when == "call" and report.passed:
            self.passed += 1

    def code(self, ended: int) -> int:
        """FAILED if anything did; a run that ended otherwise has tried nothing."""
        if self.failed:
            return FAILED
        if ended not in (0, 5):
            return UNTRIED
        return PASSED if self.passed else SKIPPED


@contextmanager
def copied() -> Iterator[Path]:
    """A copy of everything that is kept, or about to be, in a folder that is gone afterwards."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    with tempfile.TemporaryDirectory(prefix="tipoff-mutants.") as folder:
        copy = Path(folder) / "tipoff"
        for name in filter(None, listed.stdout.decode().split("\0")):
            if (ROOT / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, copy / name)
        (copy / ".venv").symlink_to(sys.prefix)
        yield copy


def judge(chosen: Sequence[Break]) -> dict[Break, Outcome]:
    """What became of each break, printed as it is known."""
    _load_libraries()
    made: dict[Break, Outcome] = {}
    with copied() as copy:
        failing = _fails_unbroken(copy, sorted({test for each in chosen for test in each.tests}))
        for number, each in enumerate(chosen, 1):
            began = time.monotonic()
            made[each] = _outcome(copy, each, [test for test in each.tests if test not in failing])
            took = time.monotonic() - began
            say(f"{number}/{len(chosen)} {made[each].value}: {each.means} ({took:.1f} s)")
    return made


def _outcome(copy: Path, each: Break, tests: Sequence[str]) -> Outcome:
    if not tests:
        return Outcome.SKIPPED
    with _broken(copy, each):
        return outcome_of(lambda: _run(copy, tests), SECONDS_MAX, copy.parent / "log")


def _fails_unbroken(copy: Path, tests: Sequence[str]) -> frozenset[str]:
    """Tests that fail though nothing is broken."""
    found = copy.parent / "failing"

    def run() -> int:
        outcomes = Outcomes()
        _pytest(copy, tests, outcomes)
        found.write_text("\n".join(outcomes.failed), "utf-8")
        return PASSED

    log = copy.parent / "log"
    if outcome_of(run, SECONDS_MAX * 10, log) is not Outcome.SURVIVED:
        raise RuntimeError(log.read_text("utf-8", "replace"))
    names = frozenset(line.partition("[")[0] for line in found.read_text("utf-8").splitlines())
    for name in sorted(names):
        say(f"fails though nothing is broken: {name}")
    return names


@contextmanager
def _broken(copy: Path, each: Break) -> Iterator[None]:
    path = copy / each.file
    whole = path.read_text("utf-8")
    path.write_text(each.made_in(whole), "utf-8")
    try:
        yield
    finally:
        path.write_text(whole, "utf-8")


def _run(copy: Path, tests: Sequence[str]) -> int:
    outcomes = Outcomes()
    return outcomes.code(_pytest(copy, ["--exitfirst", *tests], outcomes))


def _pytest(copy: Path, arguments: Sequence[str], outcomes: Outcomes) -> int:
    """Run pytest in the copy, in this process, which must not have loaded anything of the product."""
    os.chdir(copy)
    os.environ["PYTHONPATH"] = str(copy)
    os.environ["TIPOFF_SHARED"] = os.environ.get("TIPOFF_SHARED", str(ROOT.parent / "shared"))
    os.environ["HYPOTHESIS_PROFILE"] = "mutants"
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.dont_write_bytecode = True
    sys.path[:] = [str(copy), *(path for path in sys.path if path not in ("", str(ROOT)))]
    for name in [name for name in sys.modules if name.partition(".")[0] == "tests"]:
        del sys.modules[name]
    plain = ["--quiet", "-p", "no:cacheprovider", "--rootdir", str(copy)]
    return int(pytest.main([*plain, *arguments], plugins=[outcomes]))


def _load_libraries() -> None:
    """What every child would load by itself otherwise; nothing of ours."""
    for name in LIBRARIES:
        import_module(name)

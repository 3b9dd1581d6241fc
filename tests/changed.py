"""Runs the tests of what changed, for `make quick`: `python -m tests.changed [SINCE]`.

What changed is what differs from where this branch left SINCE (`main`), committed or not. A module is tested
by the files that `tests.tidy.mirror` finds; a changed test by itself; what tests share by the tests that
import it, and a `conftest.py` by its folder. Slow tests are left to `make test`.
"""

import subprocess
import sys
from collections.abc import Iterable, Sequence

from tests.tidy.mirror import is_test, module_of, tests_by_module
from tests.tidy.source import PRODUCT, ROOT, Source, sources


def main(arguments: Sequence[str]) -> int:
    """Choose, say what was chosen, and run it; returns pytest's exit code."""
    paths = changed_since(arguments[0] if arguments else "main")
    chosen = sorted(tests_of(paths, sources()))
    if not chosen:
        sys.stdout.write("nothing that a test stands for has changed\n")
        return 0
    sys.stdout.write("".join(f"  {path}\n" for path in chosen))
    command = [sys.executable, "-m", "pytest", "--quiet", "--exitfirst", "-m", "not slow", *chosen]
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    return 0 if code == NOTHING_COLLECTED else code


NOTHING_COLLECTED = 5
"""Pytest's exit code where all the chosen tests are slow ones."""


def changed_since(name: str) -> list[str]:
    """Paths that differ from where this branch left `name`, new ones too; from the last commit if unknown."""
    start = _git("merge-base", name, "HEAD") or ["HEAD"]
    return [*_git("diff", "--name-only", *start), *_git("ls-files", "--others", "--exclude-standard")]


def tests_of(paths: Iterable[str], every: Sequence[Source]) -> set[str]:
    """The test files that stand for these paths."""
    by_module = tests_by_module(every)
    known = {source.path: source for source in every}
    chosen: set[str] = set()
    for path in paths:
        source = known.get(path)
        if source is None:
            continue
        if source.package in PRODUCT:
            chosen |= by_module.get(module_of(path), set())
        elif is_test(source):
            chosen.add(path)
        elif path.startswith("tests/"):
            chosen |= _users(source, every)
    return {path for path in chosen if path in known}


def _users(shared: Source, every: Sequence[Source]) -> set[str]:
    folder, _, name = shared.path.rpartition("/")
    tests = [source for source in every if is_test(source)]
    if name == "conftest.py":
        return {source.path for source in tests if source.path.startswith(f"{folder}/")}
    module = module_of(shared.path)
    return {
        source.path
        for source in tests
        if any(found == module or found.startswith(f"{module}.") for _, found in source.imports)
    }


def _git(*arguments: str) -> list[str]:
    ended = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return ended.stdout.split("\n")[:-1] if ended.returncode == 0 else []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

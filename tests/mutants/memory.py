"""What was found out about a room's tests and mutants: kept in `.mutants/`, so that nobody asks twice.

Used by `rooms`. What was seen holds for the text that it was seen with: everything that tests run on (the
product, what the tests share, this folder), and the file of the test. A kill is believed as long as these
stay the same, a survivor as long as no test of the room changes; after that the last killer is only the first
to be tried. Nothing is lost with the folder but time.
"""

import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from tests.mutants.forks import Outcome


@attrs.frozen
class Seen:
    """What one test did: which mutants it could notice, and how long it took."""

    seconds: float
    work_s: float
    """Its share of a processor, which is the same however busy the machine is."""
    reached: frozenset[int]


@attrs.frozen
class Fate:
    """What became of a mutant, the test that killed it, and the digest of what that was seen with."""

    outcome: Outcome
    killer: str
    seen_with: str


class Memory:
    """A room's memory, in one file."""

    def __init__(self, path: Path, base: str) -> None:
        """`base` is the digest of all that every test runs on: see `base_digest`."""
        self._path = path
        self._base = base
        try:
            kept: dict[str, Any] = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            kept = {}
        self.checked: bool = kept.get("checked", True)
        """Whether the tests that killed are known to pass when nothing is mutated."""
        self._tests: dict[str, Any] = kept.get("tests", {}) if kept.get("base") == base else {}
        self.fates = {
            name: Fate(Outcome[outcome], killer, seen_with)
            for name, (outcome, killer, seen_with) in kept.get("fates", {}).items()
        }

    def seen(self, test: str, file_digest: str) -> Seen | None:
        """What a test did when it ran last, if nothing that matters has changed since."""
        match self._tests.get(test):
            case [digest, seconds, work_s, reached] if digest == file_digest:
                return Seen(seconds, work_s, frozenset(reached))
            case _:
                return None

    def keep(self, test: str, file_digest: str, seen: Seen) -> None:
        """Remember what a test has done."""
        self._tests[test] = [file_digest, round(seen.seconds, 4), round(seen.work_s, 4), sorted(seen.reached)]

    def seen_with(self, digests: Mapping[str, str]) -> str:
        """The digest of the base and some files of tests, given by their paths."""
        return digest_of(self._base, *(text for item in sorted(digests.items()) for text in item))

    def save(self) -> None:
        """Write it down; a run that is ended half way has what it had found out by then."""
        fates = {name: [fate.outcome.name, fate.killer, fate.seen_with] for name, fate in self.fates.items()}
        self._path.parent.mkdir(exist_ok=True)
        beside = self._path.with_suffix(".new")
        kept = {"base": self._base, "tests": self._tests, "fates": fates, "checked": self.checked}
        beside.write_text(json.dumps(kept), "utf-8")
        beside.replace(self._path)


def base_digest(root: Path) -> str:
    """The digest of what any test may run on: every kept file but the tests themselves and prose."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=root,
        capture_output=True,
        check=True,
    )
    names = sorted(filter(None, listed.stdout.decode().split("\0")))
    matter = (name for name in names if _matters(name) and (root / name).is_file())
    return digest_of(sys.version, *(text for name in matter for text in (name, file_digest(root / name))))


def file_digest(path: Path) -> str:
    """The digest of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digest_of(*texts: str) -> str:
    """One digest of several texts."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def _matters(name: str) -> bool:
    file = name.rpartition("/")[2]
    if name.startswith("tests/mutants/"):
        return file in ("operators.py", "reaching.py")
    if name.startswith(("docs/", "web/", "findings/", ".")) or name.endswith(".md"):
        return False
    return not file.startswith("test_")

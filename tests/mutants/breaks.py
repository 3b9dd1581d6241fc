"""The breaks: one wrong thing done to the product on purpose, and the test that must notice it.

They stand in `breaks/*.toml`, a promise's break beside the tests that docs/promises.md names for it. Read by
`python -m tests.mutants` (`make mutate`), which makes each in a copy of the project and runs its tests there,
and by `test_breaks`, which only checks in every run of the suite that each can still be made.
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import attrs

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = Path(__file__).resolve().parent / "breaks"


@attrs.frozen
class Break:
    """What is done wrong (`means`), where and how, and the tests of which at least one must fail then."""

    means: str
    tests: tuple[str, ...]
    file: str
    old: str
    new: str

    def made_in(self, text: str) -> str:
        """The file's text with the break in it. Raises ValueError unless its place is found exactly once."""
        found = text.count(self.old)
        if found != 1:
            raise ValueError(f"{self.means}: its old text stands {found} times in {self.file}, not once")
        return text.replace(self.old, self.new)


def breaks(folder: Path = FOLDER) -> Iterator[Break]:
    """All breaks, file by file. Raises ValueError naming a row that is not one."""
    for path in sorted(folder.glob("*.toml")):
        for row in tomllib.loads(path.read_text("utf-8"))["break"]:
            if set(row) != {"means", "tests", "file", "old", "new"}:
                raise ValueError(f"{path.name}: not the keys of a break: {row}")
            yield Break(row["means"], tuple(row["tests"]), row["file"], row["old"], row["new"])

"""The limits of the manual, read from `docs/bounds.txt`: what is limited, by what, and which test holds it.

Called by `docs/tables.py`, which looks each value up in the code at every build; a constant that is renamed
fails the build. Which tests hold a limit is said by the markers on them.
"""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import attrs

from docs.markers import held_by
from tipoff.runs.from_config import schema

SOURCE: Final = Path(__file__).with_name("bounds.txt")
NOTHING: Final = "-"
UNTESTED: Final = "not tested at the limit"
"""What stands in place of a test where there is none: the manual does not hide it."""

SECOND_NS: Final = 1_000_000_000
MILLISECOND_NS: Final = 1_000_000


class Bound(NamedTuple):
    """One limit.

    `where` is `module:NAME`, `module:Class.field` (then its default counts) or `engine.toml:section.key`.
    """

    heading: str
    what: str
    where: str
    unit: str
    beyond: str

    @property
    def value(self) -> str:
        """The value as the code has it now. Raises AttributeError or KeyError if it is gone."""
        value, unit = _look_up(self.where), self.unit
        if unit == "ns" and isinstance(value, int):
            whole = value % SECOND_NS == 0
            value, unit = (value // SECOND_NS, "s") if whole else (value // MILLISECOND_NS, "ms")
        return f"{value:,} {unit}" if isinstance(value, int) else f"{value:g} {unit}"


def bounds() -> Iterator[Bound]:
    """Every limit of the file, in its order."""
    heading = ""
    for line in SOURCE.read_text("utf-8").splitlines()[1:]:
        if line.startswith("# "):
            heading = line[2:]
        elif line:
            yield Bound(heading, *line.split(" | "))


def rows() -> Iterator[tuple[str, tuple[str, ...]]]:
    """The heading and the cells of every limit."""
    for bound in bounds():
        tests = held_by()["limit"].get(bound.where, ())
        held = ", ".join(f"`{test}`" for test in tests) or UNTESTED
        beyond = "" if bound.beyond == NOTHING else bound.beyond
        yield bound.heading, (bound.what, bound.value, beyond, f"`{bound.where}`", held)


def _look_up(where: str) -> object:
    module, _, path = where.partition(":")
    if module == "engine.toml":
        section, _, key = path.partition(".")
        return _default(schema().sections()[section], key)
    found: object = importlib.import_module(module)
    for name in path.split("."):
        found = _default(found, name) if isinstance(found, type) else getattr(found, name)
    return found


def _default(kind: type, key: str) -> object:
    return attrs.fields_dict(kind)[key].default

"""Where each key of a TOML text stands, since the standard library's reader does not tell.

Called when a problem is reported; a wrong answer would mislead but never change what is read. Knows as much
of TOML's grammar as is needed to find keys: tables, arrays of tables, dotted and quoted keys, long values.
"""

import re
from collections import Counter

_PART = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_KEY = rf"{_PART}(?:\s*\.\s*{_PART})*"
_TABLE = re.compile(rf"\s*(\[\[?)\s*({_KEY})\s*\]\]?\s*(?:#.*)?$")
_ASSIGNMENT = re.compile(rf"\s*({_KEY})\s*=(.*)$")
_MARK = re.compile(
    r'"""|' + r"'''|" + r'"(?:[^"\\]|\\.)*"|' + r"'[^']*'|" + r"#.*$|\\.|[\[\]{}]",
)

Path = tuple[str, ...]


def key_lines(text: str) -> dict[Path, int]:
    """The line (from 1) of every key and table header; see `entry` for arrays of tables."""
    lines: dict[Path, int] = {}
    entries: Counter[Path] = Counter()
    table: Path = ()
    value = _Value()
    for number, line in enumerate(text.splitlines(), 1):
        if value.is_open:
            value.read(line)
        elif header := _TABLE.match(line):
            path = _resolved(_parts(header[2]), entries)
            if header[1] == "[[":
                entries[path] += 1
                path = (*path, entry(entries[path] - 1))
            table = path
            lines.setdefault(path, number)
        elif assignment := _ASSIGNMENT.match(line):
            lines.setdefault((*table, *_parts(assignment[1])), number)
            value.read(assignment[2])
    return lines


def entry(number: int) -> str:
    """The part of a path that stands for an entry of an array of tables; no key looks like it."""
    return f"[{number}]"


def line_of(path: Path, lines: dict[Path, int]) -> int:
    """The line of a key, or of the nearest table around it; 0 if there is none."""
    while path:
        # An array of tables has no line of its own, its first entry has.
        for candidate in (path, (*path, entry(0))):
            if candidate in lines:
                return lines[candidate]
        path = path[:-1]
    return 0


class _Value:
    """A value that may go over several lines: knows whether it has ended."""

    def __init__(self) -> None:
        self._brackets = 0
        self._quotes = ""

    @property
    def is_open(self) -> bool:
        return self._brackets > 0 or bool(self._quotes)

    def read(self, line: str) -> None:
        for mark in _MARK.findall(line):
            if self._quotes:
                self._quotes = "" if mark == self._quotes else self._quotes
            elif mark in ('"""', "'''"):
                self._quotes = mark
            elif mark in "[{":
                self._brackets += 1
            elif mark in "]}":
                self._brackets -= 1


def _parts(key: str) -> Path:
    return tuple(part.strip("\"'") for part in re.findall(_PART, key))


def _resolved(path: Path, entries: Counter[Path]) -> Path:
    """A header below an array of tables belongs to the array's last entry."""
    resolved: Path = ()
    for part in path[:-1]:
        resolved = (*resolved, part)
        if entries[resolved]:
            resolved = (*resolved, entry(entries[resolved] - 1))
    return (*resolved, path[-1])

"""A table of `engine.toml` into an attrs class: every problem of every key at once, not only the first.

Called by `config` for each section. cattrs alone stops at a class whose fields have the wrong types, before
it asks the validators; here each field is read, checked by itself, and only then the whole.
"""

import re
from collections.abc import Mapping
from typing import TypeVar

import attrs

from tipoff.config.fields import default_of, key_of, settings_of
from tipoff.config.problems import Problem, shown, unknown_key
from tipoff.config.toml_lines import Path, line_of
from tipoff.config.values import structure

S = TypeVar("S")
_ENTRY = re.compile(r"\[([0-9]{1,9})\]")
Table = Mapping[str, object]


class Reader:
    """Reads tables and remembers what was wrong with them."""

    def __init__(self, lines: dict[Path, int]) -> None:
        self._lines = lines
        self.problems: list[Problem] = []

    def complain(self, path: Path, message: str) -> None:
        """Remember that something is wrong at `path`."""
        self.problems.append(Problem(_dotted(path), line_of(path, self._lines), message))

    def table(self, value: object, path: Path) -> Table:
        """The value as a table; an empty one, and a problem, if it is something else."""
        if isinstance(value, dict):
            return value
        self.complain(path, f"expected a table, found {shown(value)}")
        return {}

    def unknown_keys(self, table: Table, path: Path, valid: frozenset[str]) -> None:
        """Complain about every key that nobody reads."""
        for key in table:
            if key not in valid:
                self.complain((*path, key), unknown_key(key, valid))

    def read(self, kind: type[S], value: object, path: Path) -> S | None:
        """An instance of `kind`, or None after complaints about everything that is wrong."""
        before = len(self.problems)
        table = self.table(value, path)
        fields = settings_of(kind)
        self.unknown_keys(table, path, frozenset(map(key_of, fields)))
        values: dict[str, object] = {}
        for field in fields:
            self._read_field(field, table, path, values)
        self._check_fields(kind, values, path)
        if len(self.problems) > before:
            return None
        try:
            return kind(**values)
        except (ValueError, TypeError) as error:
            self.complain(path, _message(error))
            return None

    def _read_field(
        self, field: "attrs.Attribute[object]", table: Table, path: Path, values: dict[str, object]
    ) -> None:
        key = key_of(field)
        if key not in table:
            if field.default is attrs.NOTHING:
                self.complain((*path, key), "is missing and has no default")
            return
        if isinstance(field.type, type) and attrs.has(field.type):
            values[key] = self.read(field.type, table[key], (*path, key))
            return
        try:
            values[key] = structure(table[key], field.type)
        except ValueError as error:
            self.complain((*path, key), str(error))

    def _check_fields(self, kind: type, values: dict[str, object], path: Path) -> None:
        """Ask each field's own validator, whatever is wrong with the other fields."""
        probe = _probe(kind, values)
        for field in settings_of(kind):
            key = key_of(field)
            if field.validator is None or values.get(key) is None:
                continue
            try:
                field.validator(probe, field, values[key])
            except (ValueError, TypeError) as error:
                self.complain((*path, key), _message(error))
            except AttributeError:
                # The validator looks at a field that is itself wrong: that one has been complained about.
                continue


def _probe(kind: type, values: dict[str, object]) -> object:
    """An object with the fields that could be read, for validators which look at their neighbours."""
    probe: object = object.__new__(kind)
    for field in settings_of(kind):
        value = values.get(key_of(field), default_of(field))
        if value is not attrs.NOTHING:
            object.__setattr__(probe, field.name, value)
    return probe


def _message(error: Exception) -> str:
    """The validators of attrs put the field's declaration behind the message; people need the message."""
    return str(error.args[0]) if error.args else str(error)


def _dotted(path: Path) -> str:
    """A path for people: entries of arrays in brackets, counted from 1."""
    text = ""
    for part in path:
        number = _ENTRY.fullmatch(part)
        if number:
            text += f"[{int(number[1]) + 1}]"
        else:
            text += f".{part}" if text else part
    return text

"""The methods as they are written down in `methods.json`, which the command line is made of."""

import json
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, Final

import attrs

from tipoff.control.method import Method
from tipoff.control.parameters import Param
from tipoff.control.permissions import Level
from tipoff.exit_codes import Exit

NAME: Final = "methods.json"


def text_of(methods: Iterable[Method]) -> str:
    """The methods as they stand in the file; what has its default is left out."""
    return json.dumps([_row(method) for method in methods], indent=1, ensure_ascii=False) + "\n"


def _row(described: Method | Param) -> dict[str, object]:
    said = {field.name: getattr(described, field.name) for field in attrs.fields(type(described))}
    defaults = {field.name: field.default for field in attrs.fields(type(described))}
    return {name: _plain(value) for name, value in said.items() if value != defaults[name]}


def _plain(value: object) -> object:
    match value:
        case Enum():
            return value.name
        case tuple():
            return [_row(each) if isinstance(each, Param) else each for each in value]
        case _:
            return value


def methods_in(text: str) -> dict[str, Method]:
    """The methods of such a file, by name, in its order."""
    methods = map(_method, json.loads(text))
    return {method.name: method for method in methods}


def _method(row: Mapping[str, Any]) -> Method:
    # By hand: every command and every completion pays for what is imported here, and a library costs 40 ms.
    return Method(
        **{
            **row,
            "level": Level[row.get("level", Level.READ.name)],
            "params": tuple(map(_param, row.get("params", ()))),
            "one_of": tuple(row.get("one_of", ())),
            "not_running": Exit[row.get("not_running", Exit.NOT_RUNNING.name)],
        }
    )


def _param(row: Mapping[str, Any]) -> Param:
    return Param(**{**row, "choices": tuple(row.get("choices", ()))})

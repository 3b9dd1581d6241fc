"""How values of the engine become JSON, and the schema of what comes out: both read the same annotations.

Used by the control socket's methods and its schema document. Money, prices and counts are decimal texts in
dollars and contracts, moments are ISO 8601 in UTC.
"""

import math
import types
from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

import attrs

from engine.units import Count, Money, Nanos, Price, format_count, format_money, format_price
from tipoff.json_types import Json, utc_text

_UNITS: Mapping[object, tuple[Any, Json]] = {
    Price: (format_price, {"type": "string", "pattern": r"^-?\d+\.\d{4}$", "description": "dollars"}),
    Count: (format_count, {"type": "string", "pattern": r"^-?\d+\.\d{2}$", "description": "contracts"}),
    Money: (format_money, {"type": "string", "pattern": r"^-?\d+\.\d{6}$", "description": "dollars"}),
    Nanos: (utc_text, {"type": "string", "pattern": r"^\d{4}-.*Z$", "description": "a moment in UTC"}),
}
_SIMPLE: Mapping[object, Json] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    object: {},
}


@cache
def _fields(kind: type) -> tuple[tuple[str, object], ...]:
    hints = get_type_hints(kind)
    return tuple((field.name, hints[field.name]) for field in attrs.fields(kind))


def plain(value: Any, hint: object) -> Json:  # noqa: ANN401 - its type is `hint`, which is a value here
    """A value of the annotated type as JSON. Raises TypeError for a type that has no JSON."""
    if hint in _UNITS:
        return _UNITS[hint][0](value)  # type: ignore[no-any-return]
    if hint in _SIMPLE:
        # JSON has no infinities; a number that is none is missing.
        return value if not isinstance(value, float) or math.isfinite(value) else None
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        (inner,) = [argument for argument in arguments if argument is not type(None)]
        return None if value is None else plain(value, inner)
    if origin is tuple:
        return [plain(each, arguments[0]) for each in value]
    if origin is dict:
        return {str(key): plain(each, arguments[1]) for key, each in value.items()}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return value.value  # type: ignore[no-any-return]
    if isinstance(hint, type) and attrs.has(hint):
        return {name: plain(getattr(value, name), kind) for name, kind in _fields(hint)}
    raise TypeError(f"{hint} has no JSON")


def schema_of(hint: object) -> Json:
    """The JSON schema of `plain(value, hint)`. Raises TypeError for a type that has no JSON."""
    if hint in _UNITS:
        return _UNITS[hint][1]
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return {"anyOf": [schema_of(each) for each in arguments]}
    if hint is type(None):
        return {"type": "null"}
    if origin is tuple:
        return {"type": "array", "items": schema_of(arguments[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": schema_of(arguments[1])}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"type": "string", "enum": [member.value for member in hint]}
    if isinstance(hint, type) and attrs.has(hint):
        properties = {name: schema_of(kind) for name, kind in _fields(hint)}
        return {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }
    raise TypeError(f"{hint} has no JSON schema")

"""How values of the engine become JSON, and the schema of what comes out: both read the same annotations.

Used by the control socket's methods and its schema document. Money, prices and counts are decimal texts in
dollars and contracts, moments are ISO 8601 in UTC.
"""

import math
import types
from collections.abc import Callable, Mapping
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
    return converter(hint)(value)


@cache
def converter(hint: object) -> Callable[[Any], Json]:
    """What makes JSON of values of the annotated type. Raises TypeError for a type that has no JSON.

    Annotations are read once and not for every value: hundreds of rows are told many times a second.
    """
    if hint in _UNITS:
        return _UNITS[hint][0]  # type: ignore[no-any-return]
    if hint is float or hint is object:
        return _finite
    if hint in _SIMPLE:
        return _same
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        (inner,) = [converter(argument) for argument in arguments if argument is not type(None)]
        return lambda value: None if value is None else inner(value)
    if origin is tuple:
        of_one = converter(arguments[0])
        return lambda value: [of_one(each) for each in value]
    if origin is dict:
        of_value = converter(arguments[1])
        return lambda value: {str(key): of_value(each) for key, each in value.items()}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _value_of
    if isinstance(hint, type) and attrs.has(hint):
        fields = [(name, converter(kind)) for name, kind in _fields(hint)]
        return lambda value: {name: make(getattr(value, name)) for name, make in fields}
    raise TypeError(f"{hint} has no JSON")


def _same(value: Json) -> Json:
    return value


def _finite(value: Any) -> Json:  # noqa: ANN401 - of any type that is JSON already
    # JSON has no infinities; a number that is none is missing.
    return value if not isinstance(value, float) or math.isfinite(value) else None


def _value_of(value: Enum) -> Json:
    return value.value  # type: ignore[no-any-return]


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

"""Whether the numbers of a fact can be what they are meant for: prices up to a dollar, counts, moments.

Made from the annotations of the facts, so that a new kind is checked without a word about it.
"""

from collections.abc import Callable, Iterator
from types import NoneType, UnionType
from typing import Final, TypeAlias, Union, get_args, get_origin, get_type_hints

import attrs

from engine.facts import PositionSettled
from engine.units import PRICE_ONE, Count, Nanos, Price

Check: TypeAlias = Callable[[object], str | None]

WHOLE: Final = 2**63 - 1
"""The largest number that a database keeps."""

BOUNDS: Final[dict[object, tuple[int, int]]] = {
    Price: (0, PRICE_ONE),
    Count: (0, WHOLE),
    Nanos: (0, WHOLE),
}
_FOUND: dict[type, tuple[tuple[str, Check], ...]] = {}
SIGNED: Final = frozenset({(PositionSettled, "position")})
"""Counts that may be negative: a position of NO."""


def out_of_range(fact: object) -> str | None:
    """The first number of a fact that cannot be, in words; None if all can."""
    for name, check in _checks(type(fact)):
        wrong = check(getattr(fact, name))
        if wrong is not None:
            return f"{name} {wrong}"
    return None


def _checks(kind: type) -> tuple[tuple[str, Check], ...]:
    """The fields of a class that have bounds, or parts that have; found once for each class."""
    known = _FOUND.get(kind)
    if known is None:
        known = _FOUND[kind] = tuple(_found(kind))
    return known


def _found(kind: type) -> Iterator[tuple[str, Check]]:
    for name, hint in get_type_hints(kind).items():
        check = None if (kind, name) in SIGNED else _check(hint)
        if check is not None:
            yield name, check


def _check(hint: object) -> Check | None:
    if hint in BOUNDS:
        return _between(*BOUNDS[hint])
    parts = get_args(hint)
    if get_origin(hint) in (Union, UnionType):
        return _of_union([part for part in parts if part is not NoneType])
    if get_origin(hint) is tuple and parts[-1] is ...:
        return _of_each(_check(parts[0]))
    if get_origin(hint) is tuple:
        return _of_parts([_check(part) for part in parts])
    return out_of_range if isinstance(hint, type) and attrs.has(hint) else None


def _between(low: int, high: int) -> Check:
    def check(value: object) -> str | None:
        inside = isinstance(value, int) and low <= value <= high
        return None if inside else f"is {value}, which is not from {low} to {high}"

    return check


def _of_union(parts: list[object]) -> Check | None:
    if len(parts) > 1:
        # Which of the classes it is, its own type says.
        return out_of_range if any(isinstance(part, type) and attrs.has(part) for part in parts) else None
    inner = _check(parts[0])
    return None if inner is None else lambda value: None if value is None else inner(value)


def _of_each(inner: Check | None) -> Check | None:
    if inner is None:
        return None

    def check(values: object) -> str | None:
        assert isinstance(values, tuple)  # noqa: S101 - that is what the annotation says
        return next((wrong for wrong in map(inner, values) if wrong is not None), None)

    return check


def _of_parts(inner: list[Check | None]) -> Check | None:
    if not any(inner):
        return None

    def check(values: object) -> str | None:
        assert isinstance(values, tuple)  # noqa: S101 - that is what the annotation says
        pairs = zip(inner, values, strict=True)
        return next((wrong for each, value in pairs if each and (wrong := each(value)) is not None), None)

    return check

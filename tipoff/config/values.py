"""How single values of `engine.toml` are read: exactly, and never by guessing what was meant.

Called by `reader`. cattrs turns "3417" into 3417 by itself; here a text is a text, a number a number,
and dollars are decimal texts that must fit the unit.
"""

import math
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeAlias, Union, get_args, get_origin

from cattrs import Converter
from cattrs.errors import IterableValidationError

from engine.units import (
    COUNT_ONE,
    Count,
    Money,
    Price,
    Tenths,
    UnitError,
    contracts,
    format_count,
    format_money,
    format_price,
    format_tenths,
    parse_count,
    parse_money,
    parse_price,
    parse_tenths,
)
from tipoff.config.problems import shown

Plain: TypeAlias = "bool | int | float | str | list[Plain] | None"

NOTHING = "none"


def structure(value: object, kind: object) -> object:
    """The value as `kind`. Raises ValueError with a message for people, without the key's path."""
    try:
        # cattrs is typed for classes; unions and literals are fine too.
        return _CONVERTER.structure(value, kind)  # type: ignore[arg-type]
    except IterableValidationError as group:
        raise ValueError(_first_message(group)) from None
    except UnitError as error:
        raise ValueError(str(error)) from None


def type_name(kind: object) -> str:
    """What the manual calls a type."""
    if kind in _NAMES:
        return _NAMES[kind]
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        names = [type_name(argument) for argument in arguments if argument is not type(None)]
        return " or ".join(names if str in arguments else [*names, f'`"{NOTHING}"`'])
    if origin is Literal:
        return "one of " + ", ".join(f"`{choice}`" for choice in arguments)
    if origin in (tuple, list, frozenset, set):
        return f"list of {type_name(arguments[0])}"
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "one of " + ", ".join(f"`{member.value}`" for member in kind)
    return str(getattr(kind, "__name__", kind))


def plain(value: object, kind: object) -> Plain:
    """The inverse of `structure`: what a file says of a value; None for a text that is not there."""
    if value is None:
        return None if str in get_args(kind) else NOTHING
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, tuple | list | frozenset | set):
        element = get_args(kind)[0] if get_args(kind) else str
        return [plain(entry, element) for entry in value]
    for unit, text in _TEXTS.items():
        if kind is unit or unit in get_args(kind):
            return text(value)
    if isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"{value!r} cannot be written into a configuration")


def _whole_number(value: object, _: type) -> int:
    if type(value) is not int:
        raise ValueError(f"expected a whole number, found {shown(value)}")
    return value


def _number(value: object, _: type) -> float:
    if type(value) not in (int, float):
        raise ValueError(f"expected a number, found {shown(value)}")
    number = float(value)  # type: ignore[arg-type]
    if not math.isfinite(number):
        raise ValueError(f"expected a finite number, found {shown(value)}")
    return number


def _truth(value: object, _: type) -> bool:
    if type(value) is not bool:
        raise ValueError(f"expected true or false, found {shown(value)}")
    return value


def _text(value: object, _: type) -> str:
    if type(value) is not str:
        raise ValueError(f"expected a text in quotes, found {shown(value)}")
    if "\0" in value:
        raise ValueError("a text with a zero character")
    return value


def _path(value: object, _: type) -> Path:
    return Path(_text(value, str))


def _exact(parse: Callable[[str], int], what: str) -> Callable[[object, type], int]:
    def read(value: object, _: type) -> int:
        if type(value) is not str:
            raise ValueError(f"expected {what} in quotes, found {shown(value)}")
        return parse(value)

    return read


def _count(value: object, _: type) -> Count:
    if type(value) is int:
        return contracts(value)
    if type(value) is str:
        return parse_count(value)
    raise ValueError(f'expected a whole number of contracts or a text such as "2.50", found {shown(value)}')


def _choice(choices: tuple[object, ...], value: object) -> object:
    for choice in choices:
        if type(choice) is type(value) and choice == value:
            return choice
    raise ValueError(f"expected one of {', '.join(map(str, choices))}, found {shown(value)}")


def _enum(value: object, kind: type[Enum]) -> Enum:
    return kind(_choice(tuple(member.value for member in kind), value))


def _literal(value: object, kind: object) -> object:
    return _choice(get_args(kind), value)


def _optional(value: object, kind: object) -> object:
    """TOML has no word for nothing; ours is "none", where a text could not be meant."""
    kinds = [argument for argument in get_args(kind) if argument is not type(None)]
    if len(kinds) != 1:
        raise ValueError(f"a setting cannot be of type {kind}")
    if value == NOTHING and kinds[0] is not str:
        return None
    try:
        return structure(value, kinds[0])
    except ValueError as error:
        raise ValueError(f'{error} (or "{NOTHING}")') from None


def _sequence(value: object, kind: object) -> object:
    """Without this a text would be read as the list of its letters."""
    if type(value) is not list:
        raise ValueError(f"expected a list in square brackets, found {shown(value)}")
    element, gather = get_args(kind)[0], get_origin(kind)
    read = []
    for position, entry in enumerate(value, 1):
        try:
            read.append(structure(entry, element))
        except ValueError as error:
            raise ValueError(f"entry {position}: {error}") from None
    return gather(read)  # type: ignore[misc]


def _first_message(group: IterableValidationError) -> str:
    leaf: BaseException = group
    while isinstance(leaf, BaseExceptionGroup):
        leaf = leaf.exceptions[0]
    return str(leaf)


def _strict_converter() -> Converter:
    converter = Converter(forbid_extra_keys=True)
    converter.register_structure_hook(int, _whole_number)
    converter.register_structure_hook(float, _number)
    converter.register_structure_hook(bool, _truth)
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook(Path, _path)
    converter.register_structure_hook(Money, _exact(parse_money, 'dollars such as "200.00"'))
    converter.register_structure_hook(Price, _exact(parse_price, 'a price in dollars such as "0.05"'))
    converter.register_structure_hook(Tenths, _exact(parse_tenths, 'points such as "3.5"'))
    converter.register_structure_hook(Count, _count)
    converter.register_structure_hook_func(_is(Enum), _enum)
    converter.register_structure_hook_func(_is_of(Literal), _literal)
    converter.register_structure_hook_func(_is_of(Union, UnionType), _optional)
    converter.register_structure_hook_func(_is_of(tuple, list, frozenset, set), _sequence)
    return converter


def _is_of(*origins: object) -> Callable[[object], bool]:
    def asked(kind: object) -> bool:
        origin: object = get_origin(kind)
        return origin in origins

    return asked


def _is(parent: type) -> Callable[[object], bool]:
    return lambda kind: isinstance(kind, type) and issubclass(kind, parent)


_NAMES: dict[object, str] = {
    int: "whole number",
    float: "number",
    bool: "`true` or `false`",
    str: "text",
    Path: "path",
    Money: "dollars as text",
    Price: "price in dollars as text",
    Count: "contracts",
    Tenths: "points as text",
}


def _dollars(money: Money) -> str:
    """Cents at least, more only where they say something."""
    text = format_money(money)
    return text[:-4] + text[-4:].rstrip("0")


def _contracts(count: Count) -> int | str:
    return count // COUNT_ONE if count % COUNT_ONE == 0 else format_count(count)


_TEXTS: dict[object, Callable[[Any], int | str]] = {
    Money: _dollars,
    Price: format_price,
    Count: _contracts,
    Tenths: format_tenths,
}
_CONVERTER = _strict_converter()

"""A configuration as text and as plain values: the commented `engine.toml`, and what `config show` prints.

Called by `tipoff init`, `tipoff config show` and the manual. Whatever could be secret is covered here and
nowhere else.
"""

import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import attrs
from attrs import AttrsInstance

from tipoff.config.fields import (
    Secrecy,
    default_of,
    explanation,
    is_live,
    key_of,
    secrecy_of,
    settings_of,
    unit,
)
from tipoff.config.load import Config, StrategySettings
from tipoff.config.values import Plain, plain, type_name

Tree: TypeAlias = "Mapping[str, Plain | Tree | list[Tree]]"

COVERED = "(set)"
WIDTH = 110
ELSEWHERE = "See the module."

OPENING = """\
# The configuration of Tipoff. Every key is here with what it means, its unit and its default; a key that is
# left out has its default. `tipoff config check` names everything that is wrong, `tipoff config diff` what
# differs from the defaults. Secrets are never in this file: keys and passwords are files, named below.
# Dollars are texts such as "12.50", so that they are read exactly. Keys marked (live), the limits of [risk]
# and the parameters of strategies need no restart to change; the others do. A limit that is "none" is off.
"""


def tree(config: Config) -> Tree:
    """The configuration as tables and plain values, secrets covered."""
    sections = {name: table(section) for name, section in config.sections().items()}
    return {**sections, "strategy": [table(entry) for entry in config.strategies]}


def table(settings: AttrsInstance) -> Tree:
    """One section as plain values, secrets covered."""
    values: dict[str, Plain | Tree] = {}
    for field in settings_of(type(settings)):
        value = getattr(settings, field.name)
        values[key_of(field)] = (
            table(value) if attrs.has(type(value)) else _covered(field, plain(value, field.type))
        )
    return values


def flat(branch: Tree, prefix: str = "") -> dict[str, Plain]:
    """A tree as dotted paths; strategies are called by their names, so that a diff survives their order."""
    leaves: dict[str, Plain] = {}
    for key, value in branch.items():
        path = f"{prefix}{key}"
        match value:
            case Mapping():
                leaves |= flat(value, f"{path}.")
            case [Mapping(), *_]:
                leaves |= _flat_entries(value, path)
            case [] if path == "strategy":
                continue
            case _:
                leaves[path] = value  # type: ignore[assignment]
    return leaves


def _flat_entries(entries: Sequence[object], path: str) -> dict[str, Plain]:
    leaves: dict[str, Plain] = {}
    for entry in entries:
        if isinstance(entry, Mapping):
            leaves |= flat(entry, f"{path}.{entry['name']}.")
    return leaves


def render(config: Config) -> str:
    """The commented file. Reading it again gives an equal configuration, keys and all."""
    parts = [OPENING]
    parts += [_section(name, section) for name, section in config.sections().items()]
    parts += [_strategy(settings) for settings in config.strategies]
    return "\n".join(parts)


def rows(kind: type[AttrsInstance], prefix: str = "") -> Iterator[tuple[str, str, str, str]]:
    """Key, type, default and meaning of every key of a class, for the manual."""
    for field in settings_of(kind):
        key = prefix + key_of(field)
        default = default_of(field)
        if isinstance(field.type, type) and attrs.has(field.type):
            yield from rows(field.type, f"{key}.")
        elif field.type is not AttrsInstance:
            yield key, type_name(field.type), _default_text(field, default), _meaning(field)


def about(kind: type) -> str:
    """What a class of settings is for; one that only points to its module is explained by that."""
    text = _paragraph(kind.__doc__)
    if text.startswith(ELSEWHERE):
        module = inspect.getmodule(kind)
        text = f"{_paragraph(module.__doc__ if module else None)}{text.removeprefix(ELSEWHERE)}"
    return text


def _paragraph(text: str | None) -> str:
    return " ".join((text or "").split("\n\n")[0].split())


def _section(name: str, settings: AttrsInstance) -> str:
    lines = [*_wrapped(about(type(settings))), f"[{name}]", *_assignments(settings)]
    for field in settings_of(type(settings)):
        value = getattr(settings, field.name)
        if attrs.has(type(value)):
            lines += ["", _section(f"{name}.{key_of(field)}", value).rstrip()]
    return "\n".join(lines) + "\n"


def _strategy(settings: StrategySettings) -> str:
    lines = ["[[strategy]]", *_assignments(settings)]
    parameters = _assignments(settings.parameters)
    if parameters:
        lines += ["", *_wrapped(about(type(settings.parameters))), "[strategy.parameters]", *parameters]
    return "\n".join(lines) + "\n"


def _assignments(settings: AttrsInstance) -> list[str]:
    lines: list[str] = []
    for field in settings_of(type(settings)):
        value = getattr(settings, field.name)
        if attrs.has(type(value)):
            continue
        lines += _wrapped(f"{_meaning(field)} (default: {_default_text(field, default_of(field))})")
        written = plain(value, field.type)
        lines.append(f"# {key_of(field)} =" if written is None else f"{key_of(field)} = {_toml(written)}")
    return lines


def _meaning(field: "attrs.Attribute[object]") -> str:
    """The explanation with the unit behind it, unless the key already ends in it."""
    words = explanation(field)
    if unit(field):
        words += f" [{unit(field)}]"
    return f"{words} (live)" if is_live(field) else words


def _default_text(field: "attrs.Attribute[object]", default: object) -> str:
    if default is attrs.NOTHING:
        return "none, must be named"
    written = plain(default, field.type)
    return "not set" if written is None else _toml(written)


def _toml(value: Plain) -> str:
    """A value in TOML. A JSON text is also a TOML text."""
    match value:
        case list():
            return "[" + ", ".join(_toml(entry) for entry in value) + "]"
        case str():
            return json.dumps(value, ensure_ascii=False)
        case bool():
            return "true" if value else "false"
        case float():
            return repr(value)
        case _:
            return str(value)


def _wrapped(text: str) -> list[str]:
    lines = ["#"]
    for word in text.split():
        if len(lines[-1]) + len(word) >= WIDTH:
            lines.append("#")
        lines[-1] += f" {word}"
    return lines


def _covered(field: "attrs.Attribute[object]", value: Plain) -> Plain:
    return COVERED if secrecy_of(field) is Secrecy.COVERED and value else value

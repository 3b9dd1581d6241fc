"""How a setting is declared: default, meaning, unit, bounds, and whether a running daemon takes a new value.

Used by every class that holds settings; the commented `engine.toml`, the manual's page and the messages are
made from what is said here.
"""

from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import Protocol, TypeAlias, TypeVar, runtime_checkable

import attrs

T = TypeVar("T")
# Called by attrs with the instance, the field and the value.
Validator: TypeAlias = Callable[..., object]

HELP = "help"
UNIT = "unit"
LIVE = "live"
SECRECY = "secrecy"


class Secrecy(Enum):
    """What a setting has to do with a secret; a copy without keys has the defaults of all but the first."""

    OPEN = "open"
    """Nothing."""
    COVERED = "covered"
    """It is one, and covered wherever it is shown."""
    FILE = "file"
    """It names the file that holds one."""
    ABOUT = "about"
    """It means nothing without the secret."""


@runtime_checkable
class SelfChecking(Protocol):
    """A section whose values may contradict one another."""

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """The key to name and what is wrong with it, for each contradiction."""
        ...


def setting(
    default: T, explanation: str, *, unit: str = "", check: Validator | None = None, live: bool = False
) -> T:
    """A field of a settings class. `live` says that `reload` changes it without a restart."""
    metadata = {HELP: explanation, UNIT: unit, LIVE: live}
    field: T = attrs.field(default=default, metadata=metadata, validator=check)
    return field


def secret(secrecy: Secrecy, default: T, explanation: str) -> T:
    """A field of a settings class that has to do with a secret."""
    field: T = attrs.field(default=default, metadata={HELP: explanation, SECRECY: secrecy})
    return field


def explanation(field: "attrs.Attribute[object]") -> str:
    """What a field means, for people; empty if its class does not say."""
    return str(_metadata(field).get(HELP, ""))


def unit(field: "attrs.Attribute[object]") -> str:
    """The unit of a field's value; empty if it has none."""
    return str(_metadata(field).get(UNIT, ""))


def is_live(field: "attrs.Attribute[object]") -> bool:
    """Whether a running daemon takes a new value without a restart."""
    return bool(_metadata(field).get(LIVE, False))


def secrecy_of(field: "attrs.Attribute[object]") -> Secrecy:
    """What a field has to do with a secret."""
    found = _metadata(field).get(SECRECY, Secrecy.OPEN)
    assert isinstance(found, Secrecy)  # noqa: S101 - written by `setting` only
    return found


def key_of(field: "attrs.Attribute[object]") -> str:
    """What the field is called in the file."""
    return field.alias or field.name


def default_of(field: "attrs.Attribute[object]") -> object:
    """The value that a field has when the file does not name it; attrs.NOTHING if it must be named."""
    default: object = field.default
    factory = getattr(default, "factory", None)
    return factory() if callable(factory) else default


def settings_of(kind: type) -> tuple["attrs.Attribute[object]", ...]:
    """The fields of a settings class that may be set, with their types resolved."""
    attrs.resolve_types(kind)
    return tuple(field for field in attrs.fields(kind) if field.init)


def between(low: float, high: float) -> Validator:
    """Accept numbers from `low` to `high`, both included."""

    def check(_: object, __: object, value: float) -> None:
        if not low <= value <= high:
            raise ValueError(f"must be from {low:g} to {high:g}, found {value}")

    return check


def matching(fits: Callable[[str], object], wanted: str) -> Validator:
    """Accept only texts that fit; `wanted` describes them."""

    def check(_: object, __: object, value: str) -> None:
        if not fits(value):
            raise ValueError(f"must be {wanted}, found {value!r}")

    return check


def _metadata(field: "attrs.Attribute[object]") -> Mapping[object, object]:
    return field.metadata

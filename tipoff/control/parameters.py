"""The parameters of a method: what each may be, how a person types it, and the values of a request.

Declared once, with their method: the server checks them, the schema and the manual show them, and the command
line makes its arguments and options of them.
"""

from collections.abc import Mapping
from typing import Literal

import attrs

from tipoff.control.protocol import TEXT_CHARS_MAX
from tipoff.json_types import Json


@attrs.frozen(kw_only=True)
class Param:
    """One parameter: its name, type and bounds, and how it is typed on the command line."""

    name: str
    kind: Literal["text", "whole", "number", "flag", "names", "values"] = "text"
    required: bool = False
    choices: tuple[str, ...] = ()
    low: int = 1
    high: int = 1_000
    help: str = ""
    unsaid: str = ""
    """What holds for a program that does not say it."""
    place: bool = False
    """Typed by its place, without a name before it."""
    typed: str = ""
    """What it is called on the command line, if not by its name."""
    default: str | int | None = None
    """What a command says for a person who does not."""
    switch: str = ""
    """This choice is typed as a flag of its name; without the flag the default holds."""
    upper: bool = False
    """Typed in any letter case."""

    @property
    def description(self) -> str:
        """What it is, for a program."""
        return f"{self.help} {self.unsaid} unless said." if self.unsaid else self.help

    def schema(self) -> Json:
        """The JSON schema of its values."""
        match self.kind:
            case "text":
                choices: dict[str, Json] = {"enum": list(self.choices)} if self.choices else {}
                length: dict[str, Json] = {"minLength": 1, "maxLength": TEXT_CHARS_MAX}
                return {"type": "string", **length, **choices, "description": self.description}
            case "whole":
                bounds: dict[str, Json] = {"minimum": self.low, "maximum": self.high}
                return {"type": "integer", **bounds, "description": self.description}
            case "number":
                return {"type": "number", "description": self.description}
            case "flag":
                return {"type": "boolean", "description": self.description}
            case "names":
                items: dict[str, Json] = {"type": "string", "enum": list(self.choices)}
                return {"type": "array", "minItems": 1, "items": items, "description": self.description}
            case "values":
                return {"type": "object", "minProperties": 1, "description": self.description}

    def problem(self, value: object) -> str | None:
        """What is wrong with a value."""
        match self.kind, value:
            case "text", str() if value.isprintable() and 0 < len(value) <= TEXT_CHARS_MAX:
                return f"is one of {', '.join(self.choices)}" if self._no_choice(value) else None
            case "text", _:
                return f"is a printable text of 1 to {TEXT_CHARS_MAX} characters"
            case "names", list() if value and all(name in self.choices for name in value):
                return None
            case "names", _:
                return f"is a list of some of {', '.join(self.choices)}"
            case "flag", bool():
                return None
            case "flag", _:
                return "is true or false"
            case _, bool():
                return "is no truth value"
            case "whole", int() if self.low <= value <= self.high:
                return None
            case "whole", _:
                return f"is a whole number from {self.low} to {self.high}"
            case "number", int() | float():
                return None
            case "number", _:
                return "is a number"
            case _, dict() if value:
                return None
            case _:
                return "is an object of names and values"

    def _no_choice(self, value: str) -> bool:
        return bool(self.choices) and value not in self.choices


class Params:
    """Parameters that were checked; a getter returns None for what was not given."""

    def __init__(self, values: Mapping[str, object]) -> None:
        """`values` fit the method's parameters."""
        self.values = values

    def text(self, name: str) -> str | None:
        """A text."""
        value = self.values.get(name)
        return value if isinstance(value, str) else None

    def must(self, name: str) -> str:
        """A text that is required."""
        value = self.values[name]
        assert isinstance(value, str)  # noqa: S101 - it was checked
        return value

    def whole(self, name: str, default: int) -> int:
        """A whole number."""
        value = self.values.get(name, default)
        return value if isinstance(value, int) else default

    def names(self, name: str) -> tuple[str, ...]:
        """A list of words; empty if it was not given."""
        value = self.values.get(name)
        return tuple(map(str, value)) if isinstance(value, list) else ()

    def number(self, name: str) -> float | None:
        """A number."""
        value = self.values.get(name)
        return float(value) if isinstance(value, int | float) else None

    def flag(self, name: str) -> bool:
        """A truth value; absent is false."""
        return self.values.get(name) is True

    def table(self, name: str) -> dict[str, object]:
        """An object."""
        value = self.values.get(name)
        return value if isinstance(value, dict) else {}


STRATEGY = Param(name="strategy", help="Only of this strategy.")
TICKER = Param(name="ticker", upper=True, help="Only of this market.")
GAME = Param(name="game", help="Only of this game.")
THE_MARKET = Param(name="ticker", required=True, place=True, upper=True, help="The market.")


def newest(default: int) -> Param:
    """How many lines are asked for."""
    return Param(
        name="limit", kind="whole", default=default, unsaid="100", help="So many at most, the newest."
    )

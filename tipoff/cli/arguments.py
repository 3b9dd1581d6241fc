"""Arguments that several commands take, spelled once: seed, configuration file, switches, request id.

Used by the files of `tipoff.cli`.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter, Token
from cyclopts.validators import Number

from tipoff.exit_codes import Exit
from tipoff.json_types import Json
from tipoff.output import Failure


def whole_number(_kind: object, tokens: Sequence[Token]) -> int:
    """A whole number, written as one. The library would round 1.5 to 2 without a word."""
    text = tokens[0].value
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a whole number") from None


def whole_or_all(kind: object, tokens: Sequence[Token]) -> int | Literal["all"]:
    """A whole number, or the word "all"."""
    return "all" if tokens[0].value == "all" else whole_number(kind, tokens)


def key_and_value(text: str) -> tuple[str, Json]:
    """KEY=VALUE as it is typed: JSON where it reads as such, else a text, or with commas a list of them.

    Raises Failure where it is no such pair.
    """
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise Failure("usage", f"{text!r} is not KEY=VALUE", exit_code=Exit.USAGE)
    try:
        read: Json = json.loads(value)
    except ValueError:
        return key, value.split(",") if "," in value else value
    return key, read


Whole = Annotated[int, Parameter(converter=whole_number)]

Seed = Annotated[Whole, Parameter(validator=Number(gte=0, lt=2**63))]


ConfigFile = Annotated[
    Path | None,
    Parameter(name="--config", help="Configuration; without it engine.toml here, or the defaults."),
]


Flag = Annotated[bool, Parameter(negative="")]


RequestId = Annotated[
    str | None, Parameter(help="Repeating a command with the same id does it once. Drawn unless given.")
]

"""How arguments are read that several commands take: numbers, KEY=VALUE, request id.

Used by the files of `tipoff.cli`.
"""

import json
from collections.abc import Sequence
from typing import Annotated, Literal

from cyclopts import Parameter, Token

from tipoff.commands.switches import whole_number
from tipoff.exit_codes import Exit
from tipoff.json_types import Json
from tipoff.output import Failure


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


RequestId = Annotated[
    str | None, Parameter(help="Repeating a command with the same id does it once. Drawn unless given.")
]

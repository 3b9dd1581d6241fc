"""Arguments that several commands take, spelled once: seed, configuration file, switches, request id.

Used by the files of `tipoff.cli`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter, Token
from cyclopts.validators import Number


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

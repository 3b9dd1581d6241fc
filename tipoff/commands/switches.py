"""The kinds of switches that many commands have: name, help and bounds stand here once.

Taken by the files of `tipoff.cli` and by the requests beside this module. Apart from them, since the commands
that only ask a daemon have no use for requests, and making those classes costs a tenth of such a command.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, Token
from cyclopts.validators import Number


def whole_number(_kind: object, tokens: Sequence[Token]) -> int:
    """A whole number, written as one. The library would round 1.5 to 2 without a word."""
    text = tokens[0].value
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a whole number") from None


Whole = Annotated[int, Parameter(converter=whole_number)]
Seed = Annotated[Whole, Parameter(validator=Number(gte=0, lt=2**63))]
Flag = Annotated[bool, Parameter(negative="")]
ConfigFile = Annotated[
    Path | None,
    Parameter(name="--config", help="Configuration; without it engine.toml here, or the defaults."),
]
Url = Annotated[str | None, Parameter(name="--db", help="Database, instead of the configuration's.")]
Port = Annotated[Whole, Parameter(validator=Number(gte=0, lte=65_535))]

"""Arguments that several commands take, spelled once: seed, configuration file, switches, request id.

Used by the files of `tipoff.cli`.
"""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

Seed = Annotated[int, Parameter(validator=Number(gte=0, lt=2**63))]


ConfigFile = Annotated[
    Path | None,
    Parameter(name="--config", help="Configuration; without it engine.toml here, or the defaults."),
]


Flag = Annotated[bool, Parameter(negative="")]


RequestId = Annotated[
    str | None, Parameter(help="Repeating a command with the same id does it once. Drawn unless given.")
]

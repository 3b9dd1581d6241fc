"""The description of a control method, for the server, the schema and the command line.

The rows are in `registry`; what a method does is in `queries` and `operations`, which only the server loads.
"""

import re
from collections.abc import Mapping

import attrs

from tipoff.control.parameters import Param, Params
from tipoff.control.permissions import Level
from tipoff.control.protocol import ErrorCode, Fault
from tipoff.exit_codes import Exit

REQUEST_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
"""What a request id looks like; it becomes part of order ids."""

OF_EVERY_CHANGE = (
    Param(name="request_id", required=True, help="The same id is fulfilled once."),
    Param(name="reason", help="Kept in the journal."),
    Param(name="via", help="Through what a person asks, such as the dashboard; kept in the journal."),
)
"""Parameters of every method that changes something, unless it has one of that name."""


@attrs.frozen(kw_only=True)
class Method:
    """One method, and the command that asks it: `orders.place` is typed as `tipoff orders place`."""

    name: str
    line: str
    """What it does, short enough for a list."""
    help: str = ""
    """What there is to say at length; else the line says all."""
    level: Level = Level.READ
    params: tuple[Param, ...] = ()
    one_of: tuple[str, ...] = ()
    """Of these parameters exactly one is said."""
    always: bool = False
    """Answered while the daemon starts or stops, too."""
    command: bool = True
    """Whether a command of this name asks it."""
    also: str = ""
    """Another name of the command, below its own."""
    shows: str = ""
    """What the command asks instead when nothing is typed behind it."""
    not_running: Exit = Exit.NOT_RUNNING
    """How the command ends when no daemon runs."""

    @property
    def mutates(self) -> bool:
        """Whether it needs a request id, is journaled, and waits for its turn."""
        return self.level > Level.READ

    @property
    def words(self) -> tuple[str, ...]:
        """As it is typed behind `tipoff`."""
        return tuple(self.name.replace("_", "-").split("."))

    def all_params(self) -> tuple[Param, ...]:
        """Its parameters; those of a change also say which request it is, why, and through what."""
        if not self.mutates:
            return self.params
        own = {param.name for param in self.params}
        return (*self.params, *(param for param in OF_EVERY_CHANGE if param.name not in own))

    def check(self, params: Mapping[str, object]) -> Params:
        """Check parameters. Raises Fault with every problem."""
        known = {param.name: param for param in self.all_params()}
        problems = [f"{name[:80]}: is no parameter of {self.name}" for name in params if name not in known]
        for name, param in known.items():
            if name not in params:
                problems += [f"{name}: is required"] if param.required else []
                continue
            problem = param.problem(params[name])
            if problem is not None:
                problems.append(f"{name}: {problem}")
        if not self.is_one_said(params):
            problems.append(f"name exactly one of {', '.join(self.one_of)}")
        if self.mutates and not REQUEST_ID.fullmatch(str(params.get("request_id", ""))):
            problems.append(f"request_id: matches {REQUEST_ID.pattern}")
        if problems:
            message = f"{self.name}: {'; '.join(problems)}"
            raise Fault(ErrorCode.INVALID_PARAMS, message, problems)
        return Params(params)

    def is_one_said(self, params: Mapping[str, object]) -> bool:
        """Whether exactly one of `one_of` is said; a flag that is off is not."""
        said = [name for name in self.one_of if params.get(name) not in (None, False)]
        return not self.one_of or len(said) == 1

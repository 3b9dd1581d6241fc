"""What a method of the control socket is: level, parameters, answer, and the room that it is called in.

The methods themselves are in `control_looking` and `control_acting`; `control_catalogue` lists them. Written
against the small `Engine`, so that a live and a virtual system serve alike. Must not import the server.
"""

import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Literal, Protocol, TypeAlias, TypeVar

import attrs
import trio

from actors.addresses import OBSERVER, OPERATOR
from actors.messages import ActDone, ActKnown, FollowWish, Operate, OperatorRequest, Wish
from actors.operator import ActOutcome, ActRefused
from actors.operator_outcomes import DONE, REFUSED
from actors.read_model.views import HaltLine, Look, Overview
from actors.runtime import ActorDead, ActorStatus, Address, AskError, AskTimeout, SystemEnded
from engine.facts import OperatorActed
from engine.risk.halts import EVERYTHING
from engine.units import Nanos
from tipoff.control.permissions import Level
from tipoff.control.protocol import TEXT_CHARS_MAX, Fault, Trouble
from tipoff.explain.chain import Told
from tipoff.output import Failure, Json

REQUEST_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
"""What a request id looks like; it becomes part of order ids."""

DRAINING = "draining"
"""How the reason of a halt begins that is a drain."""

T = TypeVar("T")
State: TypeAlias = Literal["starting", "running", "draining", "halted", "stopping"]


class Engine(Protocol):
    """What the control socket needs of a system of actors."""

    @property
    def now(self) -> int:
        """The stamp of the last input (UTC nanoseconds)."""
        ...  # pragma: no cover

    @property
    def running(self) -> bool:
        """Whether the tree is started and not stopping."""
        ...  # pragma: no cover

    @property
    def starting(self) -> bool:
        """Whether the tree is being started."""
        ...  # pragma: no cover

    async def ask(self, address: Address, message: object, timeout_ns: int, /) -> object:
        """Ask and wait. Raises an AskError or SystemEnded."""
        ...  # pragma: no cover

    def status(self) -> tuple[ActorStatus, ...]:
        """Every child of the tree, in start order."""
        ...  # pragma: no cover

    def restart(self, address: Address, /) -> bool:
        """Replace a life by a new one; False if there is no such child."""
        ...  # pragma: no cover

    def revive(self, address: Address, /) -> bool:
        """Bring a parked or stopped child back; False if it is neither."""
        ...  # pragma: no cover


@attrs.frozen(kw_only=True)
class Hooks:
    """What the daemon around the engine can do. What is None is answered with `not_available`.

    A hook that cannot do what it is asked raises `Failure`. Hooks that block are called in a thread where it
    is said.
    """

    phase: Callable[[], Literal["starting", "running", "stopping"]] | None = None
    """Where the daemon stands; without it the tree says."""
    step: Callable[[], str] = str
    """Which step of its stop is being done; empty while there is none."""
    reload: Callable[[], Awaitable[str | tuple[Address, Wish]]] | None = None
    """Read the configuration again; what it changes of trading goes to the risk gate."""
    reloaded: Callable[[], None] | None = None
    """Take over what else it changes."""
    loglevel: Callable[[str | None], str] | None = None
    """Set the level (None asks) and return it."""
    metrics: Callable[[], str] | None = None
    """The exposition text; called in a thread."""
    story: Callable[[str], Sequence[Told]] | None = None
    """All facts about an id from the journal; called in a thread."""
    load_game: Callable[[str], Awaitable[FollowWish]] | None = None
    """Find out at the venue what a game is; what is to be followed of it goes to the risk gate."""
    unload_game: Callable[[str], Awaitable[FollowWish]] | None = None
    followed: Callable[[], Awaitable[None]] | None = None
    """Follow at the venue what is to be followed now."""
    heartbeat: Callable[[], str] | None = None
    """Which stage no heartbeat passes any more, a sentence; empty while all is well."""
    degraded: Callable[[], Sequence[str]] | None = None
    """What of the daemon does not work as it should, a sentence each: missing keys, full disks."""


@attrs.frozen(kw_only=True)
class Param:
    """One parameter: its name, type and bounds."""

    name: str
    kind: Literal["text", "whole", "number", "flag", "values"] = "text"
    required: bool = False
    choices: tuple[str, ...] = ()
    low: int = 1
    high: int = 1_000
    help: str = ""

    def schema(self) -> Json:
        """The JSON schema of its values."""
        match self.kind:
            case "text":
                choices: dict[str, Json] = {"enum": list(self.choices)} if self.choices else {}
                length: dict[str, Json] = {"minLength": 1, "maxLength": TEXT_CHARS_MAX}
                return {"type": "string", **length, **choices, "description": self.help}
            case "whole":
                bounds: dict[str, Json] = {"minimum": self.low, "maximum": self.high}
                return {"type": "integer", **bounds, "description": self.help}
            case "number":
                return {"type": "number", "description": self.help}
            case "flag":
                return {"type": "boolean", "description": self.help}
            case "values":
                return {"type": "object", "minProperties": 1, "description": self.help}

    def problem(self, value: object) -> str | None:
        """What is wrong with a value."""
        match self.kind, value:
            case "text", str() if value.isprintable() and 0 < len(value) <= TEXT_CHARS_MAX:
                return f"is one of {', '.join(self.choices)}" if self._no_choice(value) else None
            case "text", _:
                return f"is a printable text of 1 to {TEXT_CHARS_MAX} characters"
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


class Given:
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


@attrs.frozen(kw_only=True)
class Call:
    """A request of a peer whose level and parameters were checked."""

    method: "Method"
    given: Given
    uid: int
    request_id: str

    def request(self) -> OperatorRequest:
        """As the operator actor and the journal know it."""
        arguments = {name: value for name, value in self.given.values.items() if name != "request_id"}
        text = json.dumps(arguments, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return OperatorRequest(self.request_id, self.uid, self.method.name, text)


@attrs.frozen(kw_only=True)
class Method:
    """One method. `mutates` means that it needs a request id, is journaled, and waits for its turn.

    `always` methods are answered while the daemon starts or stops, too.
    """

    name: str
    help: str
    result: object
    call: "Callable[[Room, Call], Awaitable[object]]"
    level: Level = Level.READ
    params: tuple[Param, ...] = ()
    mutates: bool = False
    always: bool = False

    def check(self, params: Mapping[str, object]) -> Given:
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
        if self.mutates and not REQUEST_ID.fullmatch(str(params.get("request_id", ""))):
            problems.append(f"request_id: matches {REQUEST_ID.pattern}")
        if problems:
            message = f"{self.name}: {'; '.join(problems)}"
            raise Fault(Trouble.INVALID_PARAMS, message, problems)
        return Given(params)

    def all_params(self) -> tuple[Param, ...]:
        """Its parameters, with the request id of those that change something."""
        own_id = Param(name="request_id", required=True, help="the same id is fulfilled once")
        return (*self.params, own_id) if self.mutates else self.params


@attrs.frozen(kw_only=True)
class Acted:
    """The answer of every method that changes something."""

    request_id: str
    command: str
    outcome: str
    repeated: bool
    at: Nanos


class Room:
    """Where methods are called: the engine, what surrounds it, and one change at a time."""

    def __init__(self, engine: Engine, hooks: Hooks, request_seconds: float) -> None:
        """`request_seconds` bounds every answer."""
        self.engine = engine
        self.hooks = hooks
        self.request_seconds = request_seconds
        self._turn = trio.Lock()
        self._readers = trio.CapacityLimiter(2)

    # -- where the daemon stands

    def phase(self) -> Literal["starting", "running", "stopping"]:
        """Starting, running or stopping."""
        if self.hooks.phase is not None:
            return self.hooks.phase()
        if self.engine.running:
            return "running"
        return "starting" if self.engine.starting else "stopping"

    async def state(self) -> State:
        """The phase, or that trading is halted or draining."""
        phase = self.phase()
        if phase != "running":
            return phase
        try:
            found = await self.look(Look("halts", limit=1_000))
        except Fault:
            return phase
        return state_of(found if isinstance(found, tuple) else ())

    def require_running(self, method: Method) -> None:
        """Only some methods are answered while the tree is not there. Raises Fault."""
        phase = self.phase()
        if phase != "running" and not method.always:
            raise Fault(Trouble.NOT_READY, f"the daemon is {phase}; {method.name} is not answered then")

    # -- asking

    async def ask(self, address: Address, message: object) -> object:
        """Ask an actor. Raises Fault."""
        try:
            return await self.engine.ask(address, message, int(self.request_seconds * 1e9))
        except AskTimeout as error:
            raise Fault(Trouble.TIMEOUT, str(error)) from None
        except ActorDead as error:
            raise Fault(Trouble.UNAVAILABLE, str(error)) from None
        except AskError as error:
            raise Fault(Trouble.UNAVAILABLE, str(error)) from None
        except SystemEnded:
            raise Fault(Trouble.NOT_READY, "the daemon is stopping") from None

    async def look(self, look: Look) -> object:
        """Ask the observer for lines. Raises Fault."""
        return await self.ask(OBSERVER, look)

    async def overview(self) -> Overview:
        """Ask the observer for the whole. Raises Fault."""
        seen = await self.look(Look("overview"))
        assert isinstance(seen, Overview)  # noqa: S101 - that is what it answers
        return seen

    async def in_thread(self, call: Callable[[], T]) -> T:
        """Run something that blocks beside the loop; its thread is left behind when the request ends."""
        return await trio.to_thread.run_sync(call, abandon_on_cancel=True, limiter=self._readers)

    # -- acting

    async def act(self, call: Call, to: Address, wish: Wish) -> Acted:
        """Pass a wish on and wait until its outcome is durable. Raises Fault."""
        async with self._turn:
            return acted_of(await self.ask(OPERATOR, Operate(call.request(), to, wish)))

    async def perform(self, call: Call, deed: Callable[[], Awaitable[str | tuple[Address, Wish]]]) -> Acted:
        """Do something outside of the tree once, and make that durable; what is left to do inside of it is a
        wish to an actor. Raises Fault.
        """
        request = call.request()
        async with self._turn:
            known = await self.ask(OPERATOR, ActKnown(request))
            if known is not None:
                return acted_of(known)
            try:
                done = await deed()
            except Failure as failure:
                done = "\n".join([f"{REFUSED}{failure}", *map(str, failure.details)])
            except Exception as error:  # noqa: BLE001  whatever failed, the journal shall say so
                done = f"{REFUSED}{type(error).__name__}: {error}"
            else:
                done = DONE + done if isinstance(done, str) else done
            if isinstance(done, str):
                return acted_of(await self.ask(OPERATOR, ActDone(request, done)))
            return acted_of(await self.ask(OPERATOR, Operate(request, *done)))


def state_of(halts: Iterable[object]) -> State:
    """Running, draining or halted, by what is halted."""
    for halt in halts:
        if isinstance(halt, HaltLine) and halt.scope == EVERYTHING:
            return "draining" if halt.why.startswith(DRAINING) else "halted"
    return "running"


def acted_of(answer: object) -> Acted:
    """What the operator actor answered; a refusal is a Fault with its reasons."""
    match answer:
        case ActOutcome(acted=OperatorActed() as acted, repeated=repeated):
            if acted.outcome.startswith(REFUSED):
                reasons = acted.outcome.removeprefix(REFUSED).split("\n")
                raise Fault(Trouble.REFUSED, reasons[0], reasons if len(reasons) > 1 else ())
            return Acted(
                request_id=acted.request_id,
                command=acted.command,
                outcome=acted.outcome.removeprefix(DONE),
                repeated=repeated,
                at=acted.at,
            )
        case ActRefused(code="conflict", why=why):
            raise Fault(Trouble.CONFLICT, why)
        case ActRefused(code="busy", why=why):
            raise Fault(Trouble.BUSY, why)
        case ActRefused(why=why):
            raise Fault(Trouble.TIMEOUT, why)
        case _:
            raise Fault(Trouble.INTERNAL, f"the operator answered {type(answer).__name__}")

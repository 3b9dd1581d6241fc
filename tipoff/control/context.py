"""A call of the socket, the method that answers it, and what that method may look at and do."""

import json
from collections.abc import Awaitable, Callable, Iterable
from typing import Literal, TypeAlias, TypeVar

import attrs
import trio

from actors.addresses import OBSERVER, OPERATOR
from actors.messages import Operate, Operation, OperationDone, OperatorRequest, OutcomeWanted
from actors.operator import ActOutcome, ActRefused
from actors.operator_outcomes import operation_done
from actors.read_model.views import HaltLine, Overview, Query
from actors.runtime import ActorDead, Address, AskError, AskTimeout, SystemEnded
from engine.facts import OperatorActed
from engine.risk import EVERYTHING, TradingState
from engine.run_facts import Verdict
from engine.units import Nanos
from tipoff.control.method import Method
from tipoff.control.parameters import Params
from tipoff.control.ports import Engine, Hooks
from tipoff.control.protocol import ErrorCode, Fault
from tipoff.output import Failure

T = TypeVar("T")


State: TypeAlias = Literal["starting", "running", "draining", "halted", "stopping"]


@attrs.frozen(kw_only=True)
class Call:
    """A request of a peer whose level and parameters were checked."""

    method: Method
    params: Params
    uid: int
    request_id: str

    def request(self) -> OperatorRequest:
        """As the operator actor and the journal know it."""
        arguments = {name: value for name, value in self.params.values.items() if name != "request_id"}
        text = json.dumps(arguments, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return OperatorRequest(self.request_id, self.uid, self.method.name, text)


@attrs.frozen(kw_only=True)
class OperationAnswer:
    """The answer of every method that changes something."""

    request_id: str
    command: str
    outcome: str
    repeated: bool
    at: Nanos


class CallContext:
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
            found = await self.query(Query("halts", limit=1_000))
        except Fault:
            return phase
        return state_of(found if isinstance(found, tuple) else ())

    def require_running(self, method: Method) -> None:
        """Only some methods are answered while the tree is not there. Raises Fault."""
        phase = self.phase()
        if phase != "running" and not method.always:
            raise Fault(ErrorCode.NOT_READY, f"the daemon is {phase}; {method.name} is not answered then")

    # -- asking

    async def ask(self, address: Address, message: object) -> object:
        """Ask an actor. Raises Fault."""
        try:
            return await self.engine.ask(address, message, int(self.request_seconds * 1e9))
        except AskTimeout as error:
            raise Fault(ErrorCode.TIMEOUT, str(error)) from None
        except ActorDead as error:
            raise Fault(ErrorCode.UNAVAILABLE, str(error)) from None
        except AskError as error:
            raise Fault(ErrorCode.UNAVAILABLE, str(error)) from None
        except SystemEnded:
            raise Fault(ErrorCode.NOT_READY, "the daemon is stopping") from None

    async def query(self, query: Query) -> object:
        """Ask the observer for lines. Raises Fault."""
        return await self.ask(OBSERVER, query)

    async def overview(self) -> Overview:
        """Ask the observer for the whole. Raises Fault."""
        seen = await self.query(Query("overview"))
        assert isinstance(seen, Overview)  # noqa: S101 - that is what it answers
        return seen

    async def in_thread(self, call: Callable[[], T]) -> T:
        """Run something that blocks beside the loop; its thread is left behind when the request ends."""
        # Only readers run here: a thread left behind costs an answer, never a write.
        return await trio.to_thread.run_sync(call, abandon_on_cancel=True, limiter=self._readers)

    # -- operating

    async def operate(self, call: Call, to: Address, operation: Operation) -> OperationAnswer:
        """Pass an operation on and wait until its outcome is durable. Raises Fault."""
        async with self._turn:
            return answer_of(await self.ask(OPERATOR, Operate(call.request(), to, operation)))

    async def perform(
        self, call: Call, work: Callable[[], Awaitable[str | tuple[Address, Operation]]]
    ) -> OperationAnswer:
        """Do something outside of the tree once, and make that durable; what is left to do inside of it is an
        operation of an actor. Raises Fault.
        """
        request = call.request()
        async with self._turn:
            # Asked under the lock: a client that repeats a request at once must not have it done twice.
            known = await self.ask(OPERATOR, OutcomeWanted(request))
            if known is not None:
                return answer_of(known)
            try:
                done = await work()
            except Failure as failure:
                lines = "\n".join([str(failure), *map(str, failure.details)])
                message: OperationDone | Operate = operation_done(request, Verdict.REFUSED, lines)
            except Exception as error:  # noqa: BLE001  whatever failed, the journal shall say so
                message = operation_done(request, Verdict.REFUSED, f"{type(error).__name__}: {error}")
            else:
                if isinstance(done, str):
                    message = operation_done(request, Verdict.DONE, done)
                else:
                    message = Operate(request, *done)
            return answer_of(await self.ask(OPERATOR, message))


Handler: TypeAlias = Callable[[CallContext, Call], Awaitable[object]]
"""The function behind a method; the schema of the answer is made of its return annotation."""


def state_of(halts: Iterable[object]) -> State:
    """Running, draining or halted, by what is halted."""
    for halt in halts:
        if isinstance(halt, HaltLine) and halt.scope == EVERYTHING:
            return "draining" if halt.state == TradingState.DRAINING.word else "halted"
    return "running"


def answer_of(answer: object) -> OperationAnswer:
    """What the operator actor answered; a refusal is a Fault with its reasons."""
    match answer:
        case ActOutcome(acted=OperatorActed() as acted, repeated=repeated):
            verdict, words = acted.judged()
            if verdict is Verdict.REFUSED:
                sentence, *below = words.split("\n")
                raise Fault(ErrorCode.REFUSED, sentence, below)
            return OperationAnswer(
                request_id=acted.request_id,
                command=acted.command,
                outcome=words,
                repeated=repeated,
                at=acted.at,
            )
        case ActRefused(code="conflict", why=why):
            raise Fault(ErrorCode.CONFLICT, why)
        case ActRefused(code="busy", why=why):
            raise Fault(ErrorCode.BUSY, why)
        case ActRefused(why=why):
            raise Fault(ErrorCode.TIMEOUT, why)
        case _:
            raise Fault(ErrorCode.INTERNAL, f"the operator answered {type(answer).__name__}")

"""The operator: passes an operation to the actor that can carry it out, once for each request id.

Asked by the control socket and the web page. A request that was carried out before gets the same outcome
again, also after a restart, because outcomes are facts. It answers only when the outcome is durable.
"""

from itertools import islice

import attrs

from actors.addresses import JOURNAL, OPERATOR
from actors.fact_history import FactHistory
from actors.messages import (
    Commit,
    Operate,
    OperationDone,
    OperationWanted,
    OperatorRequest,
    OutcomeWanted,
    Wake,
)
from actors.runtime import After, Answer, CancelTimer, DeadLetter, Defer, Outgoing
from engine.facts import OperatorActed
from engine.message import message
from engine.run_facts import Verdict
from engine.units import NANOS_PER_SECOND, Nanos

OPERATION_NS = 5 * NANOS_PER_SECOND
"""How long an operation may take until its caller is told that the outcome is not known."""

ACTS_MAX = 10_000
"""Outcomes remembered for repeated requests; the oldest go first."""

PENDING_MAX = 256
"""Operations that may wait for their outcome at a time."""

OWNER = "operator"


@message
class ActOutcome:
    """The answer: what was done, and whether an earlier request had done it already."""

    acted: OperatorActed
    repeated: bool


@message
class ActRefused:
    """Nothing was passed on: `code` is `conflict`, `busy` or `unknown_outcome`; `why` is a sentence."""

    code: str
    why: str


@attrs.define
class Pending:
    """An operation under way, and everybody who waits for it."""

    request: OperatorRequest
    handles: list[str]


class OperatorActor:
    """Passes operations on, remembers outcomes."""

    def __init__(self, history: FactHistory) -> None:
        """The past comes from `history`."""
        self._history = history
        self._acts: dict[str, OperatorActed] = {}
        self._pending: dict[str, Pending] = {}
        self._handles = 0

    def start(self, now: int) -> list[Outgoing]:
        """Fold the acts of earlier lives."""
        for fact in self._history.standing():
            if isinstance(fact, OperatorActed):
                self._append(fact)
        return []

    def receive(self, message: object, now: int) -> list[Outgoing]:
        """Pass an operation on, or answer those who wait for one."""
        match message:
            case Operate():
                return self._begin(
                    message.request, [(message.to, OperationWanted(message.request, message.operation))]
                )
            case OperationDone():
                acted = self._fact_of(message.request, message.outcome, message.verdict, now)
                return self._begin(message.request, [self._commit(acted)])
            case OutcomeWanted():
                return [Answer(self._known(message.request))]
            case OperatorActed():
                return self._committed(message)
            case Wake():
                return self._overdue(message.key)
            case DeadLetter(message=OperationWanted() as wanted):
                return self._lost(wanted, f"{message.why} {message.error}".strip(), now)
            case _:
                return []

    def _begin(self, request: OperatorRequest, passing: list[Outgoing]) -> list[Outgoing]:
        known = self._known(request)
        if known is not None:
            return [Answer(known)]
        key = request.request_id
        self._handles += 1
        handle = f"{key}#{self._handles}"
        # The same request again while the first is under way (a client that lost its connection): it waits
        # for the same outcome and nothing is passed on twice.
        waiting = self._pending.get(key)
        if waiting is not None:
            waiting.handles.append(handle)
            return [Defer(handle)]
        # Refused and not dropped: whoever asks can try again, and nothing was done.
        if len(self._pending) >= PENDING_MAX:
            return [Answer(ActRefused("busy", f"{PENDING_MAX} commands wait for their outcome"))]
        self._pending[key] = Pending(request, [handle])
        return [Defer(handle), *passing, After(OPERATION_NS, Wake(key), key)]

    def _known(self, request: OperatorRequest) -> ActOutcome | ActRefused | None:
        """What an earlier request with this id came to; its own id for something else is a conflict."""
        acted = self._acts.get(request.request_id)
        if acted is not None:
            if (acted.command, acted.arguments) != (request.command, request.arguments):
                return _conflict(acted.request_id, acted.command)
            return ActOutcome(acted, repeated=True)
        pending = self._pending.get(request.request_id)
        if pending is not None and pending.request != request:
            return _conflict(request.request_id, pending.request.command)
        return None

    def _committed(self, acted: OperatorActed) -> list[Outgoing]:
        self._append(acted)
        pending = self._pending.pop(acted.request_id, None)
        if pending is None:
            return []
        answers: list[Outgoing] = [
            Answer(ActOutcome(acted, repeated=number > 0), handle)
            for number, handle in enumerate(pending.handles)
        ]
        return [*answers, CancelTimer(acted.request_id)]

    def _overdue(self, request_id: str) -> list[Outgoing]:
        pending = self._pending.pop(request_id, None)
        if pending is None:
            return []
        why = "it was passed on, but its outcome is not known yet; ask again with the same request id"
        return [Answer(ActRefused("unknown_outcome", why), handle) for handle in pending.handles]

    def _lost(self, wanted: OperationWanted, why: str, now: int) -> list[Outgoing]:
        """The actor that was to do it failed, or is not there: nothing was done, and that is the outcome."""
        if wanted.request.request_id not in self._pending:
            return []
        verdict = Verdict.REFUSED
        return [self._commit(self._fact_of(wanted.request, verdict.word + why, verdict, now))]

    def _fact_of(
        self, request: OperatorRequest, outcome: str, verdict: Verdict | None, now: int
    ) -> OperatorActed:
        return OperatorActed(
            request.request_id, request.uid, request.command, request.arguments, outcome, Nanos(now), verdict
        )

    def _commit(self, acted: OperatorActed) -> Outgoing:
        return (JOURNAL, Commit(OWNER, (acted,), ((OPERATOR, acted),)))

    def _append(self, acted: OperatorActed) -> None:
        self._acts[acted.request_id] = acted
        for oldest in list(islice(self._acts, max(0, len(self._acts) - ACTS_MAX))):
            del self._acts[oldest]


def _conflict(request_id: str, command: str) -> ActRefused:
    return ActRefused("conflict", f"request id {request_id!r} was used for another command: {command}")

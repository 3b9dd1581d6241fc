"""The tree of actors as it stands."""

import attrs

from actors.runtime import ActorStatus
from engine.units import NANOS_PER_SECOND, Nanos
from tipoff.control.context import Call, CallContext
from tipoff.control.endpoint import Endpoints
from tipoff.control.method import Method
from tipoff.control.protocol import Fault

ENDPOINTS = Endpoints()


@attrs.frozen(kw_only=True)
class ActorLine:
    """One actor or supervisor of the tree, indented by `depth`; `mailbox` is how many messages wait."""

    address: str
    depth: int
    kind: str
    state: str
    incarnation: int
    restarts: int
    mailbox: int
    mailbox_peak: int
    mailbox_capacity: int
    handled: int
    refused: int
    dropped: int
    failures: int
    last_error: str
    age_seconds: int | None


@ENDPOINTS.answers(
    Method(
        name="actors",
        line="The tree of actors; restart or revive one.",
        always=True,
    )
)
async def actors(context: CallContext, _call: Call) -> tuple[ActorLine, ...]:
    """The tree as it stands, also while parts of it are restarting."""
    now = context.engine.now
    since: dict[str, Nanos] = {}
    begun: Nanos | None = None
    try:
        seen = await context.overview()
        since, begun = seen.since, seen.started_at
    except Fault:
        pass
    return tuple(
        _actor(actor, since.get(str(actor.address), begun), now) for actor in context.engine.status()
    )


def _actor(actor: ActorStatus, since: Nanos | None, now: int) -> ActorLine:
    return ActorLine(
        address=str(actor.address),
        depth=actor.address.count("/"),
        kind=actor.kind,
        state=actor.state,
        incarnation=actor.incarnation,
        restarts=actor.restarts,
        mailbox=actor.depth,
        mailbox_peak=actor.peak,
        mailbox_capacity=actor.capacity,
        handled=actor.handled,
        refused=actor.refused,
        dropped=actor.dropped,
        failures=actor.failures,
        last_error=actor.last_error,
        age_seconds=None if since is None else max(0, now - since) // NANOS_PER_SECOND,
    )

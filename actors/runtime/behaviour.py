"""What an actor is to the runtime: an address, a behaviour that decides, and the wishes that it may return.

Every actor of the project is written against this module and `specs`. A behaviour is a pure state machine: it
gets a message and the stamp of the input being worked on, and returns what shall be sent. The runtime sends
only if no exception left the handler.
"""

from collections.abc import Iterable
from enum import Enum
from typing import TYPE_CHECKING, Protocol, TypeAlias

from engine.message import message

if TYPE_CHECKING:
    from actors.runtime.specs import ChildSpec, SupervisorSpec

TOPIC_SUPERVISION = "supervision"
"""Topic of the supervisor reports (`actors.runtime.reports`)."""

TOPIC_DEAD_LETTERS = "dead_letters"
"""Topic of the `DeadLetter`s."""


class Address(str):
    """Where an actor lives, as a path such as `exchange/strategies/sharp_line`; it survives every restart.

    A subclass of `str`, because its hash is computed once and in C: each send looks an address up.
    """

    __slots__ = ()

    @property
    def name(self) -> str:
        """The whole path as a plain text."""
        return str(self)

    @property
    def last(self) -> str:
        """The last part of the path."""
        return self.rpartition("/")[2]

    @property
    def parent(self) -> "Address":
        """The address of the supervisor; the root's own address is the empty path."""
        return Address(self.rpartition("/")[0])

    def child(self, name: str) -> "Address":
        """The address of a child with this name."""
        return Address(f"{self}/{name}") if self else Address(name)

    def __repr__(self) -> str:
        """Show the path with its class, so that logs tell an address from a text."""
        return f"Address({str(self)!r})"


ROOT = Address("")
"""The address of the root supervisor."""


class ExitReason(Enum):
    """Why a life ended; whether a restart follows depends on it and on the child's restart type."""

    NORMAL = "normal"
    """The actor returned `Exit()`: its work is done."""
    SHUTDOWN = "shutdown"
    """Its supervisor stopped it, or it returned `Exit(SHUTDOWN)`."""
    CRASHED = "crashed"
    """An exception left a handler or a hook, or its task or thread."""
    KILLED = "killed"
    """Ended from outside between two messages, or did not stop in time."""
    START_FAILED = "start_failed"
    """It never became ready: the start hook failed or took too long."""
    ESCALATED = "escalated"
    """A supervisor exceeded its restart intensity and gave up."""
    QUARANTINED = "quarantined"
    """The child exceeded its intensity and is parked until somebody revives it."""

    @property
    def abnormal(self) -> bool:
        """Whether a transient child is restarted after such an exit."""
        return self not in (ExitReason.NORMAL, ExitReason.SHUTDOWN)


class Behaviour(Protocol):
    """A pure state machine. Hooks `start(now)` and `stop(now)` with the same answer are optional.

    `start` runs in every life before any message, `stop` when a life ends in an orderly way (not after a
    crash).
    """

    def receive(self, message: object, now: int, /) -> "Iterable[Outgoing]":
        """Work on one message; `now` is the stamp of the input being worked on (UTC nanoseconds). May
        return ().
        """
        ...  # pragma: no cover


@message
class Send:
    """Tell `message` to the actor at `to`. The plain tuple `(to, message)` means the same and costs less.

    `urgent` puts it before everything that waits in the queue: for control (halt), never for data.
    """

    to: Address
    message: object
    urgent: bool = False


@message
class Publish:
    """One queue entry for all subscribers of `topic`, who are called in turn, in order of subscription."""

    topic: str
    message: object


@message
class Subscribe:
    """Hear `topic` until this life ends; a subscription for every life belongs into the `ChildSpec`."""

    topic: str


@message
class Unsubscribe:
    """Stop hearing `topic` in this life."""

    topic: str


@message
class After:
    """A timer to oneself: `message` comes after `delay_ns`; the same `key` replaces. Ends with the life."""

    delay_ns: int
    message: object
    key: str | None = None


@message
class CancelTimer:
    """Forget the timer with this key; forgetting one that is not set is no error."""

    key: str


@message
class Answer:
    """Answers the ask being handled, or with `handle` one that was put off by `Defer`. Of a tell: goes
    nowhere.
    """

    message: object
    handle: str | None = None


@message
class Defer:
    """The ask being handled is answered later, by `Answer(..., handle)` of the same life."""

    handle: str


@message
class Exit:
    """This life is over: NORMAL (done) or SHUTDOWN. What it sends beside it is still sent."""

    reason: ExitReason = ExitReason.NORMAL


@message
class Ready:
    """The acknowledgement of a child whose spec says `ready_when_told`: the next sibling may start."""


@message
class StartChild:
    """Start a dynamic child under the supervisor at `supervisor`; a refusal is a supervisor report."""

    supervisor: Address
    spec: "ChildSpec | SupervisorSpec"


@message
class StopChild:
    """Stop the child at `address`: dynamic ones are gone, static ones stay down until somebody restarts
    them.
    """

    address: Address


@message
class Watch:
    """Tell me `Terminated` exactly once when `address` has ended for good (not at a restart), at once if it
    has.
    """

    address: Address


@message
class Unwatch:
    """Take a `Watch` back; no `Terminated` comes after it."""

    address: Address


@message
class Perform:
    """A wish to one's own I/O task (`ChildSpec.task`), which takes it from its bounded queue of wishes."""

    wish: object


Outgoing: TypeAlias = (
    tuple[Address, object]
    | Send
    | Publish
    | Subscribe
    | Unsubscribe
    | After
    | CancelTimer
    | Answer
    | Defer
    | Exit
    | Ready
    | StartChild
    | StopChild
    | Watch
    | Unwatch
    | Perform
)
"""Everything that a behaviour may wish for."""

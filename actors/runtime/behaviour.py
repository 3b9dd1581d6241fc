"""What an actor is to the runtime: an address, a behaviour that decides, what it returns, and its spec.

Every actor of the project is written against this module. A behaviour is a pure state machine: it
gets a message and the stamp of the input being worked on, and returns what shall be sent. The runtime sends
only if no exception left the handler. A spec names the behaviour, and a behaviour may return a spec to be
started (`StartChild`): one recursive type, so one module. What is wrong with a spec is a `SpecError` that
names the child, before anything is started.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from enum import Enum
from typing import Protocol, TypeAlias

import attrs

from actors.runtime.specs import (
    ESCALATE,
    ONE_FOR_ONE,
    PERMANENT,
    QUARANTINE,
    SECOND_NS,
    Kind,
    MailboxPolicy,
    OnExcess,
    Restart,
    SpecError,
    Strategy,
)
from engine.message import message
from engine.restart_policy import (
    PERIOD_NS,
    RESTARTS,
    Backoff,
    RestartLimit,
    RestartSettingsError,
    require_reachable,
)

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
        """Whether a transient child is restarted after this exit."""
        return self not in (ExitReason.NORMAL, ExitReason.SHUTDOWN)


class Behaviour(Protocol):
    """A pure state machine. Hooks `start(now)` and `stop(now)` with the same answer are optional.

    `start` runs in every life before any message, `stop` when a life ends in an orderly way (not after a
    crash).
    """

    def receive(self, message: object, now: int, /) -> "Iterable[Outgoing]":
        """Work on one message; `now` is the stamp of the input being worked on (UTC nanoseconds)."""
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
    """Subscribe to `topic` until this life ends; a subscription for every life belongs in the `ChildSpec`."""

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
    """The answer to the ask being handled, or with `handle` to one deferred earlier.

    While a plain message is being handled there is nobody to answer, and it is counted and dropped.
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


class StopSignal(Protocol):
    """Whether an actor has been asked to stop, and a way to wait until it is."""

    def is_set(self) -> bool:
        """Whether it has been asked."""
        ...  # pragma: no cover

    async def wait(self) -> None:
        """Return as soon as it has been asked."""
        ...  # pragma: no cover


class Edge(Protocol):
    """What the I/O task of an EDGE actor sees of the engine. Belongs to one life of the actor."""

    @property
    def address(self) -> Address:
        """The actor's own address."""
        ...  # pragma: no cover

    @property
    def incarnation(self) -> int:
        """The number of this life."""
        ...  # pragma: no cover

    @property
    def now(self) -> int:
        """The engine's time as it would stamp an input now (UTC nanoseconds)."""
        ...  # pragma: no cover

    @property
    def stopping(self) -> StopSignal:
        """Set when the actor is asked to stop. Who looks gets the shutdown time; others are cancelled."""
        ...  # pragma: no cover

    def put(self, to: Address, message: object, /) -> int:
        """Hand in one input: stamp it, deliver it, drain. Gives the stamp. Refused if this life is over."""
        ...  # pragma: no cover

    def effects(self) -> AsyncIterator[object]:
        """What the behaviour wants performed, in order, until the life ends."""
        ...  # pragma: no cover

    def ready(self) -> None:
        """The acknowledgement for a spec with `ready_when_told`, from the task's side."""
        ...  # pragma: no cover

    async def ask(self, to: Address, message: object, timeout_ns: int = ..., /) -> object:
        """Ask another actor. Asking oneself is refused."""
        ...  # pragma: no cover


@attrs.frozen(kw_only=True)
class ChildSpec:
    """One actor: how it is made (`factory`, called for every life), restarted, stopped, and what it hears.

    `shutdown_ns` is the time from asking it to stop until it is cancelled, then declared a zombie;
    `start_timeout_ns` the time to become ready; of an EDGE actor both are the world's nanoseconds, however
    fast the engine's clock goes. `ready_when_told` waits for the actor's `Ready`. `task` is the I/O task of
    an EDGE actor.
    """

    name: str
    factory: Callable[[], Behaviour]
    restart: Restart = PERMANENT
    mailbox: MailboxPolicy = attrs.field(factory=MailboxPolicy)
    subscriptions: tuple[str, ...] = ()
    kind: Kind = Kind.LOOP
    task: Callable[[Edge], Awaitable[None]] | None = None
    shutdown_ns: int = attrs.field(default=5 * SECOND_NS, validator=attrs.validators.ge(0))
    start_timeout_ns: int = attrs.field(default=5 * SECOND_NS, validator=attrs.validators.gt(0))
    ready_when_told: bool = False

    def __attrs_post_init__(self) -> None:
        """Refuse names that would break an address, and a task where none can run."""
        _require_name(self.name)
        if (self.kind is Kind.EDGE) != (self.task is not None):
            raise SpecError(f"{self.name}: an EDGE actor has a task, and only an EDGE actor has one")


@attrs.frozen(kw_only=True)
class SupervisorSpec:
    """A supervisor: its children in start order and how failures among them are answered.

    More than `restarts_max` failures within `period_ns` are too many. With QUARANTINE each child is counted
    by itself. `max_children` bounds dynamic children (static ones not counted). `restart` is its own type
    under its supervisor.
    """

    name: str
    children: "tuple[AnySpec, ...]" = ()
    strategy: Strategy = ONE_FOR_ONE
    restarts_max: int = attrs.field(default=RESTARTS, validator=attrs.validators.ge(0))
    period_ns: int = attrs.field(default=PERIOD_NS, validator=attrs.validators.gt(0))
    backoff: Backoff = attrs.field(factory=Backoff)
    on_excess: OnExcess = ESCALATE
    max_children: int = attrs.field(default=1_000, validator=attrs.validators.ge(0))
    restart: Restart = PERMANENT

    def __attrs_post_init__(self) -> None:
        """Refuse a limit that can never fire, duplicate names, and quarantine among linked siblings."""
        _require_name(self.name)
        # All that is wrong is found before anything starts: a tree that cannot keep its promises never runs
        # half.
        names = [child.name for child in self.children]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise SpecError(f"{self.name}: children named twice: {', '.join(doubled)}")
        if self.on_excess is QUARANTINE and self.strategy is not ONE_FOR_ONE:
            raise SpecError(f"{self.name}: quarantine parks one child, so it needs one_for_one")
        try:
            # Backoff spreads failures out: if restarts_max + 1 of them cannot fit into the period, the limit
            # never fires and a child that always crashes is restarted for ever.
            require_reachable(self.limit, self.backoff)
        except RestartSettingsError as error:
            raise SpecError(f"{self.name}: {error}") from error

    @property
    def limit(self) -> RestartLimit:
        """The restart intensity as the pure module counts it."""
        return RestartLimit(restarts_max=self.restarts_max, period_ns=self.period_ns)


def _require_name(name: str) -> None:
    if not name or "/" in name or not name.isprintable():
        raise SpecError(f"{name!r}: a name is a non-empty printable text without a slash")


AnySpec: TypeAlias = ChildSpec | SupervisorSpec
"""What may stand in a supervision tree."""


@message
class StartChild:
    """Start a dynamic child under the supervisor at `supervisor`; a refusal is a supervisor report."""

    supervisor: Address
    spec: AnySpec


@message
class StopChild:
    """Stop the child at `address`; a dynamic one is removed, a static one stays down until restarted."""

    address: Address


@message
class Watch:
    """Send the watcher one `Terminated` when `address` has ended for good (not at a restart).

    It is sent at once if the address has ended already.
    """

    address: Address


@message
class Perform:
    """An effect for one's own I/O task (`ChildSpec.task`), which takes it from its bounded queue of them."""

    effect: object


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
    | Perform
)
"""Everything that a behaviour may return."""

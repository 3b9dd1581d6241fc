"""The supervision tree as values: what a child is made of, how it is restarted, how its mailbox behaves.

Written by the wiring and by whoever starts dynamic children; read by the supervisor. Everything wrong with a
spec is a `SpecError` that names the child, before anything is started.
"""

from collections.abc import Awaitable, Callable
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

import attrs

from actors.runtime.behaviour import Behaviour
from engine.restart import Backoff, RestartLimit, RestartSettingsError, require_reachable

if TYPE_CHECKING:
    from actors.runtime.edge import Edge

SECOND_NS = 1_000_000_000
MAILBOX_CAPACITY = 10_000
"""Messages that may wait for one actor unless its spec says otherwise."""


class SpecError(ValueError):
    """A supervision tree that cannot keep its promises; the text names the child and what is wrong."""


class Restart(Enum):
    """When a child is restarted: always, after an abnormal exit only, or never."""

    PERMANENT = "permanent"
    TRANSIENT = "transient"
    TEMPORARY = "temporary"


class Strategy(Enum):
    """Who is restarted with a failed child: nobody else, those started after it, or all."""

    ONE_FOR_ONE = "one_for_one"
    REST_FOR_ONE = "rest_for_one"
    ONE_FOR_ALL = "one_for_all"


class OnExcess(Enum):
    """What follows more restarts than the intensity allows: the supervisor gives up, or it parks the one
    child.
    """

    ESCALATE = "escalate"
    QUARANTINE = "quarantine"


class AutoShutdown(Enum):
    """Whether a supervisor ends when its significant children have ended by themselves."""

    NEVER = "never"
    ANY_SIGNIFICANT = "any_significant"
    ALL_SIGNIFICANT = "all_significant"


class WhenFull(Enum):
    """What happens to a message that meets a full mailbox. Nothing is silent: each is counted."""

    REFUSE = "refuse"
    """The new message becomes a dead letter."""
    CONFLATE = "conflate"
    """It replaces the waiting message with the same key; if there is none, the oldest one goes."""
    DROP_OLDEST = "drop_oldest"
    """The oldest waiting message goes."""
    FAIL = "fail"
    """The receiver fails: losing any of its messages would be worse than a restart."""


class OnRestart(Enum):
    """What becomes of waiting messages when a life ends: dropped and counted, or kept for the next life."""

    DISCARD = "discard"
    RETAIN = "retain"


class Kind(Enum):
    """Where a behaviour runs: on the loop, on the loop beside an async task, or on a thread of its own."""

    LOOP = "loop"
    EDGE = "edge"
    THREAD = "thread"


PERMANENT, TRANSIENT, TEMPORARY = Restart
ONE_FOR_ONE, REST_FOR_ONE, ONE_FOR_ALL = Strategy
ESCALATE, QUARANTINE = OnExcess
REFUSE, CONFLATE, DROP_OLDEST, FAIL = WhenFull
DISCARD, RETAIN = OnRestart


@attrs.frozen(kw_only=True)
class MailboxPolicy:
    """How many messages may wait for an actor, what happens to one more, and what a restart does to them.

    `conflate_key` gives the key of a message (None: it never replaces another) and belongs to CONFLATE.
    """

    capacity: int = attrs.field(default=MAILBOX_CAPACITY, validator=attrs.validators.ge(1))
    when_full: WhenFull = REFUSE
    on_restart: OnRestart = DISCARD
    conflate_key: Callable[[object], object] | None = None

    def __attrs_post_init__(self) -> None:
        """Refuse a conflating mailbox without keys, and keys without conflation."""
        if (self.when_full is CONFLATE) != (self.conflate_key is not None):
            raise SpecError("conflate_key belongs to when_full=CONFLATE, and CONFLATE needs it")


@attrs.frozen(kw_only=True)
class ChildSpec:
    """One actor: how it is made (`factory`, called for every life), restarted, stopped, and what it hears.

    `shutdown_ns` is the time from asking it to stop until it is cancelled, then declared a zombie;
    `start_timeout_ns` the time to become ready. `ready_when_told` waits for the actor's `Ready`. `task` is
    the I/O task of an EDGE actor. `drain_on_stop` lets a THREAD work on all that waits before it stops,
    within `shutdown_ns`.
    """

    name: str
    factory: Callable[[], Behaviour]
    restart: Restart = PERMANENT
    mailbox: MailboxPolicy = attrs.field(factory=MailboxPolicy)
    subscriptions: tuple[str, ...] = ()
    kind: Kind = Kind.LOOP
    task: "Callable[[Edge], Awaitable[None]] | None" = None
    shutdown_ns: int = attrs.field(default=5 * SECOND_NS, validator=attrs.validators.ge(0))
    start_timeout_ns: int = attrs.field(default=5 * SECOND_NS, validator=attrs.validators.gt(0))
    ready_when_told: bool = False
    drain_on_stop: bool = False
    significant: bool = False

    def __attrs_post_init__(self) -> None:
        """Refuse names that would break an address, and combinations that OTP refuses too."""
        _require_name(self.name)
        if self.significant and self.restart is PERMANENT:
            raise SpecError(
                f"{self.name}: a permanent child never ends by itself, so it cannot be significant"
            )
        if (self.kind is Kind.EDGE) != (self.task is not None):
            raise SpecError(f"{self.name}: an EDGE actor has a task, and only an EDGE actor has one")
        if self.kind is Kind.THREAD and self.mailbox.when_full in (CONFLATE, DROP_OLDEST):
            raise SpecError(f"{self.name}: what a thread was given cannot be taken back, so REFUSE or FAIL")


@attrs.frozen(kw_only=True)
class SupervisorSpec:
    """A supervisor: its children in start order and how failures among them are answered.

    More than `intensity` failures within `period_ns` are too many. With QUARANTINE each child is counted by
    itself. `max_children` bounds dynamic children (static ones not counted). `restart` is its own type
    under its supervisor.
    """

    name: str
    children: "tuple[ChildSpec | SupervisorSpec, ...]" = ()
    strategy: Strategy = ONE_FOR_ONE
    intensity: int = attrs.field(default=3, validator=attrs.validators.ge(0))
    period_ns: int = attrs.field(default=60 * SECOND_NS, validator=attrs.validators.gt(0))
    backoff: Backoff = attrs.field(factory=Backoff)
    on_excess: OnExcess = ESCALATE
    max_children: int = attrs.field(default=1_000, validator=attrs.validators.ge(0))
    restart: Restart = PERMANENT
    auto_shutdown: AutoShutdown = AutoShutdown.NEVER
    significant: bool = False

    def __attrs_post_init__(self) -> None:
        """Refuse a limit that can never fire, doubled names, and quarantine where siblings must fall
        together.
        """
        _require_name(self.name)
        names = [child.name for child in self.children]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise SpecError(f"{self.name}: children named twice: {', '.join(doubled)}")
        if self.on_excess is QUARANTINE and self.strategy is not ONE_FOR_ONE:
            raise SpecError(f"{self.name}: quarantine parks one child, so it needs one_for_one")
        if self.auto_shutdown is not AutoShutdown.NEVER and self.restart is PERMANENT:
            raise SpecError(f"{self.name}: a supervisor that shuts itself down must not be permanent")
        if self.significant and self.restart is PERMANENT:
            raise SpecError(
                f"{self.name}: a permanent child never ends by itself, so it cannot be significant"
            )
        try:
            require_reachable(self.limit, self.backoff)
        except RestartSettingsError as error:
            raise SpecError(f"{self.name}: {error}") from error

    @property
    def limit(self) -> RestartLimit:
        """The restart intensity as the pure module counts it."""
        return RestartLimit(intensity=self.intensity, period_ns=self.period_ns)


def _require_name(name: str) -> None:
    if not name or "/" in name or not name.isprintable():
        raise SpecError(f"{name!r}: a name is a non-empty printable text without a slash")


AnySpec: TypeAlias = ChildSpec | SupervisorSpec
"""What may stand in a supervision tree."""

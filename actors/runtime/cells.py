"""The addressed places of an engine: a cell per actor, which outlives its lives, and a topic per name.

Used by the dispatcher, which counts in them, and by the supervisor, which fills them with lives. A cell's
mailbox is a view: its messages stand in the one global queue, the cell knows how many.
"""

from collections import deque
from collections.abc import Callable, Iterable
from enum import Enum
from typing import TYPE_CHECKING

from actors.runtime.behaviour import Address, Behaviour, ExitReason, Outgoing
from actors.runtime.specs import ChildSpec, MailboxPolicy

if TYPE_CHECKING:
    from actors.runtime.asks import Reply
    from actors.runtime.timers import Timer

Receive = Callable[[object, int], Iterable[Outgoing]]
"""A handler: the message and the stamp in, wishes out."""


class NotAlive(Exception):
    """Raised in place of a handler while a cell has no life; the dispatcher turns it into the cell's fate."""


class Fate(Enum):
    """What happens to messages that reach a cell without a life."""

    UNBORN = "not started yet"
    ALIVE = "alive"
    RESTARTING = "restarting"
    PARKED = "parked"
    ENDED = "ended"


class Life:
    """One life of an actor, from start to end; `incarnation` is unique in the engine."""

    __slots__ = (
        "behaviour",
        "cell",
        "deferred",
        "exit_wish",
        "fenced",
        "incarnation",
        "pending",
        "ready",
        "ready_at",
        "receive",
        "stopping",
        "topics",
        "vessel",
        "zombie",
    )

    def __init__(self, cell: "Cell", incarnation: int) -> None:
        """Begin without behaviour; the host makes it. `vessel` is whatever the host carries the life in."""
        self.cell = cell
        self.incarnation = incarnation
        self.vessel: object = None
        self.pending: tuple[ExitReason, BaseException | None] | None = None
        self.zombie = False
        self.behaviour: Behaviour | None = None
        self.receive: Receive | None = None
        self.ready = False
        self.ready_at: int | None = None
        self.stopping = False
        self.fenced = False
        self.topics: list[str] = []
        self.deferred: dict[str, Reply] = {}
        self.exit_wish: ExitReason | None = None

    @property
    def current(self) -> bool:
        """Whether this is the life that its cell has now; anything else is an older incarnation."""
        return not self.fenced and self.cell.life is self


def _nobody(_message: object, _now: int) -> Iterable[Outgoing]:
    raise NotAlive


class Target:
    """Whatever may stand in the global queue: it counts what was put and what is done, and can receive.

    `peak` is also the watermark of the fast path: only a message that would exceed it looks at `capacity`.
    """

    __slots__ = ("capacity", "done", "peak", "put", "receive")

    def __init__(self, receive: Receive, capacity: int) -> None:
        """Start empty."""
        self.receive = receive
        self.capacity = capacity
        self.put = 0
        self.done = 0
        self.peak = 0

    @property
    def depth(self) -> int:
        """Messages that wait."""
        return self.put - self.done


class Cell(Target):
    """The place of one actor: address, policy and counters stay, lives come and go."""

    __slots__ = (
        "address",
        "asks",
        "conflated",
        "discarded",
        "dropped",
        "failures",
        "fate",
        "keyed_timers",
        "last_error",
        "life",
        "policy",
        "refused",
        "restarts",
        "spec",
        "stash",
        "timers",
        "watching",
    )

    def __init__(self, address: Address, spec: ChildSpec) -> None:
        """Start without a life."""
        super().__init__(_nobody, spec.mailbox.capacity)
        self.address = address
        self.spec = spec
        self.policy: MailboxPolicy = spec.mailbox
        self.life: Life | None = None
        self.fate = Fate.UNBORN
        self.stash: deque[Entry] = deque()
        self.asks: dict[Reply, None] = {}
        self.timers: dict[int, Timer] = {}
        self.keyed_timers: dict[str, int] = {}
        self.watching: dict[Address, None] = {}
        self.refused = self.dropped = self.conflated = self.discarded = self.failures = self.restarts = 0
        self.last_error = ""

    @property
    def handled(self) -> int:
        """Messages that reached a handler."""
        return self.done - self.discarded

    def vacate(self) -> None:
        """Have no life: every message goes to the cell's fate."""
        self.life = None
        self.receive = _nobody


class Sink(Target):
    """A target for the runtime's own entries: unbounded in count, each is bounded where it is made."""

    __slots__ = ()


Entry = tuple[Target, object, Target | None]
"""One place in the global queue: receiver, message, sender (None: from outside)."""

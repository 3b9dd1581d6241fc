"""The records of an engine: a cell per actor, which outlives its lives, its timers and pending asks.

Used by the dispatcher, which counts in them, and by the supervisor, which fills them with lives. A cell's
mailbox is a view: its messages stand in the one global queue, the cell knows how many.
"""

from collections import deque
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Protocol

from actors.runtime.asks import AskTimeout
from actors.runtime.behaviour import Address, Behaviour, ChildSpec, ExitReason, Outgoing
from actors.runtime.specs import MailboxPolicy

Receive = Callable[[object, int], Iterable[Outgoing]]
"""A handler: the message and the stamp in, what shall be sent out."""


class NotAlive(Exception):
    """Raised in place of a handler while a cell has no life; the dispatcher then looks at its `Fate`."""


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
        "exit_asked",
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
        self.exit_asked: ExitReason | None = None

    @property
    def current(self) -> bool:
        """Whether this is the life that its cell has now; anything else is an older incarnation."""
        return not self.fenced and self.cell.life is self


# A handler that raises spares the fast path a check for life before every message.
def _nobody(_message: object, _now: int) -> Iterable[Outgoing]:
    raise NotAlive


class Target:
    """Whatever may stand in the global queue: it counts what was put and what is done, and can receive.

    `peak` is also the watermark of the fast path: only a message that would exceed it looks at `capacity`.
    """

    __slots__ = ("capacity", "done", "peak", "put", "receive", "topic")

    def __init__(self, receive: Receive, capacity: int) -> None:
        """Start empty."""
        self.receive = receive
        self.capacity = capacity
        # Two counters that only grow, in place of one depth: `done` also says how many were handled, and
        # `put` marks a place in the order of messages (see `Topics.skip_waiting`).
        self.put = 0
        self.done = 0
        self.peak = 0
        self.topic: str | None = None
        """The name of the topic, if it is one."""

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
        # Counters belong to the cell, not to the life: a restart must not hide what was refused or dropped
        # before it.
        self.refused = self.dropped = self.conflated = self.discarded = self.failures = self.restarts = 0
        self.last_error = ""

    @property
    def handled(self) -> int:
        """Messages that reached a handler."""
        return self.done - self.discarded

    def vacate(self) -> None:
        """Remove the life: from now on the cell's `Fate` decides over every message."""
        self.life = None
        self.receive = _nobody


class Sink(Target):
    """A target for the runtime's own entries: unbounded, because each is bounded where it is made."""

    __slots__ = ()


Entry = tuple[Target, object, Target | None]
"""One place in the global queue: receiver, message, sender (None: from outside)."""


class Timer:
    """One timer: of a cell, with a message, or of the runtime itself, with a function to call."""

    __slots__ = ("call", "cell", "due", "key", "live", "message", "number")

    def __init__(self, due: int, number: int) -> None:
        """Set for `due`; the creation number breaks ties."""
        self.due = due
        self.number = number
        self.live = True
        self.cell: Cell | None = None
        self.message: object = None
        self.key: str | None = None
        self.call: Callable[[], None] | None = None


class Reply:
    """One pending ask. It is resolved exactly once; whatever comes later is refused."""

    __slots__ = ("address", "cell", "done", "error", "listeners", "timer", "value")

    def __init__(self, address: Address) -> None:
        """Begin pending."""
        self.address = address
        self.cell: Cell | None = None
        self.done = False
        self.value: object = None
        self.error: BaseException | None = None
        self.timer: Timer | None = None
        self.listeners: list[Callable[[Reply], None]] = []

    def result(self) -> object:
        """The answer; raises the error it ended with, or `AskTimeout` while it is pending."""
        if not self.done:
            raise AskTimeout(self.address, "not answered yet")
        if self.error is not None:
            raise self.error
        return self.value

    def settle(self, value: object, error: BaseException | None) -> bool:
        """Resolve; False if it was resolved before."""
        if self.done:
            return False
        self.done = True
        self.value, self.error = value, error
        if self.cell is not None:
            self.cell.asks.pop(self, None)
        # Taken out first: a listener may ask again or end a life, and must not find itself still in the list.
        listeners, self.listeners = self.listeners, []
        for listener in listeners:
            listener(self)
        return True


class Publisher(Protocol):
    """What a mailbox needs of the topics: skipping what was published before a new life."""

    def skip_waiting(self, name: str, cell: Cell) -> None:
        """Let this cell miss the messages of the topic that wait now."""
        ...  # pragma: no cover


class Queue(Protocol):
    """The one queue as its mailboxes and topics see it; implemented by the dispatcher."""

    queue: deque[Entry]
    entry: Entry
    on_failure: Callable[[Cell, BaseException], None]

    @property
    def topics(self) -> Publisher:
        """The topics of the engine."""
        ...  # pragma: no cover

    def put(self, receiver: Target, message: object, sender: Target | None = None) -> bool:
        """Put one message behind all others; False if it was not taken."""
        ...  # pragma: no cover

    def lose(self, to: str, message: object, sender: Target | None, why: str) -> None:
        """Make a message for an unknown address a dead letter."""
        ...  # pragma: no cover

    def lose_at(
        self, cell: Cell, message: object, sender: Target | None, why: str, error: BaseException | None = None
    ) -> None:
        """Make a message for a known cell a dead letter."""
        ...  # pragma: no cover

    def send_all(self, cell: Cell, outgoing: tuple[Outgoing, ...], reply: Reply | None = None) -> None:
        """Send what a handler of this cell returned."""
        ...  # pragma: no cover

    def fail(self, entry: Entry, error: BaseException) -> None:
        """A handler failed: its message is a dead letter, its life is over."""
        ...  # pragma: no cover

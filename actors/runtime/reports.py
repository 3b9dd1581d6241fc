"""What the runtime tells about itself: supervisor reports, dead letters, `Terminated`, and statuses.

Published on the topics `supervision` and `dead_letters`, sent to watchers, and shown by the control socket.
Every moment is a stamp of the input being worked on (UTC nanoseconds).
"""

import hashlib
import traceback as traceback_text
from typing import TypeAlias

from actors.runtime.behaviour import Address, ExitReason
from engine.message import message

TRACEBACK_CHARS_MAX = 8_000
"""A traceback is cut in front to this length: the end tells what happened."""

TRACEBACK_FRAMES_MAX = 40
"""Only the innermost frames are shown; a recursion has a thousand."""

REPR_CHARS_MAX = 100_000
"""Only so much of a message's text goes into its digest."""


@message
class ActorStarted:
    """A life became ready. `incarnation` numbers all lives of the engine, so it is never used twice."""

    address: Address
    incarnation: int
    at: int


@message
class ActorExited:
    """A life ended; `error` and `traceback` are empty unless the exit was abnormal."""

    address: Address
    incarnation: int
    reason: ExitReason
    error: str
    traceback: str
    at: int


@message
class ActorRestarted:
    """A new life took the place of one that ended; `restarts` counts them for this address."""

    address: Address
    incarnation: int
    restarts: int
    at: int


@message
class RestartDelayed:
    """A restart waits for its backoff until `due`; `attempt` counts restarts in a row."""

    address: Address
    attempt: int
    due: int
    at: int


@message
class ActorQuarantined:
    """A child exceeded its restart intensity and is parked until it is revived."""

    address: Address
    error: str
    at: int


@message
class ActorRevived:
    """Somebody brought a quarantined or stopped child back."""

    address: Address
    at: int


@message
class SupervisorEscalated:
    """A supervisor gave up after too many failures; its own supervisor decides next. The root ends the
    engine.
    """

    address: Address
    error: str
    at: int


@message
class StartRefused:
    """A dynamic child was not started, or did not survive its first start; `why` says which."""

    address: Address
    why: str
    at: int


@message
class ZombieDeclared:
    """A life ignored stop and cancellation: it is fenced off and counted; what it still sends is refused."""

    address: Address
    incarnation: int
    at: int


SupervisorReport: TypeAlias = (
    ActorStarted
    | ActorExited
    | ActorRestarted
    | RestartDelayed
    | ActorQuarantined
    | ActorRevived
    | SupervisorEscalated
    | StartRefused
    | ZombieDeclared
)
"""Everything on the topic `supervision`."""


@message
class Terminated:
    """To a watcher: `address` ended for good. Comes exactly once for a `Watch`, never for a restart."""

    address: Address
    reason: ExitReason


@message
class DeadLetter:
    """A message that nobody will work on (again): who was to get it, from whom, what it was, and why not.

    `digest` is the start of the SHA-256 of the message's text; `error` and `traceback` are empty unless a
    handler failed.
    """

    address: Address
    incarnation: int
    sender: str
    message_type: str
    digest: str
    why: str
    error: str
    traceback: str
    at: int
    message: object


@message
class ActorStatus:
    """One line of `tipoff actors`: state and counters of an actor, or state of a supervisor."""

    address: Address
    kind: str
    state: str
    incarnation: int
    restarts: int
    depth: int
    peak: int
    capacity: int
    handled: int
    refused: int
    dropped: int
    conflated: int
    failures: int
    last_error: str


def digest_of(content: object) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the message's text; never raises."""
    try:
        # The message may be the very thing that is broken: describing a failure must not be a second failure.
        text = repr(content)[:REPR_CHARS_MAX]
    except Exception as error:  # noqa: BLE001  somebody's repr
        text = f"<no text: {type(error).__name__}>"
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def text_of(error: BaseException | None) -> str:
    """The class and text of an error on one line; never raises."""
    if error is None:
        return ""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001  somebody's repr
        return type(error).__name__


def traceback_of(error: BaseException | None) -> str:
    """The traceback of an error, cut in front to `TRACEBACK_CHARS_MAX`; never raises."""
    if error is None:
        return ""
    try:
        return "".join(traceback_text.format_exception(error, limit=-TRACEBACK_FRAMES_MAX))[
            -TRACEBACK_CHARS_MAX:
        ]
    except Exception:  # noqa: BLE001  somebody's repr
        return text_of(error)

"""The words of a supervision tree: when a child is restarted and with whom, and how its mailbox behaves.

Put together to a `ChildSpec` or `SupervisorSpec` (`behaviour`) by the wiring and by whoever starts dynamic
children; read by the supervisor and the mailboxes.
"""

from collections.abc import Callable
from enum import Enum

import attrs

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
    """Where a behaviour runs: on the loop, or on the loop beside an async task that does its I/O."""

    LOOP = "loop"
    EDGE = "edge"


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

"""What carries a life: the interface of loops and tasks, and the reasons for which the runtime ends one.

Implemented by `loop_actor` and `edge`; called by `lifecycle`.
"""

from typing import Protocol

from actors.runtime.behaviour import ChildSpec
from actors.runtime.cells import Life

# Python cannot kill a thread or a task that never reaches a checkpoint: after this time it is fenced off and
# counted, and the restart does not wait for it.
GRACE_NS = 1_000_000_000
"""Time from cancelling a life to declaring it a zombie."""


class StartTimeout(Exception):
    """The actor did not become ready within its start timeout."""


class StopTimeout(Exception):
    """The actor did not stop within its shutdown time and was ended by force."""


class Killed(Exception):
    """Somebody outside ended the life between two messages."""


class Host(Protocol):
    """What carries lives of one kind."""

    def start(self, life: Life, spec: ChildSpec, /) -> None:
        """Begin a life; `Lives.attach` or `Lives.end` follows, now or later."""
        ...  # pragma: no cover

    def stop(self, life: Life, /) -> None:
        """Ask it to end; `Lives.over` follows, now or later."""
        ...  # pragma: no cover

    def kill(self, life: Life, /) -> bool:
        """End it by force. True if it is over now; False if `Lives.over` follows, or never comes (a
        zombie).
        """
        ...  # pragma: no cover

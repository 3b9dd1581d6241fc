"""Asks: questions from the border that always end, by an answer or by a named error.

Used by the dispatcher and the two systems. Behaviours cannot ask: they send, and so no cycle of asks can
arise.
"""

from collections.abc import Callable

from actors.runtime.behaviour import Address
from actors.runtime.cells import Cell
from actors.runtime.timers import Timer

ASK_TIMEOUT_NS = 5_000_000_000
"""How long an ask waits unless the caller says otherwise; there is no way to wait for ever."""


class AskError(Exception):
    """An ask that got no answer; `address` is whom it asked."""

    def __init__(self, address: Address, why: str) -> None:
        """Keep the address beside the text."""
        super().__init__(f"{address}: {why}")
        self.address = address


class AskTimeout(AskError):
    """No answer within the timeout; a later one is dropped and counted."""


class ActorDead(AskError):
    """Nobody lives at the address (unknown, ended, restarting, parked), or the life ended before it
    answered.
    """


class NotAnswered(AskError):
    """The actor worked on the message and neither answered nor deferred: it does not answer such messages."""


class AskRefused(AskError):
    """The mailbox is full, or its owner asks itself."""


class AskFromHandler(RuntimeError):
    """A handler tried to ask: it would wait for the very thread it runs on."""


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
        listeners, self.listeners = self.listeners, []
        for listener in listeners:
            listener(self)
        return True

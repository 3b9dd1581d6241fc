"""Asks: questions from the border that always end, by an answer or by a named error.

The errors by which they may end; a pending one is a `Reply` of `cells`. Behaviours cannot ask: they send, and
so no cycle of asks can arise.
"""

from actors.runtime.behaviour import Address

# OTP's default for calls. Pykka waits for ever, and an ask that lands after the target drained its inbox is
# then never answered: too rare for a test to meet, so it would be met in production.
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

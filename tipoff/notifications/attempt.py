"""What came of trying to deliver a notice once."""

from enum import Enum
from typing import Self

import attrs


class Outcome(Enum):
    """Whether it is worth trying again."""

    DELIVERED = "delivered"
    LATER = "failed"
    """The network or the service is in trouble; it may work later."""
    REFUSED = "refused"
    """It will not work until somebody changes something: a revoked address, a wrong password."""


@attrs.frozen
class Attempt:
    """One try."""

    outcome: Outcome
    words: str = ""
    """Why, as the service or the network says it; may hold what must not be shown until it is covered."""
    wait_s: float = 0.0
    """So long the service asks to be left alone."""

    @classmethod
    def delivered(cls) -> Self:
        """It is there."""
        return cls(Outcome.DELIVERED)

    @classmethod
    def later(cls, words: str, wait_s: float = 0.0) -> Self:
        """Not now."""
        return cls(Outcome.LATER, words, wait_s)

    @classmethod
    def refused(cls, words: str) -> Self:
        """Not like this."""
        return cls(Outcome.REFUSED, words)

"""The paper exchange's timers: which there are, and what is armed.

They follow from facts, so a restart re-arms them. Used by `engine.exchange.state`, which alone arms and
disarms, and by whoever is woken. A timer ends only when a fact says that what it waited for has happened.
"""

from typing import Final

import attrs

from engine.events import BookSide
from engine.step import Timer
from engine.units import Nanos, Price

ARRIVE: Final = "arrive"
PESSIMISTIC: Final = "pessimistic"
PESSIMISTIC_REFUSED: Final = "pessimistic_refused"
"""No timer, but the cause under which the fold hears that this reading of an order was refused on arrival."""

CANCEL: Final = "cancel"
AMEND: Final = "amend"
EXPIRE: Final = "expire"
CREDIT: Final = "credit"
CLOSE: Final = "close"
RECOVERY: Final = "recovery"
BEHIND: Final = "behind"
TOLD: Final = "told"

AT_VENUE: Final = frozenset({ARRIVE, PESSIMISTIC, CANCEL, AMEND, EXPIRE})
"""What happens at the venue at a moment, and is decided once the feed has told everything up to then."""

ENDS: Final = frozenset({CANCEL, EXPIRE})
"""Of these, what a trade may have beaten: the prints up to then are waited for, too."""


def key_of(kind: str, subject: str) -> str:
    """A timer's key: what it waits for, and the order or market."""
    return f"{kind}:{subject}"


def place_of(account: str, ticker: str) -> str:
    """An account's part of a market in one word. The shared account has no name, and its part none either."""
    return f"{account}/{ticker}" if account or "/" in ticker else ticker


def read_place(place: str) -> tuple[str, str]:
    """The account and the ticker that `place_of` put together."""
    account, mark, ticker = place.partition("/")
    return (account, ticker) if mark else ("", place)


def credit_subject(side: BookSide, price: Price, place: str) -> str:
    """The subject of a level's credit timer."""
    return f"{side.value}:{price}:{place}"


def read_credit_subject(subject: str) -> tuple[BookSide, Price, str]:
    """What `credit_subject` put together."""
    side, price, place = subject.split(":", 2)
    return BookSide(side), Price(int(price)), place


@attrs.define(eq=False)
class Timers:
    """Keys and when they are due, in the order in which they were set.

    `fresh` are those set since last asked. `moments` are those of them that happen at the venue; each has a
    second timer (BEHIND) that ends the wait for the feed, and a third (TOLD) that ends the wait for what
    other channels tell: prints, or that the market had been stopped.
    """

    feed_wait_ns: Nanos
    print_wait_ns: Nanos
    status_wait_ns: Nanos
    due: dict[str, Nanos] = attrs.field(factory=dict)
    fresh: dict[str, Nanos] = attrs.field(factory=dict)
    moments: dict[str, Nanos] = attrs.field(factory=dict)

    def arm(self, kind: str, subject: str, due: Nanos) -> None:
        """Set a timer.

        The same key replaces, and stands behind those set before, as it does in the runtime.
        """
        key = key_of(kind, subject)
        self._set(key, due)
        if kind in AT_VENUE:
            self.moments.pop(key, None)
            self.moments[key] = due
            self._set(key_of(BEHIND, key), Nanos(due + self.feed_wait_ns))
            told = self.print_wait_ns if kind in ENDS else self.status_wait_ns
            if told:
                self._set(key_of(TOLD, key), Nanos(due + told))

    def _set(self, key: str, due: Nanos) -> None:
        self.due.pop(key, None)
        self.fresh.pop(key, None)
        self.due[key] = due
        self.fresh[key] = due

    def disarm(self, kind: str, subject: str) -> None:
        """Forget a timer. The runtime may still fire it; nobody listens then."""
        key = key_of(kind, subject)
        self.moments.pop(key, None)
        for each in (key, key_of(BEHIND, key), key_of(TOLD, key)):
            self.due.pop(each, None)
            self.fresh.pop(each, None)

    def take_fresh(self) -> tuple[Timer, ...]:
        """The timers set since last asked, for the runtime."""
        timers = tuple(Timer(key, due) for key, due in self.fresh.items())
        self.fresh.clear()
        return timers

    def all(self) -> tuple[Timer, ...]:
        """Every timer, for a runtime that has forgotten them."""
        return tuple(Timer(key, due) for key, due in self.due.items())

"""The stage of the chaos monkey: a small tree with every strategy, restart type and mailbox policy.

Used by `chaos`. The ledger outlives every life, as a journal would, and holds a digest of everything that
happened.
"""

import hashlib
from collections.abc import Iterable

from actors.runtime.behaviour import ROOT, Address, ChildSpec, Outgoing, SupervisorSpec
from actors.runtime.specs import (
    CONFLATE,
    DROP_OLDEST,
    FAIL,
    ONE_FOR_ALL,
    QUARANTINE,
    REST_FOR_ONE,
    RETAIN,
    TRANSIENT,
    MailboxPolicy,
)
from engine.message import message
from engine.restart_policy import Backoff
from tests.actors.runtime.fakes import Do, Fail

MILLISECOND_NS = 1_000_000


@message
class Order:
    """A message that must not be lost nor worked on twice while its receiver retains: the unit of
    bookkeeping.
    """

    number: int


class Clerk:
    """Obeys, and writes every order into the ledger that all its lives share, as a journal would."""

    def __init__(self, name: str, ledger: "Ledger") -> None:
        """One life."""
        self._name = name
        self._ledger = ledger
        ledger.alive[name] = ledger.alive.get(name, 0) + 1

    def start(self, now: int) -> Iterable[Outgoing]:
        """Write down that a life began."""
        self._ledger.note(now, self._name, "start")
        return ()

    def stop(self, now: int) -> Iterable[Outgoing]:
        """Write down that a life ended in good order."""
        self._ledger.note(now, self._name, "stop")
        return ()

    def receive(self, message: object, now: int, /) -> Iterable[Outgoing]:
        """Work on one message."""
        self._ledger.note(now, self._name, f"{type(message).__name__} {getattr(message, 'number', '')}")
        if isinstance(message, Order):
            self._ledger.done.append((self._name, message.number))
        if isinstance(message, Do):
            self._ledger.sent.extend(order for wish in message.wishes for order in orders_in(wish))
            return message.wishes
        if isinstance(message, Fail):
            raise message.error.with_traceback(None)
        return ()


class Ledger:
    """What outlives every life of a run: the orders done, and a digest of everything that happened."""

    def __init__(self) -> None:
        """Start empty."""
        self.done: list[tuple[str, int]] = []
        self.sent: list[tuple[Address, int]] = []
        self.alive: dict[str, int] = {}
        self._digest = hashlib.sha256()

    def note(self, now: int, name: str, what: str) -> None:
        """Take one event into the digest."""
        self._digest.update(f"{now} {name} {what}\n".encode())

    def hexdigest(self) -> str:
        """The digest of everything noted so far."""
        return self._digest.hexdigest()


def orders_in(wish: Outgoing) -> Iterable[tuple[Address, int]]:
    """The order that a wish sends, if it sends one."""
    to, content = (
        wish if isinstance(wish, tuple) else (getattr(wish, "to", ROOT), getattr(wish, "message", None))
    )
    return [(to, content.number)] if isinstance(content, Order) else []


def _keyed(content: object) -> object:
    return content.number % 3 if isinstance(content, Order) else None


def tree(ledger: Ledger) -> SupervisorSpec:
    """A tree with every strategy, restart type and mailbox policy."""

    def actor(name: str, **settings: object) -> ChildSpec:
        return ChildSpec(name=name, factory=lambda: Clerk(name, ledger), **settings)  # type: ignore[arg-type]

    quick = Backoff(first_ns=0, minimum_ns=10 * MILLISECOND_NS, cap_ns=1_000 * MILLISECOND_NS)
    keeps = MailboxPolicy(capacity=50, on_restart=RETAIN)
    often = {"restarts_max": 1_000, "period_ns": 10**12, "backoff": quick}
    return SupervisorSpec(
        name="root",
        children=(
            actor(
                "journal", mailbox=MailboxPolicy(capacity=10_000, on_restart=RETAIN), subscriptions=("news",)
            ),
            SupervisorSpec(
                name="exchange",
                strategy=REST_FOR_ONE,
                children=(
                    actor("paper", mailbox=keeps),
                    actor("gate", mailbox=MailboxPolicy(capacity=5, when_full=FAIL)),
                    SupervisorSpec(
                        name="strategies",
                        on_excess=QUARANTINE,
                        restarts_max=3,
                        period_ns=1_000 * MILLISECOND_NS,
                        backoff=quick,
                        children=(actor("sharp", subscriptions=("news",)), actor("fade", mailbox=keeps)),
                    ),
                ),
                **often,  # type: ignore[arg-type]
            ),
            SupervisorSpec(name="games", max_children=3, **often),  # type: ignore[arg-type]
            SupervisorSpec(
                name="edge",
                strategy=ONE_FOR_ALL,
                children=(
                    actor("feed", mailbox=MailboxPolicy(capacity=4, when_full=DROP_OLDEST)),
                    actor("poll", mailbox=MailboxPolicy(capacity=4, when_full=CONFLATE, conflate_key=_keyed)),
                    actor("once", restart=TRANSIENT, subscriptions=("supervision",)),
                ),
                **often,  # type: ignore[arg-type]
            ),
        ),
        **often,  # type: ignore[arg-type]
    )

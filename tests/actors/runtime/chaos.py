"""The chaos monkey over a small tree with every strategy, policy and restart type, in virtual time.

Two phases. First faults of every kind, invariants after each; then the faults stop and within a bounded time
everybody must be well again. Run by the tests and, for as many seeds as one has time for, by `python -m
tests.actors.runtime.chaos`. Equal seeds give equal runs, event for event.
"""

import hashlib
import sys
from collections import Counter, deque
from collections.abc import Sequence

from actors.runtime.asks import AskError
from actors.runtime.behaviour import (
    Address,
    After,
    Answer,
    ChildSpec,
    Defer,
    Exit,
    Outgoing,
    Publish,
    Send,
    StartChild,
    StopChild,
    Watch,
)
from actors.runtime.cells import Reply
from actors.runtime.faults import Fault, InjectedFault
from actors.runtime.reports import DeadLetter
from actors.runtime.specs import TEMPORARY
from actors.runtime.virtual import VirtualSystem
from tests.actors.runtime.chaos_stage import MILLISECOND_NS, Clerk, Ledger, Order, tree
from tests.actors.runtime.fakes import Do, Fail

STEPS = 90
"""Steps of the first phase."""

PEACE_NS = 60_000_000_000
"""Time after the last fault in which everything must be well."""


class ChaosFound(AssertionError):
    """An invariant does not hold; the text says which, and the seed."""


class Draw:
    """Numbers from a seed by SHA-256: the same on every machine and version, without the `random` module."""

    def __init__(self, seed: int) -> None:
        """Start at the seed's first number."""
        self._seed = seed
        self._count = 0

    def below(self, limit: int) -> int:
        """A number from 0 to `limit` - 1."""
        self._count += 1
        digest = hashlib.sha256(f"{self._seed}/{self._count}".encode()).digest()
        return int.from_bytes(digest[:8], "big") % limit

    def one_of(self, choices: Sequence[object]) -> object:
        """One of these."""
        return choices[self.below(len(choices))]


STATIC = tuple(
    Address(path)
    for path in (
        "journal",
        "exchange/paper",
        "exchange/gate",
        "exchange/strategies/sharp",
        "exchange/strategies/fade",
        "edge/feed",
        "edge/poll",
        "edge/once",
    )
)
DYNAMIC = tuple(Address(f"games/{name}") for name in ("lal", "bos", "den", "mia"))
RETAINING = ("journal", "exchange/paper", "exchange/strategies/fade")
ERRORS: tuple[type[BaseException], ...] = (ValueError, SystemExit, MemoryError, RecursionError, KeyError)


class Monkey:
    """One run from one seed."""

    def __init__(self, seed: int) -> None:
        """Start the tree."""
        self.seed = seed
        self.draw = Draw(seed)
        self.ledger = Ledger()
        self.system = VirtualSystem(tree(self.ledger), seed=seed)
        self.system.lives.on_report = lambda report: self.ledger.note(
            report.at, "report", f"{type(report).__name__} {report.address}"
        )
        self.system.start()
        self.letters: deque[DeadLetter] = deque()
        self.system.dispatcher.last_dead_letters = self.letters
        self.orders = 0
        self.replies: list[Reply] = []

    def run(self) -> str:
        """Both phases; gives the digest of everything that happened. Raises `ChaosFound`."""
        for _ in range(STEPS):
            self._step()
            self._check_always()
        self._make_peace()
        self._check_peace()
        return self.ledger.hexdigest()

    # -- the faults

    def _step(self) -> None:
        acts = (
            self._tell,
            self._tell,
            self._crash,
            self._kill,
            self._wait,
            self._storm,
            self._operate,
            self._ask,
        )
        acts[self.draw.below(len(acts))]()

    def _target(self) -> Address:
        everybody = STATIC + DYNAMIC
        return everybody[self.draw.below(len(everybody))]

    def _order(self) -> Order:
        self.orders += 1
        return Order(self.orders)

    def _tell(self) -> None:
        """A cascade: one actor tells others, publishes, sets timers, all from one input."""
        wishes: list[Outgoing] = []
        for _ in range(self.draw.below(8)):
            to = self._target()
            kinds: tuple[Outgoing, ...] = (
                (to, self._order()),
                Send(to, self._order(), urgent=True),
                Publish("news", "late injury"),
                After(self.draw.below(50) * MILLISECOND_NS, "tick", str(self.draw.below(3))),
                Watch(to),
                Exit(),
            )
            wishes.append(
                kinds[min(self.draw.below(40), 5) if self.draw.below(6) == 0 else self.draw.below(5)]
            )
        self._put(self._target(), Do(tuple(wishes)))

    def _crash(self) -> None:
        error = ERRORS[self.draw.below(len(ERRORS))]("chaos")
        where = ("message", "message", "start", "stop")[self.draw.below(4)]
        target = self._target()
        if target in self.system.dispatcher.cells and self.draw.below(2):
            fault = Fault(error if where == "message" else InjectedFault("chaos"), where=where)
            self.system.crash_next(target, fault)
        else:
            self._put(target, Fail(error))

    def _kill(self) -> None:
        self.system.kill(self._target())

    def _wait(self) -> None:
        self.system.advance(self.system.now + self.draw.below(500) * MILLISECOND_NS)

    def _storm(self) -> None:
        """More than some mailboxes hold, in one input, and a crash in the middle."""
        to = self._target()
        before = tuple((to, self._order()) for _ in range(self.draw.below(8)))
        after = tuple((to, self._order()) for _ in range(self.draw.below(8)))
        crash: tuple[Outgoing, ...] = ((to, Fail(ValueError("chaos"))),) if self.draw.below(2) else ()
        self._put(self._target(), Do((*before, *crash, *after)))

    def _operate(self) -> None:
        """An operator, or an actor, starts, stops, restarts and revives."""
        target = self._target()
        name = DYNAMIC[self.draw.below(len(DYNAMIC))].last
        spec = ChildSpec(name=name, factory=lambda: Clerk(f"games/{name}", self.ledger), restart=TEMPORARY)
        act = self.draw.below(5)
        if act == 0:
            self.system.restart(target)
        elif act == 1:
            self.system.revive(target)
        elif act == 2:
            self._put(self._target(), Do((StartChild(Address("games"), spec),)))
        elif act == 3 and target in DYNAMIC:
            self._put(self._target(), Do((StopChild(target),)))
        else:
            self.system.start_child(Address("games"), spec)

    def _ask(self) -> None:
        wishes = (Answer("yes"), Defer("later"), Answer("now", "later"))
        message = Do((wishes[self.draw.below(3)],))
        self.replies.append(
            self.system.post(self._target(), message, 1 + self.draw.below(100) * MILLISECOND_NS)
        )

    def _put(self, to: Address, content: object) -> None:
        self.system.put(to, content, self.system.now + self.draw.below(3) * MILLISECOND_NS)

    # -- the invariants

    def _check_always(self) -> None:
        """After every step: one live incarnation a name, bounds kept, nothing done twice, everything
        counted.
        """
        system = self.system
        self._demand(system.ended is None, "the tree is up")
        self._demand(not system.dispatcher.queue, "the queue is empty between inputs")
        self._demand(len(set(self.ledger.done)) == len(self.ledger.done), "no order is worked on twice")
        for status in system.status():
            if status.kind == "supervisor":
                continue
            cell = system.dispatcher.cells[status.address]
            self._demand(0 <= status.depth <= status.capacity, f"{status.address}: depth {status.depth}")
            self._demand(status.depth == len(cell.stash), f"{status.address}: what waits is in the stash")
            lives = status.state in ("running", "starting")
            self._demand(lives == (cell.life is not None), f"{status.address}: one life if it is up")
        known = {status.address for status in system.status() if status.kind != "supervisor"}
        self._demand(known == set(system.dispatcher.cells), "registry and tree agree")

    def _make_peace(self) -> None:
        """No more faults: clear those that wait, bring back who was stopped, and let time pass."""
        self.system.lives.faults.clear()
        self.system.advance(self.system.now + PEACE_NS // 2)
        for address in STATIC:
            self.system.revive(address)
        self.system.advance(self.system.now + PEACE_NS // 2)

    def _check_peace(self) -> None:
        """Everybody is well, hears, and nothing is left over."""
        system = self.system
        for address in STATIC:
            status = system.status_of(address)
            self._demand(status is not None and status.state == "running", f"{address} runs again")
            system.put(address, self._order())
            self._demand(self.ledger.done[-1] == (address.last, self.orders), f"{address} hears")
        self._demand(all(reply.done for reply in self.replies), "every ask has ended")
        self._demand(not system.asks, "no ask is pending")
        self._demand(system.lives.zombies == 0, "no zombies")
        self._check_orders()
        system.stop()
        self._demand(not system.dispatcher.cells, "nothing is left after the stop")
        self._demand(len(system.dispatcher.timers) == 0, "no timer is left after the stop")

    def _check_orders(self) -> None:
        """Each order to one that retains was done once, or is a dead letter, or was refused: none just
        vanished.
        """
        dead = [letter.message.number for letter in self.letters if isinstance(letter.message, Order)]
        ends = Counter([number for _, number in self.ledger.done] + dead)
        for address in RETAINING:
            status = self.system.status_of(Address(address))
            self._demand(status is not None and status.dropped == 0, f"{address} dropped nothing")
            sent = [number for to, number in self.ledger.sent if to == address]
            wrong = [number for number in sent if ends[number] != 1]
            self._demand(not wrong, f"{address} did or lost each order once, wrong are {wrong}")
        self._demand(not self.system.dispatcher.dead_letters_unpublished, "every dead letter was published")

    def _demand(self, holds: object, what: str) -> None:
        if not holds:
            raise ChaosFound(
                f"seed {self.seed}: not true that {what}; "
                f"again: python -m tests.actors.runtime.chaos {self.seed}"
            )


def play(seed: int) -> str:
    """One run from one seed; gives the digest of everything that happened. Raises `ChaosFound`."""
    try:
        return Monkey(seed).run()
    except (AskError, ChaosFound):
        raise
    except Exception as error:
        raise ChaosFound(
            f"seed {seed}: {error!r}; again: python -m tests.actors.runtime.chaos {seed}"
        ) from error


def main(arguments: Sequence[str]) -> int:
    """`python -m tests.actors.runtime.chaos FIRST [COUNT]`: play that many seeds (default 1) from the first
    on.
    """
    first = int(arguments[0]) if arguments else 0
    count = int(arguments[1]) if len(arguments) > 1 else 1
    for seed in range(first, first + count):
        digest = play(seed)
        if count == 1:
            sys.stdout.write(f"{digest}\n")
    sys.stdout.write(f"{count} seeds from {first} on: everything held\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The journal's place on the loop: numbers facts, hands them to the writer, tells of them once durable.

Every actor that decides something sends it here. The writer (a thread of its own, or inline on a virtual
clock) answers with "committed up to N"; only then do owners, risk gate and observer hear, and only then is
delivered what had to wait for it. Must not import venues, persistence or the daemon.
"""

from collections import deque
from collections.abc import Callable

from actors.addresses import FACTS, JOURNAL, RISK_GATE, WRITER, strategy_address
from actors.memory import FactMemory, strategy_of
from actors.messages import Commit, Committed, CommittedUpTo, Numbered, StorageFailed, Wake, WriteFacts
from actors.runtime import After, Outgoing, Publish
from engine.units import NANOS_PER_SECOND

WRITE_AGAIN_NS = NANOS_PER_SECOND
"""How long to wait before facts that could not be stored are offered again."""


class JournalActor:
    """Numbers, holds, publishes."""

    def __init__(self, memory: FactMemory, cause: Callable[[], int], next_seq: int = 1) -> None:
        """`cause` gives the number of the input being worked on; `next_seq` is where the journal goes on."""
        self._memory = memory
        self._cause = cause
        self._next_seq = next_seq
        self._waiting: deque[tuple[int, Commit, tuple[Numbered, ...]]] = deque()
        self._failed = False

    @property
    def last_seq(self) -> int:
        """The number of the newest fact, durable or not."""
        return self._next_seq - 1

    def receive(self, message: object, now: int) -> list[Outgoing]:
        """Number facts, or publish what has become durable."""
        match message:
            case Commit():
                return self._number(message)
            case CommittedUpTo():
                return self._publish(message.seq)
            case StorageFailed():
                self._failed = True
                return [(RISK_GATE, message), After(WRITE_AGAIN_NS, Wake("write_again"), "write_again")]
            case Wake():
                return [(WRITER, WriteFacts(numbered)) for _seq, _commit, numbered in self._waiting]
            case _:
                return []

    def _number(self, commit: Commit) -> list[Outgoing]:
        cause = self._cause()
        first = self._next_seq
        numbered = tuple(
            Numbered(first + offset, cause, commit.owner, fact) for offset, fact in enumerate(commit.facts)
        )
        self._next_seq += len(numbered)
        self._memory.remember(commit.facts)
        self._waiting.append((self._next_seq - 1, commit, numbered))
        return [] if self._failed else [(WRITER, WriteFacts(numbered))]

    def _publish(self, seq: int) -> list[Outgoing]:
        out: list[Outgoing] = []
        while self._waiting and self._waiting[0][0] <= seq:
            _seq, commit, numbered = self._waiting.popleft()
            out.append(Publish(FACTS, Committed(numbered)))
            for fact in commit.facts:
                strategy = strategy_of(fact)
                if strategy is not None and strategy != commit.owner:
                    out.append((strategy_address(strategy), fact))
            out += commit.deliver
        if not self._waiting and self._failed:
            self._failed = False
            out.append((RISK_GATE, CommittedUpTo(seq)))
        return out


class WriterActor:
    """The only writer of the journal; `store` makes one transaction of what it is given and may raise."""

    def __init__(self, store: Callable[[tuple[Numbered, ...]], int], *, answers: bool = True) -> None:
        """`store` returns the number up to which everything is durable.

        Without `answers` a recording answers.
        """
        self._store = store
        self._answers = answers

    def receive(self, message: object, now: int) -> list[Outgoing]:
        """Store facts, answer up to where they are durable."""
        if not isinstance(message, WriteFacts):
            return []
        seq = self._store(message.facts)
        return [(JOURNAL, CommittedUpTo(seq))] if self._answers else []

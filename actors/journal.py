"""The journal's actor: numbers facts, hands them to the writer, and publishes them once they are durable.

Every actor that decides something sends it here. The writer (a thread of its own, or inline on a virtual
clock) answers with "committed up to N"; only then are owners, risk gate and observer notified, and only then
are the messages delivered that depend on those facts.
"""

from collections import deque
from collections.abc import Callable

from actors.addresses import FACTS, JOURNAL, RISK_GATE, WRITER, strategy_address
from actors.fact_history import FactHistory
from actors.messages import Commit, Committed, CommittedUpTo, Numbered, StorageFailed, Wake, WriteFacts
from actors.runtime import After, Outgoing, Publish
from engine.fact_subjects import strategy_of
from engine.invariant import InvariantBroken
from engine.units import NANOS_PER_SECOND

WRITE_AGAIN_NS = NANOS_PER_SECOND
"""How long to wait before facts that could not be stored are offered again."""

_AGAIN = After(WRITE_AGAIN_NS, Wake("write_again"), "write_again")


class StoreFailed(Exception):
    """What a `store` raises when it could not make facts durable.

    `kind` is a stable word, `detail` says what and where; `lasting` that no waiting will mend it.
    """

    def __init__(self, kind: str, detail: str, *, lasting: bool = False) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.lasting = lasting


class JournalActor:
    """Numbers, holds, publishes."""

    def __init__(self, history: FactHistory, cause: Callable[[], int], next_seq: int = 1) -> None:
        """`cause` gives the number of the input being worked on; `next_seq` is where the journal goes on."""
        self._history = history
        self._cause = cause
        self._next_seq = next_seq
        self._waiting: deque[tuple[int, Commit, tuple[Numbered, ...]]] = deque()
        self._failed = False
        self._offered = next_seq - 1

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
                return [(RISK_GATE, message), _AGAIN]
            case Wake():
                # While nothing waits there is nothing to try it with, but something may come.
                return self._offer(0) if self._waiting or not self._failed else [_AGAIN]
            case _:
                return []

    def _number(self, commit: Commit) -> list[Outgoing]:
        cause = self._cause()
        first = self._next_seq
        numbered = tuple(
            [Numbered(first + offset, cause, commit.owner, fact) for offset, fact in enumerate(commit.facts)]
        )
        self._next_seq += len(numbered)
        # Before the write: an actor that crashes meanwhile is rebuilt with the facts of its own last
        # decision.
        self._history.append(commit.facts, commit.owner)
        # Kept until the writer answers: after a failed write the very same numbers are offered again.
        self._waiting.append((self._next_seq - 1, commit, numbered))
        # While storage fails nothing newer goes out: the writer must store in the order of the numbers.
        return [] if self._failed else self._offer(self._offered)

    def _offer(self, after: int) -> list[Outgoing]:
        """Hand what waits beyond `after` to the writer, in order."""
        self._offered = self.last_seq
        return [(WRITER, WriteFacts(numbered)) for seq, _commit, numbered in self._waiting if seq > after]

    def _publish(self, seq: int) -> list[Outgoing]:
        out: list[Outgoing] = []
        while self._waiting and self._waiting[0][0] <= seq:
            _seq, commit, numbered = self._waiting.popleft()
            # The risk gate and the observer first, then owners, then what was to be delivered: an order
            # reaches the exchange only after the gate has counted the facts it rests on.
            out.append(Publish(FACTS, Committed(numbered)))
            for fact in commit.facts:
                strategy = strategy_of(fact)
                # An owner has applied its own facts when it decided them.
                if strategy is not None and strategy != commit.owner:
                    out.append((strategy_address(strategy), fact))
            out += commit.deliver
        if self._failed and seq >= self._offered:
            # All that was tried again is durable: what came meanwhile may follow.
            self._failed = False
            out.append((RISK_GATE, CommittedUpTo(seq)))
            out += self._offer(seq)
        return out


class WriterActor:
    """The only writer of the journal; `store` makes one transaction of what it is given.

    When that fails nothing is lost: the journal hears why and offers it again, and until then nothing that
    comes later is stored, so that the order stays.
    """

    def __init__(self, store: Callable[[tuple[Numbered, ...]], int], *, answers: bool = True) -> None:
        """`store` returns the number up to which everything is durable, or raises StoreFailed.

        Without `answers` a recording answers.
        """
        self._store = store
        self._answers = answers
        self._missing: int | None = None

    def receive(self, message: object, now: int) -> list[Outgoing]:
        """Store facts, answer up to where they are durable. Raises InvariantBroken if they never will be."""
        if not isinstance(message, WriteFacts):
            return []
        first = message.facts[0].seq
        if self._missing is not None and first > self._missing:
            return []
        try:
            seq = self._store(message.facts)
        except StoreFailed as error:
            if error.lasting:
                # Waiting does not help (damage, a schema of another version): going on would trade without a
                # record.
                raise InvariantBroken(f"the journal cannot go on: {error.detail}") from error
            # Later batches are on their way already; stored without this one they would leave a hole in the
            # sequence.
            self._missing = first
            return [(JOURNAL, StorageFailed(error.kind, error.detail))]
        self._missing = None
        return [(JOURNAL, CommittedUpTo(seq))] if self._answers else []

"""The journal's arithmetic: entries, the hash chain that ties each to the one before, and the run's digest.

Used by the writer, the verifier and the readers; it touches neither database nor clock. The chain covers
everything in an entry and reveals a lost, changed or swapped one. The digest covers decisions and their money
only, so that equal input, configuration and seed give an equal digest wherever they are replayed.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Final, Protocol

import attrs

from engine.facts import (
    BandMoved,
    CancelRefused,
    Fact,
    LedgerPosted,
    LevelTaken,
    OrderAmended,
    OrderApproved,
    OrderCancelled,
    OrderDenied,
    OrderFilled,
    OrderRejected,
    OrderRested,
    OrderSubmitted,
    PositionSettled,
    QueueMoved,
    SignalRaised,
    StrategyOpened,
)
from engine.units import Nanos
from engine.venue_facts import AmendSubmitted, BandEnded, CancelSubmitted, PositionPaid
from persistence import codec

GENESIS: Final = b"tipoff journal 1"
DIGEST_GENESIS: Final = b"tipoff digest 1"


class Placed(Protocol):
    """A fact with its number in the run, the number of the input it was decided on, and its actor."""

    @property
    def seq(self) -> int:
        """Position in the run's journal, from 1, without holes."""

    @property
    def cause(self) -> int:
        """Sequence number of the input that was being worked on."""

    @property
    def owner(self) -> str:
        """Name of the actor that decided it."""

    @property
    def fact(self) -> Fact:
        """What was decided."""


@attrs.frozen
class Entry:
    """A line of the journal as it is stored; `body` is the fact's canonical text, `chain` ties it to its
    past.
    """

    seq: int
    at: Nanos
    cause: int
    owner: str
    kind: str
    body: str
    chain: bytes

    @property
    def fact(self) -> Fact:
        """The fact itself. Raises StorageCorrupt if the text cannot be read."""
        return codec.decode(self.kind, self.body)


class Chain:
    """A running hash over a run's entries, from a beginning that names the run."""

    def __init__(self, run: str, seq: int = 0, value: bytes = b"") -> None:
        self.run = run
        self.seq = seq
        # The beginning names the run, so an entry copied from another run's journal does not fit into this
        # one.
        self.value = value or genesis(run)

    def copy(self) -> "Chain":
        """The same place in the same run, to try something on."""
        return Chain(self.run, self.seq, self.value)

    def extend(self, placed: Placed) -> Entry:
        """Append a fact. Its number must follow the last one; the caller has checked that."""
        fact = placed.fact
        kind = type(fact).__name__
        body = codec.encode(fact)
        self.value = link(self.value, header(placed.seq, fact.at, placed.cause, kind, placed.owner), body)
        self.seq = placed.seq
        return Entry(placed.seq, fact.at, placed.cause, placed.owner, kind, body.decode(), self.value)

    def follows(self, entry: Entry) -> bool:
        """Step over a stored entry; False if it is not what was written after the one before."""
        # The stored text is hashed, not the decoded fact encoded again: a change in how facts are written
        # must not accuse old journals.
        step = header(entry.seq, entry.at, entry.cause, entry.kind, entry.owner)
        self.value = link(self.value, step, entry.body.encode())
        right = entry.seq == self.seq + 1 and entry.chain == self.value
        self.seq = entry.seq
        return right


def genesis(run: str) -> bytes:
    """What the first entry of a run is chained to."""
    return sha256(GENESIS + b"\n" + run.encode()).digest()


def header(seq: int, at: int, cause: int, kind: str, owner: str) -> bytes:
    """An entry's numbers and names in canonical form. The owner's length makes it unambiguous whatever it
    holds.
    """
    return f"{seq} {at} {cause} {kind} {len(owner)} {owner}\n".encode()


def link(previous: bytes, head: bytes, body: bytes) -> bytes:
    """The next value of the chain: sha256 over the previous value, the header and the body."""
    return sha256(previous + head + body).digest()


DECISIONS: Final[frozenset[str]] = frozenset(
    kind.__name__
    for kind in (
        StrategyOpened,
        SignalRaised,
        OrderApproved,
        OrderDenied,
        OrderSubmitted,
        OrderRejected,
        OrderRested,
        QueueMoved,
        LevelTaken,
        OrderFilled,
        OrderCancelled,
        CancelRefused,
        OrderAmended,
        BandMoved,
        LedgerPosted,
        PositionSettled,
        CancelSubmitted,
        AmendSubmitted,
        BandEnded,
        PositionPaid,
    )
)
"""Kinds that count for the digest: decisions and what they cost. A run's name, an operator's actions, notes
and the state of markets do not."""


class Digest:
    """Running sha256 over the decisions of a run, in the order of its journal; no clock, run or path is in
    it.
    """

    def __init__(self) -> None:
        self._hash = sha256(DIGEST_GENESIS)

    def copy(self) -> "Digest":
        """The same state, to try something on."""
        copy = Digest.__new__(Digest)
        copy._hash = self._hash.copy()  # noqa: SLF001 - its own class
        return copy

    def add(self, entries: Iterable[Entry]) -> None:
        """Take in the entries that count; the others are passed over."""
        for entry in entries:
            self.add_text(entry.kind, entry.body)

    def add_text(self, kind: str, body: str) -> None:
        """The same for the kind and the text of one entry."""
        if kind in DECISIONS:
            # The length of the body is part of the text: without it two entries could be cut differently and
            # hash alike.
            self._hash.update(f"{kind} {len(body)} {body}\n".encode())

    def text(self) -> str:
        """The digest so far, 64 hexadecimal digits."""
        return self._hash.hexdigest()

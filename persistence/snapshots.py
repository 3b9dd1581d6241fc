"""Snapshots of folded state beside the journal: what its entries up to one of them came to.

A start reads the newest that fits and what follows it. A snapshot is chained to its entry as the entry after
it is: one that was changed, or that stands beside another journal, is found before it is believed. It is
never needed: what is wrong with one costs the time of folding from an earlier one, or from the beginning.
"""

import zlib
from collections.abc import Iterator, Mapping
from typing import Final

import attrs
import msgspec
from sqlalchemy import Connection, delete, insert, select

from engine.units import Nanos
from persistence.journal import link
from persistence.tables import journal, runs, state_snapshots

KEPT: Final = 2
"""The newest and the one before it: one that cannot be read costs the time from the other."""

LEVEL: Final = 1
"""Of compression: the quickest, which makes a tenth of it."""

_SECTIONS: Final = msgspec.msgpack.Decoder(dict[str, bytes])


@attrs.frozen
class Snapshot:
    """What the first `seq` entries of a run were folded to; `version` says by which program and settings.

    `sections` are the states by name, as bytes of `persistence.state_codec`.
    """

    seq: int
    at: Nanos
    version: str
    sections: Mapping[str, bytes]

    def body(self) -> bytes:
        """What is stored."""
        return msgspec.msgpack.encode(
            {name: zlib.compress(state, LEVEL) for name, state in self.sections.items()}
        )


@attrs.frozen
class Found:
    """A stored snapshot: itself, or why it cannot be used."""

    seq: int
    snapshot: Snapshot | None
    why: str = ""


def chained(before: bytes, snapshot: Snapshot, body: bytes) -> bytes:
    """The hash that ties a snapshot to the entry before it, and that to all before."""
    return link(before, f"snapshot {snapshot.seq} {snapshot.at} {snapshot.version}\n".encode(), body)


def store(connection: Connection, run: int, snapshot: Snapshot) -> int:
    """Write a snapshot down and forget what nobody needs, in the caller's transaction; returns its size.

    Raises ValueError if the journal has no such entry.
    """
    before = _chain_at(connection, run, snapshot.seq)
    if before is None:
        raise ValueError(f"there is no entry {snapshot.seq} to tie a snapshot to")
    body = snapshot.body()
    table = state_snapshots
    connection.execute(delete(table).where(table.c.run == run, table.c.seq >= snapshot.seq))
    connection.execute(
        insert(table).values(
            run=run,
            seq=snapshot.seq,
            at=snapshot.at,
            version=snapshot.version,
            chain=chained(before, snapshot, body),
            body=body,
        )
    )
    kept = select(table.c.seq).where(table.c.run == run).order_by(table.c.seq.desc()).limit(KEPT)
    oldest = min(connection.execute(kept).scalars())
    connection.execute(delete(table).where(table.c.run == run, table.c.seq < oldest))
    # A run that has ended is not gone on with once another is under way.
    ended = select(runs.c.id).where(runs.c.ended_at.is_not(None), runs.c.id != run)
    connection.execute(delete(table).where(table.c.run.in_(ended)))
    return len(body)


def stored(connection: Connection, run: int, version: str | None = None) -> Iterator[Found]:
    """The snapshots of a run, the newest first; those of another version are not read."""
    table = state_snapshots
    wanted = select(table.c.seq, table.c.version).where(table.c.run == run).order_by(table.c.seq.desc())
    for seq, written in connection.execute(wanted).all():
        if version is not None and written != version:
            why = f"another version or configuration of the program wrote it ({written[:12]})"
            yield Found(seq, None, why)
        else:
            yield _read(connection, run, seq)


def _read(connection: Connection, run: int, seq: int) -> Found:
    table = state_snapshots
    row = connection.execute(select(table).where(table.c.run == run, table.c.seq == seq)).one()
    before = _chain_at(connection, run, seq)
    if before is None:
        return Found(seq, None, f"the journal has no entry {seq}")
    body = bytes(row.body)
    if chained(before, Snapshot(seq, Nanos(row.at), row.version, {}), body) != bytes(row.chain):
        return Found(seq, None, "it is not what was written")
    try:
        packed = _SECTIONS.decode(body)
        sections = {name: zlib.decompress(state) for name, state in packed.items()}
    except (msgspec.MsgspecError, zlib.error) as error:
        return Found(seq, None, f"it cannot be read: {error}")
    return Found(seq, Snapshot(seq, Nanos(row.at), row.version, sections))


def _chain_at(connection: Connection, run: int, seq: int) -> bytes | None:
    wanted = select(journal.c.chain).where(journal.c.run == run, journal.c.seq == seq)
    found = connection.execute(wanted).scalar_one_or_none()
    return None if found is None else bytes(found)

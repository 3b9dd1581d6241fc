"""Whether the journal folds to its snapshots: what `tipoff db verify` compares when the journal is whole.

A snapshot of another program or configuration cannot be made again, so it is only counted; nobody uses it
either. Reads everything once, and keeps none of it.
"""

from collections.abc import Callable, Iterator
from enum import Enum

import attrs

from persistence.queries import Reader
from persistence.snapshots import Snapshot
from persistence.state_codec import StateUnreadable
from tipoff.runs.fold_snapshots import CODEC, snapshot_of, version_of
from tipoff.runs.run_fold import RunFold
from tipoff.runs.settings import TradingSettings


class SnapshotState(Enum):
    """What came of comparing a snapshot with the fold."""

    SAME = "same"
    DIFFERS = "differs"
    OTHER_VERSION = "other version"
    """Another program or configuration wrote it; a start passes it over."""


@attrs.frozen
class SnapshotChecked:
    """A snapshot of a run, and in which part of which state it differs, if it does."""

    run: str
    seq: int
    state: SnapshotState
    where: str = ""


def _nobody_is_told(done: int, total: int) -> None:
    """For callers who do not care how far it is."""


def check_snapshots(
    reader: Reader, settings: TradingSettings, told: Callable[[int, int], None] = _nobody_is_told
) -> Iterator[SnapshotChecked]:
    """Fold a run's journal and compare what it comes to at each of its snapshots, the oldest first.

    `told` hears how many entries are folded, and how many there are to fold. Those that are not what was
    written are left out: they are known to be wrong. Raises what reading raises.
    """
    run, version = reader.run.run, version_of(settings)
    stored = [found.snapshot for found in reader.snapshots() if found.snapshot is not None]
    ours = {snapshot.seq: snapshot for snapshot in stored if snapshot.version == version}
    for snapshot in stored:
        if snapshot.seq not in ours:
            yield SnapshotChecked(run, snapshot.seq, SnapshotState.OTHER_VERSION)
    last = max(ours, default=0)
    if not last:
        return
    fold = RunFold(settings)
    for past in reader.past():
        fold.take(past.fact)
        fold.settle()
        told(fold.entries, last)
        there = ours.get(fold.entries)
        if there is not None:
            where = _difference(there, snapshot_of(fold, there.at, version))
            yield SnapshotChecked(
                run, there.seq, SnapshotState.DIFFERS if where else SnapshotState.SAME, where
            )
        if fold.entries == last:
            return


def _difference(stored: Snapshot, right: Snapshot) -> str:
    """The first part that differs, as state and part; empty if none does."""
    for name in sorted(stored.sections.keys() | right.sections.keys()):
        one, other = stored.sections.get(name), right.sections.get(name)
        if one is None or other is None:
            return f"{name} is {'missing' if one is None else 'of nobody'}"
        if one != other:
            return f"{name}, {_part(one, other)}"
    return ""


def _part(stored: bytes, right: bytes) -> str:
    try:
        is_, should = CODEC.decode(stored), CODEC.decode(right)
    except StateUnreadable as error:
        return str(error)
    for name, part in should.items():
        if name not in is_ or CODEC.encode({name: is_[name]}) != CODEC.encode({name: part}):
            return name
    return "in what two parts share"

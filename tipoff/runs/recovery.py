"""The fold of a stored run: from its newest snapshot that can be used, and what the journal has behind it.

Called at the start of a process, and beside a running engine by whoever makes the next snapshot. A snapshot
that cannot be used is passed over with a logged reason: it costs the time of folding what it stood for.
"""

import logging
from collections.abc import Callable
from typing import Final

import attrs

from engine.units import Nanos
from persistence.queries import Reader
from persistence.snapshots import Snapshot
from persistence.state_codec import StateUnreadable
from tipoff.runs.fold_snapshots import sections_of, snapshot_of, version_of
from tipoff.runs.run_fold import RunFold
from tipoff.runs.settings import TradingSettings

log = logging.getLogger("tipoff.snapshots")

SLICE: Final = 20
"""Facts that are folded before others may run."""


@attrs.frozen
class Recovered:
    """The fold of a run, and up to which entry a snapshot vouches for the journal."""

    fold: RunFold
    vouched: int = 0
    snapshot: Snapshot | None = None
    """One that is to be stored: so much was folded that the next start should not do it again."""


def recovered(reader: Reader, settings: TradingSettings, every: int) -> Recovered:
    """Fold a run up to its last entry. Raises what reading raises.

    What is folded beyond `every` entries is not kept as facts, but as a snapshot that stands for them.
    """
    version = version_of(settings)
    fold, vouched = _newest(reader, settings, version, _at_once)
    at = _go_on(fold, reader, vouched, every, _at_once)
    if not fold.settled:
        return Recovered(fold, vouched)
    snapshot = snapshot_of(fold, at, version)
    return Recovered(RunFold(settings, sections_of(snapshot)), vouched, snapshot)


def next_snapshot(reader: Reader, settings: TradingSettings, breathe: Callable[[], None]) -> Snapshot:
    """What a run has come to, up to its last entry. Raises what reading raises, and StateUnsavable.

    `breathe` is called after every few facts and objects: others run meanwhile.
    """
    version = version_of(settings)
    fold, vouched = _newest(reader, settings, version, breathe)
    at = _go_on(fold, reader, vouched, SLICE, breathe)
    return snapshot_of(fold, at, version, breathe)


def _at_once() -> None:
    """Nobody else has to run."""


def _newest(
    reader: Reader, settings: TradingSettings, version: str, breathe: Callable[[], None]
) -> tuple[RunFold, int]:
    """The newest snapshot that can be used, folded on, and its entry; an empty fold if there is none."""
    for found in reader.snapshots(version):
        why = found.why
        if found.snapshot is not None:
            try:
                return RunFold(settings, sections_of(found.snapshot, breathe)), found.seq
            except StateUnreadable as error:
                why = f"it cannot be read: {error}"
        log.warning("the snapshot at entry %d of run %s is not used: %s", found.seq, reader.run.run, why)
    return RunFold(settings), 0


def _go_on(fold: RunFold, reader: Reader, vouched: int, facts_max: int, breathe: Callable[[], None]) -> Nanos:
    """Fold what is behind an entry, without keeping more than so many facts; returns when it ended."""
    at = Nanos(0)
    for number, past in enumerate(reader.past(vouched + 1), start=1):
        fold.take(past.fact)
        at = past.at
        if number % SLICE == 0:
            breathe()
        if len(fold.kept) > facts_max:
            fold.settle()
    return at

"""Snapshots of the journal while the engine runs: every so many entries what they were folded to is stored.

Started by the live engine. The fold is made anew from the last snapshot and the journal, on a connection and
in a thread of its own, in short slices; what the actors hold is not looked at, so that a mistake in it never
gets into a snapshot. One that cannot be made or stored is logged and tried again behind the next entries:
trading does not rest on any.
"""

import logging
import time
from typing import Final

import attrs
import trio

from persistence.snapshots import Snapshot
from persistence.writer import JournalWriter
from tipoff.live.commit_queue import CommitQueue
from tipoff.runs.recovery import next_snapshot
from tipoff.runs.settings import TradingSettings

log = logging.getLogger("tipoff.snapshots")

REST_S: Final = 0.002
"""How long others run between two slices, each about a millisecond: the thread that trades comes first."""


@attrs.define
class SnapshotStatus:
    """What has become of the snapshots of this process."""

    seq: int = 0
    """The entry of the last one; zero before there is any."""
    size: int = 0
    """Bytes of the last one that this process has made."""
    seconds: float = 0.0
    """How long it took, in its own thread, with all its rests."""
    failures: int = 0


class Snapshots:
    """Makes and stores them."""

    def __init__(self, writer: JournalWriter, commit_queue: CommitQueue, settings: TradingSettings) -> None:
        """Nothing is made before `run`."""
        self.status = SnapshotStatus(seq=writer.snapshot_seq)
        self._writer = writer
        self._commit_queue = commit_queue
        self._settings = settings

    async def run(self, every: int) -> None:
        """Make one whenever the journal is so many entries further, until cancelled."""
        due = self.status.seq + every
        while True:
            # Whatever becomes of it: what failed is not tried again at once.
            due = await self._commit_queue.reach(due) + every
            await self._keep()

    async def _keep(self) -> None:
        status, began = self.status, trio.current_time()
        try:
            # Waited for if the engine ends meanwhile: it gives up at its next rest.
            snapshot = await trio.to_thread.run_sync(self._make)
            if snapshot is None:
                return
            status.size = await self._commit_queue.keep(snapshot)
        # Whatever it is: the next start takes longer, and nothing else rests on it.
        except Exception:
            status.failures += 1
            log.exception("no snapshot of the journal was stored")
            return
        status.seq, status.seconds = snapshot.seq, trio.current_time() - began
        log.info("a snapshot at entry %d of the journal, %d bytes", snapshot.seq, status.size)

    def _make(self) -> Snapshot | None:
        reader = self._writer.another_reader()
        if reader is None:
            return None
        with reader:
            return next_snapshot(reader, self._settings, _rest)


def _rest() -> None:
    """Let others run. Raises trio.Cancelled if nobody waits any more."""
    trio.from_thread.check_cancelled()
    time.sleep(REST_S)

"""`python -m benchmarks.wakeup`: how late the engine's loop wakes while decisions are made durable beside it.

A task sleeps a millisecond at a time and notes by how much longer it slept. Beside it, in turn, nothing
happens, or the journal's writer stores batches in a thread as it does live: chain, projections and checks,
each transaction on the disk. The 99th percentiles are compared pair by pair, by the wall's clock.
"""

import contextlib
import statistics
import sys
import tempfile
from collections.abc import Sequence
from typing import Final

import trio

from benchmarks.results import Result, finish, options
from benchmarks.storage import evening
from persistence.queries import Recorded
from persistence.schema_upgrade import create
from persistence.writer import JournalWriter

PAIRS: Final = 5
SECONDS: Final = 2.0
NAP_S: Final = 0.001
BATCH: Final = 100
FACTS_A_SECOND: Final = 1_000
SHARE_MAX: Final = 1.5


async def late(batches: Sequence[Sequence[Recorded]], writer: JournalWriter | None) -> float:
    """Milliseconds of the 99th percentile, with or without somebody who writes."""
    excess: list[float] = []
    async with trio.open_nursery() as nursery:
        if writer is not None:
            nursery.start_soon(_written, batches, writer)
        until = trio.current_time() + SECONDS
        while (before := trio.current_time()) < until:
            await trio.sleep(NAP_S)
            excess.append(1e3 * (trio.current_time() - before - NAP_S))
        nursery.cancel_scope.cancel()
    return statistics.quantiles(excess, n=100)[98]


async def _written(batches: Sequence[Sequence[Recorded]], writer: JournalWriter) -> None:
    began = trio.current_time()
    for number, batch in enumerate(batches):
        await trio.sleep_until(began + number * BATCH / FACTS_A_SECOND)
        await trio.to_thread.run_sync(writer.append, batch)


def pair(batches: Sequence[Sequence[Recorded]]) -> tuple[float, float]:
    """Nothing beside the loop, and the journal."""
    alone = trio.run(late, batches, None)
    with tempfile.TemporaryDirectory(prefix="tipoff-bench-") as folder:
        url = f"sqlite:///{folder}/journal.db"
        create(url)
        with contextlib.closing(JournalWriter(url, "bench")) as writer:
            return alone, trio.run(late, batches, writer)


def main(arguments: Sequence[str]) -> int:
    """Return 0 if the loop wakes in time."""
    asked = options(__doc__, arguments)
    facts = evening(round(SECONDS * FACTS_A_SECOND))
    batches = [facts[start : start + BATCH] for start in range(0, len(facts), BATCH)]
    pairs = [pair(batches) for _ in range(asked.rounds(PAIRS))]
    alone, beside = (statistics.median(each) for each in zip(*pairs, strict=True))
    target = f"p99 of a wake-up beside {FACTS_A_SECOND:,} facts/s / alone"
    note = f"{beside:.3f} / {alone:.3f} ms"
    ratios = tuple(stored / nothing for nothing, stored in pairs)
    return finish([Result(target, ratios, at_most=SHARE_MAX, note=note)], asked)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

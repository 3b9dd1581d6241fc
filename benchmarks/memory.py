"""`python -m benchmarks.memory`: what an evening of 15 games with 40 markets each leaves in memory.

The live engine hears the whole evening as fast as it can, with recording and journal, and its process is
looked at on the way. What grows in an evening is the memory of the run's facts, which every restarted actor
folds, and the books. Exits with 1 if that is more than a quarter of the unit's `MemoryMax`.
"""

import gc
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import trio

from benchmarks.latency import running
from tipoff.live.engine import LiveEngine
from venues.simulator.evening import generate
from venues.simulator.world.settings import EveningSettings

EVENING: Final = EveningSettings(games=15, rungs=19, postponed=False, cancelled=False)
SPEED: Final = 100.0
"""Of the engine's clock, about what the processor makes of the evening."""

MEGABYTE: Final = 1_048_576
MEGABYTES_MAX: Final = 512
LOOK_EVERY: Final = 100_000
BREATHE_EVERY: Final = 256
"""So many inputs are heard between two looks of the loop at everything else."""


def megabytes() -> float:
    """What of this process is in memory now."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MEGABYTE


async def heard(engine: LiveEngine) -> int:
    """Hear the evening; returns how many inputs that were."""
    number = 0
    for number, output in enumerate(generate(EVENING), start=1):
        if output.source == "kalshi.ws":
            engine.ingress.stream(output.conn, output.what, output.body)
        else:
            engine.ingress.body_of(output.source)(output.what, output.body)
        if number % BREATHE_EVERY == 0:
            await trio.lowlevel.checkpoint()
        if number % LOOK_EVERY == 0:
            print(f"  after {number:9,} inputs {megabytes():6.0f} MB, {engine.tally.facts:7,} facts")
    return number


async def evening() -> float:
    """Play it; returns how many megabytes the engine has grown by."""
    with tempfile.TemporaryDirectory(prefix="tipoff-bench-") as folder:
        async with running(Path(folder), EVENING.starts_at, SPEED) as engine:
            before, began = megabytes(), time.perf_counter()
            number = await heard(engine)
            took = time.perf_counter() - began
            await engine.commit_queue.drain()
            gc.collect()
            games = await engine.games()
            markets = sum(len(game.markets) for game in games.values())
            print(f"  {len(games)} games, {markets} markets, {number:,} inputs in {took:.0f} s")
            print(f"  {before:.0f} MB at the start, {megabytes():.0f} MB at the end")
            return megabytes() - before


def main() -> int:
    """Return 0 if it stays small enough."""
    grown = trio.run(evening)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024
    print(f"  grown by {grown:.0f} MB; at most {peak:.0f} MB in memory at any time (limit {MEGABYTES_MAX})")
    return int(peak > MEGABYTES_MAX)


if __name__ == "__main__":
    sys.exit(main())

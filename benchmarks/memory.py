"""`python -m benchmarks.memory`: what an evening of 15 games with 40 markets each leaves in memory.

The live engine hears the whole evening as fast as it can, with recording and journal, and its process is
looked at on the way. What grows in an evening is the memory of the run's facts, which every restarted actor
folds, and the books.
"""

import gc
import os
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import trio

from benchmarks.latency import running
from benchmarks.results import Result, finish, options
from tipoff.live.engine import LiveEngine
from venues.simulator.evening import generate
from venues.simulator.world.settings import EveningSettings

EVENING: Final = EveningSettings(games=15, rungs=19, postponed=False, cancelled=False)
QUICK_INPUTS: Final = 100_000
SPEED: Final = 100.0
"""Of the engine's clock, about what the processor makes of the evening."""

MEGABYTE: Final = 1_048_576
GROWTH_MAX: Final = 120.0
PEAK_MAX: Final = 512.0
"""A quarter of what the unit file allows (`MemoryMax`)."""

LOOK_EVERY: Final = 100_000
BREATHE_EVERY: Final = 256
"""So many inputs are heard between two looks of the loop at everything else."""


def megabytes() -> float:
    """What of this process is in memory now."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MEGABYTE


async def heard(engine: LiveEngine, most: int) -> int:
    """Hear the evening, or its beginning; returns how many inputs that were."""
    number = 0
    for number, output in enumerate(generate(EVENING), start=1):
        if output.source == "kalshi.ws":
            engine.ingress.stream(output.conn, output.what, output.body)
        else:
            engine.ingress.body_of(output.source)(output.what, output.body)
        if number == most:
            break
        if number % BREATHE_EVERY == 0:
            await trio.lowlevel.checkpoint()
        if number % LOOK_EVERY == 0:
            print(f"  after {number:9,} inputs {megabytes():6.0f} MB, {engine.tally.facts:7,} facts")
    return number


async def evening(most: int) -> float:
    """Play it; returns how many megabytes the engine has grown by."""
    with tempfile.TemporaryDirectory(prefix="tipoff-bench-") as folder:
        async with running(Path(folder), EVENING.starts_at, SPEED) as engine:
            before, began = megabytes(), time.perf_counter()
            number = await heard(engine, most)
            took = time.perf_counter() - began
            await engine.commit_queue.drain()
            gc.collect()
            games = await engine.games()
            markets = sum(len(game.markets) for game in games.values())
            print(f"  {len(games)} games, {markets} markets, {number:,} inputs in {took:.0f} s")
            print(f"  {before:.0f} MB at the start, {megabytes():.0f} MB at the end")
            return megabytes() - before


def main(arguments: Sequence[str]) -> int:
    """Return 0 if it stays small enough."""
    asked = options(__doc__, arguments)
    grown = trio.run(evening, QUICK_INPUTS if asked.quick else sys.maxsize)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024
    what = f"{EVENING.games} games, 600 markets" + (", their beginning" if asked.quick else "")
    return finish(
        [
            Result(f"memory that {what} add", (grown,), "MB", at_most=GROWTH_MAX),
            Result("memory at its peak", (peak,), "MB", at_most=PEAK_MAX),
        ],
        asked,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

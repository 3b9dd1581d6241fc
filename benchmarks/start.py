"""`python -m benchmarks.start`: how long the daemon starts behind a long journal, and how large it becomes.

A run of a million entries that was left open is written first, bets of all fates, through the writer that
the daemon has, with a snapshot as far before its end as one ever is. Then a new process does what the daemon
does: it looks which run it belongs to, reads what it must of the past, checks and opens the journal, and runs
the engine until its first word is durable. Counted are its processor's time from there and its memory at the
peak, everything imported.
"""

import contextlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import trio

from benchmarks.evening import ROOT
from benchmarks.results import Result, finish, options
from engine.units import NANOS_PER_SECOND, Nanos
from persistence.connect import Durability, Settings
from persistence.queries import Reader
from persistence.schema_upgrade import create
from persistence.writer import JournalWriter, Options
from tests.persistence.evenings import evening, place
from tipoff.config.load import template
from tipoff.live.clock import EveningClock
from tipoff.live.engine import LiveEngine, LivePlan
from tipoff.process.run import opened_journal, past_of, recovered_past
from tipoff.runs.from_config import at_its_word, schema, trading_settings
from tipoff.runs.recovery import next_snapshot
from tipoff.runs.settings import settings_digest

ENTRIES: Final = 1_000_000
QUICK_ENTRIES: Final = 20_000
PORTION: Final = 2_000
BETS_OF_19_ENTRIES: Final = 3
ENVIRONMENT: Final = "demo"
RUN: Final = "demo-1970-01-01"
AFTERWARDS: Final = Nanos(NANOS_PER_SECOND)
"""Nothing of the run is so late: what is made up comes ten nanoseconds apart."""

SECONDS_MAX: Final = 4.0
MEGABYTES_MAX: Final = 200.0


def written(url: str, entries: int) -> int:
    """Write a run of about so many entries; returns how many they became."""
    create(url)
    facts = place(evening(entries // 19 * BETS_OF_19_ENTRIES))
    options_ = Options(settings=Settings(durability=Durability.RELAXED))
    defaults = at_its_word(template(schema()))
    # The worst that a kill leaves behind: one entry later there would be another one.
    last = max(0, len(facts) - defaults.database.snapshot_entries + 1)
    with contextlib.closing(JournalWriter(url, RUN, options_)) as writer:
        for first, end in ((0, last), (last, len(facts))):
            for begin in range(first, end, PORTION):
                writer.append(facts[begin : min(end, begin + PORTION)])
            if end == last > 0:
                with Reader.open(url, RUN) as reader:
                    writer.keep(next_snapshot(reader, trading_settings(defaults), lambda: None))
    return len(facts)


async def started(url: str) -> dict[str, float]:
    """Start as the daemon does."""
    began = time.process_time()
    past = past_of(url, ENVIRONMENT, AFTERWARDS)
    config = at_its_word(template(schema()))
    settings = trading_settings(config)
    found = recovered_past(url, past, settings, config.database.snapshot_entries)
    read = time.process_time() - began
    with contextlib.closing(opened_journal(url, past.run, found)) as writer:
        opened = time.process_time() - began
        plan = LivePlan(
            settings=settings,
            settings_digest=settings_digest(settings),
            run=past.run,
            writer=writer,
            recorder=None,
            clock=EveningClock(AFTERWARDS),
            past=found.fold,
        )
        engine = LiveEngine(plan, lambda _engine: ())
        async with trio.open_nursery() as nursery:
            await nursery.start(engine.run)
            await engine.commit_queue.drain()
            seconds = time.process_time() - began
            await engine.system.stop()
    return {"read": read, "opened": opened - read, "running": seconds - opened, "seconds": seconds}


def main(arguments: Sequence[str]) -> int:
    """Return 0 if a start takes no longer and no more than it may."""
    if len(arguments) == 2 and arguments[0] == "--start":
        told = trio.run(started, arguments[1])
        told["megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024
        print(json.dumps(told))
        return 0
    asked = options(__doc__, arguments)
    with tempfile.TemporaryDirectory(prefix="tipoff-bench-") as folder:
        url = f"sqlite:///{Path(folder) / 'long.db'}"
        entries = written(url, QUICK_ENTRIES if asked.quick else ENTRIES)
        command = [sys.executable, "-m", "benchmarks.start", "--start", url]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True)  # noqa: S603 - ourselves
    told = json.loads(done.stdout)
    note = ", ".join(f"{step} {told[step]:.2f}" for step in ("read", "opened", "running"))
    what = f"start behind {entries:,} entries"
    return finish(
        [
            Result(what, (told["seconds"],), "s", at_most=SECONDS_MAX, note=f"of the processor: {note}"),
            Result(f"{what}, memory", (told["megabytes"],), "MB", at_most=MEGABYTES_MAX),
        ],
        asked,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

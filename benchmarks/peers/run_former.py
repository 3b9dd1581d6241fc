"""The evening through the build that landed first: run by `benchmarks.former`, `build/peers/former` ahead.

Prints as JSON the seconds of the processor, the digest and what was decided, as `benchmarks.evening` does for
the build of today. The modules have the names of that time.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

import attrs
from daemon.config import template
from daemon.replay import replay
from daemon.trading import schema, trading_settings

from persistence.schema import upgrade
from persistence.writer import JournalWriter, Mode, Options
from venues.recording import read_batches


def main(recording: Path, strategies: int) -> None:
    """Measure one replay with the database on, with the first so many of the strategies configured."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    everything = trading_settings(template(schema()))
    settings = attrs.evolve(everything, strategies=everything.strategies[:strategies])
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/bench.db"
        upgrade(url)
        writer = JournalWriter(url, "bench", Options(mode=Mode.REPLAY))
        began = time.process_time()
        document = replay(read_batches(recording), settings, "bench", writer).document
        seconds = time.process_time() - began
        writer.close()
    rows = document["strategies"].values()
    told = {
        "seconds": seconds,
        "frames": document["recording"]["frames"],
        "digest": document["digest"],
        "orders": sum(row["orders"] for row in rows),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))

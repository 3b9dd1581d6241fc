"""`python -m benchmarks.replay`: what a replay costs as strategies are added.

Each candidate replays the same evening in a process of its own with the database on, in turn; it is the
processor's time that is measured. Beside it stands parsing the same frames into events and no more.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from benchmarks.evening import measured, simulated
from benchmarks.results import Result, finish, options
from tipoff.sources.registry import translator
from venues.recordings.recorder import read

ROUNDS: Final = 5
SHARE_MAX: Final = 1.6
"""What 25 strategies may take of what five take."""

Candidate = Callable[[], float]
"""Does its work once and returns the seconds of what is measured."""


def parsing(recording: Path) -> Candidate:
    """Every line read and turned into events, and no more."""

    def run() -> float:
        translate = translator().translate
        began = time.process_time()
        for line in read(recording):
            translate(line)
        return time.process_time() - began

    return run


def replaying(recording: Path, strategies: int) -> Candidate:
    """The whole tree with so many strategies."""
    return lambda: measured(recording, strategies).seconds


def main(arguments: Sequence[str]) -> int:
    """Return 0 if many strategies cost no more than they may."""
    asked = options(__doc__, arguments)
    with tempfile.TemporaryDirectory(prefix="tipoff-bench-") as folder:
        recording = simulated(Path(folder))
        frames = sum(1 for _ in read(recording))
        candidates = {
            "parsing": parsing(recording),
            "none": replaying(recording, 0),
            "five": replaying(recording, 5),
            "many": replaying(recording, 25),
        }
        seconds: dict[str, list[float]] = {name: [] for name in candidates}
        for _ in range(asked.rounds(ROUNDS)):
            for name, run in candidates.items():
                seconds[name].append(run())
    note = ", ".join(f"{name} {1e6 * statistics.median(took) / frames:.1f}" for name, took in seconds.items())

    def ratio(of: str, to: str) -> tuple[float, ...]:
        return tuple(one / other for one, other in zip(seconds[of], seconds[to], strict=True))

    return finish(
        [
            Result(
                "evening: 25 strategies / five", ratio("many", "five"), at_most=SHARE_MAX,
                note=f"µs a frame: {note}",
            ),
            Result("evening: five strategies / parsing alone", ratio("five", "parsing")),
            Result("evening: no strategies / parsing alone", ratio("none", "parsing")),
        ],
        asked,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

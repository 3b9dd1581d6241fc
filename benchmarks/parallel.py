"""`python -m benchmarks.parallel`: a replay on each processor at once, against the machine's ceiling.

The ceiling is what the machine makes of a loop that needs nothing but a processor: so many at once do not run
n times as fast as one where processors share caches, units and hosts. Replays that share nothing reach it.
Each is a process that says when it is ready and waits for its start; the wall's clock runs until the last is
done. Measured in turn: one loop, n loops, one replay, n replays. Needs a machine on which nobody else works.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.evening import ROOT, replayed, settings_with, simulated
from benchmarks.results import Result, finish, options

ROUNDS: Final = 5
SHARE_MIN: Final = 0.95
ADDITIONS: Final = 20_000_000


def work(kind: str, recording: Path) -> None:
    """In a process of its own: get ready, wait for a word, work."""
    settings = settings_with(0)
    print("ready", flush=True)
    sys.stdin.readline()
    if kind == "replay":
        replayed(recording, settings)
        return
    total = 0
    for number in range(ADDITIONS):
        total += number


def seconds(kind: str, recording: Path, count: int) -> float:
    """From the start of so many until the last is done."""
    command = [sys.executable, "-m", "benchmarks.parallel", "--work", kind, str(recording)]
    workers = [
        subprocess.Popen(  # noqa: S603 - ourselves
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(count)
    ]
    for worker in workers:
        assert worker.stdout is not None
        worker.stdout.readline()
    began = time.perf_counter()
    codes = []
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.close()
    for worker in workers:
        codes.append(worker.wait())
        assert worker.stdout is not None
        worker.stdout.close()
    took = time.perf_counter() - began
    if any(codes):
        sys.exit(f"{kind} ended with {codes}")
    return took


def main(arguments: Sequence[str]) -> int:
    """Return 0 if replays side by side are as fast as the machine lets them be."""
    if len(arguments) == 3 and arguments[0] == "--work":
        work(arguments[1], Path(arguments[2]))
        return 0
    asked = options(__doc__, arguments)
    count = len(os.sched_getaffinity(0))
    shares, gains = [], []
    with tempfile.TemporaryDirectory(prefix="tipoff-bench-") as folder:
        recording = simulated(Path(folder))
        for _ in range(asked.rounds(ROUNDS)):
            ceiling = count * seconds("loop", recording, 1) / seconds("loop", recording, count)
            gain = count * seconds("replay", recording, 1) / seconds("replay", recording, count)
            shares.append(gain / ceiling)
            gains.append(gain)
    note = f"{sorted(gains)[len(gains) // 2]:.2f} times one replay's rate"
    target = f"{count} replays at once / the machine's ceiling"
    return finish([Result(target, tuple(shares), at_least=SHARE_MIN, note=note)], asked)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

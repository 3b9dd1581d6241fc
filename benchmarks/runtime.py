"""`python -m benchmarks.runtime`: our dispatcher against Pykka's threads, asyncio's queues and plain calls.

Every candidate runs in a process of its own, interleaved with the others, several times; medians count. Once
with the process pinned to one core (which favours threads: they need not wake another core) and once free.
Ours runs with supervision, bounded mailboxes and counters. Pinned throughput is the processor's time, all
else the wall's clock.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Final

import attrs

from benchmarks.results import Options, Result, Samples, finish, options
from benchmarks.runtime_candidates import CANDIDATES

REPEATS: Final = 5
MESSAGES: Final = 20_000
ASKED: Final = 4_000
ONE_AT_A_TIME: Final = 4_000


@attrs.frozen
class Row:
    """One comparison: how many times as fast ours is."""

    target: str
    other: str
    kind: str
    measure: str
    pinned: bool
    at_least: float | None = None

    @property
    def messages(self) -> int:
        """How many are sent."""
        if self.measure == "latency":
            return ONE_AT_A_TIME
        return ASKED if self.kind == "ask" else MESSAGES


def rows() -> tuple[Row, ...]:
    """Everything that is compared; the chain of three actors stands for a frame's way."""
    chain = "chain of three, pinned"
    return (
        Row(f"{chain}: rate / Pykka's", "pykka", "chain", "throughput", pinned=True, at_least=6.0),
        Row(f"{chain}: Pykka's p50 / ours", "pykka", "chain", "latency", pinned=True, at_least=10.0),
        Row(f"{chain}: rate / asyncio queues'", "asyncio", "chain", "throughput", pinned=True, at_least=2.0),
        Row(f"{chain}: rate / direct calls'", "direct", "chain", "throughput", pinned=True, at_least=0.22),
        Row(
            "chain of three, free: rate / Pykka's", "pykka", "chain", "throughput", pinned=False, at_least=7.0
        ),
        Row("chain of three, 64 a time, pinned: rate / Pykka's", "pykka", "batch", "throughput", pinned=True),
        Row("one to one, pinned: rate / Pykka's", "pykka", "one", "throughput", pinned=True),
        Row("fan-out to five, pinned: rate / Pykka's", "pykka", "fan", "throughput", pinned=True),
        Row("ask, pinned: rate / Pykka's", "pykka", "ask", "throughput", pinned=True),
    )


def measure(candidate: str, row: Row) -> float:
    """Seconds, measured in a new process."""
    command = [sys.executable, "-m", "benchmarks.runtime", "--one", candidate, row.kind, row.measure]
    command += [str(row.messages), "pinned" if row.pinned else "free"]
    return float(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))  # noqa: S603


def run_one(candidate: str, kind: str, measure_name: str, messages: int, *, pinned: bool) -> None:
    """Measure in this process, and print the seconds."""
    if pinned:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    # With one core, what all threads together consumed is what it took; others on the machine do not count.
    clock = time.process_time if pinned and measure_name == "throughput" else time.perf_counter
    workload = CANDIDATES[candidate][measure_name]
    workload(kind, 500, clock)
    print(json.dumps(workload(kind, messages, clock)))


def compared(row: Row, asked: Options) -> Result:
    """The other's seconds as a multiple of ours, pair by pair."""
    ratios: list[float] = []
    ours = theirs = 0.0
    for _ in range(asked.rounds(REPEATS)):
        ours, theirs = measure("ours", row), measure(row.other, row)
        ratios.append(theirs / ours)
    note = f"{1e6 * ours:.2f} µs, {1e6 * theirs:.2f} µs"
    if row.measure == "throughput":
        note = f"{row.messages / ours:,.0f}/s, {row.messages / theirs:,.0f}/s"
    samples: Samples = tuple(ratios)
    return Result(row.target, samples, at_least=row.at_least, note=note)


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark, or one measurement of it."""
    if len(arguments) == 6 and arguments[0] == "--one":
        candidate, kind, measure_name, messages, where = arguments[1:]
        run_one(candidate, kind, measure_name, int(messages), pinned=where == "pinned")
        return 0
    asked = options(__doc__, arguments)
    return finish([compared(row, asked) for row in rows()], asked)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

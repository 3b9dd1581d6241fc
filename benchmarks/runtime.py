"""`python -m benchmarks.runtime`: our dispatcher against `pykka.ThreadingActor`, as ratios.

Every candidate runs in a process of its own, interleaved with the other, several times; medians count. Once
with the process pinned to one core (which favours threads: they need not wake another core) and once free.
Exits with 1 if the chain of three falls short of what the project promises: throughput at least 4 times,
median latency at most a quarter.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

from benchmarks.runtime_candidates import CANDIDATES

TITLES = {
    "one": "one to one",
    "chain": "chain of three",
    "batch": "the same, 64 a time",
    "fan": "fan-out to five",
    "ask": "ask",
}
THROUGHPUT_MIN = 4.0
LATENCY_MIN = 4.0


def measure(candidate: str, kind: str, measure_name: str, messages: int, *, pinned: bool) -> float:
    """Seconds, measured in a new process."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.runtime",
        "--one",
        candidate,
        kind,
        measure_name,
        str(messages),
    ]
    if pinned:
        command.append("--pinned")
    return float(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))  # noqa: S603


def run_one(candidate: str, kind: str, measure_name: str, messages: str, *, pinned: bool) -> None:
    """Measure in this process, and print the seconds."""
    if pinned:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    # With one core, what all threads together consumed is what it took; others on the machine do not count.
    clock = time.process_time if pinned and measure_name == "throughput" else time.perf_counter
    workload = CANDIDATES[candidate][measure_name]
    workload(kind, 500, clock)
    print(json.dumps(workload(kind, int(messages), clock)))


def ratio(
    kind: str, measure_name: str, messages: int, repeats: int, *, pinned: bool
) -> tuple[float, float, float]:
    """Median seconds of ours, of Pykka's, and the median of the paired ratios Pykka / ours."""
    ours, theirs, ratios = [], [], []
    for _ in range(repeats):
        a = measure("ours", kind, measure_name, messages, pinned=pinned)
        b = measure("pykka", kind, measure_name, messages, pinned=pinned)
        ours.append(a)
        theirs.append(b)
        ratios.append(b / a)
    return statistics.median(ours), statistics.median(theirs), statistics.median(ratios)


def report(messages: int, repeats: int) -> bool:
    """Print the tables; True if the promises hold."""
    kept = True
    for pinned in (True, False):
        print(f"\n{'pinned to one core' if pinned else 'free'} ({messages} messages, medians of {repeats})")
        print(f"{'':<20}{'messages per second':^34}{'p50 in microseconds, one at a time':^36}")
        print(f"{'':<20}{'ours':>13}{'pykka':>13}{'ratio':>8}{'ours':>14}{'pykka':>14}{'ratio':>8}")
        for kind in TITLES:
            faster, quicker = print_row(kind, messages, repeats, pinned=pinned)
            if kind == "chain" and pinned:
                kept = faster >= THROUGHPUT_MIN and quicker >= LATENCY_MIN
    promise = (
        f"at least {THROUGHPUT_MIN:.0f} times the throughput and at most 1/{LATENCY_MIN:.0f} of the latency"
    )
    print(f"\nchain of three, pinned, {promise}: {'kept' if kept else 'NOT KEPT'}")
    return kept


def print_row(kind: str, messages: int, repeats: int, *, pinned: bool) -> tuple[float, float]:
    """Measure one workload and print its line; gives the two ratios."""
    count = messages if kind != "ask" else messages // 5
    a, b, faster = ratio(kind, "throughput", count, repeats, pinned=pinned)
    c, d, quicker = ratio(kind, "latency", min(count, 5_000), repeats, pinned=pinned)
    throughput = f"{count / a:>13,.0f}{count / b:>13,.0f}{faster:>8.1f}"
    print(f"{TITLES[kind]:<20}{throughput}{c * 1e6:>14.2f}{d * 1e6:>14.2f}{quicker:>8.1f}")
    return faster, quicker


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark, or one measurement of it."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.runtime")
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--pinned", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.one:
        run_one(*given.one, pinned=given.pinned)
        return 0
    return 0 if report(given.messages, given.repeats) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

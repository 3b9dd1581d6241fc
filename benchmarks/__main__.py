"""`python -m benchmarks`: every benchmark, one after another, and one table of all targets with their bars.

Called by `make bench`. A benchmark is a module of its own that can be run alone; it measures in ratios,
because durations on shared machines say little. Each runs in a process of its own, so that none warms the
next. Ends with 1 where a bar is missed or a benchmark did not end well; what cannot be measured here is
named with the command that mends it.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import cattrs

from benchmarks.results import Options, Result, lines, load, parser, read

HERE = Path(__file__).resolve().parent
BENCHMARKS = (
    *("former", "nautilus", "hftbacktest", "calls", "replay", "parallel"),
    *("risk_gate", "runtime", "feed", "latency", "wakeup", "watching", "listings"),
    *("start", "memory", "storage", "exchange", "exchange_database", "report", "export"),
)
"""Modules beside this one, in the order of the table."""


def run(name: str, asked: Options, folder: Path) -> tuple[Result, ...]:
    """Run one benchmark; one that does not end well is a target that is missed."""
    out = folder / f"{name}.json"
    command = [sys.executable, "-m", f"benchmarks.{name}", "--json", str(out)]
    command += ["--quick"] if asked.quick else []
    command += ["--data", str(asked.data)]
    began = time.monotonic()
    print(f"== {name} == ({load()})", flush=True)
    code = subprocess.run(command, cwd=HERE.parent, check=False).returncode  # noqa: S603 - our own modules
    print(f"   {time.monotonic() - began:.0f} s\n", flush=True)
    if out.exists():
        return read(out)
    return (Result("runs to its end", (float(code),), "exit code", at_most=0),)


def document(found: Mapping[str, Sequence[Result]], began: datetime, before: str) -> dict[str, object]:
    """The same for programs."""
    git = ["git", "rev-parse", "HEAD"]
    revision = subprocess.run(git, cwd=HERE.parent, check=False, capture_output=True, text=True)  # noqa: S603
    return {
        "began": began.isoformat(timespec="seconds"),
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "before": before,
        "after": load(),
        "python": sys.version,
        "revision": revision.stdout.strip(),
        "results": [
            {
                "benchmark": name,
                **cattrs.unstructure(result),
                "verdict": result.verdict,
                "median": result.middle if result.samples else None,
            }
            for name, results in found.items()
            for result in results
        ],
    }


def main(arguments: Sequence[str]) -> int:
    """Return 0 if every benchmark kept what it promises."""
    switches = parser(__doc__, "python -m benchmarks")
    switches.add_argument("names", nargs="*", choices=(*BENCHMARKS, []), help="only these")
    given = switches.parse_args(arguments)
    asked = Options(given.quick, given.data, given.json)
    began, before = datetime.now(UTC), load()
    found: dict[str, tuple[Result, ...]] = {}
    with tempfile.TemporaryDirectory(prefix="tipoff-bench-") as folder:
        for name in given.names or BENCHMARKS:
            found[name] = run(name, asked, Path(folder))
    every = [result for results in found.values() for result in results]
    print(f"{before} before, {load()} after; median (least-most, repeats)\n{lines(every)}")
    missed = sum(result.missed for result in every)
    kept = sum(result.verdict == "pass" for result in every)
    absent = sum(not result.samples for result in every)
    print(f"{kept} bars kept, {missed} missed, {absent} not measured")
    if asked.json is not None:
        asked.json.write_text(json.dumps(document(found, began, before), indent=1) + "\n", "utf-8")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

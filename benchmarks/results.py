"""What a benchmark found: each target with its bar and what was measured, as lines for people and as JSON.

Every benchmark of this folder asks `options` what is wanted and ends with `finish`; `python -m benchmarks`
runs them all, reads what they wrote and prints one table.
"""

import argparse
import json
import os
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import attrs
import cattrs

Samples = tuple[float, ...]
DATA: Final = Path(os.environ.get("TIPOFF_SHARED", Path(__file__).resolve().parents[2] / "shared")) / "data"


@attrs.frozen
class Result:
    """One target: what of it was measured, several times, and what is promised."""

    target: str
    samples: Samples
    """Empty where it could not be measured."""
    unit: str = "x"
    """"x" is a ratio within one run of the machine, and travels to another; seconds and megabytes do not."""
    at_least: float | None = None
    at_most: float | None = None
    note: str = ""
    skipped: str = ""
    """Why it could not be measured."""
    mend: str = ""
    """The command after which it can be."""

    @property
    def middle(self) -> float:
        """The median, which is what counts."""
        return statistics.median(self.samples)

    @property
    def bar(self) -> str:
        """What is promised, for people."""
        if self.at_least is not None:
            return f">= {self.at_least:g}"
        return "" if self.at_most is None else f"<= {self.at_most:g}"

    @property
    def missed(self) -> bool:
        """The median is on the wrong side of the bar."""
        if not self.samples:
            return False
        low = self.at_least is not None and self.middle < self.at_least
        return low or (self.at_most is not None and self.middle > self.at_most)

    @property
    def verdict(self) -> str:
        """One word."""
        if not self.samples:
            return "SKIPPED"
        if not self.bar:
            return "told"
        return "MISS" if self.missed else "pass"

    @property
    def measured(self) -> str:
        """Median and range, for people."""
        if not self.samples:
            return "-"
        if len(self.samples) == 1:
            return f"{self.middle:.4g} {self.unit}"
        low, high, count = min(self.samples), max(self.samples), len(self.samples)
        return f"{self.middle:.4g} ({low:.4g}-{high:.4g}, {count}) {self.unit}"


def skipped(target: str, why: str, mend: str) -> Result:
    """A target that cannot be measured here, and what to do about it."""
    return Result(target, (), skipped=why, mend=mend)


@attrs.frozen
class Options:
    """What was asked of a benchmark."""

    quick: bool = False
    """Fewer repeats and smaller inputs: for a look, not for a verdict."""
    data: Path = DATA
    """The folder with real recordings."""
    json: Path | None = None

    def rounds(self, usual: int) -> int:
        """How often each candidate is measured."""
        return min(usual, 2) if self.quick else usual


def parser(description: str | None, program: str) -> argparse.ArgumentParser:
    """The switches that every benchmark has."""
    made = argparse.ArgumentParser(
        prog=program, description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--quick", action="store_true", help="fewer repeats, smaller inputs")
    made.add_argument(
        "--data", type=Path, default=DATA, metavar="FOLDER", help="real recordings: the folder with kalshi/"
    )
    made.add_argument("--json", type=Path, metavar="FILE", help="write the results as JSON too")
    return made


def options(description: str | None, arguments: Sequence[str]) -> Options:
    """Read the command line of a benchmark that has no switches of its own."""
    given = parser(description, "benchmark").parse_args(arguments)
    return Options(given.quick, given.data, given.json)


def finish(results: Iterable[Result], asked: Options) -> int:
    """Print the results, write them where that is wanted; 1 if a bar is missed."""
    found = tuple(results)
    print(lines(found))
    if asked.json is not None:
        asked.json.write_text(json.dumps(cattrs.unstructure(found), indent=1) + "\n", "utf-8")
    return int(any(result.missed for result in found))


def read(path: Path) -> tuple[Result, ...]:
    """The results that a benchmark wrote."""
    return cattrs.structure(json.loads(path.read_text("utf-8")), tuple[Result, ...])


def lines(results: Sequence[Result]) -> str:
    """A table for people; what was skipped stands below with what mends it."""
    rows = [(each.target, each.bar, each.measured, each.verdict, each.note) for each in results]
    widths = [max(len(row[column]) for row in rows) for column in range(4)] if rows else []
    told = [
        "  ".join(
            (*(text.ljust(width) for text, width in zip(row[:4], widths, strict=True)), row[4])
        ).rstrip()
        for row in rows
    ]
    reasons = dict.fromkeys((each.skipped, each.mend) for each in results if not each.samples)
    told += [f"NOT MEASURED: {why}; `{mend}` mends it" for why, mend in reasons]
    return "\n".join(told)


def load() -> str:
    """How busy the machine is with everything, for who reads the numbers later."""
    averages = " ".join(f"{average:.2f}" for average in os.getloadavg())
    return f"load {averages} on {os.cpu_count()} processors"

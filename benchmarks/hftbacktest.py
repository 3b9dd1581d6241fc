"""`python -m benchmarks.hftbacktest`: replays against hftbacktest, its loop in plain Python and compiled.

Theirs is a compiled engine and one loop that reads a top at every change and takes 0.01 each thousandth time
(`peers/run_hftbacktest.py`, in the environment that `make peers` builds). Ours does everything that it does
live with one real strategy. Both parse the venue's texts; the notes tell theirs without. In turn, one
processor, the processor's time of everything; above 1 ours is ahead. A compiled strategy on a compiled engine
stays ahead of any that is not: the number says by how much.
"""

import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import attrs
import cattrs

from benchmarks.evening import PEERS, REAL, book_frames, measured, output_of, real, simulated
from benchmarks.results import Options, Result, finish, options, skipped

PYTHON: Final = PEERS / "hftbacktest" / "bin" / "python"
SCRIPT: Final = Path(__file__).parent / "peers" / "run_hftbacktest.py"
PAIRS: Final = 3
LEAD_MIN: Final = 1.5
"""Over the loop in plain Python."""

LOOPS: Final = {"plain": LEAD_MIN, "compiled": None}
EVENING, MARKET = "evening", "one real market"


@attrs.frozen
class Played:
    """What hftbacktest did."""

    seconds: float
    parsing: float
    events: int
    seen: int
    orders: int


def played(frames: Path, loop: str) -> Played:
    """One run of theirs in a new process."""
    return cattrs.structure(output_of([str(PYTHON), str(SCRIPT), str(frames), loop]), Played)


def target(what: str, loop: str) -> str:
    """What a row of the table is called."""
    return f"{what}: hftbacktest with a {loop} loop / ours with one strategy"


def compared(what: str, recording: Path, folder: Path, asked: Options) -> list[Result]:
    """Their processor time as a multiple of ours, pair by pair."""
    frames = folder / "frames"
    count = book_frames(recording, frames)
    ours, theirs = [], []
    for _ in range(asked.rounds(PAIRS)):
        ours.append(measured(recording, 1))
        theirs.append({loop: played(frames, loop) for loop in LOOPS})
    results = []
    for loop, at_least in LOOPS.items():
        samples = tuple(other[loop].seconds / one.seconds for one, other in zip(ours, theirs, strict=True))
        whole = statistics.median(each[loop].seconds for each in theirs)
        parsing = statistics.median(each[loop].parsing for each in theirs)
        note = (
            f"{whole:.3f} s for {count:,} frames, {parsing:.3f} of them parsing / "
            f"{statistics.median(each.seconds for each in ours):.3f} s for {ours[0].frames:,} inputs"
        )
        results.append(Result(target(what, loop), samples, at_least=at_least, note=note))
    return results


def main(arguments: Sequence[str]) -> int:
    """Return 0 if ours is as far ahead as it should be."""
    asked = options(__doc__, arguments)
    if not PYTHON.exists():
        why = f"hftbacktest is not in {PYTHON.parents[1]}"
        every = [
            skipped(target(what, loop), why, "make peers") for what in (EVENING, MARKET) for loop in LOOPS
        ]
        return finish(every, asked)
    with tempfile.TemporaryDirectory(prefix="tipoff-bench-") as made:
        folder = Path(made)
        results = compared(EVENING, simulated(folder), folder, asked)
        market = real(asked.data, folder)
        if market is None:
            why, mend = f"{asked.data / REAL} is not there", 'make bench BENCH="--data FOLDER"'
            results += [skipped(target(MARKET, loop), why, mend) for loop in LOOPS]
        else:
            results += compared(MARKET, market, folder, asked)
    return finish(results, asked)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

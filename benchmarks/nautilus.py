"""`python -m benchmarks.nautilus`: replays against NautilusTrader's backtest engine, on the same frames.

Theirs is compiled; it plays the books with five strategies that read the top at every change and order 0.01
each thousandth time, or with none (`peers/run_nautilus.py`, in the environment that `make peers` builds).
Ours does everything that it does live: scores, odds, five real strategies, risk gate, paper exchange with
three readings, journal in SQLite. Both parse the venue's texts. In turn, one processor, the processor's time
of everything; above 1 ours is ahead.
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

PYTHON: Final = PEERS / "nautilus" / "bin" / "python"
PAIRS: Final = 5
SCRIPT: Final = Path(__file__).parent / "peers" / "run_nautilus.py"


@attrs.frozen
class Pair:
    """What is compared: so many strategies of ours with so many of theirs."""

    target: str
    ours: int
    theirs: int
    at_least: float | None = None


EVENING: Final = (
    Pair("evening, five strategies: Nautilus with five trivial ones / ours", 5, 5, 0.8),
    Pair("evening: Nautilus with five trivial ones / ours with none", 0, 5, 2.0),
    Pair("evening: Nautilus with none / ours with none", 0, 0),
)
MARKET: Final = (
    Pair("one real market: Nautilus with five trivial ones / ours with none", 0, 5, 4.0),
    Pair("one real market: Nautilus with none / ours with none", 0, 0),
)


@attrs.frozen
class Played:
    """What Nautilus did."""

    seconds: float
    parsing: float
    frames: int
    seen: list[int]
    orders: int
    filled: int


def played(frames: Path, strategies: int) -> Played:
    """One run of theirs in a new process. Stops if a strategy has not seen every frame."""
    made = cattrs.structure(output_of([str(PYTHON), str(SCRIPT), str(frames), str(strategies)]), Played)
    if made.seen != [made.frames] * strategies:
        sys.exit(f"Nautilus showed its strategies {made.seen} of {made.frames} frames")
    return made


def compared(recording: Path, pairs: Sequence[Pair], folder: Path, asked: Options) -> list[Result]:
    """Their processor time as a multiple of ours, pair by pair."""
    frames = folder / "frames"
    count = book_frames(recording, frames)
    results = []
    for pair in pairs:
        ours, theirs = [], []
        for _ in range(asked.rounds(PAIRS)):
            ours.append(measured(recording, pair.ours))
            theirs.append(played(frames, pair.theirs))
        samples = tuple(other.seconds / one.seconds for one, other in zip(ours, theirs, strict=True))
        middle = [statistics.median(each.seconds for each in made) for made in (theirs, ours)]
        note = (
            f"{middle[0]:.3f} s for {count:,} frames, {theirs[0].orders} orders / "
            f"{middle[1]:.3f} s for {ours[0].frames:,} inputs, {ours[0].orders} orders"
        )
        results.append(Result(pair.target, samples, at_least=pair.at_least, note=note))
    return results


def main(arguments: Sequence[str]) -> int:
    """Return 0 if ours is as far ahead as it should be."""
    asked = options(__doc__, arguments)
    if not PYTHON.exists():
        why = f"NautilusTrader is not in {PYTHON.parents[1]}"
        return finish([skipped(pair.target, why, "make peers") for pair in (*EVENING, *MARKET)], asked)
    with tempfile.TemporaryDirectory(prefix="tipoff-bench-") as made:
        folder = Path(made)
        results = compared(simulated(folder), EVENING, folder, asked)
        market = real(asked.data, folder)
        if market is None:
            why, mend = f"{asked.data / REAL} is not there", 'make bench BENCH="--data FOLDER"'
            results += [skipped(pair.target, why, mend) for pair in MARKET]
        else:
            results += compared(market, MARKET, folder, asked)
    return finish(results, asked)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m benchmarks.calls`: how many Python functions a replay of an evening calls for one input.

Counted, not timed: whatever else the machine does, the number is the same each time. It says little about
what a call costs, and shows at once who has put something on the way of every frame.
"""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.evening import measured, simulated
from benchmarks.results import Result, finish, options

CALLS_MAX: Final = {5: 60.0, 0: 20.0}
"""For one input of any kind, by the number of strategies."""


def main(arguments: Sequence[str]) -> int:
    """Return 0 if a frame calls no more than it may."""
    asked = options(__doc__, arguments)
    results = []
    with tempfile.TemporaryDirectory(prefix="tipoff-bench-") as folder:
        recording = simulated(Path(folder))
        for strategies, most in CALLS_MAX.items():
            made = measured(recording, strategies, calls=True)
            name = f"Python calls a frame, {strategies or 'no'} strategies"
            note = f"{made.calls:,} for {made.frames:,} inputs, digest {made.digest[:12]}"
            results.append(Result(name, (made.calls / made.frames,), "calls", at_most=most, note=note))
    return finish(results, asked)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m benchmarks.former`: the evening through today's build and through the one that landed first.

Revision 1828d72 lies in `build/peers/former`, where `make peers` takes it from this repository's own history.
Both replay the same recording with the database on, in turn, each time in a new process on one processor.
The digests are told: without strategies they are equal, for what is only heard was not meant to change; with
five they differ on purpose (`tests/stories/test_former_build.py` says why), and so do the orders.
"""

import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cattrs

from benchmarks.evening import PEERS, Replayed, measured, output_of, simulated
from benchmarks.results import Options, Result, finish, options, skipped

FORMER: Final = PEERS / "former"
REVISION: Final = "1828d72"
SHARE_MAX: Final = 0.40
PAIRS: Final = 5
TARGETS: Final = {
    5: f"evening, five strategies: today / {REVISION}",
    0: f"evening, no strategies: today / {REVISION}",
}


def of_former(recording: Path, strategies: int) -> Replayed:
    """What the former build takes."""
    script = Path(__file__).parent / "peers" / "run_former.py"
    command = [sys.executable, str(script), str(recording), str(strategies)]
    return cattrs.structure(output_of(command, PYTHONPATH=str(FORMER)), Replayed)


def compared(recording: Path, strategies: int, asked: Options) -> Result:
    """Today's processor time a frame as a share of the former's, pair by pair."""
    ours, theirs = [], []
    for _ in range(asked.rounds(PAIRS)):
        ours.append(measured(recording, strategies))
        theirs.append(of_former(recording, strategies))
    micros = [
        1e6 * statistics.median(each.seconds for each in made) / made[0].frames for made in (ours, theirs)
    ]
    digests = "equal" if ours[0].digest == theirs[0].digest else "another"
    note = (
        f"{micros[0]:.1f} / {micros[1]:.1f} µs a frame, {ours[0].orders} / {theirs[0].orders} orders, "
        f"digest {ours[0].digest[:12]}, {digests} then"
    )
    samples = tuple(one.seconds / other.seconds for one, other in zip(ours, theirs, strict=True))
    return Result(TARGETS[strategies], samples, at_most=SHARE_MAX if strategies else None, note=note)


def main(arguments: Sequence[str]) -> int:
    """Return 0 if today's build takes no more than its share."""
    asked = options(__doc__, arguments)
    if not FORMER.exists():
        why = f"revision {REVISION} is not in {FORMER}"
        return finish([skipped(target, why, "make peers") for target in TARGETS.values()], asked)
    with tempfile.TemporaryDirectory(prefix="tipoff-bench-") as folder:
        recording = simulated(Path(folder))
        return finish([compared(recording, strategies, asked) for strategies in TARGETS], asked)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

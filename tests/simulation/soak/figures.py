"""What a process uses, and whether it stays flat: memory, tasks, threads, descriptors.

Used by the soak; the judgement is pure and has its own tests. A warm life may still grow by what it must
remember of the evening, so memory has a limit of growth instead of none.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import attrs

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
MEBIBYTE = 1_048_576
WARM_S = 15.0
"""A life is warm after this: code is loaded, the games are known, pools and caches are filled."""

SAMPLES_MIN = 6
"""With fewer samples after warming up nothing is said."""


@attrs.frozen
class Sample:
    """One look at a process; `at` is in seconds since it was ready."""

    at: float
    rss_mib: float
    tasks: int
    threads: int
    descriptors: int


@attrs.frozen
class Allowed:
    """By how much each may grow, from the first third of the warm samples to the last (medians)."""

    rss_mib: float = 24.0
    tasks: int = 12
    threads: int = 6
    descriptors: int = 12


ALLOWED = Allowed()
NAMES = tuple(field.name for field in attrs.fields(Allowed))


def sample_of(pid: int, tasks_file: Path, at: float) -> Sample | None:
    """Look at a process; None if it is gone."""
    process = Path(f"/proc/{pid}")
    try:
        pages = int((process / "statm").read_text("ascii").split()[1])
        threads = sum(1 for _ in (process / "task").iterdir())
        descriptors = sum(1 for _ in (process / "fd").iterdir())
        tasks = int(tasks_file.read_text("ascii")) if tasks_file.exists() else 0
    except OSError:
        return None
    return Sample(at, pages * PAGE_BYTES / MEBIBYTE, tasks, threads, descriptors)


def warm(samples: Sequence[Sample]) -> list[Sample]:
    """The samples that count."""
    return [sample for sample in samples if sample.at >= WARM_S and sample.tasks]


def middle(samples: Sequence[Sample], name: str) -> float:
    """The median of one figure."""
    return float(median(getattr(sample, name) for sample in samples))


def growth(samples: Sequence[Sample]) -> dict[str, float]:
    """By how much each figure grew over a life, from the first third to the last; empty if it was short."""
    counted = warm(samples)
    if len(counted) < SAMPLES_MIN:
        return {}
    third = len(counted) // 3
    first, last = counted[:third], counted[-third:]
    return {name: middle(last, name) - middle(first, name) for name in NAMES}


def grown(what: str, growths: dict[str, float], allowed: Allowed = ALLOWED) -> list[str]:
    """What grew by more than is allowed, a sentence each."""
    return [
        f"{what}: {name} grew by {growths[name]:g}, allowed are {getattr(allowed, name):g}"
        for name in growths
        if growths[name] > getattr(allowed, name)
    ]


def over_lives(lives: Sequence[Sequence[Sample]]) -> dict[str, float]:
    """By how much each figure grew from the first third of the lives to the last: what a restart inherits."""
    counted = [warm(samples) for samples in lives]
    counted = [samples for samples in counted if len(samples) >= SAMPLES_MIN]
    if len(counted) < 3:
        return {}
    third = max(1, len(counted) // 3)
    return {
        name: median(middle(samples, name) for samples in counted[-third:])
        - median(middle(samples, name) for samples in counted[:third])
        for name in NAMES
    }

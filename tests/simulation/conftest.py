"""How many seeds of chaos a run plays: `CHAOS_SEEDS` (500 unless set), from `CHAOS_FIRST` (0) on.

With `TIPOFF_SOAK` (`make soak`) it is `TIPOFF_SOAK_SEEDS`, 100,000 unless set.

A failing seed is named by the error, together with the command that plays it again.
"""

import os

import pytest

CHUNKS = 20


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Deal the seeds to as many tests as there are chunks."""
    if "seeds" not in metafunc.fixturenames:
        return
    soaks = "TIPOFF_SOAK" in os.environ
    count = int(
        os.environ.get("TIPOFF_SOAK_SEEDS", "100000") if soaks else os.environ.get("CHAOS_SEEDS", "500")
    )
    first = int(os.environ.get("CHAOS_FIRST", "0"))
    chunks = [range(first + chunk, first + count, CHUNKS) for chunk in range(min(CHUNKS, count))]
    metafunc.parametrize("seeds", chunks, ids=[f"every-{CHUNKS}th-from-{chunk.start}" for chunk in chunks])

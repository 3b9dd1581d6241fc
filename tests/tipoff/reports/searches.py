"""Documents of made-up sweeps for the tests of screen and page: a grid of two parameters over a season."""

from collections.abc import Mapping
from itertools import product
from random import Random

from engine.overfitting.block_draws import BlockDraws
from engine.overfitting.judgement import Judging
from engine.overfitting.table import SweepTable, Trial
from tests.engine.overfitting.sweeps import games
from tipoff.json_types import Json
from tipoff.reports.sweep_document import FailedTrial, SweepSource, sweep_document

HOW = Judging(BlockDraws(7, 100), blocks=6)


def search(count: int = 120, steps: int = 4, edge: float = 0.0, *, controls: bool = True) -> SweepTable:
    """A grid of `steps` thresholds and as many waits; an edge lies on a plain of it, if there is one."""
    random, trials = Random(3), []
    tilt = [random.gauss(0.0, 0.5) for _game in range(count)]
    for threshold, wait in product(range(1, steps + 1), repeat=2):
        plain = edge / (1.0 + abs(threshold - steps / 2) / 2 + abs(wait - steps / 2) / 4)
        results = tuple(random.gauss(plain, 1.0) + each for each in tilt)
        key = f"threshold={threshold} wait={10 * wait}"
        trials.append(Trial(key, {"threshold": threshold, "wait": 10 * wait}, results))
    knows_nothing = [Trial("random_taker", {}, tuple(random.gauss(-0.1, 1.0) for _game in range(count)))]
    return SweepTable.of(
        games(count), trials, tried=len(trials) + 1, controls=knows_nothing if controls else []
    )


def source(title: str = "momentum, a season", error: str = "no book was trusted") -> SweepSource:
    """What the sweep is called, with one try that failed."""
    return SweepSource(
        title,
        "profit and loss, base reading",
        "dollars",
        {"version": "0.1.0", "recordings": "2 evenings, 1f0e"},
        [FailedTrial("threshold=9 wait=90", {"threshold": 9, "wait": 90}, error)],
    )


def document(table: SweepTable, told: SweepSource | None = None) -> Mapping[str, Json]:
    """What the program makes of it."""
    return sweep_document(table, told or source(), HOW)

"""What a replay costs per frame, as a multiple of parsing the same frames into events and no more.

Run by `make bench`. All candidates take turns in one process and the smallest time of each is used, because
the machine is shared; for the same reason it is the processor's time that is measured, not the clock's. Only
the ratios travel to another machine. The evening is the simulator's.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import attrs

from persistence.schema_upgrade import upgrade
from persistence.writer import JournalWriter, Mode, Options
from tipoff.commands.replay import replay
from tipoff.commands.simulated_recording import record_evening
from tipoff.config.load import template
from tipoff.runs.from_config import at_its_word, schema, trading_settings
from tipoff.runs.settings import TradingSettings
from tipoff.sources.registry import translator
from venues.recordings.recorder import read, read_batches
from venues.simulator.world.settings import EveningSettings

ROUNDS = 5
TWO = ("sharp_line", "momentum")
NONE, FIVE, MANY = "no strategies", "five strategies", "25 strategies"
GROWTH_MAX = 5.5
"""What 25 instances add, as a multiple of what 5 add: five is linear, a tenth is the machine's noise."""
TARGETS = {NONE: 4.0, "two strategies": 8.0, FIVE: 14.0}
"""Most multiples of parsing that a frame may cost, with the database on."""

Candidate = Callable[[], float]
"""Does its work once and returns the seconds of what is measured."""


def evening(folder: Path) -> Path:
    """One game's recording; every candidate reads it, as a replay does."""
    settings = EveningSettings(seed=1, games=1, postponed=False, cancelled=False)
    record_evening(settings, folder / "evening")
    return folder / "evening"


def parsing(recording: Path) -> Candidate:
    """Every line read and turned into events, and no more."""

    def run() -> float:
        translate = translator().translate
        began = time.process_time()
        for line in read(recording):
            translate(line)
        return time.process_time() - began

    return run


def replaying(recording: Path, settings: TradingSettings, folder: Path) -> Candidate:
    """The whole tree on a virtual clock, into a new database that is made outside the measured time."""

    def run() -> float:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            url = f"sqlite:///{place}/bench.db"
            upgrade(url)
            writer = JournalWriter(url, "bench", Options(mode=Mode.REPLAY))
            began = time.process_time()
            replay(read_batches(recording), settings, "bench", writer)
            seconds = time.process_time() - began
            writer.close()
        return seconds

    return run


def with_strategies(settings: TradingSettings, names: tuple[str, ...]) -> TradingSettings:
    """The settings with some of their strategies only."""
    kept = tuple(plan for plan in settings.strategies if plan.name in names)
    return attrs.evolve(settings, strategies=kept)


def instances(count: int) -> TradingSettings:
    """So many strategies side by side: the kinds in turn, each with its own name and account."""
    config = template(schema())
    kinds = [strategy for strategy in config.strategies if strategy.enabled]
    many = tuple(
        attrs.evolve(kinds[number % len(kinds)], name=f"{kinds[number % len(kinds)].name}_{number}")
        for number in range(count)
    )
    return trading_settings(attrs.evolve(config, strategies=many))


def main() -> int:
    """Measure and print; returns 1 if a frame costs more than it may."""
    everything = trading_settings(at_its_word(template(schema())))
    with tempfile.TemporaryDirectory(prefix="tipoff-bench-") as folder:
        place = Path(folder)
        recording = evening(place)
        frames = sum(1 for _ in read(recording))
        candidates = {
            "parsing alone": parsing(recording),
            NONE: replaying(recording, with_strategies(everything, ()), place),
            "one strategy": replaying(recording, instances(1), place),
            "two strategies": replaying(recording, with_strategies(everything, TWO), place),
            FIVE: replaying(recording, instances(5), place),
            MANY: replaying(recording, instances(25), place),
        }
        best = dict.fromkeys(candidates, float("inf"))
        for _ in range(ROUNDS):
            for name, run in candidates.items():
                best[name] = min(best[name], run())
    return told(best, frames)


def told(best: dict[str, float], frames: int) -> int:
    """Print what was measured against what it may be."""
    parse = best["parsing alone"]
    print(f"replay of {frames} frames, database on, best of {ROUNDS} rounds")
    kept = True
    for name, seconds in best.items():
        target = TARGETS.get(name)
        kept = kept and (target is None or seconds / parse <= target)
        said = "" if target is None else f"  (at most {target:g})"
        cost, rate = 1e6 * seconds / frames, frames / seconds
        print(f"  {name:16} {cost:7.2f} us a frame  {seconds / parse:6.2f} x{said}  {rate:,.0f}/s")
    growth = (best[MANY] - best[NONE]) / (best[FIVE] - best[NONE])
    print(f"  25 strategies add {growth:.2f} times what 5 add (at most {GROWTH_MAX:g})")
    return 0 if kept and growth <= GROWTH_MAX else 1


if __name__ == "__main__":
    sys.exit(main())

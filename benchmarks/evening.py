"""One evening, replayed in a process of its own: what the replay benchmarks measure and compare with others.

`python -m benchmarks.evening RECORDING STRATEGIES [--calls]` replays with so many strategies and the database
on, and prints as JSON the seconds of the processor, the inputs, the digest, the orders and, where asked, how
many Python functions were called. Five strategies are those of the configuration that `tipoff init` writes,
more are instances of the same, each with its own account.
"""

import argparse
import cProfile
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import attrs
import cattrs

from persistence.schema_upgrade import upgrade
from persistence.writer import JournalWriter, Mode, Options
from tipoff.commands.replay import replay
from tipoff.commands.simulated_recording import record_evening
from tipoff.config.load import template
from tipoff.runs.from_config import at_its_word, schema, trading_settings
from tipoff.runs.settings import TradingSettings
from venues.importers.evening import ImportSpec, import_files
from venues.recordings.recorder import read, read_batches
from venues.simulator.world.settings import EveningSettings

ROOT: Final = Path(__file__).resolve().parent.parent
PEERS: Final = ROOT / "build" / "peers"
REAL: Final = "kalshi/ws_btc15m_prod_20260514T0431Z.jsonl.gz"
"""A quarter of an hour of one market of the real venue, frame by frame."""

ONE_GAME: Final = EveningSettings(seed=1, games=1, postponed=False, cancelled=False)


@attrs.frozen
class Replayed:
    """What a replay took, and what it decided."""

    seconds: float
    """Of the processor."""
    frames: int
    """Inputs of all kinds."""
    digest: str
    orders: int
    calls: int = 0
    """Of Python functions, where they were counted."""


def simulated(folder: Path) -> Path:
    """One game's recording; every candidate reads it, as a replay does."""
    made = folder / "evening"
    record_evening(ONE_GAME, made)
    return made


def real(data: Path, folder: Path) -> Path | None:
    """The recording of a real market, if its data are here."""
    if not (data / REAL).exists():
        return None
    made = folder / "real"
    import_files([ImportSpec("kalshi-events", data / REAL)], made)
    return made


def book_frames(recording: Path, file: Path) -> int:
    """Write what changes books as lines of time and text, for engines that know nothing else; how many."""
    count = 0
    with file.open("w", encoding="utf-8") as out:
        for line in read(recording):
            if line.what in ("orderbook_delta", "orderbook_snapshot"):
                out.write(f"{line.at} {line.body}\n")
                count += 1
    return count


def settings_with(strategies: int) -> TradingSettings:
    """So many strategies side by side: the configured kinds in turn, all sources taken at their word."""
    config = at_its_word(template(schema()))
    kinds = [strategy for strategy in config.strategies if strategy.enabled]
    if strategies == len(kinds):
        return trading_settings(config)
    chosen = tuple(
        attrs.evolve(kinds[number % len(kinds)], name=f"{kinds[number % len(kinds)].name}_{number}")
        for number in range(strategies)
    )
    return trading_settings(attrs.evolve(config, strategies=chosen))


def replayed(recording: Path, settings: TradingSettings, *, calls: bool = False) -> Replayed:
    """The whole tree on a virtual clock, into a new database that is made outside the measured time."""
    profile = cProfile.Profile(builtins=False)
    with tempfile.TemporaryDirectory(prefix="tipoff-bench-") as folder:
        url = f"sqlite:///{folder}/bench.db"
        upgrade(url)
        writer = JournalWriter(url, "bench", Options(mode=Mode.REPLAY))
        began = time.process_time()
        if calls:
            profile.enable()
        made = replay(read_batches(recording), settings, "bench", writer)
        profile.disable()
        seconds = time.process_time() - began
        writer.close()
    lines = made.store.tally.strategies.values()
    return Replayed(
        seconds=seconds,
        frames=made.session.frames,
        digest=str(made.document["digest"]),
        orders=sum(line.orders for line in lines),
        calls=sum(entry.callcount for entry in profile.getstats()) if calls else 0,
    )


def measured(recording: Path, strategies: int, *, calls: bool = False) -> Replayed:
    """The same in a new process."""
    command = [sys.executable, "-m", "benchmarks.evening", str(recording), str(strategies)]
    told = output_of([*command, "--calls"] if calls else command)
    return cattrs.structure(told, Replayed)


def output_of(command: Sequence[str], **variables: str) -> Mapping[str, object]:
    """What a process prints as JSON; its hash seed is given, since it decides calls."""
    environment = {**os.environ, "PYTHONHASHSEED": "0", **variables}
    done = subprocess.run(  # noqa: S603 - our own modules
        command, check=True, capture_output=True, cwd=ROOT, env=environment
    )
    told: Mapping[str, object] = json.loads(done.stdout)
    return told


def main(arguments: Sequence[str]) -> None:
    """Measure one replay in this process."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.evening")
    parser.add_argument("recording", type=Path)
    parser.add_argument("strategies", type=int)
    parser.add_argument("--calls", action="store_true")
    given = parser.parse_args(arguments)
    # One processor for all candidates: what they share with neighbours is the same for each of a pair.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    print(
        json.dumps(
            attrs.asdict(replayed(given.recording, settings_with(given.strategies), calls=given.calls))
        )
    )


if __name__ == "__main__":
    main(sys.argv[1:])

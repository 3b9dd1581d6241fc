"""`python -m benchmarks.watching`: what twenty watchers cost the engine's loop at 600 markets.

The live engine hears a simulated evening of 15 games with 40 markets each, 500 frames a second. In turns of
some seconds nobody watches, one connection of another process does, twenty do, and twenty watch and never
read. Noted is the processor time of the loop's thread: each frame's own, and that of everything between two
frames, which is where watchers are served. What frames cost differs from turn to turn by far more than what
is asked for, so the same frames, those of all turns, are put together with what lay between frames while
nobody, readers and silent ones watched: from these follows when each frame would have been done with on a
processor of its own, the garbage collector left out. A clock on a shared machine says nothing of it.
"""

import contextlib
import gc
import os
import select
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import trio

from benchmarks.latency import running
from benchmarks.memory import EVENING, megabytes
from benchmarks.results import Result, finish, options
from tipoff.control.permissions import Level
from tipoff.control.server import ControlServer, serve_control
from tipoff.control.socket_settings import ControlSettings, Levels
from tipoff.live.engine import LiveEngine
from venues.simulator.evening import generate
from venues.simulator.world.settings import Output

RATE: Final = 500
TURN_SECONDS: Final = 4.0
TURNS: Final = 6
SETTLE_SECONDS: Final = 1.0
"""Of each turn's beginning nothing is noted: first comes a snapshot of everything."""

WARM_OUTPUTS: Final = 60_000
"""Heard before: all books are known, and the first games are played."""

GAP_NS: Final = 1_000_000_000 / RATE
GOLDEN: Final = 0.6180339887
"""Its multiples less their whole part are spread evenly."""

RATIO_MAX: Final = 1.05
MEGABYTES_MAX: Final = 30.0
ASK: Final = b'{"jsonrpc":"2.0","id":1,"method":"watch","params":{}}\n'

KINDS: Final = {"nobody": 0, "one": 1, "readers": 20, "silent": 20}
"""Who watches in turn, and how many; a dashboard is one, whoever looks at it."""

Turn = list[tuple[int, int]]
"""Nanoseconds of the processor before each frame, and for it."""


def watch(path: str) -> None:
    """The other process: connect as its input says, read what comes, and close again at the next word."""
    connections: list[socket.socket] = []
    reads = heard = 0
    while True:
        ready, _, _ = select.select([sys.stdin, *(connections if reads else ())], [], [])
        for each in ready:
            if each is not sys.stdin:
                heard += len(each.recv(1 << 18))
        if sys.stdin not in ready:
            continue
        word = sys.stdin.readline().strip()
        for connection in connections:
            connection.close()
        connections, reads = [], word != "silent"
        print(heard, flush=True)
        heard = 0
        if not word:
            return
        for _ in range(KINDS[word]):
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(path)
            connection.sendall(ASK)
            connections.append(connection)


def outputs() -> tuple[list[Output], list[Output]]:
    """What is heard before, and what is heard at the rate: so many frames of the stream as the turns take."""
    made = generate(EVENING)
    before = [next(made) for _ in range(WARM_OUTPUTS)]
    frames = round(RATE * TURN_SECONDS) * TURNS * len(KINDS)
    measured: list[Output] = []
    while frames:
        output = next(made)
        measured.append(output)
        frames -= output.source == "kalshi.ws"
    return before, measured


def hear(engine: LiveEngine, output: Output) -> None:
    """One output of the venues."""
    if output.source == "kalshi.ws":
        engine.ingress.stream(output.conn, output.what, output.body)
    else:
        engine.ingress.body_of(output.source)(output.what, output.body)


class Collections:
    """Processor time of the garbage collector, which comes when it likes and is nobody's in particular."""

    def __init__(self) -> None:
        self.spent = 0
        self._begun = 0
        gc.callbacks.append(self._on)

    def _on(self, phase: str, _info: dict[str, int]) -> None:
        if phase == "start":
            self._begun = time.thread_time_ns()
        else:
            self.spent += time.thread_time_ns() - self._begun


COLLECTIONS: Final = Collections()


def spent_ns() -> int:
    """Processor time of this thread without the garbage collector's."""
    return time.thread_time_ns() - COLLECTIONS.spent


async def turn(engine: LiveEngine, coming: Iterator[Output]) -> Turn:
    """Frames at the rate for a turn; nanoseconds of the processor before each frame, and for it."""
    begun = trio.current_time()
    spent: Turn = []
    last = spent_ns()
    for number in range(round(RATE * TURN_SECONDS)):
        await trio.sleep_until(begun + number / RATE)
        before = spent_ns()
        for output in coming:
            hear(engine, output)
            if output.source == "kalshi.ws":
                break
        after = spent_ns()
        if number >= RATE * SETTLE_SECONDS:
            spent.append((before - last, after - before))
        last = after
    return spent


def delays(between: Sequence[int], own: Sequence[int]) -> list[float]:
    """Milliseconds from when each frame is due to when it is done with, if nobody else uses the processor.

    What lies between two frames is taken to begin anywhere between them, in turn: watchers go by a clock of
    their own.
    """
    free = 0.0
    made: list[float] = []
    for number, (other, frame) in enumerate(zip(between, own, strict=True), start=1):
        due = number * GAP_NS
        free = max(free, due - GAP_NS * (1.0 - number * GOLDEN % 1.0)) + other
        free = max(free, due) + frame
        made.append((free - due) / 1e6)
    return made


async def measured(before: list[Output], coming: list[Output], folder: Path) -> list[Result]:
    """Play the turns and print what they took."""
    path = folder / "s"
    speed = (coming[-1].at - coming[0].at) / 1e9 / (TURN_SECONDS * TURNS * len(KINDS))
    settings = ControlSettings(path=path, levels=Levels(of={os.geteuid(): Level.ADMIN}))
    taken: dict[str, list[Turn]] = {kind: [] for kind in KINDS}
    size: dict[str, float] = {}
    async with running(folder, coming[0].at, speed) as engine, trio.open_nursery() as nursery:
        server: ControlServer = await nursery.start(serve_control, settings, engine)
        for number, output in enumerate(before):
            hear(engine, output)
            if number % 64 == 0:
                await trio.lowlevel.checkpoint()
        markets = sum(len(game.markets) for game in (await engine.games()).values())
        print(f"{markets} markets; the evening goes {speed:.2f} times as fast as a clock")
        left = iter(coming)
        command = [sys.executable, "-m", "benchmarks.watching", "--watch", str(path)]
        with subprocess.Popen(  # noqa: S603, ASYNC220 - ourselves, and a benchmark may wait for it
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as other:
            assert other.stdin is not None
            assert other.stdout is not None
            for number in range(TURNS):
                for kind in (*tuple(KINDS)[number % len(KINDS) :], *tuple(KINDS)[: number % len(KINDS)]):
                    print(kind, file=other.stdin, flush=True)
                    await trio.to_thread.run_sync(other.stdout.readline)
                    taken[kind].append(await turn(engine, left))
                    size[kind] = megabytes()
                    if len(server.hub) != KINDS[kind]:
                        sys.exit(f"{len(server.hub)} watch instead of {KINDS[kind]}")
            print(file=other.stdin, flush=True)
        nursery.cancel_scope.cancel()
    return compared(taken, size)


def compared(taken: dict[str, list[Turn]], size: dict[str, float]) -> list[Result]:
    """Print what the turns took; what watchers cost."""
    own = [[frame for _, frame in turn] for turns in taken.values() for turn in turns]
    p99: dict[str, float] = {}
    for kind, turns in taken.items():
        between = [[other for other, _ in turn] for turn in turns]
        made = [
            delay
            for number, frames in enumerate(own)
            for delay in delays(between[number % len(between)], frames)
        ]
        p99[kind] = statistics.quantiles(made, n=100)[98]
        share = statistics.mean(map(sum, between)) / (len(own[0]) * GAP_NS)
        frame = statistics.median(frame for turn in turns for _, frame in turn) / 1e6
        print(
            f"{kind:8} p50 {statistics.median(made):6.3f} ms   p99 {p99[kind]:7.3f} ms   "
            f"median frame {frame:.3f} ms   between frames {share:5.1%} of a processor   {size[kind]:4.0f} MB"
        )
    ratios = {kind: p99[kind] / p99["nobody"] for kind in KINDS if KINDS[kind]}
    more = max(size.values()) - size["nobody"]
    return [
        *(
            Result(f"p99 of a frame watched by {kind} / by nobody", (ratio,), at_most=RATIO_MAX)
            for kind, ratio in ratios.items()
        ),
        Result("memory that watchers add", (more,), "MB", at_most=MEGABYTES_MAX),
    ]


def main(arguments: Sequence[str]) -> int:
    """Return 0 if watchers cost no more than they may."""
    if len(arguments) == 2 and arguments[0] == "--watch":
        with contextlib.suppress(BrokenPipeError):
            watch(arguments[1])
        return 0
    asked = options(__doc__, arguments)
    began = time.monotonic()
    before, coming = outputs()
    print(f"the evening was made in {time.monotonic() - began:.0f} s")
    with tempfile.TemporaryDirectory(prefix="tipoff-watching-") as folder:
        return finish(trio.run(measured, before, coming, Path(folder)), asked)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m benchmarks.latency`: from a frame on the wire to the decision that follows, at two rates.

The whole live engine, as `tipoff run` makes it: the venue's stream over a real socket, recording, books, five
strategies, risk gate, paper exchange, journal in SQLite with every commit on the disk. A process of its own
sends the frames of a simulated evening at a steady rate and notes when each leaves; here is noted when all
actors are done with it. Between the two lie the kernel, the queue before the engine, and everything that the
frame makes the engine do. Scores and odds are heard between the frames, as in the evening.

Durations on shared machines say little, so beside them stands what the same socket needs when nobody thinks
about the frames (bare), and how busy the processor was. On a busy machine the neighbours are measured.
"""

import contextlib
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import attrs
import trio

from benchmarks.latency_wire import DELTA, Evening, evening
from benchmarks.results import Result, finish, options
from engine.events import VenueEvent
from persistence.schema_upgrade import upgrade
from persistence.writer import JournalWriter
from tipoff.config.load import template
from tipoff.live.clock import EveningClock
from tipoff.live.engine import LiveEngine, LivePlan
from tipoff.process.notifier import Notifier
from tipoff.process.run import pass_over_what_stays
from tipoff.process.shutdown import Shutdown, stop_engine
from tipoff.runs.from_config import at_its_word, schema, trading_settings
from tipoff.runs.settings import settings_digest
from venues.kalshi.stream import KalshiStream, StreamDependencies
from venues.recordings.recorder import Recorder

RATES: Final = (500, 5_000)
SECONDS: Final = 10
PAIRS: Final = 2
IDLE_S: Final = 3.0
OVERDUE: Final = 4.0
"""An engine that needs so many times as long as the sending took is given up."""

P50_MAX: Final = 2.0
P99_MAX: Final = 4.0
"""As multiples of the bare stream's."""

LAST_MS_MAX: Final = 25.0
"""Of the 99.9th percentile, which one hold of the loop decides."""

Told = tuple[int, Sequence[VenueEvent]]


class Follower:
    """Follows the stream, with or without thinking, and notes when each delta was done with."""

    def __init__(self, engine: LiveEngine, what: Evening, *, thinking: bool) -> None:
        """Without thinking frames are received and forgotten."""
        self.engine = engine
        self.what = what
        self.thinking = thinking
        self.done: list[int] = []
        self.over = trio.Event()
        self.busy = self.idle = 0.0
        """Shares of one processor while frames came, and afterwards."""
        self._beside = iter(what.beside)
        self._next = next(self._beside, None)

    async def follow(self, port: int) -> None:
        """Receive everything, then nothing for a while."""
        given = StreamDependencies(
            hear=self._hear,
            on_gap=lambda gap: sys.exit(f"a gap where there is none: {gap}"),
            wall=self.engine.plan.clock,
            draw=lambda: 0.0,
            channels=(DELTA,),
        )
        self._hear_beside()
        stream = KalshiStream(f"ws://127.0.0.1:{port}/trade-api/ws/v2", None, given)
        stream.want(self.what.tickers)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stream.run)
            self.busy = await _share_of_processor(self.over.wait)
            self.idle = await _share_of_processor(partial(trio.sleep, IDLE_S))
            nursery.cancel_scope.cancel()

    def _hear(self, conn: int, kind: str, text: str) -> Told:
        told: Told = self.engine.ingress.stream(conn, kind, text) if self.thinking else (time.time_ns(), ())
        if kind == DELTA:
            self.done.append(time.monotonic_ns())
            self._hear_beside()
            if len(self.done) == len(self.what.deltas):
                self.over.set()
        return told

    def _hear_beside(self) -> None:
        """What the other interfaces say by now."""
        while self.thinking and self._next is not None and self._next[0] <= len(self.done):
            body = self._next[1]
            self.engine.ingress.body_of(body.source)(body.what, body.body)
            self._next = next(self._beside, None)


async def _share_of_processor(wait: Callable[[], Awaitable[None]]) -> float:
    used, began = time.process_time(), time.monotonic()
    await wait()
    return (time.process_time() - used) / (time.monotonic() - began)


@contextlib.asynccontextmanager
async def running(folder: Path, starts_at: int, speed: float) -> AsyncIterator[LiveEngine]:
    """The engine as `tipoff run` makes it; its clock begins at the evening's."""
    settings = trading_settings(at_its_word(template(schema())), seed=1)
    url = f"sqlite:///{folder / 'tipoff.db'}"
    upgrade(url)
    with contextlib.closing(JournalWriter(url, "bench")) as writer:
        plan = LivePlan(
            settings=settings,
            settings_digest=settings_digest(settings),
            run="bench",
            writer=writer,
            recorder=Recorder(folder / "recording"),
            clock=EveningClock(starts_at, speed),
        )
        engine = LiveEngine(plan, lambda _engine: ())
        async with trio.open_nursery() as nursery:
            await nursery.start(engine.run)
            pass_over_what_stays()
            yield engine
            await stop_engine(engine, "end of benchmark", Shutdown(print, Notifier({})))
            engine.ingress.close()
            nursery.cancel_scope.cancel()


async def measured(port: int, what: Evening, rate: int, thinking: bool) -> tuple[Follower, str]:  # noqa: FBT001
    """Follow the whole evening, and say what was decided."""
    seconds = len(what.deltas) / rate
    with tempfile.TemporaryDirectory(prefix="tipoff-bench-") as folder:
        async with running(Path(folder), what.starts_at, what.seconds / seconds) as engine:
            follower = Follower(engine, what, thinking=thinking)
            with trio.move_on_after((seconds + IDLE_S) * OVERDUE):
                await follower.follow(port)
            lines = engine.tally.strategies.values()
            signals, orders = (sum(getattr(line, word) for line in lines) for word in ("signals", "orders"))
            made = f"{signals} signals, {orders} orders, {engine.tally.facts} facts"
    return follower, made


def one(rate: int, *, thinking: bool) -> tuple[list[float], Follower, str]:
    """Milliseconds from the wire to the end of all work for each delta, in order."""
    what = evening(rate * SECONDS)
    command = [sys.executable, "-m", "benchmarks.latency_wire", str(rate * SECONDS), str(rate)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as sender:  # noqa: S603 - ourselves
        assert sender.stdout is not None
        port = int(sender.stdout.readline())
        try:
            follower, made = trio.run(measured, port, what, rate, thinking)
            if not follower.over.is_set():
                sys.exit(
                    f"only {len(follower.done)} of {len(what.deltas)} frames were done in {OVERDUE:g} times "
                    f"the time of their sending, {rate} a second: the engine does not keep up"
                )
            left = _told(port, len(what.deltas))
        finally:
            sender.kill()
    return [(done - sent) / 1e6 for sent, done in zip(left, follower.done, strict=True)], follower, made


def _told(port: int, count: int) -> tuple[int, ...]:
    with socket.create_connection(("127.0.0.1", port)) as teller:
        content = b"".join(iter(lambda: teller.recv(1 << 20), b""))
    return struct.unpack(f"<{count}Q", content)


@attrs.frozen
class Quantiles:
    """Milliseconds that so many of a run's frames took at most."""

    p50: float
    p99: float
    p999: float

    @classmethod
    def of(cls, delays: Sequence[float]) -> "Quantiles":
        """Those of some delays."""
        cuts = statistics.quantiles(delays, n=1_000)
        return cls(cuts[499], cuts[989], cuts[998])

    def __str__(self) -> str:
        """For people."""
        return f"p50 {self.p50:.3f}   p99 {self.p99:.3f}   p99.9 {self.p999:.3f} ms"


def at_rate(rate: int, pairs: int) -> list[Result]:
    """Bare and thinking in turn."""
    bare, ours = [], []
    for _ in range(pairs):
        bare.append(Quantiles.of(one(rate, thinking=False)[0]))
        delays, follower, made = one(rate, thinking=True)
        ours.append(Quantiles.of(delays))
        print(f"{rate:5} frames a second, {SECONDS} s; {made}")
        print(f"  bare     {bare[-1]}")
        print(f"  engine   {ours[-1]}")
        print(f"  processor: {follower.busy:.0%} of one while frames came, {follower.idle:.1%} when idle")
    both = tuple(zip(ours, bare, strict=True))
    what = f"frame to all work done, {rate}/s"
    return [
        Result(f"{what}: p50 / bare stream's", tuple(a.p50 / b.p50 for a, b in both), at_most=P50_MAX),
        Result(f"{what}: p99 / bare stream's", tuple(a.p99 / b.p99 for a, b in both), at_most=P99_MAX),
        Result(f"{what}: p99.9", tuple(each.p999 for each in ours), "ms", at_most=LAST_MS_MAX),
    ]


def main(arguments: Sequence[str]) -> int:
    """Return 0 if the engine keeps up at each rate."""
    asked = options(__doc__, arguments)
    pairs = 1 if asked.quick else PAIRS
    return finish([result for rate in RATES for result in at_rate(rate, pairs)], asked)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""A real live engine with one game, for the tests of what stands beside it."""

import itertools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
import trio

from engine.units import NANOS_PER_MILLISECOND
from persistence.connect import Durability, Settings
from persistence.schema_upgrade import create
from persistence.writer import JournalWriter, Options
from tests.stories.plays import SMALL
from tipoff.config.load import template
from tipoff.live.clock import EveningClock
from tipoff.live.engine import LiveEngine, LivePlan
from tipoff.runs.from_config import at_its_word, schema, trading_settings
from tipoff.runs.settings import settings_digest
from venues.simulator.evening import generate

LINES = 24
"""Up to the first change of a book: it would be heard too late."""

FRAMES = 6
"""So many frames of the books' subscription are among the lines."""


@attrs.define
class Feed:
    """The stream of such an engine goes on, though nothing much happens."""

    seq: int = FRAMES

    def pass_on(self, engine: LiveEngine, ticker: str) -> None:
        """A contract more is bid for far behind the best price: what came to the venue before is decided."""
        self.seq += 1
        change = {
            "market_ticker": ticker,
            "price_dollars": "0.0100",
            "delta_fp": "1.00",
            "side": "yes",
            "ts_ms": engine.plan.clock() // NANOS_PER_MILLISECOND,
        }
        frame = {"type": "orderbook_delta", "sid": 1, "seq": self.seq, "msg": change}
        engine.ingress.stream(1, "orderbook_delta", json.dumps(frame))


@asynccontextmanager
async def live(
    folder: Path, seam: Callable[[str], None] = lambda _operation: None
) -> AsyncIterator[LiveEngine]:
    """An engine that knows one game."""
    url = f"sqlite:///{folder / 'tipoff.db'}"
    create(url)
    lines = list(itertools.islice(generate(SMALL), LINES))
    options = Options(settings=Settings(durability=Durability.RELAXED), seam=seam)
    writer = await trio.to_thread.run_sync(JournalWriter, url, "run", options)
    settings = trading_settings(at_its_word(template(schema())), seed=1)
    plan = LivePlan(
        settings=settings,
        settings_digest=settings_digest(settings),
        run="run",
        writer=writer,
        recorder=None,
        clock=EveningClock(lines[-1].at),
    )
    engine = LiveEngine(plan, lambda _engine: ())
    async with trio.open_nursery() as nursery:
        await nursery.start(engine.run)
        for line in lines:
            if line.source == "kalshi.ws":
                engine.ingress.stream(line.conn, line.what, line.body)
            else:
                engine.ingress.body_of(line.source)(line.what, line.body)
        assert await engine.listing()
        await engine.commit_queue.drain()
        yield engine
        nursery.cancel_scope.cancel()
    writer.close()

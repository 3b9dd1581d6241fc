"""Fifty times the usual traffic for a while: the engine falls behind for a moment and loses nothing.

On the machine's own clock: nobody is restarted, and the recording replays to the same digest (checklist 99).

Covers: tipoff.reports.of_live_run.
"""

import math
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import attrs
import pytest
import trio

from persistence.connect import Durability, Settings
from persistence.schema_upgrade import create
from persistence.writer import JournalWriter, Options
from tests.tipoff.contexts import stop
from tests.tipoff.live_desk import Desk, evening
from tipoff.config.load import template
from tipoff.live.clock import EveningClock
from tipoff.live.engine import LiveEngine, LivePlan
from tipoff.runs.from_config import at_its_word, schema, trading_settings
from tipoff.runs.settings import settings_digest
from venues.recordings.line_kinds import BALLDONTLIE, KALSHI_REST, KALSHI_STREAM
from venues.recordings.recorder import Line, Recorder

USUAL_PER_S = 20
"""Lines a second of a busy evening."""

TIMES = 50
OVERLOAD_S = 1.2
LAG_S_MAX = 0.5
"""Lines are heard, and what follows from them is durable, within this time: then the engine has recovered.

Much more than it takes, for the machine may be busy with something else.
"""

RECOVERY_S_MAX = 10.0


@attrs.define
class Venue:
    """Sends lines on a schedule, whether or not anybody keeps up."""

    engine: LiveEngine
    clock: EveningClock
    heard: int = 0
    lag_s: float = 0.0
    """How late the last line was heard."""

    async def send(self, lines: Sequence[Line], began: float, per_second: float) -> None:
        """Send lines that come so fast from a moment on; those that wait are heard without a pause."""
        for number, line in enumerate(lines):
            due = began + number / per_second
            await trio.sleep(max(0.0, due - trio.current_time()))
            self._hear(line)
            self.lag_s = trio.current_time() - due

    def _hear(self, line: Line) -> None:
        """Time goes by the evening: the clock shows the line's moment, as if we had slept until then."""
        self.clock.slept(line.at - self.clock())
        ingress = self.engine.ingress
        if line.source == "kalshi.ws":
            ingress.stream(line.conn, line.what, line.body)
        else:
            ingress.body_of(line.source)(line.what, line.body)
        self.heard += 1

    @property
    def caught_up(self) -> bool:
        """Whether neither lines nor decisions wait longer than usual."""
        return max(self.lag_s, self.engine.ingress.latency.lag_s) < LAG_S_MAX


@pytest.mark.promise("fifty-times-traffic-worked")
@pytest.mark.parametrize("commit_s", [0.0, 0.05], ids=["usual-disk", "slow-disk"])
async def test_fifty_times_the_traffic_is_worked_off_and_nothing_is_lost(
    tmp_path: Path, commit_s: float
) -> None:
    lines, settings = evening(), trading_settings(at_its_word(template(schema())), seed=1)
    digest = settings_digest(settings)
    desk = Desk(tmp_path, settings, known={digest: settings})
    create(desk.url)
    options = Options(
        settings=Settings(durability=Durability.RELAXED),
        seam=lambda operation: hold_up(commit_s if operation == "commit" else 0.0),
    )
    with closing(JournalWriter(desk.url, "run", options)) as writer:
        clock = EveningClock(lines[0].at)
        plan = LivePlan(
            settings=settings,
            settings_digest=digest,
            run="run",
            writer=writer,
            recorder=Recorder(tmp_path / "recording"),
            clock=clock,
        )
        venue = Venue(LiveEngine(plan, lambda _engine: ()), clock)
        engine = venue.engine
        async with trio.open_nursery() as nursery:
            await nursery.start(engine.run)
            took_s = await overload(venue, lines)
            dead_letters = engine.system.dispatcher.dead_letters
            stopped = await stop(engine)
    assert stopped.sealed is not None
    assert took_s < RECOVERY_S_MAX
    assert (engine.restarts.counts, dead_letters) == ({}, 0)
    by_source = engine.ingress.status.by_source
    venues = (KALSHI_STREAM, KALSHI_REST, BALLDONTLIE)
    assert sum(by_source[source] for source in venues) == venue.heard
    assert sum(tally.fills for tally in engine.tally.strategies.values()) > 0
    assert desk.replayed() == stopped.sealed.digest


def hold_up(seconds: float) -> None:
    """A disk that takes so long, in the writer's thread."""
    threading.Event().wait(seconds)


async def overload(venue: Venue, lines: Sequence[Line]) -> float:
    """Tip-off, then the overload, then the usual traffic: how long after the overload all was as usual."""
    begin, many = len(lines) // 3, round(USUAL_PER_S * TIMES * OVERLOAD_S)
    few = round(USUAL_PER_S * LAG_S_MAX)
    flood, rest = lines[begin : begin + many], list(lines[begin + many :])
    assert len(flood) == many
    durable = venue.engine.commit_queue
    await venue.send(lines[:begin], trio.current_time(), math.inf)
    with trio.fail_after(RECOVERY_S_MAX):
        await durable.drain()
    began = trio.current_time()
    await venue.send(flood, began, USUAL_PER_S * TIMES)
    over = began + OVERLOAD_S
    with trio.fail_after(RECOVERY_S_MAX + LAG_S_MAX):
        while True:
            await venue.send(rest[:few], trio.current_time(), USUAL_PER_S)
            del rest[:few]
            if venue.caught_up:
                return trio.current_time() - over

"""Time goes wrong in every way that it can: the clock is set, the process is stopped, the calendar jumps.

Group E of the fault catalogue. The engine's own time never jumps; what nobody listened to is not traded on.

Covers: actors.step_messages, engine.events, tipoff.process.stall.
"""

import datetime as dt
import json
import time
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest
import trio
from trio.testing import MockClock

from actors.addresses import OPERATOR, RISK_GATE
from actors.messages import Operate, OperatorRequest, ResumeOperation
from engine.calendar import eastern, game_day, next_pause, parse_time, trading_paused
from engine.facts import Fact, OrderApproved, OrderDenied, OrderFilled, TradingHalted
from engine.orders import PlaceOrder
from engine.reasons import DenialReason
from engine.risk import EVERYTHING
from engine.units import NANOS_PER_HOUR, NANOS_PER_SECOND, Nanos
from persistence.connect import Durability, Settings
from persistence.queries import Reader
from persistence.schema_upgrade import create
from persistence.writer import JournalWriter, Options
from tests.stories.plays import scripted
from tests.tipoff.contexts import stop
from tipoff.commands.replay import replay
from tipoff.json_types import utc_text
from tipoff.live.clock import EveningClock
from tipoff.live.engine import LiveEngine, LivePlan
from tipoff.process.stall import SKEW_BLOCKED_S, SKEW_WARNED_S, STILL_S, Clocks, Stall
from tipoff.runs.settings import TradingSettings, settings_digest
from tipoff.sources.health import HealthIssue
from tipoff.sources.registry import translator
from venues.kalshi.auth import Signer
from venues.recordings.recorder import Line, Recorder, read, read_batches
from venues.transport.retry_jitter import full_jitter_s

HEARD = 700
"""Lines that are heard before time goes wrong: the evening is under way."""

STOPPED_S = 120


@attrs.define
class Feed:
    """Sources as far as time is concerned."""

    conn: int = 1
    skew: float | None = None
    degraded: list[HealthIssue] = attrs.field(factory=list)
    renewed: list[str] = attrs.field(factory=list)

    def renew(self, reason: str) -> None:
        self.renewed.append(reason)

    def skew_s(self) -> float | None:
        return self.skew


@attrs.define
class Machine:
    """Clocks that a test sets."""

    up_s: float = 0.0
    asleep_s: float = 0.0
    wall_s: float = 1_795_217_400.0

    def clocks(self) -> Clocks:
        return Clocks(
            since_boot=lambda: round((self.up_s + self.asleep_s) * NANOS_PER_SECOND),
            awake=lambda: round(self.up_s * NANOS_PER_SECOND),
            wall=lambda: round(self.wall_s * NANOS_PER_SECOND),
        )


@pytest.fixture(scope="module")
def settings(small_evening: list[Line], free_settings: TradingSettings) -> TradingSettings:
    """Orders all the time, at moments that depend on nothing."""
    return scripted(free_settings, small_evening, 600)


@attrs.define
class Evening:
    """An engine on the virtual clock, and what it left behind."""

    folder: Path
    lines: list[Line]
    settings: TradingSettings
    seal: str = ""

    @property
    def url(self) -> str:
        return f"sqlite:///{self.folder / 'tipoff.db'}"

    async def play(self, clock: MockClock, act: Callable[[LiveEngine], object]) -> None:
        """Hear the lines at their times, let something happen, and end in good order."""
        create(self.url)
        options = Options(settings=Settings(durability=Durability.RELAXED))
        writer = JournalWriter(self.url, "run", options)
        plan = LivePlan(
            settings=self.settings,
            settings_digest=settings_digest(self.settings),
            run="run",
            writer=writer,
            recorder=Recorder(self.folder / "recording"),
            clock=EveningClock(self.lines[0].at),
        )
        engine = LiveEngine(plan, lambda _engine: ())
        async with trio.open_nursery() as nursery:
            await nursery.start(engine.run)
            for line in self.lines:
                clock.jump(max(0.0, (line.at - plan.clock()) / NANOS_PER_SECOND))
                if line.source == "kalshi.ws":
                    engine.ingress.stream(line.conn, line.what, line.body)
                else:
                    engine.ingress.body_of(line.source)(line.what, line.body)
            await engine.commit_queue.drain()
            done = act(engine)
            if isinstance(done, trio.Event):
                await done.wait()
            await settled(clock, engine)
            stopped = await stop(engine)
        assert stopped.sealed is not None
        self.seal = stopped.sealed.digest
        writer.close()

    def facts(self) -> list[Fact]:
        with Reader.open(self.url, "run") as reader:
            return [recorded.fact for recorded in reader.facts()]

    def replayed(self) -> str:
        found = replay(read_batches(self.folder / "recording"), self.settings, "again")
        return str(found.document["digest"])


async def settled(clock: MockClock, engine: LiveEngine) -> None:
    """Let timers that are due fire, and what follows from them become durable."""
    clock.jump(0.001)
    for _ in range(20):
        await trio.lowlevel.checkpoint()
    await engine.commit_queue.drain()


@pytest.fixture
def evening(tmp_path: Path, small_evening: list[Line], settings: TradingSettings) -> Evening:
    return Evening(tmp_path, small_evening[:HEARD], settings)


# E5: stopped for two minutes


@pytest.mark.fault("E5", "I6")
@pytest.mark.parametrize("watched", [True, False])
async def test_e5_after_a_stop_of_two_minutes_books_are_stale_first_and_no_late_timer_trades(
    evening: Evening, mock_clock: MockClock, *, watched: bool
) -> None:
    feed, machine, stopped_at = Feed(conn=evening.lines[-1].conn or 1), Machine(), list[int]()

    def stop(engine: LiveEngine) -> None:
        if watched:
            engine.system.before_time_passes = Stall(engine, feed, machine.clocks()).check
        stopped_at.append(engine.now)
        machine.up_s += STOPPED_S
        mock_clock.jump(STOPPED_S)

    await evening.play(mock_clock, stop)
    late = [fact for fact in evening.facts() if stopped_at[0] < fact.at]
    passed = [
        fact for fact in late if isinstance(fact, OrderApproved) and isinstance(fact.command, PlaceOrder)
    ]
    denied = [fact for fact in late if isinstance(fact, OrderDenied) and fact.ticker]
    if not watched:
        # What the watch is there for: on what was last heard, late timers would trade.
        assert passed
        return
    assert not passed
    assert {fact.reason for fact in denied} == {DenialReason.BOOK_UNTRUSTED}
    assert not [fact for fact in late if isinstance(fact, OrderFilled)]
    assert feed.renewed == [f"nothing was done for {STOPPED_S} s"]
    lost = [line for line in read(evening.folder / "recording") if line.what == "lost"]
    assert [line.at for line in lost] == [stopped_at[0]]
    assert evening.replayed() == evening.seal


@pytest.mark.fault("E5")
async def test_e5_a_machine_that_slept_wakes_up_in_the_present(
    mock_clock: MockClock, evening: Evening
) -> None:
    machine, before = Machine(), list[int]()

    def sleep(engine: LiveEngine) -> None:
        watch = Stall(engine, Feed(), machine.clocks())
        before.append(engine.plan.clock())
        machine.asleep_s += 3_600
        watch.check()
        assert engine.plan.clock() - before[0] == NANOS_PER_HOUR
        assert watch.stalls == 1

    await evening.play(mock_clock, sleep)


@pytest.mark.fault("E5")
@pytest.mark.parametrize(("still_s", "counted"), [(STILL_S - 0.01, 0), (STILL_S, 1)])
async def test_e5_a_short_pause_is_none(
    evening: Evening, mock_clock: MockClock, still_s: float, counted: int
) -> None:
    machine = Machine()

    def pause(engine: LiveEngine) -> None:
        watch = Stall(engine, Feed(), machine.clocks())
        machine.up_s += still_s
        watch.check()
        assert watch.stalls == counted

    await evening.play(mock_clock, pause)


# E1, E6: the clock is set, or was never right


@pytest.mark.fault("E1")
@pytest.mark.parametrize("jump_s", [3_600, -3_600, 10 * 365 * 86_400])
async def test_e1_a_clock_that_is_set_moves_no_timer_and_is_told(
    evening: Evening, mock_clock: MockClock, monkeypatch: pytest.MonkeyPatch, jump_s: int
) -> None:
    feed = Feed()
    told: list[list[str]] = []

    def jump(engine: LiveEngine) -> None:
        machine = Machine(wall_s=engine.plan.clock() / NANOS_PER_SECOND)
        watch = Stall(engine, feed, machine.clocks())
        watch._wall()
        told.append([issue.text for issue in feed.degraded])
        before, due = engine.plan.clock(), engine.plan.clock.trio_time(engine.now + NANOS_PER_SECOND)
        monkeypatch.setattr(time, "time_ns", lambda: before + jump_s * NANOS_PER_SECOND)
        machine.wall_s += jump_s
        watch._wall()
        told.append([issue.text for issue in feed.degraded])
        assert engine.plan.clock() == before
        assert engine.plan.clock.trio_time(engine.now + NANOS_PER_SECOND) == due
        machine.wall_s -= jump_s
        watch._wall()
        told.append([issue.text for issue in feed.degraded])

    await evening.play(mock_clock, jump)
    words = f"the machine's clock was set: it is {jump_s:+.0f} s from the time that the engine counts"
    assert told == [[], [words], []]


@pytest.mark.fault("E6")
@pytest.mark.parametrize(
    ("skew_s", "warned", "blocked"),
    [
        (None, False, False),
        (SKEW_WARNED_S - 0.1, False, False),
        (-SKEW_WARNED_S, True, False),
        (SKEW_BLOCKED_S - 0.1, True, False),
        (SKEW_BLOCKED_S, True, True),
        (-SKEW_BLOCKED_S, True, True),
    ],
)
async def test_e6_a_clock_that_is_off_is_told_and_far_off_it_blocks_entries_until_somebody_resumes(
    evening: Evening, mock_clock: MockClock, skew_s: float | None, *, warned: bool, blocked: bool
) -> None:
    feed, done = Feed(skew=skew_s), trio.Event()

    async def look(engine: LiveEngine) -> None:
        watch = Stall(engine, feed, Machine().clocks())
        await watch._skew()
        await watch._skew()
        request = OperatorRequest("right", 0, "resume", "{}")
        await engine.ask(OPERATOR, Operate(request, RISK_GATE, ResumeOperation(EVERYTHING, "by hand")))
        await watch._skew()
        done.set()

    async with trio.open_nursery() as nursery:

        def begin(engine: LiveEngine) -> trio.Event:
            nursery.start_soon(look, engine)
            return done

        await evening.play(mock_clock, begin)
    assert any("from the venue's" in issue.text for issue in feed.degraded) is warned
    halts = [fact for fact in evening.facts() if isinstance(fact, TradingHalted)]
    assert [(halt.scope, halt.state) for halt in halts] == ([("all", "reducing")] if blocked else [])
    assert not blocked or evening.replayed() == evening.seal


# E7: a step backwards during a pause


@pytest.mark.fault("E7")
async def test_e7_a_clock_that_goes_back_during_a_pause_neither_shortens_nor_lengthens_it(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = EveningClock(1_795_217_400 * NANOS_PER_SECOND)
    pauses = [full_jitter_s(failures, 0.999, 0.5, 30.0) for failures in range(12)]
    assert all(0 <= pause <= 30.0 for pause in pauses)
    began = autojump_clock.current_time()
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    await clock.sleep(pauses[3] * NANOS_PER_SECOND)
    assert autojump_clock.current_time() - began == pytest.approx(pauses[3])
    await clock.sleep(-5 * NANOS_PER_SECOND)
    assert autojump_clock.current_time() - began == pytest.approx(pauses[3])


# E2, E3, E4: the clocks of New York are changed


@pytest.mark.fault("E2")
def test_e2_half_past_one_comes_twice_and_is_two_moments() -> None:
    first, second = parse_time("2026-11-01T05:30:00Z"), parse_time("2026-11-01T06:30:00Z")
    assert eastern(first).replace(tzinfo=None) == eastern(second).replace(tzinfo=None)
    assert second - first == NANOS_PER_HOUR
    assert game_day(first) == game_day(second) == dt.date(2026, 10, 31)
    assert [utc_text(at)[11:19] for at in (first, second)] == ["05:30:00", "06:30:00"]


@pytest.mark.fault("E3")
def test_e3_half_past_two_does_not_exist_and_everything_goes_on_around_it() -> None:
    before, after = parse_time("2027-03-14T06:59:59Z"), parse_time("2027-03-14T07:00:00Z")
    assert (eastern(before).hour, eastern(after).hour) == (1, 3)
    assert game_day(before) == game_day(after) == dt.date(2027, 3, 13)
    assert not trading_paused(before)
    assert not trading_paused(after)


@pytest.mark.fault("E4")
@pytest.mark.parametrize("change", ["2026-11-01T05:30:00Z", "2027-03-14T07:30:00Z"])
def test_e4_the_weekly_pause_begins_at_three_in_new_york_before_and_after_the_change(change: str) -> None:
    week, at = 7 * 24 * NANOS_PER_HOUR, parse_time(change)
    before, after = next_pause(Nanos(at - week)), next_pause(at)
    for begins, ends in (before, after):
        assert (eastern(begins).hour, eastern(ends).hour) == (3, 5)
        assert ends - begins == 2 * NANOS_PER_HOUR
    assert abs((after[0] - before[0]) - week) == NANOS_PER_HOUR


# E8: moments that there are none of


@pytest.mark.fault("E8")
@pytest.mark.parametrize(
    "text",
    ["2026-12-31T23:59:60Z", "2027-02-29T12:00:00Z", "2028-02-29T12:00:00Z", "99999-01-01T00:00:00Z", ""],
)
def test_e8_leap_seconds_leap_days_and_years_too_far_are_read_or_refused_and_never_fatal(
    text: str,
) -> None:
    game = {"id": 1, "date": "2026-12-31", "datetime": text, "status": text}
    markets = {"markets": [{"ticker": "KXNBAGAME-26NOV20MEMPOR-POR", "close_time": text}]}
    sources = (("balldontlie", "/v1/games", {"data": [game]}), ("kalshi.rest", "/markets", markets))
    for source, what, body in sources:
        events = translator().translate(Line(1, 1, source, 0, what, json.dumps(body)))
        assert isinstance(events, tuple)


@pytest.mark.fault("E8")
def test_e8_signatures_carry_milliseconds_of_any_year() -> None:
    from cryptography.hazmat.primitives.asymmetric import ed25519

    signer = Signer("key", ed25519.Ed25519PrivateKey.generate())
    for text in ("2028-02-29T23:59:59.999Z", "2096-12-31T23:59:59Z"):
        at = parse_time(text)
        assert signer.headers("GET", "/", at)["KALSHI-ACCESS-TIMESTAMP"] == str(at // 1_000_000)

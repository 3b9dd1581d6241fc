"""The heartbeat: its way through the real tree, who is late when a stage stands still, and what it leaves.

Covers: actors.heartbeat.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from actors.addresses import MARKET_FEED, PAPER_EXCHANGE, RISK_GATE, game_address, strategy_address
from actors.heartbeat import Heartbeat
from actors.runtime import ActorStatus, Address, ChildSpec, Fault, InjectedFault
from engine.calendar import parse_time
from persistence.connect import Durability, Settings
from persistence.schema_upgrade import create
from persistence.writer import JournalWriter, Options
from tests.tipoff.contexts import stop
from tipoff.config.load import template
from tipoff.live.clock import EveningClock
from tipoff.live.engine import LiveEngine, LivePlan
from tipoff.live.heartbeats import HEARTBEAT_S, LATE_S, STAGES, Heartbeats
from tipoff.runs.from_config import at_its_word, schema, trading_settings
from tipoff.runs.settings import settings_digest

SHARP = strategy_address("sharp_line")
STRATEGIES = [strategy_address(name) for name in ("sharp_line", "momentum")]
GAMES = [game_address(name) for name in ("a", "b")]
EVENING = parse_time("2026-11-22T23:30:00Z")


def status(address: Address, state: str = "running") -> ActorStatus:
    return ActorStatus(address, "loop", state, 1, 0, 0, 0, 10, 0, 0, 0, 0, 0, "")


def tree(*addresses: Address) -> list[ActorStatus]:
    return [status(address) for address in (MARKET_FEED, RISK_GATE, PAPER_EXCHANGE, *addresses)]


@pytest.fixture
def beats() -> Heartbeats:
    """Heartbeats whose wall clock is trio's."""
    return Heartbeats(trio.current_time)


async def pass_time(clock: MockClock, seconds: float) -> None:
    clock.jump(seconds)
    await trio.lowlevel.checkpoint()


async def test_before_the_first_heartbeat_nobody_is_late_and_every_stage_is_known(beats: Heartbeats) -> None:
    assert beats.late() == ""
    assert beats.timestamps() == dict.fromkeys(STAGES, 0.0)


async def test_games_take_turns_in_carrying_it_and_without_a_game_nobody_does(beats: Heartbeats) -> None:
    carriers = [beats.next(tree(*GAMES)).carrier for _ in range(4)]
    assert carriers in ([*GAMES, *GAMES], [*reversed(GAMES), *reversed(GAMES)])
    assert beats.next(tree(*STRATEGIES)).carrier is None


async def test_a_stage_is_as_late_as_its_latest_actor_and_the_first_late_stage_is_named(
    beats: Heartbeats, mock_clock: MockClock
) -> None:
    everybody = tree(*STRATEGIES)
    begun = trio.current_time()
    for _ in range(round(LATE_S / HEARTBEAT_S) + 1):
        beat = beats.next(everybody)
        for each in everybody:
            if each.address not in (SHARP, RISK_GATE):
                beats.passed(each.address, beat.number)
        await pass_time(mock_clock, HEARTBEAT_S)
    assert beats.late() == f"no heartbeat has passed {SHARP} for {LATE_S + HEARTBEAT_S:.0f} s"
    assert beats.timestamps()["strategy"] == begun
    assert beats.timestamps()["feed"] == pytest.approx(begun + LATE_S)
    beats.passed(SHARP, 1)
    assert str(RISK_GATE) in beats.late()


@pytest.mark.limit("tipoff.live.heartbeats:LATE_S")
async def test_exactly_at_the_limit_nobody_is_late_yet(beats: Heartbeats, mock_clock: MockClock) -> None:
    beats.next(tree())
    await pass_time(mock_clock, LATE_S)
    assert beats.late() == ""
    await pass_time(mock_clock, 0.001)
    assert str(MARKET_FEED) in beats.late()


async def test_parked_strategies_are_not_waited_for_and_without_any_nor_is_what_comes_behind(
    beats: Heartbeats, mock_clock: MockClock
) -> None:
    parked = [*tree(), status(SHARP, "parked")]
    beats.passed(MARKET_FEED, beats.next(parked).number)
    await pass_time(mock_clock, LATE_S + 1)
    beats.passed(MARKET_FEED, beats.next(parked).number)
    assert beats.late() == ""


async def test_a_game_that_is_gone_is_forgotten_and_a_new_one_has_time(
    beats: Heartbeats, mock_clock: MockClock
) -> None:
    beats.next(tree(SHARP, GAMES[0]))
    await pass_time(mock_clock, LATE_S + 1)
    everybody = tree(SHARP, GAMES[1])
    for address in (MARKET_FEED, RISK_GATE, PAPER_EXCHANGE, SHARP):
        beats.passed(address, beats.next(everybody).number)
    beats.passed(GAMES[0], 1)
    assert beats.late() == ""
    assert set(beats._passed) == {MARKET_FEED, RISK_GATE, PAPER_EXCHANGE, SHARP, GAMES[1]}


def no_edges(_engine: LiveEngine) -> tuple[ChildSpec, ...]:
    return ()


@pytest.fixture
def plan(tmp_path: Path) -> Callable[[JournalWriter], LivePlan]:
    """What a live engine with the usual settings is made of, without a recording."""
    settings = trading_settings(at_its_word(template(schema())), seed=1)

    def make(writer: JournalWriter) -> LivePlan:
        return LivePlan(
            settings=settings,
            settings_digest=settings_digest(settings),
            run="run",
            writer=writer,
            recorder=None,
            clock=EveningClock(EVENING),
        )

    create(f"sqlite:///{tmp_path / 'tipoff.db'}")
    return make


@pytest.fixture
async def engine(
    plan: Callable[[JournalWriter], LivePlan], tmp_path: Path, mock_clock: MockClock
) -> AsyncGenerator[LiveEngine]:
    """The real tree without venues, on a clock that stands still until it is wound on."""
    assert mock_clock.rate == 0
    async with alive(plan, tmp_path) as running:
        yield running


@asynccontextmanager
async def alive(plan: Callable[[JournalWriter], LivePlan], folder: Path) -> AsyncGenerator[LiveEngine]:
    options = Options(settings=Settings(durability=Durability.RELAXED))
    with closing(JournalWriter(f"sqlite:///{folder / 'tipoff.db'}", "run", options)) as writer:
        engine = LiveEngine(plan(writer), no_edges)
        async with trio.open_nursery() as nursery:
            await nursery.start(engine.run)
            yield engine
            await stop(engine)


async def settle(engine: LiveEngine) -> None:
    """Let everything be worked on and become durable; transactions take no time of this clock."""
    for _ in range(3):
        await trio.testing.wait_all_tasks_blocked()
        with trio.fail_after(1_000):
            await engine.commit_queue.drain()


async def test_a_heartbeat_passes_every_stage_of_the_real_tree_and_leaves_no_facts(
    engine: LiveEngine, mock_clock: MockClock
) -> None:
    await settle(engine)
    facts = engine.commit_queue.status.facts
    began = engine.heartbeats.sent
    for _ in range(20):
        await pass_time(mock_clock, HEARTBEAT_S)
        await settle(engine)
    assert engine.heartbeats.sent >= began + 19
    assert engine.heartbeats.late() == ""
    moments = engine.heartbeats.timestamps()
    assert set(moments) == set(STAGES)
    assert min(moments.values()) > 0
    assert engine.commit_queue.status.facts == facts
    assert engine.ingress.status.by_source["timer"] + engine.ingress.status.by_source["command"] < 5
    assert engine.system.dispatcher.dead_letters == 0


@pytest.mark.parametrize("stage", [MARKET_FEED, RISK_GATE, PAPER_EXCHANGE, SHARP])
async def test_a_stage_that_passes_nothing_on_is_named_while_it_lasts(
    engine: LiveEngine, mock_clock: MockClock, stage: Address
) -> None:
    await settle(engine)
    cell = engine.system.dispatcher.cells[stage]
    receive, cell.receive = cell.receive, lambda _message, _now: ()
    for _ in range(round(LATE_S / HEARTBEAT_S) + 2):
        await pass_time(mock_clock, HEARTBEAT_S)
        await settle(engine)
    assert str(stage) in engine.heartbeats.late()
    cell.receive = receive
    await pass_time(mock_clock, HEARTBEAT_S)
    await settle(engine)
    assert engine.heartbeats.late() == ""


async def test_an_actor_that_crashes_on_a_heartbeat_is_restarted_and_passes_the_next(
    engine: LiveEngine, mock_clock: MockClock
) -> None:
    await settle(engine)
    fault = Fault(InjectedFault("on purpose"), message_type=Heartbeat)
    engine.system.crash_next(MARKET_FEED, fault)
    for _ in range(3):
        await pass_time(mock_clock, HEARTBEAT_S)
        await settle(engine)
    assert engine.system.lives.restarts == 1
    assert engine.heartbeats.late() == ""

"""The live engine on a virtual clock: what it did is what a replay of its recording does, come what may.

Covers: persistence.book_samples, tipoff.runs.recording_digest.
"""

from itertools import pairwise
from pathlib import Path

import pytest
import trio
from sqlalchemy import select
from trio.testing import MockClock

from actors.addresses import OPERATOR, PAPER_EXCHANGE, RISK_GATE, strategy_address
from actors.messages import HaltOperation, Operate, OperatorRequest, ResumeOperation
from actors.operator import ActOutcome
from engine.facts import OperatorActed, RunEnded, RunStarted
from engine.units import NANOS_PER_SECOND, Nanos
from persistence.book_samples import last_tops
from persistence.errors import StorageFull
from persistence.market_tables import orderbook_snapshots
from persistence.queries import Reader
from tests.tipoff.live_desk import Desk, evening, resumed, wait
from tipoff.config.load import template
from tipoff.live.engine import LiveEngine
from tipoff.runs.from_config import at_its_word, schema, trading_settings
from tipoff.runs.recording_digest import read_digest
from tipoff.runs.settings import TradingSettings
from venues.recordings.recorder import Line, read


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    """One game, discovery to settlement."""
    return evening()


@pytest.fixture(scope="module")
def settings() -> TradingSettings:
    """The defaults."""
    return trading_settings(at_its_word(template(schema())), seed=1)


@pytest.fixture
def desk(tmp_path: Path, settings: TradingSettings) -> Desk:
    """An empty state directory."""
    return Desk(tmp_path, settings)


@pytest.mark.promise("replay-live-run-recording")
async def test_a_replay_of_the_recording_gives_the_digest_of_the_live_run(
    desk: Desk, lines: list[Line], mock_clock: MockClock
) -> None:
    seal = await desk.process(mock_clock, lines)
    assert seal is not None
    assert seal == read_digest(desk.folder / "recording")
    assert desk.replayed() == seal.digest
    assert desk.replayed(batch=7) == seal.digest
    with Reader.open(desk.url, "run") as reader:
        assert reader.fills()
        assert not reader.positions(open_only=True)
        assert isinstance(next(reader.facts()).fact, RunStarted)
        assert isinstance(reader.tail(1)[0].fact, RunEnded)


async def test_a_stored_run_knows_its_books_as_they_were_last_not_as_they_were_first(
    desk: Desk, lines: list[Line], mock_clock: MockClock
) -> None:
    tops: dict[str, tuple[int | None, int | None]] = {}

    async def look(engine: LiveEngine) -> None:
        for game in (await engine.games()).values():
            for ticker, market in game.markets.items():
                if market.book.snapshots:
                    tops[ticker] = (market.book.yes_bid, market.book.yes_ask)

    await desk.process(mock_clock, lines[: len(lines) // 2], look)
    with Reader.open(desk.url, "run") as reader:
        stored = last_tops(reader)
        first = reader.connection.execute(
            select(
                orderbook_snapshots.c.ticker, orderbook_snapshots.c.yes_bid, orderbook_snapshots.c.yes_ask
            ).order_by(orderbook_snapshots.c.id.desc())
        )
        begun = {row.ticker: (row.yes_bid, row.yes_ask) for row in first}
    assert tops
    assert stored == tops
    assert begun != tops


async def test_every_input_of_the_core_is_a_line_in_order(
    desk: Desk, lines: list[Line], mock_clock: MockClock
) -> None:
    await desk.process(mock_clock, lines[:500])
    recorded = list(read(desk.folder / "recording"))
    assert [line.seq for line in recorded] == list(range(1, len(recorded) + 1))
    assert all(before.at <= after.at for before, after in pairwise(recorded))
    assert (recorded[0].source, recorded[0].what) == ("command", "started")
    assert {line.source for line in recorded} >= {"command", "journal", "timer", "kalshi.ws", "kalshi.rest"}


@pytest.mark.parametrize("share", [0.3, 0.8])
async def test_a_process_that_dies_goes_on_and_the_replay_of_both_lives_is_the_run(
    desk: Desk, lines: list[Line], share: float, mock_clock: MockClock
) -> None:
    cut = round(len(lines) * share)
    assert await desk.process(mock_clock, lines[:cut], die=True) is None
    with Reader.open(desk.url, "run") as reader:
        durable = reader.last_seq()
        before = [recorded.fact for recorded in reader.facts()]
    seal = await desk.process(mock_clock, resumed(lines, cut))
    assert seal is not None
    with Reader.open(desk.url, "run") as reader:
        after = [recorded.fact for recorded in reader.facts()]
        assert reader.last_seq() > durable
    assert after[:durable] == before
    assert sum(isinstance(fact, RunStarted) for fact in after) == 2
    assert desk.replayed() == seal.digest


async def test_what_an_operator_does_is_done_again_by_the_replay(
    desk: Desk, lines: list[Line], mock_clock: MockClock
) -> None:
    outcomes: list[object] = []

    async def act(engine: LiveEngine) -> None:
        halt = OperatorRequest("r-1", 0, "halt", "{}")
        resume = OperatorRequest("r-2", 0, "resume", "{}")
        outcomes.append(
            await engine.ask(OPERATOR, Operate(halt, RISK_GATE, HaltOperation("global", "halted", "x")))
        )
        outcomes.append(
            await engine.ask(OPERATOR, Operate(resume, RISK_GATE, ResumeOperation("global", "y")))
        )
        assert engine.restart(PAPER_EXCHANGE)
        assert engine.restart(strategy_address("sharp_line"))
        assert not engine.restart(strategy_address("nobody"))

    half = len(lines) // 2
    await desk.process(mock_clock, lines[:half], act, die=True)
    seal = await desk.process(mock_clock, lines[half:])
    assert seal is not None
    assert [type(outcome) for outcome in outcomes] == [ActOutcome, ActOutcome]
    assert desk.replayed() == seal.digest
    with Reader.open(desk.url, "run") as reader:
        acts = [recorded.fact for recorded in reader.facts((OperatorActed,))]
    assert len(acts) == 2


async def test_a_disk_that_is_full_for_a_while_costs_nothing_and_is_replayed_as_it_was(
    desk: Desk, lines: list[Line], mock_clock: MockClock
) -> None:
    commits = 0

    def full(operation: str) -> None:
        nonlocal commits
        commits += operation == "commit"
        if operation == "commit" and 40 <= commits < 43:
            raise StorageFull("no space", "here", "make some")

    desk.seam = full
    seal = await desk.process(mock_clock, lines)
    assert seal is not None
    failed = [line for line in read(desk.folder / "recording") if line.what == "failed"]
    assert len(failed) == 3
    assert desk.replayed() == seal.digest


async def test_time_is_written_down_so_that_timers_fire_in_the_replay_too(
    desk: Desk, lines: list[Line], mock_clock: MockClock
) -> None:
    async def linger(_engine: LiveEngine) -> None:
        for _ in range(20):
            await wait(mock_clock, 10)
            await trio.testing.wait_all_tasks_blocked()

    await desk.process(mock_clock, lines[:200], linger)
    ticks = [line for line in read(desk.folder / "recording") if line.source == "timer"]
    assert len(ticks) >= 4
    assert ticks[-1].at >= Nanos(lines[199].at) + 200 * NANOS_PER_SECOND


@pytest.mark.limit("engine.toml:recording.flush_ms_max")
@pytest.mark.parametrize("flush_ms", [10, 60_000])
async def test_no_line_waits_longer_than_it_may_for_being_flushed(
    desk: Desk, lines: list[Line], mock_clock: MockClock, flush_ms: int
) -> None:
    desk.flush_ms = flush_ms
    on_disk: list[bool] = []

    def flushed(number: int) -> None:
        on_disk.append(number in {line.seq for line in read(desk.folder / "recording")})

    async def fall_silent(engine: LiveEngine) -> None:
        engine.ingress.tick()
        engine.ingress.tick()
        number = engine.ingress.seq
        flushed(number)
        await wait(mock_clock, flush_ms / 1_000)
        await trio.testing.wait_all_tasks_blocked()
        flushed(number)

    await desk.process(mock_clock, lines[:200], fall_silent)
    assert on_disk == [False, True]

"""A daemon that runs over the end of a game day: it begins another run when nothing of the last is open."""

import json
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import attrs
import pytest
import trio

from actors.addresses import MARKET_FEED, OPERATOR, RISK_GATE
from actors.messages import Numbered, Operate, OperatorRequest, OrderOperation, VenueInput
from engine.calendar import parse_time
from engine.events import BookSide, FeedConnected, GamePhase, ScoreSeen, TradesRecovered
from engine.facts import (
    Fact,
    OrderApproved,
    OrderCancelled,
    PositionSettled,
    RunStarted,
    StrategyChanged,
    StrategyOpened,
    TradingHalted,
    TradingResumed,
)
from engine.message import changed
from engine.orders import CancelOrder, CancelReason, TimeInForce
from engine.units import Count, Nanos, Price
from persistence.queries import Reader
from persistence.schema_upgrade import create
from persistence.writer import JournalWriter
from tests.tipoff.control.conftest import NAME, TICKER, Bench, opening, snapshot
from tipoff.commands.replay import replay
from tipoff.config.load import Config, template
from tipoff.json_types import Json
from tipoff.live.clock import EveningClock
from tipoff.live.engine import LiveEngine
from tipoff.process.context import RunContext, RunDependencies, StopRequest
from tipoff.process.rollover import DRAIN_REASON
from tipoff.process.run import past_of, run_live
from tipoff.runs.from_config import schema, trading_settings
from tipoff.runs.recording_digest import read_digest
from tipoff.sources.bundled.kalshi.section import KalshiSection
from tipoff.sources.clients import Credentials
from venues.recordings.recorder import read_batches

SPEED = 120.0
FAST = 300.0
"""For half an hour in which nobody tells anything."""

BEFORE_SIX = parse_time("2026-11-21T10:57:00Z")
"""In New York it is three minutes before six in the morning: the game day of the 20th is not over."""

AFTER_SIX = parse_time("2026-11-21T11:30:00Z")
OLD, NEW = "demo-2026-11-20", "demo-2026-11-21"
SECONDS_MAX = 100.0
Act = Callable[[LiveEngine], Awaitable[None]]


@attrs.define
class House:
    """A state directory, and the daemon's runs in it, one after the other, on a fast clock."""

    folder: Path
    starts_at: Nanos
    speed: float = SPEED
    began: float = attrs.field(factory=time.monotonic)

    @property
    def url(self) -> str:
        """The database."""
        return f"sqlite:///{self.folder / 'tipoff.db'}"

    def config(self) -> Config:
        """Keyless, with venues where nobody listens."""
        plain = template(schema())
        nowhere = attrs.evolve(plain.section(KalshiSection), rest_url_demo="http://127.0.0.1:9")
        engine = attrs.evolve(plain.engine, environment="demo", state_directory=self.folder)
        return attrs.evolve(plain, engine=engine).with_sources(nowhere)

    def clock(self) -> EveningClock:
        """Goes on from one run to the next."""
        gone = round((time.monotonic() - self.began) * self.speed * 1e9)
        return EveningClock(self.starts_at + gone, self.speed)

    async def run(self, act: Act | None = None) -> StopRequest:
        """A run that nobody ends but itself, and something that is done in it."""

        async def beside(engine: LiveEngine) -> None:
            if act is not None:
                await act(engine)
            await trio.sleep_forever()

        stop = StopRequest()
        document = await self._run(beside, stop)
        ended = document["stop"]
        assert isinstance(ended, dict)
        assert ended["reason"] == "the game day is over"
        return stop

    async def begun(self, act: Act | None = None) -> str:
        """Begin a run, see which one it is, perhaps do something in it, and end it."""
        runs: list[str] = []
        stop = StopRequest()

        async def beside(engine: LiveEngine) -> None:
            runs.append(engine.plan.run)
            if act is not None:
                await act(engine)
            stop.request("seen")

        await self._run(beside, stop)
        return runs[0]

    async def _run(self, act: Act, stop: StopRequest) -> dict[str, Json]:
        async def service(context: RunContext) -> None:
            await act(context.engine)

        dependencies = RunDependencies(
            config=self.config(),
            credentials=Credentials(),
            clock=self.clock,
            services=(service,),
            on_phase=lambda _words: None,
        )
        with trio.fail_after(SECONDS_MAX):
            return await run_live(dependencies, stop)

    def stored(self, run: str, facts: Iterable[Fact]) -> None:
        """What an earlier process of a run left behind."""
        if not (self.folder / "tipoff.db").exists():
            create(self.url)
        writer = JournalWriter(self.url, run)
        writer.append([Numbered(number, 1, "run", fact) for number, fact in enumerate(facts, start=1)])
        writer.close()

    def facts(self, run: str, *kinds: type[Fact]) -> list[Fact]:
        """What is durable of a run."""
        with Reader.open(self.url, run) as reader:
            return [recorded.fact for recorded in reader.facts(kinds)]


def evening(bench: Bench) -> list[Fact]:
    """The facts of what happened at a bench, as those of the run of that evening."""
    first, *rest = [numbered.fact for numbered in bench.facts]
    assert isinstance(first, RunStarted)
    return [changed(first, run=OLD), *rest]


def place(bench: Bench, price: int) -> None:
    """Have an operator's order placed: what crosses the book is filled, the rest stays in it."""
    wish = OrderOperation(
        "mean_reversion", TICKER, BookSide.BID, Price(price), Count(1_000), TimeInForce.GTC, p_fair=0.6
    )
    request = OperatorRequest(f"r-{price}", 0, "orders.place", "{}")
    bench.put(OPERATOR, Operate(request, RISK_GATE, wish))
    bench.later(1)


def result_of(ticker: str) -> str:
    """The venue's answer for a market that is over and paid."""
    market = {
        "ticker": ticker,
        "event_ticker": ticker.rpartition("-")[0],
        "status": "finalized",
        "result": "yes",
        "settlement_value_dollars": "1.0000",
        "settlement_ts": "2026-11-21T11:40:00Z",
    }
    return json.dumps({"markets": [market], "cursor": ""})


async def checks(engine: LiveEngine, count: int) -> None:
    """Let so many minutes of the engine's time pass, and a little more."""
    await engine.plan.clock.sleep((count + 0.5) * 60e9)


@pytest.mark.promise("run-lasts-until-nothing")
async def test_at_six_in_new_york_the_run_ends_and_the_next_belongs_to_the_new_day(tmp_path: Path) -> None:
    house = House(tmp_path, BEFORE_SIX)
    assert (await house.run()).next_day
    assert await house.begun() == NEW
    with Reader.open(house.url) as reader:
        assert [row.run for row in reader.runs()] == [OLD, NEW]
    assert {path.name for path in (tmp_path / "recordings").iterdir()} == {OLD, NEW}


@pytest.mark.promise("run-lasts-until-nothing")
async def test_an_open_position_keeps_the_run_until_it_is_settled_and_paid(tmp_path: Path) -> None:
    house, bench = House(tmp_path, AFTER_SIX), Bench()
    place(bench, 5_200)
    house.stored(OLD, evening(bench))
    kept: list[bool] = []

    async def settle(engine: LiveEngine) -> None:
        assert engine.plan.run == OLD
        await checks(engine, 3)
        kept.append(engine.phase == "running")
        engine.ingress.body_of("kalshi.rest")(f"/markets?tickers={TICKER}", result_of(TICKER))

    assert (await house.run(settle)).next_day
    assert kept == [True]
    assert len(house.facts(OLD, PositionSettled)) == 1
    assert house.facts(OLD, TradingHalted) == []
    assert await house.begun() == NEW


@pytest.mark.promise("run-lasts-until-nothing")
async def test_orders_that_rest_are_taken_back_before_the_run_ends(tmp_path: Path) -> None:
    house, bench = House(tmp_path, AFTER_SIX), Bench()
    place(bench, 4_500)
    facts = evening(bench)
    # A strategy that is off tends nothing: what it has left in the book, only the end of the run takes back.
    opened = next(fact for fact in facts if isinstance(fact, StrategyOpened) and fact.strategy == NAME)
    house.stored(OLD, [*facts, StrategyChanged(NAME, False, opened.parameters, "uid 0", Nanos(bench.now))])

    async def go_on(engine: LiveEngine) -> None:
        """The venue is heard again and nothing happened meanwhile: the order would rest for ever."""
        now = Nanos(engine.now)
        quiet = TradesRecovered(TICKER, Nanos(0), now, (), now)
        again = changed(snapshot(), conn=2, at=now)
        engine.system.put(MARKET_FEED, VenueInput((FeedConnected(2, now), *opening(), again, quiet)))

    assert (await house.run(go_on)).next_day
    (cancelled,) = house.facts(OLD, OrderCancelled)
    assert isinstance(cancelled, OrderCancelled)
    assert cancelled.reason is CancelReason.REQUESTED, "it was not lost in the gap, but taken back"
    (drained,) = house.facts(OLD, TradingHalted)
    assert isinstance(drained, TradingHalted)
    assert drained.why == DRAIN_REASON
    cancels = [
        fact.command
        for fact in house.facts(OLD, OrderApproved)
        if isinstance(fact, OrderApproved) and isinstance(fact.command, CancelOrder)
    ]
    assert [(cancel.order_id, cancel.decided_at) for cancel in cancels] == [
        (cancelled.order_id, drained.at)
    ], "by the drain, and by nobody else"
    with Reader.open(house.url, OLD) as reader:
        assert reader.orders(open_only=True) == []
    assert await house.begun() == NEW
    assert house.facts(NEW, TradingHalted) == []


async def test_a_position_that_is_opened_while_orders_are_taken_back_lets_trading_go_on(
    tmp_path: Path,
) -> None:
    house, bench = House(tmp_path, AFTER_SIX), Bench()
    place(bench, 5_200)
    drain = TradingHalted("all", "reducing", "uid 0", DRAIN_REASON, Nanos(bench.now))
    house.stored(OLD, [*evening(bench), drain])

    async def wait(engine: LiveEngine) -> None:
        await checks(engine, 2)

    assert await house.begun(wait) == OLD
    (resumed,) = house.facts(OLD, TradingResumed)
    assert isinstance(resumed, TradingResumed)
    assert resumed.scope == "all"


async def test_a_game_that_is_played_keeps_the_run_unless_nobody_tells_of_it_any_more(tmp_path: Path) -> None:
    house, kept = House(tmp_path, BEFORE_SIX, FAST), list[bool]()

    async def play(engine: LiveEngine) -> None:
        now = Nanos(engine.now)
        score = ScoreSeen("bdl:1", "bdl", GamePhase.LIVE, 4, 60_000, 100, 99, now, now)
        engine.system.put(MARKET_FEED, VenueInput((*opening(), score)))
        await checks(engine, 10)
        kept.append(engine.phase == "running")

    assert (await house.run(play)).next_day
    assert kept == [True]


@pytest.mark.promise("person-halted-stays-halted")
async def test_what_a_person_halted_stays_halted_in_the_next_run_until_it_is_resumed_there(
    tmp_path: Path,
) -> None:
    house = House(tmp_path, AFTER_SIX)
    at = Nanos(BEFORE_SIX)
    halt = TradingHalted("all", "halted", "uid 7", "the feed looks odd", at)
    ended = TradingHalted("strategy:momentum", "halted", "uid 7", "lunch", at)
    parked = TradingHalted("quarantine:momentum", "halted", "supervisor", "failed too often", at)
    resumed = TradingResumed("strategy:momentum", "uid 7", "back", at)
    house.stored(OLD, [RunStarted(OLD, "1", "d", 1, at), halt, ended, parked, resumed])
    for _ in range(2):
        assert await house.begun() == NEW
    (carried,) = house.facts(NEW, TradingHalted)
    assert isinstance(carried, TradingHalted)
    assert (carried.scope, carried.state) == ("all", "halted")
    assert carried.why == "the feed looks odd (in force since an earlier run)"
    recording = tmp_path / "recordings" / NEW
    seal = read_digest(recording)
    assert seal is not None
    again = replay(read_batches(recording), trading_settings(house.config()), "again")
    assert again.document["digest"] == seal.digest


@pytest.mark.parametrize("price", [4_500, 5_200])
def test_a_process_that_starts_a_day_later_goes_on_with_what_is_open(tmp_path: Path, price: int) -> None:
    house, bench = House(tmp_path, AFTER_SIX), Bench()
    place(bench, price)
    house.stored(OLD, evening(bench))
    past = past_of(house.url, "demo", AFTER_SIX)
    assert (past.run, past.goes_on) == (OLD, True)

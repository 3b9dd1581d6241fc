"""An engine that stands still with known numbers in every counter, and what surrounds it: for the metrics."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import attrs
import trio
from typing_extensions import override

from actors.messages import FeedSnapshot
from actors.read_model.views import BandLine, FeedLine, Overview
from actors.runtime import ASK_TIMEOUT_NS, MESSAGE_S, ActorStatus, Address, Histogram
from engine import ledger
from engine.facts import FactsSetAside, TradingHalted
from engine.order_stages import OrderStage
from engine.units import Count, Money, Nanos
from persistence.schema_upgrade import create
from persistence.writer import JournalWriter
from tipoff.config.load import template
from tipoff.json_types import Json
from tipoff.live.clock import EveningClock
from tipoff.live.engine import LiveEngine, LivePlan
from tipoff.live.heartbeats import Heartbeats
from tipoff.metrics.engine_view import EngineView
from tipoff.metrics.process_counters import NothingDelivered, ProcessCounters
from tipoff.runs.from_config import at_its_word, schema, trading_settings
from tipoff.runs.settings import settings_digest
from tipoff.sources.clients import Credentials, Sources
from tipoff.sources.health import HealthIssue
from venues.transport.client import Client
from venues.transport.clock_skew import ClockSkew

START_NS = 1_795_217_400_000_000_000
STRATEGIES = ("sharp_line", "momentum", "ev_multi", "mean_reversion", "correlation")
ADDRESSES = (
    "journal",
    "writer",
    "exchange/paper_exchange",
    "exchange/risk_gate",
    *(f"exchange/strategies/{name}" for name in STRATEGIES),
    "sources/schedule",
    "sources/market_feed",
    "edge/observer",
    "edge/operator",
)


def actor(name: str, state: str = "running", kind: str = "actor", **counts: int) -> ActorStatus:
    """An actor with these numbers, and 0 in the others."""
    numbers = dict.fromkeys(
        (
            "incarnation",
            "restarts",
            "depth",
            "peak",
            "handled",
            "refused",
            "dropped",
            "conflated",
            "failures",
        ),
        0,
    )
    numbers |= {"capacity": 1_000, **counts}
    return ActorStatus(address=Address(name), kind=kind, state=state, last_error="", **numbers)


class FixedEngine(LiveEngine):
    """An engine that was never started: its actors are what a test says."""

    actors: tuple[ActorStatus, ...] = tuple(map(actor, ADDRESSES))
    overview: Overview | None = None

    @property
    @override
    def running(self) -> bool:
        """It answers."""
        return True

    @override
    def status(self) -> tuple[ActorStatus, ...]:
        """What the test says."""
        return self.actors

    @override
    async def ask(self, address: Address, message: object, timeout_ns: int = ASK_TIMEOUT_NS) -> object:
        """The overview."""
        return self.overview

    @override
    async def feed(self) -> FeedSnapshot:
        """Some frames that came twice, and some that came too late."""
        return FeedSnapshot(frames=900, gaps=2, duplicates=3, refused={}, old=4)


@attrs.frozen
class Budget:
    """A client as far as its budget and its service's clock go."""

    tokens: int
    tokens_max: int
    skew: ClockSkew | None = None


class FixedSources(Sources):
    """A stream that is up, a poll that works and one that fails."""

    @override
    def status(self) -> dict[str, Json]:
        """As the sources tell it."""
        works: dict[str, Json] = {"polls": 12, "failures": 1, "failures_in_row": 0, "stopped": ""}
        fails: dict[str, Json] = {"polls": 5, "failures": 4, "failures_in_row": 2, "stopped": ""}
        return {
            "stream": {"connected": True, "conn": 3, "frames": 901, "attempts": 3, "lag_s": 0.125},
            "feed": {},
            "polls": {
                "markets": {**works, "last_at": START_NS + 7_000_000_000},
                "games": {**fails, "last_at": None},
            },
        }

    @override
    def clients(self) -> dict[str, Client]:
        """Two budgets; one service has told its time."""
        found = {"kalshi": Budget(70, 100, ClockSkew(1.5)), "balldontlie": Budget(4, 5)}
        return cast("dict[str, Client]", found)

    @override
    def skew_s(self) -> float:
        """By the answers of the venue."""
        return 1.5


@asynccontextmanager
async def fixed_engine(folder: Path, run: str = "prod-2026-11-20") -> AsyncIterator[FixedEngine]:
    """An engine in which nothing has happened yet."""
    url = f"sqlite:///{folder / 'tipoff.db'}"
    if not (folder / "tipoff.db").exists():
        create(url)
    settings = trading_settings(at_its_word(template(schema())), seed=1)
    writer = await trio.to_thread.run_sync(JournalWriter, url, run)
    plan = LivePlan(
        settings=settings,
        settings_digest=settings_digest(settings),
        run=run,
        writer=writer,
        recorder=None,
        clock=EveningClock(START_NS),
    )
    yield FixedEngine(plan, lambda _engine: ())
    writer.close()


def histogram(*values: float, bounds: tuple[float, ...] | None = None) -> Histogram:
    """A histogram of these values."""
    made = Histogram() if bounds is None else Histogram(bounds)
    for value in values:
        made.observe(value)
    return made


def fill_in(engine: FixedEngine) -> None:
    """Put a number of its own into every counter that the metrics read."""
    _fill_in_runtime(engine)
    _fill_in_way(engine)
    _fill_in_trading(engine)


def _fill_in_runtime(engine: FixedEngine) -> None:
    engine.phase = "running"
    engine.started_at = START_NS
    system = engine.system
    system.inputs, system.slow_inputs, system.slowest_input_ns = 1_001, 3, 250_000_000
    system.input_seconds = histogram(0.0004, 0.3)
    assert system.timing is not None
    system.timing.waits["feed"] = histogram(0.00002, bounds=MESSAGE_S)
    system.timing.works["risk_gate"] = histogram(0.002, 0.02, bounds=MESSAGE_S)
    system.asks_late, system.stale_refused, system.foreign_refused = 5, 6, 7
    system.lives.zombies = 1
    system.lives.reports.update({"ActorRestarted": 4, "listener_failed": 1})
    system.dispatcher.dead_letters = 8
    engine.restarts.counts["journal", "crashed"] = 2
    engine.restarts.counts["edge/observer", "killed"] = 1
    engine.heartbeats = Heartbeats(lambda: START_NS / 1e9 + 5)
    engine.heartbeats.next(engine.actors)
    engine.actors = (
        actor("journal", restarts=2, failures=3, depth=4, peak=50, handled=600),
        actor("edge/observer", "parked", refused=5, dropped=6, conflated=7),
        actor("games/2026-1", handled=10, depth=3, peak=5),
        actor("games/2026-2", "backoff", handled=20, depth=9, peak=4),
        actor("games", kind="supervisor", handled=99),
    )


def _fill_in_way(engine: FixedEngine) -> None:
    heard = engine.ingress.status
    heard.lines, heard.events, heard.not_recorded = 950, 800, ""
    heard.by_source["kalshi.ws"] = 901
    heard.last_at["kalshi.ws"] = START_NS + 9_000_000_000
    latency = engine.ingress.latency
    latency.decision_s, latency.durable_s = histogram(0.003), histogram(0.04, 3.0)
    status = engine.commit_queue.status
    status.committed_seq, status.transactions, status.facts = 321, 45, 321
    status.records, status.records_given_up, status.failures = 77, 11, 2
    status.failing, status.slowest_s = "no space", 0.75
    feed = FeedLine(
        connected=True,
        conn=3,
        gaps=2,
        losses=6,
        refused=9,
        last_book_at=None,
        lag_ms=40,
        venue_trading=True,
        trusted_books=13,
        books=17,
    )
    nothing = BandLine(pessimistic=Money(0), base=Money(0), optimistic=Money(0))
    engine.overview = Overview(
        run=None,
        version=None,
        started_at=None,
        at=Nanos(0),
        journal_seq=0,
        facts=0,
        at_risk=Money(0),
        positions=0,
        open_orders=0,
        band=nothing,
        feed=feed,
        halts=(),
        set_aside=(),
        quarantined=(),
        strategies_on=(),
        restarts=0,
        dead_letters=0,
        last_failure=None,
        since={},
    )


def _fill_in_trading(engine: FixedEngine) -> None:
    line = engine.tally.strategy("momentum")
    line.signals, line.near_misses, line.orders, line.fills = 21, 12, 9, 8
    line.contracts = Count(1_250)
    line.positions = {"KXNBAGAME-A": Count(100), "KXNBAGAME-B": Count(0)}
    line.denied, line.rejected = {"halted": 3, "a new reason": 1}, {"a new code": 2}
    line.cancelled = {"ioc": 2}
    engine.tally.strategy("another").denied = {"halted": 4}
    balances = engine.tally.ledger.balances
    balances[ledger.fees("momentum")] = Money(1_500_000)
    balances[ledger.result("momentum")] = Money(-4_000_000)
    for scope in ("all", "strategy:momentum", "quarantine:ev_multi", "quarantine:sharp_line"):
        engine.tally.halted[scope] = TradingHalted(scope, "halted", "operator", "why", Nanos(0))
    for scope, count in (("market:KXNBAGAME-A", 3), ("", 1)):
        aside = FactsSetAside(scope, 7, 9, count, "OrderFilled", "why", money=True, at=Nanos(0))
        engine.tally.set_aside[scope] = aside
    engine.tally.stages.open["o1"] = OrderStage.RESTING
    engine.tally.stages.ended[OrderStage.FILLED] = 8


def fixed_view(engine: LiveEngine, folder: Path) -> EngineView:
    """The engine with sources that miss a key, and a process that has counted something."""
    usual = template(schema())
    config = attrs.evolve(usual, engine=attrs.evolve(usual.engine, state_directory=folder))
    sources = FixedSources(config, Credentials())
    sources.degraded.append(HealthIssue("balldontlie", "there is no key"))
    counters = ProcessCounters(
        reloads=8,
        reload_failures=1,
        reloaded_at=1_795_217_402.5,
        notices=NothingDelivered(5, 6, 7),
        log_lines=lambda: {"info": 30, "warning": 2},
        log_dropped=lambda: 3,
        log_sink_dropped=lambda: 4,
        watchdog_at=lambda: 1_795_217_401.5,
    )
    loop = counters.loop
    loop.steps, loop.slow_steps, loop.slowest_ns = 5_000, 4, 400_000_000
    return EngineView(engine, sources, config, counters)

"""The figures of a live engine, as the metrics want them: read from its counters, never by waiting.

Made by `run` for one `LiveEngine`. What only an actor or the disk can tell is fetched by `follow` every few
seconds, beside the answers, and kept. Changes nothing.
"""

import platform
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import attrs
import trio

from actors.addresses import OBSERVER
from actors.messages import FeedSnapshot
from actors.observer import OVERVIEW
from actors.read_model.views import Look, Overview
from actors.runtime import ActorStatus, AskError, LoopWatch, SystemEnded
from engine.risk import EVERYTHING
from engine.units import COUNT_ONE, MONEY_ONE, NANOS_PER_SECOND
from tipoff import __version__
from tipoff.json_types import Json
from tipoff.live.engine import LiveEngine
from tipoff.logs.structured import Logs
from tipoff.metrics.snapshot import (
    ActorSnapshot,
    JournalSnapshot,
    LimiterSnapshot,
    LoopSnapshot,
    MarketSnapshot,
    ProcessSnapshot,
    RuntimeSnapshot,
    SourceSnapshot,
    StrategySnapshot,
    TradingSnapshot,
)
from venues.transport.client import Client

FOLLOW_S = 5.0
"""So often what cannot be read from memory is fetched."""

FOLLOW_S_MAX = 4.0
"""What takes longer is left as it was."""


@attrs.define(kw_only=True)
class ProcessCounters:
    """What the daemon around the engine knows and counts; whoever does it writes it here."""

    engine: str = "tipoff"
    environment: str = "demo"
    folder: Path = Path()
    database: Path | None = None
    """The file of the database; None is a server's."""
    port: int | None = None
    """Where the metrics are served; 0 while they cannot be, None before that is known."""
    control: bool = False
    """Whether the control socket can be connected to."""
    watch: LoopWatch | None = None
    sources: Callable[[], Mapping[str, Json]] = dict
    """What `Sources.status` tells."""
    complaints: Callable[[], Sequence[str]] = list
    log_lines: Callable[[], Mapping[str, int]] = dict
    log_dropped: Callable[[], int] = int
    log_unkept: Callable[[], int] = int
    logs: Logs | None = None
    """The log of the process, whose level can be asked for and changed."""
    notices: Callable[[], tuple[int, int, int]] = lambda: (0, 0, 0)
    """Messages to people: sent, failed, dropped."""
    watchdog_at: Callable[[], float] = float
    clients: Callable[[], Mapping[str, Client]] = dict
    """Who asks each service."""
    reloading: Callable[[bool], None] = lambda _begins: None
    """Is told that a reload begins (True) and that it is over."""
    reloads: int = 0
    reload_failures: int = 0
    reloaded_at: float = 0.0


class EngineSnapshots:
    """`Snapshots` of one live engine."""

    def __init__(self, engine: LiveEngine, beside: ProcessCounters) -> None:
        """Look at nothing yet."""
        self.beside = beside
        self._engine = engine
        self._overview: Overview | None = None
        self._feed: FeedSnapshot | None = None
        self._bytes = self._free = 0

    async def follow(self) -> None:
        """Fetch what must be waited for, until cancelled."""
        while True:
            with trio.move_on_after(FOLLOW_S_MAX):
                await self.look()
            await trio.sleep(FOLLOW_S)

    async def look(self) -> None:
        """Fetch it once; what cannot be had stays as it was."""
        if self._engine.running:
            try:
                overview = await self._engine.ask(OBSERVER, Look(OVERVIEW))
            except (AskError, SystemEnded):
                overview = None
            self._overview = overview if isinstance(overview, Overview) else self._overview
            with suppress(AskError, SystemEnded):
                self._feed = await self._engine.feed()
        self._bytes, self._free = await trio.to_thread.run_sync(self._room, abandon_on_cancel=True)

    def process(self) -> ProcessSnapshot:
        """Numbers of the process."""
        engine, beside = self._engine, self.beside
        sent, failed, dropped = beside.notices()
        return ProcessSnapshot(
            version=__version__,
            python=platform.python_version(),
            engine=beside.engine,
            environment=beside.environment,
            run=engine.plan.run,
            phase=engine.phase,
            started_at=(engine.started_at or 0) / NANOS_PER_SECOND,
            degraded=len(beside.complaints()),
            reloads=beside.reloads,
            reload_failures=beside.reload_failures,
            reloaded_at=beside.reloaded_at,
            watchdog_at=beside.watchdog_at(),
            log_lines=beside.log_lines(),
            log_dropped=beside.log_dropped(),
            log_unkept=beside.log_unkept(),
            notices_sent=sent,
            notices_failed=failed,
            notices_dropped=dropped,
        )

    def loop(self) -> LoopSnapshot:
        """Numbers of the loop."""
        system, watch, latency = self._engine.system, self.beside.watch, self._engine.hearing.latency
        return LoopSnapshot(
            steps=watch.steps if watch else 0,
            slow_steps=watch.slow_steps if watch else 0,
            slowest_step_s=watch.slowest_ns / NANOS_PER_SECOND if watch else 0.0,
            inputs=system.inputs,
            slow_inputs=system.slow_inputs,
            slowest_input_s=system.slowest_input_ns / NANOS_PER_SECOND,
            waits=system.timing.waits if system.timing else {},
            works=system.timing.works if system.timing else {},
            input_s=system.input_seconds,
            decision_s=latency.decision_s,
            durable_s=latency.durable_s,
            heartbeats=self._engine.heartbeats.timestamps(),
        )

    def actors(self) -> Sequence[ActorSnapshot]:
        """Every actor, the supervisors left out."""
        return [_actor(each) for each in self._engine.status() if each.kind != "supervisor"]

    def runtime(self) -> RuntimeSnapshot:
        """Numbers of the runtime."""
        system = self._engine.system
        return RuntimeSnapshot(
            reports=dict(system.lives.reports),
            restarts=self._engine.restarts.counts,
            zombies=system.lives.zombies,
            dead_letters=system.dispatcher.dead_letters,
            asks_open=len(system.asks),
            asks_late=system.asks_late,
            stale_refused=system.stale_refused,
            foreign_refused=system.foreign_refused,
        )

    def sources(self) -> Sequence[SourceSnapshot]:
        """The stream, the polls, and what came through each service."""
        told = self.beside.sources()
        heard = self._engine.hearing.status
        found = []
        stream, polls = told.get("stream"), told.get("polls")
        if isinstance(stream, Mapping):
            found.append(
                SourceSnapshot(
                    name="stream",
                    up=bool(stream["connected"]),
                    last_at=heard.last_at.get("kalshi.ws", 0) / NANOS_PER_SECOND,
                    messages=_whole(stream["frames"]),
                    failures=self._overview.feed.losses if self._overview else 0,
                    connections=_whole(stream["attempts"]),
                )
            )
        for name, poll in (polls if isinstance(polls, Mapping) else {}).items():
            if isinstance(poll, Mapping):
                found.append(_poll(name, poll))
        return found

    def limiters(self) -> Sequence[LimiterSnapshot]:
        """What may still be asked of each service."""
        return [
            LimiterSnapshot(name=name, tokens=client.tokens, tokens_max=client.tokens_max)
            for name, client in self.beside.clients().items()
        ]

    def market(self) -> MarketSnapshot:
        """Numbers of the feed, as of the last look."""
        overview = self._overview
        if overview is None:
            return MarketSnapshot(clock_skew_s=self._clock_skew_s())
        feed = overview.feed
        return MarketSnapshot(
            frames=self._engine.hearing.status.by_source["kalshi.ws"],
            gaps=feed.gaps,
            duplicates=0 if self._feed is None else self._feed.duplicates + self._feed.old,
            refused=feed.refused,
            books={"trusted": feed.trusted_books, "stale": feed.books - feed.trusted_books},
            games=sum(1 for each in self._engine.status() if str(each.address).startswith("games/")),
            markets=feed.books,
            clock_skew_s=self._clock_skew_s(),
            lag_s=_lag_s(self.beside.sources()),
        )

    def journal(self) -> JournalSnapshot:
        """Numbers of the journal and the recording."""
        durable, heard = self._engine.durable, self._engine.hearing.status
        status = durable.status
        return JournalSnapshot(
            seq=status.committed_seq,
            waiting=durable.waiting,
            waiting_records=durable.waiting_records,
            lag_s=self._engine.hearing.latency.lag_s,
            transactions=status.transactions,
            failures=status.failures,
            failing=bool(status.failing),
            records=status.records,
            records_given_up=status.records_given_up,
            slowest_s=status.slowest_s,
            recording=not heard.not_recorded,
            recorded_lines=heard.lines,
            database_bytes=self._bytes,
            disk_free_bytes=self._free,
        )

    def trading(self) -> TradingSnapshot:
        """Numbers of the trading, from what is durable."""
        tally = self._engine.tally
        denied: Counter[str] = Counter()
        rejected: Counter[str] = Counter()
        cancelled: Counter[str] = Counter()
        for line in tally.strategies.values():
            denied.update(line.denied)
            rejected.update(line.rejected)
            cancelled.update(line.cancelled)
        names = [plan.name for plan in self._engine.plan.settings.strategies]
        return TradingSnapshot(
            strategies=[self._strategy(name) for name in dict.fromkeys((*names, *tally.strategies))],
            denied=denied,
            rejected=rejected,
            cancelled=cancelled,
            halts=Counter(_kind(scope) for scope in tally.halted),
            orders=tally.stages.counts(),
            imbalance=sum(tally.ledger.balances.values()) / MONEY_ONE,
        )

    def _clock_skew_s(self) -> float | None:
        """By the answers of the service whose signatures carry our time."""
        client = self.beside.clients().get("kalshi")
        return None if client is None or client.skew is None else client.skew.seconds

    def _strategy(self, name: str) -> StrategySnapshot:
        tally = self._engine.tally
        line = tally.strategies.get(name)
        if line is None:
            return StrategySnapshot(name=name)
        return StrategySnapshot(
            name=name,
            signals=line.signals,
            near_misses=line.near_misses,
            orders=line.orders,
            fills=line.fills,
            contracts=line.contracts / COUNT_ONE,
            positions=sum(1 for held in line.positions.values() if held),
            fees=tally.fees(name) / MONEY_ONE,
            realized=tally.realized(name) / MONEY_ONE,
        )

    def _room(self) -> tuple[int, int]:
        file, size = self.beside.database, 0
        for part in (file, Path(f"{file}-wal")) if file is not None else ():
            size += part.stat().st_size if part.exists() else 0
        return size, shutil.disk_usage(self.beside.folder).free


def _actor(status: ActorStatus) -> ActorSnapshot:
    return ActorSnapshot(
        name=str(status.address),
        state=status.state,
        restarts=status.restarts,
        failures=status.failures,
        depth=status.depth,
        peak=status.peak,
        capacity=status.capacity,
        handled=status.handled,
        refused=status.refused,
        dropped=status.dropped,
        conflated=status.conflated,
    )


def _poll(name: str, poll: Mapping[str, Json]) -> SourceSnapshot:
    return SourceSnapshot(
        name=name,
        up=not poll["failures_in_row"] and not poll["stopped"],
        last_at=_whole(poll["last_at"]) / NANOS_PER_SECOND,
        messages=_whole(poll["polls"]),
        failures=_whole(poll["failures"]),
    )


def _kind(scope: str) -> str:
    return EVERYTHING if scope == EVERYTHING else scope.partition(":")[0]


def _whole(value: Json) -> int:
    return int(value) if isinstance(value, int | float) else 0


def _lag_s(sources: Mapping[str, Json]) -> float:
    """How far the stream is behind the venue, in seconds; 0 without a stream."""
    stream = sources.get("stream")
    found = stream.get("lag_s") if isinstance(stream, Mapping) else None
    return found if isinstance(found, float) else 0.0

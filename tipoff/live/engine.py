"""The live engine: the tree of actors on trio, fed by recorded inputs, made durable beside the loop.

The live twin of `tipoff.replay.session`: `run`, `demo` and tests make one, start `run` in a nursery, and end
it by `tipoff.process.shutdown.stop_engine`. It is also what control socket, metrics and pages are given: they
ask, read the status, and act; each act is an input like any other. It does not know its sources.
"""

import json
import logging
from collections.abc import Callable, Iterable
from typing import Final

import attrs
import trio

from actors.addresses import (
    JOURNAL,
    MARKET_FEED,
    OPERATOR,
    RISK_GATE,
    SCHEDULE,
    game_address,
)
from actors.messages import (
    Commit,
    FeedSnapshot,
    ListingWanted,
    LoadedWanted,
    Operate,
    OperationDone,
    RunEnds,
    StateWanted,
)
from actors.runtime import (
    ASK_TIMEOUT_NS,
    ActorStatus,
    Address,
    AnySpec,
    AskError,
    SupervisorReport,
    SystemEnded,
)
from engine.facts import RunEnded, RunStarted
from engine.game import Game
from engine.invariant import InvariantBroken
from engine.schedule import ListedGame
from engine.units import NANOS_PER_SECOND, Nanos
from persistence.records import Record
from persistence.writer import JournalWriter
from tipoff import __version__
from tipoff.live.clock import EveningClock
from tipoff.live.commit_queue import CommitQueue
from tipoff.live.crash_log import log_report
from tipoff.live.heartbeats import HEARTBEAT_S, Heartbeats, timed_as
from tipoff.live.ingress import Ingress
from tipoff.live.latency_readings import LatencyReadings
from tipoff.live.restart_counts import RestartCounts
from tipoff.live.snapshots import Snapshots
from tipoff.live.stamped_system import StampedSystem
from tipoff.runs.configuration import configuration_text
from tipoff.runs.market_records import MarketRecords
from tipoff.runs.recorded_inputs import (
    ENDED,
    OPERATE,
    OPERATION_DONE,
    RESTART,
    STARTED,
    Started,
    Unread,
    operate_text,
    operation_done_text,
)
from tipoff.runs.run_fold import RunFold
from tipoff.runs.settings import TradingSettings, openings, parts_of
from tipoff.wiring import tree
from venues.recordings.line_kinds import LOST
from venues.recordings.recorder import Recorder

log = logging.getLogger("tipoff.engine")

TICK_S: Final = 60.0
"""So often time is written down, so that a cut recording replays its timers up to its last minute."""


LAST_WORDS_S_MAX: Final = 0.5
"""So long a failed engine waits for what is handed over to become durable: it shall be started again soon."""


@attrs.frozen(kw_only=True)
class LivePlan:
    """What a live engine is made of."""

    settings: TradingSettings
    settings_digest: str
    run: str
    writer: JournalWriter
    recorder: Recorder | None
    clock: EveningClock
    past: RunFold | None = None
    """What earlier processes of the same run have made durable, folded; used up by the engine."""
    snapshot_entries: int = 0
    """After so many entries of the journal a snapshot of what they were folded to is due; zero: never."""
    rows_max: int = 512
    disk_free_megabytes_min: int = 0
    flush_ms_max: int = 1_000
    """No line waits longer than this for being flushed, in milliseconds of the wall clock."""


class LiveEngine:
    """One process of one run."""

    def __init__(self, plan: LivePlan, edges: Callable[["LiveEngine"], tuple[AnySpec, ...]]) -> None:
        """Make it without starting anything, inside `trio.run`. `edges` makes the actors that do I/O."""
        self.plan = plan
        past = plan.past or RunFold(plan.settings)
        self.entries_before = past.entries
        """How many entries of the journal earlier processes of the run have made."""
        self._unread, self.tally = past.unread, past.tally
        history = past.history()
        self.market_records = MarketRecords(self._add_records)
        self.ingress = Ingress(plan.recorder, self.market_records.on_input)
        self.commit_queue = CommitQueue(plan.writer, self.ingress, plan.rows_max, self.tally)
        self.snapshots = Snapshots(plan.writer, self.commit_queue, plan.settings)
        self.phase = "starting"
        self.shutdown_step: Callable[[], str] = str
        """The step of the stop that is under way; set by the code that stops the engine."""
        self.started_at: int | None = None
        self.failure: Exception | None = None
        """What ended the engine, if nobody asked for its end."""
        self.last_words: list[Callable[[], None]] = []
        """Called when the engine fails, while storing still works: whoever holds records hands them on."""
        parts = parts_of(plan.settings, history, self.commit_queue, lambda: self.ingress.seq)
        # A live writer does not answer by itself: the commit comes back as a recorded input, which a replay
        # plays.
        parts = attrs.evolve(parts, next_seq=plan.writer.stored_seq + 1, writer_answers=False, watched=True)
        parts = attrs.evolve(parts, sources=edges(self), keep_bars=self.market_records.add_bars)
        self.system = StampedSystem(tree(parts), plan.settings.seed, plan.clock)
        self.system.measure(timed_as)
        self.restarts = RestartCounts()
        self.system.lives.on_report = self._on_report
        self.heartbeats = Heartbeats()
        latency = self.ingress.latency
        self.latency_readings = LatencyReadings(latency.decision_s, latency.durable_s)
        self.system.on_heartbeat = self.heartbeats.passed
        # Tied afterwards: the tree is made of parts that need the ingress, and the ingress needs the tree.
        self.ingress.attach(self.system)

    # Life

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Start, and live until the tree stops.

        Raises Escalated, StartFailed or EngineBroken, in a group, if that is how it ended.
        """
        async with trio.open_nursery() as nursery:
            at = self.started_at = self._write_down_start()
            # Nothing stores or ticks yet: all of the start bears the stamp of the first line, as it does in
            # a replay.
            await nursery.start(self._tree, nursery.cancel_scope)
            self._begin(at)
            nursery.start_soon(self.commit_queue.run)
            nursery.start_soon(self._tick)
            nursery.start_soon(self._flush)
            nursery.start_soon(self._beat)
            if every := self.plan.snapshot_entries:
                nursery.start_soon(self.snapshots.run, every)
            self.phase = "running"
            task_status.started()
        self.phase = "stopped"

    async def _tree(self, beside: trio.CancelScope, task_status: trio.TaskStatus[None]) -> None:
        """The tree's life; what runs beside it ends with it, and not before it has said how it ended."""
        try:
            await self.system.run(task_status)
        except Exception as error:
            await self._fail(error)
            raise
        beside.cancel()

    async def _fail(self, error: Exception) -> None:
        """Say why it is over, in the log and in the database; nobody may cut that short."""
        self.failure, self.phase = error, "stopping"
        log.critical("the engine gives up: %s: %s", type(error).__name__, error)
        for hand_on in self.last_words:
            hand_on()
        # What was decided since an invariant broke may rest on it, so it must not become durable.
        if not isinstance(error, InvariantBroken):
            with trio.move_on_after(LAST_WORDS_S_MAX, shield=True):
                await self.commit_queue.drain()

    def _write_down_start(self) -> int:
        plan = self.plan
        started = Started(
            run=plan.run,
            next_seq=plan.writer.stored_seq + 1,
            seed=plan.settings.seed,
            settings_digest=plan.settings_digest,
            version=__version__,
            unread=tuple(
                Unread(seq, fact.kind, fact.body, fact.subject, fact.why)
                for seq, fact in self._unread.items()
            ),
        )
        return self.ingress.command(STARTED, started.text())

    def _begin(self, at: int) -> None:
        """The run's first fact and the strategies' accounts, all at the moment of the first line."""
        plan, seed = self.plan, self.plan.settings.seed
        keys = configuration_text(plan.settings)
        first = RunStarted(plan.run, __version__, plan.settings_digest, seed, Nanos(at), keys)
        self.system.put_at(at, JOURNAL, Commit("run", (first,)))
        for address, message in openings(plan.settings):
            self.system.put_at(at, address, message)
        self.system.begin()

    async def _tick(self) -> None:
        while True:
            await trio.sleep(TICK_S)
            self.ingress.require_space(self.plan.disk_free_megabytes_min)
            self.ingress.tick()
            await self.sample_books()

    async def sample_books(self) -> None:
        """Keep the books that moved, so that a stored run values what is open at late prices, not first ones.

        A game that does not answer is left out: its actor is being restarted, or everything ends.
        """
        try:
            listing = await self.listing()
            games = await self._states(listing)
        except (AskError, SystemEnded) as error:
            log.info("no samples of the books this time: %s", error)
            return
        self.market_records.add_games(listing, games)

    async def _flush(self) -> None:
        """Bound what a kill costs the recording: a quiet evening has no next line that would flush."""
        while True:
            await trio.sleep(self.plan.flush_ms_max / 1_000)
            self.ingress.flush()

    async def _beat(self) -> None:
        """Send heartbeats; they are stamped like an ask, and like an ask they are not written down."""
        while True:
            if self.running:
                beat = self.heartbeats.next(self.status())
                self.system.put_at(self.system.stamp(), MARKET_FEED, beat)
                self.latency_readings.read(self.now // NANOS_PER_SECOND)
            await trio.sleep(HEARTBEAT_S)

    def lose_feed(self, conn: int, reason: str) -> None:
        """Mark every book of a connection stale, as of the last input: nothing was received since then."""
        # Not now but then: after a standstill "now" would make timers fire on books that nobody has
        # refreshed.
        with self.system.at(self.system.now):
            self.ingress.stream(conn, LOST, json.dumps({"reason": reason}))

    def close_ingress(self) -> None:
        """Stop taking inputs from venues; the gate then passes no order, since no book is current."""
        self.phase = "stopping"
        self.ingress.closed = True
        self.ingress.tick()

    def end_run(self, reason: str) -> None:
        """Write into the journal that the run has ended."""
        at = self.ingress.command(ENDED, reason)
        self.system.put_at(at, RISK_GATE, RunEnds())
        self.system.put_at(at, JOURNAL, Commit("run", (RunEnded(self.plan.run, reason, Nanos(at)),)))

    # For control socket, metrics and pages

    @property
    def now(self) -> int:
        """The stamp of the last input (UTC nanoseconds)."""
        return self.system.now

    @property
    def running(self) -> bool:
        """Whether the tree is started and not stopping."""
        return self.system.running

    @property
    def starting(self) -> bool:
        """Whether the tree is being started."""
        return self.system.starting

    async def ask(self, address: Address, message: object, timeout_ns: int = ASK_TIMEOUT_NS) -> object:
        """Ask and wait. What changes something is written down first. Raises an AskError or SystemEnded."""
        # A question is only stamped: it changes nothing, so a replay can do without it.
        at = self.system.stamp()
        if isinstance(message, Operate) and address == OPERATOR:
            at = self.ingress.command(OPERATE, operate_text(message))
        elif isinstance(message, OperationDone) and address == OPERATOR:
            at = self.ingress.command(OPERATION_DONE, operation_done_text(message))
        return await self.system.ask_at(at, address, message, timeout_ns)

    def status(self) -> tuple[ActorStatus, ...]:
        """Every child of the tree, in start order."""
        return self.system.status()

    def restart(self, address: Address) -> bool:
        """Replace a life by a new one; False if there is no such child."""
        if self.system.status_of(address) is None:
            return False
        # Written down first, so that a replay gives the actor its new life at the same place.
        with self.system.at(self.ingress.command(RESTART, str(address))):
            return self.system.restart(address)

    def revive(self, address: Address) -> bool:
        """Bring a parked or stopped child back; False if it is neither."""
        found = self.system.status_of(address)
        if found is None or found.state not in ("parked", "down"):
            return False
        return self.restart(address)

    async def listing(self) -> dict[str, ListedGame]:
        """The games that the schedule knows, by id."""
        listed = await self.system.ask(SCHEDULE, ListingWanted())
        assert isinstance(listed, dict)  # noqa: S101 - the schedule answers with its list
        return listed

    async def loaded(self) -> dict[str, tuple[str, ...]]:
        """The games that an operator had followed, by id, with the venue's events of each."""
        loaded = await self.system.ask(SCHEDULE, LoadedWanted())
        assert isinstance(loaded, dict)  # noqa: S101 - the schedule answers with what it keeps
        return loaded

    async def games(self) -> dict[str, Game]:
        """The games as they stand, by id, in the order in which they were found."""
        return await self._states(await self.listing())

    async def _states(self, names: Iterable[str]) -> dict[str, Game]:
        games: dict[str, Game] = {}
        for name in names:
            state = await self.system.ask(game_address(name), StateWanted())
            assert isinstance(state, Game)  # noqa: S101 - a game answers with itself
            games[name] = state
        return games

    async def feed(self) -> FeedSnapshot:
        """What the market feed has counted."""
        counts = await self.system.ask(MARKET_FEED, StateWanted())
        assert isinstance(counts, FeedSnapshot)  # noqa: S101
        return counts

    def _add_records(self, records: list[Record]) -> None:
        self.commit_queue.add_records(records)

    def _on_report(self, report: SupervisorReport) -> None:
        self.restarts.on_report(report)
        log_report(report, self.system.dispatcher.last_dead_letters)

"""The live system: the same dispatcher on trio's thread, with real time and I/O tasks around it.

Run by the daemon inside `trio.run`. Inputs are stamped here, by a clock that is anchored once and never
jumps; other threads enter by `TrioToken.run_sync_soon` only, behind an admission limit.
"""

import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import trio

from actors.runtime.asks import ASK_TIMEOUT_NS
from actors.runtime.behaviour import Address, ChildSpec, ExitReason, SupervisorSpec
from actors.runtime.cells import Cell, Life, Reply
from actors.runtime.edge import EdgeHost, EffectsOverflow, TaskEdge
from actors.runtime.histograms import Histogram
from actors.runtime.loop_actor import LoopHost
from actors.runtime.specs import Kind
from actors.runtime.system import System
from actors.runtime.timing import INPUTS_EVERY, StageOf, Timing
from engine.invariant import InvariantBroken

FOREIGN_INPUTS_MAX = 10_000
"""Inputs from other threads that may wait for the loop; one more is refused."""

SLOW_INPUT_NS = 100_000_000
"""An input that is worked on for longer than this is counted as slow."""

NANOS = 1_000_000_000


class LoopBusy(RuntimeError):
    """Too many inputs from other threads wait for the loop; nothing was put in."""


class WrongThread(RuntimeError):
    """Something that belongs to the loop's thread was called from another; use `put_from_thread`."""


class AnchoredClock:
    """UTC nanoseconds that never jump: the wall clock is read once, after that trio's monotonic clock
    counts.
    """

    def __init__(self, wall_ns: int | None = None) -> None:
        """Anchor now; `wall_ns` replaces the reading of the wall clock. Inside `trio.run` only."""
        self._wall_ns = time.time_ns() if wall_ns is None else wall_ns
        self._started = trio.current_time()

    def __call__(self) -> int:
        """The time now."""
        # The wall clock is corrected while the daemon runs; a stamp that went back would reorder inputs, and
        # one that jumped forward would fire timers and make every feed look stale.
        return self._wall_ns + round((trio.current_time() - self._started) * NANOS)

    def trio_time(self, at_ns: int) -> float:
        """The same moment on trio's clock."""
        return self._started + (at_ns - self._wall_ns) / NANOS

    def nanos_of_world(self, world_ns: int) -> int:
        """How far this clock goes while `world_ns` pass outside."""
        return world_ns


class LiveSystem(System):
    """One engine on trio. Make it inside `trio.run`, then `await run()`."""

    def __init__(self, tree: SupervisorSpec, seed: int = 0, clock: AnchoredClock | None = None) -> None:
        """Make it without starting anything."""
        self.clock = clock if clock is not None else AnchoredClock()
        # Cancelled is never an actor's failure: swallowing it would leave a nursery that cannot end.
        interrupts = (KeyboardInterrupt, InvariantBroken, trio.Cancelled)
        super().__init__(tree, self.clock(), seed, interrupts)
        self._loop_host = LoopHost(self)
        self.lives.hosts[Kind.EDGE] = EdgeHost(self)
        self.lives.nanos_of_world = self.clock.nanos_of_world
        self.token = trio.lowlevel.current_trio_token()
        self.started = trio.Event()
        self.stopped = trio.Event()
        self.slow_inputs = 0
        self.slowest_input_ns = 0
        self.input_seconds = Histogram()
        self.timing: Timing | None = None
        self.foreign_refused = 0
        self.stale_refused = 0
        self._busy_since: int | None = None
        self._thread = threading.get_ident()
        self._foreign_waiting = 0
        # `run_sync_soon` never blocks and its queue has no bound: 200,000 calls were queued while the loop
        # was busy. Without a count of our own a thread could get past every mailbox limit.
        self._foreign_lock = threading.Lock()
        self._nursery: trio.Nursery | None = None
        self._nurseries: dict[Address, trio.Nursery] = {}
        self._opening: dict[Address, list[tuple[Address, Callable[[], Awaitable[None]]]]] = {}
        self._rearm = trio.Event()
        self._armed_for: int | None = None

    def measure(self, stage_of: StageOf, every: int = INPUTS_EVERY) -> None:
        """Time the messages of one input in `every`, by stage; only before anything is started."""
        self.timing = Timing(self.dispatcher, stage_of, every)
        self.lives.timed = self.timing.wrap

    # -- running

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Start the tree, and live until it has stopped. `started` is set, and `task_status` told, when all
        are ready.

        Raises `StartFailed` or `Escalated` if that is how it ended. Cancelling this stops nothing in an
        orderly way: call `stop` first.
        """
        try:
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                nursery.start_soon(self._fire_timers)
                with self.operation():
                    self._start()
                nursery.start_soon(self._announce_start, task_status)
                await self.stopped.wait()
                nursery.cancel_scope.cancel()
        except BaseExceptionGroup as group:
            # trio wraps whatever leaves a nursery in groups; the exit code depends on this one error, however
            # deep it is.
            broken = _first(group, InvariantBroken)
            if broken is not None:
                raise broken from group
            raise
        finally:
            self._nursery = None
        if self.ended is not None and self.ended[1] is not None:
            raise self.ended[1]

    async def stop(self) -> None:
        """Stop the tree in reverse order, and wait until it has."""
        if not self.alive:
            return
        with self.operation():
            self.root.stop(ExitReason.SHUTDOWN)
            self.lives.settle()
        await self.stopped.wait()

    # -- inputs

    def put(self, address: Address, message: object) -> int:
        """Stamp one input with the time now, deliver it, and drain the queue; returns the stamp."""
        self._require_loop()
        if self.timing is not None:
            self.timing.next_input()
        began = self._busy_since = time.perf_counter_ns()
        at = self._stamp()
        try:
            self._put_at(address, message, at)
        finally:
            self._busy_since = None
            self._count_time(time.perf_counter_ns() - began)
            self._arm()
        return at

    def put_from_thread(self, address: Address, message: object) -> None:
        """Put one input in from another thread. Raises `LoopBusy` if too many wait, `trio.RunFinishedError`
        after the end.
        """
        self._enter_from_thread(lambda: self._put_foreign(address, message))

    async def ask(self, address: Address, message: object, timeout_ns: int = ASK_TIMEOUT_NS) -> object:
        """Ask, and wait for the answer. Raises an `AskError` if none comes in time, at once if none can
        come.
        """
        self._require_loop()
        with self._working():
            reply = self._post_at(self._stamp(), address, message, timeout_ns)
        return await _awaited(reply)

    @contextmanager
    def operation(self) -> Iterator[None]:
        """Let time pass until now, do something to the tree, and work on what follows from it."""
        self._require_loop()
        with self._working():
            if not self.dispatcher.draining:
                self._pass_time(self._stamp())
            with super().operation():
                yield

    # -- for hosts

    def begin_on_loop(self, life: Life, spec: ChildSpec) -> None:
        """Begin the part of a life that runs on the loop."""
        self._loop_host.start(life, spec)

    def acknowledge(self, life: Life) -> None:
        """A life became ready, from the side of its task."""
        with self.operation():
            self.lives.ready(life)

    def spawn(self, address: Address, task: Callable[[], Awaitable[None]]) -> None:
        """Run the task of this actor in the nursery of its supervisor, which is open while it has any
        task.
        """
        if self._nursery is None:
            raise RuntimeError("the engine does not run")
        supervisor = address.parent
        nursery = self._nurseries.get(supervisor)
        # A nursery without tasks is about to close, or has closed: a task started there would raise or be
        # lost.
        if nursery is not None and nursery.child_tasks:
            nursery.start_soon(task, name=str(address))
        elif supervisor in self._opening:
            self._opening[supervisor].append((address, task))
        else:
            self._opening[supervisor] = [(address, task)]
            self._nursery.start_soon(self._supervise, supervisor, name=f"supervisor {supervisor or 'root'}")

    async def _supervise(self, supervisor: Address) -> None:
        async with trio.open_nursery() as nursery:
            self._nurseries[supervisor] = nursery
            for address, task in self._opening.pop(supervisor):
                nursery.start_soon(task, name=str(address))

    def perform(self, life: Life, effect: object) -> None:
        """Hand an effect to the actor's I/O task."""
        edge = life.vessel
        if isinstance(edge, TaskEdge) and not edge.take(effect):
            self.lives.end(
                life, ExitReason.CRASHED, EffectsOverflow(f"{life.cell.address}: the task does not keep up")
            )

    @property
    def busy_since(self) -> int | None:
        """When the work on the present input began (by `time.perf_counter_ns`); None between two inputs."""
        return self._busy_since

    def busy_with(self) -> tuple[str, int] | None:
        """The actor being run and for how long (nanoseconds), or None. May be called from any thread."""
        began, target = self._busy_since, self.dispatcher.entry[0]
        if began is None:
            return None
        return str(target.address) if isinstance(target, Cell) else "", time.perf_counter_ns() - began

    # -- inside

    def _stamp(self) -> int:
        """Now, but never before what has been worked on already."""
        # A timer fires with its due time, which the floats of trio's clock may put a nanosecond ahead of
        # ours; a stamp before that would be refused.
        return max(self.clock(), self.dispatcher.now)

    def _put_foreign(self, address: Address, message: object) -> None:
        with self._foreign_lock:
            self._foreign_waiting -= 1
        if self.alive:
            # Between the call in the thread and this moment the engine may have ended: a late thread is no
            # error.
            self.put(address, message)

    def _enter_from_thread(self, call: Callable[[], None]) -> None:
        with self._foreign_lock:
            if self._foreign_waiting >= FOREIGN_INPUTS_MAX:
                self.foreign_refused += 1
                raise LoopBusy(f"{FOREIGN_INPUTS_MAX} inputs from other threads wait for the loop")
            self._foreign_waiting += 1
        self.token.run_sync_soon(call)

    @contextmanager
    def _working(self) -> Iterator[None]:
        """Time what is done inside, unless it is part of something that is being timed already."""
        outermost = self._busy_since is None
        began = time.perf_counter_ns()
        if outermost:
            self._busy_since = began
            if self.timing is not None:
                self.timing.next_input()
        try:
            yield
        finally:
            if outermost:
                self._busy_since = None
                self._count_time(time.perf_counter_ns() - began)
            self._arm()

    def _count_time(self, took_ns: int) -> None:
        self.input_seconds.observe(took_ns / NANOS)
        self.slowest_input_ns = max(self.slowest_input_ns, took_ns)
        if took_ns > SLOW_INPUT_NS:
            self.slow_inputs += 1

    def _require_loop(self) -> None:
        if threading.get_ident() != self._thread:
            raise WrongThread("only the loop's own thread may do this; others use put_from_thread")

    def _arm(self) -> None:
        """Wake the timer task if a timer is due before the moment it sleeps until."""
        due = self.dispatcher.timers.next_due()
        if due is not None and (self._armed_for is None or due < self._armed_for):
            self._rearm.set()

    async def _fire_timers(self) -> None:
        """Sleep until the next timer is due, and fire it with its due time as now."""
        while True:
            self._rearm = trio.Event()
            due = self._armed_for = self.dispatcher.timers.next_due()
            if due is None:
                await self._rearm.wait()
                continue
            with trio.move_on_at(self.clock.trio_time(due)):
                await self._rearm.wait()
            # An earlier timer was set meanwhile: sleep again until that one.
            if not self._rearm.is_set() and self.alive:
                with self._working():
                    # The due time, not the time of waking: a replay has no lateness, and must see the same
                    # stamp.
                    self._pass_time(max(due, self.dispatcher.now))

    async def _announce_start(self, task_status: trio.TaskStatus[None]) -> None:
        await self.started.wait()
        task_status.started()

    def _root_ready(self) -> None:
        super()._root_ready()
        self.started.set()

    def _root_ended(self, reason: ExitReason, error: BaseException | None) -> None:
        super()._root_ended(reason, error)
        self.stopped.set()


def _first(group: BaseExceptionGroup[BaseException], kind: type[InvariantBroken]) -> InvariantBroken | None:
    """The first error of this kind in a group of groups."""
    for error in group.exceptions:
        found = _first(error, kind) if isinstance(error, BaseExceptionGroup) else error
        if isinstance(found, kind):
            return found
    return None


async def _awaited(reply: Reply) -> object:
    if not reply.done:
        settled = trio.Event()
        reply.listeners.append(lambda _reply: settled.set())
        await settled.wait()
    return reply.result()

"""Lives: how one begins in a cell, how it ends, and everything that must end with it.

Between the supervisors, which decide, and the hosts, which run a life on the loop or beside a task. Also
keeps the agenda of supervisors that have something to do.
"""

import hashlib
from collections import deque
from collections.abc import Callable

from actors.runtime import mailboxes
from actors.runtime.asks import ActorDead
from actors.runtime.behaviour import TOPIC_SUPERVISION, Address, Behaviour, ChildSpec, ExitReason
from actors.runtime.cells import Cell, Fate, Life, Receive, Timer
from actors.runtime.children import Child, ChildState, Parent
from actors.runtime.dispatcher import Dispatcher
from actors.runtime.faults import Faults
from actors.runtime.hosts import GRACE_NS, Host, Killed, StartTimeout, StopTimeout
from actors.runtime.reports import (
    ActorExited,
    ActorRestarted,
    ActorStarted,
    SupervisorReport,
    Terminated,
    ZombieDeclared,
    text_of,
)
from actors.runtime.specs import SECOND_NS, Kind


class Lives:
    """All lives of one engine, past and present."""

    def __init__(self, dispatcher: Dispatcher, hosts: dict[Kind, Host], seed: int) -> None:
        """Start with nobody alive."""
        self.dispatcher = dispatcher
        self.hosts = hosts
        self.seed = seed
        self.children: dict[Address, Child] = {}
        self.faults = Faults()
        self.incarnations = self.restarts = self.zombies = self.zombies_ever = 0
        self.reports: dict[str, int] = {}
        self.last_reports: deque[SupervisorReport] = deque(maxlen=1_000)
        self.on_report: Callable[[SupervisorReport], None] | None = None
        self.on_root_ready: Callable[[], None] = _nothing
        self.on_root_ended: Callable[[ExitReason, BaseException | None], None] = _no_end
        self.on_zombie: Callable[[int], None] = _no_zombie
        self.timed: Callable[[Cell, Receive], Receive] | None = None
        self.nanos_of_world: Callable[[int], int] = _as_fast
        self.agenda: deque[Parent] = deque()
        self._settling = False
        dispatcher.on_failure = self.crashed
        dispatcher.on_exit = self.leave

    @property
    def now(self) -> int:
        """The stamp of the input being worked on."""
        return self.dispatcher.now

    # -- for supervisors

    def wake(self, supervisor: Parent) -> None:
        """Put a supervisor on the agenda."""
        if supervisor not in self.agenda:
            self.agenda.append(supervisor)

    def settle(self) -> None:
        """Work off the agenda. Outside a drain, messages are worked on between any two steps."""
        if self._settling:
            return
        self._settling = True
        try:
            while self.agenda:
                # A loop and not recursion: a supervisor that starts a child whose start fails, whose
                # supervisor stops, would otherwise call itself through the whole tree.
                self.agenda.popleft().step()
                # Messages of one start hook reach the earlier siblings before the next sibling starts.
                if not self.dispatcher.draining:
                    self.dispatcher.drain()
        finally:
            self._settling = False

    def call_at(self, due: int, call: Callable[[], None]) -> Timer:
        """Call something at `due`, and settle."""
        return self.dispatcher.timers.call_at(due, call)

    def allowed_ns(self, spec: ChildSpec, world_ns: int) -> int:
        """How long by the stamps a life of this kind may take for what may take `world_ns`."""
        # A task waits for sockets, which get no quicker when an evening is played quickly. Who runs on the
        # loop waits for messages only, and of those a replay knows nothing but the stamps.
        return self.nanos_of_world(world_ns) if spec.kind is Kind.EDGE else world_ns

    def cancel(self, timer: Timer | None) -> None:
        """Forget a timer of the runtime."""
        self.dispatcher.timers.cancel(timer)

    def draw(self, address: Address) -> float:
        """The next number in [0, 1) for this address: the same seed gives the same jitter."""
        # Jitter without `random`: the same seed and history give the same delays, so a replay restarts at the
        # same stamps. The count of incarnations makes every attempt draw anew.
        digest = hashlib.sha256(f"{self.seed}/{address}/{self.incarnations}".encode()).digest()
        return int.from_bytes(digest[:7], "big") / 2.0**56

    def report(self, report: SupervisorReport) -> None:
        """Count, keep and publish a supervisor report. A listener that fails is not asked again."""
        name = type(report).__name__
        self.reports[name] = self.reports.get(name, 0) + 1
        self.last_reports.append(report)
        self.dispatcher.topics.publish(TOPIC_SUPERVISION, report, None)
        if self.on_report is not None:
            try:
                self.on_report(report)
            # A report is made in the middle of a restart; a listener that raises there must not stop the
            # restart, and one that raises each time would bury it in tracebacks.
            except Exception:  # noqa: BLE001  a listener's failure is its own
                self.on_report = None
                self.reports["listener_failed"] = self.reports.get("listener_failed", 0) + 1

    def register(self, child: Child) -> None:
        """Enter a child under its address, and its cell if it is an actor."""
        self.children[child.address] = child
        if isinstance(child.spec, ChildSpec):
            child.cell = cell = Cell(child.address, child.spec)
            self.dispatcher.cells[child.address] = cell
            for topic in child.spec.subscriptions:
                self.dispatcher.topics.subscribe(topic, cell)

    def unregister(self, child: Child) -> None:
        """Leave nothing of a child behind, nor of those below it."""
        if child.node is not None:
            for grandchild in list(child.node.children.values()):
                self.unregister(grandchild)
        self.children.pop(child.address, None)
        cell = child.cell
        if cell is None:
            return
        cell.fate = Fate.ENDED
        mailboxes.flush_stash(self.dispatcher, cell)
        for topic in cell.spec.subscriptions:
            self.dispatcher.topics.unsubscribe(topic, cell)
        # A new child may have taken the address already.
        if self.dispatcher.cells.get(child.address) is cell:
            del self.dispatcher.cells[child.address]

    def set_fate(self, child: Child, fate: Fate) -> None:
        """Set what happens to messages for this child, or for all below it, while it has no life.

        A child that has never lived keeps the fate UNBORN, so that its first life gets what waits for it.
        """
        if child.node is not None:
            for grandchild in child.node.children.values():
                self.set_fate(grandchild, fate)
        if child.cell is not None and child.cell.life is None:
            if fate is Fate.RESTARTING and child.cell.fate is Fate.UNBORN:
                return
            child.cell.fate = fate
            if fate is not Fate.RESTARTING:
                mailboxes.flush_stash(self.dispatcher, child.cell)

    def notify_watchers(self, child: Child, reason: ExitReason) -> None:
        """Tell everybody who watches this child, exactly once, that it has ended for good."""
        # Emptied first, so that nobody is notified twice if the child is removed as a consequence.
        watchers, child.watchers = child.watchers, {}
        for watcher in watchers:
            cell = self.dispatcher.cells.get(watcher)
            if cell is not None:
                cell.watching.pop(child.address, None)
                self.dispatcher.put_notice(cell, Terminated(child.address, reason))

    def supervisor_ready(self, supervisor: Parent) -> None:
        """All static children of a supervisor are ready."""
        child = supervisor.child
        if child is None:
            self.on_root_ready()
        else:
            child.supervisor.child_ready(child)

    def supervisor_ended(self, supervisor: Parent, reason: ExitReason, error: BaseException | None) -> None:
        """A supervisor and all below it are down."""
        child = supervisor.child
        if child is None:
            self.on_root_ended(reason, error)
        else:
            child.supervisor.child_ended(child, reason, error)

    # -- one life

    def start(self, child: Child) -> None:
        """Begin a life in the child's cell."""
        cell = _cell_of(child)
        self.incarnations += 1
        life = Life(cell, self.incarnations)
        cell.life = life
        # Before the fate becomes ALIVE: what is granted depends on whether this is the first life or a
        # restart.
        mailboxes.begin_life(self.dispatcher, cell)
        cell.fate = Fate.ALIVE
        self.hosts[cell.spec.kind].start(life, cell.spec)

    def begin(self, life: Life, factory: Callable[[], Behaviour]) -> None:
        """Make a behaviour and give it to the life; a factory that fails ends the life."""
        try:
            behaviour = factory()
        except BaseException as error:  # noqa: BLE001  a crash of one actor
            self.dispatcher.note_interrupt(error)
            self.end(life, ExitReason.START_FAILED, error)
        else:
            self.attach(life, behaviour)

    def attach(self, life: Life, behaviour: Behaviour) -> None:
        """Give a life its behaviour and run its start hook; then it is ready unless the spec waits."""
        life.behaviour = behaviour
        self.give_handler(life, behaviour.receive)
        cell = life.cell
        # The start hook may have ended its own life by what it sent.
        if self.run_hook(life, "start") and life.current and not cell.spec.ready_when_told:
            self.ready(life)

    def give_handler(self, life: Life, receive: Receive) -> None:
        """From now on the cell's messages go here."""
        if self.timed is not None:
            receive = self.timed(life.cell, receive)
        life.receive = receive
        life.cell.receive = self.faults.wrap(life.cell, receive)

    def run_hook(self, life: Life, name: str) -> bool:
        """Run the optional hook `start` or `stop` and send what it returns; False if it failed."""
        hook = getattr(life.behaviour, name, None)
        try:
            self.faults.before_hook(life.cell, name)
            if hook is not None:
                self.dispatcher.send_all(life.cell, tuple(hook(self.now)))
        except BaseException as error:  # noqa: BLE001  a crash of one actor
            # Hooks run outside the message loop, where Pykka would not report an exception at all: the actor
            # would just never come up.
            self.dispatcher.note_interrupt(error)
            life.cell.failures += 1
            self.end(life, ExitReason.START_FAILED if name == "start" else ExitReason.CRASHED, error)
            return False
        return True

    def ready(self, life: Life) -> None:
        """The life's start is complete: report it, and let the next sibling start."""
        if life.ready or not life.current:
            return
        life.ready = True
        life.ready_at = self.now
        cell = life.cell
        child = self.children.get(cell.address)
        # A late `Ready` of a life whose child was removed, or replaced by one of the same name.
        if child is None or child.cell is not cell:
            return
        if child.lived:
            self.restarts += 1
            cell.restarts += 1
            self.report(ActorRestarted(cell.address, life.incarnation, cell.restarts, self.now))
        else:
            self.report(ActorStarted(cell.address, life.incarnation, self.now))
        child.supervisor.child_ready(child)
        self.settle()

    def stop(self, child: Child) -> None:
        """Ask a life to end; by force at once if its shutdown time is zero, else when that has passed."""
        life = _life_of(child)
        life.stopping = True
        if life.cell.spec.shutdown_ns == 0:
            self.end(life, ExitReason.KILLED, None)
            return
        self.hosts[life.cell.spec.kind].stop(life)
        # Most lives end within the call; only one that is still stopping needs a deadline.
        if child.state is ChildState.STOPPING:
            allowed = self.allowed_ns(life.cell.spec, life.cell.spec.shutdown_ns)
            child.timer = self.call_at(self.now + allowed, lambda: self._stop_is_late(child, life))

    def leave(self, cell: Cell) -> None:
        """The actor returned `Exit`: stop hook, then the end it asked for."""
        life = cell.life
        if life is None or life.stopping:
            return
        life.stopping = True
        if self.run_hook(life, "stop"):
            self.end(life, life.exit_asked or ExitReason.NORMAL, None)

    def crashed(self, cell: Cell, error: BaseException) -> None:
        """A handler failed (or the mailbox overflowed): end the life."""
        # An overflow of the mailbox may be noticed after the life has ended.
        if cell.life is not None:
            self.end(cell.life, ExitReason.CRASHED if cell.life.ready else ExitReason.START_FAILED, error)

    def kill(self, cell: Cell) -> bool:
        """End a life from outside, between two messages. False if there is none."""
        if cell.life is None:
            return False
        self.end(cell.life, ExitReason.KILLED, Killed("killed from outside"))
        return True

    def end(self, life: Life, reason: ExitReason, error: BaseException | None) -> None:
        """End a life now: fence it, and wait for its host if it cannot let go at once."""
        if not life.current:
            return
        self._fence(life, reason, error)
        # Fenced before the host is asked to let go: a task that is slow to end cannot send anything
        # meanwhile.
        child = self.children.get(life.cell.address)
        if child is not None and child.cell is life.cell:
            life.pending = (reason, error)
            if self.hosts[life.cell.spec.kind].kill(life):
                self.over(life)
            else:
                self.cancel(child.timer)
                child.state = ChildState.STOPPING
                grace = self.allowed_ns(life.cell.spec, GRACE_NS)
                child.timer = self.call_at(self.now + grace, lambda: self._zombie(child, life))
        self.settle()

    def over(self, life: Life) -> None:
        """A life has ended for its host: tell its supervisor, or count one zombie less."""
        if life.current:
            self._fence(life, ExitReason.SHUTDOWN, None)
            life.pending = (ExitReason.SHUTDOWN, None)
        # A zombie that ends after all: its supervisor has long gone on without it.
        if life.zombie:
            life.zombie = False
            self.zombies -= 1
            return
        pending, life.pending = life.pending, None
        child = self.children.get(life.cell.address)
        if pending is not None and child is not None and child.cell is life.cell:
            child.supervisor.child_ended(child, *pending)
        self.settle()

    def _fence(self, life: Life, reason: ExitReason, error: BaseException | None) -> None:
        """Take from a life everything it has; whatever it still sends is refused from here on."""
        life.fenced = True
        cell = life.cell
        cell.vacate()
        cell.fate = Fate.RESTARTING
        # A timer is part of the state of the life that set it; the next life would get a message it never
        # asked for.
        self.dispatcher.timers.cancel_all(cell)
        for topic in life.topics:
            self.dispatcher.topics.unsubscribe(topic, cell)
        for watched in cell.watching:
            target = self.children.get(watched)
            if target is not None:
                target.watchers.pop(cell.address, None)
        cell.watching.clear()
        # Askers are told at once: they would wait for their whole timeout for somebody who cannot answer any
        # more.
        for reply in [*cell.asks, *life.deferred.values()]:
            reply.settle(None, ActorDead(cell.address, f"its life ended ({reason.value}) before it answered"))
        life.deferred.clear()
        abnormal = error if reason.abnormal else None
        if abnormal is not None:
            cell.last_error = text_of(abnormal)
        self.report(
            ActorExited(
                cell.address,
                life.incarnation,
                reason,
                text_of(abnormal),
                self.dispatcher.traceback(abnormal),
                self.now,
            )
        )

    # -- deadlines

    def start_is_late(self, child: Child) -> None:
        """A child did not become ready in time."""
        if child.state is ChildState.STARTING and child.cell is not None and child.cell.life is not None:
            limit = child.cell.spec.start_timeout_ns
            late = StartTimeout(f"not ready after {limit / SECOND_NS:g} s")
            self.end(child.cell.life, ExitReason.START_FAILED, late)

    def _stop_is_late(self, child: Child, life: Life) -> None:
        if life.current:
            limit = life.cell.spec.shutdown_ns
            self.end(life, ExitReason.KILLED, StopTimeout(f"not stopped after {limit / SECOND_NS:g} s"))

    def _zombie(self, child: Child, life: Life) -> None:
        """Cancelled, and still not over: declare it a zombie and go on without it."""
        if life.pending is None:
            return
        life.zombie = True
        self.zombies += 1
        self.zombies_ever += 1
        self.report(ZombieDeclared(life.cell.address, life.incarnation, self.now))
        pending, life.pending = life.pending, None
        child.supervisor.child_ended(child, *pending)
        self.on_zombie(self.zombies)
        self.settle()


def _cell_of(child: Child) -> Cell:
    if child.cell is None:
        raise TypeError(f"{child.address} is a supervisor")
    return child.cell


def _life_of(child: Child) -> Life:
    life = _cell_of(child).life
    if life is None:
        raise TypeError(f"{child.address} has no life")
    return life


def _as_fast(world_ns: int) -> int:
    """Until a system takes over whose clock goes at another pace than the world's."""
    return world_ns


def _nothing() -> None:
    """Until a system takes over."""


def _no_end(_reason: ExitReason, _error: BaseException | None) -> None:
    """Until a system takes over."""


def _no_zombie(_count: int) -> None:
    """Until a system takes over."""

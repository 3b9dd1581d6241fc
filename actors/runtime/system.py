"""The engine of actors: one tree, one queue, one clock, no state outside.

`VirtualSystem` and `LiveSystem` extend it. Everything from outside enters by `put`, which stamps one input,
fires the timers due before it and drains the queue. Whoever wires an engine holds a system; behaviours never
do.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from actors.runtime import effects
from actors.runtime.asks import ASK_TIMEOUT_NS, ActorDead, AskFromHandler, AskRefused, AskTimeout
from actors.runtime.behaviour import Address, AnySpec, ExitReason, SupervisorSpec
from actors.runtime.cells import Cell, Fate, Life, Reply, Sink
from actors.runtime.children import Child, ChildState, Parent
from actors.runtime.dispatcher import Dispatcher
from actors.runtime.faults import Fault, InjectedFault
from actors.runtime.lifecycle import Lives
from actors.runtime.loop_actor import LoopHost
from actors.runtime.reports import ActorStatus
from actors.runtime.specs import SECOND_NS, Kind
from actors.runtime.supervisor import Supervisor
from engine.invariant import InvariantBroken

# Each zombie holds a task and whatever it has open; threads and tasks cannot be killed, a process can.
ZOMBIES_MAX = 8
"""More zombies than this at a time, and the engine gives up: the process must be replaced."""

InputTap = Callable[[int, int, Address, object], None]
"""Called with every input before it is worked on: number, stamp, receiver, message."""


class SystemEnded(RuntimeError):
    """The engine has ended, or was never started; nothing enters it any more."""


class EngineBroken(RuntimeError):
    """The runtime itself failed, or actors talk in a circle without end; the process must be replaced."""


class TooManyZombies(Exception):
    """More lives than `zombies_max` ignore stop and cancellation."""


class StampBackwards(ValueError):
    """An input with a stamp before the one already worked on."""


class System:
    """What both systems have in common."""

    def __init__(
        self, tree: SupervisorSpec, start_at: int, seed: int, interrupts: tuple[type[BaseException], ...]
    ) -> None:
        """Make the tree without starting anything."""
        self.dispatcher = Dispatcher(start_at, interrupts)
        self.lives = Lives(self.dispatcher, {}, seed)
        self._agenda = self.lives.agenda
        host = LoopHost(self)
        self.lives.hosts.update({Kind.LOOP: host, Kind.EDGE: host})
        self.lives.on_root_ready = self._root_ready
        self.lives.on_root_ended = self._root_ended
        self.lives.on_zombie = self._count_zombies
        self.tree = tree
        self.inputs = 0
        self.input_tap: InputTap | None = None
        self.on_perform: Callable[[Address, object], None] | None = None
        self.answers_unheard = 0
        self.asks: dict[Reply, None] = {}
        self.asks_late = 0
        self.zombies_max = ZOMBIES_MAX
        self.ended: tuple[ExitReason, BaseException | None] | None = None
        self._open = False
        effects.install(self)
        self.root = Supervisor(tree, self.lives, None)

    # -- inputs

    @property
    def now(self) -> int:
        """The stamp of the input being worked on (UTC nanoseconds)."""
        return self.dispatcher.now

    @property
    def running(self) -> bool:
        """Whether the tree is started and neither stopping nor ended."""
        return self.root.state is ChildState.RUNNING

    @property
    def starting(self) -> bool:
        """Whether the tree is still being started."""
        return self.ended is None and self.root.state is ChildState.STARTING

    @property
    def alive(self) -> bool:
        """Whether anything of the tree is up."""
        return self.ended is None and self.root.state is not ChildState.DOWN

    def _start(self) -> None:
        if self.ended is not None or self.root.state is not ChildState.DOWN:
            raise SystemEnded("an engine starts once")
        self._open = True
        self.root.start()
        self.lives.settle()

    def _input(self, at: int, receiver: Address, message: object) -> None:
        """Number and stamp one input, and let time pass until it."""
        if not self.alive:
            raise SystemEnded("the engine does not run")
        if self.dispatcher.draining:
            raise RuntimeError("a handler returns what it sends; it does not put it in itself")
        self._pass_time(at)
        self._number(at, receiver, message)

    def _number(self, at: int, receiver: Address, message: object) -> None:
        """Count an input, and tell the tap of it."""
        self.inputs += 1
        if self.input_tap is not None:
            self.input_tap(self.inputs, at, receiver, message)

    def enter(self, receiver: Address, message: object) -> None:
        """Put one input in, stamped with this system's own time."""
        self._put_at(receiver, message, self._stamp())

    def enter_ask(self, receiver: Address, message: object) -> Reply:
        """Put one ask in, stamped with this system's own time, with the usual timeout."""
        return self._post_at(self._stamp(), receiver, message, ASK_TIMEOUT_NS)

    def _stamp(self) -> int:
        """The stamp of an input that comes without one."""
        return self.dispatcher.now

    def _put_at(self, receiver: Address, message: object, at: int | None = None) -> None:
        """Stamp an input (default: now), fire the timers due by then, deliver it, and drain."""
        dispatcher = self.dispatcher
        if at is None:
            at = dispatcher.now
        cell = dispatcher.cells.get(receiver)
        # Nearly every input of a busy evening comes before the next timer: going through `_pass_time` for
        # each would be paid by all of them.
        timeless = self._open and dispatcher.now <= at < dispatcher.timers.soonest
        if not timeless or cell is None or cell.put != cell.done or dispatcher.draining:
            self._input(at, receiver, message)
            dispatcher.send(receiver, message, None)
            self._drain()
            return
        # The same in short, for the many inputs before which no timer is due.
        dispatcher.now = at
        self.inputs += 1
        if self.input_tap is not None:
            self.input_tap(self.inputs, at, receiver, message)
        cell.put += 1
        if not cell.peak:
            cell.peak = 1
        dispatcher.queue.append((cell, message, None))
        try:
            dispatcher.drain()
        except BaseException as error:
            self._interrupted_or_broken(error)
            raise
        if self._agenda:
            self._drain()

    def _drain(self) -> None:
        """Work until nothing waits; an error that is no actor's is the runtime's and ends the engine."""
        try:
            self.dispatcher.drain()
            if self.lives.agenda:
                self.lives.settle()
        except BaseException as error:
            self._interrupted_or_broken(error)
            raise

    def _interrupted_or_broken(self, error: BaseException) -> None:
        """End the engine without an orderly stop, unless the error is only an interrupt."""
        interrupts = self.dispatcher.interrupts
        grouped = isinstance(error, BaseExceptionGroup) and error.subgroup(interrupts) is not None
        invariant = isinstance(error, InvariantBroken)
        # An interrupt comes from outside and leaves the queue consistent; anything else that left the
        # dispatcher was raised by the runtime's own code.
        if self.ended is None and (invariant or not (grouped or isinstance(error, interrupts))):
            self.root.state = ChildState.DOWN
            cause = error if invariant else EngineBroken(f"{type(error).__name__}: {error}")
            self._root_ended(ExitReason.ESCALATED, cause)

    def _pass_time(self, until: int) -> None:
        """Fire every timer due by then, each with its own due time as now, draining the queue after each."""
        dispatcher = self.dispatcher
        if until < dispatcher.now:
            raise StampBackwards(f"{until} is before {dispatcher.now}")
        timers = dispatcher.timers
        timer = timers.pop_due(until)
        # One timer at a time: what it causes may set a timer that is due before the next one in the heap.
        while timer is not None:
            # Its due time is `now` for the handler; the time at which the loop woke up would differ in a
            # replay.
            dispatcher.now = max(dispatcher.now, timer.due)
            if timer.cell is not None:
                dispatcher.put(timer.cell, timer.message)
            elif timer.call is not None:
                timer.call()
            self._drain()
            timer = timers.pop_due(until)
        dispatcher.now = until

    # -- asks

    def _post_at(self, at: int, receiver: Address, message: object, timeout_ns: int) -> Reply:
        """Put an ask in; the reply is always resolved, now or later, by an answer or an error."""
        if timeout_ns <= 0:
            raise ValueError("an ask waits for a positive, finite time")
        if self.dispatcher.draining:
            raise AskFromHandler("a handler may not ask: it would wait for itself")
        self._input(at, receiver, message)
        reply = Reply(receiver)
        cell = self.dispatcher.cells.get(receiver)
        if cell is None or cell.life is None:
            why = "no such actor" if cell is None else f"the actor is {cell.fate.value}"
            reply.settle(None, ActorDead(receiver, why))
            return reply
        # Asks come from people and scripts: refusing one is better than filling the mailbox of an actor under
        # load.
        if cell.depth >= cell.capacity:
            cell.refused += 1
            reply.settle(None, AskRefused(receiver, "the mailbox is full"))
            return reply
        reply.cell = cell
        cell.asks[reply] = None
        # Who asks lives in the world: a person, or a page that waits for a disk.
        due = at + self.lives.nanos_of_world(timeout_ns)
        reply.timer = self.dispatcher.timers.call_at(due, lambda: self._ask_is_late(reply, timeout_ns))
        reply.listeners.append(self._ask_settled)
        self.asks[reply] = None
        # An ask takes a place in the queue like every message: answered at once, it would overtake those
        # before it.
        asked = Sink(lambda content, _now: self._asked(cell, content, reply), 0)
        cell.put += 1
        asked.put += 1
        self.dispatcher.queue.append((asked, message, None))
        self._drain()
        return reply

    def _asked(self, cell: Cell, message: object, reply: Reply) -> tuple[()]:
        cell.put -= 1
        if not reply.done:
            self.dispatcher.step(cell, message, None, reply)
        return ()

    def _ask_is_late(self, reply: Reply, timeout_ns: int) -> None:
        late = AskTimeout(reply.address, f"no answer within {timeout_ns / SECOND_NS:g} s")
        self.asks_late += reply.settle(None, late)

    def _ask_settled(self, reply: Reply) -> None:
        self.asks.pop(reply, None)
        self.dispatcher.timers.cancel(reply.timer)
        if reply.cell is not None and reply.cell.life is not None:
            deferred = reply.cell.life.deferred
            # An asker that gave up must not keep its place among the bounded number of deferred answers.
            for handle in [handle for handle, other in deferred.items() if other is reply]:
                del deferred[handle]

    # -- operators

    @contextmanager
    def operation(self) -> Iterator[None]:
        """Do something to the tree from outside, then work on what follows from it."""
        yield
        self.lives.settle()
        if not self.dispatcher.draining:
            self._drain()

    def kill(self, address: Address) -> bool:
        """End a life between two messages, as a failure for its supervisor; False if there is no life."""
        cell = self.dispatcher.cells.get(address)
        with self.operation():
            return cell is not None and self.lives.kill(cell)

    def restart(self, address: Address) -> bool:
        """Replace a life by a new one, or bring a quarantined or stopped child back. Counts as no failure."""
        child = self.lives.children.get(address)
        with self.operation():
            if child is not None:
                child.supervisor.restart_child(child)
        return child is not None

    def revive(self, address: Address) -> bool:
        """Bring a quarantined or stopped child back; False if it is neither."""
        child = self.lives.children.get(address)
        if child is None or child.state not in (ChildState.PARKED, ChildState.DOWN):
            return False
        return self.restart(address)

    def start_child(self, supervisor: Address, spec: AnySpec) -> bool:
        """Start a dynamic child from outside; False if refused, and a report says why."""
        node = self.supervisor_at(supervisor)
        with self.operation():
            return node is not None and node.start_child(spec)

    def stop_child(self, address: Address) -> bool:
        """Stop a child for good; False if there is none."""
        child = self.lives.children.get(address)
        with self.operation():
            if child is not None:
                child.supervisor.stop_child(child)
        return child is not None

    def stop_life(self, life: Life) -> None:
        """Stop the child whose present life this is (Pykka's `ActorRef.stop`)."""
        if life.current:
            self.stop_child(life.cell.address)

    def crash_next(self, address: Address, fault: Fault | None = None) -> None:
        """Let the actor's next message (or what the fault says) fail once."""
        cell = self.dispatcher.cells.get(address)
        if cell is None:
            raise ActorDead(address, "no such actor")
        self.lives.faults.add(cell, fault if fault is not None else Fault(InjectedFault("injected")))

    def perform(self, life: Life, effect: object) -> None:
        """Hand an effect to the actor's I/O task; here to `on_perform`, because there are no tasks."""
        if self.on_perform is not None:
            self.on_perform(life.cell.address, effect)

    # -- looking at it

    def supervisor_at(self, address: Address) -> Parent | None:
        """The supervisor with this address; the empty path is the root."""
        if not address:
            return self.root
        child = self.lives.children.get(address)
        return child.node if child is not None else None

    def status(self) -> tuple[ActorStatus, ...]:
        """Every child of the tree, depth first, in start order. Never waits for anybody."""
        return tuple(_status(child) for child in _walk(self.root))

    def status_of(self, address: Address) -> ActorStatus | None:
        """One child of the tree."""
        child = self.lives.children.get(address)
        return _status(child) if child is not None else None

    # -- the end

    def _root_ready(self) -> None:
        """The whole tree is started; systems may extend this."""

    def _root_ended(self, reason: ExitReason, error: BaseException | None) -> None:
        self.ended = (reason, error)
        self._open = False
        for reply in list(self.asks):
            reply.settle(None, ActorDead(reply.address, "the engine has ended"))
        for child in list(self.root.children.values()):
            self.lives.set_fate(child, Fate.ENDED)
            self.lives.unregister(child)

    def _count_zombies(self, count: int) -> None:
        # An orderly stop first: the journal can still commit, and systemd starts a clean process.
        if count > self.zombies_max:
            self.root.stop(
                ExitReason.ESCALATED, TooManyZombies(f"{count} zombies, {self.zombies_max} allowed")
            )


def _walk(supervisor: Parent) -> Iterator[Child]:
    for child in supervisor.children.values():
        yield child
        if child.node is not None:
            yield from _walk(child.node)


def _status(child: Child) -> ActorStatus:
    cell = child.cell
    if cell is None:
        count = len(child.node.children) if child.node is not None else 0
        return ActorStatus(
            child.address, "supervisor", child.state.value, 0, 0, count, 0, 0, 0, 0, 0, 0, 0, ""
        )
    return ActorStatus(
        child.address,
        cell.spec.kind.value,
        child.state.value,
        cell.life.incarnation if cell.life is not None else 0,
        cell.restarts,
        cell.depth,
        cell.peak,
        cell.capacity,
        cell.handled,
        cell.refused,
        cell.dropped,
        cell.conflated,
        cell.failures,
        cell.last_error,
    )

"""The edge: the I/O task of an EDGE actor, and the one way in which it may touch the engine.

The task (feed, poller, socket) runs in trio beside its behaviour. It puts its inputs into the engine (`put`)
and performs the effects that the behaviour returns (`effects`). Inputs from a task of an older incarnation
are refused.
"""

from collections import deque
from collections.abc import AsyncIterator
from functools import partial

import trio

from actors.runtime.asks import ASK_TIMEOUT_NS, AskRefused
from actors.runtime.behaviour import Address, ChildSpec, Edge, ExitReason
from actors.runtime.cells import Life
from actors.runtime.kernel import LiveKernel

EFFECTS_MAX = 1_000
"""Effects that may wait for one task; one more ends the actor's life: its task does not keep up."""


class StaleIncarnation(RuntimeError):
    """A task or thread whose life is over tried to send; nothing was sent."""


class EffectsOverflow(Exception):
    """More than `EFFECTS_MAX` effects wait for the task."""


class TaskEdge(Edge):
    """What an I/O task sees of the engine on trio. Belongs to one life."""

    def __init__(self, system: LiveKernel, life: Life) -> None:
        """Made by the host when the task starts."""
        self._system = system
        self._life = life
        self._effects: deque[object] = deque()
        self._more = trio.Event()
        self._stopping = trio.Event()
        self.scope = trio.CancelScope()
        self.done = False
        self.listens_for_stop = False

    @property
    def address(self) -> Address:
        """The actor's own address."""
        return self._life.cell.address

    @property
    def incarnation(self) -> int:
        """The number of this life."""
        return self._life.incarnation

    @property
    def now(self) -> int:
        """The engine's time as it would stamp an input now (UTC nanoseconds)."""
        return self._system.clock()

    @property
    def stopping(self) -> trio.Event:
        """Set when the actor is asked to stop. A task that looks at it gets its shutdown time; others are
        cancelled.
        """
        # Looking at the event is the promise to act on it; a task that never looks would only use up its
        # whole shutdown time.
        self.listens_for_stop = True
        return self._stopping

    def put(self, to: Address, message: object) -> int:
        """Hand in one input: stamp it, deliver it, drain. Gives the stamp. Refused if this life is over."""
        # A task that is slow to die may still hold a frame of its old connection.
        self._require_current()
        return self._system.put(to, message)

    async def ask(self, to: Address, message: object, timeout_ns: int = ASK_TIMEOUT_NS) -> object:
        """Ask another actor. Asking oneself is refused."""
        self._require_current()
        if to == self.address:
            raise AskRefused(to, "an actor may not ask itself")
        return await self._system.ask(to, message, timeout_ns)

    async def effects(self) -> AsyncIterator[object]:
        """What the behaviour wants performed, in order, until the life ends."""
        while True:
            # A plain deque with an event: a memory channel was measured at 6 µs a message, 25 times an entry
            # of a queue.
            while self._effects:
                yield self._effects.popleft()
            self._more = trio.Event()
            await self._more.wait()

    def ready(self) -> None:
        """The acknowledgement for a spec with `ready_when_told`, from the task's side."""
        self._require_current()
        self._system.acknowledge(self._life)

    def take(self, effect: object) -> bool:
        """Take an effect from the behaviour; False if too many wait."""
        if len(self._effects) >= EFFECTS_MAX:
            return False
        self._effects.append(effect)
        self._more.set()
        return True

    def ask_to_stop(self) -> None:
        """Set `stopping`, or cancel a task that never looked at it."""
        self._stopping.set()
        if not self.listens_for_stop:
            self.scope.cancel()

    def _require_current(self) -> None:
        if not self._life.current:
            self._system.stale_refused += 1
            raise StaleIncarnation(f"{self.address}: life {self.incarnation} is over")


class EdgeHost:
    """Carries lives that have a task: the behaviour on the loop, the task in the nursery of its
    supervisor.
    """

    def __init__(self, system: LiveKernel) -> None:
        """Belong to one engine."""
        self._system = system

    def start(self, life: Life, spec: ChildSpec, /) -> None:
        """Begin the life on the loop, then its task."""
        edge = TaskEdge(self._system, life)
        self._system.begin_on_loop(life, spec)
        if life.current:
            # The start hook may have failed: then there is nothing that a task could serve.
            life.vessel = edge
            self._system.spawn(edge.address, partial(self._run, life, spec, edge))

    def stop(self, life: Life, /) -> None:
        """Run the stop hook, then let the task end."""
        edge = life.vessel
        if self._system.lives.run_hook(life, "stop") and isinstance(edge, TaskEdge):
            edge.ask_to_stop()

    def kill(self, life: Life, /) -> bool:
        """Cancel the task; it is over when it has left its last checkpoint."""
        edge = life.vessel
        if not isinstance(edge, TaskEdge) or edge.done:
            return True
        edge.scope.cancel()
        return False

    async def _run(self, life: Life, spec: ChildSpec, edge: TaskEdge) -> None:
        """Run one task to its end. Its errors are the actor's; cancellation from outside passes on."""
        error: BaseException | None = None
        try:
            if spec.task is not None:
                with edge.scope:
                    await spec.task(edge)
        except BaseException as raised:  # noqa: BLE001  a crash of one actor
            error = self._own(raised)
            # A task group may end with a crash of its own and a cancellation from outside at once; the
            # cancellation has to go on upwards, or the nursery of the whole engine never closes.
            rest = self._foreign(raised)
            if rest is not None:
                raise rest from None
        finally:
            edge.done = True
            self._report_end(life, edge, error)

    def _report_end(self, life: Life, edge: TaskEdge, error: BaseException | None) -> None:
        lives = self._system.lives
        with self._system.operation():
            if not life.current:
                lives.over(life)
            elif error is not None:
                lives.end(life, ExitReason.CRASHED if life.ready else ExitReason.START_FAILED, error)
            elif life.stopping or edge.scope.cancelled_caught:
                lives.over(life)
            else:
                lives.end(life, ExitReason.NORMAL, None)

    def _foreign(self, raised: BaseException) -> BaseException | None:
        """The part that is not the actor's own: cancellation of the whole engine, an interrupt from the
        keyboard.
        """
        foreign = self._system.dispatcher.interrupts
        if isinstance(raised, BaseExceptionGroup):
            return raised.subgroup(foreign)
        return raised if isinstance(raised, foreign) else None

    def _own(self, raised: BaseException) -> BaseException | None:
        foreign = self._system.dispatcher.interrupts
        if isinstance(raised, BaseExceptionGroup):
            return raised.split(foreign)[1]
        return None if isinstance(raised, foreign) else raised

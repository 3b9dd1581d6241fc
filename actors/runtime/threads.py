"""`ThreadActor`: a Pykka threading actor with our mailbox, for work that blocks (the journal's writer).

Its behaviour runs on a thread of its own; what it returns enters the loop as a new input, because when a
thread is done nobody can know beforehand. A thread that ignores its end cannot be killed: it is fenced,
counted as a zombie, and what it still returns is refused. In the virtual system such actors run inline.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, cast

import pykka
import trio

from actors.runtime.behaviour import Outgoing
from actors.runtime.cells import Entry, Life
from actors.runtime.loop_actor import LoopFuture
from actors.runtime.specs import RETAIN, ChildSpec

if TYPE_CHECKING:
    from pykka._actor import ActorInbox

    from actors.runtime.live import LiveSystem

# ruff: noqa: ANN401  Pykka's signatures are dynamically typed


class ThreadInbox:
    """The messages that wait for one thread: bounded by the mailbox of its cell, closed when the life
    ends.
    """

    def __init__(self) -> None:
        """Start open and empty."""
        self._waiting: deque[tuple[object, int]] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._draining = False

    def put(self, item: Any, /) -> None:
        """Add a message with its stamp."""
        with self._changed:
            if not self._closed:
                self._waiting.append(item)
                self._changed.notify()

    def get(self) -> Any:
        """The next message with its stamp, or None when the inbox is closed (and, if it drains, empty)."""
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            if self._closed and not (self._draining and self._waiting):
                return None
            return self._waiting.popleft()

    def empty(self) -> bool:
        """Whether no message waits."""
        with self._changed:
            return not self._waiting

    def close(self, *, drain: bool) -> None:
        """End the thread after its present message, or with `drain` after all that wait."""
        with self._changed:
            self._closed = True
            self._draining = drain
            self._changed.notify()

    def withdraw(self) -> list[tuple[object, int]]:
        """Close, and take everything back that was not worked on."""
        with self._changed:
            self._closed, self._draining = True, False
            left = list(self._waiting)
            self._waiting.clear()
            self._changed.notify()
            return left


class ThreadActor(pykka.ThreadingActor):
    """One life of an actor on a thread of its own."""

    use_daemon_thread = True

    def __init__(self, system: "LiveSystem", life: Life, spec: ChildSpec) -> None:
        """Make the life's inbox; nothing runs yet."""
        super().__init__()
        self.actor_urn = f"{life.cell.address}#{life.incarnation}"
        self.system = system
        self.life = life
        self.spec = spec
        self.inbox = cast("ThreadInbox", self.actor_inbox)
        self.started_at = system.now
        self.over = False
        self.working_on: tuple[object, ...] = ()

    @staticmethod
    def _create_actor_inbox() -> "ActorInbox":
        return cast("ActorInbox", ThreadInbox())

    @staticmethod
    def _create_future() -> "pykka.Future[Any]":
        return LoopFuture()

    @classmethod
    def start(cls, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refused: Pykka's `start` enters a registry that all engines of a process share."""
        raise NotImplementedError("thread actors are started by a supervisor, from a ChildSpec")

    def run(self) -> None:
        """Begin the life: Pykka's `start` without its registry."""
        self._start_actor_loop()

    def _actor_loop(self) -> None:
        """The thread: make the behaviour, start it, work until the inbox is closed, stop it."""
        error: BaseException | None = None
        try:
            self._live()
        except BaseException as raised:  # noqa: BLE001  a crash of one actor
            error = raised
        self.actor_stopped.set()
        self._tell_loop(lambda: self._ended(error))

    def _live(self) -> None:
        behaviour = self.spec.factory()
        first = _hook(behaviour, "start", self.started_at)
        self._tell_loop(lambda: self._began(first))
        stamp = self.started_at
        item = self.inbox.get()
        while item is not None:
            message, stamp = item
            self.working_on = (message,)
            outgoing = tuple(behaviour.receive(message, stamp))
            self.working_on = ()
            self._tell_loop(lambda sent=outgoing: self._worked(sent))  # type: ignore[misc]
            item = self.inbox.get()
        if not self.life.fenced:
            last = _hook(behaviour, "stop", stamp)
            self._tell_loop(lambda: self._returned(last))

    def _tell_loop(self, call: Callable[[], None]) -> None:
        try:
            self.system.from_thread(call)
        except trio.RunFinishedError:
            self.over = True

    # -- on the loop's thread again

    def _began(self, outgoing: tuple[Outgoing, ...]) -> None:
        self._returned(outgoing)
        if self.life.current and not self.spec.ready_when_told:
            self.system.acknowledge(self.life)

    def _worked(self, outgoing: tuple[Outgoing, ...]) -> None:
        self.life.cell.done += 1
        self._returned(outgoing)

    def _returned(self, outgoing: tuple[Outgoing, ...]) -> None:
        self.system.sent_by_thread(self.life, outgoing)

    def _ended(self, error: BaseException | None) -> None:
        self.over = True
        self.system.thread_ended(self.life, error, self.working_on)


def _hook(behaviour: object, name: str, now: int) -> tuple[Outgoing, ...]:
    hook = getattr(behaviour, name, None)
    return tuple(hook(now)) if hook is not None else ()


class ThreadHost:
    """Carries lives that have a thread."""

    def __init__(self, system: "LiveSystem") -> None:
        """Belong to one engine."""
        self._system = system

    def start(self, life: Life, spec: ChildSpec, /) -> None:
        """Begin a thread; its start hook runs there, and the acknowledgement follows."""
        actor = ThreadActor(self._system, life, spec)
        life.vessel = actor
        self._system.lives.give_handler(life, lambda message, now: _hand_over(actor, message, now))
        actor.run()

    def stop(self, life: Life, /) -> None:
        """Let the thread end after its present message; stop overtakes what waits, unless the spec drains."""
        actor = life.vessel
        if isinstance(actor, ThreadActor):
            actor.inbox.close(drain=life.cell.spec.drain_on_stop)

    def kill(self, life: Life, /) -> bool:
        """Close the inbox; the thread may end by itself. What waited goes back to the mailbox, or is
        dropped.
        """
        actor = life.vessel
        if not isinstance(actor, ThreadActor):
            return True
        take_back(life, actor)
        return actor.over


def take_back(life: Life, actor: ThreadActor) -> None:
    """Return what the thread did not work on to the cell: kept for the next life, or dropped and counted."""
    cell = life.cell
    left = actor.inbox.withdraw()
    if cell.policy.on_restart is RETAIN:
        entries: list[Entry] = [(cell, message, None) for message, _ in left]
        cell.stash.extendleft(reversed(entries))
        return
    cell.done += len(left)
    cell.discarded += len(left)
    cell.dropped += len(left)


def _hand_over(actor: ThreadActor, message: object, now: int) -> tuple[Outgoing, ...]:
    # It waits on: the mailbox counts it as done only when the thread has worked on it.
    actor.life.cell.done -= 1
    actor.inbox.put((message, now))
    return ()

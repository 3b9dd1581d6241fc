"""`LoopActor`: a Pykka actor type that owns neither a thread nor a task; its messages stand in the queue.

One instance is one life. It implements Pykka's three extension points (inbox, future, loop) and brings its
own `ActorRef`, which dies with the life as Pykka's does; peers hold an `Address` instead. Nothing enters
Pykka's global registry, so two engines in one process do not see each other.
"""

# ruff: noqa: ANN401  Pykka's signatures are dynamically typed

import threading
from typing import TYPE_CHECKING, Any, Literal, NoReturn, cast, overload

import pykka
from pykka.messages import _ActorStop

from actors.runtime.asks import ASK_TIMEOUT_NS
from actors.runtime.behaviour import ChildSpec
from actors.runtime.cells import Life, Reply
from actors.runtime.kernel import Kernel

if TYPE_CHECKING:
    from pykka._actor import ActorInbox
    from pykka._envelope import Envelope
    from pykka._types import OptExcInfo


class WouldDeadlock(RuntimeError):
    """A blocking `get()` on the loop's own thread, of a result that only this thread can bring."""


class LoopFuture(pykka.Future[Any]):
    """The result of an ask through a `LoopRef`. Blocks only in other threads; on the loop's thread it
    raises.
    """

    def __init__(self) -> None:
        """Begin unresolved; belongs to the thread that runs the loop."""
        super().__init__()
        self._loop_thread = threading.get_ident()
        self._resolved = threading.Event()
        self._value: Any = None
        self._error: BaseException | None = None

    def get(self, *, timeout: float | None = None) -> Any:
        """The result, its error raised. In another thread waits at most `timeout` seconds (never for ever:
        5).
        """
        if self._get_hook is not None:
            return super().get(timeout=timeout)
        if not self._resolved.is_set():
            # Pykka's own future would block here: the loop waits for an answer that only the loop can make.
            if threading.get_ident() == self._loop_thread:
                raise WouldDeadlock("a blocking get() on the loop's own thread would wait for itself")
            limit = ASK_TIMEOUT_NS / 1e9 if timeout is None else timeout
            if not self._resolved.wait(limit):
                raise pykka.Timeout(f"{limit} seconds")
        if self._error is not None:
            raise self._error
        return self._value

    def set(self, value: Any = None) -> None:
        """Resolve with a value; a second time is refused in silence, as a late answer is."""
        if not self._resolved.is_set():
            self._value = value
            self._resolved.set()

    def set_exception(self, exc_info: "OptExcInfo | None" = None) -> None:
        """Resolve with an error."""
        if not self._resolved.is_set():
            self._error = exc_info[1] if exc_info is not None else RuntimeError("no exception given")
            self._resolved.set()


class LoopInbox:
    """Pykka's view of a mailbox that stands in the global queue."""

    def __init__(self) -> None:
        """Belong to nobody yet."""
        self.life: Life | None = None
        self.system: Kernel | None = None

    def put(self, envelope: "Envelope[Any]", /) -> None:
        """Put Pykka's envelope into the global queue, as a tell or as an ask."""
        life, system = self.life, self.system
        # Pykka's contract for a dead actor. Its own check of `is_alive` runs earlier and may be out of date
        # by now.
        if life is None or system is None or not life.current:
            raise pykka.ActorDeadError("this life is over")
        # In Pykka a stop is an ordinary message: a thousand queued messages of 1 ms delay it by more than a
        # second.
        if isinstance(envelope.message, _ActorStop):
            system.stop_life(life)
            if envelope.reply_to is not None:
                envelope.reply_to.set(None)
        elif envelope.reply_to is None:
            system.enter(life.cell.address, envelope.message)
        else:
            forward(system.enter_ask(life.cell.address, envelope.message), envelope.reply_to)

    def get(self) -> "NoReturn":
        """Nobody takes from it: the dispatcher calls the behaviour."""
        raise NotImplementedError("the dispatcher takes messages from the global queue")

    def empty(self) -> bool:
        """Whether no message waits."""
        return self.life is None or self.life.cell.depth == 0


def forward(reply: Reply, future: "pykka.Future[Any]") -> None:
    """Resolve Pykka's future with the outcome of an ask, now or later."""

    def settled(done: Reply) -> None:
        if done.error is not None:
            future.set_exception((type(done.error), done.error, done.error.__traceback__))
        else:
            future.set(done.value)

    if reply.done:
        settled(reply)
    else:
        reply.listeners.append(settled)


class LoopRef(pykka.ActorRef["LoopActor"]):
    """A reference to one life of a loop actor. It does not survive a restart; an `Address` does."""

    def proxy(self) -> "NoReturn":
        """Refused: a proxy exposes every attribute and hides that a message is sent."""
        raise NotImplementedError("no proxies: actors communicate only through messages")

    @overload
    def ask(
        self, message: Any, *, block: Literal[False], timeout: float | None = None
    ) -> "pykka.Future[Any]": ...

    @overload
    def ask(self, message: Any, *, block: Literal[True], timeout: float | None = None) -> Any: ...

    @overload
    def ask(self, message: Any, *, block: bool = True, timeout: float | None = None) -> Any: ...

    def ask(self, message: Any, *, block: bool = True, timeout: float | None = None) -> Any:
        """Ask; with `block` wait at most `timeout` seconds (default 5), which raises on the loop's own
        thread.
        """
        # Pykka's `ask` applies no timeout unless given one; ours has one always.
        future = cast("LoopFuture", super().ask(message, block=False))
        return future.get(timeout=timeout) if block else future


class LoopActor(pykka.Actor):
    """One life of an actor on the loop."""

    def __init__(self, system: Kernel, life: Life, spec: ChildSpec) -> None:
        """Make the life's inbox and reference; nothing runs yet."""
        super().__init__()
        # The incarnation is part of the name: a log line of an older life cannot be taken for one of the
        # present.
        self.actor_urn = f"{life.cell.address}#{life.incarnation}"
        self._actor_ref = LoopRef(self)
        self.system = system
        self.life = life
        self.spec = spec
        inbox = cast("LoopInbox", self.actor_inbox)
        inbox.life, inbox.system = life, system

    @staticmethod
    def _create_actor_inbox() -> "ActorInbox":
        return LoopInbox()

    @staticmethod
    def _create_future() -> "pykka.Future[Any]":
        return LoopFuture()

    def _start_actor_loop(self) -> None:
        """Let the dispatcher call the behaviour from now on. An error in the factory or start hook ends the
        life.
        """
        self.system.lives.begin(self.life, self.spec.factory)

    def run(self) -> None:
        """Begin the life: Pykka's `start` without its registry."""
        self._start_actor_loop()

    @classmethod
    def start(cls, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refused: Pykka's `start` enters a registry that all engines of a process share."""
        raise NotImplementedError("loop actors are started by a supervisor, from a ChildSpec")

    def on_receive(self, message: Any) -> Any:
        """Let the behaviour work on a message outside the queue, for tests through Pykka's interface."""
        return tuple(self.life.cell.receive(message, self.system.now))


class LoopHost:
    """Carries lives on the loop: they begin and end within the call."""

    def __init__(self, system: Kernel) -> None:
        """Belong to one engine."""
        self._system = system

    def start(self, life: Life, spec: ChildSpec, /) -> None:
        """Begin a life."""
        actor = LoopActor(self._system, life, spec)
        life.vessel = actor
        actor.run()

    def stop(self, life: Life, /) -> None:
        """Run the stop hook and end."""
        lives = self._system.lives
        if lives.run_hook(life, "stop"):
            lives.over(life)
        self._stopped(life)

    def kill(self, life: Life, /) -> bool:
        """End without any hook; always possible."""
        self._stopped(life)
        return True

    @staticmethod
    def _stopped(life: Life) -> None:
        actor = life.vessel
        if isinstance(actor, LoopActor):
            actor.actor_stopped.set()

"""Actors and hosts that do as they are told, for tests of the runtime, chaos runs and fire drills.

A `Player` writes down what happens to it and obeys `Do`, `Fail` and `Reply` messages; a `HeldHost` carries
lives that start, stop or die only when the test says so. Used by nothing in production.
"""

from collections.abc import Callable, Iterable

import attrs

from actors.runtime.behaviour import Address, Answer, ChildSpec, Edge, Outgoing
from actors.runtime.cells import Life
from actors.runtime.system import System
from engine.message import message


@message
class Do:
    """Return these wishes."""

    wishes: tuple[Outgoing, ...]


@message
class Fail:
    """Raise this error; with `then` only after it has been put into the list of what to send."""

    error: BaseException


@message
class Reply:
    """Answer the ask with this."""

    answer: object


@attrs.define
class Script:
    """What the lives of one actor do, and what happened to them; shared by all lives of the actor.

    `fail_start` and `fail_stop` are errors for the next so many hooks, taken from the front.
    """

    log: list[tuple[str, object]] = attrs.field(factory=list)
    fail_start: list[BaseException] = attrs.field(factory=list)
    fail_stop: list[BaseException] = attrs.field(factory=list)
    on_start: tuple[Outgoing, ...] = ()
    on_stop: tuple[Outgoing, ...] = ()
    lives: int = 0
    stamps: list[int] = attrs.field(factory=list)

    def heard(self, name: str) -> list[object]:
        """The messages that the actor of this name worked on, in order."""
        return [what for who, what in self.log if who == name and not isinstance(what, Hook)]


@message
class Hook:
    """A line of the log: a hook was run."""

    name: str


START = Hook("start")
STOP = Hook("stop")


class Player:
    """An actor that writes down and obeys."""

    def __init__(self, name: str, script: Script) -> None:
        """One life of the actor called `name`."""
        self.name = name
        self.script = script
        script.lives += 1

    def start(self, now: int) -> Iterable[Outgoing]:
        """Write down, fail if told so, and send what is to be sent first."""
        self.script.log.append((self.name, START))
        if self.script.fail_start:
            raise self.script.fail_start.pop(0)
        return self.script.on_start

    def stop(self, now: int) -> Iterable[Outgoing]:
        """Write down, fail if told so, and send what is to be sent last."""
        self.script.log.append((self.name, STOP))
        if self.script.fail_stop:
            raise self.script.fail_stop.pop(0)
        return self.script.on_stop

    def receive(self, message: object, now: int, /) -> Iterable[Outgoing]:
        """Write down and obey."""
        self.script.log.append((self.name, message))
        self.script.stamps.append(now)
        match message:
            case Do(wishes):
                return wishes
            case Fail(error):
                raise error.with_traceback(None)
            case Reply(answer):
                return (Answer(answer),)
            case _:
                return ()


def player(name: str, script: Script) -> Callable[[], Player]:
    """A factory of lives of the actor called `name`."""
    return lambda: Player(name, script)


class HeldHost:
    """Carries lives whose start, stop and death take until the test lets them happen, like a slow or stuck
    thread.
    """

    def __init__(self, *, start: bool = False, stop: bool = False, immortal: bool = False) -> None:
        """Say what is held: the `start`, the `stop`, or even death by force (`immortal`)."""
        self.system: System | None = None
        self.holds_start = start
        self.holds_stop = stop
        self.immortal = immortal
        self.starting: dict[Address, tuple[Life, ChildSpec]] = {}
        self.stopping: dict[Address, Life] = {}
        self.undead: list[Life] = []

    def start(self, life: Life, spec: ChildSpec, /) -> None:
        """Begin a life, now or when released."""
        self.starting[life.cell.address] = (life, spec)
        if not self.holds_start:
            self.release_start(life.cell.address)

    def stop(self, life: Life, /) -> None:
        """Begin the end of a life; over now or when released."""
        self.stopping[life.cell.address] = life
        if not self.holds_stop:
            self.release_stop(life.cell.address)

    def kill(self, life: Life, /) -> bool:
        """End by force, unless immortal."""
        if self.immortal:
            self.undead.append(life)
        return not self.immortal

    def release_start(self, address: Address) -> None:
        """Let a held start happen."""
        life, spec = self.starting.pop(address)
        if life.current:
            self._system.lives.begin(life, spec.factory)

    def release_stop(self, address: Address) -> None:
        """Let a held stop be over."""
        life = self.stopping.pop(address)
        if life.current and self._system.lives.run_hook(life, "stop"):
            self._system.lives.over(life)

    def bury(self) -> None:
        """Let the immortal die at last."""
        while self.undead:
            self._system.lives.over(self.undead.pop())

    @property
    def _system(self) -> System:
        if self.system is None:
            raise RuntimeError("set `system` first")
        return self.system


async def idle(_edge: Edge) -> None:
    """The task of an EDGE actor whose host is held by the test, and which therefore never runs."""

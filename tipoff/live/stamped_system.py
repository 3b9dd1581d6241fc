"""The live system of actors with stamps that can be written down before they are used.

Made by `tipoff.live.engine`. A replay starts the tree at the stamp of the first line and gives each input the
stamp of its line; here it is the same the other way round: the tree starts at a stamp that is then recorded,
and every input enters with the stamp of the line that was written for it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import trio
from typing_extensions import override

from actors.heartbeat import HeartbeatPassed
from actors.runtime import Address, Life, LiveSystem, SupervisorSpec
from tipoff.live.clock import EveningClock


class StampedSystem(LiveSystem):
    """One engine on trio whose inputs bring their stamps. Its own time stands still until `begin`."""

    def __init__(self, tree: SupervisorSpec, seed: int, clock: EveningClock) -> None:
        """Make it without starting anything; it starts at the clock's time now."""
        super().__init__(tree, seed, clock)
        self._given: int | None = self.now
        self._begun = False
        self.on_heartbeat: Callable[[Address, int], None] = _nobody_listens
        """Called with the actor that passed a heartbeat on, and the heartbeat's number."""
        self.before_time_passes: Callable[[], None] | None = None
        """Is called before every input and every timer, outside of itself."""

    def begin(self) -> None:
        """Let time run from here on, for timers too, however long the start has taken."""
        self._given = None
        self._begun = True

    def stamp(self) -> int:
        """The stamp of an input that comes now: never before what has been worked on already."""
        return self._stamp()

    def put_at(self, at: int, address: Address, message: object) -> None:
        """Put one input in with a stamp that `stamp` gave."""
        with self.at(at):
            self.put(address, message)

    async def ask_at(self, at: int, address: Address, message: object, timeout_ns: int) -> object:
        """Ask with such a stamp, and wait for the answer. Raises as `ask` does."""
        # Posted without a checkpoint: between stamp and delivery nothing else may get a later stamp in.
        with self.at(at), self._working():
            asked = trio.Event()
            reply = self._post_at(at, address, message, timeout_ns)
        if not reply.done:
            reply.listeners.append(lambda _reply: asked.set())
            await asked.wait()
        return reply.result()

    @override
    def perform(self, life: Life, effect: object) -> None:
        """Note that a heartbeat came by; everything else goes to the actor's I/O task."""
        if isinstance(effect, HeartbeatPassed):
            self.on_heartbeat(life.cell.address, effect.number)
        else:
            super().perform(life, effect)

    @contextmanager
    def at(self, stamp: int) -> Iterator[None]:
        """Whatever is done inside, without waiting, is done at that stamp."""
        before, self._given = self._given, stamp
        try:
            yield
        finally:
            self._given = before

    @override
    def _stamp(self) -> int:
        self._note_time()
        return super()._stamp() if self._given is None else self._given

    @override
    def _pass_time(self, until: int) -> None:
        # Until then time stands still: a slow start must not fire timers that a replay, which starts at
        # once, would not.
        if self._begun:
            self._note_time()
            super()._pass_time(until)

    def _note_time(self) -> None:
        # The hook may put inputs in itself, which would call it again.
        hook, self.before_time_passes = self.before_time_passes, None
        if hook is not None:
            try:
                hook()
            finally:
                self.before_time_passes = hook


def _nobody_listens(_address: Address, _number: int) -> None:
    """Until an engine takes over."""

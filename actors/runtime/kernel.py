"""The system as those see it that carry lives and do what behaviours return: two interfaces.

Implemented by `system` and `live`; used by `effects`, `loop_actor` and `edge`, so that none of them knows the
system that it is a part of.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from typing import Protocol

from actors.runtime.asks import ASK_TIMEOUT_NS
from actors.runtime.behaviour import Address, ChildSpec
from actors.runtime.cells import Life, Reply
from actors.runtime.children import Parent
from actors.runtime.dispatcher import Dispatcher
from actors.runtime.lifecycle import Lives


class Kernel(Protocol):
    """One engine, virtual or live."""

    dispatcher: Dispatcher
    lives: Lives
    answers_unheard: int
    """Answers to nobody: of a tell, or after the ask had ended."""

    @property
    def now(self) -> int:
        """The stamp of the input being worked on (UTC nanoseconds)."""
        ...  # pragma: no cover

    def enter(self, receiver: Address, message: object) -> None:
        """Put one input in, stamped with the system's own time."""
        ...  # pragma: no cover

    def enter_ask(self, receiver: Address, message: object) -> Reply:
        """Put one ask in, stamped with the system's own time, with the usual timeout."""
        ...  # pragma: no cover

    def supervisor_at(self, address: Address) -> Parent | None:
        """The supervisor with this address; the empty path is the root."""
        ...  # pragma: no cover

    def stop_child(self, address: Address) -> bool:
        """Stop a child for good; False if there is none."""
        ...  # pragma: no cover

    def stop_life(self, life: Life) -> None:
        """Stop the child whose present life this is."""
        ...  # pragma: no cover

    def perform(self, life: Life, effect: object) -> None:
        """Hand an effect to the actor's I/O task."""
        ...  # pragma: no cover


class LiveKernel(Kernel, Protocol):
    """One engine on trio, which can also run tasks."""

    stale_refused: int
    """Inputs that a task tried to hand in after its life was over."""

    def clock(self) -> int:
        """The time now (UTC nanoseconds)."""
        ...  # pragma: no cover

    def put(self, address: Address, message: object) -> int:
        """Stamp one input with the time now, deliver it, and drain. Gives the stamp."""
        ...  # pragma: no cover

    async def ask(self, address: Address, message: object, timeout_ns: int = ASK_TIMEOUT_NS) -> object:
        """Ask, and wait for the answer."""
        ...  # pragma: no cover

    def operation(self) -> AbstractContextManager[None]:
        """Do something to the tree, and work on what follows from it."""
        ...  # pragma: no cover

    def begin_on_loop(self, life: Life, spec: ChildSpec) -> None:
        """Begin the part of a life that runs on the loop."""
        ...  # pragma: no cover

    def acknowledge(self, life: Life) -> None:
        """A life became ready, from the side of its task."""
        ...  # pragma: no cover

    def spawn(self, address: Address, task: Callable[[], Awaitable[None]]) -> None:
        """Run the task of this actor in the nursery of its supervisor."""
        ...  # pragma: no cover

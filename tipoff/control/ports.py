"""What the control socket needs of engine and process; `tipoff.services.control` gives it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, Protocol

import attrs

from actors.messages import FollowOperation, Operation
from actors.runtime import ActorStatus, Address
from engine.readings import Chart
from tipoff.explain.chain import JournaledFact


class Engine(Protocol):
    """What the control socket needs of a system of actors."""

    @property
    def now(self) -> int:
        """The stamp of the last input (UTC nanoseconds)."""
        ...  # pragma: no cover

    @property
    def running(self) -> bool:
        """Whether the tree is started and not stopping."""
        ...  # pragma: no cover

    @property
    def starting(self) -> bool:
        """Whether the tree is being started."""
        ...  # pragma: no cover

    async def ask(self, address: Address, message: object, timeout_ns: int, /) -> object:
        """Ask and wait. Raises an AskError or SystemEnded."""
        ...  # pragma: no cover

    def status(self) -> tuple[ActorStatus, ...]:
        """Every child of the tree, in start order."""
        ...  # pragma: no cover

    def restart(self, address: Address, /) -> bool:
        """Replace a life by a new one; False if there is no such child."""
        ...  # pragma: no cover

    def revive(self, address: Address, /) -> bool:
        """Bring a parked or stopped child back; False if it is neither."""
        ...  # pragma: no cover


@attrs.frozen(kw_only=True)
class Hooks:
    """What the daemon around the engine can do. What is None is answered with `not_available`.

    A hook that cannot do what it is asked raises `Failure`. Hooks that block are called in a thread where it
    is said.
    """

    phase: Callable[[], Literal["starting", "running", "stopping"]] | None = None
    """The phase of the daemon; without it that of the tree of actors."""
    step: Callable[[], str] = str
    """Which step of its stop is being done; empty while there is none."""
    reload: Callable[[], Awaitable[str | tuple[Address, Operation]]] | None = None
    """Read the configuration again; what it changes of trading goes to the risk gate."""
    reloaded: Callable[[], None] | None = None
    """Take over what else it changes."""
    loglevel: Callable[[str | None], str] | None = None
    """Set the level (None asks) and return it."""
    metrics: Callable[[], str] | None = None
    """The exposition text; called in a thread."""
    chain: Callable[[str], Sequence[JournaledFact]] | None = None
    """All facts about an id from the journal; called in a thread."""
    load_game: Callable[[str], Awaitable[FollowOperation]] | None = None
    """Find out at the venue what a game is; what is to be followed of it goes to the risk gate."""
    unload_game: Callable[[str], Awaitable[FollowOperation]] | None = None
    followed: Callable[[], Awaitable[None]] | None = None
    """Follow at the venue what is to be followed now."""
    heartbeat: Callable[[], str] | None = None
    """Which stage no heartbeat passes any more, a sentence; empty while all is well."""
    latency: Callable[[int, int], Chart] | None = None
    """The engine's latency over time, between two seconds since 1970."""
    degraded: Callable[[], Sequence[str]] | None = None
    """What of the daemon does not work as it should, a sentence each: missing keys, full disks."""

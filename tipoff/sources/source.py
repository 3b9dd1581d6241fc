"""The interface of a source: one record with its settings, the readers of its lines, and its connection.

For authors of sources, ours (`tipoff.sources.bundled`) and other packages'. A source is known once its record
is an entry point of the group `tipoff.sources`. Whatever a source hears enters the engine by `Engine.ingress`
before anybody looks at it; what a source decides is only what to ask next.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import attrs
from attrs import AttrsInstance

from actors.messages import FollowOperation
from actors.pollers import PollStatus
from actors.runtime import AnySpec
from engine.events import VenueEvent
from engine.leagues import League
from engine.schedule import ListedGame
from engine.strategy_traits import StrategyTraits
from engine.tally import Tally
from engine.units import NANOS_PER_MILLISECOND
from tipoff.json_types import Json
from tipoff.sources.findings import Finding
from tipoff.sources.health import HealthIssue
from venues.recordings.readers import LineReaders

if TYPE_CHECKING:
    # Whoever reads or writes a configuration knows every source, and needs no client of HTTP for it.
    from tipoff.sources.asking import Asking
    from venues.transport.client import Client

S = TypeVar("S", bound=AttrsInstance)
K = TypeVar("K")


class Clock(Protocol):
    """The engine's time, in UTC nanoseconds; `speed` times as fast as a clock's in a simulated evening."""

    speed: float

    def __call__(self) -> int:
        """The time now."""
        ...

    async def sleep(self, nanos: float, /) -> None:
        """Let so much of it pass."""
        ...


class Plan(Protocol):
    """The part of a live engine's plan that a source needs."""

    @property
    def clock(self) -> Clock:
        """The engine's time."""
        ...


class Ingress(Protocol):
    """The one way into the engine."""

    def stream(self, conn: int, what: str, text: str, /) -> tuple[int, tuple[VenueEvent, ...]]:
        """Take a frame of the stream; returns its stamp and its events."""
        ...

    def body_of(self, source: str, /) -> Callable[[str, str], tuple[VenueEvent, ...]]:
        """The callback for a client of `source`: takes a body, returns its events."""
        ...


class Engine(Protocol):
    """What a source sees of the engine that it feeds."""

    @property
    def plan(self) -> Plan:
        """What it was made of."""
        ...

    @property
    def ingress(self) -> Ingress:
        """The way in."""
        ...

    @property
    def tally(self) -> Tally:
        """What has been made durable."""
        ...

    async def listing(self) -> Mapping[str, ListedGame]:
        """The games that are followed, by id."""
        ...

    async def loaded(self) -> Mapping[str, tuple[str, ...]]:
        """The games that an operator had followed, with the venue's events of each."""
        ...


Ask = Callable[[PollStatus], Awaitable[int | None]]
"""Asks once; returns the nanoseconds of the engine's time until the next time, or None where there is no
sense in asking again (then `stopped` of the status says why).
"""


@attrs.frozen
class PollPlan:
    """Something that is asked again and again, and the actor that asks it."""

    actor: str
    name: str
    ask: Ask


def every(milliseconds: int, request: Callable[[], Awaitable[object]]) -> Ask:
    """Ask at a steady pace, such as that of a key of the source's section."""

    async def ask(_status: PollStatus) -> int:
        await request()
        return milliseconds * NANOS_PER_MILLISECOND

    return ask


@attrs.frozen(kw_only=True)
class Work:
    """What a source does for an engine: its polls, and actors that do more than poll."""

    polls: tuple[PollPlan, ...] = ()
    actors: tuple[AnySpec, ...] = ()


@attrs.frozen(kw_only=True)
class Link:
    """What a source is given when it is opened."""

    prod: bool
    """Whether the venue's real environment is listened to."""
    leagues: tuple[League, ...]
    """Whose games are traded; at least one."""
    draw: Callable[[], float]
    """Jitter in [0, 1)."""
    degrade: Callable[[HealthIssue], None]
    """Says in a sentence what the engine has to do without from now on."""


class Connection:
    """A source that is open: its connection pool is there, nothing has been asked."""

    def start(self, engine: Engine) -> Work:
        """What to do for `engine`; called once, before the engine runs."""
        raise NotImplementedError

    @property
    def client(self) -> "Client | None":
        """Who asks, with its budget and what it knows of the service's clock; None before it is known."""
        return None

    def status(self) -> Mapping[str, Json]:
        """What can be seen of it beside its polls, as plain values."""
        return {}

    def health_issues(self) -> list[HealthIssue]:
        """What does not work as it should, a sentence each; polls that fail are told by their statuses."""
        return []


class Selection(Protocol):
    """Resolves what an operator typed to a game that the venue knows."""

    async def load(self, text: str, /) -> FollowOperation:
        """Raises Failure for what is no game, or is not there."""
        ...

    async def unload(self, text: str, /) -> FollowOperation:
        """Raises Failure for what is not followed."""
        ...


class MarketConnection(Connection):
    """The venue whose markets are traded; there is one."""

    selection: Selection
    """What may be loaded and unloaded; there once `start` has been called."""

    @property
    def conn(self) -> int:
        """The number of the connection that brings the books; 0 where they are polled."""
        raise NotImplementedError

    async def follow(self) -> None:
        """Follow what is to be followed now, because an operator changed it."""
        raise NotImplementedError

    def renew(self, reason: str) -> None:
        """Have every book come anew."""
        raise NotImplementedError


@attrs.frozen(kw_only=True)
class Question(Generic[S, K]):
    """Something to ask a service when `tipoff doctor --network` looks."""

    name: str
    """What it is called where it does not end in time."""
    ask: "Callable[[S, K | None, Asking], Awaitable[list[Finding]]]"
    """Asks, with the key if there is a usable one."""
    http: bool = True
    """Whether it goes through `Asking.connect`; others are left out where there are no sockets."""


@attrs.frozen(kw_only=True)
class KeyAdvice(Generic[K]):
    """What people are told of the key to a service, as parts of sentences."""

    without: str
    """What the engine has to do without while there is no key."""
    get: str
    """How to come by one, and which keys of the section name it."""
    kind: Callable[[K], str] = lambda _key: ""
    """What may be told of a key; stands behind "has a key"."""
    sleeps: Callable[[StrategyTraits], bool] = lambda _traits: False
    """Whether a strategy of such traits never enters while there is no key."""


def _nothing(_section: object) -> Iterable[Finding]:
    return ()


@attrs.frozen(kw_only=True)
class Source(Generic[S, K]):
    """A service that is listened to. `S` is the class of its section, `K` that of the key to it."""

    name: str
    """Of the section in `engine.toml`, and of the source in `status` and the metrics."""
    title: str
    """How people call it, in what `config check` and `doctor` say."""
    listed: int = 1_000
    """Its place among the sources of one package, the smallest first; then by name."""
    section: type[S]
    """What can be set; every key has a default."""
    readers: LineReaders
    """The source names that its lines have in a recording, and their readers."""
    actors: tuple[str, ...]
    """The actors that it may have below the supervisor `sources`, in the order of their start."""
    key: KeyAdvice[K] | None = None
    """What to say of its key; None for a service that wants none."""
    read_key: Callable[[S], K | None]
    """The key that the section names, None if none; raises ConfigError for one that cannot be used."""
    connect: Callable[[S, K | None, Link], AbstractAsyncContextManager[Connection]]
    """Opens it; without a key it does less and reports that."""
    check: Callable[[S], Iterable[Finding]] = _nothing
    """What `tipoff doctor` finds in the section alone, such as polls that do not fit into a budget."""
    questions: tuple[Question[S, K], ...] = ()
    """What `tipoff doctor --network` asks."""

"""A live engine as the metrics see it: counters in memory, and what was fetched a few seconds ago.

Read-only. What needs an actor or the disk is fetched by `follow` in the background, never during a scrape.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import attrs
import trio

from actors.addresses import OBSERVER
from actors.messages import FeedSnapshot
from actors.observer import OVERVIEW
from actors.read_model.views import Overview, Query
from actors.runtime import ActorStatus, AskError, SystemEnded
from engine.tally import StrategyTally, Tally
from engine.units import NANOS_PER_SECOND
from tipoff.config.database import SQLITE, database_url
from tipoff.config.load import Config
from tipoff.json_types import Json
from tipoff.live.commit_queue import CommitQueue
from tipoff.live.engine import LiveEngine
from tipoff.live.ingress import IngressStatus
from tipoff.live.latency import Latency
from tipoff.live.stamped_system import StampedSystem
from tipoff.metrics.process_counters import ProcessCounters
from tipoff.sources.clients import Sources

FOLLOW_S: Final = 5.0
"""So often what cannot be read from memory is fetched."""

FOLLOW_S_MAX: Final = 4.0
"""What takes longer is left as it was."""

LABEL_VALUES_MAX: Final = 100
"""So many values of one label are shown; what is beyond is counted under `other`."""

LABEL_CHARS_MAX: Final = 80
"""Longer values of labels are cut."""

OTHER: Final = "other"
GAMES: Final = "games/"
"""Children of this supervisor come and go without end, so they are one actor to the metrics."""

KALSHI_FRAMES: Final = "kalshi.ws"


def label(text: str) -> str:
    """A text as a label's value: short, and without what cannot be written as UTF-8."""
    return text[:LABEL_CHARS_MAX].encode("utf-8", "replace").decode("utf-8")


@attrs.frozen(kw_only=True)
class SourceCounts:
    """One connection or poll; `last_at` is seconds since 1970 (UTC)."""

    up: bool
    last_at: float
    messages: int
    failures: int
    connections: int = 0


@attrs.define
class CollectorHealth:
    """Whether each group of metrics was collected, and how long the last scrape took."""

    up: dict[str, float] = attrs.field(factory=dict)
    failures: dict[str, float] = attrs.field(factory=dict)
    took_s: float = 0.0
    """How long the last answer took."""


class ActorTotals:
    """Adds the actors up: what is counted never falls, though games come and go."""

    COUNTED: Final = ("restarts", "failures", "handled", "refused", "dropped", "conflated")

    def __init__(self) -> None:
        """Begin without actors."""
        self.counted: dict[str, dict[str, float]] = {}
        """What each actor, or all games together, have counted in all their lives."""
        self.now: dict[str, list[ActorStatus]] = {}
        """The actors that exist now."""
        self._last: dict[str, ActorStatus] = {}

    def update(self, actors: list[ActorStatus]) -> None:
        """Take in how the actors stand now."""
        self.now = {}
        for actor in actors:
            name = self._name(str(actor.address))
            self.now.setdefault(name, []).append(actor)
            totals = self.counted.setdefault(name, dict.fromkeys(self.COUNTED, 0))
            last = self._last.get(str(actor.address))
            for field in self.COUNTED:
                count, before = getattr(actor, field), getattr(last, field, 0)
                # A number that has fallen is that of another actor with the same address.
                totals[field] += count - before if count >= before else count
        self._last = {str(actor.address): actor for actor in actors}

    def total(self, field: str) -> dict[str, float]:
        """One number of every actor that there ever was."""
        return {name: totals[field] for name, totals in self.counted.items()}

    def most(self, read: Callable[[ActorStatus], float]) -> dict[str, float]:
        """One number of every actor that there is; of games the greatest."""
        return {name: max(map(read, actors)) for name, actors in self.now.items()}

    def least(self, read: Callable[[ActorStatus], float]) -> dict[str, float]:
        """One number of every actor that there is; of games the smallest."""
        return {name: min(map(read, actors)) for name, actors in self.now.items()}

    def states(self) -> Counter[str]:
        """How many are in each state."""
        return Counter(each.state for actors in self.now.values() for each in actors)

    def _name(self, address: str) -> str:
        if address.startswith(GAMES):
            return f"{GAMES}*"
        name = label(address)
        return name if name in self.counted or len(self.counted) < LABEL_VALUES_MAX else OTHER


class EngineView:
    """One live engine with what is around it."""

    def __init__(
        self, engine: LiveEngine, sources: Sources, config: Config, counters: ProcessCounters
    ) -> None:
        """Nothing is fetched yet."""
        self.engine = engine
        self.config = config
        self.counters = counters
        self.overview: Overview | None = None
        self.feed: FeedSnapshot | None = None
        self.database_bytes = self.disk_free_bytes = 0
        self.actors = ActorTotals()
        self.collectors = CollectorHealth()
        self._sources = sources
        url = database_url(config, None)
        self._database = Path(url.removeprefix(SQLITE)) if url.startswith(SQLITE) else None

    async def follow(self) -> None:
        """Fetch what must be waited for, until cancelled."""
        while True:
            # The observer may be between two lives, and a scrape must not wait for it.
            with trio.move_on_after(FOLLOW_S_MAX):
                await self.fetch()
            await trio.sleep(FOLLOW_S)

    async def fetch(self) -> None:
        """Fetch it once; what cannot be had stays as it was."""
        if self.engine.running:
            with suppress(AskError, SystemEnded):
                overview = await self.engine.ask(OBSERVER, Query(OVERVIEW))
                self.overview = overview if isinstance(overview, Overview) else self.overview
            with suppress(AskError, SystemEnded):
                self.feed = await self.engine.feed()
        # A file system that hangs may keep the thread, but not the daemon from stopping.
        sizes = await trio.to_thread.run_sync(self._sizes, abandon_on_cancel=True)
        self.database_bytes, self.disk_free_bytes = sizes

    def count_actors(self) -> None:
        """Add the actors up, the supervisors left out."""
        self.actors.update([each for each in self.engine.status() if each.kind != "supervisor"])

    @property
    def system(self) -> StampedSystem:
        """The runtime below the actors."""
        return self.engine.system

    @property
    def queue(self) -> CommitQueue:
        """What stands before the journal."""
        return self.engine.commit_queue

    @property
    def ingress(self) -> IngressStatus:
        """What came in."""
        return self.engine.ingress.status

    @property
    def latency(self) -> Latency:
        """How long decisions take, and how long until they are durable."""
        return self.engine.ingress.latency

    @property
    def tally(self) -> Tally:
        """What is durable, counted."""
        return self.engine.tally

    def by_strategy(self, read: Callable[[StrategyTally], float]) -> dict[str, float]:
        """One number of every strategy: those that are configured, and those that have ever traded."""
        names = [plan.name for plan in self.engine.plan.settings.strategies]
        lines = self.tally.strategies
        return {
            name: read(lines.get(name) or StrategyTally(name)) for name in dict.fromkeys((*names, *lines))
        }

    def games(self) -> int:
        """How many games are followed."""
        return sum(str(each.address).startswith(GAMES) for each in self.engine.status())

    def issues(self) -> int:
        """How many things of the sources do not work as they should."""
        return len(self._sources.health_issues())

    def sources(self) -> dict[str, SourceCounts]:
        """The stream and the polls."""
        return dict(self._each_source())

    def tokens(self) -> dict[str, tuple[int, int]]:
        """What may be asked of each service at once, and the most that ever may."""
        found = dict.fromkeys(self.config.sources, (0, 0))
        for name, client in self._sources.clients().items():
            found[name] = (client.tokens, client.tokens_max)
        return found

    def clock_skew_s(self) -> float | None:
        """Our clock minus the venue's, by the answers of the service whose signatures carry our time."""
        return self._sources.skew_s()

    def feed_lag_s(self) -> float:
        """How far the stream is behind the venue; 0 without a stream."""
        stream = self._sources.status().get("stream")
        found = stream.get("lag_s") if isinstance(stream, Mapping) else None
        return found if isinstance(found, float) else 0.0

    def feed_connection(self) -> int:
        """The number of the connection that is open, or is being opened; 0 without a stream."""
        stream = self._sources.status().get("stream")
        return _whole(stream.get("conn", 0)) if isinstance(stream, Mapping) else 0

    def _each_source(self) -> Iterator[tuple[str, SourceCounts]]:
        status = self._sources.status()
        stream, polls = status.get("stream"), status.get("polls")
        if isinstance(stream, Mapping):
            yield (
                "stream",
                SourceCounts(
                    up=bool(stream["connected"]),
                    last_at=self.ingress.last_at.get(KALSHI_FRAMES, 0) / NANOS_PER_SECOND,
                    messages=_whole(stream["frames"]),
                    failures=self.overview.feed.losses if self.overview else 0,
                    connections=_whole(stream["attempts"]),
                ),
            )
        for name, poll in (polls if isinstance(polls, Mapping) else {}).items():
            if isinstance(poll, Mapping):
                yield (
                    name,
                    SourceCounts(
                        up=not poll["failures_in_row"] and not poll["stopped"],
                        last_at=_whole(poll["last_at"]) / NANOS_PER_SECOND,
                        messages=_whole(poll["polls"]),
                        failures=_whole(poll["failures"]),
                    ),
                )

    def _sizes(self) -> tuple[int, int]:
        """Of the database with its log, and of what is free where the state is kept."""
        file, size = self._database, 0
        for part in (file, Path(f"{file}-wal")) if file is not None else ():
            size += part.stat().st_size if part.exists() else 0
        return size, shutil.disk_usage(self.config.engine.state_directory).free


def _whole(value: Json) -> int:
    return int(value) if isinstance(value, int | float) else 0

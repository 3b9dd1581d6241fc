"""The sources of one engine: opening them, starting their actors, reporting how they stand.

Made by `run` and `demo` for a live engine. A source never ends the process: what is missing or fails stands
in `status` and is retried.
"""

import random
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

import attrs

from actors.runtime import AnySpec
from engine.leagues import leagues_of
from tipoff.config.load import Config
from tipoff.config.problems import ConfigError, Problem
from tipoff.json_types import Json
from tipoff.sources.edges import Polls
from tipoff.sources.health import HealthIssue
from tipoff.sources.registry import sources_of
from tipoff.sources.source import Connection, Engine, Link, MarketConnection, Selection
from venues.transport.client import Client


@attrs.frozen
class Credentials:
    """The keys that there are, by the name of their source; without one the engine does with less."""

    keys: Mapping[str, object] = attrs.field(factory=dict)

    @classmethod
    def named_in(cls, config: Config) -> "Credentials":
        """The keys that a configuration names. Raises ConfigError for one that cannot be used."""
        return cls(
            {name: source.read_key(config.sources[name]) for name, source in sources_of(config).items()}
        )

    @classmethod
    def problems(cls, config: Config) -> list[Problem]:
        """What `named_in` would raise, of every source: all of it at once."""
        found: list[Problem] = []
        for name, source in sources_of(config).items():
            try:
                source.read_key(config.sources[name])
            except ConfigError as error:
                found += error.problems
        return found


class Sources:
    """The clients of one engine, and the actors that use them."""

    def __init__(self, config: Config, access: Credentials, pauses: Mapping[str, int] | None = None) -> None:
        """Nothing is opened yet; `opened` does that. `pauses` replace those of the polls that they name, in
        nanoseconds of the engine's time.
        """
        self.degraded: list[HealthIssue] = []
        self._config = config
        self._access = access
        self._pauses = pauses or {}
        self._connections: dict[str, Connection] = {}
        self._market: MarketConnection
        self._polls: Polls | None = None

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator["Sources", None]:
        """Have the connection pools open; nothing is asked before the engine's actors do."""
        link = Link(
            prod=self._config.engine.environment == "prod",
            leagues=leagues_of(self._config.engine.leagues),
            # Not seeded: with one seed every restart, and every other daemon, would draw the same pauses.
            draw=random.SystemRandom().random,
            degrade=self.degraded.append,
        )
        async with AsyncExitStack() as stack:
            for name, source in sources_of(self._config).items():
                section, key = self._config.sources[name], self._access.keys.get(name)
                connection = await stack.enter_async_context(source.connect(section, key, link))
                self._connections[name] = connection
                if isinstance(connection, MarketConnection):
                    self._market = connection
            yield self

    def specs(self, engine: Engine) -> tuple[AnySpec, ...]:
        """The actors that do the I/O, for the supervisor `sources`."""
        polls = self._polls = Polls(engine.plan.clock, self._pauses)
        found: list[AnySpec] = []
        for connection in self._connections.values():
            work = connection.start(engine)
            found += [*work.actors, *polls.actors(work.polls)]
        return tuple(found)

    @property
    def game_selection(self) -> Selection:
        """What may be loaded and unloaded."""
        return self._market.selection

    async def follow(self) -> None:
        """Follow what is to be followed now, because an operator changed it."""
        await self._market.follow()

    @property
    def conn(self) -> int:
        """The number of the connection that brings the books; 0 where they are polled."""
        return self._market.conn

    def renew(self, reason: str) -> None:
        """Give the stream's connection up, so that every book comes anew; polled ones do so anyhow."""
        self._market.renew(reason)

    def skew_s(self) -> float | None:
        """Our clock minus the venue's, in seconds; None before its first answer."""
        client = self._market.client
        return None if client is None or client.skew is None else client.skew.seconds

    def status(self) -> dict[str, Json]:
        """What can be seen of connections and polls, as plain values."""
        found: dict[str, Json] = {}
        for connection in self._connections.values():
            found |= connection.status()
        polls = {} if self._polls is None else self._polls.status
        return found | {"polls": {name: attrs.asdict(status) for name, status in polls.items()}}

    def clients(self) -> dict[str, Client]:
        """Who asks each service, with its budget and what it knows of the service's clock."""
        found = {name: connection.client for name, connection in self._connections.items()}
        return {name: client for name, client in found.items() if client is not None}

    def health_issues(self) -> list[HealthIssue]:
        """What does not work as it should."""
        found = list(self.degraded)
        for connection in self._connections.values():
            found += connection.health_issues()
        return found if self._polls is None else [*found, *self._polls.health_issues()]

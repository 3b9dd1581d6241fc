"""Where the live engine's inputs come from: the venues' clients, what is asked when, and the actors that ask.

Made by `run` and `demo` for a `LiveEngine`. Whatever a client hears goes through the engine's one door before
anything here looks at it; what is decided here is only what to ask next. Nothing of it may end the process:
what is missing or fails is said in `status`, and asked for again.
"""

import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import Final

import attrs

from actors.addresses import FEED_EDGE
from actors.feed_edge import FeedEdge, feed_task
from actors.messages import TradesWanted
from actors.pollers import Poll, Poller, PollStatus, polling_task
from actors.runtime import AskError, Behaviour, ChildSpec
from actors.runtime.edge import Edge
from actors.runtime.specs import AnySpec, Kind
from engine.token_bucket import TokenBucket
from engine.units import NANOS_PER_MILLISECOND, NANOS_PER_SECOND, Nanos
from tipoff.config.load import Config
from tipoff.json_types import Json
from tipoff.live.engine import LiveEngine
from tipoff.sources.balldontlie_polls import Scores
from tipoff.sources.discovery import Discovery, Intervals
from tipoff.sources.game_selection import GameSelection
from tipoff.sources.kalshi_scores_poll import LiveScores
from venues.balldontlie.rest import TIERS, BalldontlieRest, Tier, detect_tier
from venues.balldontlie.rest import Dependencies as ScoresSurroundings
from venues.errors import CredentialsRefused, TlsRefused, VenueError
from venues.kalshi.auth import Signer
from venues.kalshi.feed import BookPolling, FeedStatus, GapTrades, KalshiFeed
from venues.kalshi.rest import Budget, Dependencies, KalshiRest
from venues.kalshi.session import Gap
from venues.kalshi.stream import KalshiStream, StreamDependencies
from venues.recordings.line_kinds import BALLDONTLIE, KALSHI_REST
from venues.transport.client import Client
from venues.transport.http import Http
from venues.transport.websocket import SocketLimits

TOKENS_PER_READ: Final = 10
USUAL: Final = Intervals()
TIER_NAMES: Final = {"free": Tier.FREE, "all_star": Tier.ALL_STAR, "goat": Tier.GOAT}


@attrs.frozen(kw_only=True)
class Credentials:
    """The keys that there are; without one the engine does with less and says so."""

    signer: Signer | None = None
    balldontlie_key: str = ""
    balldontlie_bucket: Callable[[Nanos], TokenBucket] | None = None
    """Another budget than that of the key's tier, for a simulated service."""


class Sources:
    """The clients of one engine, and the actors that use them."""

    def __init__(self, config: Config, access: Credentials, every: Intervals = USUAL) -> None:
        """Nothing is opened yet; `opened` does that. `every` are the pauses that no configuration names."""
        self._every = every
        self.degraded: list[str] = []
        self._config = config
        self._access = access
        self._draw = random.SystemRandom().random
        self._polls: dict[str, PollStatus] = {}
        self._feed_status = FeedStatus()
        self._stream: KalshiStream | None = None
        self._rest: KalshiRest | None = None
        self._kalshi_http: Http | None = None
        self._scores_http: Http | None = None
        self.scores: Scores | None = None
        self.following: GameSelection
        """What may be loaded and unloaded; there once `specs` has been called."""
        self._discovery: Discovery

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator["Sources", None]:
        """Have the connection pools open; nothing is asked before the engine's actors do."""
        kalshi = self._config.kalshi
        prod = self._config.engine.environment == "prod"
        async with AsyncExitStack() as stack:
            url = kalshi.rest_url_prod if prod else kalshi.rest_url_demo
            self._kalshi_http = await stack.enter_async_context(Http(url))
            if self._access.balldontlie_key:
                scores = Http(self._config.balldontlie.url)
                self._scores_http = await stack.enter_async_context(scores)
            else:
                self.degraded.append("balldontlie has no key: no scores and no odds are heard")
            yield self

    def specs(self, engine: LiveEngine) -> tuple[AnySpec, ...]:
        """The actors that do the I/O, for the supervisor `sources`."""
        rest = self._kalshi(engine)
        feed = self._feed(engine, rest)
        series = self._config.kalshi.series
        discovery = self._discovery = Discovery(rest, engine, feed, series, self._every)
        self.following = GameSelection(rest.event, engine.listing, series)
        polls = (
            self._poll(engine, "markets", discovery.markets),
            self._poll(engine, "exchange", discovery.exchange),
            self._poll(engine, "fees", discovery.fees),
            self._poll(engine, "live_data", LiveScores(rest, engine, self._config.kalshi).ask),
        )
        fetch = partial(_fetch, feed)
        specs: list[AnySpec] = [
            _edge(FEED_EDGE.last, FeedEdge, feed_task(feed.run, self._request_snapshots, fetch)),
            _edge("discovery", Poller, polling_task(polls)),
        ]
        if self._scores_http is not None:
            specs += self._score_specs(engine, self._scores_http)
        return tuple(specs)

    async def follow(self) -> None:
        """Follow what is to be followed now, because an operator changed it."""
        # The poll of the markets does the same again, and says so if it fails.
        with suppress(VenueError, AskError):
            await self._discovery.follow()

    @property
    def conn(self) -> int:
        """The number of the connection that brings the books; 0 where they are polled."""
        return 0 if self._stream is None else self._stream.status.conn

    def renew(self, reason: str) -> None:
        """Give the stream's connection up, so that every book comes anew; polled ones do so anyhow."""
        if self._stream is not None:
            self._stream.renew(reason)

    def skew_s(self) -> float | None:
        """Our clock minus Kalshi's, in seconds; None before its first answer."""
        kalshi = self.clients().get("kalshi")
        return None if kalshi is None or kalshi.skew is None else kalshi.skew.seconds

    def status(self) -> dict[str, Json]:
        """What can be seen of connections and polls, as plain values."""
        stream = None if self._stream is None else attrs.asdict(self._stream.status)
        return {
            "stream": stream,
            "feed": attrs.asdict(self._feed_status),
            "polls": {name: attrs.asdict(status) for name, status in self._polls.items()},
        }

    def clients(self) -> dict[str, Client]:
        """Who asks each service, with its budget and what it knows of the service's clock."""
        scores = None if self.scores is None else self.scores.rest
        found = {"kalshi": self._rest, "balldontlie": scores}
        return {name: rest.client for name, rest in found.items() if rest is not None}

    def complaints(self) -> list[str]:
        """What does not work as it should, a sentence each."""
        found = list(self.degraded)
        if self._feed_status.degraded:
            found.append(f"Kalshi has {self._feed_status.degraded}")
        stream = None if self._stream is None else self._stream.status
        if stream is not None and not stream.connected:
            found.append(f"the stream is not connected: {stream.last_error or 'connecting'}")
        for name, status in self._polls.items():
            if status.failures_in_row:
                found.append(f"the poll of {name} fails: {status.last_error}")
            elif status.stopped:
                found.append(f"{name}: {status.stopped}")
        return found

    def _kalshi(self, engine: LiveEngine) -> KalshiRest:
        section, signer = self._config.kalshi, self._access.signer
        reads = section.reads_per_second if signer else section.reads_per_second_keyless
        tokens = max(TOKENS_PER_READ, round(reads * TOKENS_PER_READ))
        surroundings = Dependencies(
            on_body=engine.hearing.body_of(KALSHI_REST), wall=engine.plan.clock, draw=self._draw
        )
        assert self._kalshi_http is not None  # noqa: S101 - opened before the engine is made
        budget = Budget(tokens, tokens * 2 if signer else tokens)
        self._rest = KalshiRest(self._kalshi_http, surroundings, signer, budget)
        return self._rest

    def _feed(self, engine: LiveEngine, rest: KalshiRest) -> KalshiFeed:
        status, signer = self._feed_status, self._access.signer
        gaps, section, clock = GapTrades(rest, status), self._config.kalshi, engine.plan.clock
        if signer is None:
            every_s = section.poll_ms * NANOS_PER_MILLISECOND / NANOS_PER_SECOND / clock.speed
            return KalshiFeed(status, None, gaps, BookPolling(rest, status, clock, every_s))
        prod = self._config.engine.environment == "prod"
        surroundings = StreamDependencies(
            hear=engine.hearing.stream,
            wall=clock,
            draw=self._draw,
            limits=SocketLimits(silence_s_max=section.silence_ms_max / 1_000),
        )
        url = section.stream_url_prod if prod else section.stream_url_demo
        self._stream = KalshiStream(url, signer, surroundings)
        return KalshiFeed(status, self._stream, gaps, None)

    def _request_snapshots(self, conn: int, sid: int) -> None:
        if self._stream is not None:
            self._stream.request_snapshots(conn, sid)

    def _score_specs(self, engine: LiveEngine, http: Http) -> list[AnySpec]:
        section = self._config.balldontlie
        surroundings = ScoresSurroundings(
            on_body=engine.hearing.body_of(BALLDONTLIE),
            wall=engine.plan.clock,
            draw=self._draw,
            bucket=self._access.balldontlie_bucket,
        )
        key = self._access.balldontlie_key

        async def find_out(date: str) -> BalldontlieRest:
            tier = TIER_NAMES.get(section.tier)
            if tier is None:
                tier = await detect_tier(http, key, surroundings, date)
            if tier is not Tier.GOAT:
                self.degraded.append(f"balldontlie is of tier {tier.value}: {TIERS[tier].lost}")
            return BalldontlieRest(http, key, surroundings, tier)

        scores = self.scores = Scores(find_out, engine.plan.clock, section)
        poll = partial(self._poll, engine)
        return [
            _edge(
                "nba_poller",
                Poller,
                polling_task((poll("games", scores.games), poll("box_scores", scores.box_scores))),
            ),
            _edge(
                "odds_poller",
                Poller,
                polling_task((poll("odds", scores.odds), poll("opening_odds", scores.opening_odds))),
            ),
        ]

    def _poll(
        self, engine: LiveEngine, name: str, ask: Callable[[PollStatus], Awaitable[int | None]]
    ) -> Poll:
        status = self._polls[name] = PollStatus()
        clock = engine.plan.clock
        return Poll(
            name=name,
            ask=lambda: ask(status),
            # Whoever is asked inside of the engine may be in the middle of a restart: the next time will do.
            expected=(VenueError, AskError),
            refusals=(CredentialsRefused, TlsRefused),
            sleep=clock.sleep,
            wall=clock,
            status=status,
        )


def _fetch(feed: KalshiFeed, wanted: TradesWanted) -> None:
    """Have the trades of a gap fetched, with a key or without."""
    feed.gap_trades.note(Gap(wanted.ticker, wanted.since, wanted.until))


def _edge(
    name: str, behaviour: Callable[[], Behaviour], task: Callable[[Edge], Awaitable[None]]
) -> ChildSpec:
    return ChildSpec(name=name, factory=behaviour, kind=Kind.EDGE, task=task)

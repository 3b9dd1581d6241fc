"""Kalshi, opened: the REST client, the market feed, and what is asked again and again."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Final

import attrs

from actors.addresses import FEED_EDGE
from actors.feed_edge import FeedEdge, feed_task
from actors.messages import TradesWanted
from actors.runtime import AskError
from engine.units import NANOS_PER_MILLISECOND, NANOS_PER_SECOND
from tipoff.json_types import Json
from tipoff.sources.bundled.kalshi.discovery import Discovery
from tipoff.sources.bundled.kalshi.game_selection import GameSelection
from tipoff.sources.bundled.kalshi.scores_poll import LiveScores
from tipoff.sources.bundled.kalshi.section import KalshiSection
from tipoff.sources.edges import edge
from tipoff.sources.health import HealthIssue, IssueKind
from tipoff.sources.source import Engine, Link, MarketConnection, PollPlan, Work
from venues.errors import VenueError
from venues.kalshi.auth import Signer
from venues.kalshi.feed import BookPolling, FeedStatus, GapTrades, KalshiFeed
from venues.kalshi.rest import Budget, Dependencies, KalshiRest
from venues.kalshi.session import Gap
from venues.kalshi.stream import KalshiStream, StreamDependencies
from venues.recordings.line_kinds import KALSHI_REST
from venues.transport.client import Client
from venues.transport.http import Http
from venues.transport.websocket import SocketLimits

TOKENS_PER_READ: Final = 10
DISCOVERY: Final = "discovery"


@asynccontextmanager
async def opened(
    section: KalshiSection, signer: Signer | None, link: Link
) -> AsyncGenerator["KalshiConnection", None]:
    """Have the connection pool of one environment open."""
    async with Http(section.rest_url_prod if link.prod else section.rest_url_demo) as http:
        yield KalshiConnection(section, signer, link, http)


MOCK_BOOKS: Final = (
    "these are the mock books of Kalshi's demo, not its market: nothing here says what an edge is worth; "
    'engine.environment = "prod" listens to the market'
)
"""What is said of the venue's own demo; of a simulated one everybody knows who started it."""


class KalshiConnection(MarketConnection):
    """One environment, with a key or without."""

    def __init__(self, section: KalshiSection, signer: Signer | None, link: Link, http: Http) -> None:
        """Nothing is asked yet."""
        self._section = section
        self._signer = signer
        self._link = link
        self._http = http
        self._feed_status = FeedStatus()
        self._stream: KalshiStream | None = None
        self._rest: KalshiRest | None = None
        self._discovery: Discovery

    def start(self, engine: Engine) -> Work:
        """The feed, and the polls that find markets and look after them."""
        section = self._section
        rest = self._rest = self._rest_of(engine)
        feed = self._feed(engine, rest)
        leagues = self._link.leagues
        series = section.series or tuple(each for league in leagues for each in league.traded_series)
        discovery = self._discovery = Discovery(rest, engine, feed, series)
        self.selection = GameSelection(rest.event, engine.listing, series)
        asks = (
            ("markets", discovery.markets),
            ("exchange", discovery.exchange),
            ("fees", discovery.fees),
            ("live_data", LiveScores(rest, engine, section).ask),
        )
        task = feed_task(feed.run, self._request_snapshots, partial(_fetch, feed))
        return Work(
            actors=(edge(FEED_EDGE.last, FeedEdge, task),),
            polls=tuple(PollPlan(DISCOVERY, name, ask) for name, ask in asks),
        )

    async def follow(self) -> None:
        """Follow what is to be followed now, because an operator changed it."""
        # The poll of the markets does the same again, and says so if it fails.
        with suppress(VenueError, AskError):
            await self._discovery.follow()

    @property
    def conn(self) -> int:
        """The number of the connection that brings the books; 0 where they are polled."""
        return 0 if self._stream is None else self._stream.status.conn

    @property
    def client(self) -> Client | None:
        """Who asks by REST."""
        return None if self._rest is None else self._rest.client

    def renew(self, reason: str) -> None:
        """Give the stream's connection up, so that every book comes anew; polled ones do so anyhow."""
        if self._stream is not None:
            self._stream.renew(reason)

    def status(self) -> Mapping[str, Json]:
        """How the stream and the feed stand."""
        stream = None if self._stream is None else attrs.asdict(self._stream.status)
        return {"stream": stream, "feed": attrs.asdict(self._feed_status)}

    def health_issues(self) -> list[HealthIssue]:
        """Books that are no market's, a feed without a key, and a stream that is not there."""
        found: list[HealthIssue] = []
        if not self._link.prod and self._section.rest_url_demo == KalshiSection().rest_url_demo:
            found.append(HealthIssue("venue", MOCK_BOOKS))
        if self._feed_status.degraded:
            found.append(HealthIssue("kalshi", f"Kalshi has {self._feed_status.degraded}"))
        stream = None if self._stream is None else self._stream.status
        if stream is not None and not stream.connected:
            text = f"the stream is not connected: {stream.last_error or 'connecting'}"
            found.append(HealthIssue("stream", text, IssueKind.FEED_LOST))
        return found

    def _rest_of(self, engine: Engine) -> KalshiRest:
        signer = self._signer
        given = Dependencies(
            on_body=engine.ingress.body_of(KALSHI_REST), wall=engine.plan.clock, draw=self._link.draw
        )
        return KalshiRest(self._http, given, signer, budget_of(self._section, keyed=signer is not None))

    def _feed(self, engine: Engine, rest: KalshiRest) -> KalshiFeed:
        status, signer = self._feed_status, self._signer
        gaps, section, clock = GapTrades(rest, status), self._section, engine.plan.clock
        if signer is None:
            # A simulated evening passes faster, and would be polled too seldom at the pace of a real one.
            every_s = section.poll_ms * NANOS_PER_MILLISECOND / NANOS_PER_SECOND / clock.speed
            return KalshiFeed(status, None, gaps, BookPolling(rest, status, clock, every_s))
        given = StreamDependencies(
            hear=engine.ingress.stream,
            wall=clock,
            draw=self._link.draw,
            limits=SocketLimits(silence_s_max=section.silence_ms_max / 1_000),
        )
        url = section.stream_url_prod if self._link.prod else section.stream_url_demo
        self._stream = KalshiStream(url, signer, given)
        return KalshiFeed(status, self._stream, gaps, None)

    def _request_snapshots(self, conn: int, sid: int) -> None:
        if self._stream is not None:
            self._stream.request_snapshots(conn, sid)


def budget_of(section: KalshiSection, *, keyed: bool) -> Budget:
    """What may be asked, in the venue's tokens: ten for almost every call.

    A key's bucket holds two seconds of them (Basic tier), without a key only one.
    """
    reads = section.reads_per_second if keyed else section.reads_per_second_keyless
    tokens = max(TOKENS_PER_READ, round(reads * TOKENS_PER_READ))
    return Budget(tokens, tokens * 2 if keyed else tokens)


def _fetch(feed: KalshiFeed, wanted: TradesWanted) -> None:
    """Have the trades of a gap fetched, with a key or without."""
    feed.gap_trades.note(Gap(wanted.ticker, wanted.since, wanted.until))

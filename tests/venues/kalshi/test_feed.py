"""The feed as one thing: gaps get their trades by REST, and without a key books and trades are polled."""

# ruff: noqa: ARG001 (a clock winds trio's time on by being asked for)

import json
from collections import Counter
from itertools import pairwise
from urllib.parse import parse_qsl, urlsplit

import attrs
import httpx
import pytest
import trio
from trio.testing import MockClock

from engine.events import BookSnapshot, TradePrinted, TradesRecovered, VenueEvent
from engine.units import Nanos
from tests.venues.ears import keeping
from tests.venues.peers import until
from tipoff.sources.registry import translator
from venues.kalshi.feed import GAPS_MAX, BookPolling, FeedStatus, GapTrades, KalshiFeed
from venues.kalshi.rest import Budget, Dependencies, KalshiRest
from venues.kalshi.session import Gap
from venues.recordings.segments import Line
from venues.transport.client import RetryPolicy
from venues.transport.http import Http

SECOND = 1_000_000_000
START = 1_786_000_000 * SECOND


@attrs.define
class World:
    """A venue with one trade a second in every market, and everything that was heard from it."""

    asked: list[tuple[float, str, dict[str, str]]] = attrs.field(factory=list)
    heard: list[tuple[str, str]] = attrs.field(factory=list)
    broken: bool = False
    slow_s: float = 0.0

    def wall(self) -> int:
        return START + int(trio.current_time() * SECOND)

    async def reply(self, request: httpx.Request) -> httpx.Response:
        parts = urlsplit(str(request.url))
        query = parse_qsl(parts.query)
        self.asked.append((trio.current_time(), parts.path, dict(query)))
        await trio.sleep(self.slow_s)
        if self.broken:
            return httpx.Response(500, stream=httpx.ByteStream(b"{}"))
        if parts.path == "/markets/orderbooks":
            book = {"yes_dollars": [["0.40", "10"]], "no_dollars": [["0.50", "10"]]}
            body: object = {"orderbooks": [{"ticker": ticker, "orderbook_fp": book} for _, ticker in query]}
        else:
            body = {"trades": [self.trade(dict(query)["ticker"])], "cursor": ""}
        return httpx.Response(200, stream=httpx.ByteStream(json.dumps(body).encode()))

    def trade(self, ticker: str) -> dict[str, object]:
        return {
            "trade_id": f"{ticker}-{len(self.asked)}",
            "ticker": ticker,
            "count_fp": "1.00",
            "yes_price_dollars": "0.5000",
            "created_time": "2026-08-06T07:06:40Z",
            "taker_side": "yes",
        }

    def rest(self, budget: Budget) -> KalshiRest:
        surroundings = Dependencies(
            on_body=keeping(self.heard, "kalshi.rest", lambda: START),
            wall=self.wall,
            draw=lambda: 0.0,
            retry=RetryPolicy(attempts_max=1, failures_to_open=1_000),
        )
        return KalshiRest(
            Http("http://venue.invalid", transport=httpx.MockTransport(self.reply)),
            surroundings,
            None,
            budget,
        )

    def events(self) -> list[VenueEvent]:
        lines = [Line(START, 1, "kalshi.rest", 0, what, body) for what, body in self.heard]
        return [event for line in lines for event in translator().translate(line)]


async def test_gaps_get_all_their_trades_in_turn_once_the_venue_has_had_time_to_publish_them(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    world, status = World(), FeedStatus()
    trades = GapTrades(world.rest(Budget(10_000, 10_000)), status)
    nursery.start_soon(trades.run)
    for ticker in ("A", "B"):
        trades.note(Gap(ticker, START - 7 * SECOND, START))
    await trio.sleep(5)
    recovered = [event for event in world.events() if isinstance(event, TradesRecovered)]
    assert [(event.ticker, len(event.trades or ())) for event in recovered] == [("A", 1), ("B", 1)]
    assert all(event.since <= START - 7 * SECOND and event.until == START for event in recovered)
    assert world.asked[0][0] >= 1.0
    assert status.gaps_fetched == 2
    nursery.cancel_scope.cancel()


async def test_trades_that_cannot_be_had_are_said_to_be_missing(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    world, status = World(broken=True), FeedStatus()
    trades = GapTrades(world.rest(Budget(10_000, 10_000)), status)
    nursery.start_soon(trades.run)
    trades.note(Gap("A", START, START))
    await trio.sleep(5)
    (recovered,) = [event for event in world.events() if isinstance(event, TradesRecovered)]
    assert recovered.trades is None
    assert status.gaps_given_up == 1
    nursery.cancel_scope.cancel()


@pytest.mark.limit("venues.kalshi.feed:GAPS_MAX")
async def test_more_gaps_than_can_wait_are_said_to_be_lost_and_counted(autojump_clock: MockClock) -> None:
    world, status = World(), FeedStatus()
    trades = GapTrades(world.rest(Budget(10_000, 10_000)), status)
    for index in range(GAPS_MAX + 1):
        trades.note(Gap(f"T{index}", START, START))
    assert status.gaps_given_up == 1
    (lost,) = world.events()
    assert lost == TradesRecovered(f"T{GAPS_MAX}", Nanos(START), Nanos(START), None, Nanos(START))


@pytest.mark.promise("without-key-books-polled")
async def test_without_a_key_books_and_trades_are_polled_within_the_budget_and_it_says_so(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    world, status = World(), FeedStatus()
    rest = world.rest(Budget(30, 30))
    polling = BookPolling(rest, status, world.wall)
    feed = KalshiFeed(status, None, GapTrades(rest, status), polling)
    feed.want(["A", "B"])
    nursery.start_soon(feed.run)
    await trio.sleep(20.5)
    found = Counter((type(event), getattr(event, "ticker", "")) for event in world.events())
    assert found[BookSnapshot, "A"] == found[BookSnapshot, "B"] == status.polls == 21
    assert found[TradePrinted, "A"] + found[TradePrinted, "B"] == 21
    assert abs(found[TradePrinted, "A"] - found[TradePrinted, "B"]) <= 1
    assert len(world.asked) <= 30 * 20.5 / 10 + 3
    assert "no key" in status.degraded
    books = [event for event in world.events() if isinstance(event, BookSnapshot)]
    assert all((book.conn, book.sid) == (0, 0) for book in books)
    nursery.cancel_scope.cancel()


async def test_without_a_key_the_trades_of_a_gap_are_fetched_too(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    world, status = World(), FeedStatus()
    rest = world.rest(Budget(10_000, 10_000))
    feed = KalshiFeed(status, None, GapTrades(rest, status), BookPolling(rest, status, world.wall))
    nursery.start_soon(feed.run)
    feed.gap_trades.note(Gap("A", START - SECOND, START))
    await trio.sleep(5)
    (recovered,) = [event for event in world.events() if isinstance(event, TradesRecovered)]
    assert len(recovered.trades or ()) == 1
    nursery.cancel_scope.cancel()


@pytest.mark.limit("engine.toml:kalshi.poll_ms")
@pytest.mark.parametrize("every_s", [0.25, 2.0, 60.0])
async def test_books_are_polled_as_often_as_it_was_told(
    nursery: trio.Nursery, autojump_clock: MockClock, every_s: float
) -> None:
    world = World()
    polling = BookPolling(world.rest(Budget(10_000, 10_000)), FeedStatus(), world.wall, every_s)
    polling.want(["A"])
    nursery.start_soon(polling.run)
    await trio.sleep(every_s * 5.5)
    moments = [at for at, path, _ in world.asked if path == "/markets/orderbooks"]
    assert [round(after - before, 3) for before, after in pairwise(moments)] == [every_s] * 5
    nursery.cancel_scope.cancel()


@pytest.mark.fault("B11")
async def test_b11_a_slow_poll_never_overlaps_itself_and_missed_ticks_are_skipped(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    world, status = World(slow_s=1.7), FeedStatus()
    polling = BookPolling(world.rest(Budget(10_000, 10_000)), status, world.wall)
    polling.want(["A"])
    nursery.start_soon(polling.run)
    await trio.sleep(20.5)
    moments = [at for at, path, _ in world.asked if path == "/markets/orderbooks"]
    assert all(after - before >= 3.4 for before, after in pairwise(moments))
    assert status.polls <= 6
    assert status.skipped_ticks >= 10
    nursery.cancel_scope.cancel()


async def test_polls_that_fail_are_counted_and_go_on(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    world, status = World(broken=True), FeedStatus()
    polling = BookPolling(world.rest(Budget(10_000, 10_000)), status, world.wall)
    polling.want(["A"])
    nursery.start_soon(polling.run)
    await trio.sleep(3.5)
    world.broken = False
    await until(lambda: status.polls == 2)
    assert status.poll_failures == 4
    assert "500" in status.last_error
    nursery.cancel_scope.cancel()

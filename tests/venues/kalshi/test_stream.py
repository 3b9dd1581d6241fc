"""The stream against a venue over loopback: it comes back and applies nothing of an older connection."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import attrs
import pytest
import trio

from engine.events import BookDelta, BookSnapshot, FeedConnected, FeedLost, FeedRefused, VenueEvent
from tests.venues.kalshi.stage import QUICK, Edge, Venue, answering, serve
from tests.venues.peers import CLOSE, TEXT, WebSocketPeer, frame, header, listen, until
from venues.kalshi.stream import KalshiStream, frame_type


async def test_books_come_and_later_wishes_are_followed(nursery: trio.Nursery) -> None:
    venues: list[Venue] = []

    async def script(venue: Venue) -> None:
        venues.append(venue)
        await answering(venue)

    edge = Edge()
    stream = edge.stream(await serve(nursery, script))
    stream.want(["A", "B"])
    nursery.start_soon(stream.run)
    await until(lambda: edge.count(BookSnapshot) == 2)
    stream.want(["B", "C"])
    await until(lambda: len(venues[0].commands) == 3)
    await until(lambda: edge.count(BookSnapshot) == 3)
    assert isinstance(edge.events[0], FeedConnected)
    assert (stream.status.connected, stream.status.conn) == (True, 1)
    head = venues[0].peer.head
    assert head.startswith("GET /trade-api/ws/v2 ")
    assert header(head, "kalshi-access-key") == "key-id"
    nursery.cancel_scope.cancel()


@pytest.mark.promise("drop-followed-new-connection")
@pytest.mark.fault("A20")
async def test_a20_every_drop_is_followed_by_a_new_connection_with_a_new_number_and_signature(
    nursery: trio.Nursery,
) -> None:
    stamps: list[str | None] = []

    async def script(venue: Venue) -> None:
        stamps.append(header(venue.peer.head, "kalshi-access-timestamp"))
        await venue.answer()
        await venue.delta("A")
        if len(stamps) < 12:
            return  # and the connection is dropped without a word
        await answering(venue)

    edge = Edge()
    stream = edge.stream(await serve(nursery, script))
    stream.want(["A"])
    nursery.start_soon(stream.run)
    await until(lambda: edge.count(FeedConnected) == 12 and edge.count(BookDelta) == 12)
    assert len(set(stamps)) == 12
    conns = [line.conn for line in edge.lines]
    assert conns == sorted(conns)
    assert [event.conn for event in edge.events if isinstance(event, FeedConnected)] == list(range(1, 13))
    kinds = [type(event) for event in edge.events if isinstance(event, FeedConnected | FeedLost)]
    assert kinds == [FeedConnected, FeedLost] * 11 + [FeedConnected]
    for event in edge.events:
        if isinstance(event, BookDelta | BookSnapshot):
            assert event.conn <= stream.status.conn
    await until(lambda: len(edge.gaps) == 11)
    assert {gap.ticker for gap in edge.gaps} == {"A"}
    nursery.cancel_scope.cancel()


@pytest.mark.fault("A23")
async def test_a23_every_connection_has_a_lag_of_its_own(nursery: trio.Nursery) -> None:
    """What the last one was behind is not said of the next."""
    conns: list[Venue] = []

    async def script(venue: Venue) -> None:
        conns.append(venue)
        await venue.answer()
        if len(conns) == 1:
            await venue.delta("A", ts_ms=900)
            return
        await answering(venue)

    edge = Edge()
    lags: list[float] = []

    def hear(conn: int, what: str, text: str) -> tuple[int, Sequence[VenueEvent]]:
        lags.append(stream.status.lag_s)
        return edge.on_text(conn, what, text)

    stream = edge.stream(await serve(nursery, script), hear)
    stream.want(["A"])
    nursery.start_soon(stream.run)
    await until(lambda: edge.count(FeedConnected) == 2 and edge.count(BookSnapshot) == 2)
    assert max(lags) > 0.1
    assert (stream.status.conn, stream.status.lag_s) == (2, 0.0)
    nursery.cancel_scope.cancel()


@pytest.mark.fault("A5")
async def test_a5_a_reset_in_the_middle_of_a_frame_loses_only_the_part(nursery: trio.Nursery) -> None:
    turns = [0]

    async def script(venue: Venue) -> None:
        turns[0] += 1
        await venue.answer()
        if turns[0] == 1:
            await venue.peer.stream.send_all(frame(TEXT, b'{"type":"orderbook_delta"' * 20)[:40])
            return
        await answering(venue)

    edge = Edge()
    stream = edge.stream(await serve(nursery, script))
    stream.want(["A"])
    nursery.start_soon(stream.run)
    await until(lambda: edge.count(BookSnapshot) == 2)
    assert [type(event) for event in edge.events] == [
        FeedConnected,
        BookSnapshot,
        FeedLost,
        FeedConnected,
        BookSnapshot,
    ]
    nursery.cancel_scope.cancel()


@pytest.mark.fault("A9")
async def test_a9_a_gap_brings_one_request_all_snapshots_and_the_wish_for_its_trades(
    nursery: trio.Nursery,
) -> None:
    venues: list[Venue] = []

    async def script(venue: Venue) -> None:
        venues.append(venue)
        await venue.answer()
        await venue.delta("A", skip=3)
        for _ in range(5):
            await venue.delta("B")
        await answering(venue)

    edge = Edge()
    stream = edge.stream(await serve(nursery, script))
    stream.want(["A", "B"])
    nursery.start_soon(stream.run)
    await until(lambda: edge.count(BookSnapshot) == 4)
    stream.request_snapshots(stream.status.conn - 1, 1)
    await trio.sleep(0.05)
    requests = [command for command in venues[0].commands if "get_snapshot" in json.dumps(command)]
    assert len(requests) == 1
    assert [gap.ticker for gap in edge.gaps] == ["A", "B"]
    assert all(gap.since < gap.until for gap in edge.gaps)
    nursery.cancel_scope.cancel()


@pytest.mark.fault("A13")
async def test_a13_and_a14_garbage_is_counted_by_kind_and_the_connection_lives(nursery: trio.Nursery) -> None:
    garbage = [
        b"",
        b"{",
        b'{"type":"ticker","msg":{"market_ticker":"\xff"}}',
        b'{"type":"orderbook_delta","sid":NaN}',
        b'{"type":"weather","sid":9,"seq":1}',
        b'{"type":"ticker","msg":{"x":' + b"[" * 100_000,
        b'{"type":"orderbook_snapshot","sid":5,"seq":1e400}',
    ]

    async def script(venue: Venue) -> None:
        await venue.answer()
        for payload in garbage:
            await venue.peer.stream.send_all(frame(TEXT, payload))
        await venue.delta("A")
        await answering(venue)

    edge = Edge()
    stream = edge.stream(await serve(nursery, script))
    stream.want(["A"])
    nursery.start_soon(stream.run)
    await until(lambda: edge.count(BookDelta) == 1)
    kinds = Counter(event.kind for event in edge.events if isinstance(event, FeedRefused))
    assert sum(kinds.values()) == len(garbage)
    assert kinds["unknown_type"] == 1
    assert edge.count(FeedConnected) == 1
    nursery.cancel_scope.cancel()


async def refused_upgrades(
    nursery: trio.Nursery, status: str, *headers: str
) -> tuple[KalshiStream, list[float]]:
    """A stream that ran against refusals for a second, and when it tried."""
    tried: list[float] = []

    async def handle(stream: trio.SocketStream) -> None:
        tried.append(trio.current_time())
        await WebSocketPeer(stream).refuse(status, "no", *headers)
        await trio.sleep(1)

    edge = Edge()
    stream = edge.stream(await listen(nursery, handle))
    with trio.move_on_after(1.0):
        await stream.run()
    assert edge.lines == []
    return stream, tried


@pytest.mark.fault("A4")
async def test_a4_a_refused_key_is_tried_slowly_and_named(nursery: trio.Nursery) -> None:
    stream, tried = await refused_upgrades(nursery, "401 Unauthorized")
    assert len(tried) == 1
    assert stream.status.last_error_kind == "CredentialsRefused"
    assert stream.status.waiting_s >= QUICK.refused_wait_s
    assert not stream.status.connected
    nursery.cancel_scope.cancel()


async def test_a_refusal_because_of_the_clock_is_named_clock(nursery: trio.Nursery) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(minutes=5), usegmt=True)
    stream, _ = await refused_upgrades(nursery, "401 Unauthorized", f"date: {date}")
    assert stream.status.last_error_kind == "ClockRefused"
    nursery.cancel_scope.cancel()


@pytest.mark.fault("A1")
async def test_a1_a_venue_that_is_not_there_is_tried_with_growing_pauses() -> None:
    edge = Edge()
    stream = edge.stream(1, retry=attrs.evolve(QUICK, wait_s_max=10.0))
    with trio.move_on_after(0.5):
        await stream.run()
    # After pauses of 10, 20, 40, 80 and 160 ms; of the first one alone there would be fifty.
    assert 3 <= stream.status.attempts <= 6
    assert stream.status.failures_in_row == stream.status.attempts - (0 if stream.status.waiting_s else 1)
    assert stream.status.last_error_kind == "Unreachable"
    assert edge.lines == []


@pytest.mark.promise("connection-answers-pings-probed")
@pytest.mark.fault("A6")
async def test_a6_a_venue_that_only_answers_pings_is_probed_and_given_up(
    nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("venues.kalshi.commands.REPLY_S_MAX", 0.2)
    monkeypatch.setattr("venues.kalshi.stream.TICK_S", 0.05)
    commands: list[str] = []

    async def script(venue: Venue) -> None:
        await venue.answer()
        while True:
            commands.append(str((await venue.peer.command())["cmd"]))

    edge = Edge()
    retry = attrs.evolve(QUICK, probe_after_s=0.2)
    stream = edge.stream(await serve(nursery, script), retry=retry)
    stream.want(["A"])
    nursery.start_soon(stream.run)
    await until(lambda: edge.count(FeedConnected) >= 2)
    assert "list_subscriptions" in commands
    lost = next(event for event in edge.events if isinstance(event, FeedLost))
    assert "no reply to list_subscriptions" in lost.reason
    nursery.cancel_scope.cancel()


@pytest.mark.fault("A19")
async def test_a19_a_close_for_maintenance_is_a_calm_reconnect(nursery: trio.Nursery) -> None:
    turns = [0]

    async def script(venue: Venue) -> None:
        turns[0] += 1
        await venue.answer()
        if turns[0] == 1:
            await venue.peer.stream.send_all(frame(CLOSE, b"\x03\xe9Thursday"))
            await venue.peer.receive()
            return
        await answering(venue)

    edge = Edge()
    stream = edge.stream(await serve(nursery, script))
    stream.want(["A"])
    nursery.start_soon(stream.run)
    await until(lambda: edge.count(BookSnapshot) == 2)
    lost = next(event for event in edge.events if isinstance(event, FeedLost))
    assert "Thursday" in lost.reason
    assert stream.status.attempts == 2
    nursery.cancel_scope.cancel()


async def test_a_crash_of_the_edge_ends_the_run_for_the_supervisor_to_see(nursery: trio.Nursery) -> None:
    port = await serve(nursery, answering)
    edge = Edge()

    def crash(conn: int, what: str, text: str) -> tuple[int, Sequence[VenueEvent]]:
        if what == "orderbook_snapshot":
            raise ZeroDivisionError
        return edge.on_text(conn, what, text)

    stream = edge.stream(port, hear=crash)
    stream.want(["A"])
    with pytest.raises(ZeroDivisionError), trio.fail_after(5):
        await stream.run()
    nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    "text, what",
    [
        ('{"type":"orderbook_delta","sid":1}', "orderbook_delta"),
        ('{"id":1,"type":"ok"}', "ok"),
        ('{"id": 1, "type": "ok"}', "ok"),
        ('{"id":1,"type":"', "frame"),
        ('{"type":"', "frame"),
        ("", "frame"),
        ("garbage", "frame"),
    ],
)
def test_the_type_of_a_frame_is_seen_at_a_glance(text: str, what: str) -> None:
    assert frame_type(text) == what

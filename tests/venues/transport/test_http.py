"""HTTP over loopback: every bound holds, every failure has its word (faults B1 to B3, B6, B7).

Covers: venues.errors.
"""

import ast
import gzip
import ssl
import tracemalloc
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import attrs
import pytest
import trio

from tests.venues.peers import answer, header, http, listen, read_head
from venues.errors import (
    AnswerNotUnderstood,
    BodyTooLarge,
    Redirected,
    TimedOut,
    TlsRefused,
    Unreachable,
    VenueError,
)
from venues.transport.http import Answer, Http, HttpLimits

LIMITS = HttpLimits(
    total_s_max=1.0, connect_s_max=0.4, read_s_max=0.4, write_s_max=0.4, body_bytes_max=100_000
)
Handler = Callable[[trio.SocketStream], Awaitable[None]]


async def asked(
    nursery: trio.Nursery, handler: Handler, limits: HttpLimits = LIMITS, target: str = "/x?y=1"
) -> Answer:
    port = await listen(nursery, handler)
    async with Http(f"http://127.0.0.1:{port}/root/", limits) as client:
        return await client.get(target, {"x-test": "1"})


async def failure(nursery: trio.Nursery, handler: Handler, limits: HttpLimits = LIMITS) -> VenueError:
    with pytest.raises(VenueError) as caught, trio.fail_after(5):
        await asked(nursery, handler, limits)
    return caught.value


async def test_an_answer_comes_with_status_body_and_headers(nursery: trio.Nursery) -> None:
    heads: list[str] = []
    found = await asked(nursery, http(lambda _: answer('{"a":1}', "404 Not Found", "X-Thing: 1"), heads))
    assert (found.status, found.body, found.headers["x-thing"]) == (404, '{"a":1}', "1")
    assert heads[0].startswith("GET /root/x?y=1 HTTP/1.1")
    assert header(heads[0], "x-test") == "1"
    assert header(heads[0], "accept-encoding") == "gzip"


async def test_the_root_path_is_what_signatures_cover() -> None:
    async with Http("https://example.invalid/trade-api/v2") as client:
        assert client.root_path == "/trade-api/v2"


async def test_b1_a_refused_connection_is_unreachable() -> None:
    async with Http("http://127.0.0.1:1", LIMITS) as client:
        with pytest.raises(Unreachable, match="the connection was refused"):
            await client.get("/")


async def test_b1_a_name_that_is_not_found_is_unreachable() -> None:
    async with Http("http://no-such-host.invalid", LIMITS) as client:
        with pytest.raises(Unreachable, match="the name cannot be resolved"):
            await client.get("/")


@pytest.mark.fault("B1")
async def test_b1_a_server_that_does_not_answer_is_a_read_timeout(nursery: trio.Nursery) -> None:
    async def handle(stream: trio.SocketStream) -> None:
        await read_head(stream)
        await trio.sleep_forever()

    error = await failure(nursery, handle)
    assert isinstance(error, TimedOut)
    assert error.phase == "read"


async def test_b1_a_connection_that_is_dropped_is_unreachable(nursery: trio.Nursery) -> None:
    async def handle(stream: trio.SocketStream) -> None:
        await read_head(stream)

    assert isinstance(await failure(nursery, handle), Unreachable)


async def test_b1_a_body_that_is_cut_off_is_unreachable(nursery: trio.Nursery) -> None:
    async def handle(stream: trio.SocketStream) -> None:
        await read_head(stream)
        await stream.send_all(answer("x" * 100)[:-10])

    assert isinstance(await failure(nursery, handle), Unreachable)


async def test_b1_a_tls_handshake_that_fails_is_named(nursery: trio.Nursery) -> None:
    async def handle(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await stream.send_all(b"\x15\x03\x03\x00\x02\x02\x28")
        await trio.sleep(0.3)

    port = await listen(nursery, handle)
    context = ssl.create_default_context()
    async with Http(f"https://127.0.0.1:{port}", LIMITS, ssl_context=context) as client:
        with pytest.raises(TlsRefused):
            await client.get("/")


@pytest.mark.promise("body-drips-never-ends")
@pytest.mark.fault("B2")
@pytest.mark.limit("venues.transport.http:HttpLimits.total_s_max")
async def test_b2_a_body_that_drips_is_ended_by_the_total_deadline(nursery: trio.Nursery) -> None:
    async def handle(stream: trio.SocketStream) -> None:
        await read_head(stream)
        await stream.send_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        while True:
            await stream.send_all(b"x")
            await trio.sleep(0.1)

    began = trio.current_time()
    error = await failure(nursery, handle)
    assert isinstance(error, TimedOut)
    assert error.phase == "total"
    assert trio.current_time() - began < 2.0


@pytest.mark.promise("body-drips-never-ends")
@pytest.mark.fault("B3")
async def test_b3_a_gzip_bomb_is_refused_before_it_is_in_memory(nursery: trio.Nursery) -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    reply = answer(bomb, "200 OK", "content-encoding: gzip")
    tracemalloc.start()
    try:
        assert isinstance(await failure(nursery, http(lambda _: reply)), BodyTooLarge)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5_000_000


@pytest.mark.promise("body-drips-never-ends")
@pytest.mark.fault("B3")
async def test_b3_an_endless_body_is_refused(nursery: trio.Nursery) -> None:
    async def handle(stream: trio.SocketStream) -> None:
        await read_head(stream)
        await stream.send_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
        while True:
            await stream.send_all(b"x" * 10_000)

    assert isinstance(await failure(nursery, handle), BodyTooLarge)


def always(reply: bytes) -> Callable[[str], bytes]:
    """Answer every request alike."""
    return lambda _head: reply


@pytest.mark.limit("venues.transport.http:HttpLimits.body_bytes_max")
@pytest.mark.parametrize("size, fits", [(100_000, True), (100_001, False)])
async def test_a_body_at_the_limit_is_read_and_one_byte_more_is_not(
    nursery: trio.Nursery, size: int, *, fits: bool
) -> None:
    for reply in (
        answer("x" * size),
        answer(gzip.compress(b"x" * size), "200 OK", "content-encoding: gzip"),
    ):
        handler = http(always(reply))
        if fits:
            assert len((await asked(nursery, handler)).body) == size
        else:
            assert isinstance(await failure(nursery, handler), BodyTooLarge)


@pytest.mark.parametrize(
    "body, encoding",
    [
        pytest.param(gzip.compress(b"x" * 1_000)[:-9], "gzip", id="cut off"),
        pytest.param(b"not gzip at all", "gzip", id="not gzip"),
        pytest.param(zlib.compress(b"x"), "deflate", id="deflate"),
        pytest.param(b"x", "br", id="brotli"),
    ],
)
async def test_a_damaged_or_unasked_compression_is_not_understood(
    nursery: trio.Nursery, body: bytes, encoding: str
) -> None:
    reply = answer(body, "200 OK", f"content-encoding: {encoding}")
    assert isinstance(await failure(nursery, http(lambda _: reply)), AnswerNotUnderstood)


@pytest.mark.fault("B7")
@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect"])
async def test_b7_a_redirect_is_refused_and_nothing_is_sent_there(nursery: trio.Nursery, status: str) -> None:
    visited: list[str] = []
    elsewhere = await listen(nursery, http(lambda _: answer("{}"), visited))
    reply = answer("", status, f"location: http://127.0.0.1:{elsewhere}/")
    error = await failure(nursery, http(lambda _: reply))
    assert isinstance(error, Redirected)
    assert f"127.0.0.1:{elsewhere}" in str(error)
    assert visited == []


@pytest.mark.fault("B6")
@pytest.mark.limit("venues.transport.http:HttpLimits.connections_max")
async def test_b6_after_a_storm_of_cancellations_the_pool_still_serves(nursery: trio.Nursery) -> None:
    async def slow(_head: str) -> bytes:
        await trio.sleep(0.02)
        return answer("{}")

    port = await listen(nursery, http(slow))
    limits = HttpLimits(connections_max=5)
    served = [0]
    async with Http(f"http://127.0.0.1:{port}", limits) as client:

        async def impatient(number: int) -> None:
            for turn in range(12):
                with trio.move_on_after(0.001 + (number * 7 + turn * 3) % 50 / 200):
                    await client.get("/")
                    served[0] += 1

        async with trio.open_nursery() as storm:
            for number in range(20):
                storm.start_soon(impatient, number)
        assert 0 < served[0] < 240
        with trio.fail_after(20):
            assert [(await client.get("/")).status for _ in range(20)] == [200] * 20
        assert client.rebuilds == 0


async def test_no_other_variable_of_the_environment_sends_us_through_a_proxy(
    nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert (await asked(nursery, http(lambda _: answer("{}")))).status == 200


async def test_what_is_no_utf_8_is_kept_for_whoever_refuses_it(nursery: trio.Nursery) -> None:
    assert (await asked(nursery, http(lambda _: answer(b'"\xff"')))).body == '"\udcff"'


@pytest.mark.fault("B1")
async def test_b1_a_connection_that_does_not_come_about_is_a_connect_timeout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def never(*_: object, **__: object) -> None:
        await trio.sleep_forever()

    monkeypatch.setattr("trio.open_tcp_stream", never)
    async with Http("http://127.0.0.1:9", LIMITS) as client:
        with pytest.raises(TimedOut) as caught, trio.fail_after(5):
            await client.get("/")
    assert caught.value.phase == "connect"


@pytest.mark.fault("B1")
async def test_b1_a_server_that_does_not_read_is_a_write_timeout(nursery: trio.Nursery) -> None:
    async def handle(_stream: trio.SocketStream) -> None:
        await trio.sleep_forever()

    limits = attrs.evolve(LIMITS, total_s_max=10.0, write_s_max=0.3)
    async with Http(f"http://127.0.0.1:{await listen(nursery, handle)}", limits) as client:
        with pytest.raises(TimedOut) as caught, trio.fail_after(10):
            await client.get("/", {"x-long": "x" * 20_000_000})
    assert caught.value.phase == "write"


@pytest.mark.fault("B1")
async def test_b1_a_pool_that_has_lost_its_connections_is_a_pool_timeout_and_made_anew(
    nursery: trio.Nursery,
) -> None:
    port = await listen(nursery, http(lambda _: answer("{}")))
    limits = attrs.evolve(LIMITS, connections_max=1, connect_s_max=0.2, total_s_max=10.0)
    async with Http(f"http://127.0.0.1:{port}", limits) as client:
        lost = client._client.stream("GET", f"http://127.0.0.1:{port}/")
        await lost.__aenter__()
        with pytest.raises(TimedOut) as caught, trio.fail_after(10):
            await client.get("/")
        assert (caught.value.phase, client.rebuilds) == ("pool", 1)
        assert (await client.get("/")).status == 200
        await lost.__aexit__(None, None, None)


@pytest.mark.fault("B13")
def test_b13_no_order_leaves_for_a_venue_because_nobody_there_can_send_anything(root: Path) -> None:
    """An order whose outcome nobody knows cannot come about: venues are only read. What posts is the notice
    to people.
    """
    posting = {
        path.relative_to(root).as_posix()
        for folder in ("actors", "venues", "tipoff")
        for path in (root / folder).rglob("*.py")
        if "venues.transport.http import" in (text := path.read_text("utf-8"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute) and node.attr in {"post", "put", "patch", "delete", "request"}
    }
    assert posting == {"tipoff/notifications/senders.py"}

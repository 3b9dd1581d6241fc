"""The metrics page against scrapers of every kind: polite, silent, greedy, wrong, and too many."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import attrs
import pytest
import trio

from tipoff.config.sections import MetricsSection
from tipoff.metrics.server import CONNECTIONS_MAX, Health, MetricsServer, PortTaken, serve_metrics


class Page:
    """An exposition that is only a text."""

    def text(self) -> bytes:
        return b"tipoff_up 1\n"


def section(port: int = 1) -> MetricsSection:
    """Any free port: the configuration itself refuses 0."""
    made = MetricsSection(port=port)
    if port == 1:
        object.__setattr__(made, "port", 0)
    return made


def well() -> Health:
    return Health(ok=True, state="running")


@asynccontextmanager
async def served(health: Callable[[], Health] = well) -> AsyncIterator[tuple[MetricsServer, int]]:
    """A server on a free port of the loopback."""
    server = MetricsServer(Page(), health)  # type: ignore[arg-type]
    async with trio.open_nursery() as nursery:
        port = await nursery.start(server.serve, section())
        yield server, port
        nursery.cancel_scope.cancel()


async def exchange(port: int, question: bytes) -> bytes:
    """Send, and read until the server closes."""
    with trio.fail_after(5):
        stream = await trio.open_tcp_stream("127.0.0.1", port)
        async with stream:
            await stream.send_all(question)
            answer = b""
            try:
                while piece := await stream.receive_some():
                    answer += piece
            except trio.BrokenResourceError:
                pass
            return answer


GET = b"GET /metrics HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"


async def test_metrics_are_served_as_text() -> None:
    async with served() as (_, port):
        answer = await exchange(port, GET)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"text/plain; version=0.0.4" in answer
    assert answer.endswith(b"\r\n\r\ntipoff_up 1\n")


async def test_health_is_served_with_a_status_that_probes_understand() -> None:
    async with served() as (_, port):
        answer = await exchange(port, GET.replace(b"/metrics", b"/healthz"))
    assert json.loads(answer.partition(b"\r\n\r\n")[2]) == {"ok": True, "state": "running"}
    async with served(lambda: Health(ok=False, state="stopping")) as (_, port):
        answer = await exchange(port, GET.replace(b"/metrics", b"/healthz"))
    assert answer.startswith(b"HTTP/1.1 503 ")


@pytest.mark.parametrize(
    "question, status",
    [
        (b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", 405),
        (b"GET /secrets HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404),
        (b"GET /metrics HTTP/1.1\r\n\r\n", 400),
        (b"GET /metrics HTTP/1.0\r\n\r\n", 200),
        (b"HEAD /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 200),
        (b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 20_000 + b"\r\n\r\n", 431),
        (b"\x16\x03\x01 not HTTP at all\r\n\r\n", 400),
        (b"GET /metrics HTTP/9.9\r\nHost: x\r\n\r\n", 505),
    ],
)
async def test_odd_questions_are_answered_with_a_status_and_the_server_lives(
    question: bytes, status: int
) -> None:
    async with served() as (_, port):
        answer = await exchange(port, question)
        assert answer.split(b" ")[1] == str(status).encode() or (status == 431 and answer == b"")
        assert (await exchange(port, GET)).startswith(b"HTTP/1.1 200 ")


async def test_several_questions_share_a_connection() -> None:
    async with served() as (server, port):
        question = GET.replace(b"Connection: close\r\n", b"")
        answer = await exchange(port, question * 3 + GET)
    assert answer.count(b"HTTP/1.1 200 ") == 4
    assert server.connections == 0


@pytest.mark.limit("tipoff.metrics.server:CONNECTIONS_MAX")
async def test_two_hundred_silent_scrapers_hold_no_more_than_the_limit() -> None:
    async with served() as (server, port):
        streams = [await trio.open_tcp_stream("127.0.0.1", port) for _ in range(200)]
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert server.connections <= CONNECTIONS_MAX
        for stream in streams:
            await stream.aclose()
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert (await exchange(port, GET)).startswith(b"HTTP/1.1 200 ")
        assert server.connections == 0
        assert server.refused > 0


@pytest.mark.limit("tipoff.metrics.server:CONNECTION_S_MAX")
async def test_a_silent_scraper_is_let_go_after_its_time(autojump_clock: trio.testing.MockClock) -> None:
    server = MetricsServer(Page(), well)  # type: ignore[arg-type]
    ours, theirs = trio.socket.socketpair()
    server.connections = 1
    began = autojump_clock.current_time()
    with theirs:
        await server._talk(trio.SocketStream(ours))
    assert autojump_clock.current_time() - began == pytest.approx(10)
    assert server.connections == 0


@pytest.mark.promise("metrics-page-answers-thread")
async def test_an_answer_comes_at_once_while_a_thread_is_stuck() -> None:
    stuck = trio.Event()

    async def block() -> None:
        await trio.to_thread.run_sync(lambda: trio.from_thread.run(stuck.wait))

    async with served() as (_, port), trio.open_nursery() as nursery:
        nursery.start_soon(block)
        began = trio.current_time()
        await exchange(port, GET)
        assert trio.current_time() - began < 0.5
        stuck.set()


async def test_a_taken_port_is_refused_with_a_sentence() -> None:
    async with served() as (_, port):
        with pytest.raises(PortTaken, match=rf"127\.0\.0\.1 port {port}: .*choose another"):
            await serve_metrics(section(port), Page(), well)  # type: ignore[arg-type]


def test_the_page_is_for_this_machine_only_unless_told_otherwise() -> None:
    assert attrs.fields(MetricsSection).host.default == "127.0.0.1"

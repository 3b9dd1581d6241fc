"""The dashboard's server over loopback, beside a daemon that comes and goes.

Covers: tipoff.dashboard.server, tipoff.dashboard.routes, tipoff.dashboard.event_stream,
tipoff.dashboard.daemon_link, tipoff.dashboard.page.
"""

import asyncio
import contextlib
import json
from pathlib import Path

import pytest

from tests.tipoff.dashboard.serving import TOKENS, ask, beside_a_daemon, command, run, served, stream
from tipoff.dashboard import event_stream, server
from tipoff.dashboard.access import HEADERS
from tipoff.dashboard.daemon_link import DaemonLink
from tipoff.dashboard.page import FILES, NOT_BUILT, page_files
from tipoff.dashboard.routes import BODY_BYTES_MAX
from tipoff.output import Failure


@pytest.mark.promise("browsers-cost-daemon-one")
def test_a_change_reaches_every_browser_by_one_connection_to_the_daemon(tmp_path: Path) -> None:
    async def test() -> None:
        async with beside_a_daemon(tmp_path) as (daemon, port), contextlib.AsyncExitStack() as stack:
            browsers = [await stack.enter_async_context(stream(port)) for _ in range(20)]
            for browser in browsers:
                while (await browser())[0] != "snapshot":
                    pass
            daemon.change("A", {"yes_bid": "0.41"})
            told = [await browser() for browser in browsers]
            assert {json.dumps(each) for each in told} == {
                '["diff", {"topic": "markets", "version": 2, "rows": {"A": {"yes_bid": "0.41"}}}]'
            }
            assert len(daemon.watching) == 1
            # One watches, and one has asked for the run before that.
            assert daemon.connections == 2

    run(test())


@pytest.mark.promise("page-comes-back-itself")
def test_a_daemon_that_comes_back_is_found_and_the_browser_stays(tmp_path: Path) -> None:
    async def test() -> None:
        async with beside_a_daemon(tmp_path) as (daemon, port), stream(port) as browser:
            while (await browser())[0] != "snapshot":
                pass
            await daemon.stop()
            name, data = await browser()
            assert (name, data["up"]) == ("link", False)
            assert data["why"]
            daemon.rows = {"markets": {"B": {}}}
            await daemon.start()
            told = [await browser()]
            while told[-1][0] != "snapshot":
                told.append(await browser())
            assert ("link", {"up": True, "why": ""}) in told
            assert told[-1][1]["rows"] == {"B": {}}

    run(test())


@pytest.mark.promise("browsers-cost-daemon-one")
def test_the_same_question_of_twenty_browsers_is_one_question_to_the_daemon(tmp_path: Path) -> None:
    async def test() -> None:
        async with beside_a_daemon(tmp_path) as (daemon, port):
            found = await asyncio.gather(*(ask(port, "/api/ask/fills?limit=5&open=true") for _ in range(20)))
            assert {each.body for each in found} == {b'{"result":[{"fill_id":"f1"}]}'}
            assert [each for each in daemon.asked if each[0] == "fills"] == [
                ("fills", {"limit": 5, "open": "true"})
            ]

    run(test())


@pytest.mark.promise("journal-says-whence")
def test_a_command_carries_its_request_id_reason_and_whence_it_came_each_time(tmp_path: Path) -> None:
    async def test() -> None:
        async with beside_a_daemon(tmp_path) as (daemon, port):
            for _ in range(2):
                answer = await command(port, "halt", params={"scope": "all"}, reason="look")
                assert answer.status == 200
            sent = {"scope": "all", "request_id": "page-1", "via": "dashboard (operate)", "reason": "look"}
            assert [params for name, params in daemon.asked if name == "halt"] == [sent, sent]

    run(test())


def test_what_the_daemon_says_is_wrong_is_said_with_a_status(tmp_path: Path) -> None:
    async def test() -> None:
        async with beside_a_daemon(tmp_path) as (daemon, port):
            answer = await ask(port, "/api/ask/why?id=x")
            assert (answer.status, answer.document["error"]["code"]) == (200, "not_found")
            await daemon.stop()
            answer = await command(port, "resume")
            assert (answer.status, answer.document["error"]["code"]) == (503, "not_running")

    run(test())


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/ask/halt", 404),
        ("/api/ask/watch", 404),
        ("/api/ask/nothing", 404),
        ("/api/stream?topics=nothing", 400),
        ("/api/nothing", 404),
        ("/etc/passwd", 404),
        ("/../../etc/passwd", 404),
    ],
)
def test_what_is_no_question_is_not_answered(tmp_path: Path, path: str, status: int) -> None:
    async def test() -> None:
        async with served(DaemonLink(tmp_path / "none.sock")) as port:
            assert (await ask(port, path)).status == status

    run(test())


@pytest.mark.limit("tipoff.dashboard.routes:BODY_BYTES_MAX")
def test_a_command_of_the_longest_length_is_read_and_a_longer_one_is_not(tmp_path: Path) -> None:
    async def test() -> None:
        async with beside_a_daemon(tmp_path) as (_, port):
            bare = len(json.dumps({"request_id": "page-1", "params": {}, "reason": ""}))
            assert (await command(port, "halt", reason="x" * (BODY_BYTES_MAX - bare))).status == 200
            assert (await command(port, "halt", reason="x" * (BODY_BYTES_MAX - bare + 1))).status == 413

    run(test())


@pytest.mark.parametrize(
    "body", [{"request_id": ""}, {"request_id": 5}, {"more": 1}, {"params": []}, {"request_id": "a b"}]
)
def test_a_command_without_its_shape_is_refused(tmp_path: Path, body: dict[str, object]) -> None:
    async def test() -> None:
        async with beside_a_daemon(tmp_path) as (daemon, port):
            assert (await command(port, "halt", **body)).status == 400
            assert (await command(port, "status")).status == 404
            assert not [name for name, _ in daemon.asked if name == "halt"]

    run(test())


@pytest.mark.promise("stranger-dashboard-nothing")
def test_a_stranger_another_page_and_a_wrong_token_can_do_nothing(tmp_path: Path) -> None:
    async def test() -> None:
        async with beside_a_daemon(tmp_path) as (daemon, port):
            ours, body = f"http://127.0.0.1:{port}", b'{"request_id":"a","params":{}}'
            for headers, status in (
                ({"authorization": "", "origin": ours}, 401),
                ({"authorization": "Bearer guess", "origin": ours}, 401),
                ({"authorization": f"Bearer {TOKENS.read}", "origin": ours}, 403),
                ({"origin": "http://evil.example"}, 403),
                ({"origin": ours, "content_type": "text/plain"}, 403),
                ({"origin": ours, "host": "evil.example"}, 421),
            ):
                given = {"content_type": "application/json", **headers}
                answer = await ask(port, "/api/do/halt", method="POST", body=body, **given)
                assert answer.status == status
                assert "access-control-allow-origin" not in answer.headers
            assert (await ask(port, "/api/stream", authorization="")).status == 401
            assert not [name for name, _ in daemon.asked if name not in ("status", "watch")]

    run(test())


def test_every_answer_carries_the_policy(tmp_path: Path) -> None:
    async def test() -> None:
        async with served(DaemonLink(tmp_path / "none.sock")) as port:
            for path in ("/", "/api/about", "/nothing", "/api/ask/status"):
                answer = await ask(port, path)
                assert {
                    name.lower(): value for name, value in HEADERS.items()
                }.items() <= answer.headers.items()
            async with stream(port):
                pass

    run(test())


def test_without_a_build_the_address_answers_one_plain_page_that_says_how(tmp_path: Path) -> None:
    files = page_files(tmp_path)
    assert list(files) == ["/"]
    assert files["/"].body == NOT_BUILT
    assert b"<code>make dashboard</code>" in NOT_BUILT
    for name, _ in FILES.values():
        (tmp_path / name).write_text(name)
    assert page_files(tmp_path)["/app.js"].body == b"app.js"


def test_the_page_comes_once_and_compressed(tmp_path: Path) -> None:
    async def test() -> None:
        async with served(DaemonLink(tmp_path / "none.sock")) as port:
            first = await ask(port, "/", authorization="", accept_encoding="gzip, br")
            assert first.headers["content-encoding"] == "gzip"
            again = await ask(port, "/", authorization="", if_none_match=first.headers["etag"])
            assert (again.status, again.body) == (304, b"")

    run(test())


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    async def test() -> None:
        async with served(DaemonLink(tmp_path / "none.sock")) as port:
            with pytest.raises(Failure, match=rf"port {port}: Address already in use; choose another"):
                server.listener("127.0.0.1", port)

    run(test())


@pytest.mark.limit("tipoff.dashboard.server:REQUEST_S_MAX")
def test_a_connection_that_does_not_finish_its_request_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "REQUEST_S_MAX", 0.3)

    async def test() -> None:
        async with beside_a_daemon(tmp_path) as (_, port), stream(port) as browser:
            ours = f"host: 127.0.0.1:{port}\r\norigin: http://127.0.0.1:{port}\r\n"
            ours += f"content-type: application/json\r\nauthorization: Bearer {TOKENS.operate}\r\n"
            body = f"POST /api/do/halt HTTP/1.1\r\n{ours}content-length: 9\r\n\r\n{{"
            for begun in (b"", b"GET / HTTP/1.1\r\nhost: 127", body.encode()):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(begun)
                with contextlib.suppress(ConnectionResetError):
                    await asyncio.wait_for(reader.read(), 5)
                writer.close()
            # A stream lives on.
            assert (await browser())[0] == "link"

    run(test())


@pytest.mark.limit("tipoff.dashboard.event_stream:WRITE_S_MAX")
def test_browsers_that_never_read_cost_nothing_and_are_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "WRITE_S_MAX", 0.5)

    async def test() -> None:
        async with beside_a_daemon(tmp_path) as (daemon, port), stream(port) as reading:
            sockets = []
            for _ in range(20):
                reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
                bearer = f"authorization: Bearer {TOKENS.read}"
                writer.write(f"GET /api/stream HTTP/1.1\r\nhost: 127.0.0.1\r\n{bearer}\r\n\r\n".encode())
                sockets.append((reader, writer))
            while (await reading())[0] != "snapshot":
                pass
            big = "x" * 400_000
            for _ in range(25):
                daemon.change("A", {"text": big})
                assert (await reading())[0] == "diff"
                await asyncio.sleep(0.05)
            # Whoever read was told all; the others hang, and their server side ends by itself.
            for reader, writer in sockets:
                with contextlib.suppress(ConnectionError):
                    while await asyncio.wait_for(reader.read(1_000_000), 10):
                        pass
                writer.close()

    run(test())

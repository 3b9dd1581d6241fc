"""The server under peers that are idle, slow, greedy, malformed or gone: each is bounded, others served.

Covers: tipoff.control.parameters, tipoff.control.permissions.
"""

import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from typing import cast

import pytest
import trio
import trio.lowlevel
import trio.testing

from tipoff import __version__
from tipoff.control.permissions import Level
from tipoff.control.ports import Hooks
from tipoff.control.protocol import FRAME_BYTES_MAX, ErrorCode, Fault
from tipoff.control.registry import METHODS
from tipoff.control.schema import digest
from tipoff.control.server import REFUSED_MAX
from tipoff.control.socket_settings import Levels

from .conftest import Serve, Served, Wire

Word = Callable[[dict[str, object] | None], str]


async def served(wire: Wire) -> bool:
    """Whether a peer gets its answer."""
    return "result" in await wire.call("version")


async def test_the_first_frame_is_a_hello_that_says_everything(serve: Serve) -> None:
    async with serve() as at:
        wire = await at.connect()
        hello = await wire.frame()
    assert hello == {
        "jsonrpc": "2.0",
        "v": 1,
        "method": "hello",
        "params": {
            "protocol": 1,
            "tipoff": __version__,
            "state": "running",
            "level": "admin",
            "methods": list(METHODS),
            "schema": digest(),
        },
    }


async def test_a_request_is_answered_with_its_own_id(serve: Serve) -> None:
    async with serve() as at:
        wire = await at.greeted()
        await wire.send(b'{"jsonrpc":"2.0","id":"mine","method":"version"}\n')
        answer = await wire.frame()
        assert answer is not None
        assert (answer["jsonrpc"], answer["v"], answer["id"]) == ("2.0", 1, "mine")


async def test_requests_that_come_at_once_are_answered_in_order(serve: Serve) -> None:
    async with serve() as at:
        wire = await at.greeted()
        frames = [json.dumps({"jsonrpc": "2.0", "id": n, "method": "version"}) for n in range(50)]
        await wire.send(("\n".join(frames) + "\n").encode())
        answers = [await wire.frame() for _ in frames]
    assert [answer["id"] for answer in answers if answer] == list(range(50))


@pytest.mark.fault("F10")
async def test_a_bad_frame_is_answered_and_harms_nobody_not_even_its_sender(serve: Serve, word: Word) -> None:
    async with serve() as at:
        wire, other = await at.greeted(), await at.greeted()
        for bad in (b"nonsense", b"[" * 40_000, b"\x00\xff", b'{"jsonrpc":"2.0","id":9}', b""):
            await wire.send(bad + b"\n")
            assert word(await wire.frame()) in ("parse", "invalid_request")
            assert await served(other)
        assert await served(wire)


async def test_an_error_carries_the_id_where_the_frame_had_one(serve: Serve) -> None:
    async with serve() as at:
        wire = await at.greeted()
        await wire.send(b'{"jsonrpc":"2.0","id":77,"method":7}\n')
        answer = await wire.frame()
        assert answer is not None
        assert answer["id"] == 77


@pytest.mark.fault("F7")
@pytest.mark.limit("tipoff.control.protocol:FRAME_BYTES_MAX")
async def test_a_frame_of_64_kibibytes_is_read_and_one_more_byte_ends_the_connection(
    serve: Serve, word: Word
) -> None:
    async with serve() as at:
        head, tail = b'{"jsonrpc":"2.0","id":1,"method":"version","x":"', b'"}\n'
        fill = FRAME_BYTES_MAX - len(head) - len(tail)
        wire = await at.greeted()
        await wire.send(head + b"x" * fill + tail)
        answer = await wire.frame()
        assert answer is not None
        assert "result" in answer
        wire = await at.greeted()
        await wire.send(head + b"x" * (fill + 1) + tail)
        assert word(await wire.frame()) == "frame_too_large"
        assert await wire.frame() is None


@pytest.mark.fault("F7")
async def test_an_endless_line_is_cut_off_with_bounded_memory(serve: Serve, word: Word) -> None:
    async with serve() as at:
        wire = await at.greeted()
        tracemalloc.start()
        assert await wire.drip(b"x" * 65_536, 1_000)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 2_000_000
        assert word(await wire.frame()) == "frame_too_large"


@pytest.mark.fault("F8")
async def test_a_frame_that_drips_must_end_in_time(
    serve: Serve,
    word: Word,
    autojump_clock: trio.testing.MockClock,  # noqa: ARG001 - being asked for is its use
) -> None:
    async with serve(read_seconds=5.0) as at:
        wire = await at.greeted()
        began = trio.current_time()
        assert await wire.drip(b"x", 100, pause=1.0)
        assert trio.current_time() - began < 8
        assert word(await wire.frame()) == "too_slow"


async def test_an_idle_connection_is_closed_without_a_word(
    serve: Serve,
    autojump_clock: trio.testing.MockClock,  # noqa: ARG001 - being asked for is its use
) -> None:
    async with serve(idle_seconds=600.0) as at:
        wire = await at.greeted()
        await trio.sleep(599)
        assert await served(wire)
        began = trio.current_time()
        assert await wire.frame() is None
        assert 600 <= trio.current_time() - began < 602
        assert at.server.connections == []


async def test_a_peer_that_does_not_read_is_dropped(
    serve: Serve,
    autojump_clock: trio.testing.MockClock,  # noqa: ARG001 - being asked for is its use
) -> None:
    async with serve(write_seconds=5.0) as at:
        deaf, other = await at.greeted(), await at.greeted()
        request = b'{"jsonrpc":"2.0","id":1,"method":"schema"}\n'
        with trio.move_on_after(60):
            await deaf.drip(request, 1_000)
        await trio.sleep(20)
        assert len(at.server.connections) == 1
        assert await served(other)


@pytest.mark.fault("F11")
async def test_a_peer_that_goes_away_in_the_middle_of_an_answer_is_nobodys_error(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    async with serve() as at:
        for _ in range(20):
            wire = await at.greeted()
            await wire.send(b'{"jsonrpc":"2.0","id":1,"method":"schema"}\n')
            await wire.stream.aclose()
        assert await served(await at.greeted())
    assert [record for record in caplog.records if record.levelname not in ("DEBUG", "INFO")] == []


@pytest.mark.fault("F9")
@pytest.mark.limit("engine.toml:control.connections_max")
async def test_one_more_than_the_limit_takes_the_place_of_the_oldest_idle_one(
    serve: Serve,
    autojump_clock: trio.testing.MockClock,  # noqa: ARG001 - being asked for is its use
) -> None:
    async with serve(connections_max=3) as at:
        wires = []
        for _ in range(3):
            wires.append(await at.greeted())
            await trio.sleep(1)
        assert await served(wires[0])
        await trio.sleep(1)
        newest = await at.greeted()
        assert await wires[1].frame() is None
        assert all([await served(wire) for wire in (wires[0], wires[2], newest)])
        assert (at.server.dropped, len(at.server.connections)) == (1, 3)


class Deaf:
    """A peer that takes nothing; it is its own socket, for that is all that is asked of it."""

    def __init__(self) -> None:
        self.closed = False
        self.socket = self

    async def send_all(self, data: bytes) -> None:
        await trio.sleep_forever()

    def close(self) -> None:
        self.closed = True


@pytest.mark.limit("tipoff.control.server:REFUSED_MAX")
async def test_so_many_are_told_why_they_are_turned_away_and_one_more_is_only_closed(
    serve: Serve, nursery: trio.Nursery
) -> None:
    fault = Fault(ErrorCode.BUSY, "all are at work")
    async with serve() as at:
        deaf = [Deaf() for _ in range(REFUSED_MAX + 1)]
        for peer in deaf[:-1]:
            at.server._turn_away(cast("trio.SocketStream", peer), fault, nursery)
        await trio.testing.wait_all_tasks_blocked()
        assert not any(peer.closed for peer in deaf)
        at.server._turn_away(cast("trio.SocketStream", deaf[-1]), fault, nursery)
        assert [peer.closed for peer in deaf] == [False] * REFUSED_MAX + [True]
        assert at.server.refused == REFUSED_MAX + 1
        nursery.cancel_scope.cancel()


async def test_while_all_are_at_work_one_more_is_told_so(serve: Serve, word: Word) -> None:
    gate = trio.Event()

    async def slowly() -> str:
        await gate.wait()
        return "reloaded"

    async with serve(Hooks(reload=slowly), connections_max=1) as at:
        wire = await at.greeted()
        await wire.send(b'{"jsonrpc":"2.0","id":1,"method":"reload","params":{"request_id":"r"}}\n')
        await trio.testing.wait_all_tasks_blocked()
        assert word(await (await at.connect()).frame()) == "busy"
        gate.set()
        answer = await wire.frame()
        assert answer is not None
        assert "result" in answer


@pytest.mark.fault("F9")
async def test_a_thousand_idle_clients_keep_nobody_out(serve: Serve) -> None:
    async with serve(connections_max=32) as at:
        wires = [await at.connect() for _ in range(1_000)]
        assert await served(await at.greeted())
        assert len(at.server.connections) <= 32
        for wire in wires:
            await wire.stream.aclose()


@pytest.mark.limit("engine.toml:control.request_ms_max")
async def test_a_request_that_takes_too_long_is_given_up(
    serve: Serve,
    autojump_clock: trio.testing.MockClock,  # noqa: ARG001 - being asked for is its use
) -> None:
    async def never() -> str:
        await trio.Event().wait()
        return ""

    async with serve(Hooks(reload=never), request_seconds=10.0) as at:
        wire = await at.greeted()
        began = trio.current_time()
        assert await wire.error("reload", request_id="r") == "timeout"
        assert 10 <= trio.current_time() - began < 12
        assert await wire.result("halt", request_id="h", reason="after it")


async def test_a_fault_of_ours_is_an_answer_too(serve: Serve) -> None:
    def broken() -> str:
        raise ZeroDivisionError

    async with serve(Hooks(metrics=broken)) as at:
        wire = await at.greeted()
        assert await wire.error("metrics") == "internal"
        assert await served(wire)


@pytest.mark.parametrize(
    ("level", "refused"),
    [
        (Level.READ, {"halt": "not_permitted", "risk.set": "not_permitted"}),
        (Level.OPERATE, {"halt": "", "risk.set": "not_permitted"}),
        (Level.ADMIN, {"halt": "", "risk.set": ""}),
    ],
)
async def test_a_level_is_what_it_says(serve: Serve, level: Level, refused: dict[str, str]) -> None:
    params: dict[str, dict[str, object]] = {
        "halt": {"reason": "x"},
        "risk.set": {"name": "contracts_total", "value": "5"},
    }
    async with serve(levels=Levels(of={os.geteuid(): level})) as at:
        wire = await at.connect()
        hello = await wire.frame()
        assert hello is not None
        offered = hello["params"]
        assert isinstance(offered, dict)
        assert offered["level"] == level.word
        assert set(offered["methods"]) == {name for name, one in METHODS.items() if one.level <= level}
        assert "result" in await wire.call("status")
        for method, expected in refused.items():
            answer = await wire.call(method, request_id=method, **params[method])
            error = answer.get("error")
            assert (error["data"]["name"] if isinstance(error, dict) else "") == expected


STRANGER = """
import os, socket, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
peer = socket.socket(socket.AF_UNIX)
peer.connect(sys.argv[1])
peer.settimeout(20)
print(peer.makefile().readline(), end="")
print(repr(peer.recv(1)))
"""


async def stranger(at: Served) -> list[str]:
    """What another user hears, who connects and says nothing."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    at.path.chmod(0o666)
    command = [sys.executable, "-c", STRANGER, str(at.path)]
    run = await trio.run_process(command, capture_stdout=True, capture_stderr=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout.decode().splitlines()


@pytest.mark.fault("F5")
async def test_another_user_is_refused_before_a_byte_of_it_is_read(
    serve: Serve, word: Word, caplog: pytest.LogCaptureFixture
) -> None:
    async with serve() as at:
        said, end = await stranger(at)
        assert word(json.loads(said)) == "not_permitted"
        assert end == "b''"
        assert (at.server.refused, at.server.requests, at.bench.asked) == (1, 0, 0)
        assert "refused uid 65534" in caplog.text


async def test_another_user_of_the_group_gets_its_own_level(serve: Serve) -> None:
    own = Levels(of={os.geteuid(): Level.ADMIN}, others=Level.READ)
    async with serve(levels=own, idle_seconds=0.5) as at:
        said, _ = await stranger(at)
        assert json.loads(said)["params"]["level"] == "read"


@pytest.mark.fault("F5")
def test_the_mode_keeps_another_user_away_from_the_socket_itself(folder: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    script = (
        "import socket, sys, os\n"
        "sys.path.insert(0, os.getcwd())\n"
        "from pathlib import Path\n"
        "from tipoff.control.unix_socket import listening\n"
        "with listening(Path(sys.argv[1]), None):\n"
        "    if os.fork() == 0:\n"
        "        os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "        try:\n"
        "            socket.socket(socket.AF_UNIX).connect(sys.argv[1]); os._exit(1)\n"
        "        except PermissionError:\n"
        "            os._exit(0)\n"
        "    sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))\n"
    )
    run = subprocess.run([sys.executable, "-c", script, f"{folder}/s"], capture_output=True, check=False)
    assert (run.returncode, run.stderr) == (0, b"")

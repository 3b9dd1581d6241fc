"""The control socket in front of the live system, and under a storm of frames that nobody meant."""

import json
import os
import random
from pathlib import Path

import pytest
import trio

from actors.addresses import JOURNAL, OBSERVER, OPERATOR
from actors.fact_history import FactHistory
from actors.messages import Commit, Numbered
from actors.runtime import LiveSystem
from engine.facts import RunStarted
from engine.units import Nanos
from tipoff.config.load import template
from tipoff.control.permissions import Level
from tipoff.control.ports import Hooks
from tipoff.control.server import ControlServer, serve_control
from tipoff.control.socket_settings import ControlSettings, Levels
from tipoff.runs.from_config import at_its_word, schema, trading_settings
from tipoff.runs.settings import openings
from tipoff.wiring import Parts, tree

from .conftest import Serve, Wire

GOOD: tuple[bytes, ...] = tuple(
    json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    for method, params in (
        ("status", {}),
        ("orders", {"limit": 5, "strategy": "sharp_line"}),
        ("book", {"ticker": "T"}),
        # Without a request id nothing of this may ever be done.
        ("halt", {"scope": "all", "reason": "x"}),
        (
            "orders.place",
            {"strategy": "sharp_line", "ticker": "T", "side": "bid", "price": "0.5", "count": "1"},
        ),
        ("actors.restart", {"name": "risk_gate"}),
    )
)
BATCH = 100


def storm(draw: random.Random) -> bytes:
    """One frame: noise, or a good one with a few bytes changed, doubled or left out."""
    if draw.random() < 0.3:
        return draw.randbytes(draw.randrange(0, 80)).replace(b"\n", b" ")
    frame = bytearray(draw.choice(GOOD))
    for _ in range(draw.randrange(1, 4)):
        place = draw.randrange(len(frame))
        match draw.randrange(4):
            case 0:
                frame[place] = draw.randrange(256)
            case 1:
                del frame[place : place + draw.randrange(1, 9)]
            case 2:
                frame[place:place] = frame[place : place + 9] * draw.randrange(1, 5)
            case _:
                frame[place:place] = draw.choice((b'"', b"{", b"[", b"\\u0000", b"1e999", b"null", b"\xff"))
        frame = frame or bytearray(b" ")
    return bytes(frame).replace(b"\n", b" ")


def resident_bytes() -> int:
    """What this process has in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.promise("storm-broken-frames-control")
@pytest.mark.fault("F14")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("frames", [2_000, pytest.param(100_000, marks=pytest.mark.slow)])
async def test_a_storm_of_frames_changes_nothing_and_is_answered_frame_by_frame(
    serve: Serve, frames: int
) -> None:
    draw = random.Random(7)
    async with serve() as at:
        before = len(at.bench.facts)
        wire = await at.greeted()
        await weather(wire, draw, BATCH)
        resident = resident_bytes()
        for _ in range(frames // BATCH):
            await weather(wire, draw, BATCH)
        assert resident_bytes() - resident < 16_000_000
        assert len(at.bench.facts) == before
        assert [connection.peer.pid for connection in at.server.connections] == [os.getpid()]
        assert at.server.requests == frames + BATCH
        assert all(actor.state == "running" for actor in at.bench.status())
        assert await wire.result("version")


async def weather(wire: Wire, draw: random.Random, frames: int) -> None:
    """Send so many frames at once and read an answer to each."""
    await wire.send(b"".join(storm(draw) + b"\n" for _ in range(frames)))
    for _ in range(frames):
        answer = await wire.frame()
        assert answer is not None
        if "part" in answer:
            for _ in range(int(str(answer["parts"])) - 1):
                await wire.frame()
            continue
        assert ("result" in answer) != ("error" in answer)


@pytest.mark.timeout(60)
async def test_a_live_system_is_looked_at_acted_on_restarted_and_stopped(path: Path) -> None:
    facts: list[Numbered] = []

    def store(written: tuple[Numbered, ...]) -> int:
        facts.extend(written)
        return written[-1].seq

    settings = trading_settings(at_its_word(template(schema())), seed=1)
    parts = Parts(
        strategies=tuple((plan.name, plan.make) for plan in settings.strategies),
        limits=settings.limits,
        strategy_limits={},
        rules=settings.rules,
        seed=1,
        every_market=False,
        history=FactHistory(),
        cause=lambda: system.inputs,
        store=store,
        watched=True,
    )
    system = LiveSystem(tree(parts), 1)
    async with trio.open_nursery() as nursery:
        await nursery.start(system.run)
        system.put(JOURNAL, Commit("run", (RunStarted("live", "0", "d", 1, Nanos(system.now)),)))
        for address, opening in openings(settings):
            system.put(address, opening)
        own = Levels(of={os.geteuid(): Level.ADMIN})

        async def serve(task_status: trio.TaskStatus[ControlServer]) -> None:
            control = ControlSettings(path=path, levels=own)
            await serve_control(control, system, Hooks(), task_status=task_status)

        await nursery.start(serve)
        wire = Wire(await trio.open_unix_socket(str(path)))
        async with wire.stream:
            await wire.frame()
            await acted_on(wire)
            await system.stop()
            assert await wire.error("status") == "not_ready"
            assert await wire.error("halt", request_id="late") == "not_ready"
            assert (await wire.call("actors"))["result"] is not None
        nursery.cancel_scope.cancel()
    assert [type(each.fact).__name__ for each in facts[-4:]] == [
        "TradingHalted",
        "OperatorActed",
        "OperatorActed",
        "OperatorActed",
    ]


async def acted_on(wire: Wire) -> None:
    """Look, halt, restart who looks and who acts, and ask for the same again."""
    status = await wire.result("status")
    assert isinstance(status, dict)
    assert (status["state"], len(status["strategies"])) == ("running", 8)
    halted = await wire.result("halt", request_id="one", reason="x")
    assert isinstance(halted, dict)
    for number, address in enumerate((OBSERVER, OPERATOR)):
        await wire.result("actors.restart", request_id=f"restart{number}", name=str(address))
    assert await wire.result("halt", request_id="one", reason="x") == {**halted, "repeated": True}
    assert (await wire.result("version"))["state"] == "halted"  # type: ignore[index]

"""What goes wrong while something is changed: hooks that refuse or hang, actors that restart, odd wishes."""

import pytest
import trio
import trio.testing

from actors.addresses import OPERATOR, PAPER_EXCHANGE, RISK_GATE, strategy_address
from actors.messages import CloseOperation, HaltOperation, Operate, Operation, OperatorRequest
from actors.runtime import Address
from engine.facts import OperatorActed
from engine.units import NANOS_PER_SECOND, Nanos
from tipoff.control.ports import Hooks
from tipoff.output import Failure

from .conftest import TICKER, Bench, Serve, Wire

NAME = "mean_reversion"


def acts(bench: Bench) -> list[OperatorActed]:
    return [each.fact for each in bench.facts if isinstance(each.fact, OperatorActed)]


async def test_a_hook_that_refuses_is_journaled_with_its_reasons(serve: Serve, bench: Bench) -> None:
    async def broken() -> str:
        raise Failure("config", "2 problems in engine.toml", details=["line 1: x", "line 2: y"])

    async with serve(Hooks(reload=broken)) as at:
        answer = await (await at.greeted()).call("reload", request_id="r")
    error = answer["error"]
    assert isinstance(error, dict)
    assert error["data"]["details"] == ["line 1: x", "line 2: y"]
    assert acts(bench)[0].outcome == "refused: 2 problems in engine.toml\nline 1: x\nline 2: y"


async def test_a_hook_that_breaks_is_journaled_too(serve: Serve, bench: Bench) -> None:
    async def broken() -> str:
        raise ZeroDivisionError("by zero")

    async with serve(Hooks(reload=broken)) as at:
        assert await (await at.greeted()).error("reload", request_id="r") == "refused"
    assert acts(bench)[0].outcome == "refused: ZeroDivisionError: by zero"


@pytest.mark.fault("F13")
async def test_an_act_that_hangs_does_not_keep_the_next_one_waiting_for_ever(
    serve: Serve,
    bench: Bench,
    autojump_clock: trio.testing.MockClock,  # noqa: ARG001 - being asked for is its use
) -> None:
    async def never() -> str:
        await trio.Event().wait()
        return ""

    async with serve(Hooks(reload=never), request_seconds=10.0) as at:
        hanging, other = await at.greeted(), await at.greeted()
        await hanging.send(b'{"jsonrpc":"2.0","id":1,"method":"reload","params":{"request_id":"r"}}\n')
        await trio.sleep(1)
        began = trio.current_time()
        assert await other.result("halt", request_id="h", reason="x")
        assert trio.current_time() - began < 10
    assert [acted.command for acted in acts(bench)] == ["halt"]


@pytest.mark.fault("F13")
async def test_two_who_want_opposite_things_at_once_are_served_one_after_the_other(
    serve: Serve, bench: Bench
) -> None:
    """Both are answered, and what holds in the end is what was done last."""
    answered: list[str] = []
    async with serve(Hooks()) as at:
        wires = {method: await at.greeted() for method in ("halt", "resume")}

        async def want(method: str) -> None:
            assert await wires[method].result(method, request_id=method, reason="x")
            answered.append(method)

        async with trio.open_nursery() as nursery:
            for method in wires:
                nursery.start_soon(want, method)
        state = await _state(await at.connect())
    done = [acted.command for acted in acts(bench)]
    assert sorted(done) == sorted(answered) == ["halt", "resume"]
    assert state == ("halted" if done[-1] == "halt" else "running")


async def _state(wire: Wire) -> object:
    """What the hello says."""
    hello = await wire.frame()
    assert hello is not None
    params = hello["params"]
    assert isinstance(params, dict)
    return params["state"]


async def test_the_exchange_and_the_gate_refuse_wishes_that_are_not_theirs(bench: Bench) -> None:
    wrong: list[tuple[Address, Operation]] = [
        (PAPER_EXCHANGE, HaltOperation("all", "halted", "x")),
        (RISK_GATE, CloseOperation(NAME, TICKER)),
        (strategy_address(NAME), CloseOperation(NAME, TICKER)),
    ]
    for number, (to, wish) in enumerate(wrong):
        request = OperatorRequest(f"w{number}", 0, "x", "{}")
        await bench.ask(OPERATOR, Operate(request, to, wish), Nanos(10**10))
    assert [acted.outcome.partition(":")[0] for acted in acts(bench)] == ["refused"] * 3


@pytest.mark.fault("F12")
async def test_while_an_actor_restarts_the_answer_is_defined_and_bounded(serve: Serve, bench: Bench) -> None:
    async with serve() as at:
        wire = await at.greeted()
        for _ in range(2):
            bench.system.crash_next(RISK_GATE)
            bench.put(RISK_GATE, object())
        assert state_of(bench, "risk_gate") != "running"
        assert await wire.error("risk") == "unavailable"
        status = await wire.result("status")
        assert isinstance(status, dict)
        assert "the risk gate does not answer, so no order passes" in status["why_not"]
        # The wish waits for the gate's next life, no longer than a wish may.
        began = bench.now
        assert await wire.result("halt", request_id="h", reason="x")
        assert bench.now - began <= 5 * NANOS_PER_SECOND


def state_of(bench: Bench, name: str) -> str:
    return next(one.state for one in bench.status() if one.address.last == name)


async def test_a_stop_that_hangs_is_named_to_whoever_looks(serve: Serve) -> None:
    async with serve(Hooks(phase=lambda: "stopping", step=lambda: "durable")) as at:
        wire = await at.greeted()
        health = await wire.result("health")
        assert isinstance(health, dict)
        assert health["state"] == "stopping"
        assert health["checks"][0] == {"name": "phase", "ok": False, "detail": "stopping, durable"}

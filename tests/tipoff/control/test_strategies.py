"""Strategies and actors from outside: on and off, other parameters, restarts and revivals, nothing lost."""

from actors.addresses import strategy_address
from actors.runtime import ActorStatus
from engine.facts import OrderCancelled, StrategyChanged
from engine.orders import CancelReason

from .conftest import NAME, ORDER, TICKER, Bench, Serve, Wire


def kinds(bench: Bench, kind: type) -> list[object]:
    return [each.fact for each in bench.facts if isinstance(each.fact, kind)]


async def prepared(wire: Wire, bench: Bench) -> None:
    """A position and a resting order, so that there is something to lose."""
    await wire.result("orders.place", request_id="held", **ORDER)
    resting = {**ORDER, "price": "0.45", "tif": "gtc"}
    await wire.result("orders.place", request_id="resting", **resting)
    bench.later(1)


async def test_a_strategy_that_is_switched_off_sends_nothing_and_keeps_its_position(
    serve: Serve, bench: Bench
) -> None:
    async with serve() as at:
        wire = await at.greeted()
        await prepared(wire, bench)
        await wire.result("strategies.disable", request_id="off", name=NAME)
        bench.later(1)
        answer = await wire.call("orders.place", request_id="o", **ORDER)
        assert "strategy_disabled" in str(answer["error"])
        positions = await wire.result("positions")
        assert isinstance(positions, list)
        assert [line["position"] for line in positions] == ["10.00"]
        bench.restart(strategy_address(NAME))
        assert (await strategy(wire))["enabled"] is False
        await wire.result("strategies.enable", request_id="on", name=NAME)
        assert (await strategy(wire))["enabled"] is True
        assert await wire.result("orders.place", request_id="p", **ORDER)
    (cancelled,) = kinds(bench, OrderCancelled)
    assert isinstance(cancelled, OrderCancelled)
    assert cancelled.reason is CancelReason.STRATEGY_DISABLED


async def strategy(wire: Wire) -> dict[str, object]:
    """The strategy's line."""
    found = await wire.result("strategies", strategy=NAME)
    assert isinstance(found, list)
    line = found[0]
    assert isinstance(line, dict)
    return line


async def test_parameters_are_changed_all_or_none_and_hold_over_restarts(serve: Serve, bench: Bench) -> None:
    async with serve() as at:
        wire = await at.greeted()
        await prepared(wire, bench)
        before = (await strategy(wire))["parameters"]
        wrong = {"position_size": -1, "cooldown_minutes": 3, "no": 1}
        answer = await wire.call("strategies.set", request_id="bad", name=NAME, values=wrong)
        error = answer["error"]
        assert isinstance(error, dict)
        assert error["data"]["name"] == "refused"
        lines = [error["message"], *error["data"]["details"]]
        assert [line.partition(":")[0] for line in lines] == ["no", "position_size"]
        assert (await strategy(wire))["parameters"] == before
        values = {"position_size": 3, "cooldown_minutes": 9}
        await wire.result("strategies.set", request_id="good", name=NAME, values=values)
        bench.restart(strategy_address(NAME))
        running = bench.system.dispatcher.cells[strategy_address(NAME)].life
        assert running is not None
        behaviour = running.behaviour
        trading = behaviour.strategy.trading  # type: ignore[union-attr]  # the shell of a trader
        assert (trading.position_size, trading.cooldown_minutes) == (3, 9.0)
        assert behaviour.strategy.portfolio.held(TICKER) == 1_000  # type: ignore[union-attr]
    changed = [fact for fact in kinds(bench, StrategyChanged) if fact.strategy == NAME]  # type: ignore[attr-defined]
    assert len(changed) == 1


async def test_a_strategy_with_new_parameters_trades_on_what_it_knows_at_once(
    serve: Serve, bench: Bench
) -> None:
    async with serve() as at:
        wire = await at.greeted()
        await prepared(wire, bench)
        values = {"position_size": 3}
        await wire.result("strategies.set", request_id="good", name=NAME, values=values)
        life = bench.system.dispatcher.cells[strategy_address(NAME)].life
        assert life is not None
        fresh = life.behaviour.strategy  # type: ignore[union-attr]  # the shell of a trader
        assert fresh.view.markets[TICKER].top is not None
        assert fresh.portfolio.held(TICKER) == 1_000
        assert [order.order.order_id for order in fresh.portfolio.open_in(TICKER)] == ["operator:resting"]


async def test_a_name_that_is_none_is_told_which_there_are(serve: Serve) -> None:
    async with serve() as at:
        wire = await at.greeted()
        answer = await wire.call("strategies.enable", request_id="x", name="shrap_line")
        assert "sharp_line" in str(answer["error"])
        assert await wire.error("actors.restart", request_id="y", name="nobody") == "not_found"


async def test_a_quarantined_strategy_is_revived_and_trades_again(serve: Serve, bench: Bench) -> None:
    address = strategy_address(NAME)
    async with serve() as at:
        wire = await at.greeted()
        for _ in range(4):
            bench.system.crash_next(address)
            bench.put(address, object())
            bench.later(12)
        assert state_of(bench, NAME) == "parked"
        assert (await strategy(wire))["quarantined"] is True
        answer = await wire.call("orders.place", request_id="o", **ORDER)
        assert "quarantined" in str(answer["error"])
        await wire.result("actors.revive", request_id="r", name=NAME)
        assert state_of(bench, NAME) == "running"
        assert (await strategy(wire))["quarantined"] is False
        assert await wire.result("orders.place", request_id="p", **ORDER)


def state_of(bench: Bench, name: str) -> str:
    found: list[ActorStatus] = [one for one in bench.status() if one.address.last == name]
    return found[0].state


async def test_what_does_not_need_reviving_is_refused(serve: Serve) -> None:
    async with serve() as at:
        wire = await at.greeted()
        assert await wire.error("actors.revive", request_id="r", name="journal") == "refused"

"""What changes something: once for each request id, journaled with the user, one at a time, in all states.

Covers: actors.operator_outcomes, tipoff.control.context, tipoff.control.operations.halts,
tipoff.control.operations.orders, tipoff.control.operations.strategies, tipoff.control.operations.limits,
tipoff.control.operations.actors, tipoff.control.operations.games, tipoff.control.operations.process.
"""

import os
from collections.abc import Callable
from functools import partial

import pytest
import trio
import trio.testing

from actors.addresses import JOURNAL, OPERATOR, RISK_GATE
from actors.messages import CommittedUpTo, FollowOperation, HaltOperation, Operate, OperatorRequest
from engine.facts import (
    LimitChanged,
    OperatorActed,
    OrderCancelled,
    OrderDenied,
    OrderFilled,
    OrderSubmitted,
    TradingHalted,
    TradingResumed,
)
from engine.orders import CancelReason
from tipoff.control.client import failure_of
from tipoff.control.ports import Hooks
from tipoff.control.protocol import FIELDS
from tipoff.control.registry import METHODS

from .conftest import GAME, NAME, ORDER, TICKER, Bench, Serve, Wire, word_of

Word = Callable[[dict[str, object] | None], str]

ACTS: dict[str, dict[str, object]] = {
    "halt": {"reason": "lunch"},
    "resume": {"reason": "lunch is over"},
    "drain": {},
    "orders.place": ORDER,
    "orders.cancel": {"all": True},
    "positions.close": {"strategy": NAME, "ticker": TICKER},
    "strategies.enable": {"name": NAME},
    "strategies.disable": {"name": NAME},
    "strategies.set": {"name": NAME, "values": {"position_size": 7}},
    "risk.set": {"name": "contracts_total", "value": "400"},
    "risk.reset": {"name": "contracts_total"},
    "actors.restart": {"name": "risk_gate"},
    "actors.revive": {"name": NAME},
    "games.load": {"game": "X"},
    "games.unload": {"game": "X"},
    "reload": {},
    "loglevel": {"level": "debug"},
}


class Daemon:
    """Hooks that count what they were asked to do."""

    def __init__(self) -> None:
        self.deeds: list[str] = []
        self.phase = "running"

    async def do(self, what: str = "reload") -> str:
        self.deeds.append(what)
        return f"did {what}"

    async def found(self, what: str, *, followed: bool) -> FollowOperation:
        self.deeds.append(what)
        return FollowOperation(what, followed)

    def level(self, level: str | None) -> str:
        self.deeds.append(f"level {level}")
        return level or "info"

    def hooks(self) -> Hooks:
        return Hooks(
            phase=lambda: self.phase,  # type: ignore[arg-type, return-value]  # one of the words
            reload=self.do,
            loglevel=self.level,
            load_game=partial(self.found, followed=True),
            unload_game=partial(self.found, followed=False),
        )


def acts(bench: Bench) -> list[OperatorActed]:
    return [each.fact for each in bench.facts if isinstance(each.fact, OperatorActed)]


def kinds(bench: Bench, kind: type) -> list[object]:
    return [each.fact for each in bench.facts if isinstance(each.fact, kind)]


async def prepared(wire: Wire, bench: Bench) -> None:
    """A position and a resting order, so that there is something to act on."""
    await wire.result("orders.place", request_id="held", **ORDER)
    resting = {**ORDER, "price": "0.45", "tif": "gtc"}
    await wire.result("orders.place", request_id="resting", **resting)
    bench.later(1)


def test_the_table_above_has_every_method_that_changes_something() -> None:
    assert set(ACTS) == {name for name, method in METHODS.items() if method.mutates}


@pytest.mark.promise("act-same-request-id")
@pytest.mark.fault("F13")
@pytest.mark.parametrize("method", ACTS)
async def test_an_act_is_done_once_for_each_request_id_and_journaled_with_the_user(
    serve: Serve, bench: Bench, method: str
) -> None:
    daemon = Daemon()
    async with serve(daemon.hooks()) as at:
        wire = await at.greeted()
        await prepared(wire, bench)
        before = len(acts(bench))
        first = await wire.call(method, request_id="the-same", **ACTS[method])
        bench.later(5)
        after, deeds = len(bench.facts), list(daemon.deeds)
        again = await (await at.greeted()).call(method, request_id="the-same", **ACTS[method])
        assert len(bench.facts) == after
        assert daemon.deeds == deeds
        (acted,) = acts(bench)[before:]
        assert (acted.request_id, acted.command, acted.uid) == ("the-same", method, os.geteuid())
        if "error" in first:
            assert again["error"] == first["error"]
            return
        result = first["result"]
        assert isinstance(result, dict)
        assert again["result"] == {**result, "repeated": True}


async def test_a_refused_order_names_what_it_lacks_and_the_id_that_why_is_asked_for(serve: Serve) -> None:
    async with serve() as at:
        wire = await at.greeted()
        without = {name: value for name, value in ORDER.items() if name != "p_fair"}
        refused = (await wire.call("orders.place", request_id="no-opinion", **without))["error"]
        assert isinstance(refused, dict)
        assert "missing_data" in str(refused["message"])
        lacking, story = refused["data"]["details"]
        assert lacking == "an order on this account needs a fair value of YES: --fair 0.55 (p_fair: 0.55)"
        assert story == "the whole story: tipoff why operator:no_opinion"
        large = (await wire.call("orders.place", request_id="large", **{**ORDER, "count": "900"}))["error"]
        assert isinstance(large, dict)
        assert large["data"]["details"] == ["the whole story: tipoff why operator:large"]
        assert {name: large["data"][name] for name in FIELDS} == {
            "order_id": "operator:large",
            "reason": "depth_share",
            "use": "900.00 of 500.00 contracts",
            "limit": "0.25",
        }
        failure = failure_of(large)
        assert failure.fields == {name: large["data"][name] for name in FIELDS}
        document = failure.document["error"]
        assert isinstance(document, dict)
        assert [document[name] for name in ("code", "reason", "limit")] == ["refused", "depth_share", "0.25"]
        # What never came to the gate has none of them.
        elsewhere = (await wire.call("orders.place", request_id="else", **{**ORDER, "ticker": "NONE"}))[
            "error"
        ]
        assert isinstance(elsewhere, dict)
        assert sorted(elsewhere["data"]) == ["details", "name"]


async def test_a_parameter_that_does_not_exist_is_answered_with_the_one_that_was_meant(serve: Serve) -> None:
    async with serve() as at:
        wire = await at.greeted()
        answer = await wire.call("strategies.set", request_id="typo", name=NAME, values={"cooldown": 1})
        assert "did you mean 'cooldown_minutes'?" in str(answer["error"])


@pytest.mark.fault("F12")
@pytest.mark.parametrize("state", ["starting", "running", "draining", "halted", "stopping"])
@pytest.mark.parametrize("method", ACTS)
async def test_every_act_is_answered_in_every_state(
    serve: Serve, bench: Bench, word: Word, method: str, state: str
) -> None:
    daemon = Daemon()
    async with serve(daemon.hooks()) as at:
        wire = await at.greeted()
        await prepared(wire, bench)
        if state in ("draining", "halted"):
            await wire.result("drain" if state == "draining" else "halt", request_id="state")
        else:
            daemon.phase = state
        before = len(bench.facts)
        with trio.fail_after(5):
            answer = await wire.call(method, request_id="the-act", **ACTS[method])
        if state in ("starting", "stopping"):
            assert word(answer) == "not_ready"
            assert state in str(answer["error"])
            assert (len(bench.facts), daemon.deeds) == (before, [])
        elif "error" in answer:
            assert word(answer) == "refused"
            assert (method, state) in {("orders.place", "draining"), ("orders.place", "halted")}
        assert await wire.result("version")
        assert isinstance(await wire.call("status"), dict)


@pytest.mark.parametrize("request_id", ["", "a b", "x" * 65, "ä", "a/b", "a\n"])
async def test_a_request_id_is_short_and_plain(serve: Serve, bench: Bench, request_id: str) -> None:
    async with serve() as at:
        wire = await at.greeted()
        assert await wire.error("halt", request_id=request_id) == "invalid_params"
        assert await wire.error("halt") == "invalid_params"
        assert await wire.result("halt", request_id="x" * 64)
    assert len(acts(bench)) == 1


async def test_the_same_id_for_another_command_is_a_conflict(serve: Serve, bench: Bench) -> None:
    async with serve() as at:
        wire = await at.greeted()
        await wire.result("halt", request_id="one", reason="x")
        assert await wire.error("resume", request_id="one", reason="x") == "conflict"
        assert await wire.error("halt", request_id="one", reason="another") == "conflict"
    assert len(acts(bench)) == 1


async def test_an_act_and_its_effect_are_one_commit(serve: Serve, bench: Bench) -> None:
    async with serve() as at:
        await (await at.greeted()).result("halt", request_id="one", reason="x")
    halted, acted = bench.facts[-2:]
    assert isinstance(halted.fact, TradingHalted)
    assert isinstance(acted.fact, OperatorActed)
    assert halted.cause == acted.cause


async def test_a_request_id_is_remembered_by_the_next_life(serve: Serve, bench: Bench) -> None:
    async with serve() as at:
        wire = await at.greeted()
        await wire.result("orders.place", request_id="one", **ORDER)
        bench.restart(OPERATOR)
        again = await wire.result("orders.place", request_id="one", **ORDER)
        assert isinstance(again, dict)
        assert again["repeated"] is True
    assert len(kinds(bench, OrderSubmitted)) == 1


async def test_halt_and_resume_at_once_are_answered_one_after_the_other(serve: Serve, bench: Bench) -> None:
    async with serve() as at:
        wires = [await at.greeted() for _ in range(10)]

        async def act(wire: Wire, number: int) -> None:
            method = "halt" if number % 2 else "resume"
            await wire.result(method, request_id=f"r{number}", reason="x")

        async with trio.open_nursery() as nursery:
            for number, wire in enumerate(wires):
                nursery.start_soon(act, wire, number)
        state = await wires[0].result("version")
    scopes = [
        isinstance(each.fact, TradingHalted)
        for each in bench.facts
        if isinstance(each.fact, TradingHalted | TradingResumed)
    ]
    assert len(acts(bench)) == 10
    assert isinstance(state, dict)
    assert state["state"] == ("halted" if scopes[-1] else "running")


async def test_what_an_actor_failed_at_is_refused_and_not_done(serve: Serve, bench: Bench) -> None:
    async with serve() as at:
        wire = await at.greeted()
        bench.system.crash_next(RISK_GATE)
        answer = await wire.call("halt", request_id="one", reason="x")
        assert "injected" in str(answer["error"])
        assert kinds(bench, TradingHalted) == []
        await wire.result("halt", request_id="two", reason="x")
    assert len(kinds(bench, TradingHalted)) == 1


async def test_while_storage_is_stuck_the_outcome_is_unknown_and_known_when_it_moves_again(
    serve: Serve, bench: Bench
) -> None:
    async with serve() as at:
        wire = await at.greeted()
        bench.durable = False
        assert await wire.error("halt", request_id="one", reason="x") == "timeout"
        bench.durable = True
        bench.put(JOURNAL, CommittedUpTo(len(bench.facts)))
        again = await wire.result("halt", request_id="one", reason="x")
    assert isinstance(again, dict)
    assert again["repeated"] is True
    assert len(kinds(bench, TradingHalted)) == 1


async def test_a_halt_holds_for_everybody_from_the_next_message_on_and_over_restarts(
    serve: Serve, bench: Bench
) -> None:
    async with serve() as at:
        wire = await at.greeted()
        await prepared(wire, bench)
        await wire.result("halt", request_id="h", reason="x")
        assert await wire.error("orders.place", request_id="o", **ORDER) == "refused"
        bench.later(1)
        (cancelled,) = kinds(bench, OrderCancelled)
        assert isinstance(cancelled, OrderCancelled)
        bench.restart(RISK_GATE)
        assert await wire.error("orders.place", request_id="p", **ORDER) == "refused"
        assert await wire.error("resume", request_id="r") == "invalid_params"
        await wire.result("resume", request_id="r", reason="checked")
        assert await wire.result("orders.place", request_id="q", **ORDER)


async def test_a_scope_that_is_none_is_refused_with_a_sentence(serve: Serve, bench: Bench) -> None:
    async with serve() as at:
        answer = await (await at.greeted()).call("halt", request_id="h", scope="everything")
        assert "all, strategy:NAME, game:ID or market:TICKER" in str(answer["error"])
    assert acts(bench)[0].outcome.startswith("refused: ")


async def test_draining_lets_exits_pass_and_entries_not(serve: Serve, bench: Bench) -> None:
    async with serve() as at:
        wire = await at.greeted()
        await prepared(wire, bench)
        await wire.result("drain", request_id="d")
        version = await wire.result("version")
        assert isinstance(version, dict)
        assert version["state"] == "draining"
        assert await wire.error("orders.place", request_id="e", **ORDER) == "refused"
        out: dict[str, object] = {**ORDER, "side": "ask", "price": "0.50", "reduce_only": True}
        await wire.result("orders.place", request_id="x", **out)
        bench.later(1)
        assert await wire.result("positions") == []


@pytest.mark.parametrize(
    ("state", "why", "shown"),
    [
        ("reducing", "draining: by hand", "draining"),
        ("draining", "the game day is over", "draining"),
        ("reducing", "lunch", "halted"),
        ("halted", "draining the swamp", "halted"),
    ],
)
async def test_a_drain_is_known_by_its_state_and_in_older_journals_by_its_reason(
    serve: Serve, bench: Bench, state: str, why: str, shown: str
) -> None:
    request = OperatorRequest("h", 0, "halt", "{}")
    bench.put(OPERATOR, Operate(request, RISK_GATE, HaltOperation("all", state, why)))
    async with serve() as at:
        version = await (await at.greeted()).result("version")
    assert isinstance(version, dict)
    assert version["state"] == shown


async def test_an_order_by_hand_is_judged_placed_and_filled_like_any_other(
    serve: Serve, bench: Bench
) -> None:
    async with serve() as at:
        wire = await at.greeted()
        await prepared(wire, bench)
        answer = await wire.call("orders.place", request_id="big", **{**ORDER, "count": "900"})
        assert "depth_share: the order is too large a share" in str(answer["error"])
        for bad in ({"price": "0.525001"}, {"count": "1e3"}, {"side": "buy"}, {"tif": "day"}, {"price": "2"}):
            assert await wire.error("orders.place", request_id="bad", **{**ORDER, **bad}) == "invalid_params"
        assert await wire.error("orders.place", request_id="none", **{**ORDER, "ticker": "X"}) == "refused"
    (filled,) = kinds(bench, OrderFilled)
    assert isinstance(filled, OrderFilled)
    assert (filled.order_id, filled.strategy) == ("operator:held", NAME)
    (denied,) = kinds(bench, OrderDenied)
    assert isinstance(denied, OrderDenied)


async def test_orders_are_taken_back_one_or_all(serve: Serve, bench: Bench) -> None:
    async with serve() as at:
        wire = await at.greeted()
        await prepared(wire, bench)
        assert await wire.error("orders.cancel", request_id="a") == "invalid_params"
        assert await wire.error("orders.cancel", request_id="b", order_id="x", all=True) == "invalid_params"
        assert await wire.error("orders.cancel", request_id="c", order_id="x") == "refused"
        await wire.result("orders.cancel", request_id="d", order_id="operator:resting")
        bench.later(1)
        await wire.result("orders.place", request_id="n", **{**ORDER, "price": "0.45", "tif": "gtc"})
        await wire.result("orders.cancel", request_id="e", all=True, strategy=NAME)
        bench.later(1)
    reasons = [fact.reason for fact in kinds(bench, OrderCancelled) if isinstance(fact, OrderCancelled)]
    assert reasons == [CancelReason.REQUESTED, CancelReason.OPERATOR]


async def test_a_position_is_closed_at_whatever_the_book_gives(serve: Serve, bench: Bench) -> None:
    async with serve() as at:
        wire = await at.greeted()
        await prepared(wire, bench)
        await wire.result("positions.close", request_id="c", strategy=NAME, ticker=TICKER)
        bench.later(1)
        assert await wire.result("positions") == []
        assert await wire.error("positions.close", request_id="d", strategy=NAME, ticker=TICKER) == "refused"


async def test_a_limit_is_set_and_put_back_and_holds_over_restarts(serve: Serve, bench: Bench) -> None:
    async with serve() as at:
        wire = await at.greeted()
        assert await limit(wire, "contracts_total") == "10000"
        await wire.result("risk.set", request_id="a", name="contracts_total", value="5")
        bench.restart(RISK_GATE)
        assert await limit(wire, "contracts_total") == "5"
        assert await wire.error("orders.place", request_id="o", **ORDER) == "refused"
        await wire.result("risk.reset", request_id="b", name="contracts_total")
        assert await limit(wire, "contracts_total") == "10000"
        await wire.result("risk.set", request_id="c", name="contracts_per_order", value="1", strategy=NAME)
        assert await wire.error("orders.place", request_id="p", **ORDER) == "refused"
        await wire.result("risk.reset", request_id="d", name="contracts_per_order", strategy=NAME)
        assert await wire.result("orders.place", request_id="q", **ORDER)
        wrong = (("none", "1", NAME), ("loss_per_day", "-1", NAME), ("loss_per_day", "1", "x"))
        for number, (name, value, owner) in enumerate(wrong):
            wish = {"name": name, "value": value, "strategy": owner}
            assert await wire.error("risk.set", request_id=f"wrong{number}", **wish) == "refused"
    changes = [fact for fact in kinds(bench, LimitChanged) if isinstance(fact, LimitChanged)]
    assert [change.by for change in changes] == [f"uid {os.geteuid()}"] * 4


async def limit(wire: Wire, name: str) -> object:
    """A global limit as the gate has it."""
    found = await wire.result("risk")
    assert isinstance(found, dict)
    return next(line["limit"] for line in found["limits"] if (line["name"], line["strategy"]) == (name, None))


@pytest.mark.parametrize("scope", ["game:26NOV20NOBODY", "strategy:nobody"])
async def test_a_halt_of_nobody_is_refused_and_names_who_there_is(serve: Serve, scope: str) -> None:
    async with serve() as at:
        wire = await at.greeted()
        answer = await wire.call("halt", request_id="one", scope=scope, reason="x")
        assert word_of(answer) == "not_found"
        assert "so nothing is halted; there are " in str(answer["error"])
        await wire.result("halt", request_id="two", scope=f"game:{GAME}", reason="x")
        await wire.result("halt", request_id="three", scope="strategy:sharp_line", reason="x")

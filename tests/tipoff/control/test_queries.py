"""What can be looked at: every answer fits its schema, asks nobody who trades, tells what is the matter.

Covers: tipoff.json_schema, tipoff.json_types, tipoff.control.queries.overview,
tipoff.control.queries.actor_tree, tipoff.control.queries.tables, tipoff.control.queries.books,
tipoff.control.queries.limits,
tipoff.control.queries.history, tipoff.control.queries.process.
"""

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from actors.addresses import OBSERVER, RISK_GATE, game_address
from actors.messages import HaltOperation, Operate, OperatorRequest, StorageFailed
from engine.events import FeedLost, GamePhase, ScoreSeen
from engine.units import Nanos
from tipoff.control.permissions import Level
from tipoff.control.ports import Hooks
from tipoff.control.protocol import ERROR_CODES
from tipoff.control.registry import METHODS
from tipoff.control.schema import document, text

from .conftest import GAME, START, TICKER, Bench, Serve, Wire

Word = Callable[[dict[str, object] | None], str]

ORDER: dict[str, object] = {
    "strategy": "mean_reversion",
    "ticker": TICKER,
    "side": "bid",
    "price": "0.52",
    "count": "10",
    "p_fair": 0.6,
}
ASKED: dict[str, dict[str, object]] = {
    "book": {"ticker": TICKER},
    "why": {"id": "operator:first"},
    "history": {"kind": "pnl", "strategy": "all"},
}
MAY_ASK = {
    "book": {game_address(GAME): 1},
    "risk": {RISK_GATE: 1},
    "status": {RISK_GATE: 1},
    "health": {RISK_GATE: 1},
}
"""Who keeps what these show, and nobody else does; they answer without deciding anything."""
LOOKS = [name for name, method in METHODS.items() if not method.mutates]


async def traded(wire: Wire, bench: Bench) -> None:
    """An order by hand, filled; one resting; one refused."""
    await wire.result("orders.place", request_id="first", **ORDER)
    bench.later(1)
    await wire.result("orders.place", request_id="second", **{**ORDER, "price": "0.45", "tif": "gtc"})
    bench.later(1)
    assert await wire.error("orders.place", request_id="third", **{**ORDER, "count": "5000"}) == "refused"


def hooks_of(bench: Bench) -> Hooks:
    return Hooks(
        chain=bench.chain,
        metrics=lambda: "tipoff_up 1\n",
        loglevel=lambda level: level or "info",
        degraded=lambda: ["no key"],
    )


def test_the_schema_in_the_repository_is_the_one_that_the_daemon_prints(root: Path) -> None:
    assert (root / "tipoff" / "control" / "schema.json").read_text("utf-8") == text()


def test_every_schema_is_a_schema() -> None:
    for method in document()["methods"].values():  # type: ignore[union-attr]  # an object
        jsonschema.Draft202012Validator.check_schema(method["params"])  # type: ignore[index, call-overload]
        jsonschema.Draft202012Validator.check_schema(method["result"])  # type: ignore[index, call-overload]


@pytest.mark.parametrize("method", LOOKS)
async def test_every_answer_fits_its_schema(serve: Serve, bench: Bench, method: str) -> None:
    async with serve(hooks_of(bench)) as at:
        wire = await at.greeted()
        await traded(wire, bench)
        # Profit and loss are read for charts every five seconds.
        bench.later(5)
        answer = await (await at.greeted()).result(method, **ASKED.get(method, {}))
        described = (await wire.result("schema"))["methods"][method]  # type: ignore[index]
        jsonschema.validate(answer, described["result"])
        jsonschema.validate(ASKED.get(method, {}), described["params"])
    if isinstance(answer, list) and method not in ("dead_letters", "signals"):
        assert answer


@pytest.mark.promise("looking-asks-nobody-trades")
@pytest.mark.parametrize("method", LOOKS)
async def test_looking_asks_nobody_who_trades(serve: Serve, bench: Bench, method: str) -> None:
    before = {one.address: one.handled for one in bench.status() if one.address != OBSERVER}
    async with serve(hooks_of(bench)) as at:
        wire = await at.greeted()
        await wire.call(method, **ASKED.get(method, {}))
    after = {one.address: one.handled for one in bench.status() if one.address != OBSERVER}
    asked = {address: after[address] - before[address] for address in after}
    assert {address: times for address, times in asked.items() if times} == MAY_ASK.get(method, {})
    assert len(bench.facts) == 16


async def test_parameters_that_a_method_does_not_have_are_refused_by_name(serve: Serve) -> None:
    async with serve() as at:
        wire = await at.greeted()
        answer = await wire.call("orders", strateggy="x", limit=0, open="yes")
        error = answer["error"]
        assert isinstance(error, dict)
        assert error["data"]["name"] == "invalid_params"
        assert error["data"]["details"] == [
            "strateggy: is no parameter of orders",
            "open: is true or false",
            "limit: is a whole number from 1 to 1000",
        ]


@pytest.mark.limit("actors.read_model.lines:LINES_MAX")
@pytest.mark.parametrize("value", [0, 1_001, True, 1.5, "7", None, [], 10**30])
async def test_a_limit_is_a_number_from_1_to_1000(serve: Serve, value: object) -> None:
    async with serve() as at:
        wire = await at.greeted()
        assert await wire.error("orders", limit=value) == "invalid_params"
        for fits in (1, 1_000):
            await wire.result("orders", limit=fits)


@pytest.mark.parametrize("value", ["", "x" * 8_193, "a\x00b", "a\nb", 7, None])
async def test_a_text_is_printable_and_bounded(serve: Serve, value: object) -> None:
    async with serve() as at:
        wire = await at.greeted()
        assert await wire.error("orders", strategy=value) == "invalid_params"
    assert METHODS["orders"].check({"strategy": "x" * 8_192}).must("strategy")


async def test_an_unknown_method_is_named_so(serve: Serve) -> None:
    async with serve() as at:
        assert await (await at.greeted()).error("sell_everything") == "unknown_method"


async def test_lists_are_narrowed_and_cut_to_the_newest(serve: Serve, bench: Bench) -> None:
    async with serve() as at:
        wire = await at.greeted()
        await traded(wire, bench)
        assert [line["order_id"] for line in await lines(wire, "orders", open=True)] == ["operator:second"]
        assert [line["order_id"] for line in await lines(wire, "orders", limit=1)] == ["operator:second"]
        assert await lines(wire, "orders", strategy="momentum") == []
        assert len(await lines(wire, "orders", game=GAME)) == 2
        (filled,) = await lines(wire, "fills", ticker=TICKER)
        assert (filled["price"], filled["count"], filled["liquidity"]) == ("0.5200", "10.00", "taker")


async def lines(wire: Wire, method: str, **params: object) -> list[dict[str, object]]:
    """A list that a method answers with."""
    found = await wire.result(method, **params)
    assert isinstance(found, list)
    return found


async def shown(wire: Wire, method: str = "status") -> dict[str, object]:
    """An object that a method answers with."""
    found = await wire.result(method)
    assert isinstance(found, dict)
    return found


async def test_status_says_on_one_screen_what_a_person_asks_first(serve: Serve, bench: Bench) -> None:
    async with serve(hooks_of(bench)) as at:
        wire = await at.greeted()
        await traded(wire, bench)
        found = await shown(wire)
    assert (found["state"], found["trading"], found["why_not"]) == ("running", True, [])
    # 10 at 52 cents are held, 10 at 45 cents are promised; the fee is paid and no longer at risk.
    assert (found["at_risk"], found["at_risk_max"]) == ("9.700000", "5000")
    assert (found["positions"], found["open_orders"]) == (1, 1)
    band = found["pnl"]
    assert isinstance(band, dict)
    assert float(band["pessimistic"]) <= float(band["base"]) <= float(band["optimistic"]) < 0
    assert found["degraded"] == ["no key"]
    assert found["last_failure"] is None


async def test_status_names_everything_that_keeps_orders_back(serve: Serve, bench: Bench) -> None:
    async with serve() as at:
        wire = await at.greeted()
        bench.hand_in(FeedLost(1, "reset", Nanos(bench.now)))
        bench.put(RISK_GATE, StorageFailed("full", "no space left"))
        await wire.result("halt", request_id="h", reason="lunch")
        found = await shown(wire)
    assert (found["state"], found["trading"]) == ("halted", False)
    why_not = found["why_not"]
    assert isinstance(why_not, list)
    assert [why for why in why_not if "lunch" in why]
    assert [why for why in why_not if "no space left" in why]
    assert "no book can be trusted at present" in why_not
    degraded = found["degraded"]
    assert isinstance(degraded, list)
    assert "the market feed is not connected" in degraded


@pytest.mark.parametrize(
    ("phase", "words"),
    [
        (GamePhase.FINAL, "all games are over: 1"),
        (GamePhase.POSTPONED, "all games are over or postponed: 1"),
        (GamePhase.LIVE, "no book can be trusted at present"),
    ],
)
async def test_status_says_that_the_games_are_over_where_that_is_why(
    serve: Serve, bench: Bench, phase: GamePhase, words: str
) -> None:
    async with serve() as at:
        wire = await at.greeted()
        now = Nanos(bench.now)
        bench.hand_in(ScoreSeen("bdl:1", "bdl", phase, 4, 0, 101, 99, now, now))
        bench.hand_in(FeedLost(1, "reset", now))
        found = await shown(wire)
    assert found["why_not"] == [words]
    # Once all is over, books that nobody quotes are as they should be.
    untrusted = [each for each in found["degraded"] if "not trusted" in each]  # type: ignore[attr-defined]
    assert bool(untrusted) == (phase is GamePhase.LIVE)


@pytest.mark.promise("status-does-not-say-trading")
@pytest.mark.parametrize("bench", [{"matched": False}], indirect=True)
async def test_status_says_that_no_game_is_matched_where_that_is_why(serve: Serve) -> None:
    """Every book may be trusted then, and still nothing is entered: so it is without a key of balldontlie."""
    async with serve() as at:
        found = await shown(await at.greeted())
    assert found["trading"] is False
    assert found["why_not"] == ["no game is matched to the league's schedule, and no other is entered"]


async def test_status_tells_what_failed_last(serve: Serve, bench: Bench) -> None:
    async with serve() as at:
        wire = await at.greeted()
        bench.system.crash_next(RISK_GATE)
        bench.put(RISK_GATE, object())
        found = await shown(wire)
        letters = await lines(wire, "dead_letters")
    failure = found["last_failure"]
    assert isinstance(failure, dict)
    assert failure["address"] == "exchange/risk_gate"
    assert "injected" in failure["error"]
    assert found["dead_letters"] == 1
    assert letters[0]["message_type"] == "object"


async def test_health_is_fine_or_says_which_check_failed(serve: Serve, bench: Bench) -> None:
    async with serve() as at:
        wire = await at.greeted()
        assert (await shown(wire, "health"))["ok"] is True
        bench.hand_in(FeedLost(1, "reset", Nanos(bench.now)))
        found = await shown(wire, "health")
    assert found["ok"] is False
    checks = found["checks"]
    assert isinstance(checks, list)
    assert [check["name"] for check in checks if not check["ok"]] == ["feed"]


async def test_actors_are_shown_while_one_is_restarting(serve: Serve, bench: Bench) -> None:
    async with serve() as at:
        wire = await at.greeted()
        for _ in range(3):
            bench.system.crash_next(OBSERVER)
            bench.put(OBSERVER, object())
        bench.later(0.05)
        tree = {str(line["address"]): line for line in await lines(wire, "actors")}
        assert tree["edge/observer"]["restarts"] or tree["edge/observer"]["state"] != "running"
        assert tree["edge/observer"]["last_error"]
        assert tree["exchange/risk_gate"]["state"] == "running"
        assert tree["exchange/risk_gate"]["mailbox_capacity"] == 100_000
        assert list(tree)[:3] == ["journal", "writer", "exchange"]


async def test_a_book_is_shown_in_yes_prices_best_first(serve: Serve) -> None:
    async with serve() as at:
        wire = await at.greeted()
        found = await wire.result("book", ticker=TICKER)
        assert isinstance(found, dict)
        assert found["bids"] == [{"price": "0.5000", "count": "500.00"}]
        assert found["asks"] == [{"price": "0.5200", "count": "500.00"}]
        assert found["trust"] == "trusted"
        assert await wire.error("book", ticker="NONE") == "not_found"


async def test_the_age_of_an_actor_runs_from_its_last_start(serve: Serve, bench: Bench) -> None:
    async with serve() as at:
        wire = await at.greeted()
        bench.later(30)
        await wire.result("actors.restart", request_id="r", name="risk_gate")
        bench.later(12)
        ages = {line["address"]: line["age_seconds"] for line in await lines(wire, "actors")}
    assert ages["exchange/risk_gate"] == 12
    assert ages["journal"] == 42


async def test_without_a_hook_a_method_says_that_it_is_not_available(serve: Serve) -> None:
    async with serve() as at:
        wire = await at.greeted()
        assert await wire.error("why", id="x") == "not_available"
        assert await wire.error("metrics") == "not_available"
        assert await wire.error("loglevel.show") == "not_available"
        for method in ("reload", "games.load", "games.unload", "loglevel"):
            params: dict[str, object] = {"game": "x"} if "game" in method else {}
            params |= {"level": "info"} if method == "loglevel" else {}
            assert await wire.error(method, request_id="r", **params) == "not_available"


@pytest.mark.parametrize("late", ["", "no heartbeat has passed exchange/risk_gate for 31 s"])
async def test_health_names_the_stage_that_no_heartbeat_passes(serve: Serve, late: str) -> None:
    async with serve(Hooks(heartbeat=lambda: late)) as at:
        wire = await at.greeted()
        seen = await wire.result("health")
    checks = {check["name"]: check for check in seen["checks"]}  # type: ignore[index]
    assert checks["heartbeat"] == {
        "name": "heartbeat",
        "ok": not late,
        "detail": late or "passes every stage",
    }


async def test_the_log_level_is_shown(serve: Serve) -> None:
    async with serve(Hooks(loglevel=lambda level: level or "warning")) as at:
        wire = await at.greeted()
        assert await wire.result("loglevel.show") == {"level": "warning"}


async def test_the_journal_is_read_in_words(serve: Serve, bench: Bench) -> None:
    async with serve() as at:
        wire = await at.greeted()
        await traded(wire, bench)
        told = await lines(wire, "journal", limit=1_000)
    assert [line["seq"] for line in told] == list(range(1, len(bench.facts) + 1))
    assert told[0]["text"] == "run bench begins with version 0 and seed 1"
    assert all("object at 0x" not in str(line["text"]) for line in told)


async def test_an_error_has_the_shape_of_the_schema(serve: Serve) -> None:
    async with serve() as at:
        wire = await at.greeted()
        for answer in (
            await wire.call("none"),
            await wire.call("orders", limit=0),
            await wire.call("why", id="x"),
        ):
            error = answer["error"]
            assert isinstance(error, dict)
            assert sorted(error) == ["code", "data", "message"]
            assert error["code"] == ERROR_CODES[error["data"]["name"]].rpc
            assert document()["errors"][error["data"]["name"]]["code"] == error["code"]  # type: ignore[index, call-overload]
            json.dumps(error)


def test_levels_grow_with_what_they_may_do() -> None:
    assert all(method.level is Level.READ for method in METHODS.values() if not method.mutates)
    assert all(method.level > Level.READ for method in METHODS.values() if method.mutates)


def test_the_bench_is_what_these_tests_believe(bench: Bench) -> None:
    request = OperatorRequest("x", 0, "halt", "{}")
    assert bench.now == START
    bench.put(OBSERVER, Operate(request, RISK_GATE, HaltOperation("all", "halted", "x")))
    assert len(bench.facts) == 16

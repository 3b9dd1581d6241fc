"""What passes, what is latched, what survives a restart, and who may make an approved order.

Covers: engine.risk.halts.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.events import BookSide
from engine.facts import CancelRefused, OrderAmended, OrderApproved, TradingHalted
from engine.message import changed
from engine.orders import AmendOrder, CancelOrder, PlaceOrder, RejectCode, TimeInForce
from engine.reasons import DenialReason
from engine.risk import LimitRefused, RiskGate, RiskLimits
from engine.risk.halts import StateUnknown, TradingState
from engine.risk.limits import LIMIT_NAMES
from engine.units import COUNT_ONE, Count, Nanos, Price
from tests.engine.risk.desk import Desk
from tests.engine.strategies.evening import AWAY_WINS, GAME, HOME_WINS, game_known, market, top


@pytest.mark.promise("gate-makes-approved-orders")
def test_only_the_gate_makes_approved_orders(root: Path) -> None:
    makers = {
        str(path.relative_to(root)): makings
        for folder in ("engine", "actors", "venues", "persistence", "tipoff")
        for path in sorted((root / folder).rglob("*.py"))
        if (makings := list(makings_of(path.read_text("utf-8"))))
    }
    assert makers == {"engine/risk/gate.py": ["Approved(command)"]}


@pytest.mark.parametrize(
    "text",
    [
        "Approved(order)",
        "Approved[PlaceOrder](order)",
        "orders.Approved(order)",
        "from engine.orders import Approved as Passed",
        "from engine import orders as wishes\nPassed = wishes.Approved",
        "make = Approved",
        "class Passed(Approved): ...",
        "map(Approved, orders)",
        "getattr(orders, 'Approved')(order)",
        "from engine.orders import *",
    ],
)
def test_an_approved_order_is_found_however_it_is_made(text: str) -> None:
    assert list(makings_of(text))


@pytest.mark.parametrize(
    "text",
    [
        "from engine.orders import Approved, PlaceOrder",
        "def act(self, approved: Approved[OrderCommand]) -> tuple[Approved[OrderCommand], ...]: ...",
        "match message:\n    case Approved(): ...",
        "isinstance(message, Approved)",
        "orders: dict[str, orders.Approved[PlaceOrder]] = {}",
    ],
)
def test_who_only_speaks_of_approved_orders_makes_none(text: str) -> None:
    assert not list(makings_of(text))


def makings_of(text: str) -> Iterator[str]:
    """Wherever `Approved` stands as a value, under any name: calls, aliases, subclasses, what is handed on.

    Types, patterns and questions of what something is make none.
    """
    tree = ast.parse(text)
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module="engine.orders", names=names):
                yield from (
                    ast.unparse(node)
                    for name in names
                    if name.name == "*" or (name.name == "Approved" and name.asname)
                )
            case ast.Constant(value="Approved"):
                yield ast.unparse(parents[node])
            case ast.Name(id="Approved") | ast.Attribute(attr="Approved"):
                if not _only_named(node, parents):
                    yield ast.unparse(parents[node])
            case _:
                pass


def _only_named(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether this is a type, a pattern, or the second argument of `isinstance`."""
    while node in parents:
        above = parents[node]
        match above:
            case ast.AnnAssign(annotation=annotation) | ast.arg(annotation=annotation) if annotation is node:
                return True
            case ast.FunctionDef(returns=returns) | ast.AsyncFunctionDef(returns=returns) if returns is node:
                return True
            case ast.MatchClass():
                return True
            case ast.Call(func=ast.Name(id="isinstance"), args=[_, kind]) if kind is node:
                return True
            case ast.Subscript() | ast.BinOp() | ast.Tuple():
                node = above
            case _:
                return False
    return False


def test_what_passes_is_a_fact_and_an_approved_order() -> None:
    desk = Desk()
    order = desk.order()
    step = desk.gate.judge(order, desk.now)
    assert step.facts == (OrderApproved(order, desk.now),)
    assert [approved.command for approved in step.approved] == [order]


@pytest.mark.promise("denial-names-rule-use")
def test_a_denial_names_rule_use_and_limit() -> None:
    desk = Desk(contracts_per_order=20)
    (fact,) = desk.gate.judge(desk.order(count=25), desk.now).facts
    assert (fact.reason, fact.use, fact.limit) == (DenialReason.CONTRACTS_PER_ORDER, "25", "20")  # type: ignore[union-attr]
    assert desk.gate.denials["alpha", DenialReason.CONTRACTS_PER_ORDER] == 1


def exit_order(desk: Desk, count: float = 10) -> PlaceOrder:
    return changed(desk.order(49, count, BookSide.ASK), exit=True, p_fair=None)


@pytest.mark.parametrize("state", ["reducing", "draining"])
def test_an_exit_passes_where_every_entry_is_blocked(state: str) -> None:
    desk = Desk(RiskLimits())
    desk.bought(51, 10)
    desk.gate.halt("all", state, "eva", "enough", desk.now)
    for name in LIMIT_NAMES:
        desk.gate.set_limit(name, None, "0" if name != "market_types" else "none", "eva", desk.now)
    assert desk.judge(desk.order(count=1)) is DenialReason.REDUCING
    assert desk.judge(exit_order(desk)) is None


def test_what_only_calls_itself_an_exit_is_judged_as_an_entry() -> None:
    desk = Desk()
    desk.bought(51, 10)
    desk.gate.halt("all", "reducing", "eva", "enough", desk.now)
    assert desk.judge(exit_order(desk, 10.01)) is DenialReason.REDUCING
    assert desk.judge(changed(desk.order(51, 5), exit=True)) is DenialReason.REDUCING
    desk.send(exit_order(desk, 6))
    assert desk.judge(exit_order(desk, 5)) is DenialReason.REDUCING, "6 of the 10 are promised already"
    assert desk.judge(exit_order(desk, 4)) is None


@pytest.mark.promise("halt-stops-exits-too")
@pytest.mark.parametrize(
    ("scope", "alpha", "beta"),
    [
        ("all", DenialReason.HALTED, DenialReason.HALTED),
        ("strategy:alpha", DenialReason.HALTED, None),
        (f"game:{GAME}", DenialReason.HALTED, DenialReason.HALTED),
        ("game:another", None, None),
    ],
)
def test_a_halt_holds_for_its_scope_until_it_is_resumed(
    scope: str, alpha: DenialReason | None, beta: DenialReason | None
) -> None:
    desk = Desk()
    desk.facts += desk.gate.halt(scope, "halted", "eva", "fire", desk.now).facts
    assert (desk.judge(desk.order()), desk.judge(desk.order(strategy="beta"))) == (alpha, beta)
    assert desk.restarted().halts.state_of(scope) is TradingState.HALTED
    desk.facts += desk.gate.resume(scope, "eva", "out", desk.now).facts
    assert desk.judge(desk.order()) is None
    assert desk.restarted().halts.state_of(scope) is TradingState.ACTIVE


@pytest.mark.promise("halt-stops-exits-too")
def test_a_halt_stops_exits_too_and_cancels_what_is_open() -> None:
    desk = Desk()
    desk.bought(51, 10)
    order = desk.send(changed(desk.order(48), tif=TimeInForce.GTC))
    leaving = desk.send(changed(exit_order(desk, 4), tif=TimeInForce.GTC))
    other = desk.send(changed(desk.order(48, strategy="beta"), tif=TimeInForce.GTC))
    step = desk.gate.halt("strategy:alpha", "halted", "eva", "fire", desk.now)
    cancels = [CancelOrder(each.order_id, "alpha", desk.now) for each in (order, leaving)]
    assert [approved.command for approved in step.approved] == cancels, "the entry and the exit"
    assert step.facts[1:] == tuple(OrderApproved(cancel, desk.now) for cancel in cancels)
    assert desk.judge(exit_order(desk, 6)) is DenialReason.HALTED
    assert desk.judge(CancelOrder(other.order_id, "beta", desk.now)) is None


def test_reducing_cancels_entries_and_leaves_exits() -> None:
    desk = Desk()
    desk.bought(51, 10)
    desk.send(exit_order(desk))
    entry = desk.send(desk.order(48))
    step = desk.gate.halt("all", "reducing", "eva", "enough", desk.now)
    assert [approved.command.order_id for approved in step.approved] == [entry.order_id]


def test_what_rests_on_odds_of_before_the_game_is_taken_back_when_it_begins_but_no_exit() -> None:
    desk = Desk()
    desk.bought(51, 10)
    desk.send(exit_order(desk))
    entry = desk.send(changed(desk.order(48), tif=TimeInForce.GTC))
    tip = Nanos(desk.now + 1)
    (timer,) = desk.gate.on_game_news(game_known(tip_at=tip), desk.now).timers
    step = desk.gate.wake(timer.key, tip)
    assert [approved.command.order_id for approved in step.approved] == [entry.order_id]


def test_unknown_scopes_and_states_are_refused() -> None:
    gate = Desk().gate
    for scope, state in (
        ("everything", "halted"),
        ("strategy:", "halted"),
        ("all", "paused"),
        ("all", "active"),
    ):
        with pytest.raises(StateUnknown):
            gate.halt(scope, state, "eva", "?", Desk().now)
    assert gate.halts.of == {}


def test_a_quarantined_strategy_is_parked_until_it_is_revived() -> None:
    desk = Desk()
    desk.bought(51, 10)
    order = desk.send(desk.order(48))
    step = desk.gate.quarantine("alpha", desk.now)
    desk.facts += step.facts
    assert [approved.command.order_id for approved in step.approved] == [order.order_id]
    assert desk.judge(desk.order()) is DenialReason.QUARANTINED
    assert desk.restarted().halts.quarantined("alpha")
    assert desk.judge(desk.order(52, strategy="beta")) is None
    desk.cancelled(changed(desk.order(52), order_id="beta-4"))
    closing = exit_order(desk)
    assert desk.judge(closing) is None, "its position can still be closed by hand"
    desk.filled(closing)
    desk.facts += desk.gate.revive("alpha", "eva", "mended", desk.now).facts
    assert desk.judge(desk.order()) is None


def test_limits_change_live_are_facts_and_survive_a_restart() -> None:
    desk = Desk()
    desk.facts += desk.gate.set_limit("contracts_per_order", None, "5", "eva", desk.now).facts
    desk.facts += desk.gate.set_limit("contracts_per_order", "beta", "2", "eva", desk.now).facts
    for gate in (desk.gate, desk.restarted()):
        assert gate.limits.number("contracts_per_order") == 5
        assert gate.limits.of("beta").strictest["contracts_per_order"] == 2
    assert desk.judge(desk.order(count=5)) is None
    assert desk.judge(desk.order(count=3, strategy="beta")) is DenialReason.CONTRACTS_PER_ORDER


@pytest.mark.parametrize(
    ("name", "value"),
    [("luck", "1"), ("loss_per_day", "much"), ("loss_per_day", "-1"), ("loss_per_day", "nan")],
)
def test_bad_limits_are_refused_and_change_nothing(name: str, value: str) -> None:
    desk = Desk()
    with pytest.raises(LimitRefused):
        desk.gate.set_limit(name, None, value, "eva", desk.now)
    assert desk.gate.limits.number("loss_per_day") == RiskLimits().loss_per_day


def test_a_limit_lowered_below_its_use_lets_only_reductions_pass() -> None:
    desk = Desk(contracts_per_market=50)
    desk.bought(51, 40)
    desk.gate.set_limit("contracts_per_market", None, "10", "eva", desk.now)
    assert desk.judge(desk.order(count=1)) is DenialReason.CONTRACTS_PER_MARKET
    assert desk.judge(exit_order(desk, 40)) is None


@pytest.mark.promise("restarted-gate-knows-open")
def test_a_restarted_gate_knows_what_is_open_held_and_lost() -> None:
    desk = Desk(RiskLimits(contracts_per_market=60))
    desk.bought(51, 20)
    desk.send(desk.order(48, 30))
    desk.lost(3, "beta")
    gate = desk.restarted()
    step = gate.judge(desk.order(51, 11), desk.now)
    assert not step.approved
    assert gate.limits_in_use(desk.now) == desk.gate.limits_in_use(desk.now)


def test_amending_is_judged_like_sending_and_the_worse_order_counts_until_it_happened() -> None:
    desk = Desk(contracts_per_market=50, contracts_per_order=40)
    order = desk.send(changed(desk.order(48, 20), tif=TimeInForce.GTC))
    amend = AmendOrder(order.order_id, "alpha", Price(4900), Count(41 * COUNT_ONE), desk.now)
    assert desk.judge(amend) is DenialReason.CONTRACTS_PER_ORDER
    assert desk.judge(changed(amend, count=Count(30 * COUNT_ONE))) is None
    assert desk.judge(desk.order(51, 21)) is DenialReason.CONTRACTS_PER_MARKET
    desk.on_committed_fact(CancelRefused(order.order_id, "alpha", RejectCode.ORDER_NOT_FOUND, desk.now))
    desk.on_committed_fact(
        OrderAmended(order.order_id, "alpha", Price(4800), Count(10 * COUNT_ONE), Count(0), desk.now)
    )
    assert desk.judge(desk.order(51, 40)) is None


def test_an_order_that_could_not_be_amended_counts_as_before_with_what_it_has_filled() -> None:
    desk = Desk(contracts_per_market=50, contracts_per_order=40)
    order = desk.send(changed(desk.order(48, 20), tif=TimeInForce.GTC))
    desk.filled(order, 5)
    amend = AmendOrder(order.order_id, "alpha", Price(4800), Count(60 * COUNT_ONE), desk.now)
    assert desk.judge(amend) is DenialReason.CONTRACTS_PER_ORDER
    assert desk.judge(desk.order(51, 30.01, strategy="beta")) is DenialReason.CONTRACTS_PER_MARKET
    assert desk.judge(desk.order(51, 30, strategy="beta")) is None


def test_nobody_cancels_the_order_of_another() -> None:
    desk = Desk()
    order = desk.send(desk.order(48))
    assert desk.judge(CancelOrder(order.order_id, "beta", desk.now)) is DenialReason.MISSING_DATA
    assert desk.judge(CancelOrder("nothing", "alpha", desk.now)) is DenialReason.MISSING_DATA


def test_a_strategys_configured_limits_are_those_that_differ_from_the_defaults() -> None:
    gate = RiskGate(RiskLimits(), {"alpha": RiskLimits(contracts_per_order=7)})
    assert gate.limits.all_of("alpha") == {"contracts_per_order": 7}


def test_risk_show_has_a_line_for_every_limit_with_its_use() -> None:
    desk = Desk()
    desk.bought(51, 10)
    lines = {line.name: line for line in desk.gate.limits_in_use(desk.now)}
    assert set(lines) == set(LIMIT_NAMES)
    assert (lines["contracts_per_market"].use, lines["contracts_per_market"].where) == ("10", HOME_WINS)
    assert lines["exposure_total"].use == "5.1"
    assert lines["orders_per_hour"].use == "1"


def test_the_gate_tells_what_it_did_itself_only_once() -> None:
    desk = Desk()
    step = desk.gate.halt("all", "halted", "eva", "fire", desk.now)
    desk.gate.resume("all", "eva", "out", desk.now)
    for fact in step.facts:
        assert isinstance(fact, TradingHalted)
        desk.gate.on_committed_fact(fact, desk.now)
    assert desk.judge(desk.order()) is None, "a halt committed late does not come back"
    desk.gate.on_game_news(top(HOME_WINS, 48, 50), desk.now)


def test_best_prices_that_come_before_their_markets_listing_count_once_it_is_there() -> None:
    desk = Desk()
    desk.gate.on_game_news(top(AWAY_WINS, 49, 51, size=1000), desk.now)
    order = changed(desk.order(), ticker=AWAY_WINS)
    assert desk.judge(order) is not None
    desk.gate.on_game_news(market(AWAY_WINS), desk.now)
    assert desk.judge(order) is None


@pytest.mark.parametrize("claimed", [True, False])
def test_an_approved_order_is_an_exit_if_it_reduces_whatever_it_calls_itself(*, claimed: bool) -> None:
    desk = Desk(contracts_total=1000)
    desk.bought(51, 10)
    for side, reduces in ((BookSide.ASK, True), (BookSide.BID, False)):
        order = changed(desk.order(50, 10, side), exit=claimed)
        (approved,) = desk.gate.judge(order, desk.now).approved
        assert isinstance(approved.command, PlaceOrder)
        assert approved.command.exit is reduces
        desk.cancelled(order)

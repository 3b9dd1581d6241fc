"""Orders from a list, and the controls whose losses are known beforehand.

Covers: engine.strategies.buy_and_cross_back, engine.strategies.controls, engine.strategies.join_the_bid,
engine.strategies.random_taker, engine.strategies.scripted.
"""

import pytest

from engine.events import BookSide
from engine.orders import TimeInForce
from engine.step import Step
from engine.strategies.momentum import Momentum
from engine.strategies.scripted import Line, Scripted, ScriptedParameters, parse_line
from engine.strategies.sharp_line import SharpLineParameters
from engine.strategies.strategy import StrategyContext
from engine.units import COUNT_ONE, NANOS_PER_SECOND, Count, Nanos, Price
from tests.engine.strategies.evening import AWAY_WINS, HOME_WINS, START, Evening, game_known, market, top

PLACE: Line = {
    "at": START,
    "id": "a",
    "ticker": HOME_WINS,
    "side": "bid",
    "price": "0.4200",
    "count": "10.00",
}


def scripted(*lines: Line) -> Scripted:
    return Scripted("s", ScriptedParameters().with_lines(lines), StrategyContext())


def wishes(*steps: Step) -> list[str]:
    return [f"{type(command).__name__} {command.order_id}" for step in steps for command in step.commands]


def test_an_order_is_wished_for_at_its_time() -> None:
    strategy = scripted({**PLACE, "at": START + 5, "tif": "ioc", "post_only": False})
    assert strategy.on_news(top(HOME_WINS, 40, 41), START).commands == ()
    (order,) = strategy.on_news(top(HOME_WINS, 40, 42), Nanos(START + 5)).commands
    assert order.order_id == "s-1"
    assert (order.price, order.count, order.tif) == (Price(4200), Count(1000), TimeInForce.IOC)  # type: ignore[union-attr]


def test_timers_bring_the_time_when_no_news_does() -> None:
    strategy = scripted(PLACE, {**PLACE, "id": "b", "at": START + 50})
    first = strategy.on_news(top(HOME_WINS, 40, 41), START)
    (timer,) = first.timers
    assert timer.due == START + 50
    assert wishes(first, strategy.wake(timer.key, timer.due)) == ["PlaceOrder s-1", "PlaceOrder s-2"]


def test_relative_times_count_from_the_first_news() -> None:
    strategy = scripted({**PLACE, "at": "+1.5"})
    assert wishes(strategy.on_news(top(HOME_WINS, 40, 41), START)) == []
    assert wishes(strategy.wake("script", Nanos(START + 3 * NANOS_PER_SECOND // 2))) == ["PlaceOrder s-1"]


def test_cancels_and_amends_name_orders_by_their_id_in_the_list() -> None:
    strategy = scripted(
        PLACE,
        {"at": START + 1, "do": "amend", "id": "a", "price": "0.4100", "count": "5.00"},
        {"at": START + 2, "do": "cancel", "id": "a"},
    )
    step = strategy.wake("script", Nanos(START + 9))
    assert wishes(step) == ["PlaceOrder s-1", "AmendOrder s-1", "CancelOrder s-1"]


def test_a_restart_does_not_repeat_what_was_wished_for() -> None:
    first = scripted(PLACE, {**PLACE, "id": "b", "at": START + 9})
    facts = first.on_news(top(HOME_WINS, 40, 41), START).facts
    second = scripted(PLACE, {**PLACE, "id": "b", "at": START + 9})
    second.restore(facts)
    assert wishes(second.on_news(top(HOME_WINS, 40, 41), Nanos(START + 9))) == ["PlaceOrder s-2"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"side": "buy"}, "'side'"),
        ({"price": "1.5"}, "not a price"),
        ({"count": "-1"}, "not a count"),
        ({"tif": "day"}, "'tif'"),
        ({"at": "soon"}, "'at'"),
        ({"id": None}, "'id'"),
        ({"ticker": None}, "'ticker'"),
        ({"do": "sell"}, "'do'"),
        ({"colour": "red"}, "unknown keys: colour"),
    ],
)
def test_a_bad_line_says_what_is_wrong(change: Line, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_line({**PLACE, **change})


def test_a_bad_line_is_named_by_its_number() -> None:
    with pytest.raises(ValueError, match="line 2: 'side'"):
        ScriptedParameters().with_lines([PLACE, {**PLACE, "side": "x"}])


def control(kind: str) -> Evening:
    run = Evening(kind, interval_seconds=10).at(0, game_known(), market(HOME_WINS), market(AWAY_WINS))
    return run.at(1, top(HOME_WINS, 49, 51))


def test_the_random_taker_crosses_and_comes_back_and_pays_the_spread_each_time() -> None:
    run = control("random_taker").at(400)
    sides = [order.side for order in run.orders]
    assert set(sides) == {BookSide.BID, BookSide.ASK}
    assert all(order.price == (5100 if order.side is BookSide.BID else 4900) for order in run.orders)
    cash = sum((-1 if order.side is BookSide.BID else 1) * order.price * order.count for order in run.orders)
    assert cash == -200 * COUNT_ONE * (len(run.orders) // 2) or len(run.orders) % 2


def test_the_coin_falls_the_same_in_every_replay() -> None:
    first, second = control("random_taker").at(400), control("random_taker").at(400)
    assert first.lines == second.lines


def test_buy_and_cross_back_does_both_at_once() -> None:
    run = control("buy_and_cross_back").at(12)
    assert run.lines == ["11 enter buy LAL bid 0.5100", "11 exit back LAL ask 0.4900"]


def test_join_the_bid_rests_follows_and_sells() -> None:
    run = control("join_the_bid").at(12)
    assert run.lines == ["11 enter join LAL bid 0.4900"]
    assert run.orders[0].post_only
    run.at(15, top(HOME_WINS, 50, 52)).at(22)
    assert run.lines[1:] == ["21 cancel s-1"]
    run.at(32)
    assert run.lines[2:] == ["31 enter join LAL bid 0.5000"]
    run.filled(run.orders[-1], Price(5000), Count(100))
    run.at(42)
    assert run.lines[3:] == ["41 exit back LAL ask 0.5000"]


def test_controls_claim_no_fair_value() -> None:
    for kind in ("random_taker", "buy_and_cross_back", "join_the_bid"):
        assert all(order.p_fair is None for order in control(kind).at(60).orders)


def test_a_strategy_refuses_the_parameters_of_another() -> None:
    with pytest.raises(TypeError):
        Momentum("m", SharpLineParameters(), StrategyContext())  # type: ignore[arg-type]

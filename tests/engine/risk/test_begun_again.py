"""A gate that begins again as it was: from its parts, from its facts, and from where accounts stand.

Covers: engine.risk.accounts, engine.risk.gate.
"""

from copy import deepcopy

import pytest

from engine.configured_settings import BY_CONFIGURATION
from engine.events import GameBegun
from engine.message import changed
from engine.reasons import DenialReason
from engine.risk import RiskGate
from engine.terms import BegunBy
from engine.units import NANOS_PER_HOUR, Nanos
from tests.engine.risk.desk import Desk
from tests.engine.strategies.evening import GAME, START, game_known


def stands(gate: RiskGate) -> dict[str, tuple[int, int, int]]:
    """Where the accounts of a gate stand: equity, peak, realized."""
    return {name: (each.equity(), each.peak, each.realized) for name, each in gate.accounts.of.items()}


def losing() -> Desk:
    """Two strategies that have lost a hundred and two hundred dollars."""
    desk = Desk(loss_per_day=5_000)
    desk.lost(100)
    desk.lost(200, "beta")
    return desk


@pytest.mark.parametrize(("scope", "anew"), [("all", {"alpha", "beta"}), ("strategy:alpha", {"alpha"})])
def test_after_a_resume_the_drawdown_is_measured_from_where_the_accounts_stand(
    scope: str, anew: set[str]
) -> None:
    """Of those that were resumed, and of no other."""
    desk = losing()
    assert all(equity < peak for equity, peak, _ in stands(desk.gate).values())
    desk.gate.halt(scope, "reducing", "eva", "a look", desk.now)
    desk.gate.resume(scope, "eva", "looked", desk.now)
    assert {name for name, (equity, peak, _) in stands(desk.gate).items() if equity == peak} == anew


def test_a_gate_that_has_the_parts_of_another_is_that_one() -> None:
    """With its limits, the latest word on each, and the games that have begun."""
    desk = losing()
    for value, by in (("7", "eva"), ("9", BY_CONFIGURATION), ("8", "eva")):
        desk.gate.set_limit("orders_per_day", None, value, by, desk.now)
    tip = Nanos(START + NANOS_PER_HOUR)
    step = desk.gate.on_game_news(game_known(tip_at=tip), START)
    (timer,) = step.timers
    desk.gate.wake(timer.key, tip)
    again = RiskGate(desk.limits)
    again.recover(deepcopy(desk.gate.durable()))
    assert stands(again) == stands(desk.gate)
    assert again.limits.all_of(None)["orders_per_day"] == 8
    assert again.configured[None]["orders_per_day"] == 9
    assert again.view.games[GAME].beginning.begun == GameBegun(GAME, BegunBy.TIP, tip)


def test_a_gate_whose_decision_failed_is_as_before_from_facts_or_from_parts_and_facts() -> None:
    desk = losing()
    parts, known = deepcopy(desk.gate.durable()), len(desk.facts)
    desk.bought(51, 10)
    for again in (desk.gate.undone(desk.facts), desk.gate.undone(desk.facts[known:], parts)):
        assert stands(again) == stands(desk.gate)
        exposure = again.accounts.exposures["alpha", desk.order().ticker]
        assert exposure.count == desk.gate.accounts.exposures["alpha", desk.order().ticker].count == 1_000


def test_a_tip_that_is_told_as_it_comes_is_not_waited_for() -> None:
    desk = Desk()
    tip = Nanos(START + 1)
    assert [timer.due for timer in desk.gate.on_game_news(game_known(tip_at=tip), START).timers] == [tip]
    assert desk.gate.on_game_news(changed(game_known(tip_at=tip), at=tip), tip).timers == ()


@pytest.mark.parametrize(
    ("name", "reason"),
    [("loss_per_day", DenialReason.LOSS_PER_DAY), ("loss_per_week", DenialReason.LOSS_PER_WEEK)],
)
def test_a_strategy_s_own_limit_counts_what_it_has_lost_itself_and_has_at_risk(
    name: str, reason: DenialReason
) -> None:
    """And stops nobody else."""
    desk = Desk(loss_per_day=5_000)
    desk.gate.set_limit(name, "alpha", "100", "eva", desk.now)
    desk.lost(60)
    assert desk.judge(desk.order(50, 100)) is reason
    desk.send(desk.order(50, 60))
    desk.send(desk.order(50, 100, strategy="beta"))

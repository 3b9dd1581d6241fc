"""A plan: from a file and from what is typed, all problems at once, the same after it was stored.

Covers: tipoff.sweep.objectives.
"""

from pathlib import Path

import attrs
import pytest

from tipoff.output import Failure
from tipoff.sweep.objectives import GameScore, Objective
from tipoff.sweep.plan import TRIALS_MAX, Mode, plan_of, read_plan
from tipoff.sweep.space import Listed, Span

TOML = """
strategy = "momentum"
mode = "random"
trials = 7
seed = 5
objective = "closing"

[parameters]
position_size = "1..5"
stop_loss_cents = { from = 2, to = 8.5 }
entry = ["take", "rest"]
"""


def test_a_file_says_all_that_can_be_typed_and_what_is_typed_wins(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(TOML, "utf-8")
    plan = plan_of(read_plan(file), ["momentum.position_size=2,4"])
    assert (plan.strategy, plan.mode, plan.trials, plan.seed) == ("momentum", Mode.RANDOM, 7, 5)
    assert plan.objective is Objective.CLOSING
    assert dict(plan.space.axes) == {
        "position_size": Listed((2, 4)),
        "stop_loss_cents": Span(2.0, 8.5),
        "entry": Listed(("take", "rest")),
    }
    assert len(list(plan.combinations())) == 7


def test_a_plan_is_the_same_after_it_was_stored(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(TOML, "utf-8")
    plan = attrs.evolve(plan_of(read_plan(file), ()), version="1.2", run_seed=9, every_market=True)
    assert type(plan).of_text(plan.text()) == plan


REFUSED: tuple[tuple[dict[str, object], list[str]], ...] = (
    ({}, []),
    ({}, ["momentum=3"]),
    ({}, ["momentum.a=1..2", "sharp_line.a=1..2"]),
    ({"strategy": "momentum"}, []),
    ({"strategies": "momentum"}, ["momentum.a=1,2"]),
    ({"mode": "all"}, ["momentum.a=1,2"]),
    ({"objective": "sharpe"}, ["momentum.a=1,2"]),
    ({"mode": "random", "trials": 0}, ["momentum.a=1,2"]),
    ({"mode": "random", "trials": True}, ["momentum.a=1,2"]),
    ({"seed": -1}, ["momentum.a=1,2"]),
    ({"trials": 3}, ["momentum.a=1,2"]),
    ({}, ["momentum.a=0.5..2"]),
    ({"parameters": {"a": {"from": 1}}, "strategy": "momentum"}, []),
    ({"parameters": {"a": {"from": 1, "to": "x"}}, "strategy": "momentum"}, []),
)


@pytest.mark.parametrize("words, typed", REFUSED)
def test_a_plan_that_cannot_be_is_refused(words: dict[str, object], typed: list[str]) -> None:
    with pytest.raises(Failure):
        plan_of(words, typed)


def test_a_file_that_is_no_plan_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("a =", "utf-8")
    for name in ("bad.toml", "none.toml"):
        with pytest.raises(Failure, match=name):
            read_plan(tmp_path / name)


@pytest.mark.limit("tipoff.sweep.plan:TRIALS_MAX")
def test_a_sweep_has_so_many_trials_and_no_more() -> None:
    words: dict[str, object] = {"mode": "random", "trials": TRIALS_MAX}
    assert plan_of(words, ["momentum.a=0.5..2"]).wanted() == TRIALS_MAX
    with pytest.raises(Failure):
        plan_of({**words, "trials": TRIALS_MAX + 1}, ["momentum.a=0.5..2"])
    assert plan_of({}, ["momentum.a=1..1000", "momentum.b=1..100"]).wanted() == TRIALS_MAX
    with pytest.raises(Failure):
        plan_of({}, ["momentum.a=1..1000", "momentum.b=1..101"])


def test_each_objective_is_a_number_of_its_unit() -> None:
    score = GameScore("g", pessimistic=-2_000_000, base=1_500_000, closing=0.5, log_loss_gain=0.25)
    told = {each: (score.of(each), each.unit) for each in Objective}
    assert told == {
        Objective.BASE: (1.5, "dollars"),
        Objective.PESSIMISTIC: (-2.0, "dollars"),
        Objective.CLOSING: (0.5, "dollars"),
        Objective.LOG_LOSS: (0.25, "nats"),
    }

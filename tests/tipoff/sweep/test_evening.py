"""Trials side by side in one replay get what each would have got alone, to the cent and by decisions."""

import json
from pathlib import Path
from typing import Final

import attrs
import pytest

from engine.strategies.momentum import Momentum, MomentumParameters
from engine.strategies.strategy import Strategy
from engine.variants import plain
from tests.stories.plays import play as play_lines
from tests.stories.test_own_accounts import outcomes
from tipoff.cli.app import main
from tipoff.config.load import parse
from tipoff.output import Failure
from tipoff.runs.from_config import schema, trading_settings
from tipoff.runs.plugins import installed
from tipoff.sweep import evening
from tipoff.sweep.evening import play
from tipoff.sweep.recordings import recording_ref
from tipoff.sweep.task import SweepSetup, Task, TrialTask
from venues.recordings.recorder import read

VARIED: Final = {
    "momentum": ("min_price_change_cents", (2, 5)),
    "sharp_line": ("net_edge_min_cents", (0.1, 3)),
    "mean_reversion": ("position_size", (5, 60)),
    "correlation": ("position_size", (10, 80)),
    "ev_multi": ("net_edge_min_cents", (0.1, 2)),
    "random_taker": ("interval_seconds", (20, 61)),
    "join_the_bid": ("interval_seconds", (20, 61)),
}


def task(folder: Path, key: str, values: tuple[float, ...], first: int = 1) -> Task:
    """A task of as many trials."""
    trials = tuple(TrialTask(number, ((key, value),)) for number, value in enumerate(values, first))
    return Task(recording_ref(folder), trials)


@pytest.mark.promise("trial-alone-or-in-a-batch")
@pytest.mark.parametrize("strategy", VARIED)
def test_a_trial_gets_in_a_batch_what_it_gets_alone_and_in_a_replay(
    strategy: str, evenings: Path, setup: SweepSetup, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, (key, values) = evenings / "evening-3", VARIED[strategy]
    mine = attrs.evolve(setup, strategy=strategy)
    together = play(mine, task(folder, key, values))
    apart = [play(mine, task(folder, key, (value,), n)) for n, value in enumerate(values, 1)]
    assert [each.outcomes[0] for each in apart] == list(together.outcomes)
    assert {each.games for each in apart} == {together.games}
    (tmp_path / "engine.toml").write_text(setup.config, "utf-8")
    chosen = ["--config", str(tmp_path / "engine.toml"), "--only", strategy]
    assert main(["replay", str(folder), *chosen, "--set", f"{strategy}.{key}={values[1]}", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["strategies"][strategy]
    found = together.outcomes[1]
    assert (found.signals, found.orders, found.fills) == (told["signals"], told["orders"], told["fills"])
    for reading in ("pessimistic", "base", "optimistic"):
        money = sum(getattr(game, reading) for game in found.games)
        assert money == round(float(told["pnl"][reading]) * 1_000_000), reading


@pytest.mark.promise("trial-alone-or-in-a-batch")
def test_the_decisions_of_a_variant_are_those_of_the_strategy_itself(
    evenings: Path, setup: SweepSetup
) -> None:
    folder, values = evenings / "evening-3", (2, 5)
    plans = [evening._plan(setup, trial) for trial in task(folder, "position_size", values, 7).trials]
    lines = list(read(folder))
    together = play_lines(lines, evening._settings(setup, tuple(plans)))
    beside = outcomes(together, tuple(plan.name for plan in plans))
    config = parse(setup.config, schema())
    for plan, value in zip(plans, values, strict=True):
        (base,) = (each for each in config.strategies if each.name == "momentum")
        alone = attrs.evolve(base, parameters=MomentumParameters(position_size=value))
        settings = trading_settings(attrs.evolve(config, strategies=(alone,)), seed=1)
        expected = outcomes(play_lines(lines, settings), ("momentum",))["momentum"]
        mark = plan.name.removeprefix("momentum").encode()
        assert tuple(fact.replace(mark, b"") for fact in beside[plan.name].facts) == expected.facts
        assert expected.orders > 5


def test_limits_of_the_portfolio_hold_for_each_trial_by_itself(evenings: Path, setup: SweepSetup) -> None:
    tight = setup.config
    for line in setup.config.splitlines():
        if line.startswith(("contracts_total", "# contracts_total")):
            tight = setup.config.replace(line, "contracts_total = 15")
    assert tight != setup.config
    mine = attrs.evolve(setup, config=tight)
    values = tuple(range(3, 6))
    together = play(mine, task(evenings / "evening-3", "position_size", values, values[0]))
    apart = [
        play(mine, task(evenings / "evening-3", "position_size", (value,), value)).outcomes[0]
        for value in values
    ]
    assert list(together.outcomes) == apart
    free = play(setup, task(evenings / "evening-3", "position_size", values, values[0]))
    assert free != together, "the limit binds"


class Falls(Momentum):
    """Crashes at its first order if it is large."""

    def on_fact(self, fact, now):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        """Crash."""
        if self.trading.position_size == 13:
            raise ZeroDivisionError("thirteen")
        return super().on_fact(fact, now)


def test_a_trial_that_crashes_is_a_row_with_its_error_and_costs_the_others_nothing(
    evenings: Path, setup: SweepSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = play(setup, task(evenings / "evening-3", "position_size", (12, 14)))
    kinds: dict[str, type[Strategy]] = {**installed().strategies, "momentum": Falls}
    found = attrs.evolve(installed(), strategies=kinds)
    monkeypatch.setattr(evening, "installed", lambda: found)
    played = play(setup, task(evenings / "evening-3", "position_size", (12, 13, 14)))
    assert [each.state for each in played.outcomes] == ["done", "failed", "done"]
    assert "thirteen" in str(played.outcomes[1].error)
    assert played.outcomes[0].games == before.outcomes[0].games
    assert played.outcomes[2].games == before.outcomes[1].games


def test_parameters_that_cannot_be_are_a_row_with_the_reason(evenings: Path, setup: SweepSetup) -> None:
    played = play(setup, task(evenings / "evening-3", "position_size", (0, 10)))
    assert [each.state for each in played.outcomes] == ["failed", "done"]
    assert "position_size" in str(played.outcomes[0].error)


def test_a_worker_of_another_version_plays_nothing(evenings: Path, setup: SweepSetup) -> None:
    with pytest.raises(Failure, match="a worker has tipoff"):
        play(attrs.evolve(setup, version="0.0.0"), task(evenings / "evening-3", "position_size", (1,)))


def test_the_mark_of_a_variant_is_in_no_result(evenings: Path, setup: SweepSetup) -> None:
    played = play(setup, task(evenings / "evening-3", "position_size", (5,), 4))
    text = repr(played)
    assert plain(text) == text

"""Other strategies and parameters for one replay: taken as the configuration would take them, or refused.

Covers: tipoff.commands.chosen_strategies, tipoff.commands.replay, tipoff.cli.offline, tipoff.cli.arguments.
"""

import json
from pathlib import Path

import attrs
import pytest

from tipoff.cli.app import main
from tipoff.commands.chosen_strategies import only_these, with_controls, with_parameters
from tipoff.commands.options import ParameterValue
from tipoff.config.load import template
from tipoff.exit_codes import Exit
from tipoff.output import Failure
from tipoff.runs.from_config import schema

KEPT = Path(__file__).parents[2] / "stories" / "former_build"


def told(strategy: str, key: str, value: object) -> ParameterValue:
    """A parameter as the command line makes it."""
    return ParameterValue(strategy=strategy, key=key, value=value)  # type: ignore[arg-type]


def test_only_the_named_trade_and_one_that_was_off_is_switched_on() -> None:
    config = only_these(template(schema()), ["random_taker", "momentum"])
    assert [(each.name, each.enabled) for each in config.strategies] == [
        ("momentum", True),
        ("random_taker", True),
    ]
    assert only_these(config, ()) == config


def test_the_controls_trade_beside_whatever_trades() -> None:
    whole = template(schema())
    controls = ["random_taker", "join_the_bid", "buy_and_cross_back"]
    beside = with_controls(only_these(whole, ["momentum"]), whole, whole)
    assert {each.name for each in beside.strategies} == {"momentum", *controls}
    assert all(each.enabled for each in beside.strategies)
    bare = attrs.evolve(whole, strategies=whole.strategies[:1])
    added = with_controls(bare, bare, whole)
    assert added.strategies[0] == bare.strategies[0]
    assert {each.name for each in added.strategies[1:]} == set(controls)
    own = attrs.evolve(only_these(whole, ["random_taker"]).strategies[0], name="mine", enabled=False)
    with_own = attrs.evolve(whole, strategies=(own,))
    found = with_controls(with_own, with_own, whole)
    assert [each.name for each in found.strategies if each.kind == "random_taker"] == ["mine"]
    assert all(each.enabled for each in found.strategies)


def test_a_parameter_is_taken_and_the_others_stay() -> None:
    before = template(schema())
    after = with_parameters(
        before, [told("momentum", "position_size", 20), told("momentum", "entry", "rest")]
    )
    was, now = (each.strategies[1].parameters for each in (before, after))
    assert before.strategies[1].name == "momentum"
    assert (now.position_size, now.entry) == (20, "rest")  # type: ignore[attr-defined]
    assert now == type(was)(position_size=20, entry="rest")  # type: ignore[call-arg]
    assert [each for each in after.strategies if each.name != "momentum"] == [
        each for each in before.strategies if each.name != "momentum"
    ]


def test_a_single_word_is_a_list_of_one_where_a_list_is_meant() -> None:
    after = with_parameters(template(schema()), [told("momentum", "market_types", "total")])
    assert after.strategies[1].parameters.market_types == ("total",)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (told("momentun", "entry", "rest"), "did you mean 'momentum'?"),
        (told("momentum", "entri", "rest"), "momentum.entri: unknown key; did you mean 'entry'?"),
        (told("momentum", "entry", "jump"), "one of take, rest"),
        (told("momentum", "position_size", 0), "must be >= 1"),
        (told("momentum", "position_size", "many"), "whole number [contracts]"),
        (told("momentum", "cooldown_minutes", "x"), "momentum.cooldown_minutes"),
        (told("momentum", "use_kelly_sizing", 1), "on/off"),
    ],
)
def test_what_cannot_be_taken_names_the_key_and_what_it_takes(value: ParameterValue, said: str) -> None:
    with pytest.raises(Failure) as refused:
        with_parameters(template(schema()), [value])
    assert said in str(refused.value)
    assert refused.value.exit == Exit.USAGE


def test_everything_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(Failure) as refused:
        with_parameters(template(schema()), [told("x", "a", 1), told("momentum", "b", 2)])
    assert len(refused.value.details) == 1


def test_a_name_that_no_strategy_has() -> None:
    with pytest.raises(Failure, match="unknown strategy 'nobody'"):
        only_these(template(schema()), ["nobody"])


def replayed(capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, dict[str, object]]:
    """The strategies of a replay's document."""
    assert main(["replay", str(KEPT), "--json", *more]) == Exit.OK
    document: dict[str, dict[str, dict[str, object]]] = json.loads(capsys.readouterr().out)
    return document["strategies"]


def test_a_replay_with_one_strategy_and_another_parameter(capsys: pytest.CaptureFixture[str]) -> None:
    alone = replayed(capsys, "--only", "momentum")
    assert list(alone) == ["momentum"]
    twice = replayed(capsys, "--only", "momentum", "--only", "sharp_line")
    assert set(twice) == {"momentum", "sharp_line"}
    other = replayed(capsys, "--only", "momentum", "--set", "momentum.position_size=3")
    assert other["momentum"]["orders"]
    assert other != alone


@pytest.mark.parametrize("value", ["momentum", "momentum=1", "momentum.x", ".x=1", "momentum.=1"])
def test_what_is_no_parameter_of_a_strategy_is_a_mistake_of_typing(
    capsys: pytest.CaptureFixture[str], value: str
) -> None:
    assert main(["replay", str(KEPT), "--set", value]) == Exit.USAGE
    assert value in capsys.readouterr().err

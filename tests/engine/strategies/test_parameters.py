"""Parameters are the configuration's truth: defaults, help, units, and every problem named at once."""

import attrs
import pytest

from engine.strategies.parameters import ParametersRefused
from engine.strategies.registry import STRATEGIES, parse_parameters

OWN = [kind for kind in STRATEGIES if kind != "scripted"]


@pytest.mark.parametrize("kind", STRATEGIES)
def test_every_parameter_has_a_help_and_a_unit(kind: str) -> None:
    for field in attrs.fields(STRATEGIES[kind].parameters_class):
        assert len(field.metadata["help"]) > 8, field.name
        assert field.metadata["unit"], field.name


@pytest.mark.parametrize("kind", OWN)
def test_what_is_shown_can_be_read_again(kind: str) -> None:
    defaults = parse_parameters(kind, {})
    assert parse_parameters(kind, defaults.plain()) == defaults


@pytest.mark.parametrize("kind", OWN)
def test_numbers_that_are_none_are_refused(kind: str) -> None:
    for field in attrs.fields(STRATEGIES[kind].parameters_class):
        for value in (float("nan"), float("inf"), -1e9, "many"):
            if isinstance(field.default, str):
                continue
            with pytest.raises(ParametersRefused, match=field.name):
                parse_parameters(kind, {field.name: value})


def test_a_boolean_is_no_number_and_a_number_no_switch() -> None:
    with pytest.raises(ParametersRefused) as refused:
        parse_parameters("momentum", {"cooldown_minutes": True, "position_size": True, "scoring_runs": 1})
    assert len(refused.value.problems) == 3


def test_values_good_by_themselves_can_be_changed_together() -> None:
    values = {"min_reversion_percent": 45, "max_reversion_percent": 60}
    assert parse_parameters("mean_reversion", values).plain()["min_reversion_percent"] == 45

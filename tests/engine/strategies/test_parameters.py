"""Parameters are the configuration's truth: defaults, help, units, and every problem named at once."""

import attrs
import pytest

from engine.strategies.mean_reversion import MeanReversionParameters
from engine.strategies.momentum import MomentumParameters
from engine.strategies.parameters import ParametersRefused
from tipoff.runs.plugins import installed

PARAMETERS = {kind: strategy.parameters_class for kind, strategy in installed().strategies.items()}
OWN = [kind for kind in PARAMETERS if kind != "scripted"]


@pytest.mark.parametrize("kind", PARAMETERS)
def test_every_parameter_has_a_help_and_a_unit(kind: str) -> None:
    for field in attrs.fields(PARAMETERS[kind]):
        assert len(field.metadata["help"]) > 8, field.name
        assert field.metadata["unit"], field.name


@pytest.mark.parametrize("kind", OWN)
def test_what_is_shown_can_be_read_again(kind: str) -> None:
    defaults = PARAMETERS[kind].parse({})
    assert PARAMETERS[kind].parse(defaults.plain()) == defaults


@pytest.mark.parametrize("kind", OWN)
def test_numbers_that_are_none_are_refused(kind: str) -> None:
    for field in attrs.fields(PARAMETERS[kind]):
        for value in (float("nan"), float("inf"), -1e9, "many"):
            if isinstance(field.default, str):
                continue
            with pytest.raises(ParametersRefused, match=field.name):
                PARAMETERS[kind].parse({field.name: value})


def test_a_boolean_is_no_number_and_a_number_no_switch() -> None:
    with pytest.raises(ParametersRefused) as refused:
        MomentumParameters.parse({"cooldown_minutes": True, "position_size": True, "scoring_runs": 1})
    assert len(refused.value.problems) == 3


def test_values_good_by_themselves_can_be_changed_together() -> None:
    values = {"min_reversion_percent": 45, "max_reversion_percent": 60}
    assert MeanReversionParameters.parse(values).plain()["min_reversion_percent"] == 45

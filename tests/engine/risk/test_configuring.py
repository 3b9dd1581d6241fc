"""Limits that a configuration changes: all or none; what was set by command stays until it says otherwise.

Covers: engine.risk.limits.
"""

import attrs
import pytest

from engine.configured_settings import BY_CONFIGURATION, Settings
from engine.facts import LimitChanged
from engine.risk import RiskGate, RiskLimits
from engine.risk.configuring import configure
from engine.risk.limits import LIMIT_NAMES, LimitRefused
from engine.units import Nanos

NOW = Nanos(5)
NAME = "contracts_per_order"


def settings(**changed: str) -> Settings:
    """The defaults, but for what is named."""
    before = RiskLimits()
    texts = {name: repr(getattr(before, name)) for name in LIMIT_NAMES}
    texts |= {"market_types": "game,spread,total"} | changed
    return Settings(tuple(texts.items()), ())


def test_only_what_is_new_becomes_a_fact() -> None:
    gate = RiskGate(RiskLimits())
    assert configure(gate, settings(), (), NOW).facts == ()
    step = configure(gate, settings(contracts_per_order="7.0", spread_cents="none"), (), NOW)
    assert step.facts == (
        LimitChanged(NAME, None, "7.0", BY_CONFIGURATION, NOW),
        LimitChanged("spread_cents", None, "none", BY_CONFIGURATION, NOW),
    )
    assert (gate.limits.number(NAME), gate.limits.number("spread_cents")) == (7.0, None)
    again = settings(contracts_per_order="7.0", spread_cents="none")
    assert configure(gate, again, (), NOW).facts == ()


def test_one_value_that_is_none_leaves_all_as_they_were() -> None:
    gate = RiskGate(RiskLimits())
    with pytest.raises(LimitRefused):
        configure(gate, settings(contracts_per_order="7.0", spread_cents="-1"), (), NOW)
    assert gate.limits.number(NAME) == RiskLimits().contracts_per_order


def test_a_limit_set_by_command_stays_until_the_configuration_says_otherwise() -> None:
    gate = RiskGate(RiskLimits())
    gate.set_limit(NAME, None, "3", "uid 0", NOW)
    configure(gate, settings(), (), NOW)
    assert gate.limits.number(NAME) == 3.0
    configure(gate, settings(contracts_per_order="9.0"), (), NOW)
    assert gate.limits.number(NAME) == 9.0


def test_a_gate_that_begins_anew_knows_what_was_configured_last() -> None:
    facts = (
        LimitChanged(NAME, None, "9.0", BY_CONFIGURATION, NOW),
        LimitChanged(NAME, None, "3.0", "uid 0", NOW),
    )
    gate = RiskGate(RiskLimits())
    gate.restore(facts)
    assert (gate.limits.number(NAME), gate.configured[None][NAME]) == (3.0, 9.0)
    assert configure(gate, settings(contracts_per_order="9.0"), (), NOW).facts == ()
    back = configure(gate, settings(), (), NOW)
    assert back.facts == (LimitChanged(NAME, None, "100.0", BY_CONFIGURATION, NOW),)


def test_a_strategys_own_limits_are_not_the_configurations() -> None:
    own = attrs.evolve(RiskLimits(), contracts_per_order=5.0)
    gate = RiskGate(RiskLimits(), {"a": own})
    configure(gate, settings(contracts_per_order="9.0"), (), NOW)
    assert gate.limits.own_number(NAME, "a") == 5.0

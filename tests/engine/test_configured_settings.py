"""What a configuration says anew counts, what it says again does not; commands outlive what is unchanged."""

import pytest

from engine.configured_settings import BY_COMMAND, BY_CONFIGURATION, StrategySetting, strategy_changes
from engine.facts import Fact, StrategyChanged, StrategyOpened
from engine.units import Money, Nanos

AT = Nanos(7)
OLD, NEW, BY_HAND = '{"x":1}', '{"x":2}', '{"x":3}'
OPENED = StrategyOpened("s", "kind", Money(1), OLD, AT)
OFF_BY_HAND = StrategyChanged("s", False, OLD, "uid 0", AT)
SET_BY_HAND = StrategyChanged("s", True, BY_HAND, "uid 0", AT)


def change(on: object, parameters: str) -> tuple[StrategyChanged, ...]:
    """What follows if the strategy shall be on or off now, with these parameters."""
    return (StrategyChanged("s", bool(on), parameters, BY_CONFIGURATION, AT),)


def kept(on: object, parameters: str) -> tuple[StrategyChanged, ...]:
    """What of a command outlives it."""
    return (StrategyChanged("s", bool(on), parameters, BY_COMMAND, AT),)


@pytest.mark.parametrize(
    "facts,setting,expected",
    [
        pytest.param((), (True, OLD), (), id="an account is opened beside it"),
        pytest.param((), (False, OLD), change(False, OLD), id="off from the start"),
        pytest.param((OPENED,), (True, OLD), (), id="nothing new"),
        pytest.param((OPENED,), (True, NEW), change(True, NEW), id="other parameters"),
        pytest.param((OPENED,), (False, OLD), change(False, OLD), id="switched off"),
        pytest.param((OPENED, OFF_BY_HAND), (True, OLD), (), id="off by command outlives the same file"),
        pytest.param(
            (OPENED, OFF_BY_HAND),
            (True, NEW),
            (*change(True, NEW), *kept(False, NEW)),
            id="other parameters do not switch it on",
        ),
        pytest.param((OPENED, SET_BY_HAND), (True, OLD), (), id="set by command outlives the same file"),
        pytest.param(
            (OPENED, SET_BY_HAND),
            (False, OLD),
            (*change(False, OLD), *kept(False, BY_HAND)),
            id="the switch keeps what was set",
        ),
        pytest.param((OPENED, SET_BY_HAND), (True, NEW), change(True, NEW), id="what was said last counts"),
        pytest.param((OPENED, *change(True, NEW)), (True, OLD), change(True, OLD), id="there and back again"),
        pytest.param((OPENED, *change(True, NEW)), (True, NEW), (), id="a second reading changes nothing"),
        pytest.param(
            (*change(False, OLD),), (True, OLD), change(True, OLD), id="on for the first time: it was off"
        ),
        pytest.param(
            (*change(False, OLD), *change(True, OLD), OPENED), (True, OLD), (), id="an account comes later"
        ),
    ],
)
def test_what_follows_from_a_configuration(
    facts: tuple[Fact, ...], setting: tuple[bool, str], expected: tuple[StrategyChanged, ...]
) -> None:
    assert strategy_changes(facts, [StrategySetting("s", *setting)], AT) == expected


@pytest.mark.parametrize("by_hand", [OFF_BY_HAND, SET_BY_HAND])
@pytest.mark.parametrize("setting", [(True, NEW), (False, OLD), (False, NEW)])
def test_the_same_file_read_again_overturns_no_command(
    by_hand: StrategyChanged, setting: tuple[bool, str]
) -> None:
    settings = [StrategySetting("s", *setting)]
    first: tuple[Fact, ...] = (OPENED, by_hand)
    second = (*first, *strategy_changes(first, settings, AT))
    assert second != first
    assert strategy_changes(second, settings, AT) == ()
    assert strategy_changes((*second, by_hand), settings, AT) == ()


def test_one_strategy_is_not_another() -> None:
    settings = [StrategySetting("s", True, NEW), StrategySetting("t", True, NEW)]
    other = StrategyOpened("t", "kind", Money(1), NEW, AT)
    assert strategy_changes((OPENED, other), settings, AT) == change(True, NEW)

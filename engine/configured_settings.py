"""The configured strategies and limits compared with those of a run, and the facts that follow.

Used by the risk gate at the start of every process and whenever the configuration is read again. What an
operator set by command stays until the configuration says something new about the same thing: then that
counts, because it was said last.
"""

from collections.abc import Iterable
from typing import Final

import attrs

from engine.facts import Fact, StrategyChanged, StrategyOpened
from engine.message import message
from engine.units import Nanos

BY_CONFIGURATION: Final = "configuration"
"""Who acted, in facts that follow from the configuration."""

BY_COMMAND: Final = "an earlier command"
"""Who acted, where a command outlives a configuration that says nothing new about what it set."""


@message
class StrategySetting:
    """A strategy as configured: whether it trades, and its parameters as canonical JSON."""

    name: str
    enabled: bool
    parameters: str


@message
class Settings:
    """What a configuration may change while a run goes on: limits by name, as text, and strategies."""

    limits: tuple[tuple[str, str], ...]
    strategies: tuple[StrategySetting, ...]


@attrs.define
class Known:
    """What a run's facts say of a strategy: what was configured last, and what is in force."""

    opened: StrategySetting | None = None
    """What its account was opened with, if that was the first that was said of it."""
    configured: StrategySetting | None = None
    in_force: StrategySetting | None = None


def known_strategies(facts: Iterable[Fact]) -> dict[str, Known]:
    """Fold what is known of each strategy, oldest fact first.

    An account is only opened for a strategy that is configured to trade.
    """
    known: dict[str, Known] = {}
    for fact in facts:
        match fact:
            case StrategyOpened():
                seen = known.setdefault(fact.strategy, Known())
                if seen.in_force is None:
                    # Opened later by a switch-on, the account says nothing of what was configured.
                    seen.opened = StrategySetting(fact.strategy, True, fact.parameters)
                    seen.configured = seen.in_force = seen.opened
            case StrategyChanged():
                seen = known.setdefault(fact.strategy, Known())
                seen.in_force = StrategySetting(fact.strategy, fact.enabled, fact.parameters)
                if fact.by == BY_CONFIGURATION:
                    seen.configured = seen.in_force
            case _:
                pass
    return known


def strategy_changes(
    facts: Iterable[Fact], settings: Iterable[StrategySetting], at: Nanos
) -> tuple[StrategyChanged, ...]:
    """What becomes of the strategies under these settings; nothing for those that they say nothing new of."""
    known = known_strategies(facts)
    return tuple(
        fact for setting in settings for fact in _changes(known.get(setting.name, Known()), setting, at)
    )


def _changes(known: Known, setting: StrategySetting, at: Nanos) -> tuple[StrategyChanged, ...]:
    """What was configured is one fact, so that it is known the next time; what of the commands outlives it is
    another after it.
    """
    before, in_force = known.configured, known.in_force
    # Compared with the configuration of before, not with what is in force: an operator's command outlives a
    # restart with an unchanged file.
    if before == setting:
        return ()
    if before is None or in_force is None:
        # Its account is opened beside this, unless it is configured to be off.
        return () if setting.enabled else (_fact(setting, BY_CONFIGURATION, at),)
    # Each of the two by itself: a file that changes a parameter must not switch on again what an operator
    # switched off.
    kept = StrategySetting(
        setting.name,
        setting.enabled if setting.enabled is not before.enabled else in_force.enabled,
        setting.parameters if setting.parameters != before.parameters else in_force.parameters,
    )
    configured = _fact(setting, BY_CONFIGURATION, at)
    return (configured,) if kept == setting else (configured, _fact(kept, BY_COMMAND, at))


def _fact(setting: StrategySetting, by: str, at: Nanos) -> StrategyChanged:
    return StrategyChanged(setting.name, setting.enabled, setting.parameters, by, at)

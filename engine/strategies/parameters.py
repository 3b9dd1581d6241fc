"""Parameters of strategies: attrs classes whose validators and metadata are the configuration's truth.

Used by every strategy, by the configuration reader and by the manual's table. `parse` turns a table of plain
values into an instance and names all problems at once.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Self, TypeAlias, TypeVar

import attrs
from attrs import validators

from engine.did_you_mean import did_you_mean
from engine.units import MONEY_ONE, NANOS_PER_MINUTE, NANOS_PER_SECOND, Nanos

Plain: TypeAlias = bool | int | float | str | list[str] | tuple[str, ...]
"""What a configuration file can say about one parameter."""

P = TypeVar("P", bound="Parameters")

MARKET_TYPES = {"moneyline": "game", "spread": "spread", "total": "total"}
"""The words of the configuration and the ticker grammar's words for the same markets."""


class ParametersRefused(ValueError):
    """Parameters that cannot be used; `problems` names every one of them, as (parameter, what is wrong)."""

    def __init__(self, problems: tuple[tuple[str, str], ...]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{name}: {what}" for name, what in problems))


class ParametersClash(ValueError):
    """Values that are good by themselves but not together."""


def number(default: float, low: float, high: float, unit: str, text: str) -> float:
    """A float parameter between `low` and `high`, both included."""
    return attrs.field(
        default=float(default),
        converter=float,
        validator=[_finite, validators.ge(low), validators.le(high)],
        metadata={"help": text, "unit": unit},
    )


def whole(default: int, low: int, high: int, unit: str, text: str) -> int:
    """A whole-number parameter between `low` and `high`, both included."""
    return attrs.field(
        default=default,
        validator=[_whole, validators.ge(low), validators.le(high)],
        metadata={"help": text, "unit": unit},
    )


def switch(default: bool, text: str) -> bool:  # noqa: FBT001 - a switch's default is a boolean
    """An on/off parameter."""
    return attrs.field(
        default=default,
        validator=validators.instance_of(bool),
        metadata={"help": text, "unit": "on/off"},
    )


def choice(default: str, allowed: tuple[str, ...], text: str) -> str:
    """A parameter that is one of a few words."""
    return attrs.field(
        default=default,
        validator=validators.in_(allowed),
        metadata={"help": text, "unit": "one of " + ", ".join(allowed)},
    )


def words(default: tuple[str, ...], allowed: tuple[str, ...] | None, text: str) -> tuple[str, ...]:
    """A parameter that is a list of words; `allowed` None takes any."""
    inner = validators.instance_of(str) if allowed is None else validators.in_(allowed)
    return attrs.field(
        default=default,
        converter=_words,
        validator=validators.deep_iterable(inner),
        metadata={"help": text, "unit": "list" if allowed is None else "list of " + ", ".join(allowed)},
    )


def minutes(value: float) -> Nanos:
    """Minutes of a configuration as a duration."""
    return Nanos(round(value * NANOS_PER_MINUTE))


def seconds(value: float) -> Nanos:
    """Seconds of a configuration as a duration."""
    return Nanos(round(value * NANOS_PER_SECOND))


def dollars(value: float) -> int:
    """Dollars of a configuration as money."""
    return round(value * MONEY_ONE)


@attrs.frozen
class Parameters:
    """What every kind of parameters has in common: that they can be parsed and shown."""

    @classmethod
    def parse(cls, values: Mapping[str, Plain]) -> Self:
        """Make parameters of plain values. Raises ParametersRefused with every problem named."""
        fields = attrs.fields_dict(cls)
        problems = [(name, _unknown(name, fields)) for name in values if name not in fields]
        defaults = cls()
        for name, value in values.items():
            if name in fields:
                problems += _problem(defaults, name, value)
        if problems:
            raise ParametersRefused(tuple(problems))
        try:
            return attrs.evolve(defaults, **values)
        except (ValueError, TypeError) as error:
            # Each value is good by itself, but not beside the others.
            raise ParametersRefused((("together", _sentence(error)),)) from error

    def plain(self) -> dict[str, Plain]:
        """The values as a configuration file would say them, in order of declaration."""
        return {field.name: getattr(self, field.name) for field in attrs.fields(type(self))}


def _unknown(name: str, known: Iterable[str]) -> str:
    """What to say of a parameter that is none, with the one that was probably meant."""
    return f"is no parameter of this strategy{did_you_mean(name, known)}"


def _problem(defaults: Parameters, name: str, value: Plain) -> list[tuple[str, str]]:
    """What is wrong with one value by itself."""
    if isinstance(value, bool) and not isinstance(getattr(defaults, name), bool):
        return [(name, f"takes no {str(value).lower()}")]
    try:
        attrs.evolve(defaults, **{name: value})
    except ParametersClash:
        return []
    except (ValueError, TypeError) as error:
        return [(name, _sentence(error))]
    return []


def _sentence(error: Exception) -> str:
    """The first argument of an attrs error is its sentence; the rest are objects for programs."""
    return str(error.args[0]) if error.args else str(error)


def _finite(_instance: object, attribute: "attrs.Attribute[float]", value: float) -> None:
    if not math.isfinite(value):
        raise ValueError(f"'{attribute.name}' must be a finite number: {value}")


def _whole(_instance: object, attribute: "attrs.Attribute[int]", value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"'{attribute.name}' must be a whole number: {value!r}")


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, list | tuple):
        raise TypeError(f"a list of words is needed, not {value!r}")
    return tuple(value)


@attrs.frozen
class TradingParameters(Parameters):
    """What every strategy that forms an opinion about a market's price can be told."""

    position_size: int = whole(10, 1, 10_000, "contracts", "size of an entry; with Kelly sizing the most")
    cooldown_minutes: float = number(5, 0, 1440, "minutes", "no second entry into a market for so long")
    use_kelly_sizing: bool = switch(False, "size by a fraction of Kelly's stake instead of a fixed number")
    kelly_fraction: float = number(0.25, 0.01, 1, "share", "share of Kelly's stake that is bet")
    depth_share: float = number(0.25, 0.01, 1, "share", "share of the displayed size an entry may take")
    game_loss_max_dollars: float = number(
        50, 0, 100_000, "dollars", "an entry is cut so that a game cannot cost more than this"
    )
    entry: str = choice(
        "take", ("take", "rest"), "take the displayed price, or rest post-only at a computed one"
    )
    rest_seconds: float = number(60, 1, 86_400, "seconds", "a resting entry expires after so long")
    net_edge_min_cents: float = number(
        0.1, 0.0001, 99, "cents", "an entry must expect this per contract after the fees of both legs"
    )
    spread_max_cents: float = number(8, 1, 99, "cents", "no entry into a market with a wider spread")
    stop_loss_cents: float = number(
        15, 0, 99, "cents", "leave when the price has gone so far against us; 0 never"
    )
    hold_minutes_max: float = number(0, 0, 1440, "minutes", "leave after so long; 0 holds to settlement")
    exit_edge_gone: bool = switch(True, "leave when selling now brings more than holding is worth")
    exit_before_close_seconds: float = number(
        0, 0, 86_400, "seconds", "leave so long before the market's close time; 0 holds to settlement"
    )
    exit_retry_seconds: float = number(
        5, 0.1, 3600, "seconds", "pause between two attempts to leave a market"
    )
    near_miss_share: float = number(
        0.8, 0, 1, "share", "a gap of this share of the threshold is recorded as a near miss"
    )
    near_miss_minutes: float = number(
        5, 0.1, 1440, "minutes", "at most one near miss per market and reason within so long"
    )

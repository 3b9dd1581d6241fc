"""What a sweep varies: for each parameter the values, or the span of numbers, that it may take.

Written by people as `1..5`, `0.5..3:0.5`, `4,6,8` or a list in a plan; used to make trials.
"""

import itertools
import math
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final, TypeAlias

import attrs

Value: TypeAlias = bool | int | float | str
Parameters: TypeAlias = Mapping[str, Value]

VALUES_MAX: Final = 10_000
"""So many values of one parameter."""

DRAWS: Final = 100
"""So often a random trial is drawn anew when it was drawn before."""

_NUMBER: Final = r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
_SPAN: Final = re.compile(rf"({_NUMBER})\.\.({_NUMBER})(?::({_NUMBER}))?")


class SpaceRefused(ValueError):
    """What is written is no set of values."""


@attrs.frozen
class Listed:
    """These values and no others, in this order."""

    values: tuple[Value, ...]


@attrs.frozen
class Span:
    """Every number from `low` to `high`, both included."""

    low: float
    high: float


Axis: TypeAlias = Listed | Span


@attrs.frozen
class Space:
    """The parameters that vary, by name, in the order in which they were written."""

    axes: Mapping[str, Axis]

    @property
    def size(self) -> int | None:
        """How many combinations there are; None where a span has no steps."""
        sizes = [len(axis.values) for axis in self.axes.values() if isinstance(axis, Listed)]
        return math.prod(sizes) if len(sizes) == len(self.axes) else None

    def grid(self) -> Iterator[Parameters]:
        """Every combination, the last parameter changing fastest. Raises SpaceRefused for a span."""
        listed = {name: axis.values for name, axis in self.axes.items() if isinstance(axis, Listed)}
        for name in self.axes:
            if name not in listed:
                raise SpaceRefused(
                    f"{name}: a grid needs steps, as in 0.5..3:0.5; without them draw at random"
                )
        for values in itertools.product(*listed.values()):
            yield dict(zip(listed, values, strict=True))

    def drawn(self, trials: int, seed: int) -> Iterator[Parameters]:
        """So many combinations drawn at random, each once; fewer where there are no more."""
        rng = random.Random(seed)  # noqa: S311 - a search is no secret
        seen: set[tuple[Value, ...]] = set()
        size = self.size
        while len(seen) < trials and (size is None or len(seen) < size):
            for _ in range(DRAWS):
                values = tuple(_draw(axis, rng) for axis in self.axes.values())
                if values not in seen:
                    break
            else:
                # Nearly all are drawn: the rest in order, or the last of them would take for ever.
                values = next(each for each in self._all() if each not in seen)
            seen.add(values)
            yield dict(zip(self.axes, values, strict=True))

    def _all(self) -> Iterator[tuple[Value, ...]]:
        return (tuple(parameters.values()) for parameters in self.grid())


def _draw(axis: Axis, rng: random.Random) -> Value:
    return rng.choice(axis.values) if isinstance(axis, Listed) else rng.uniform(axis.low, axis.high)


def axis_of(written: object) -> Axis:
    """The values that somebody wrote. Raises SpaceRefused with what is wrong."""
    match written:
        case str():
            return _of_text(written)
        case bool() | int() | float():
            return Listed((written,))
        case list() | tuple():
            return _listed([_value(each) for each in written])
        case _:
            raise SpaceRefused(f"{written!r} is neither a value, nor a list of them, nor FROM..TO")


def _of_text(text: str) -> Axis:
    span = _SPAN.fullmatch(text.strip())
    if span is None:
        return _listed([_word(word.strip()) for word in text.split(",")])
    low, high, step = (None if part is None else Decimal(part) for part in span.groups())
    assert low is not None and high is not None  # noqa: S101, PT018 - the expression says so
    if low > high:
        raise SpaceRefused(f"{text}: it begins above its end")
    if step is None and _is_whole(span[1]) and _is_whole(span[2]):
        step = Decimal(1)
    if step is None:
        return Span(float(low), float(high))
    if step <= 0:
        raise SpaceRefused(f"{text}: the step must be above 0")
    count = int((high - low) / step) + 1
    if count > VALUES_MAX:
        raise SpaceRefused(f"{text}: {count} values; {VALUES_MAX} are the most")
    # In decimals: the third step of 0.1 is 0.3 and not a little more.
    whole = all(_is_whole(part) for part in span.groups() if part is not None)
    values = [low + step * place for place in range(count)]
    return Listed(tuple(int(value) if whole else float(value) for value in values))


def _listed(values: Sequence[Value]) -> Listed:
    if not values:
        raise SpaceRefused("an empty list: there must be a value to try")
    if len(values) > VALUES_MAX:
        raise SpaceRefused(f"{len(values)} values; {VALUES_MAX} are the most")
    if len({(type(value), value) for value in values}) < len(values):
        raise SpaceRefused("a value stands there twice")
    return Listed(tuple(values))


def _value(each: object) -> Value:
    if isinstance(each, bool | int | float | str):
        return each
    raise SpaceRefused(f"{each!r} is no value of a parameter")


def _word(word: str) -> Value:
    if word in ("true", "false"):
        return word == "true"
    if not re.fullmatch(_NUMBER, word):
        if not word:
            raise SpaceRefused("a value is missing")
        return word
    return int(word) if _is_whole(word) else float(word)


def _is_whole(text: str) -> bool:
    return re.fullmatch(r"[-+]?\d+", text) is not None

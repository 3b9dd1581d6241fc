"""Which parameters matter: how much of what trials differ by is told by each parameter's own means.

One-way analysis of variance for each parameter, with Kelley's ε² (Kelley, T. L. 1935, "An Unbiased
Correlation Ratio Measure", PNAS 21, 554-559), which takes off what so many levels explain of mere noise. It
sees a parameter by itself: what two do only together is in neither share. It is measured on the games that
were searched, so it says what the search saw and not what will come.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Final

import attrs

from engine.overfitting.table import Setting, Trial

LEVELS_MAX: Final = 12
"""Values of a parameter that stand by themselves; more numbers are put into so many equal groups."""


@attrs.frozen
class Level:
    """Trials that share a value of a parameter: its name, how many there are, and their mean a game."""

    name: str
    trials: int
    mean: float


@attrs.frozen
class Importance:
    """A parameter, the share of the trials' variance that its levels' means explain, and these levels.

    The share is None where it cannot be known: one level, or as many levels as trials.
    """

    parameter: str
    share: float | None
    levels: tuple[Level, ...]


def importances(trials: Sequence[Trial]) -> tuple[Importance, ...]:
    """Every parameter that has more than one value, the most important first."""
    names = sorted({name for trial in trials for name in trial.parameters})
    means = [math.fsum(trial.results) / len(trial.results) for trial in trials if trial.results]
    if len(means) != len(trials):
        return ()
    found = []
    for name in names:
        levels = levels_of([trial.parameters.get(name) for trial in trials])
        if len(set(levels)) > 1:
            found.append(_importance(name, levels, means))
    return tuple(sorted(found, key=_by_share))


def _by_share(found: Importance) -> tuple[float, str]:
    """The greatest share first; what cannot be known last."""
    return (1.0 if found.share is None else -found.share), found.parameter


def levels_of(values: Sequence[Setting | None]) -> list[tuple[int, str]]:
    """The level of each value: its place in the order of levels, and its name.

    Few values are levels themselves; many numbers are grouped by rank into LEVELS_MAX groups.
    """
    ordered = sorted({_shown(value): value for value in values}.items(), key=lambda pair: _rank(pair[1]))
    numbers = [value for _name, value in ordered]
    if len(ordered) <= LEVELS_MAX or not all(_is_number(value) for value in numbers):
        place = {name: (number, name) for number, (name, _value) in enumerate(ordered)}
        return [place[_shown(value)] for value in values]
    group = {name: number * LEVELS_MAX // len(ordered) for number, (name, _value) in enumerate(ordered)}
    names: Mapping[int, list[str]] = {
        number: [name for name, _value in ordered if group[name] == number] for number in range(LEVELS_MAX)
    }
    spans = {
        place: each[0] if len(each) == 1 else f"{each[0]} to {each[-1]}" for place, each in names.items()
    }
    return [(group[_shown(value)], spans[group[_shown(value)]]) for value in values]


def _importance(name: str, levels: Sequence[tuple[int, str]], means: Sequence[float]) -> Importance:
    groups: dict[tuple[int, str], list[float]] = {}
    for level, mean in zip(levels, means, strict=True):
        groups.setdefault(level, []).append(mean)
    told = tuple(
        Level(level[1], len(groups[level]), math.fsum(groups[level]) / len(groups[level]))
        for level in sorted(groups)
    )
    whole = math.fsum(means) / len(means)
    total = math.fsum((mean - whole) ** 2 for mean in means)
    within = math.fsum(
        (mean - told[place].mean) ** 2 for place, level in enumerate(sorted(groups)) for mean in groups[level]
    )
    free = len(means) - len(groups)
    if free < 1 or total <= 0.0:
        return Importance(name, None, told)
    noise = (len(groups) - 1) * within / free
    return Importance(name, min(1.0, max(0.0, (total - within - noise) / total)), told)


def _is_number(value: Setting | None) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _rank(value: Setting | None) -> tuple[int, float, str]:
    """Numbers by size, then words."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return 0, float(value), ""
    return 1, 0.0, _shown(value)


def _shown(value: Setting | None) -> str:
    if value is None:
        return "-"
    return str(value).lower() if isinstance(value, bool) else f"{value}"

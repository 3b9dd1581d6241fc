"""Which kinds of strategies there are: ours and those of other packages, all found by their entry points.

Called by `tipoff.runs.from_config` whenever a configuration is to be read; the packages are looked for once a
process. A package that cannot be used does not fail the command: the reason is kept under its name and
reported when a configuration asks for its strategy.
"""

import inspect
import re
from collections.abc import Iterable
from functools import cache
from importlib.metadata import EntryPoint
from typing import Final

import attrs

from engine.strategies.parameters import Parameters
from engine.strategies.strategy import Strategy
from tipoff.entry_points import Unfit, is_ours, loaded, package_of, points_of, refusal

GROUP: Final = "tipoff.strategies"
"""The group of entry points: the kind of strategy on the left, `module:Class` on the right."""

KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")


@attrs.frozen
class Installed:
    """The kinds there are, who brought those that are not ours, and what is wrong with the rest."""

    strategies: dict[str, type[Strategy]]
    """Kind to class: ours first, each package's in the order of `listed` and name."""
    packages: dict[str, str]
    """Kind to package and version, for those that are not ours."""
    broken: dict[str, str]
    """Kind to a sentence that names the package and says why it cannot be used."""


@cache
def installed() -> Installed:
    """What is installed. Raises Failure where our own strategies are not all among it."""
    return kinds_of(points_of(GROUP, "strategies"))


def kinds_of(points: Iterable[EntryPoint]) -> Installed:
    """Load entry points and keep what is good; of two with one name ours, or the first package's, counts."""
    found = Installed({}, {}, {})
    kinds: list[tuple[bool, int, EntryPoint, type[Strategy]]] = []
    for point in sorted(points, key=lambda point: (not is_ours(point), point.name, package_of(point))):
        try:
            strategy = _strategy(point, {each.name for *_, each, _class in kinds})
        except Unfit as error:
            found.broken[point.name] = refusal(point, error)
        else:
            kinds.append((not is_ours(point), strategy.listed, point, strategy))
    for theirs, _listed, point, strategy in sorted(kinds, key=lambda each: (*each[:2], each[2].name)):
        found.strategies[point.name] = strategy
        if theirs:
            found.packages[point.name] = package_of(point)
    return found


def _strategy(point: EntryPoint, taken: set[str]) -> type[Strategy]:
    """The class behind an entry point. Raises Unfit."""
    if not KIND.fullmatch(point.name):
        raise Unfit(
            f"{point.name!r} is no name for a kind (a small letter, then small letters, digits and _)"
        )
    if point.name in taken:
        raise Unfit(f"there is a kind {point.name!r} already")
    return _judged(point.name, loaded(point))


def _judged(kind: str, found: object) -> type[Strategy]:
    """The same if it is a strategy that can be made and configured. Raises Unfit."""
    if not (isinstance(found, type) and issubclass(found, Strategy)):
        raise Unfit("it is no class derived from tipoff.strategy.Strategy")
    if inspect.isabstract(found):
        missing = ", ".join(sorted(found.__abstractmethods__))
        raise Unfit(f"it does not say what it does: {missing}")
    if getattr(found, "kind", None) != kind:
        raise Unfit(f"it calls itself {getattr(found, 'kind', None)!r}, its entry point calls it {kind!r}")
    parameters = getattr(found, "parameters_class", None)
    if not (isinstance(parameters, type) and issubclass(parameters, Parameters)):
        raise Unfit("its parameters_class is not derived from tipoff.strategy.Parameters")
    for name in ("rests_on_odds", "has_opinion", "by_hand"):
        # The gate goes by them, and "no" is as true as "yes".
        if not isinstance(getattr(found, name), bool):
            raise Unfit(f"its {name} is neither True nor False")
    if not isinstance(found.listed, int):
        raise Unfit("its place among the kinds (`listed`) is no whole number")
    try:
        parameters()
    except Exception as error:
        raise Unfit(f"its parameters have no usable defaults: {error}") from error
    return found

"""Strategies of other packages: found by their entry points, judged, and added to the kinds there are.

Called by `tipoff.runs.from_config` whenever a configuration is to be read; the packages are looked for once a
process. A package that cannot be used is never the end of a command: what is wrong with it is kept under its
name, and told where somebody asks for its strategy.
"""

import inspect
import re
from collections.abc import Iterable
from functools import cache
from importlib.metadata import EntryPoint, entry_points

import attrs

from engine.strategies.parameters import Parameters
from engine.strategies.registry import STRATEGIES, register
from engine.strategies.strategy import Strategy

GROUP = "tipoff.strategies"
"""The group of entry points: the kind of strategy on the left, `module:Class` on the right."""

KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")
REASON_CHARACTERS_MAX = 200
"""What another package says about its failure is told up to so many characters."""


class Unfit(Exception):
    """An entry point leads to something, but not to a strategy."""


@attrs.frozen
class Installed:
    """What other packages have brought: who brought each kind, and what is wrong with the rest."""

    packages: dict[str, str]
    """Kind to package and version."""
    broken: dict[str, str]
    """Kind to a sentence that names the package and says why it cannot be used."""


@cache
def installed() -> Installed:
    """What is installed beside us, added to the registry."""
    return add(entry_points(group=GROUP))


def add(points: Iterable[EntryPoint]) -> Installed:
    """Load entry points in the order of their names and register what is good."""
    packages: dict[str, str] = {}
    broken: dict[str, str] = {}
    for point in sorted(points, key=lambda point: (point.name, _package(point))):
        try:
            register(_loaded(point))
            packages[point.name] = _package(point)
        except (Unfit, ValueError) as error:
            broken[point.name] = f"{_package(point)} brings {point.value}, but {error}"
    return Installed(packages, broken)


def _loaded(point: EntryPoint) -> type[Strategy]:
    """The class behind an entry point. Raises Unfit."""
    if not KIND.fullmatch(point.name):
        raise Unfit(
            f"{point.name!r} is no name for a kind (a small letter, then small letters, digits and _)"
        )
    if point.name in STRATEGIES and STRATEGIES[point.name].__module__ != point.module:
        raise Unfit(f"there is a kind {point.name!r} already")
    try:
        found = point.load()
    except (Exception, SystemExit) as error:
        # Whatever another package raises is its problem, not ours.
        said = f"{type(error).__name__}: {error}"[:REASON_CHARACTERS_MAX]
        raise Unfit(f"it cannot be imported: {' '.join(said.split())}") from error
    return _judged(point.name, found)


def _judged(kind: str, found: object) -> type[Strategy]:
    """The same if it is a strategy that can be made and configured. Raises Unfit."""
    if not (isinstance(found, type) and issubclass(found, Strategy)):
        raise Unfit("it is no class derived from engine.strategies.strategy.Strategy")
    if inspect.isabstract(found):
        missing = ", ".join(sorted(found.__abstractmethods__))
        raise Unfit(f"it does not say what it does: {missing}")
    if getattr(found, "kind", None) != kind:
        raise Unfit(f"it calls itself {getattr(found, 'kind', None)!r}, its entry point calls it {kind!r}")
    parameters = getattr(found, "parameters_class", None)
    if not (isinstance(parameters, type) and issubclass(parameters, Parameters)):
        raise Unfit("its parameters_class is not derived from engine.strategies.parameters.Parameters")
    try:
        parameters()
    except Exception as error:
        raise Unfit(f"its parameters have no usable defaults: {error}") from error
    return found


def _package(point: EntryPoint) -> str:
    """Name and version of the package that an entry point belongs to."""
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else "a package without a name"

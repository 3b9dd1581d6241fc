"""Which kinds of strategies there are: ours and those of other packages, all found by their entry points.

Called by `tipoff.runs.from_config` whenever a configuration is to be read; the packages are looked for once a
process. A package that cannot be used does not fail the command: the reason is kept under its name and
reported when a configuration asks for its strategy.
"""

import inspect
import re
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Final

import attrs

from engine.strategies.parameters import Parameters
from engine.strategies.strategy import Strategy
from tipoff.exit_codes import Exit
from tipoff.output import Failure

GROUP: Final = "tipoff.strategies"
"""The group of entry points: the kind of strategy on the left, `module:Class` on the right."""

OURS: Final = "tipoff"
"""The distribution whose kinds are ours."""

CHECKOUT: Final = Path(__file__).parents[2] / "pyproject.toml"
"""Where our own entry points are written down, if this is a checkout."""

KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")
REASON_CHARACTERS_MAX = 200
"""Characters kept of another package's error message."""


class Unfit(Exception):
    """An entry point leads to something, but not to a strategy."""


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
    points = tuple(entry_points(group=GROUP))
    require_own(points, CHECKOUT)
    return kinds_of(points)


def require_own(points: Iterable[EntryPoint], checkout: Path) -> None:
    """Refuse metadata that is older than the checkout, or that is not there. Raises Failure."""
    # An editable install keeps the entry points of the day it was made: a kind added since is missing,
    # silently.
    found = {point.name: point.value for point in points if _is_ours(point)}
    stale = sorted(set(_written_down(checkout).items()) - set(found.items()))
    if not stale and found:
        return
    kinds = ", ".join(kind for kind, _ in stale) or "none of its own"
    raise Failure(
        "not_installed",
        f"the installed metadata of Tipoff does not know its strategies ({kinds}): "
        "run `make setup` in the checkout, or install the package anew",
        exit_code=Exit.CONFIG,
    )


def _written_down(checkout: Path) -> dict[str, str]:
    """Our entry points according to the checkout's project file; none where there is no checkout."""
    if not checkout.is_file():
        return {}
    project = tomllib.loads(checkout.read_text("utf-8")).get("project", {})
    rows: dict[str, str] = project.get("entry-points", {}).get(GROUP, {})
    return rows if project.get("name") == OURS else {}


def kinds_of(points: Iterable[EntryPoint]) -> Installed:
    """Load entry points and keep what is good; of two with one name ours, or the first package's, counts."""
    found = Installed({}, {}, {})
    loaded: list[tuple[bool, int, EntryPoint, type[Strategy]]] = []
    for point in sorted(points, key=lambda point: (not _is_ours(point), point.name, _package(point))):
        try:
            strategy = _loaded(point, {each.name for *_, each, _class in loaded})
        except Unfit as error:
            found.broken[point.name] = f"{_package(point)} brings {point.value}, but {error}"
        else:
            loaded.append((not _is_ours(point), strategy.listed, point, strategy))
    for theirs, _listed, point, strategy in sorted(loaded, key=lambda each: (*each[:2], each[2].name)):
        found.strategies[point.name] = strategy
        if theirs:
            found.packages[point.name] = _package(point)
    return found


def _loaded(point: EntryPoint, taken: set[str]) -> type[Strategy]:
    """The class behind an entry point. Raises Unfit."""
    if not KIND.fullmatch(point.name):
        raise Unfit(
            f"{point.name!r} is no name for a kind (a small letter, then small letters, digits and _)"
        )
    if point.name in taken:
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


def _is_ours(point: EntryPoint) -> bool:
    return point.dist is not None and point.dist.name == OURS


def _package(point: EntryPoint) -> str:
    """Name and version of the package that an entry point belongs to."""
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else "a package without a name"

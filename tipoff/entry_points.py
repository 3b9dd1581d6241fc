"""How plug-ins come in: the entry points of one group, ours and those of other packages.

Called by the registries of strategies and sources. Ours come in by the door that is open to everybody, so
what the installed metadata does not list is not there: `require_own` says so where a checkout knows better.
"""

import tomllib
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Final

from tipoff.exit_codes import Exit
from tipoff.output import Failure

OURS: Final = "tipoff"
"""The distribution whose plug-ins are ours."""

CHECKOUT: Final = Path(__file__).parents[1] / "pyproject.toml"
"""Where our own entry points are written down, if this is a checkout."""

REASON_CHARACTERS_MAX: Final = 200
"""Characters kept of another package's error message."""


class Unfit(Exception):
    """An entry point leads to something, but not to a plug-in that can be used."""


def points_of(group: str, what: str) -> tuple[EntryPoint, ...]:
    """The entry points of a group; `what` names its plug-ins in the plural.

    Raises Failure where ours are not all among them.
    """
    points = tuple(entry_points(group=group))
    require_own(points, CHECKOUT, group, what)
    return points


def require_own(points: Iterable[EntryPoint], checkout: Path, group: str, what: str) -> None:
    """Refuse metadata that is older than the checkout, or that is not there. Raises Failure."""
    # An editable install keeps the entry points of the day it was made: one added since is missing, silently.
    found = {point.name: point.value for point in points if is_ours(point)}
    stale = sorted(set(_written_down(checkout, group).items()) - set(found.items()))
    if not stale and found:
        return
    names = ", ".join(name for name, _ in stale) or "none of its own"
    raise Failure(
        "not_installed",
        f"the installed metadata of Tipoff does not know its {what} ({names}): "
        "run `make setup` in the checkout, or install the package anew",
        exit_code=Exit.CONFIG,
    )


def _written_down(checkout: Path, group: str) -> dict[str, str]:
    """Our entry points according to the checkout's project file; none where there is no checkout."""
    if not checkout.is_file():
        return {}
    project = tomllib.loads(checkout.read_text("utf-8")).get("project", {})
    rows: dict[str, str] = project.get("entry-points", {}).get(group, {})
    return rows if project.get("name") == OURS else {}


def loaded(point: EntryPoint) -> object:
    """What an entry point leads to. Raises Unfit."""
    try:
        return point.load()
    except (Exception, SystemExit) as error:
        # Whatever another package raises is its problem, not ours.
        said = f"{type(error).__name__}: {error}"[:REASON_CHARACTERS_MAX]
        raise Unfit(f"it cannot be imported: {' '.join(said.split())}") from error


def is_ours(point: EntryPoint) -> bool:
    """Whether an entry point is of this distribution."""
    return point.dist is not None and point.dist.name == OURS


def package_of(point: EntryPoint) -> str:
    """Name and version of the package that an entry point belongs to."""
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else "a package without a name"


def refusal(point: EntryPoint, error: Unfit) -> str:
    """Why an entry point is not used, and whose it is."""
    return f"{package_of(point)} brings {point.value}, but {error}"

"""The sources there are: ours, and those of other packages, found by their entry points.

Asked whenever a configuration is to be read and whenever lines are to be translated. A package that cannot be
used does not fail the command: the reason is reported where a configuration names its section.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

import attrs
from attrs import AttrsInstance

from tipoff.config.load import FIRST, OTHERS, RISK
from tipoff.sources.balldontlie.source import BALLDONTLIE
from tipoff.sources.kalshi.source import KALSHI
from tipoff.sources.source import Source
from venues.recordings.line_kinds import IMPORT, OURS
from venues.translate import Translator

BUNDLED: Final[tuple[Source[Any, Any], ...]] = (KALSHI, BALLDONTLIE)

GROUP: Final = "tipoff.sources"
"""The group of entry points: the name of the source on the left, `module:RECORD` on the right."""

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
REASON_CHARACTERS_MAX: Final = 200
"""Characters kept of another package's error message."""


class Unfit(Exception):
    """An entry point leads to something, but not to a source that can be used."""


@attrs.frozen
class Sources:
    """Every source by name, and what is wrong with the packages that bring none."""

    by_name: Mapping[str, Source[Any, Any]]
    broken: Mapping[str, str]
    """Name to a sentence that names the package and says why it cannot be used."""

    def sections(self) -> dict[str, type[AttrsInstance]]:
        """The class of each source's section."""
        return {name: source.section for name, source in self.by_name.items()}

    def translator(self) -> Translator:
        """Reads the lines of all of them."""
        return Translator(
            {word: read for each in self.by_name.values() for word, read in each.readers.items()}
        )


@cache
def installed() -> Sources:
    """Ours, and those of what is installed beside us."""
    return found(entry_points(group=GROUP))


def found(points: Iterable[EntryPoint]) -> Sources:
    """Ours, and what is good of some entry points, in the order of their names."""
    sources: dict[str, Source[Any, Any]] = {source.name: source for source in BUNDLED}
    broken: dict[str, str] = {}
    for point in sorted(points, key=lambda point: point.name):
        try:
            sources[point.name] = _judged(point.name, _loaded(point), sources)
        except Unfit as error:
            package = f"{point.dist.name} {point.dist.version}" if point.dist is not None else "a package"
            broken[point.name] = f"{package} brings {point.value}, but {error}"
    return Sources(sources, broken)


def translator() -> Translator:
    """Reads the lines of every source that is installed."""
    return installed().translator()


def _loaded(point: EntryPoint) -> object:
    try:
        return point.load()
    except (Exception, SystemExit) as error:
        # Whatever another package raises is its problem, not ours.
        said = f"{type(error).__name__}: {error}"[:REASON_CHARACTERS_MAX]
        raise Unfit(f"it cannot be imported: {' '.join(said.split())}") from error


def _judged(name: str, record: object, known: Mapping[str, Source[Any, Any]]) -> Source[Any, Any]:
    """The same if it is a source that can stand beside those that are known. Raises Unfit."""
    if not isinstance(record, Source):
        raise Unfit("it is no tipoff.sources.source.Source")
    if record.name != name or not NAME.fullmatch(name):
        raise Unfit(f"it calls itself {record.name!r}, its entry point calls it {name!r}")
    if name in {*known, *FIRST, *OTHERS, RISK, "strategy"}:
        raise Unfit(f"there is a section [{name}] already")
    words = {word for source in known.values() for word in source.readers} | OURS | {IMPORT}
    if taken := sorted(words & set(record.readers)):
        raise Unfit(f"lines of {', '.join(taken)} are read by another source")
    actors = {actor for source in known.values() for actor in source.actors}
    if taken := sorted(actors & set(record.actors)):
        raise Unfit(f"there is an actor {', '.join(taken)} already")
    try:
        record.section()
    except Exception as error:
        raise Unfit(f"its section has no usable defaults: {error}") from error
    return record

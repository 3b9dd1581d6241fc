"""The sources there are: ours, and those of other packages, found by their entry points.

Asked whenever a configuration is to be read and whenever lines are to be translated. A package that cannot be
used does not fail the command: the reason is reported where a configuration names its section.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import EntryPoint
from typing import Any, Final

import attrs
from attrs import AttrsInstance

from tipoff.config.load import FIRST, OTHERS, RISK, Config
from tipoff.entry_points import Unfit, is_ours, loaded, package_of, points_of, refusal
from tipoff.sources.source import Source
from venues.recordings.line_kinds import IMPORT, OURS
from venues.translate import Translator

GROUP: Final = "tipoff.sources"
"""The group of entry points: the name of the source on the left, `module:RECORD` on the right."""

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")


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
    """Ours, and those of what is installed beside us. Raises Failure where ours are not all among them."""
    return found(points_of(GROUP, "sources"))


def found(points: Iterable[EntryPoint]) -> Sources:
    """What is good of some entry points: ours first, each package's in the order that its records ask for."""
    sources: dict[str, Source[Any, Any]] = {}
    broken: dict[str, str] = {}
    records: list[tuple[bool, int, EntryPoint, Source[Any, Any]]] = []
    for point in sorted(points, key=lambda point: (point.name, package_of(point))):
        try:
            record = _record(loaded(point))
        except Unfit as error:
            broken[point.name] = refusal(point, error)
        else:
            records.append((not is_ours(point), record.listed, point, record))
    # Of two that claim one name, one word or one actor the first keeps it, and ours are the first.
    for *_, point, record in sorted(records, key=lambda each: (*each[:2], each[2].name)):
        try:
            sources[point.name] = _judged(point.name, record, sources)
        except Unfit as error:
            broken[point.name] = refusal(point, error)
    return Sources(sources, broken)


def translator() -> Translator:
    """Reads the lines of every source that is installed."""
    return installed().translator()


def sources_of(config: Config) -> dict[str, Source[Any, Any]]:
    """The sources of which a configuration has the sections, in its order."""
    known = installed().by_name
    return {name: known[name] for name in config.sources if name in known}


def _record(value: object) -> Source[Any, Any]:
    if not isinstance(value, Source):
        raise Unfit("it is no tipoff.sources.source.Source")
    return value


def _judged(name: str, record: Source[Any, Any], known: Mapping[str, Source[Any, Any]]) -> Source[Any, Any]:
    """The same if it can stand beside those that are known. Raises Unfit."""
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

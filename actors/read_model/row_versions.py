"""Which rows of a table changed, and when: so that whoever watches is told the changed ones only.

Kept by the read model. A version is the number of changes so far; it means something within one life of the
observer, whose next one begins to count anew.
"""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Final, Generic, TypeVar

T = TypeVar("T")

KEYS_MAX: Final = 30_000
"""So many rows' last changes are known; of a table that forgot some, whoever is behind is told all rows."""


class RowVersions:
    """The last change of every row of one table, by its key."""

    def __init__(self) -> None:
        """Begin without rows."""
        self.now = 0
        """The version of the table: how often a row of it changed."""
        self._changed: OrderedDict[str, int] = OrderedDict()
        self._forgotten = 0

    def touch(self, key: str) -> None:
        """A row was added, changed or removed."""
        self.now += 1
        changed = self._changed
        changed[key] = self.now
        changed.move_to_end(key)
        if len(changed) > KEYS_MAX:
            _, self._forgotten = changed.popitem(last=False)

    def since(self, version: int) -> list[str] | None:
        """The rows that changed after `version`, oldest change first; None if that is not known any more."""
        if version < self._forgotten:
            return None
        return list(self._after(version))[::-1]

    def _after(self, version: int) -> Iterator[str]:
        # Newest first, so that it costs what has changed and not what there is.
        for key, changed in reversed(self._changed.items()):
            if changed <= version:
                return
            yield key


class Tail(OrderedDict[str, T], Generic[T]):
    """The newest entries of a table by key, at most `entries_max`; what comes and goes is a changed row."""

    def __init__(self, entries_max: int | None, versions: RowVersions) -> None:
        """None keeps everything."""
        super().__init__()
        self._entries_max = entries_max
        self._versions = versions

    def add(self, key: str, entry: T) -> None:
        """Add the newest; the oldest goes if there are too many."""
        self[key] = entry
        self.move_to_end(key)
        self._versions.touch(key)
        if self._entries_max is not None and len(self) > self._entries_max:
            oldest, _ = self.popitem(last=False)
            self._versions.touch(oldest)

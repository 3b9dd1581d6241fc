"""What the terminal view knows of a daemon: its answers to one round of questions, and how the line stands.

Made by `poller`, read by `header` and `tables`. Plain values: whoever shows them asks nobody.
"""

from collections.abc import Mapping
from typing import Any, Final

import attrs

Line = Mapping[str, Any]

JOURNAL_LINES: Final = 100
"""So many of the last facts are asked for: as many as one may page through."""

NOTHING: Final[Line] = {}


@attrs.frozen(kw_only=True)
class Answers:
    """One round. What was not answered is as it was before, and `troubles` says why, by the question."""

    status: Line = NOTHING
    risk: Line = NOTHING
    games: tuple[Line, ...] = ()
    markets: tuple[Line, ...] = ()
    actors: tuple[Line, ...] = ()
    journal: tuple[Line, ...] = ()
    troubles: dict[str, str] = attrs.field(factory=dict)
    game: str | None = None
    """Whose markets these are."""


@attrs.frozen(kw_only=True)
class Link:
    """The line to the daemon: what it said at first, or since when (UTC) and why there is none."""

    hello: Line = NOTHING
    lost: str | None = None
    since: str = ""

    @property
    def level(self) -> str:
        """What we may do, in the daemon's word."""
        return str(self.hello.get("level", "unknown"))

    def may(self, method: str) -> bool:
        """Whether the daemon lists a method for us; before it has said so the daemon itself shall answer."""
        methods: Any = self.hello.get("methods")
        return not isinstance(methods, list) or method in methods


@attrs.frozen(kw_only=True)
class Seen:
    """Everything that can be shown at a moment. While the line is lost the answers are the last ones."""

    link: Link
    answers: Answers

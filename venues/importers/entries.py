"""What an importer yields for each line to be, and which game is meant by the numbers that some files use.

Shared by the importers.
"""

from enum import Enum
from typing import NamedTuple

import attrs


class Entry(NamedTuple):
    """A line of the recording to be; it gets its number when all files of the evening are put in order."""

    at: int
    source: str
    conn: int
    what: str
    body: str


class Known(Enum):
    """How it is known when the lines of a file could be known."""

    REAL = "real"
    """They were heard, or polled, or stamped by the venue, at that moment."""
    DELAYED = "delayed"
    """Somebody else's moment, and a delay that whoever imported them stands for."""
    ASSUMED = "assumed"
    """Nobody says, so something was taken for it."""


@attrs.frozen
class NamedGame:
    """A game by Eastern date and tricodes."""

    date: str
    away: str
    home: str

    @property
    def reference(self) -> str:
        """How imported rows refer to it."""
        return f"{self.date}/{self.away}@{self.home}"


@attrs.define
class Games:
    """Games by the league's own number, gathered from those files of an import that name both."""

    by_nba_id: dict[str, NamedGame] = attrs.field(factory=dict)

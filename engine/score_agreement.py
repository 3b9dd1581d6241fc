"""Agreement of the sources of a game's score: a lag is no contradiction, a lasting difference is one.

Used by `engine.game`. Every source is polled and is some way behind the arena, so two correct sources often
show different scores; but the slower one shows what the faster one showed a little earlier. So two sources
agree if each team's points of one lie between the least and the most that the other showed within `LAG_NS`.
A correction by the scorers (points may go down) is then no contradiction either. The clock is not compared:
sources round it differently, and some have none.

A score that is wrong by one basket looks like a lag while that team keeps scoring, and shows in the next
minute and a half without a basket; one that is wrong by many points shows at once. A new source has no
history, so a contradiction must last `DISAGREEMENT_NS` before it counts. A source that was silent for
`LAG_NS` is not compared: silence neither begins a contradiction nor ends one.
"""

from collections.abc import Iterable
from itertools import combinations

import attrs

from engine.events import ScoreSeen
from engine.freshness import SCORE_OF_ONE_SOURCE
from engine.units import NANOS_PER_SECOND, Nanos

LAG_NS = SCORE_OF_ONE_SOURCE.ns
"""How far one source may be behind another: the longest pause between two polls in play, and its own lag."""

DISAGREEMENT_NS = 45 * NANOS_PER_SECOND
"""Scores that no lag explains count as a disagreement after so long."""


@attrs.frozen
class Points:
    """What a source showed from a moment on."""

    since: Nanos
    home: int
    away: int


@attrs.define
class Track:
    """What one source has shown lately, oldest first; the first entry is what it showed `LAG_NS` ago."""

    shown: list[Points] = attrs.field(factory=list)
    heard_at: Nanos = Nanos(0)

    def append(self, seen: ScoreSeen, now: Nanos) -> None:
        """Take in what the source shows now."""
        self.heard_at = now
        shown = self.shown
        if not shown or (shown[-1].home, shown[-1].away) != (seen.home, seen.away):
            shown.append(Points(now, seen.home, seen.away))
        # The youngest entry before the horizon stays: it is what was shown at the horizon.
        while len(shown) > 1 and shown[1].since <= now - LAG_NS:
            del shown[0]

    def may_be_behind(self, other: "Track") -> bool:
        """Whether what this source shows is what the other has shown, or could have between two polls."""
        here = self.shown[-1]
        return _within(here.home, (points.home for points in other.shown)) and _within(
            here.away, (points.away for points in other.shown)
        )


class Agreement:
    """The sources of one game."""

    def __init__(self) -> None:
        """Begin with nobody heard."""
        self.disagree = False
        self._tracks: dict[str, Track] = {}
        self._differ_since: Nanos | None = None

    def on_score(self, seen: ScoreSeen, now: Nanos) -> bool:
        """Take a score in; returns whether `disagree` has changed."""
        track = self._tracks.get(seen.source)
        if track is None:
            track = self._tracks[seen.source] = Track()
        track.append(seen, now)
        if len(self._tracks) == 1:
            return False
        speaking = [each for each in self._tracks.values() if now - each.heard_at <= LAG_NS]
        before = self.disagree
        # A source that fell silent must not end a contradiction, and its last score is no evidence for one
        # either.
        if len(speaking) < len(self._tracks):
            self._differ_since = None
        elif all(_agree(one, other) for one, other in combinations(speaking, 2)):
            self._differ_since, self.disagree = None, False
        elif self._differ_since is None:
            self._differ_since = now
        elif now - self._differ_since >= DISAGREEMENT_NS:
            self.disagree = True
        return self.disagree is not before


def _agree(one: Track, other: Track) -> bool:
    return one.may_be_behind(other) or other.may_be_behind(one)


def _within(points: int, shown: Iterable[int]) -> bool:
    values = tuple(shown)
    return min(values) <= points <= max(values)

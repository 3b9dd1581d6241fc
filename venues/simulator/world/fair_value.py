"""What a contract is worth in the simulated world, given the score and the clock.

Makers, takers and sportsbooks price with it. The winner's price is the measured in-game model; margins and
points are normal around the path that `script` really plays, so that ladders and winner agree.
"""

from math import exp, sqrt
from typing import Final

import attrs

from engine.pregame_lines import phi
from engine.win_probability import InPlayModel
from venues.simulator.world.league import PLAYED
from venues.simulator.world.play_by_play import REVERSION, Lines, Moment

MARGIN_SIGMA: Final = 17.0
"""Standard deviation of a game's margin if leads did not revert."""
# Measured since 2008: the points of a game lie 17.4 to 18.1 around its closing total.
POINTS_SIGMA: Final = 17.0
"""Standard deviation of a game's points around the total, without its end."""
LATE_POINTS: Final = 2.6
LATE_SIGMA: Final = 6.5
"""Fouls of the last minute and overtimes: points that come at the very end, on average, and how surely."""
WINNER: Final = InPlayModel(p_cap=0.001)
"""The measured in-game model; the simulated crowd goes nearer to certainty than the engine's own."""


@attrs.frozen
class Outlook:
    """Everything that can be expected of a game at one moment."""

    p_home: float
    """Probability that the home team wins."""
    margin: float
    """Expected final margin of the home team."""
    margin_sd: float
    points: float
    """Expected final points of both teams."""
    points_sd: float

    def p_margin_above(self, line: float) -> float:
        """Probability that the home team wins by more than `line`, which may be negative."""
        p = phi((self.margin - line) / self.margin_sd)
        # To win by more is never likelier than to win.
        return min(p, self.p_home) if line >= 0 else max(p, self.p_home)

    def p_points_above(self, line: float) -> float:
        """Probability that both teams together score more than `line`."""
        return phi((self.points - line) / self.points_sd)


def outlook(lines: Lines, moment: Moment) -> Outlook:
    """The outlook at a moment; at the final it is certainty."""
    if moment.status == "Final":
        p_home = 1.0 if moment.lead > 0 else 0.0
        return Outlook(p_home, moment.lead, 0.01, moment.home + moment.away, 0.01)
    left = moment.minutes_left / PLAYED.minutes
    scored = moment.home + moment.away
    played = 1 - left if moment.period <= 4 else 1.0
    kept = exp(-REVERSION * left)
    margin = lines.spread * (played + left) + (moment.lead - lines.spread * played) * kept
    margin_sd = MARGIN_SIGMA * sqrt((1 - kept * kept) / (2 * REVERSION)) + 0.4
    late = LATE_POINTS if moment.period <= 4 else 0.0
    points = scored + (lines.total - late) * left + late
    points_sd = sqrt(POINTS_SIGMA**2 * left + (LATE_SIGMA**2 if late else 1.0))
    # Not the normal margin above: with the spread of final margins it is far too sure (0.91 at half-time
    # where 0.83 happens).
    p_home = WINNER.p_win(moment.lead, moment.minutes_left, lines.spread)
    return Outlook(p_home, margin, margin_sd, points, points_sd)

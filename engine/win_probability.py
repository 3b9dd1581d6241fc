"""While the game is on: probabilities of winner, margin and total from score, time left and expectation.

Called by the fair-value models of the strategies. The final margin is normal around the part of the lead that
lasts plus the part of the spread that is still to come, and the winner is whose margin is above zero: ladder
and winner are one distribution. Leads revert (of ten points after a quarter six are left at the end), so the
textbook's Brownian motion (Stern, JASA 89, 1994) is too sure of whoever leads. The constants stand in
`engine.in_play_fit` with where they come from. Points and minutes are floats, a lead is the home team's (or
the asked team's), and so is the spread.
"""

import math
from typing import Final

import attrs

from engine.in_play_curve import Curve, InPlayFit, between, place
from engine.in_play_fit import FITTED
from engine.leagues import NBA, League
from engine.pregame_lines import SD_TOTAL, phi, probit

MINUTES_OF_GAME: Final = NBA.minutes
"""Everything below is fitted to games of this length."""

_REGULATION_SECONDS: Final = 60.0 * MINUTES_OF_GAME

P_CAP: Final = 0.002
"""No model here knows anything nearer to 0 or 1 than this: of 1,500 games with a lead of five points or more
and five seconds left none was lost.
"""

# The points still to come are the expected ones: a fast first half says nothing of the second (coefficients
# 0.06, 0.01 and 0.01 on the surprise so far, 11,522 games of 2016-2024). Deviations 10.4, 13.5, 15.8 and 18.0
# points by the share of the game that is left; overtime makes the late ones larger.
_SHARES: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
_TOTAL_SD: Final = (20.8, 20.8, 19.1, 18.2, SD_TOTAL)


def minutes_left(period: int, clock_ms: int | None, lead: int, league: League = NBA) -> float | None:
    """Minutes still to be played, or None if the clock is unknown or impossible.

    Period 0 is before the tip. A level game at the end of regulation or of an overtime has the next overtime
    before it.
    """
    if period <= 0:
        return league.minutes
    if clock_ms is None or not 0 <= clock_ms <= league.minutes_of(period) * 60_000:
        return None
    minutes = clock_ms / 60_000 + max(league.periods - period, 0) * league.minutes_of_period
    # A level score at the end means that an overtime follows: with zero minutes left the game would pass for
    # decided.
    return league.minutes_of_overtime if minutes == 0.0 and lead == 0 else minutes


def capped(p: float, cap: float = P_CAP) -> float:
    """A probability kept away from 0 and 1."""
    return min(max(p, cap), 1.0 - cap)


@attrs.frozen
class InPlayModel:
    """The in-play model; every answer is capped.

    `p_cap` is the distance kept from 0 and 1, `fit` what it knows of games.
    """

    p_cap: float = attrs.field(default=P_CAP, validator=[attrs.validators.ge(0.0), attrs.validators.lt(0.5)])
    league: League = NBA
    """Whose games are asked about: how much is left of one is told by its share of their length."""
    fit: InPlayFit = FITTED

    def of(self, league: League) -> "InPlayModel":
        """The same for a game of that league."""
        return self if league is self.league else attrs.evolve(self, league=league)

    def spread_of_p0(self, p0: float) -> float:
        """The spread that makes this model agree with a price before the tip.

        Raises ValueError unless p0 lies strictly between 0 and 1.
        """
        before = self.fit.lined.at(_REGULATION_SECONDS)
        return probit(p0) * before.sd / before.to_come

    def p_win(self, lead: float, minutes: float, spread: float, *, overtime: bool = False) -> float:
        """P(the team with that lead wins), overtimes included; before the tip it is the price then."""
        return self.p_margin_above(0.0, lead, minutes, spread, overtime=overtime)

    def p_margin_above(
        self, line: float, lead: float, minutes: float, spread: float, *, overtime: bool = False
    ) -> float:
        """P(final margin > line); at a line of 0 it is `p_win`, since no game ends level.

        Normal, of mean kept × lead + to come × spread and the deviation of that moment (`Outlook`). In an
        overtime, of which `minutes` are left, the spread counts for more than with as much of regulation
        left.
        """
        curve, seconds = self.fit.lined, self._seconds(minutes)
        outlook = curve.at(seconds)
        to_come = outlook.to_come * (self.fit.overtime if overtime else 1.0) * spread
        return self._above_zero(outlook.kept * lead + to_come - line, seconds, curve)

    def p_margin_above_unlined(self, line: float, lead: float, minutes: float, home: int = 0) -> float:
        """The same where nobody said what was expected: the lead itself tells which team is better.

        `home` is 1 if the asked team is at home, -1 if the other is, 0 on a neutral court.
        """
        curve, seconds = self.fit.unlined, self._seconds(minutes)
        outlook = curve.at(seconds)
        return self._above_zero(outlook.kept * lead + outlook.to_come * home - line, seconds, curve)

    def p_total_above(self, line: float, points: float, minutes: float, total: float) -> float:
        """P(all points > line), given those scored so far and the total expected before the tip."""
        share = min(minutes / self.league.minutes, 1.0)
        left, part = place(_SHARES, share)
        sd = between(_TOTAL_SD, left, part) * math.sqrt(share)
        return capped(_p_above_zero(points + share * total - line, sd), self.p_cap)

    def sd_margin(self, minutes: float) -> float:
        """The deviation of the final margin when that much is left, in points."""
        return self.fit.lined.at(self._seconds(minutes)).sd

    def _above_zero(self, mean: float, seconds: float, curve: Curve) -> float:
        """P(a margin of that mean > 0); with nothing left to play the mean decides."""
        if 0.0 < seconds < self.fit.late.begins:
            return capped(phi(self.fit.late.z(mean, seconds, curve)), self.p_cap)
        return capped(_p_above_zero(mean, curve.at(seconds).sd if seconds > 0.0 else 0.0), self.p_cap)

    def _seconds(self, minutes: float) -> float:
        """Of a game as long as those that were fitted."""
        return _REGULATION_SECONDS * minutes / self.league.minutes


def _p_above_zero(mean: float, sd: float) -> float:
    """P(a normal value > 0); with nothing left to play the mean decides."""
    if sd <= 0.0:
        return 0.5 if mean == 0.0 else float(mean > 0.0)
    return phi(mean / sd)

"""While the game is on: probabilities of winner, margin and total from score, time left and expectation.

Called by the fair-value models of the strategies. The winner follows Stern's Brownian motion (JASA 89, 1994)
with a larger deviation and drift than the textbook's, because leads revert: (18, 1.5) has the best log loss
of the simple formulas on 12,843 and 9,519 games, where the textbook's (13, 1) says 0.905 at half-time and
0.827 happens. Points and minutes are floats, a lead is the home team's (or the asked team's), and so is the
spread.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

import attrs

from engine.leagues import NBA, League
from engine.pregame_lines import SD_MARGIN, SD_TOTAL, phi, probit

MINUTES_OF_GAME: Final = NBA.minutes
"""Everything below is fitted to games of this length."""

P_CAP: Final = 0.01
"""No model here knows anything nearer to 0 or 1 than this."""

# Effective deviation of the last minutes, fitted to 9,519 games (possession and fouling): 19.5 at 3 minutes
# left, 21.5 at 1 and 23.8 at a half. It rises without a step, so that the clock alone never moves the price
# by a jump.
_LATE_MINUTES: Final = (0.5, 1.0, 2.0, 3.0)
_LATE_FACTOR: Final = (23.8 / 18.0, 21.5 / 18.0, 20.0 / 18.0, 1.0)

# What is left of a game, regressed on lead and closing spread after each quarter (11,522 games of 2016-2024,
# overtime included; the reference tables have the same within the third digit). By the share of the game that
# is left.
_SHARES: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
_LEAD_LOST: Final = (0.0, 0.153, 0.248, 0.337, 0.337)
_SPREAD_LEFT: Final = (0.0, 0.265, 0.548, 0.761, 1.0)
# Their deviations divided by the square root of the share: 7.5, 10.2, 11.8 and 13.5 points.
_MARGIN_SD: Final = (15.0, 15.0, 14.4, 13.6, SD_MARGIN)
# The points still to come are the expected ones: a fast first half says nothing of the second (coefficients
# 0.06, 0.01 and 0.01 on the surprise so far). Deviations 10.4, 13.5, 15.8 and 18.0 points; overtime makes the
# late ones larger.
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


def spread_of_p0(p0: float, sigma: float = 18.0, drift: float = 1.5) -> float:
    """The spread that makes the model agree with the price p0 before the tip: 12 probit(p0) for (18, 1.5).

    Raises ValueError unless p0 lies strictly between 0 and 1.
    """
    return sigma / drift * probit(p0)


def p_of_share(lead: float, share: float, spread: float, sigma: float, drift: float) -> float:
    """Phi((lead + drift f S) / (sigma sqrt f)), f the share of the game that is left: the bare
    formula, without cap or late deviation.
    """
    return _p_above_zero(lead + drift * share * spread, sigma * math.sqrt(share))


def capped(p: float, cap: float = P_CAP) -> float:
    """A probability kept away from 0 and 1."""
    return min(max(p, cap), 1.0 - cap)


@attrs.frozen
class InPlayModel:
    """The in-play model and its parameters; every answer is capped.

    `sigma` is the deviation of a whole game's lead in points, `drift` the weight of the spread, `p_cap` the
    distance kept from 0 and 1.
    """

    sigma: float = attrs.field(default=18.0, validator=attrs.validators.gt(0.0))
    drift: float = attrs.field(default=1.5, validator=attrs.validators.gt(0.0))
    p_cap: float = attrs.field(default=P_CAP, validator=[attrs.validators.ge(0.0), attrs.validators.lt(0.5)])
    league: League = NBA
    """Whose games are asked about: how much is left of one is told by its share of their length."""

    def of(self, league: League) -> "InPlayModel":
        """The same for a game of that league."""
        return self if league is self.league else attrs.evolve(self, league=league)

    def spread_of_p0(self, p0: float) -> float:
        """The spread that makes this model agree with a price before the tip."""
        return spread_of_p0(p0, self.sigma, self.drift)

    def p_win(self, lead: float, minutes: float, spread: float) -> float:
        """P(the team with that lead wins), overtimes included; at f = 1 it is the price before the tip."""
        sigma = self.sigma * late_factor(minutes)
        return capped(p_of_share(lead, self._share(minutes), spread, sigma, self.drift), self.p_cap)

    def p_margin_above(self, line: float, lead: float, minutes: float, spread: float) -> float:
        """P(final margin > line). Leads revert and the rest of the spread is still to come, as measured."""
        share = min(self._share(minutes), 1.0)
        lead_kept = lead * (1.0 - _between(_SHARES, _LEAD_LOST, share))
        expected = lead_kept + spread * _between(_SHARES, _SPREAD_LEFT, share)
        sd = sd_margin_left(minutes, self.league)
        return capped(_p_above_zero(expected - line, sd), self.p_cap)

    def p_total_above(self, line: float, points: float, minutes: float, total: float) -> float:
        """P(all points > line), given those scored so far and the total expected before the tip."""
        share = min(self._share(minutes), 1.0)
        sd = sd_total_left(minutes, self.league)
        return capped(_p_above_zero(points + share * total - line, sd), self.p_cap)

    def _share(self, minutes: float) -> float:
        return minutes / self.league.minutes


def sd_margin_left(minutes: float, league: League = NBA) -> float:
    """The deviation of the final margin when that much is left: 13.5 points before the tip, 10.2 at
    half-time.
    """
    share = min(minutes / league.minutes, 1.0)
    return _between(_SHARES, _MARGIN_SD, share) * math.sqrt(share) * late_factor(minutes)


def sd_total_left(minutes: float, league: League = NBA) -> float:
    """The deviation of all points when that much is left: 18 before the tip, 13.5 at half-time."""
    share = min(minutes / league.minutes, 1.0)
    return _between(_SHARES, _TOTAL_SD, share) * math.sqrt(share)


def late_factor(minutes: float) -> float:
    """How much larger than sigma the deviation of the last three minutes is: 1 before, 1.32 in the last
    seconds.
    """
    return _between(_LATE_MINUTES, _LATE_FACTOR, minutes)


def _p_above_zero(mean: float, sd: float) -> float:
    """P(a normal value > 0); with nothing left to play the mean decides."""
    if sd <= 0.0:
        return 0.5 if mean == 0.0 else float(mean > 0.0)
    return phi(mean / sd)


def _between(xs: Sequence[float], ys: Sequence[float], x: float) -> float:
    """The straight line through the two nearest of increasing points, level outside them."""
    if x <= xs[0]:
        return ys[0]
    if x >= xs[-1]:
        return ys[-1]
    right = bisect_right(xs, x)
    left = right - 1
    return ys[left] + (ys[right] - ys[left]) * (x - xs[left]) / (xs[right] - xs[left])

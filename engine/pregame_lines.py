"""Before the tip: spreads, totals and moneylines as probabilities, and which vendors are one voice.

Called by the fair-value models of the strategies and by the schedule's priors. Points are floats here (a line
in `Tenths` divided by 10), a team's spread is positive where it is expected to win. The numbers were measured
on 23,118 games of 2008-2025; the winner and the margin need different deviations, because favourites coast
and scores cluster.
"""

import math
from collections.abc import Mapping
from statistics import NormalDist
from typing import Final

SD_MARGIN: Final = 13.5
"""Deviation of the final margin from the closing spread, in points (13.4 to 13.7 since 2020)."""

SD_TOTAL: Final = 18.0
"""Deviation of all points from the closing total, in points (17.6 to 18.1)."""

CIRCULAR_VENDORS: Final = frozenset({"kalshi", "polymarket"})
"""Vendors that quote prediction markets: a consensus with them would only tell the venue what it says itself.
"""

FEED_OF_VENDOR: Final[Mapping[str, str]] = {
    "ballybet": "betrivers",
    "betparx": "betrivers",
    "neds": "ladbrokes",
}
"""Skins of one and the same feed, which must not vote twice."""

# Market moneylines of 19,000 games: P = Phi((S - 0.91) / 10), rmse 0.015, for favourites by up to 15.
_MONEYLINE_SD: Final = 10.0
_MONEYLINE_OFFSET: Final = 0.9

_NORMAL: Final = NormalDist()


def phi(x: float) -> float:
    """The normal distribution function, exact in both tails."""
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def probit(p: float) -> float:
    """The inverse of `phi`. Raises ValueError unless p lies strictly between 0 and 1."""
    return _NORMAL.inv_cdf(p)


def p_win_of_spread(spread: float) -> float:
    """What a moneyline would say of a team favoured by `spread` points; use it only where a book has none.

    Phi((S - 0.9 sign S) / 10), and an even game within 0.9 points, where the fit would turn favourites over.
    """
    excess = max(abs(spread) - _MONEYLINE_OFFSET, 0.0)
    return phi(math.copysign(excess, spread) / _MONEYLINE_SD)


def spread_of_p_win(p_win: float) -> float:
    """The spread that goes with a moneyline's fair probability: the inverse of `p_win_of_spread` but at a
    half.

    Raises ValueError unless p_win lies strictly between 0 and 1.
    """
    x = probit(p_win)
    # Every spread within the offset gives one half, so the way back is not unique there; an even game is the
    # middle.
    if abs(x) < 1e-12:
        return 0.0
    return math.copysign(_MONEYLINE_SD * abs(x) + _MONEYLINE_OFFSET, x)


def p_margin_above(line: float, spread: float, sd: float = SD_MARGIN) -> float:
    """P(the team's final margin > line) before the tip, for a team favoured by `spread`."""
    return phi((spread - line) / sd)


def p_total_above(line: float, total: float, sd: float = SD_TOTAL) -> float:
    """P(all points of the game > line) before the tip, for a game expected to have `total`."""
    return phi((total - line) / sd)


def expected_of_line(line: float, p_above: float, sd: float) -> float:
    """The expected margin (or total) that a book says when it puts P(result > line) at `p_above`.

    The inverse of `p_margin_above` with SD_MARGIN and of `p_total_above` with SD_TOTAL. Raises ValueError
    unless p_above lies strictly between 0 and 1.
    """
    return line + sd * probit(p_above)

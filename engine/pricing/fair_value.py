"""The fair value of a market by the sportsbooks: each book de-vigged by itself, then aggregated.

Called by `sharp_line`, `ev_multi` and the baselines of the in-play strategies. Rows that are stale,
one-sided, circular or beyond -1500 are left out; books that share a feed vote once. A market of margins or
totals is valued by moving each book's own line to the market's with the normal model:
margins and totals scatter normally around the bookmaker's line, in play the less the less time is left.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from operator import itemgetter
from statistics import fmean, median
from typing import Final, NamedTuple

import attrs

from engine.events import OddsSeen
from engine.message import message
from engine.pregame_lines import (
    CIRCULAR_VENDORS,
    FEED_OF_VENDOR,
    SD_MARGIN,
    SD_TOTAL,
    expected_of_line,
    p_margin_above,
    p_total_above,
    p_win_of_spread,
)
from engine.pricing.devig import AMERICAN_NO_TRADE, DevigError, DevigMethod, p_fair_of_american
from engine.pricing.odds import OddsError, logit, p_of_logit
from engine.units import Nanos
from engine.view import Axis, Claim, GameView

SD_MARGIN_LIVE: Final = 14.4
SD_TOTAL_LIVE: Final = 19.1
"""Times the square root of the share of the game that is left: the measured deviations at half-time and near
them.
"""

P_EDGE: Final = 0.001
"""Books' probabilities nearer to 0 or 1 than this carry no information."""

AVERAGES: Final = ("median", "logit_mean", "mean", "weighted")


@attrs.frozen
class Rules:
    """How books are joined. `age_max` is the oldest row that counts, `weights` are the weighted average's."""

    age_max: Nanos
    books_min: int = 3
    average: str = "median"
    method: DevigMethod = DevigMethod.MULTIPLICATIVE
    exclude: frozenset[str] = frozenset()
    prefer: frozenset[str] = frozenset()
    weights: Mapping[str, float] = attrs.field(factory=dict)
    outlier_points: float | None = None
    of_tip: bool = False
    """What the books said of the game before it began is wanted, though it may have begun."""


class BookPrice(NamedTuple):
    """One book's fair probability that YES pays, and since when it says so."""

    vendor: str
    p_fair: float
    at: Nanos


@message
class FairValue:
    """What the books say together.

    `p_dispersion` is the distance between the highest and the lowest, `votes` one probability a feed, `until`
    when the first of them will be too old.
    """

    p_fair: float
    p_dispersion: float
    votes: tuple[tuple[str, float], ...]
    until: Nanos
    dropped: tuple[str, ...] = ()

    @property
    def books(self) -> int:
        """How many independent books were heard."""
        return len(self.votes)


# The class called would be a call for every row, market and poll.
_new: Final[Callable[[type[BookPrice], tuple[str, float, Nanos]], BookPrice]] = tuple.__new__


def fair_value(game: GameView, claim: Claim, rules: Rules, now: Nanos) -> FairValue | None:
    """The joint opinion of a claim, or None if fewer than `rules.books_min` independent ones are left."""
    prices = book_prices(game, claim, rules, now)
    return joined(prices, rules)


def book_prices(game: GameView, claim: Claim, rules: Rules, now: Nanos) -> list[BookPrice]:
    """Every usable book's own fair probability of a claim, by vendor."""
    share = _share_left(game)
    prices: list[BookPrice] = []
    # By name and not by arrival: the votes are put on record in this order.
    for vendor, row in sorted(_rows(game, rules, now).items(), key=itemgetter(0)):
        name = vendor.lower()
        if name in CIRCULAR_VENDORS or name in rules.exclude:
            continue
        if rules.prefer and name not in rules.prefer:
            continue
        # As `OddsSeen.said_at`, which is a call for every row, market and poll.
        said_at = row.at if row.at_venue is None else row.at_venue
        if now - said_at > rules.age_max:
            continue
        p_fair = p_of_row(row, claim, rules.method, share)
        if p_fair is not None and P_EDGE < p_fair < 1.0 - P_EDGE:
            prices.append(_new(BookPrice, (name, p_fair, said_at)))
    return prices


def _rows(game: GameView, rules: Rules, now: Nanos) -> dict[str, OddsSeen]:
    if not rules.of_tip:
        return game.odds_that_count(now)
    return {vendor: row for vendor, row in game.odds.items() if not row.in_play}


def joined(prices: Iterable[BookPrice], rules: Rules) -> FairValue | None:
    """One opinion of many books: one vote a feed, outliers dropped if the rules say so."""
    feeds: dict[str, list[BookPrice]] = {}
    for price in prices:
        feed = FEED_OF_VENDOR.get(price.vendor, price.vendor)
        heard = feeds.get(feed)
        if heard is None:
            feeds[feed] = [price]
        else:
            heard.append(price)
    votes: dict[str, float] = {}
    for feed in sorted(feeds):
        heard = feeds[feed]
        # The vote of one feed, which is nearly always a single book.
        votes[feed] = heard[0].p_fair if len(heard) == 1 else median([price.p_fair for price in heard])
    kept = _without_outliers(votes, rules.outlier_points)
    if len(kept) < max(1, rules.books_min):
        return None
    oldest = min([price.at for feed in kept for price in feeds[feed]])
    return FairValue(
        p_fair=_average(kept, rules),
        p_dispersion=max(kept.values()) - min(kept.values()),
        votes=tuple(kept.items()),
        until=Nanos(oldest + rules.age_max + 1),
        dropped=tuple(feed for feed in votes if feed not in kept),
    )


def p_of_row(row: OddsSeen, claim: Claim, method: DevigMethod, share: float | None = 1.0) -> float | None:
    """One book's fair probability of a claim; None if it does not say, or says what cannot be believed.

    `share` is how much of the game is left (1 before the tip); None if unknown, and then only the book's own
    moneyline can be used.
    """
    try:
        if claim.axis is Axis.TOTAL:
            p_above = _p_total(row, claim, method, share)
        elif claim.threshold == 0:
            p_above = _p_home(row, method, share)
        else:
            p_above = _p_margin(row, claim, method, share)
    except (OddsError, DevigError, ValueError):
        return None
    if p_above is None or not math.isfinite(p_above):
        return None
    return p_above if claim.above else 1.0 - p_above


def _p_home(row: OddsSeen, method: DevigMethod, share: float | None) -> float | None:
    home, away = row.moneyline_home, row.moneyline_away
    # As `_two_sided`, for the commonest case.
    if home is not None and away is not None and home > AMERICAN_NO_TRADE and away > AMERICAN_NO_TRADE:
        return _fair_first(home, away, method)
    # A book without a moneyline: its spread says nearly the same, before the tip.
    p_cover = _two_sided(row.spread_home_odds, row.spread_away_odds, method)
    # A moneyline that is there but one-sided or extreme was refused for a reason; the spread must not replace
    # it.
    if home is not None or away is not None or share != 1.0:
        return None
    if p_cover is None or row.spread_home is None:
        return None
    return p_win_of_spread(expected_of_line(-row.spread_home / 10, p_cover, SD_MARGIN))


def _p_margin(row: OddsSeen, claim: Claim, method: DevigMethod, share: float | None) -> float | None:
    p_cover = _two_sided(row.spread_home_odds, row.spread_away_odds, method)
    if p_cover is None or row.spread_home is None or share is None or share <= 0.0:
        return None
    # The deviation in play was measured near half-time; before and right after the tip it would exceed the
    # whole game's.
    sd = min(SD_MARGIN, SD_MARGIN_LIVE * math.sqrt(share))
    expected = expected_of_line(-row.spread_home / 10, p_cover, sd)
    return p_margin_above(claim.threshold / 10, expected, sd)


def _p_total(row: OddsSeen, claim: Claim, method: DevigMethod, share: float | None) -> float | None:
    p_over = _two_sided(row.over_odds, row.under_odds, method)
    if p_over is None or row.total is None or share is None or share <= 0.0:
        return None
    sd = min(SD_TOTAL, SD_TOTAL_LIVE * math.sqrt(share))
    return p_total_above(claim.threshold / 10, expected_of_line(row.total / 10, p_over, sd), sd)


def _two_sided(first: int | None, second: int | None, method: DevigMethod) -> float | None:
    """The first side's fair probability; None for one-sided rows and for favourites beyond -1500."""
    if first is None or second is None or first <= AMERICAN_NO_TRADE or second <= AMERICAN_NO_TRADE:
        return None
    return _fair_first(first, second, method)


@lru_cache(maxsize=4096)
def _fair_first(first: int, second: int, method: DevigMethod) -> float:
    """Remembered, because a book quotes few prices, and the same ones in poll after poll."""
    return p_fair_of_american(first, second, method)


def _share_left(game: GameView) -> float | None:
    if not game.live:
        return 1.0
    share = game.share_left()
    return None if share is None else min(share, 1.0)


def _without_outliers(votes: dict[str, float], points: float | None) -> dict[str, float]:
    """Votes further than `points` (of probability) from the median of all are not believed."""
    # Of two votes nobody can tell which one is the outlier.
    if points is None or len(votes) < 3:
        return votes
    middle = median(votes.values())
    return {feed: p for feed, p in votes.items() if abs(p - middle) <= points + 1e-9}


def _average(votes: Mapping[str, float], rules: Rules) -> float:
    match rules.average:
        case "median":
            return median(votes.values())
        case "logit_mean":
            return p_of_logit(fmean(logit(p) for p in votes.values()))
        case "mean":
            return fmean(votes.values())
        case "weighted":
            weights = [rules.weights.get(feed, 1.0) for feed in votes]
            return math.fsum(w * p for w, p in zip(weights, votes.values(), strict=True)) / math.fsum(weights)
        case other:
            raise ValueError(f"{other!r} is no average; there are {', '.join(AVERAGES)}")

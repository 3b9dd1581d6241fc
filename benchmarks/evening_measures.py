"""What `benchmarks.evenings` measures of an evening: spreads, changes of best prices, minutes of trading.

Prices are in cents of YES, sizes in contracts, times in seconds of the UTC epoch.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import correlation, fmean, median

import attrs


@attrs.frozen
class Top:
    """Best prices in cents from a moment (s) on; contracts bid and offered there, where it is told."""

    at: float
    bid: float
    ask: float
    sizes: tuple[float, ...] = ()


@attrs.frozen
class Minute:
    """A minute in play: the last close (cents), what was traded in it (contracts), the lead of YES's team."""

    close: float
    volume: float
    lead: int


Games = Sequence[Sequence[Minute]]


@attrs.frozen
class Evening:
    """What is measured: tops of a market before the tip and in play, and minutes of games."""

    before: Sequence[Top] = ()
    live: Sequence[Top] = ()
    tip: float = 0.0
    ends_at: float = 0.0
    games: Games = ()


def spread(tops: Sequence[Top], ends_at: float) -> float:
    """The mean distance of bid and ask in cents, each for as long as it stood."""
    stood = [(then.at - top.at, top) for top, then in pairwise([*tops, Top(ends_at, 0, 0)])]
    return sum(time * (top.ask - top.bid) for time, top in stood) / sum(time for time, _ in stood)


def moved(tops: Iterable[Top]) -> list[float]:
    """The moments at which a best price changed."""
    return [then.at for top, then in pairwise(tops) if (top.bid, top.ask) != (then.bid, then.ask)]


def share_within(changes: Sequence[float], begins: float, ends: float, seconds: float) -> float:
    """How likely a best price changes within so many seconds of a random moment."""
    covered, reached = 0.0, begins
    for change in changes:
        # The moments from which this change is near enough, less those that an earlier one covers already.
        covered += max(0.0, change - max(reached, change - seconds))
        reached = max(reached, change)
    return covered / (ends - begins)


def quiet_minutes(games: Games) -> float:
    """The share of minutes without a trade."""
    return fmean(minute.volume == 0 for game in games for minute in game)


def autocorrelation(games: Games) -> float:
    """Of the changes of one minute with those of the next, both with a trade."""
    pairs = [
        (second.close - first.close, third.close - second.close)
        for game in games
        for first, second, third in zip(game, game[1:], game[2:], strict=False)
        if first.volume and second.volume and third.volume
    ]
    return correlation([first for first, _ in pairs], [second for _, second in pairs])


def follows(games: Games, later: int) -> float:
    """Correlation of a minute's change of the lead with the change of price `later` minutes after it."""
    pairs = []
    for game in games:
        leads = [then.lead - minute.lead for minute, then in pairwise(game)]
        closes = [then.close - minute.close for minute, then in pairwise(game)]
        pairs += [
            (lead, closes[number + later])
            for number, lead in enumerate(leads)
            if 0 <= number + later < len(closes)
        ]
    return correlation([float(lead) for lead, _ in pairs], [close for _, close in pairs])


def change_of_a_minute(games: Games) -> float:
    """The mean size of the change of a close from one traded minute to the next, in cents."""
    return fmean(
        abs(then.close - minute.close)
        for game in games
        for minute, then in pairwise(game)
        if minute.volume and then.volume
    )


def traded(games: Games) -> float:
    """Contracts of a minute with trades, half of them more."""
    return median(minute.volume for game in games for minute in game if minute.volume)


def leads(games: Games) -> float:
    """Whether the price moves a minute before the score does."""
    return follows(games, -1)


def together(games: Games) -> float:
    """Whether price and score move in the same minute."""
    return follows(games, 0)


def lags(games: Games) -> float:
    """Whether the price moves a minute after the score."""
    return follows(games, 1)


def seconds_behind(games: Games) -> float:
    """How far the price is behind the scorer, if it follows at once after so many seconds of a minute.

    A change of the lead at a random moment of its minute is then answered in the same minute or in the next,
    as the two correlations share it; noise of the closes is in both.
    """
    same, next_ = together(games), lags(games)
    return 60 * next_ / (same + next_)


FAR_CENTS = 5
"""A move of so much in two minutes is one that a follower of prices would go with."""


def continuation(games: Games) -> float:
    """The slope of what follows in two minutes on a move of at least FAR_CENTS in the two before."""
    pairs = [
        (second.close - first.close, third.close - second.close)
        for game in games
        for first, second, third in zip(game, game[2:], game[4:], strict=False)
        if abs(second.close - first.close) >= FAR_CENTS
    ]
    # Through the origin: without a move there is nothing to go on.
    return sum(move * after for move, after in pairs) / sum(move * move for move, _ in pairs)


def minutes_of_a_game(games: Games) -> float:
    """How long a game takes on the wall clock, half of them longer."""
    return float(median(len(game) for game in games))

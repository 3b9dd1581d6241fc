"""The verdict on a strategy: one word for programs and one sentence for people, or that there is none yet.

A result counts only if it holds under all three readings of what was filled: a gain under the least of them,
a loss under the most; and only if it holds in view of what could have come and was not seen. Below
`GAMES_MIN` games there is no verdict at all: resampling two games once gave "+0.0004 to +0.0103", which looks
significant and means nothing.
"""

import math
from collections.abc import Mapping
from enum import Enum
from typing import Final

import attrs

from engine.scoring.bootstrap import Interval
from engine.scoring.unseen_results import UnseenResults

GAMES_MIN: Final = 30
"""With fewer games there is no verdict."""

GAMES_TOLD_MAX: Final = 100_000
"""More games than this are not told as a number: nobody will play them."""

Z_TWO_SIDED: Final = 1.959963984540054
"""Deviations of the normal distribution between which 95 % lie: an error of 5 %, on both sides."""

Z_POWER: Final = 0.8416212335729143
"""Deviations below which 80 % lie: how often an edge that is there shall be found."""


class Judgement(Enum):
    """What can be said of a strategy's money against the price it traded at."""

    BEATS = "beats_the_price"
    LOSES = "loses"
    NOT_TOLD_APART = "not_told_apart"
    UNKNOWN = "cannot_be_known"


class Honesty(Enum):
    """How what a strategy expected of its fills compares with what they brought."""

    UNKNOWN = "cannot_be_known"
    BORNE_OUT = "borne_out"
    FICTION = "fiction"
    MODEST = "more_than_expected"


@attrs.frozen
class Power:
    """How many games would tell an edge of this size: `needed` in all, `more` than there are.

    Both are None where no number of games would: without an edge there is nothing to tell.
    """

    needed: int | None
    more: int | None


def games_needed(deviation: float, edge: float) -> int | None:
    """Games in which an edge is told from nothing, 5 % two-sided and 80 % power; None without an edge.

    ((1.96 + 0.84) × deviation / edge)², the usual formula of a mean's test, rounded up: a deviation of 0.05 a
    game and an edge of 0.01 need 197. Raises ValueError for a negative deviation.
    """
    if deviation < 0.0:
        raise ValueError(f"a deviation of {deviation}")
    if edge == 0.0:
        return None
    needed = ((Z_TWO_SIDED + Z_POWER) * deviation / abs(edge)) ** 2
    return math.ceil(needed) if needed <= GAMES_TOLD_MAX else None


def power(results: Mapping[str, float]) -> Power:
    """How many games the measured edge and deviation of results by game ask for."""
    games = len(results)
    least = max(0, GAMES_MIN - games)
    if games < 2:
        return Power(None, least)
    mean = math.fsum(results.values()) / games
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in results.values()) / (games - 1))
    needed = games_needed(deviation, mean)
    if needed is None:
        return Power(None, None)
    needed = max(needed, GAMES_MIN)
    return Power(needed, max(0, needed - games))


@attrs.frozen
class Verdict:
    """A strategy's judgement, and what it rests on.

    `low` and `high` are the readings of least and most money by name, `per_game` their means a game with
    intervals, in dollars, and `unseen` where these means may lie for all that was not seen. `rare` says that
    the intervals alone would have judged: what spoke against it has been seen too seldom.
    """

    judgement: Judgement
    games: int
    power: Power
    low: str
    high: str
    per_game: Mapping[str, Interval]
    unseen: Mapping[str, UnseenResults]
    rare: bool
    sentence: str


def verdict(
    per_game: Mapping[str, Interval], unseen: Mapping[str, UnseenResults], results: Mapping[str, float]
) -> Verdict:
    """Judge a strategy by interval and bounds of each reading, and by its base results by game, in dollars.

    Raises ValueError without a reading where there are games, and for a reading without bounds.
    """
    games, needs = len(results), power(results)
    if games and not per_game:
        raise ValueError("results without a reading of them")
    if set(per_game) != set(unseen):
        raise ValueError(f"intervals of {sorted(per_game)} and bounds of {sorted(unseen)}")
    ordered = sorted(per_game, key=lambda name: (per_game[name].estimate, name))
    low, high = (ordered[0], ordered[-1]) if ordered else ("", "")
    judgement, rare = Judgement.NOT_TOLD_APART, False
    if games < GAMES_MIN:
        judgement = Judgement.UNKNOWN
    elif per_game[low].low > 0.0:
        rare = unseen[low].at_least <= 0.0
        judgement = Judgement.NOT_TOLD_APART if rare else Judgement.BEATS
    elif per_game[high].high < 0.0:
        rare = unseen[high].at_most >= 0.0
        judgement = Judgement.NOT_TOLD_APART if rare else Judgement.LOSES
    found = Verdict(judgement, games, needs, low, high, per_game, unseen, rare, "")
    return attrs.evolve(found, sentence=_sentence(found))


def _sentence(found: Verdict) -> str:
    games = found.games
    if games == 0:
        return f"cannot be known: it has not traded; {GAMES_MIN} games are the least."
    if found.judgement is Judgement.UNKNOWN:
        more = GAMES_MIN - games
        return f"cannot be known from {_games(games)}: at least {more} more are needed."
    base = found.per_game.get("base") or found.per_game[found.low]
    what = f"{base.estimate:+.2f} dollars a game ({base.low:+.2f} to {base.high:+.2f}) in {_games(games)}"
    match found.judgement:
        case Judgement.BEATS:
            worst = found.per_game[found.low]
            return f"beats the price: {what}; at the least {worst.low:+.2f} ({found.low})."
        case Judgement.LOSES:
            best = found.per_game[found.high]
            return f"loses: {what}; at the most {best.high:+.2f} ({found.high})."
        case _:
            why = _rare(found) if found.rare else _more(found.power)
            return f"not told apart from chance: {what}; {why}"


def _rare(found: Verdict) -> str:
    if found.per_game[found.low].low > 0.0:
        stood = f"a game stood to lose {-found.unseen[found.low].worst:.2f}"
    else:
        stood = f"a game stood to bring {found.unseen[found.high].best:.2f}"
    return f"{stood}, and too few were played to tell how rare that is."


def _more(needs: Power) -> str:
    if needs.more is None:
        return "no number of games that can be played would tell an edge so small."
    if needs.more == 0:
        return "the readings differ too much for a verdict, or games are too unequal."
    return f"about {needs.more} more would tell, if the edge is what it seems."


def _games(count: int) -> str:
    return "1 game" if count == 1 else f"{count} games"


def honesty(stated: float | None, gap: Interval | None, games: int) -> Honesty:
    """Whether expectations came true: `gap` is what fills brought less what was stated, a contract."""
    if stated is None or gap is None or games < GAMES_MIN:
        return Honesty.UNKNOWN
    if gap.high < 0.0:
        return Honesty.FICTION
    return Honesty.MODEST if gap.low > 0.0 else Honesty.BORNE_OUT

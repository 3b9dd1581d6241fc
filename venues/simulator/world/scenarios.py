"""Situations planted in an evening so that every strategy meets its case.

Each is a window of time in which some markets of a game believe something other than the fair price.
Drawn from the seed by `venues.simulator.world.game` before the game begins. Must not look at results.
"""

from enum import Enum
from random import Random
from typing import Final

import attrs

from venues.simulator.world.play_by_play import Moment
from venues.simulator.world.settings import MINUTE, SECOND

RUN_POINTS: Final = 8
RUN_SECONDS: Final = 150


class Cause(Enum):
    """Why a market is away from its fair price."""

    OPINION = "opinion"
    """Before the game the venue's crowd leans to one team; the sportsbooks do not."""
    LAG = "lag"
    """After a scoring run nobody re-quotes for a while."""
    OVERREACTION = "overreaction"
    """After a scoring run the price goes too far and comes back slowly."""
    INCOHERENCE = "incoherence"
    """One rung of a ladder, or one of the two winners, is out of line with the others."""


@attrs.frozen
class Scenario:
    """From `start` to `end` (UTC nanoseconds) `markets` err by `cents`, towards the home team."""

    cause: Cause
    start: int
    end: int
    markets: tuple[int, ...]
    """Places of the markets in the game's listing."""
    cents: float

    def error(self, at: int) -> float:
        """By how many cents the belief is off; an overreaction decays, the others are constant."""
        if not self.start <= at < self.end:
            return 0.0
        if self.cause is Cause.OVERREACTION:
            return self.cents * (self.end - at) / (self.end - self.start)
        return 0.0 if self.cause is Cause.LAG else self.cents


def plan_cases(moments: list[Moment], begins: int, market_count: int, rng: Random) -> tuple[Scenario, ...]:
    """The cases of one game, in no particular order. The first two markets are the winners."""
    tip, final = moments[0].at, moments[-1].at
    cases = [_opinion(begins, tip, rng)]
    cases += _after_runs(moments, rng, market_count)
    for _ in range(3):
        start = rng.randrange(tip, final - 10 * MINUTE)
        cents = rng.choice((-1, 1)) * rng.uniform(11, 16)
        rung = rng.randrange(2, market_count)
        cases.append(
            Scenario(Cause.INCOHERENCE, start, start + rng.randint(50, 110) * SECOND, (rung,), cents)
        )
    start = rng.randrange(tip, final - 30 * MINUTE)
    cents = rng.choice((-1, 1)) * rng.uniform(7, 11)
    cases.append(
        Scenario(Cause.INCOHERENCE, start, start + rng.randint(40, 90) * SECOND, (rng.randrange(2),), cents)
    )
    return tuple(cases)


def _opinion(begins: int, tip: int, rng: Random) -> Scenario:
    start = begins + rng.randint(2, 5) * MINUTE
    end = max(start + 4 * MINUTE, tip - rng.randint(3, 8) * MINUTE)
    return Scenario(Cause.OPINION, start, end, (0, 1), rng.choice((-1, 1)) * rng.uniform(9, 13))


def _after_runs(moments: list[Moment], rng: Random, market_count: int) -> list[Scenario]:
    """Lags and overreactions, in turn, at the ends of scoring runs."""
    everything = tuple(range(market_count))
    cases: list[Scenario] = []
    quiet_until = 0
    runs = scoring_runs(moments)
    # A game with a single run still has a moment that excites the crowd.
    runs.append((moments[len(moments) * 3 // 5].at, rng.choice((-1, 1))))
    for at, points in runs:
        if at < quiet_until:
            continue
        quiet_until = at + 6 * MINUTE
        if len(cases) % 2 == 0:
            start = at - RUN_SECONDS // 2 * SECOND
            cases.append(Scenario(Cause.LAG, start, at + rng.randint(15, 40) * SECOND, everything, 0.0))
        else:
            cents = (1 if points > 0 else -1) * rng.uniform(7, 12)
            start = at + 2 * SECOND
            end = start + rng.randint(150, 300) * SECOND
            cases.append(Scenario(Cause.OVERREACTION, start, end, (0, 1), cents))
    return cases


def scoring_runs(moments: list[Moment]) -> list[tuple[int, int]]:
    """Moments at which a team has won RUN_POINTS of lead within RUN_SECONDS, with the change of lead."""
    runs: list[tuple[int, int]] = []
    first = 0
    for number, moment in enumerate(moments):
        while moment.at - moments[first].at > RUN_SECONDS * SECOND:
            first += 1
        change = moment.lead - moments[first].lead
        if abs(change) >= RUN_POINTS:
            runs.append((moment.at, change))
            first = number
    return runs

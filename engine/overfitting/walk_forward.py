"""Walk-forward by date: choose on what was known before a day, judge on the games from that day on.

Splits are by the day of a game and never inside one: all that was bet on a game, by every trial, is on one
side. Training is purged of games that were still open when the test begins (López de Prado 2018, chapter 7).
"""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

import attrs

from engine.overfitting.moments import Moments
from engine.overfitting.table import PlayedGame, SweepTable, Trial

FOLDS_MAX: Final = 100
"""Splits of a season; more would choose anew every day and a half."""


@attrs.frozen
class Schedule:
    """How to walk: in how many steps, after what share of the games, and what is left out of training.

    `gap_days` days before each test are left out of training too (an embargo). `train_days_max` lets old
    games go, so that the window rolls; without it training grows.
    """

    folds: int = attrs.field(default=6, validator=[attrs.validators.ge(1), attrs.validators.le(FOLDS_MAX)])
    first_share: float = attrs.field(
        default=0.4, validator=[attrs.validators.gt(0.0), attrs.validators.lt(1.0)]
    )
    gap_days: int = attrs.field(default=0, validator=attrs.validators.ge(0))
    train_days_max: int | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.ge(1))
    )


@attrs.frozen
class Fold:
    """One split: places of games to choose on, and of those to judge on, every one of them later."""

    train: tuple[int, ...]
    test: tuple[int, ...]


def folds(games: Sequence[PlayedGame], how: Schedule | None = None) -> tuple[Fold, ...]:
    """The splits of games in the order of their days; none where all of them are of one day.

    Whole days are tested, about equally many games a step; days that are few make fewer steps. Every game
    from the first test on is tested once, except after days so long without games that a rolling window has
    nothing to choose on. Raises ValueError for games out of order.
    """
    how = how or Schedule()
    days = [game.day for game in games]
    if days != sorted(days):
        raise ValueError("games are not in the order of their days")
    starts = _starts(days, how)
    found = []
    for start, end in pairwise([*starts, len(days)]):
        train = _known_before(games, start, how)
        if train:
            found.append(Fold(train, tuple(range(start, end))))
    return tuple(found)


def _starts(days: Sequence[date], how: Schedule) -> list[int]:
    """Where the tests begin: the first game of a day, at or after each of the even places."""
    count = len(days)
    firsts = [place for place in range(1, count) if days[place] != days[place - 1]]
    begin = how.first_share * count
    wanted = [begin + (count - begin) * step / how.folds for step in range(how.folds)]
    starts: list[int] = []
    for place in wanted:
        later = [first for first in firsts if first >= place and first not in starts]
        starts.extend(later[:1])
    return starts


def _known_before(games: Sequence[PlayedGame], start: int, how: Schedule) -> tuple[int, ...]:
    begins = games[start].day
    until = begins - timedelta(days=how.gap_days)
    since = None if how.train_days_max is None else begins - timedelta(days=how.train_days_max)
    return tuple(
        place
        for place, game in enumerate(games[:start])
        if game.last_day < until and (since is None or game.day >= since)
    )


@attrs.frozen
class Step:
    """One fold as it went: which trial was chosen, its mean a game where it was chosen, and afterwards."""

    fold: Fold
    chosen: str
    inside: float
    outside: float


@attrs.frozen
class WalkForward:
    """What choosing the best again and again would have brought: the steps, and each tested game's result."""

    steps: tuple[Step, ...]
    places: tuple[int, ...]
    results: tuple[float, ...]

    @property
    def outside(self) -> Moments | None:
        """The moments of the tested games; None for fewer than two."""
        return Moments.of(self.results) if len(self.results) > 1 else None


def walk_forward(table: SweepTable, how: Schedule | None = None) -> WalkForward:
    """Choose the trial of the highest mean in each training and take its results in the test.

    Of equally good ones the first by key is taken. Cost: trials × games × folds additions.
    """
    steps: list[Step] = []
    places: list[int] = []
    results: list[float] = []
    for fold in folds(table.games, how) if table.trials else ():
        best = max(table.trials, key=lambda trial, fold=fold: _mean(trial, fold.train))  # type: ignore[misc]
        taken = [best.results[place] for place in fold.test]
        steps.append(Step(fold, best.key, _mean(best, fold.train), _mean(best, fold.test)))
        places.extend(fold.test)
        results.extend(taken)
    return WalkForward(tuple(steps), tuple(places), tuple(results))


def _mean(trial: Trial, places: Sequence[int]) -> float:
    # Places of a training may have holes, and results are summed in one order: equal ones stay equal.
    return sum([trial.results[place] for place in places]) / len(places)

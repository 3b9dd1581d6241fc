"""Seasons made up from a seed for the tests of searching: games by day, trials with and without an edge."""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

from engine.overfitting.table import PlayedGame, SweepTable, Trial

FIRST = date(2026, 10, 20)
GAMES_A_DAY = 7


def games(count: int, a_day: int = GAMES_A_DAY) -> list[PlayedGame]:
    """So many games, so many a day."""
    return [PlayedGame(f"game-{place:04}", FIRST + timedelta(days=place // a_day)) for place in range(count)]


def table(rows: Sequence[Sequence[float]], tried: int | None = None) -> SweepTable:
    """Trials by rows, with a parameter that counts them."""
    trials = [Trial(f"trial-{place:03}", {"place": place}, tuple(row)) for place, row in enumerate(rows)]
    return SweepTable.of(games(len(rows[0])), trials, tried=tried)


def noise(trials: int, count: int, seed: int = 1) -> list[list[float]]:
    """Results of trials without an edge, every one its own."""
    random = Random(seed)
    return [[random.gauss(0.0, 1.0) for _game in range(count)] for _trial in range(trials)]

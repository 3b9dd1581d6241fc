"""What a strategy brought a game, with an interval that draws whole games.

The commands' only way to the resampling: a game is the unit, since what happens within one belongs together.
"""

from collections.abc import Mapping, Sequence

from engine.scoring.bootstrap import Interval, Resampling, interval, seed_of
from engine.units import Money, format_money
from tipoff.json_types import Json

CONFIDENCE = 0.95


def mean_a_game(results: Mapping[str, int], *words: str) -> Interval | None:
    """The mean of money by game; None without games. The draw follows from `words` and nothing else."""
    blocks = [[results[game]] for game in sorted(results)]
    return interval(blocks, _mean, _how(*words))


def difference_a_game(
    a: Mapping[str, int], b: Mapping[str, int], *words: str
) -> tuple[Interval | None, bool]:
    """How much more b brought a game than a, and whether the games were paired: those that both have are, and
    only where there are none the two are drawn apart.
    """
    both = a.keys() & b.keys()
    if both:
        return mean_a_game({game: b[game] - a[game] for game in both}, *words), True
    blocks = [[(1, b[game])] for game in sorted(b)] + [[(0, a[game])] for game in sorted(a)]
    return interval(blocks, _between, _how(*words)), False


def document_of(found: Interval | None) -> Json:
    """Dollars a game as a document has them."""
    if found is None:
        return None
    return {
        "mean": _dollars(found.estimate),
        "low": _dollars(found.low),
        "high": _dollars(found.high),
        "confidence": CONFIDENCE,
        "games": found.games,
    }


def _dollars(amount: float) -> str:
    return format_money(Money(round(amount)))


def _how(*words: str) -> Resampling:
    return Resampling(seed=seed_of(*words), confidence=CONFIDENCE)


def _mean(results: Sequence[int]) -> float | None:
    return sum(results) / len(results) if results else None


def _between(rows: Sequence[tuple[int, int]]) -> float | None:
    a, b = ([amount for side, amount in rows if side == wanted] for wanted in (0, 1))
    return sum(b) / len(b) - sum(a) / len(a) if a and b else None

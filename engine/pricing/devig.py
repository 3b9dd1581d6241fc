"""Taking the book's margin out of its prices: five ways from implied to fair probabilities.

Called by the consensus of `engine.pricing.fair_value` and by reports. For the main lines of the NBA the plain
multiplicative way is the best calibrated of them (measured on 19,807 games, 2008-2023); power and Shin come
from soccer and racing and overstate favourites here. A book that a method cannot handle is a `DevigError`,
never a clamped number.

`p_implied` are raw implied probabilities q; B is their sum. Rows of the reference tables are in the tests.
"""

import math
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Final, TypeAlias, assert_never

from engine.pricing.odds import p_of_american

Probabilities: TypeAlias = tuple[float, ...]

AMERICAN_NO_TRADE: Final = -1500
"""For favourites beyond this price the methods differ by 2 to 4 points: treat it as no information."""

OVERROUND_PER_OUTCOME_MAX: Final = 0.15
"""A larger margin is no market but a mistake or a suspended one (measured: 2 to 3 points an outcome)."""

UNDERROUND_MAX: Final = 0.05
"""Sides of different age can sum to less than 1; more than this below it is refused."""

_HALVINGS: Final = 200
_FACTOR_MAX: Final = 1e6


class DevigError(ValueError):
    """Prices from which the method has no fair probabilities."""


class DevigMethod(Enum):
    """The names by which the configuration chooses."""

    # Without a call for every look into a memory.
    __hash__ = object.__hash__

    MULTIPLICATIVE = "multiplicative"
    ADDITIVE = "additive"
    POWER = "power"
    ODDS_RATIO = "odds_ratio"
    SHIN = "shin"


def devig(method: DevigMethod, p_implied: Sequence[float]) -> Probabilities:
    """Fair probabilities by the chosen method; they sum to 1. Raises DevigError."""
    match method:
        case DevigMethod.MULTIPLICATIVE:
            return multiplicative(p_implied)
        case DevigMethod.ADDITIVE:
            return additive(p_implied)
        case DevigMethod.POWER:
            return power(p_implied)
        case DevigMethod.ODDS_RATIO:
            return odds_ratio(p_implied)
        case DevigMethod.SHIN:
            return shin(p_implied)
        case _:
            assert_never(method)


def p_fair_of_american(home: int, away: int, method: DevigMethod = DevigMethod.MULTIPLICATIVE) -> float:
    """The fair probability of the first of two sides. Raises DevigError or OddsError."""
    return devig(method, (p_of_american(home), p_of_american(away)))[0]


def multiplicative(p_implied: Sequence[float]) -> Probabilities:
    """Shares q / B: every outcome gives the same share of its price. Raises DevigError for no book."""
    total = _checked(p_implied)
    return tuple(q / total for q in p_implied)


def additive(p_implied: Sequence[float]) -> Probabilities:
    """Differences q - (B - 1) / n: every outcome gives the same amount. Raises DevigError if a longshot would
    have none left.
    """
    margin = (_checked(p_implied) - 1.0) / len(p_implied)
    p_fair = tuple(q - margin for q in p_implied)
    if not all(0.0 < p < 1.0 for p in p_fair):
        raise DevigError(f"additive: the margin exceeds the price of a longshot in {_text(p_implied)}")
    return p_fair


def power(p_implied: Sequence[float]) -> Probabilities:
    """Powers q ** k, with k so that they sum to 1. Raises DevigError for impossible books."""
    k = power_exponent(p_implied)
    return _normalised([q**k for q in p_implied])


def power_exponent(p_implied: Sequence[float]) -> float:
    """The k of `power`: above 1 for a book with a margin, 1 without."""
    _checked(p_implied)
    return _falling_root(lambda k: math.fsum(q**k for q in p_implied) - 1.0)


def odds_ratio(p_implied: Sequence[float]) -> Probabilities:
    """Ratios q / (c + q - c q): every outcome's odds are divided by the same c (a shift of all logits).
    Raises DevigError.
    """
    c = odds_ratio_factor(p_implied)
    return _normalised([q / (c + q - c * q) for q in p_implied])


def odds_ratio_factor(p_implied: Sequence[float]) -> float:
    """The c of `odds_ratio`: above 1 for a book with a margin, 1 without."""
    _checked(p_implied)
    return _falling_root(lambda c: math.fsum(q / (c + q - c * q) for q in p_implied) - 1.0)


def shin(p_implied: Sequence[float]) -> Probabilities:
    """(sqrt(z² + 4 (1 - z) q² / B) - z) / (2 (1 - z)), Shin 1993: the margin insures the book against
    insiders.

    For two outcomes this equals `additive` exactly. Raises DevigError for impossible books and for B below 1,
    where there is no share of insiders.
    """
    z = shin_insiders(p_implied)
    return _normalised(_shin_fair(z, p_implied))


def shin_insiders(p_implied: Sequence[float]) -> float:
    """The z of `shin`: the share of bets placed by insiders, from 0 to below 1."""
    total = _checked(p_implied)
    # Fair prices may miss 1 by their last digits.
    if total < 1.0 - 1e-9:
        raise DevigError(f"Shin: the book has no margin: {_text(p_implied)}")
    # At z = 0 the sum is sqrt(B) >= 1, towards z = 1 it falls below 1, since every q is below 1.
    return _bisected(lambda z: math.fsum(_shin_fair(z, p_implied)) - 1.0, 0.0, 1.0)


def _shin_fair(z: float, p_implied: Sequence[float]) -> Probabilities:
    """Shin's formula for a given share of insiders below 1."""
    total = math.fsum(p_implied)
    # The same as in `shin`, multiplied by the conjugate: without the difference that loses digits near z = 1.
    return tuple(
        2.0 * q * q / total / (math.sqrt(z * z + 4.0 * (1.0 - z) * q * q / total) + z) for q in p_implied
    )


def _checked(p_implied: Sequence[float]) -> float:
    """The sum of implied probabilities that could be a book's. Raises DevigError for others."""
    if len(p_implied) < 2 or not all(0.0 < q < 1.0 for q in p_implied):
        raise DevigError(f"no book: {_text(p_implied)}")
    total = math.fsum(p_implied)
    if not 1.0 - UNDERROUND_MAX <= total <= 1.0 + OVERROUND_PER_OUTCOME_MAX * len(p_implied):
        raise DevigError(f"no market: the implied probabilities sum to {total:.4f}")
    return total


def _normalised(p_fair: Sequence[float]) -> Probabilities:
    """The same, with the last digits of the search taken out, so that they sum to 1."""
    total = math.fsum(p_fair)
    return tuple(p / total for p in p_fair)


def _falling_root(f: Callable[[float], float]) -> float:
    """Where a falling function of a positive factor crosses 0; the factor is near 1 for honest books."""
    low, high = 0.5, 2.0
    while f(low) < 0.0 and low > 1.0 / _FACTOR_MAX:
        low /= 2.0
    while f(high) > 0.0 and high < _FACTOR_MAX:
        high *= 2.0
    return _bisected(f, low, high)


def _bisected(f: Callable[[float], float], low: float, high: float) -> float:
    """Where a falling function crosses 0 between two points, to the last digit."""
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        # Neighbouring floats: there is nothing left to halve.
        if middle in (low, high):
            break
        if f(middle) > 0.0:
            low = middle
        else:
            high = middle
    return low


def _text(p_implied: Sequence[float]) -> str:
    """Prices for an error message."""
    return ", ".join(f"{q:.4f}" for q in p_implied[:8])

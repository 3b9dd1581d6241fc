"""Sportsbook prices: American and decimal odds, the probabilities that they imply, and the book's margin.

Called by the translators of odds feeds, by `engine.pricing.devig` and by reports. American odds are whole
numbers: +150 wins 150 for a stake of 100, -150 wins 100 for a stake of 150; -100 and +100 are the same price
and nothing lies between them. Formulas are the definitions.
"""

import math
from collections.abc import Sequence
from typing import Final

AMERICAN_EVEN: Final = 100
"""The smallest size of American odds."""


class OddsError(ValueError):
    """A number that is no price of a bet."""


def p_of_american(odds: int) -> float:
    """The implied probability, margin included. Raises OddsError for what lies between -100 and +100."""
    if odds >= AMERICAN_EVEN:
        return 100.0 / (odds + 100.0)
    if odds <= -AMERICAN_EVEN:
        return -odds / (100.0 - odds)
    raise OddsError(f"{odds} are no American odds: they start at 100")


def american_of_p(p: float) -> int:
    """The American odds nearest to a probability strictly between 0 and 1; an even chance is +100.

    Raises OddsError outside, and where the odds would have more digits than a float keeps.
    """
    if not 1e-12 <= p <= 1.0 - 1e-12:
        raise OddsError(f"no odds for a probability of {p}")
    return -round(100.0 * p / (1.0 - p)) if p > 0.5 else round(100.0 * (1.0 - p) / p)


def american_of_decimal(odds: float) -> int:
    """The American odds nearest to decimal odds. Raises OddsError as `p_of_decimal` does."""
    return american_of_p(p_of_decimal(odds))


def p_of_decimal(odds: float) -> float:
    """The implied probability of decimal odds. Raises OddsError unless they are above 1 and finite."""
    if not 1.0 < odds < math.inf:
        raise OddsError(f"{odds} are no decimal odds: they are above 1")
    return 1.0 / odds


def overround(p_implied: Sequence[float]) -> float:
    """The book's margin: by how much the implied probabilities of all outcomes exceed 1."""
    return math.fsum(p_implied) - 1.0


def logit(p: float) -> float:
    """ln(p / (1 - p)), the log of the odds. Raises OddsError unless p lies strictly between 0 and 1."""
    if not 0.0 < p < 1.0:
        raise OddsError(f"no odds for a probability of {p}")
    return math.log(p) - math.log1p(-p)


def p_of_logit(x: float) -> float:
    """The probability whose log odds are x."""
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    # The other form overflows for x below about -700.
    return math.exp(x) / (1.0 + math.exp(x))

"""The mean that scores are made of: exact in any order of its values, and no number at all of nothing."""

import math
from collections.abc import Sequence


def mean_of(values: Sequence[float]) -> float | None:
    """The mean, or None of nothing; summed exactly, so that the order of the values does not show."""
    return math.fsum(values) / len(values) if values else None

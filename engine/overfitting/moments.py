"""Mean, scatter, skewness and tails of results by game, and the mean in units of its own error."""

import math
from collections.abc import Sequence

import attrs


@attrs.frozen
class Moments:
    """Of `count` results: their mean, sample deviation, skewness and kurtosis (3 of a normal distribution).

    Skewness and kurtosis are those of the population, as in Bailey and López de Prado (2014); without any
    scatter they are 0 and 3.
    """

    count: int
    mean: float
    deviation: float
    skewness: float
    kurtosis: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Moments":
        """Summed exactly, so that the order of values does not show. Raises ValueError for fewer than two."""
        count = len(values)
        if count < 2:
            raise ValueError(f"{count} results have no scatter; at least two are needed")
        mean = math.fsum(values) / count
        if min(values) == max(values):
            # Equal results have no scatter, whatever the last digit of their mean says.
            return cls(count, mean, 0.0, 0.0, 3.0)
        gaps = [value - mean for value in values]
        squares = math.fsum(gap * gap for gap in gaps)
        spread = math.sqrt(squares / count)
        skewness = math.fsum((gap / spread) ** 3 for gap in gaps) / count
        kurtosis = math.fsum((gap / spread) ** 4 for gap in gaps) / count
        return cls(count, mean, math.sqrt(squares / (count - 1)), skewness, kurtosis)

    @property
    def sharpe(self) -> float:
        """Mean / deviation a game, not annualised; 0 without scatter, for nothing can be said of it."""
        return self.mean / self.deviation if self.deviation > 0.0 else 0.0

    @property
    def error(self) -> float:
        """The standard error of the mean."""
        return self.deviation / math.sqrt(self.count)

    @property
    def t(self) -> float:
        """The mean in units of its standard error; 0 without scatter."""
        return self.sharpe * math.sqrt(self.count)

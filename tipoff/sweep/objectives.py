"""What a sweep looks for: a number a game, the higher the better, by the name that people choose it by."""

from enum import Enum

import attrs


class Objective(Enum):
    """What is looked for."""

    BASE = "base"
    """Profit and loss after fees in the base reading, in dollars."""
    PESSIMISTIC = "pessimistic"
    """The same in the pessimistic reading."""
    CLOSING = "closing"
    """Closing line value: what fills before the tip were better than the last price before it, in dollars."""
    LOG_LOSS = "log_loss"
    """By how much the first forecast of each market beat the price's at that moment, in nats."""

    @property
    def unit(self) -> str:
        """What it is counted in."""
        return "nats" if self is Objective.LOG_LOSS else "dollars"


@attrs.frozen
class GameScore:
    """What one trial brought in one game; money in 1/1,000,000 dollar.

    `closing` is dollars over the fills with a close (`closing_fills`), `log_loss_gain` nats over the
    forecasts that have a price beside them.
    """

    game: str
    pessimistic: int = 0
    base: int = 0
    optimistic: int = 0
    closing: float = 0.0
    closing_fills: int = 0
    log_loss_gain: float = 0.0
    forecasts: int = 0

    def of(self, objective: Objective) -> float:
        """The number that is looked for, in the objective's unit."""
        match objective:
            case Objective.BASE:
                return self.base / 1_000_000
            case Objective.PESSIMISTIC:
                return self.pessimistic / 1_000_000
            case Objective.CLOSING:
                return self.closing
            case Objective.LOG_LOSS:
                return self.log_loss_gain

"""`random_taker`: crosses the spread in a direction that a coin decides, and back the next time.

A control: it must lose about spread and fees. If it profits, the paper exchange is lying.
"""

from typing import ClassVar

from engine.events import BookSide
from engine.step import NOTHING, Step
from engine.strategies.controls import Control
from engine.units import Nanos
from engine.view import MarketView


class RandomTaker(Control):
    """See the module."""

    kind: ClassVar[str] = "random_taker"
    listed: ClassVar[int] = 210

    def act(self, market: MarketView, now: Nanos) -> Step:
        """In by the coin, out at the next turn."""
        # Decided on the position: while an order is under way that is not known.
        if self.portfolio.open_in(market.ticker):
            return NOTHING
        if self.portfolio.held(market.ticker):
            return self.flatten(market, now)
        return self.take(market, BookSide.BID if self.coin(market) else BookSide.ASK, "coin", now)

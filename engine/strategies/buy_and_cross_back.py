"""`buy_and_cross_back`: buys at the ask and sells at the bid as soon as it hears of the fill.

A control: it must lose exactly spread and fees, but for what the price does in between.
"""

from typing import ClassVar

from engine.events import BookSide
from engine.facts import Fact, OrderFilled
from engine.step import NOTHING, Step
from engine.strategies.controls import Control
from engine.units import Nanos
from engine.view import MarketView


class BuyAndCrossBack(Control):
    """See the module."""

    kind: ClassVar[str] = "buy_and_cross_back"
    listed: ClassVar[int] = 230

    def on_fact(self, fact: Fact, now: Nanos) -> Step:
        """Cross back at once."""
        super().on_fact(fact, now)
        if not isinstance(fact, OrderFilled) or fact.strategy != self.name:
            return NOTHING
        market = self.view.markets.get(fact.ticker)
        # An order of ours that is still open may fill as well; crossing back twice would open a position.
        if market is None or not market.tradable or self.portfolio.open_in(fact.ticker):
            return NOTHING
        return self.flatten(market, now) if self.portfolio.held(fact.ticker) else NOTHING

    def act(self, market: MarketView, now: Nanos) -> Step:
        """Buy, or try again to get rid of what the last time left."""
        if self.portfolio.open_in(market.ticker):
            return NOTHING
        if self.portfolio.held(market.ticker):
            return self.flatten(market, now)
        return self.take(market, BookSide.BID, "buy", now)

"""`join_the_bid`: rests at the best bid like everybody else, and sells what it gets at its next turn.

A control: fills come when the price moves against them, so its mean markout before fees must not be positive.
"""

from typing import ClassVar

from engine.events import BookSide
from engine.orders import CancelOrder
from engine.step import NOTHING, Step
from engine.strategies.controls import Control
from engine.units import Nanos
from engine.view import MarketView


class JoinTheBid(Control):
    """See the module."""

    kind: ClassVar[str] = "join_the_bid"
    listed: ClassVar[int] = 220

    def act(self, market: MarketView, now: Nanos) -> Step:
        """Sell what was bought, follow the bid, or join it."""
        open_orders = self.portfolio.open_in(market.ticker)
        if open_orders:
            return self._followed(market, now)
        if self.portfolio.held(market.ticker):
            return self.flatten(market, now)
        return self.join(market, BookSide.BID, "join", now)

    def _followed(self, market: MarketView, now: Nanos) -> Step:
        """Take back an order that the best bid has left behind."""
        best = None if market.top is None else market.top.yes_bid
        behind = [
            open_order
            for open_order in self.portfolio.open_in(market.ticker)
            if open_order.order.post_only and not open_order.cancelling and open_order.order.price != best
        ]
        for open_order in behind:
            open_order.cancelling = True
        cancels = tuple(CancelOrder(open_order.order.order_id, self.name, now) for open_order in behind)
        return Step(commands=cancels) if cancels else NOTHING

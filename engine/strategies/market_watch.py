"""One watched market: the last opinion of it, and the prices at which it must be evaluated again.

Kept by `Trader` for each market that its strategy may trade.
"""

from typing import Final

import attrs

from engine.events import BookSide, TopChanged
from engine.orders import Liquidity
from engine.strategies.opinion import HAIR, Opinion, nearest
from engine.units import PRICE_ONE, Nanos
from engine.view import MarketView

ALWAYS: Final = Nanos(2**62)
NEVER: Final = Nanos(0)
"""Ends of validity: an opinion that only news can change, and one that must be formed anew."""


@attrs.define(eq=False)
class Watch:
    """One market a strategy may trade.

    While `idle` (nothing held, nothing ordered) prices between the two bounds are not worth a thought, and
    until `cooldown_until` none are.
    """

    market: MarketView
    opinion: Opinion | None = None
    until: Nanos = NEVER
    buy_below: int = -1
    sell_above: int = PRICE_ONE + 1
    idle: bool = True
    timed: Nanos = NEVER
    cooldown_until: Nanos = NEVER
    told_at: Nanos = NEVER
    """When it was last told what the market is worth."""

    def crosses_threshold(self, top: TopChanged) -> bool:
        """Whether these prices reach a bound."""
        ask, bid = top.yes_ask, top.yes_bid
        return (ask is not None and ask <= self.buy_below) or (bid is not None and bid >= self.sell_above)

    def settle(self, opinion: Opinion | None) -> None:
        """Take an opinion whose prices are not to be compared yet: without one no price
        crosses, with one every price does.
        """
        self.opinion = opinion
        if opinion is None:
            self.until, self.buy_below, self.sell_above = ALWAYS, -1, PRICE_ONE + 1
        else:
            self.until, self.buy_below, self.sell_above = opinion.until, PRICE_ONE, 0

    def bound(self, opinion: Opinion, share: float) -> None:
        """Set the bounds beyond which a taker of that opinion trades or nearly does (`share` of a
        threshold).

        Without a least gap but with a least gain, the price must leave room for that gain and for the fee of
        the way out; the fee of the way in is left out, so that the bounds are rather too wide.
        """
        p_fair, n = opinion.p_fair, 0.0
        reach = opinion.gap_min * share
        terms = self.market.terms
        if opinion.gap_min <= 0.0 < opinion.ev_percent_min and terms is not None:
            reach = terms.p_fee(Liquidity.TAKER, nearest(p_fair)) + opinion.extra_cost - HAIR
            n = (share * opinion.ev_percent_min - HAIR) / 100
        side = opinion.side
        most = (p_fair - reach) / (1.0 + n)
        least = 1.0 - (1.0 - p_fair - reach) / (1.0 + n)
        # Rounded outwards by one: a bound may only let too much through, never dismiss a trade.
        self.buy_below = -1 if side is BookSide.ASK else int(most * PRICE_ONE + 1)
        self.sell_above = PRICE_ONE + 1 if side is BookSide.BID else int(least * PRICE_ONE)

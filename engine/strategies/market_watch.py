"""One watched market: the last opinion of it, and the prices at which it must be evaluated again.

Kept by `Trader` for each market that its strategy may trade.
"""

import math
from typing import Final, NamedTuple

import attrs

from engine.events import BookSide, TopChanged
from engine.orders import Liquidity
from engine.strategies.opinion import HAIR, Opinion, nearest
from engine.units import PRICE_ONE, Nanos
from engine.view import MarketView

ALWAYS: Final = Nanos(2**62)
NEVER: Final = Nanos(0)
"""Ends of validity: an opinion that only news can change, and one that must be formed anew."""


class Stay(NamedTuple):
    """Where a look at a position answers as the last one did, which was to do nothing.

    Prices are of one held contract (what selling it brings, before the fee), both ends included; the moment
    is excluded. Rather too little than too much: outside of it is looked, and nothing is lost but time.
    """

    lowest: int = -1
    highest: int = PRICE_ONE + 1
    until: Nanos = ALWAYS


@attrs.define(eq=False)
class Watch:
    """One market a strategy may trade.

    While `idle` (nothing held, nothing ordered) prices between the two bounds are not worth a thought, and
    until `cooldown_until` none are. While something is held, until `stays_until` no price is that lies within
    the other two, in YES terms: bids if `sold_at_bid`, else asks.
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
    stays_until: Nanos = NEVER
    stays_from: int = 0
    stays_to: int = 0
    sold_at_bid: bool = True

    def crosses_threshold(self, top: TopChanged) -> bool:
        """Whether these prices reach a bound."""
        ask, bid = top.yes_ask, top.yes_bid
        return (ask is not None and ask <= self.buy_below) or (bid is not None and bid >= self.sell_above)

    def stay(self, stay: Stay, *, long: bool) -> None:
        """Take over where a look at the position would find nothing to do."""
        self.stays_until, self.sold_at_bid = stay.until, long
        if long:
            self.stays_from, self.stays_to = stay.lowest, stay.highest
        else:
            self.stays_from, self.stays_to = PRICE_ONE - stay.highest, PRICE_ONE - stay.lowest

    def stays(self, top: TopChanged, now: Nanos) -> bool:
        """Whether a look at the position would find nothing to do at these prices."""
        price = top.yes_bid if self.sold_at_bid else top.yes_ask
        return now < self.stays_until and price is not None and self.stays_from <= price <= self.stays_to

    def settle(self, opinion: Opinion | None) -> None:
        """Take an opinion whose prices are not to be compared yet: without one no price
        crosses, with one every price does.
        """
        self.opinion, self.stays_until = opinion, NEVER
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


def surely_above(p: float) -> int:
    """The least price that is above a probability, whichever way it was rounded."""
    return math.floor(p * PRICE_ONE) + 2


def surely_below(p: float) -> int:
    """The highest price that is below a probability, whichever way it was rounded."""
    return math.ceil(p * PRICE_ONE) - 2

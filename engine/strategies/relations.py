"""Relations that must hold between the markets of one game, and the profit when prices violate them.

Used by `correlation`. Every offer to buy YES or NO is a half-line on the margin or on the points; an upward
one and a downward one that overlap cover every outcome, so one of them pays a dollar whatever happens. That
is all there is to ladders (more points cannot be likelier than fewer), to home and away, and to winner
against margin: two covering offers that together cost less than a dollar after fees are an arbitrage. Beyond
that the normal model says how far apart prices should be.
"""

import math
from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from engine.events import BookSide
from engine.orders import Liquidity
from engine.pregame_lines import SD_MARGIN, SD_TOTAL, phi
from engine.pricing.fair_value import SD_MARGIN_LIVE, SD_TOTAL_LIVE
from engine.units import PRICE_ONE, Count, Price
from engine.view import Axis, Claim, GameView, MarketView

SPREAD_READABLE: Final = Price(1_000)
"""The middle of a wider market is nobody's opinion."""

P_READABLE: Final = 0.03
"""Nearer to 0 or 1 a price says nothing of the expected margin: one cent is points there."""


@attrs.frozen
class Offer:
    """Buying YES (BID) or NO (ASK) of a market as displayed; `own` is its cost before the fee."""

    market: MarketView
    side: BookSide
    price: Price
    own: Price
    depth: Count
    upward: bool
    threshold: int

    def p_fee(self) -> float:
        """The taker's fee of one contract."""
        terms = self.market.terms
        return math.inf if terms is None else terms.p_fee(Liquidity.TAKER, self.price)


@attrs.frozen
class Cover:
    """Two offers of which at least one pays. `p_locked` is what is left of the dollar after both costs and
    fees.
    """

    relation: str
    first: Offer
    second: Offer
    p_locked: float

    @property
    def cost(self) -> Price:
        """What both cost before fees."""
        return Price(self.first.own + self.second.own)


def covers(market: MarketView) -> Iterator[Cover]:
    """The arbitrages that a market's displayed prices make with those of its game's other markets."""
    claim = market.claim
    if claim is None or not certain(claim):
        return
    for mine in offers(market):
        # Only this market's pairs: the others' prices have not changed since they were looked at.
        for other in market.game.markets.values():
            if other is market or other.claim is None or other.claim.axis is not claim.axis:
                continue
            theirs = _opposite(mine, other)
            if theirs is None:
                continue
            p_locked = 1.0 - (mine.own + theirs.own) / PRICE_ONE - mine.p_fee() - theirs.p_fee()
            # Both legs pay the taker's fee, which at even odds takes 3.5 cents of the dollar: most apparent
            # arbitrages are smaller than that.
            if p_locked > 0.0:
                yield Cover(relation_of(market, other), mine, theirs, p_locked)


def offers(market: MarketView) -> Iterator[Offer]:
    """What can be bought of a market now."""
    top, claim = market.top, market.claim
    if top is None or claim is None or not market.tradable:
        return
    if top.yes_ask is not None:
        yield _offer(market, BookSide.BID, top.yes_ask, top.yes_ask_size)
    if top.yes_bid is not None:
        yield _offer(market, BookSide.ASK, top.yes_bid, top.yes_bid_size)


def certain(claim: Claim) -> bool:
    """Whether no outcome lies on the threshold itself, so that NO is exactly the other half-line."""
    # On a whole-number line a result may fall on the line itself; NO is then more than the opposite
    # half-line.
    return claim.threshold % 10 != 0 or (claim.axis is Axis.MARGIN and claim.threshold == 0)


def relation_of(first: MarketView, second: MarketView) -> str:
    """The name of the relation between two markets."""
    kinds = {first.kind, second.kind}
    if kinds == {"game"}:
        return "complementary"
    if kinds == {"game", "spread"}:
        return "moneyline_spread"
    return "total_ladder" if kinds == {"total"} else "spread_ladder"


def p_home_of(winners: Iterable[MarketView]) -> float | None:
    """The home team's price from both winner markets; None if neither can be read."""
    words: list[float] = []
    for market in winners:
        p_mid = market.p_mid()
        if market.claim is not None and p_mid is not None and readable(market):
            words.append(p_mid if market.claim.above else 1.0 - p_mid)
    p_home = sum(words) / len(words) if words else 0.0
    return p_home if P_READABLE < p_home < 1.0 - P_READABLE else None


def deviation(game: GameView, axis: Axis) -> float | None:
    """Deviation of what is to come; None if the clock is unknown or at its end."""
    if not game.live:
        return SD_MARGIN if axis is Axis.MARGIN else SD_TOTAL
    share = game.share_left()
    if share is None or share <= 0.0:
        return None
    root = math.sqrt(min(share, 1.0))
    if axis is Axis.MARGIN:
        return min(SD_MARGIN, SD_MARGIN_LIVE * root)
    return min(SD_TOTAL, SD_TOTAL_LIVE * root)


def p_of_expected(claim: Claim, expected: float, sd: float) -> float:
    """The normal model's probability of a claim."""
    p_above = phi((expected - claim.threshold / 10) / sd)
    return p_above if claim.above else 1.0 - p_above


def readable(market: MarketView) -> bool:
    """Whether the middle of its prices is an opinion: trusted, open, and not too wide."""
    spread = market.spread()
    return spread is not None and spread <= SPREAD_READABLE and market.tradable


def _opposite(mine: Offer, other: MarketView) -> Offer | None:
    """The offer of another market that covers what `mine` does not, if both cost less than a dollar."""
    claim, top = other.claim, other.top
    if claim is None or top is None or not certain(claim):
        return None
    overlaps = claim.threshold >= mine.threshold if mine.upward else claim.threshold <= mine.threshold
    # Two half-lines that leave a gap between them pay nothing for the outcomes in it.
    if not overlaps:
        return None
    # YES of an upward claim is upward, NO of it downward: the side that looks the other way than mine.
    side = BookSide.BID if claim.above != mine.upward else BookSide.ASK
    price = top.yes_ask if side is BookSide.BID else top.yes_bid
    if price is None:
        return None
    own = price if side is BookSide.BID else PRICE_ONE - price
    if mine.own + own >= PRICE_ONE or not other.tradable:
        return None
    return _offer(other, side, price, top.yes_ask_size if side is BookSide.BID else top.yes_bid_size)


def _offer(market: MarketView, side: BookSide, price: Price, depth: Count) -> Offer:
    claim = market.claim
    above = claim is not None and claim.above
    return Offer(
        market=market,
        side=side,
        price=price,
        own=price if side is BookSide.BID else Price(PRICE_ONE - price),
        depth=depth,
        upward=above if side is BookSide.BID else not above,
        threshold=0 if claim is None else claim.threshold,
    )

"""An opinion about a market, and what acting on it would bring after both legs' fees.

Used by the strategies that compare a fair value with a price. An entry is judged at executable prices only:
the ask for buying YES, one less the bid for buying NO. Of the distance between opinion and market only the
part is expected that the opinion's source has earned (`engine.trust`): trust × gap. The second leg is always
charged as a taker's at the fair value, even if the position may be held to settlement, which costs nothing:
an edge that needs that luck is none.
"""

import math
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol, TypeAlias

import attrs

from engine.events import BookSide, TopChanged
from engine.facts import Evidence
from engine.fees import FeeTerms
from engine.message import message
from engine.orders import Liquidity
from engine.trust import AT_ITS_WORD, Believed, Source
from engine.units import PRICE_CENT, PRICE_ONE, Count, Nanos, Price, format_price
from engine.view import MarketView

_TAKER: Final = Liquidity.TAKER
_BID: Final = BookSide.BID
_ASK: Final = BookSide.ASK

HAIR = 1e-9
"""Probabilities are compared with thresholds up to this: 0.60 - 0.55 is 5 points, not 4.999…."""


Grounds: TypeAlias = tuple[tuple[str, str | float], ...]
"""What an opinion rests on, by name. Probabilities and amounts per contract stay numbers until it is put on
record: of ten opinions nine never are.
"""


@attrs.define
class Opinion:
    """What a strategy believes of a market until `until`.

    `gap_min` is the least distance of fair value and executable price in dollars, `ev_percent_min` the least
    expected gain on what an entry costs. `side` restricts the direction; `extra_cost` is charged on top of
    the fees (for instance the half spread that must be crossed again on the way out). `source` is where it
    comes from, `trust` what of it is expected to come true; the trader sets it. `blocked` is a limit of the
    strategy's own that stands in the way: its name, the number and the limit.
    """

    p_fair: float
    reason: str
    gap_min: float
    ev_percent_min: float
    until: Nanos
    evidence: Grounds = ()
    side: BookSide | None = None
    extra_cost: float = 0.0
    source: Source = Source.OWN
    trust: Believed = AT_ITS_WORD
    blocked: tuple[str, str, str] | None = None


class OpinionListener(Protocol):
    """Hears the opinions of strategies as they are formed."""

    def formed(self, market: MarketView, opinion: Opinion, now: Nanos) -> None:
        """An opinion of a market, before anything is made of it."""
        ...


class Offer(NamedTuple):
    """A price to buy (BID) or sell (ASK) YES at, how much is to be had there, and whose fee it costs."""

    side: BookSide
    price: Price
    depth: Count
    liquidity: Liquidity


# The class called would be a call for every judgement of an entry.
_new: Final[Callable[[type[Offer], tuple[BookSide, Price, Count, Liquidity]], Offer]] = tuple.__new__


@message
class Edge:
    """What an entry at `price` (a YES price) is expected to bring, per contract and in dollars.

    `p_win` is the probability that the bought side pays as it is believed, shrunk towards the market's;
    `p_cost` its price with the entry's fee; `p_gap` how far the opinion itself is from the price. `p_net` is
    expected after all costs, `p_stated` would be if the opinion were taken at its word.
    """

    side: BookSide
    price: Price
    depth: Count
    p_win: float
    p_cost: float
    p_gap: float
    p_fees: float
    p_net: float
    p_stated: float

    @property
    def p_yes(self) -> float:
        """What is believed of YES."""
        return self.p_win if self.side is BookSide.BID else 1.0 - self.p_win

    @property
    def ev_percent(self) -> float:
        """The expected net gain in percent of what the entry costs."""
        return 100.0 * self.p_net / self.p_cost


def believed(opinion: Opinion, p_market: float) -> float:
    """The probability that is acted on: the market's, moved by trust × gap."""
    share = opinion.trust.share
    return opinion.p_fair if share == 1.0 else p_market + share * (opinion.p_fair - p_market)


def p_market_of(top: TopChanged, price: Price) -> float:
    """The market's own probability: the middle of its best prices; of one side only, the price at hand."""
    if top.yes_bid is None or top.yes_ask is None:
        return price / PRICE_ONE
    return (top.yes_bid + top.yes_ask) / (2 * PRICE_ONE)


def edge_of(opinion: Opinion, terms: FeeTerms, top: TopChanged, offer: Offer) -> Edge:
    """The edge of taking up an offer while these are the best prices; its size only goes on record."""
    side, price, depth, liquidity = offer
    p_fair, share = opinion.p_fair, opinion.trust.share
    if share != 1.0:
        # As `believed` and `p_market_of`, without their calls: this is asked of every opinion.
        bid, ask = top.yes_bid, top.yes_ask
        p_market = price / PRICE_ONE if bid is None or ask is None else (bid + ask) / (2 * PRICE_ONE)
        p_fair = p_market + share * (p_fair - p_market)
    if side is BookSide.BID:
        p_win, p_said, p_own = p_fair, opinion.p_fair, price / PRICE_ONE
    else:
        p_win, p_said, p_own = 1.0 - p_fair, 1.0 - opinion.p_fair, (PRICE_ONE - price) / PRICE_ONE
    p_entry_fee = terms.p_fee(liquidity, price)
    # `nearest`, in its words: kept inside the range of prices.
    exit_at = round(p_fair * PRICE_ONE)
    p_exit_fee = terms.p_fee(_TAKER, Price(min(max(exit_at, 0), PRICE_ONE)))
    p_gap = p_said - p_own
    p_costs = p_entry_fee + p_exit_fee + opinion.extra_cost
    return Edge(
        side=side,
        price=price,
        depth=depth,
        p_win=p_win,
        p_cost=p_own + p_entry_fee,
        p_gap=p_gap,
        p_fees=p_entry_fee + p_exit_fee,
        p_net=p_win - p_own - p_costs,
        p_stated=p_gap - p_costs,
    )


def taking(opinion: Opinion, terms: FeeTerms, top: TopChanged) -> Edge | None:
    """The better of the two entries that the displayed prices offer, or None where nothing is offered."""
    side = opinion.side
    ask = None if side is BookSide.ASK else top.yes_ask
    bid = None if side is BookSide.BID else top.yes_bid
    if ask is not None and bid is not None:
        # The wider gap, in the arithmetic that puts it on record; between equals the purchase.
        sells = (1.0 - opinion.p_fair) - (PRICE_ONE - bid) / PRICE_ONE > opinion.p_fair - ask / PRICE_ONE
        ask, bid = (None, bid) if sells else (ask, None)
    if ask is not None:
        return edge_of(opinion, terms, top, _new(Offer, (_BID, ask, top.yes_ask_size, _TAKER)))
    if bid is not None:
        return edge_of(opinion, terms, top, _new(Offer, (_ASK, bid, top.yes_bid_size, _TAKER)))
    return None


def resting(opinion: Opinion, terms: FeeTerms, top: TopChanged, net_min: float) -> Edge | None:
    """The better of the two orders that could rest one cent inside the best prices and still keep every
    threshold.
    """
    # Both sides can be worth resting on; one order a market, so the better one.
    best: Edge | None = None
    if top.yes_bid is None or top.yes_ask is None:
        return None
    for side in (BookSide.BID, BookSide.ASK):
        if opinion.side is not None and opinion.side is not side:
            continue
        edge = _resting(opinion, terms, top, side)
        if edge is None or edge.p_net < net_min - HAIR:
            continue
        if best is None or edge.p_net > best.p_net:
            best = edge
    return best


def _resting(opinion: Opinion, terms: FeeTerms, top: TopChanged, side: BookSide) -> Edge | None:
    """Improve the best price by a cent if the gap allows it, else join it, else do not rest."""
    bid, ask = top.yes_bid, top.yes_ask
    if bid is None or ask is None:
        return None
    if side is BookSide.BID:
        most = _floor_cent(opinion.p_fair - opinion.gap_min)
        # One cent inside and never through the other side: a post-only order that crosses is rejected, not
        # repriced.
        price = min(most, bid + PRICE_CENT, ask - PRICE_CENT)
        if price < max(bid, PRICE_CENT):
            return None
    else:
        least = PRICE_ONE - _floor_cent(1.0 - opinion.p_fair - opinion.gap_min)
        price = max(least, ask - PRICE_CENT, bid + PRICE_CENT)
        if price > min(ask, PRICE_ONE - PRICE_CENT):
            return None
    return edge_of(opinion, terms, top, Offer(side, Price(price), Count(0), Liquidity.MAKER))


def _floor_cent(p: float) -> Price:
    """The highest whole-cent price not above `p`."""
    return Price(math.floor(p * 100 + HAIR) * PRICE_CENT)


def nearest(p: float) -> Price:
    """A probability as a price, for fees; kept inside the range of prices."""
    return Price(min(max(round(p * PRICE_ONE), 0), PRICE_ONE))


def on_record(grounds: Grounds) -> Evidence:
    """Grounds as they are put on record."""
    return tuple([(name, said if isinstance(said, str) else f"{said:.6f}") for name, said in grounds])


def p_text(p: float) -> str:
    """A probability or an amount per contract on record: six decimals."""
    return f"{p:.6f}"


def price_text(price: Price | None) -> str:
    """A price on record; a missing one is said to be missing."""
    return "none" if price is None else format_price(price)

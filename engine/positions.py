"""Positions: one signed count per strategy and market, what it cost, and what a trade does to both.

Used by the paper exchange for every fill and settlement. YES and NO of one market cancel into a dollar per
pair, so a sale of YES that is not held is a purchase of NO at one dollar minus the price.
"""

import attrs

from engine import ledger
from engine.events import BookSide
from engine.facts import Posting
from engine.units import COUNT_ZERO, MONEY_ZERO, PRICE_ONE, Count, Money, Price


@attrs.frozen
class Position:
    """Contracts (+ YES, - NO) and their cost, which is also their collateral; `realized` is before fees."""

    count: Count = COUNT_ZERO
    cost: Money = MONEY_ZERO
    realized: Money = MONEY_ZERO
    fees: Money = MONEY_ZERO


FLAT = Position()


@attrs.frozen
class Trade:
    """A purchase (BID) or sale (ASK) of `count` YES contracts at a YES price, and what it was charged."""

    side: BookSide
    price: Price
    count: Count
    fee: Money


@attrs.frozen
class Traded:
    """The position after a trade, and the trade's parts.

    Money paid for opening, received and released by closing.
    """

    position: Position
    opened: Money
    proceeds: Money
    released: Money


def closable(position: Count, side: BookSide) -> Count:
    """How many contracts a trade in this direction can close before it opens anything."""
    return Count(max(0, -position if side is BookSide.BID else position))


def collateral_price(side: BookSide, price: Price) -> Price:
    """What one contract opened in this direction costs: the price for YES, one dollar minus it for NO."""
    return price if side is BookSide.BID else Price(PRICE_ONE - price)


def trade(before: Position, done: Trade) -> Traded:
    """Apply a trade to a position.

    Closing releases cost in proportion, rounded down; closing the whole position releases all of it, so no
    rest stays.
    """
    unit = collateral_price(done.side, done.price)
    closing = min(done.count, closable(before.count, done.side))
    opening = done.count - closing
    opened = Money(unit * opening)
    # Closing NO by buying YES at p is the same as selling the NO at 1 - p, and the other way about.
    proceeds = Money((PRICE_ONE - unit) * closing)
    held = abs(before.count)
    released = Money(before.cost * closing // held if closing else 0)
    sign = 1 if done.side is BookSide.BID else -1
    after = Position(
        count=Count(before.count + sign * done.count),
        cost=Money(before.cost + opened - released),
        realized=Money(before.realized + proceeds - released),
        fees=Money(before.fees + done.fee),
    )
    return Traded(after, opened, proceeds, released)


def settled(before: Position, value: Price, paid: Money) -> Position:
    """Settle a position by a result.

    Nothing held, its gain realized, what rounding took among its fees.
    """
    gross = before.count * value if before.count >= 0 else -before.count * (PRICE_ONE - value)
    # The venue rounds a payout down to the balance grid; booking the rest as a fee keeps the result exact.
    return Position(
        realized=Money(before.realized + gross - before.cost), fees=Money(before.fees + gross - paid)
    )


def trade_postings(strategy: str, ticker: str, traded: Traded, fee: Money) -> tuple[Posting, ...]:
    """The ledger's view of a trade; sums to zero."""
    gain = traded.proceeds - traded.released
    postings = (
        Posting(ledger.cash(strategy), Money(traded.proceeds - traded.opened - fee)),
        Posting(ledger.collateral(strategy, ticker), Money(traded.opened - traded.released)),
        Posting(ledger.result(strategy), Money(-gain)),
        Posting(ledger.fees(strategy), fee),
    )
    return tuple(posting for posting in postings if posting.amount)


def liquidation_value(count: Count, yes_bid: Price | None, yes_ask: Price | None) -> Money:
    """What the position would fetch at once: YES at the YES bid, NO at the NO bid.

    Nothing where nobody bids.
    """
    if count > 0:
        # The bid and never the middle: a value at the middle hides the spread that leaving would cost.
        return Money(count * (yes_bid or 0))
    no_bid = PRICE_ONE - yes_ask if yes_ask is not None else 0
    return Money(-count * no_bid)

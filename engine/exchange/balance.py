"""What a strategy's open orders reserve, and what is left to trade with.

Used by the paper exchange before an order is accepted and after each fill. What closes a position needs no
money; what opens one is covered in full, with its fee.
"""

from engine.events import BookSide
from engine.exchange.orders import PaperOrder
from engine.exchange.state import ExchangeState
from engine.exchange.step_context import StepContext
from engine.fees import FeeTermsUnknown
from engine.orders import CancelReason, Liquidity
from engine.positions import closable, collateral_price
from engine.units import MONEY_ZERO, Count, Money, Price


def resting_of(state: ExchangeState, strategy: str) -> list[PaperOrder]:
    """A strategy's orders in the book, in the order in which they were sent."""
    return [order for order in state.orders.values() if order.resting and order.strategy == strategy]


def reserved(context: StepContext, strategy: str) -> Money:
    """What a strategy's resting orders may cost at most."""
    closing_used: dict[tuple[str, BookSide], int] = {}
    return Money(sum(_need(context, order, closing_used) for order in resting_of(context.state, strategy)))


def available(context: StepContext, strategy: str) -> Money:
    """Cash that no open order claims."""
    return Money(context.cash(strategy) - reserved(context, strategy))


def affordable(context: StepContext, order: PaperOrder) -> bool:
    """Whether a strategy can cover an arriving order beside those that rest already."""
    if order.order.reduce_only:
        # It can only close; what it leaves uncovered is cancelled afterwards.
        return True
    closing_used: dict[tuple[str, BookSide], int] = {}
    others = [
        other for other in resting_of(context.state, order.strategy) if other.order_id != order.order_id
    ]
    before = sum(_need(context, other, closing_used) for other in others)
    needed = _need(context, order, closing_used, Liquidity.TAKER)
    return needed == 0 or before + needed <= context.cash(order.strategy)


def enforce(context: StepContext, strategy: str) -> None:
    """Take back exits that have nothing left to close, then the newest orders until the others are covered.

    A sale that would have closed a position opens one when another order has closed it first.
    """
    for order in resting_of(context.state, strategy):
        held = context.state.position(strategy, order.ticker).count
        if order.order.exit and not closable(held, order.side):
            context.cancel(order, CancelReason.NOTHING_TO_CLOSE)
    resting = resting_of(context.state, strategy)
    while resting and available(context, strategy) < 0:
        context.cancel(resting.pop(), CancelReason.INSUFFICIENT_BALANCE)


def _need(
    context: StepContext,
    order: PaperOrder,
    closing_used: dict[tuple[str, BookSide], int],
    liquidity: Liquidity = Liquidity.MAKER,
) -> int:
    """Collateral and fee of what an order would open; orders of one side share what there is to close."""
    key = (order.ticker, order.side)
    position = context.state.position(order.strategy, order.ticker).count
    closing = min(order.remaining, max(0, closable(position, order.side) - closing_used.get(key, 0)))
    closing_used[key] = closing_used.get(key, 0) + closing
    opening = order.remaining - closing
    if not opening:
        return 0
    cost = collateral_price(order.side, order.price) * opening
    return cost + _fee(context, order, liquidity, Count(opening))


def _fee(context: StepContext, order: PaperOrder, liquidity: Liquidity, count: Count) -> Money:
    """The fee of the whole order and what rounding over several fills can add."""
    try:
        terms = context.fee_terms(context.state.market(order.ticker))
    # Nothing may rest without known fees, and what arrives is refused for it before it is asked for money.
    except FeeTermsUnknown:
        return MONEY_ZERO
    return terms.estimate_in_pieces(liquidity, Price(order.price), count)

"""What still rests under a halt, and why: what has become of each order's cancel.

Kept by the read model from committed facts, answered by the observer for `status` and `drain`.
"""

from collections.abc import Iterator

from actors.read_model.model import OrderSeen, ReadModel
from actors.read_model.views import CancelState, Query, RestingLine
from engine.orders import RejectCode
from engine.risk import TradingState, covers, state_in


def resting(model: ReadModel, query: Query) -> Iterator[RestingLine]:
    """Every open order that a halt covers."""
    for seen in model.orders.values():
        order = seen.order
        states = [
            state_in(halt)
            for scope, halt in model.tally.halted.items()
            if covers(scope, order.strategy, order.game, order.ticker)
        ]
        if not states or query.strategy not in (None, order.strategy):
            continue
        cancel = seen.cancel
        yield RestingLine(
            order_id=order.order_id,
            strategy=order.strategy,
            ticker=order.ticker,
            side=order.side,
            price=seen.price,
            remaining=seen.remaining,
            stage=seen.stage,
            exit=order.exit,
            cancel=cancel.state,
            cancel_at=cancel.sent_at,
            refused=None if cancel.refused is None else cancel.refused.value,
            refused_at=cancel.refused_at,
            why=_why(seen, max(states), unseen=order.ticker in model.unseen),
        )


def _why(seen: OrderSeen, state: TradingState, *, unseen: bool) -> str:
    cancel = seen.cancel
    refused = "" if cancel.refused is None else f"refused ({cancel.refused.value})"
    match cancel.state:
        case CancelState.NONE if seen.order.exit and state is not TradingState.HALTED:
            return f"it makes a position smaller, which {state.word} lets pass"
        case CancelState.NONE:
            return "no cancel of it was sent yet"
        case CancelState.REFUSED if cancel.refused is RejectCode.EXCHANGE_PAUSED:
            return f"its cancel was {refused}; it is sent again when the venue goes on"
        case CancelState.REFUSED:
            return f"its cancel was {refused}"
        case _ if unseen:
            return "its cancel waits until it is known what happened in the market meanwhile"
        case CancelState.SENT_AGAIN:
            return f"its cancel was {refused}, and is under way again"
        case CancelState.UNDER_WAY:
            return "its cancel is under way"

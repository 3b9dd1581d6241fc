"""What is still open while nothing new is begun: the orders and positions of a drain, a sentence each.

Used by the status of the control socket.
"""

from collections.abc import Iterable
from typing import Final

from actors.read_model.views import OrderLine, PositionLine, Query, RestingLine
from engine.units import format_count, format_price
from tipoff.control.context import CallContext

TOLD_MAX: Final = 20
"""So many are named; the rest is only counted."""


async def still_open(context: CallContext, resting: Iterable[RestingLine]) -> tuple[str, ...]:
    """Orders first, for they are what a drain waits for; then positions, which only the venue ends. Raises
    Fault.
    """
    orders = await context.query(Query("orders", open_only=True, limit=1_000))
    positions = await context.query(Query("positions", limit=1_000))
    whys = {each.order_id: each.why for each in resting}
    told = [_order(each, whys.get(each.order_id, "")) for each in _of(orders) if isinstance(each, OrderLine)]
    told += [_position(each) for each in _of(positions) if isinstance(each, PositionLine) and each.position]
    more = [f"and {len(told) - TOLD_MAX} more"] if len(told) > TOLD_MAX else []
    return (*told[:TOLD_MAX], *more)


def _of(found: object) -> tuple[object, ...]:
    return found if isinstance(found, tuple) else ()


def _order(each: OrderLine, why: str) -> str:
    wants = f"{each.side.value} {format_count(each.remaining)} {each.ticker} at {format_price(each.price)}"
    return f"order {each.order_id} of {each.strategy}: {wants}, {each.stage}{why and '; '}{why}"


def _position(each: PositionLine) -> str:
    return f"position of {each.strategy}: {format_count(each.position)} {each.ticker}"

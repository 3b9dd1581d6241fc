"""Orders and positions by hand."""

import attrs

from actors.addresses import PAPER_EXCHANGE, RISK_GATE
from actors.messages import CancelAllOperation, CancelOperation, CloseOperation, OrderOperation
from actors.operator_outcomes import order_id_of
from actors.read_model.model import TAIL_MAX
from actors.read_model.views import DenialLine, Query
from engine.events import BookSide
from engine.orders import TimeInForce
from engine.units import UnitError, parse_count, parse_price
from tipoff.control.context import Call, CallContext, OperationAnswer
from tipoff.control.endpoint import Endpoints
from tipoff.control.method import Method
from tipoff.control.parameters import THE_MARKET, Param
from tipoff.control.permissions import Level
from tipoff.control.protocol import FIELDS, ErrorCode, Fault

ENDPOINTS = Endpoints()
TIMES_IN_FORCE = ("gtc", "ioc", "fok")
ORDER = (
    THE_MARKET,
    Param(
        name="side",
        required=True,
        place=True,
        choices=("bid", "ask"),
        help="bid buys YES, ask sells YES (which is buying NO).",
    ),
    Param(name="count", required=True, place=True, help="Contracts, such as 10."),
    Param(name="price", required=True, place=True, help="YES price in dollars, such as 0.42."),
    Param(name="strategy", required=True, help="On whose account."),
    Param(name="tif", choices=TIMES_IN_FORCE, default="ioc", unsaid="ioc", help="How long it lives."),
    Param(name="post_only", kind="flag", help="Only rest, never take."),
    Param(name="reduce_only", kind="flag", help="Only make a position smaller."),
    Param(
        name="p_fair",
        kind="number",
        typed="fair",
        help="Fair value of YES; strategies with opinions need one.",
    ),
)


@ENDPOINTS.answers(
    Method(
        name="orders.place",
        level=Level.OPERATE,
        line="Place a paper order by hand; the risk gate judges it like any other.",
        params=ORDER,
    )
)
async def orders_place(context: CallContext, call: Call) -> OperationAnswer:
    """Send an order by hand on a strategy's account; the risk gate judges it like any other."""
    params = call.params
    try:
        price, count = parse_price(params.must("price")), parse_count(params.must("count"))
    except UnitError as error:
        raise Fault(ErrorCode.INVALID_PARAMS, str(error)) from None
    operation = OrderOperation(
        params.must("strategy"),
        params.must("ticker"),
        BookSide(params.must("side")),
        price,
        count,
        TimeInForce[(params.text("tif") or "ioc").upper()],
        params.flag("post_only"),
        params.flag("reduce_only"),
        params.number("p_fair"),
    )
    try:
        return await context.operate(call, RISK_GATE, operation)
    except Fault as fault:
        if fault.code is not ErrorCode.REFUSED:
            raise
        raise Fault(fault.code, str(fault), fault.details, await _denial(context, call)) from None


async def _denial(context: CallContext, call: Call) -> dict[str, str]:
    """What the gate denied this order for, in fields; nothing if it was refused before it came to the gate,
    or so long ago that only `why` knows.
    """
    order_id = order_id_of(call.request())
    found = await context.query(Query("denials", limit=TAIL_MAX))
    for line in found if isinstance(found, tuple) else ():
        if isinstance(line, DenialLine) and line.order_id == order_id:
            return dict(zip(FIELDS, (order_id, line.reason.value, line.use, line.limit), strict=True))
    return {}


@ENDPOINTS.answers(
    Method(
        name="orders.cancel",
        level=Level.OPERATE,
        line="Take an order back, or with --all every order.",
        params=(
            Param(name="order_id", place=True, typed="ORDER", help="As `tipoff orders` names it."),
            Param(name="all", kind="flag", help="Take all orders back."),
            Param(name="strategy", help="With --all: only those of this strategy."),
        ),
        one_of=("order_id", "all"),
    )
)
async def orders_cancel(context: CallContext, call: Call) -> OperationAnswer:
    """Take an order back, or with `all` those of a strategy or of everybody."""
    params = call.params
    order_id = params.text("order_id")
    # All at once is the exchange's: it knows what rests, the gate only what it let through.
    if order_id is None:
        return await context.operate(call, PAPER_EXCHANGE, CancelAllOperation(params.text("strategy")))
    return await context.operate(call, RISK_GATE, CancelOperation(order_id))


@ENDPOINTS.answers(
    Method(
        name="positions.close",
        level=Level.OPERATE,
        line="Close a position at whatever the book gives, risk limits or not.",
        params=(
            Param(name="strategy", required=True, place=True, help="Whose position."),
            attrs.evolve(THE_MARKET, help="In which market."),
        ),
    )
)
async def positions_close(context: CallContext, call: Call) -> OperationAnswer:
    """Close a position at whatever the book gives, risk limits or not."""
    params = call.params
    return await context.operate(
        call, PAPER_EXCHANGE, CloseOperation(params.must("strategy"), params.must("ticker"))
    )

"""The observer's tables that are answered as they are: orders, fills, positions and their like."""

from actors.read_model.views import (
    DeadLetterLine,
    FillLine,
    GameLine,
    MarketLine,
    OrderLine,
    PnlLine,
    PositionLine,
    Query,
    SignalLine,
    StrategyLine,
)
from tipoff.control.context import Call, CallContext
from tipoff.control.endpoint import Endpoints
from tipoff.control.method import Method
from tipoff.control.parameters import GAME, STRATEGY, TICKER, Param, Params, newest

ENDPOINTS = Endpoints()
OPEN = Param(name="open", kind="flag", help="Only those that may still trade.")


def query_of(what: str, params: Params) -> Query:
    """The question to the observer."""
    return Query(
        what,
        params.text("strategy"),
        params.text("ticker"),
        params.text("game"),
        open_only=params.flag("open"),
        limit=params.whole("limit", 100),
    )


def _table(line: type, method: Method) -> None:
    """Declare a table of the observer, filtered as asked, whose lines are of this class."""

    async def show(context: CallContext, call: Call) -> object:
        return await context.query(query_of(method.name, call.params))

    ENDPOINTS.add(method, show, tuple[line, ...])  # type: ignore[valid-type]  # the class is known when it runs


_table(
    StrategyLine,
    Method(
        name="strategies",
        line="The strategies; on, off, other parameters.",
        params=(STRATEGY,),
    ),
)
_table(
    OrderLine,
    Method(
        name="orders",
        line="The orders; place or cancel by hand.",
        params=(STRATEGY, TICKER, GAME, OPEN, newest(50)),
    ),
)
_table(
    FillLine,
    Method(
        name="fills",
        line="The last fills.",
        help="List the last fills.",
        params=(STRATEGY, TICKER, GAME, newest(50)),
    ),
)
_table(
    SignalLine,
    Method(
        name="signals",
        line="What the strategies concluded lately.",
        help="List what the strategies concluded lately, near misses too.",
        params=(STRATEGY, TICKER, GAME, newest(50)),
    ),
)
_table(
    PositionLine,
    Method(
        name="positions",
        line="The positions; close one by hand.",
        params=(STRATEGY, TICKER, GAME, newest(1_000)),
    ),
)
_table(
    PnlLine,
    Method(
        name="pnl",
        line="Profit and loss as a band.",
        help="Show profit and loss after fees as a band, open positions valued at what they would "
        "fetch at once.",
        params=(STRATEGY,),
    ),
)
_table(
    GameLine,
    Method(
        name="games",
        line="The games; follow one, or one no more.",
        params=(GAME, newest(1_000)),
    ),
)
_table(
    MarketLine,
    Method(
        name="markets",
        line="The markets with their best prices.",
        help="List the markets with their best prices, and whether these may be believed.",
        params=(TICKER, GAME, newest(1_000)),
    ),
)
_table(
    DeadLetterLine,
    Method(
        name="dead_letters",
        line="Messages that nobody will work on.",
        help="List the last messages that nobody will work on, with what failed.",
        params=(newest(50),),
    ),
)

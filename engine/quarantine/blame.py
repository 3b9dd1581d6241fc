"""Whose market it was that a decision failed in, by where it failed.

Called with the error, before anything is undone. A message of one market may be what lets a moment of another
be decided, so the message alone does not tell.
"""

from collections.abc import Callable, Iterator
from types import TracebackType

MarketOfOrder = Callable[[str], str | None]


def blamed(error: BaseException, market_of_order: MarketOfOrder) -> str | None:
    """The market that was being worked on where the error was raised; None if nothing there names one."""
    # From the innermost call outwards: the first that holds a market, an order or something else of a market
    # is the one that failed over it.
    for names in reversed(list(_frames(error.__traceback__))):
        for name, value in names.items():
            ticker = value if name == "ticker" else getattr(value, "ticker", None)
            if isinstance(ticker, str) and ticker:
                return ticker
            order_id = value if name == "order_id" else getattr(value, "order_id", None)
            found = market_of_order(order_id) if isinstance(order_id, str) else None
            if found is not None:
                return found
    return None


def _frames(traceback: TracebackType | None) -> Iterator[dict[str, object]]:
    while traceback is not None:
        yield traceback.tb_frame.f_locals
        traceback = traceback.tb_next


def in_words(error: BaseException) -> str:
    """What went wrong and where, as it is said to people: nobody sees a traceback of it."""
    where, traceback = "", error.__traceback__
    while traceback is not None:
        module = traceback.tb_frame.f_globals.get("__name__", "?")
        where, traceback = f", in {module} line {traceback.tb_lineno}", traceback.tb_next
    return f"{type(error).__name__}: {error}{where}"

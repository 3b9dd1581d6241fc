"""What a start would have to decide, tried on an exchange that nobody needs: in which markets it fails.

Called once at the start of a process, with an exchange that has folded the same facts. A decision that raises
there would raise at every start, and end it for all markets.
"""

from collections.abc import Callable
from functools import partial

from engine.exchange import gaps
from engine.exchange.freezing import market_of_timer
from engine.exchange.paper import PaperExchange
from engine.exchange.step_context import StepContext
from engine.units import Nanos


def undecidable(exchange: PaperExchange, now: Nanos) -> dict[str, str]:
    """The markets in which a start at `now` cannot decide something, and why. Uses the exchange up."""
    failed: dict[str, str] = {}
    context = StepContext(exchange.state, exchange.rules, now)
    for market in list(exchange.state.markets.values()):
        _try(failed, market.ticker, partial(gaps.process_restarted, context, (market,)))
    due = exchange.state.timers.due
    for key in [key for key, at in due.items() if at <= now]:
        ticker = market_of_timer(exchange.state, key)
        if ticker is not None and ticker not in failed:
            _try(failed, ticker, partial(exchange.wake, key, now, only=ticker))
    return failed


def _try(failed: dict[str, str], ticker: str, decide: Callable[[], object]) -> None:
    try:
        decide()
    # Whatever it is: raised in the exchange's actor it would cost every market, at every start.
    except Exception as error:  # noqa: BLE001
        failed[ticker] = f"{type(error).__name__}: {error}"

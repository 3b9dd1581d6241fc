"""Up to when a connection has told its public trades: the latest venue time of a print in it.

Kept by the paper exchange, which places prints without a time by it, and by the market feed, which hands it
to an exchange that alone was restarted.
"""

from engine.events import FeedConnected, FeedLost, TradePrinted
from engine.units import Nanos


def prints_heard_to(before: Nanos, event: TradePrinted | FeedConnected | FeedLost) -> Nanos:
    """The clock after one more event; a connection begins and ends with zero."""
    if not isinstance(event, TradePrinted):
        return Nanos(0)
    # Fetched ones come market by market, so they say nothing about the others.
    if event.at_venue is None or event.recovered:
        return before
    return max(before, event.at_venue)

"""Books made of quotes: some recordings hold the best prices of a market but no depth.

Used by the market feed. A pseudo-book has one level a side; where the quote has no size it is taken to be
`ASSUMED_SIZE`. Every fill from such a book carries `pseudo` in its evidence.
"""

from engine.events import BookSnapshot, QuoteSeen
from engine.units import COUNT_ONE, PRICE_ONE, Count, Price

ASSUMED_SIZE = Count(100 * COUNT_ONE)
"""Contracts assumed at a quoted price whose size was not recorded: an assumption, not a measurement."""


def book_of_quote(quote: QuoteSeen) -> BookSnapshot:
    """Return the one-level book that a quote stands for; connection, subscription and sequence are zero."""
    yes = _level(quote.yes_bid, quote.yes_bid_size)
    no = _level(None if quote.yes_ask is None else Price(PRICE_ONE - quote.yes_ask), quote.yes_ask_size)
    return BookSnapshot(
        quote.ticker, yes, no, 0, 0, 0, quote.at_venue, quote.at, pseudo=True, past=quote.pseudo
    )


def _level(price: Price | None, size: Count | None) -> tuple[tuple[Price, Count], ...]:
    """A price of nothing or of a whole dollar is the venue's way to say that the side is empty."""
    if price is None or not 0 < price < PRICE_ONE:
        return ()
    return ((price, ASSUMED_SIZE if size is None else size),) if size is None or size > 0 else ()

"""A decision that failed half way, undone: the exchange as it was before the message.

Used by the exchange's actor. What is durable is folded anew, since facts may have been applied that nobody
will ever hear of; what is only heard (books, clocks) is carried over as it was.
"""

from collections.abc import Iterable, Mapping
from copy import copy

import attrs

from engine.book import Book
from engine.events import TradePrinted, TradesRecovered, VenueEvent
from engine.exchange.market import VenueMarket
from engine.exchange.paper import PaperExchange
from engine.facts import Fact
from engine.units import Nanos


@attrs.frozen
class Heard:
    """What is only heard of a market, and follows from no fact."""

    book: Book
    listed: list[TradePrinted]
    polled_to: Nanos | None
    active_to: Nanos
    trades_to: Nanos

    @classmethod
    def of(cls, market: VenueMarket, *, whole: bool) -> "Heard":
        """As it is now; `whole` if the book may be changed by what comes."""
        # The copy may be shallow: only a delta changes the levels in place.
        book = copy(market.book) if whole else market.book
        return cls(book, market.listed, market.polled_to, market.active_to, market.trades_to)

    def back(self, market: VenueMarket, *, again: bool) -> None:
        """Give it to a market; `again` if it may be wanted once more."""
        market.book, market.listed = copy(self.book) if again else self.book, self.listed
        market.polled_to, market.active_to = self.polled_to, self.active_to
        market.trades_to = self.trades_to


@attrs.frozen
class Before:
    """What an event of the venue may change that follows from no fact, as it was before the event."""

    markets: dict[str, Heard]
    prints_to: Nanos
    unheard: TradePrinted | None
    """The event, if it is a trade that had not been told before."""


def before(exchange: PaperExchange, event: VenueEvent) -> Before:
    """What to keep while an event is decided on. Not for a change of one level: that is looked at behind it,
    since there are too many of them.
    """
    state = exchange.state
    ticker = getattr(event, "ticker", None)
    if ticker is None:
        kept = {each.ticker: Heard.of(each, whole=True) for each in state.markets.values()}
    else:
        market = state.markets.get(ticker)
        whole = not isinstance(event, TradePrinted | TradesRecovered)
        kept = {} if market is None else {ticker: Heard.of(market, whole=whole)}
    unheard = event if isinstance(event, TradePrinted) and not state.prints.include(event) else None
    return Before(kept, state.prints.to, unheard)


def undone(
    exchange: PaperExchange,
    facts: Iterable[Fact],
    was: Before | None,
    parts: Mapping[str, object] | None = None,
) -> PaperExchange:
    """The exchange whose last decision failed, as it was before.

    `facts` are all that were decided before, or those since it had `parts`; `was` is what was heard before,
    None if the message could not change that. Freeze its markets anew.
    """
    again = PaperExchange(exchange.rules, exchange.seed)
    if parts is not None:
        again.recover(parts)
    again.restore(facts)
    again.duplicates, again.parked = exchange.duplicates, exchange.parked
    kept = {} if was is None else was.markets
    for ticker, market in exchange.state.markets.items():
        heard = kept.get(ticker) or Heard.of(market, whole=False)
        heard.back(again.state.market(ticker), again=ticker in kept)
    prints = again.state.prints = exchange.state.prints
    if was is not None:
        prints.to = was.prints_to
        if was.unheard is not None:
            prints.forget(was.unheard)
    return again

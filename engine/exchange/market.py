"""What the paper exchange remembers of a market: what the venue shows of it, and what each account has there.

Changed only by `engine.exchange.state` when it applies a fact; the book alone is not durable, since it is
heard again after a restart. Whatever decides what an order gets beside the venue's own doing (the queues,
what was taken, which prints were used) belongs to one account: none can tell who else trades.
"""

from collections.abc import Collection, Iterator

import attrs

from engine.book import Book
from engine.events import BookSide, TradePrinted
from engine.exchange.orders import NANOS_ZERO, PaperOrder
from engine.exchange.timers import place_of
from engine.fees import FeeTerms
from engine.queueing import Credit, Printed
from engine.units import Count, Nanos, Price
from engine.venue_facts import DepthChange, MarketResultKnown, MarketTermsChanged


@attrs.define(eq=False)
class QueueLevel:
    """Our orders at one price in the order in which they came, and what waits to be explained there."""

    side: BookSide
    price: Price
    queue: dict[str, PaperOrder] = attrs.field(factory=dict)
    """The orders by id. Not a list: of the many that one level of an evening sees, each must be found."""
    credits: tuple[Credit, ...] = ()
    printed: tuple[Printed, ...] = ()
    displayed: Count | None = None
    """What was displayed when the market could not be followed any more; None if that is not known."""

    @property
    def orders(self) -> Collection[PaperOrder]:
        """The orders, the first in the queue first."""
        return self.queue.values()

    def own_ahead(self, order: PaperOrder) -> int:
        """Contracts of our earlier orders at this price."""
        total = 0
        for other in self.orders:
            if other is order:
                break
            total += other.remaining
        return total


@attrs.frozen
class Shortfall:
    """Since when a level has displayed less than we took of it, and the most that it has displayed since."""

    since: Nanos
    most: Count


@attrs.define(eq=False)
class VenueMarket:
    """A market as the venue has it, the same for every account: what it shows, says of it, and decided.

    `watched` says that market data can do something to some account there; else only the book follows it.
    `polled_to` is up to when a polled book is known.
    """

    ticker: str
    book: Book
    accounts: dict[str, "Market"] = attrs.field(factory=dict)
    """What each account has here, in the order in which they came."""
    watched: bool = False
    terms: MarketTermsChanged | None = None
    result: MarketResultKnown | None = None
    polled_to: Nanos | None = None
    active_to: Nanos = NANOS_ZERO
    """The latest venue time of something that only an open market does."""
    trades_to: Nanos = NANOS_ZERO
    """Up to when the trades that were fetched after a gap are complete."""
    open_since: Nanos = NANOS_ZERO
    """When it was heard that the market had been taken up again."""
    listed: list[TradePrinted] = attrs.field(factory=list)
    """The latest trades of a market whose book is polled."""
    fee_terms: FeeTerms | None = None

    def of(self, account: str) -> "Market":
        """What an account has here, made at its first mention."""
        found = self.accounts.get(account)
        if found is None:
            found = self.accounts[account] = Market(self, account)
        return found

    def watching(self) -> list["Market"]:
        """The accounts to which market data can do something here."""
        return [market for market in self.accounts.values() if market.watched]

    def has_orders(self) -> bool:
        """Whether any reading of any order of any account stands in the queues."""
        return any(market.has_orders() for market in self.accounts.values())


@attrs.define(eq=False)
class Market:
    """A market as one account has it.

    `watched` says that market data can do something to the account there. `arriving` are the orders that have
    not met the book yet, in some reading; `unclear` are changes of the book that may have happened before or
    after they reach the venue.
    """

    venue: VenueMarket
    account: str
    bids: dict[Price, QueueLevel] = attrs.field(factory=dict)
    asks: dict[Price, QueueLevel] = attrs.field(factory=dict)
    taken_bids: dict[Price, Count] = attrs.field(factory=dict)
    taken_asks: dict[Price, Count] = attrs.field(factory=dict)
    short_bids: dict[Price, Shortfall] = attrs.field(factory=dict)
    short_asks: dict[Price, Shortfall] = attrs.field(factory=dict)
    arriving: dict[str, None] = attrs.field(factory=dict)
    unclear: tuple[DepthChange, ...] = ()
    used_trades: dict[str, None] = attrs.field(factory=dict)
    held: dict[str, TradePrinted] = attrs.field(factory=dict)
    no_visibility_since: Nanos | None = None
    blind_to: Nanos = NANOS_ZERO
    """When the last gap was decided: of what the book was before then nothing is known."""
    watched: bool = False

    @property
    def ticker(self) -> str:
        """Which market it is."""
        return self.venue.ticker

    @property
    def book(self) -> Book:
        """The venue's book, the same for every account."""
        return self.venue.book

    @property
    def place(self) -> str:
        """The account and the market in one word, by which its timers are called."""
        return place_of(self.account, self.ticker)

    def own_levels(self, side: BookSide) -> dict[Price, QueueLevel]:
        """Levels of one side where we rest, by YES price."""
        return self.bids if side is BookSide.BID else self.asks

    def taken(self, side: BookSide) -> dict[Price, Count]:
        """What we took of the displayed levels of one side, by YES price."""
        return self.taken_bids if side is BookSide.BID else self.taken_asks

    def shortfalls(self, side: BookSide) -> dict[Price, Shortfall]:
        """Levels of one side that display less than we took of them, by YES price."""
        return self.short_bids if side is BookSide.BID else self.short_asks

    def through(self, side: BookSide, price: Price) -> Iterator[QueueLevel]:
        """Our levels strictly better than a price, best first: a trade at that price went through them."""
        levels = self.own_levels(side)
        if side is BookSide.BID:
            yield from (levels[at] for at in sorted((at for at in levels if at > price), reverse=True))
        else:
            yield from (levels[at] for at in sorted(at for at in levels if at < price))

    def orders(self) -> list[PaperOrder]:
        """All orders that stand in the queues, bids before asks, best prices first.

        Readings that live on too.
        """
        bids = [order for price in sorted(self.bids, reverse=True) for order in self.bids[price].orders]
        return bids + [order for price in sorted(self.asks) for order in self.asks[price].orders]

    def has_orders(self) -> bool:
        """Whether any reading of any order stands in the queues."""
        return bool(self.bids or self.asks)

    def watch(self) -> None:
        """Settle whether market data can do something to the account here."""
        took = self.taken_bids or self.taken_asks
        waits = self.arriving or self.no_visibility_since is not None
        self.watched = bool(self.has_orders() or took or waits)
        self.venue.watched = self.watched or any(each.watched for each in self.venue.accounts.values())

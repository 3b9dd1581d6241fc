"""One simulated market: its book, who quotes in it, who takes, and what the venue says of it.

Every change of the book goes through here and leaves a happening, so that whoever follows the happenings has
the same book. Driven by `venues.simulator.world.game`.
"""

from random import Random
from typing import Final, NamedTuple, Protocol, TypeAlias, TypeVar

import attrs

from venues.simulator.world.book import NO, YES, Book
from venues.simulator.world.listing import Family, MarketListing, new_id
from venues.simulator.world.market_makers import CROWD, LADDER, LADDER_CROWD, MIDDLE, TIGHT, Maker
from venues.simulator.world.settings import SECOND


class LevelChanged(NamedTuple):
    """A level of a book changed by `delta` hundredths of a contract."""

    at: int
    market: "Market"
    side: int
    cents: int
    delta: int


class Printed(NamedTuple):
    """A public trade at a YES price; `taker` is the side that the aggressor bought."""

    at: int
    market: "Market"
    cents: int
    size: int
    taker: int
    trade_id: str


class Quoted(NamedTuple):
    """The venue's ticker channel speaks of a market whose top or volume changed."""

    at: int
    market: "Market"


class LifeChanged(NamedTuple):
    """A market moved in its life cycle; `event_type` is the venue's word."""

    at: int
    market: "Market"
    event_type: str


MarketEvent: TypeAlias = LevelChanged | Printed | Quoted | LifeChanged
"""What happens to one market."""

E_contra = TypeVar("E_contra", contravariant=True)


class Sink(Protocol[E_contra]):
    """Where happenings are written, the oldest first; a list of them, or of more than them, is one."""

    def append(self, happened: E_contra, /) -> None:
        """Write the next one."""


QUOTE_PAUSE: Final = SECOND
"""The ticker channel speaks at most this often of one market."""


@attrs.define(eq=False)
class Market:
    """A market with its state at this moment."""

    listing: MarketListing
    rng: Random
    status: str = "active"
    book: Book = attrs.field(factory=Book)
    makers: tuple[Maker, ...] = ()
    retail: list[tuple[int, int, int]] = attrs.field(factory=list)
    """Small orders that rest until their owners lose patience: side, cents, what is left."""
    fair: float = 50.0
    """What makers and takers believe, in cents; may lag or err (see `venues.simulator.world.scenarios`)."""
    last_cents: int = 0
    last_count: int = 0
    volume: int = 0
    """Contracts traded, in hundredths."""
    open_interest: int = 0
    prints: list[Printed] = attrs.field(factory=list)
    close_at: int = 0
    result: str = ""
    settlement_cents: int | None = None
    determined_at: int | None = None
    settled_at: int | None = None
    created_at: int = 0
    """Before this moment the venue does not know the market."""
    amended_later: bool = False
    """Whether its first result will be wrong."""
    quoted_at: int = 0
    quote_due: bool = False
    shown: tuple[int, ...] = ()

    @classmethod
    def listed(cls, listing: MarketListing, seed: str) -> "Market":
        """A market with its makers, which have not quoted yet."""
        # One generator a market: a draw more in one must not change every other one.
        rng = Random(f"{seed}|market|{listing.ticker}")
        tempers = (TIGHT, MIDDLE, CROWD) if listing.family is Family.GAME else (LADDER, LADDER_CROWD)
        return cls(listing, rng, makers=tuple(Maker(temper, rng) for temper in tempers))

    def there(self, at: int) -> bool:
        """Whether the venue knows the market at a moment."""
        return at >= self.created_at

    def top(self) -> tuple[int, ...]:
        """Best YES bid and YES ask in cents (0 and 100 if empty) with their sizes, and the volume."""
        yes, no = self.book.best(YES), self.book.best(NO)
        sizes = self.book.sides[YES].get(yes, 0), self.book.sides[NO].get(no, 0)
        return yes, 100 - no, *sizes, self.volume

    def change(self, at: int, side: int, cents: int, delta: int, out: Sink[MarketEvent]) -> None:
        """Change one level and say so."""
        self.book.change(side, cents, delta)
        out.append(LevelChanged(at, self, side, cents, delta))

    def withdraw(self, at: int, maker: Maker, side: int, out: Sink[MarketEvent]) -> None:
        """Let one maker cancel what it would not bid for a side any more."""
        for bid, cents, delta in maker.withdraw(side):
            self.change(at, bid, cents, delta, out)

    def quote_side(self, at: int, maker: Maker, side: int, out: Sink[MarketEvent]) -> None:
        """Let one maker quote one side where it wants to be."""
        self.withdraw(at, maker, side, out)
        for bid, cents, delta in maker.place(side, self.book):
            self.change(at, bid, cents, delta, out)

    def cross(self, at: int, maker: Maker, side: int, out: Sink[MarketEvent]) -> None:
        """Let one maker buy what is offered at its own bid or below: it would stand in the way of it."""
        self.take(at, side, maker.limit(side), self.book.total(1 - side), out)

    def requote(self, at: int, maker: Maker, out: Sink[MarketEvent]) -> None:
        """Let one maker follow what it believes now, both sides at once."""
        maker.due = False
        first = maker.follow(self.fair)
        for side in (first, 1 - first):
            self.quote_side(at, maker, side, out)

    def take(self, at: int, taker: int, limit: int, count: int, out: Sink[MarketEvent]) -> int:
        """Buy `taker` at up to `limit` cents of that side; what could not be had is returned."""
        against = 1 - taker
        while count and (best := self.book.best(against)) and 100 - best <= limit:
            filled = min(count, self.book.sides[against][best])
            self._match(at, taker, best, filled, out)
            count -= filled
        return count

    def _match(self, at: int, taker: int, maker_cents: int, filled: int, out: Sink[MarketEvent]) -> None:
        """One fill at one level. The venue sends print and change of depth in either order, and so do we."""
        against = 1 - taker
        self._take_from_owners(against, maker_cents, filled)
        cents = maker_cents if against == YES else 100 - maker_cents
        self.volume += filled
        self.last_cents, self.last_count = cents, filled
        # Who buys from a holder leaves the open interest alone.
        if self.rng.random() < 0.6:
            self.open_interest += filled
        printed = Printed(at, self, cents, filled, taker, new_id(self.rng))
        self.prints.append(printed)
        if self.rng.random() < 0.5:
            out.append(printed)
            self.change(at, against, maker_cents, -filled, out)
        else:
            self.change(at, against, maker_cents, -filled, out)
            out.append(printed)

    def _take_from_owners(self, side: int, cents: int, count: int) -> None:
        for maker in self.makers:
            count -= maker.lose(side, cents, count)
        kept = []
        for order_side, order_cents, left in self.retail:
            given = min(count, left) if (order_side, order_cents) == (side, cents) else 0
            count -= given
            if left > given:
                kept.append((order_side, order_cents, left - given))
        self.retail = kept

    def rest(self, at: int, side: int, cents: int, count: int, out: Sink[MarketEvent]) -> None:
        """A small order joins the book, if it would not trade at once."""
        if 1 <= cents <= self.book.room(side):
            self.retail.append((side, cents, count))
            self.change(at, side, cents, count, out)

    def impatience(self, at: int, out: Sink[MarketEvent]) -> None:
        """The oldest small order is cancelled."""
        if self.retail:
            side, cents, count = self.retail.pop(0)
            self.change(at, side, cents, -count, out)

    def clear(self, at: int, out: Sink[MarketEvent]) -> None:
        """The venue cancels everything that rests."""
        for side in (YES, NO):
            for cents, size in self.book.ascending(side):
                self.change(at, side, cents, -size, out)
        self.retail.clear()
        for maker in self.makers:
            maker.orders[YES].clear()
            maker.orders[NO].clear()

    def live(self, at: int, event_type: str, out: Sink[MarketEvent]) -> None:
        """Say a step of the life cycle that the fields already show."""
        out.append(LifeChanged(at, self, event_type))

    def wants_quote(self) -> bool:
        """Whether the ticker channel has something new to say."""
        return self.status == "active" and self.top() != self.shown

    def quote(self, at: int, out: Sink[MarketEvent]) -> None:
        """Let the ticker channel say the top of the book."""
        self.quote_due = False
        self.quoted_at = at
        self.shown = self.top()
        out.append(Quoted(at, self))

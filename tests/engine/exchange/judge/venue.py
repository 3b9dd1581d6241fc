"""A venue of our own with price-time priority, and our orders in their places in its queues.

The judge of the paper exchange, with which it shares no code. Everybody else trades as if we were not there,
which gives the public feed. Our orders stand in the same queues and meet what comes to them in its turn: that
is the truth. A contract that an order of ours has got is gone for this order and for nobody else.

Why not a second world, in which a maker whose contracts we took is really gone: whoever would have traded
with him then stands before us later, or pays more, and what we get is decided by our own footprint, of which
no public feed knows (the tenth rule of the paper exchange: no impact is invented). So "what others do is the
same flow" is taken at its word: they do to one another what they did, and to us what price and time say.
"""

from collections import Counter
from collections.abc import Iterator
from enum import Enum
from typing import TypeAlias

import attrs

from engine.events import BookSide
from engine.orders import TimeInForce

BID, ASK = BookSide.BID, BookSide.ASK


class Deed(Enum):
    """What somebody does at the venue; an amendment of price or to more goes to the back of the queue."""

    LIMIT = "limit"
    POST = "post only"
    IOC = "immediate or cancel"
    FOK = "fill or kill"
    CANCEL = "cancel"
    AMEND = "amend"
    BLOCK = "block trade"
    PAUSE = "pause"
    RESUME = "resume"


@attrs.frozen
class Action:
    """One deed of another participant at a moment of the venue (ns). Prices 1/10,000 $, counts 1/100.

    `lot` names the contracts that he means: a quote that is pulled and posted again is the same lot, and what
    we have got of it he has no more; what he then has beyond is new.
    """

    at: int
    deed: Deed
    order: int = 0
    side: BookSide = BID
    price: int = 0
    count: int = 0
    lot: int = 0


@attrs.frozen
class Change:
    """A level's displayed size changed."""

    at: int
    side: BookSide
    price: int
    change: int


@attrs.frozen
class Print:
    """A public trade."""

    at: int
    number: int
    price: int
    count: int
    taker: BookSide
    block: bool = False


@attrs.frozen
class Switch:
    """The market, or with `whole` the venue, stops or goes on."""

    at: int
    active: bool
    whole: bool


Public: TypeAlias = Change | Print | Switch


@attrs.define(eq=False)
class Leg:
    """An order of ours while it stands at one place: from its arrival until a cancel, a new place or its end.

    `gains` is the truth: (moment, price, count). `reach` is how many contracts of each lot would have come to
    it, had it wanted without end: all orders of ours together can have no more of a lot than there ever was.
    """

    order_id: str
    side: BookSide
    price: int
    wanted: int
    arrives: int
    ends: int | None
    tif: TimeInForce
    post_only: bool = False
    left: int = attrs.field(init=False)
    gains: list[tuple[int, int, int]] = attrs.field(factory=list)
    reach: dict[int, int] = attrs.field(factory=dict)
    _had: dict[int, int] = attrs.field(factory=dict)
    """Of what each lot still shows, what this order has got."""
    _reached: dict[int, int] = attrs.field(factory=dict)
    """The same, had it wanted without end."""

    def __attrs_post_init__(self) -> None:
        self.left = self.wanted

    @property
    def total(self) -> int:
        """What it got."""
        return self.wanted - self.left

    def shrink(self, wanted: int) -> None:
        """Want less from now on; what it has it keeps."""
        self.left = max(0, wanted - self.total)
        self.wanted = self.left + sum(count for _, _, count in self.gains)

    def meet(self, at: int, lot: int, there: int, price: int) -> None:
        """`there` contracts of a lot come to its turn."""
        new = there - self._reached.get(lot, 0)
        if new > 0:
            self._reached[lot] = there
            self.reach[lot] = self.reach.get(lot, 0) + new
        had = self._had.get(lot, 0)
        self._had[lot] = had + self.take(at, price, there - had)

    def take(self, at: int, price: int, most: int) -> int:
        """Get up to so many contracts; returns how many."""
        got = max(0, min(most, self.left))
        if got:
            self.left -= got
            self.gains.append((at, price, got))
        return got

    def shown(self, lot: int, left: int) -> None:
        """So many contracts of a lot are left after others traded, or after it was made smaller."""
        for memory in (self._had, self._reached):
            if memory.get(lot, 0) > left:
                memory[lot] = left


@attrs.define(eq=False)
class Entry:
    """Somebody's contracts in a queue; with a `leg` ours, which nobody else sees."""

    order: int
    lot: int
    side: BookSide
    price: int
    left: int
    leg: Leg | None = None


Queue: TypeAlias = list[Entry]


class Venue:
    """One market's book, order by order."""

    def __init__(self) -> None:
        """Open, with nothing in it."""
        self.queues: dict[BookSide, dict[int, Queue]] = {BID: {}, ASK: {}}
        self.entries: dict[int, Entry] = {}
        self.open = True
        self.stopped = False
        self.prints = 0
        self.legs: list[Leg] = []
        self.lots: Counter[int] = Counter()
        """How many contracts each lot ever had."""
        self._pulled: dict[int, int] = {}

    # What others do

    def act(self, action: Action) -> list[Public]:
        """Let somebody do something; returns what the public hears of it, in order."""
        said: list[Public] = []
        match action.deed:
            case Deed.PAUSE | Deed.RESUME:
                self.open = action.deed is Deed.RESUME
                self.stopped = not self.open and bool(action.count)
                said.append(Switch(action.at, self.open, whole=bool(action.count)))
            case Deed.CANCEL:
                entry = None if self.stopped else self.entries.pop(action.order, None)
                if entry is not None:
                    self._take_out(entry)
                    self._pulled[entry.lot] = entry.left
                    said.append(Change(action.at, entry.side, entry.price, -entry.left))
            case Deed.AMEND:
                self._amend(action, said)
            case Deed.BLOCK:
                # Agreed upon elsewhere; no order in the book has a part in it.
                self.prints += 1
                said.append(
                    Print(action.at, self.prints, action.price, action.count, action.side, block=True)
                )
            case _:
                self._enter(action, said)
        return said

    def _enter(self, action: Action, said: list[Public]) -> None:
        if not self.open:
            return
        if action.deed is Deed.FOK and self.depth(action.side.opposite, action.price) < action.count:
            return
        if action.deed is Deed.POST and self.depth(action.side.opposite, action.price):
            return
        self.lots[action.lot] += max(0, action.count - self._pulled.pop(action.lot, 0))
        left = self._match(action, said)
        self._shown(action.lot, left)
        if left and action.deed in (Deed.LIMIT, Deed.POST):
            self._rest(Entry(action.order, action.lot, action.side, action.price, left))
            said.append(Change(action.at, action.side, action.price, left))

    def _match(self, action: Action, said: list[Public]) -> int:
        """Walk the other side, best price and earliest order first. Returns what is left."""
        left = action.count
        for price, queue in self._within(action.side.opposite, action.price):
            for entry in tuple(queue):
                if not left:
                    return 0
                if entry.leg is not None:
                    entry.leg.meet(action.at, action.lot, left, price)
                    continue
                traded = min(left, entry.left)
                left -= traded
                entry.left -= traded
                self._shown(entry.lot, entry.left)
                if not entry.left:
                    self._take_out(entry)
                    del self.entries[entry.order]
                self.prints += 1
                said.append(Print(action.at, self.prints, price, traded, action.side))
                said.append(Change(action.at, entry.side, price, -traded))
        return left

    def _amend(self, action: Action, said: list[Public]) -> None:
        entry = self.entries.get(action.order)
        if entry is None or not self.open:
            return
        if action.price == entry.price and action.count <= entry.left:
            if action.count < entry.left:
                said.append(Change(action.at, entry.side, entry.price, action.count - entry.left))
                entry.left = action.count
                self._shown(entry.lot, entry.left)
            return
        self._take_out(entry)
        del self.entries[action.order]
        self._pulled[entry.lot] = entry.left
        said.append(Change(action.at, entry.side, entry.price, -entry.left))
        self._enter(attrs.evolve(action, deed=Deed.LIMIT, side=entry.side), said)

    # Ourselves

    def arrive(self, leg: Leg, at: int) -> None:
        """An order of ours arrives: it takes what it meets, and what is left of it rests at the back."""
        self.legs.append(leg)
        if not self.open:
            return
        other = leg.side.opposite
        depth = self.depth(other, leg.price)
        if (leg.post_only and depth) or (leg.tif is TimeInForce.FOK and depth < leg.wanted):
            return
        for price, queue in self._within(other, leg.price):
            for entry in queue:
                if entry.leg is None:
                    leg.meet(at, entry.lot, entry.left, price)
        if leg.tif is TimeInForce.GTC:
            self._rest(Entry(0, 0, leg.side, leg.price, 0, leg))

    def leave(self, leg: Leg) -> None:
        """An order of ours is gone from its place, if it stands there."""
        for entry in self.queues[leg.side].get(leg.price, ()):
            if entry.leg is leg:
                self._take_out(entry)
                return

    def _shown(self, lot: int, left: int) -> None:
        for leg in self.legs:
            leg.shown(lot, left)

    # The book

    def _rest(self, entry: Entry) -> None:
        self.queues[entry.side].setdefault(entry.price, []).append(entry)
        if entry.leg is None:
            self.entries[entry.order] = entry

    def _take_out(self, entry: Entry) -> None:
        queue = self.queues[entry.side][entry.price]
        queue.remove(entry)
        if not queue:
            del self.queues[entry.side][entry.price]

    def _within(self, side: BookSide, limit: int) -> Iterator[tuple[int, Queue]]:
        """Queues of a side that a price of the other side meets, best first."""
        queues = self.queues[side]
        if side is BID:
            prices = sorted((price for price in queues if price >= limit), reverse=True)
        else:
            prices = sorted(price for price in queues if price <= limit)
        for price in prices:
            yield price, queues[price]

    def depth(self, side: BookSide, limit: int) -> int:
        """Contracts of others on a side, from its best price to `limit`."""
        return sum(entry.left for _, queue in self._within(side, limit) for entry in queue)

    def best(self, side: BookSide) -> int | None:
        """The best price that others show."""
        prices = [at for at, queue in self.queues[side].items() if any(entry.left for entry in queue)]
        return (max(prices) if side is BID else min(prices)) if prices else None

    def levels(self, side: BookSide) -> dict[int, int]:
        """What the public sees of a side: size by price."""
        sizes = {price: sum(entry.left for entry in queue) for price, queue in self.queues[side].items()}
        return {price: size for price, size in sizes.items() if size}

"""One market's order book: bids of both sides, the best of each, and whether it may be believed.

Kept by the games and by the paper exchange, fed from snapshots and deltas. The venue keeps bids only, so the
best YES ask is one dollar minus the best NO bid. A book that lost its connection or missed a frame waits for
a snapshot; deltas that come meanwhile are kept and those newer than the snapshot are applied after it.
"""

from typing import Final

from engine.events import BookDelta, BookRefused, BookSide, BookSnapshot, Level, Side, Trust
from engine.units import NANOS_PER_SECOND, PRICE_ONE, Count, Nanos, Price

PENDING_MAX: Final = 4_096
"""Deltas kept while a snapshot is awaited; more than that are dropped from the oldest on, and counted."""

CROSSED_NS_MAX: Final = NANOS_PER_SECOND
"""Levels that cross for so long are no match in the making: the book is wrong and wants a snapshot."""

POLLED: Final = 0
"""The connection number of books that no stream brought: polled ones and those made of quotes."""

_YES: Final = Side.YES
_NO_LEVEL: Final = Price(0)
# Price zero can hold no bid, so it can stand for "this side is empty" and comparisons stay plain.


class Book:
    """Levels of one market. Sizes are 1/100 contract; YES levels are keyed by YES price, NO levels by NO
    price.

    Trust is a small state machine. Its inputs are `feed_lost`, `feed_gapped`, `pause`, `resume`,
    `apply_snapshot` and the levels themselves (crossed or not). GAPPED and STALE hide PAUSED, which hides
    CROSSED. A level below zero is CROSSED too, but for good: until a snapshot, and not hidden by a pause.
    """

    __slots__ = (
        "_crossed",
        "_followed",
        "_paused",
        "_pending",
        "_unsynced",
        "at",
        "conn",
        "crossed_at",
        "deltas",
        "dropped",
        "negatives",
        "no",
        "no_best",
        "old",
        "past",
        "pseudo",
        "seq",
        "sid",
        "snapshots",
        "ticker",
        "top_moved",
        "trust",
        "venue_at",
        "yes",
        "yes_best",
    )

    def __init__(self, ticker: str) -> None:
        """An empty book that awaits its first snapshot (STALE)."""
        self.ticker = ticker
        self.yes: dict[Price, Count] = {}
        self.no: dict[Price, Count] = {}
        self.yes_best: Price = _NO_LEVEL
        self.no_best: Price = _NO_LEVEL
        self.conn = -1
        self.sid = -1
        self.seq = -1
        self.at = Nanos(0)
        self.venue_at: Nanos | None = None
        self.pseudo = False
        self.past = False
        self.deltas = 0
        self.snapshots = 0
        self.negatives = 0
        self.old = 0
        self.dropped = 0
        self.trust = Trust.STALE
        self.top_moved = True
        """Whether the last delta may have changed best prices, their sizes or the trust."""
        self.crossed_at = Nanos(0)
        """Since when the levels cross, if they do."""
        self._unsynced: Trust | None = Trust.STALE
        self._paused = False
        self._crossed = False
        self._followed: int | None = None
        self._pending: list[BookDelta] = []

    # Market data

    def apply_delta(self, delta: BookDelta) -> bool:
        """Change one level.

        False if the delta was old, belongs to another subscription or must wait for a snapshot.
        """
        seq = delta.seq
        # `_followed` is None while a snapshot is awaited, so one comparison covers both cases.
        if delta.conn != self._followed or delta.sid != self.sid:
            self._defer(delta)
            return False
        # Deltas that were kept while a snapshot was awaited may be older than it.
        if seq <= self.seq:
            self.old += 1
            return False
        self.seq = seq
        self.at = delta.at
        self.venue_at = delta.at_venue
        self.deltas += 1
        price, yes = delta.price, delta.side is _YES
        levels, best = (self.yes, self.yes_best) if yes else (self.no, self.no_best)
        size = levels.get(price, 0) + delta.change
        self.top_moved = price >= best
        if size > 0:
            levels[price] = size  # type: ignore[assignment]  # a call of Count() costs a tenth of the delta
            if price <= best:
                return True
            best = price
        else:
            levels.pop(price, None)
            if price == best:
                # A search only when the best level goes, which is seldom; a sorted dictionary was measured
                # at more than three times the cost of a delta.
                best = max(levels, default=_NO_LEVEL)
        if yes:
            self.yes_best = best
        else:
            self.no_best = best
        # Nothing else can cross a book, or uncross it.
        if (self.yes_best + self.no_best >= PRICE_ONE) is not self._crossed:
            self._judge()
        if size < 0:
            self._fell_below_zero()
        return True

    def apply_snapshot(self, snapshot: BookSnapshot) -> bool:
        """Take the whole book anew, then the deltas that were waiting and are newer.

        Ends STALE and GAPPED. False if a polled book (connection zero) came to one that follows a stream:
        taking it would lose the stream's place, so it is none of the book's business. False, too, for what an
        older connection still says.
        """
        if snapshot.conn == POLLED and self._followed:
            return False
        # What the socket of an older connection still had in its buffer.
        if POLLED < snapshot.conn < self.conn:
            self.old += 1
            return False
        self.yes = {price: size for price, size in snapshot.yes if size > 0}
        self.no = {price: size for price, size in snapshot.no if size > 0}
        self.yes_best = max(self.yes, default=_NO_LEVEL)
        self.no_best = max(self.no, default=_NO_LEVEL)
        self.conn, self.sid, self.seq = snapshot.conn, snapshot.sid, snapshot.seq
        self.at = snapshot.at
        self.venue_at = snapshot.at_venue
        self.pseudo, self.past = snapshot.pseudo, snapshot.past
        self.snapshots += 1
        self._unsynced = None
        self._followed = snapshot.conn
        self._judge()
        # Swapped first: a delta that must still wait puts itself into the new list.
        waiting, self._pending = self._pending, []
        for delta in waiting:
            # Numbers of another connection or subscription say nothing about this snapshot; those of older
            # ones are void.
            if delta.conn > self.conn or (delta.conn == self.conn and delta.sid >= self.sid):
                self.apply_delta(delta)
        return True

    def _defer(self, delta: BookDelta) -> None:
        """Keep a delta until its snapshot comes; what belongs to an older connection is void."""
        if delta.conn < self.conn:
            self.old += 1
            return
        self._pending.append(delta)
        if len(self._pending) > PENDING_MAX:
            # The oldest, since a snapshot makes old ones void anyway.
            del self._pending[0]
            self.dropped += 1

    def _fell_below_zero(self) -> None:
        """A level fell below zero, which never happens at the venue: this is not its book.

        Nothing is priced from it until a snapshot puts it right. Such sizes are counted.
        """
        self.negatives += 1
        self.top_moved = True
        self._distrust(Trust.CROSSED)

    # Trust

    def feed_lost(self) -> bool:
        """The connection ended or a newer one began: STALE until a snapshot. True if that is news."""
        return self._distrust(Trust.STALE)

    def feed_gapped(self) -> bool:
        """A frame of the subscription is missing: GAPPED until a snapshot. True if that is news."""
        return self._distrust(Trust.GAPPED)

    def concerns(self, refused: BookRefused) -> bool:
        """Whether a frame that could not be understood was about these levels, and not about a connection or
        subscription that they do not follow.
        """
        return refused.conn == self.conn and (refused.sid is None or refused.sid == self.sid)

    def pause(self) -> bool:
        """The venue paused the market. True if that is news."""
        changed = not self._paused
        self._paused = True
        self._judge()
        return changed

    def resume(self) -> bool:
        """The venue took the market up again. True if that is news."""
        changed = self._paused
        self._paused = False
        self._judge()
        return changed

    def _distrust(self, trust: Trust) -> bool:
        if self._unsynced is trust:
            return False
        self._unsynced = trust
        # No delta comes from nowhere, so none is applied while a snapshot is awaited.
        self._followed = None
        self._judge()
        return True

    def _judge(self) -> None:
        """Settle on one word for the trust.

        Locked counts as crossed, since two such bids would have traded.
        """
        crossed = self.yes_best + self.no_best >= PRICE_ONE
        # Real books cross for moments inside a match (at most one state in a thousand was seen so); only the
        # duration tells a fault from a match.
        if crossed and not self._crossed:
            self.crossed_at = self.at
        self._crossed = crossed
        if self._unsynced is not None:
            # The order is that of what must be done first: without a snapshot no other state can be known.
            self.trust = self._unsynced
        elif self._paused:
            self.trust = Trust.PAUSED
        elif self._crossed:
            self.trust = Trust.CROSSED
        else:
            self.trust = Trust.TRUSTED

    @property
    def synced(self) -> bool:
        """Whether the levels follow the venue (they may still be paused or crossed)."""
        return self._unsynced is None

    def doubtful(self, now: int) -> bool:
        """Whether only a snapshot can help: a level fell below zero, or the levels have crossed for longer
        than a match takes.
        """
        if self.trust is not Trust.CROSSED:
            return False
        return self._unsynced is not None or now - self.crossed_at >= CROSSED_NS_MAX

    # Reading

    @property
    def yes_bid(self) -> Price | None:
        """Best price somebody pays for YES; None if nobody does."""
        return self.yes_best or None

    @property
    def yes_ask(self) -> Price | None:
        """Best price YES is to be had for: one dollar minus the best NO bid."""
        return Price(PRICE_ONE - self.no_best) if self.no_best else None

    @property
    def yes_bid_size(self) -> Count:
        """Displayed size at the best YES bid; zero if the side is empty."""
        return self.yes.get(self.yes_best, Count(0))

    @property
    def yes_ask_size(self) -> Count:
        """Displayed size at the best YES ask; zero if the side is empty."""
        return self.no.get(self.no_best, Count(0))

    def top(self) -> tuple[Price | None, Count, Price | None, Count]:
        """Best YES bid and its size, best YES ask and its size."""
        yes, no = self.yes_best, self.no_best
        return (
            yes or None,
            self.yes.get(yes, Count(0)),
            Price(PRICE_ONE - no) if no else None,
            self.no.get(no, Count(0)),
        )

    def size(self, side: BookSide, price: Price) -> Count:
        """Displayed size on one side at a YES price."""
        if side is BookSide.BID:
            return self.yes.get(price, Count(0))
        return self.no.get(Price(PRICE_ONE - price), Count(0))

    def levels(self, side: BookSide) -> list[Level]:
        """All levels of one side at YES prices, best first."""
        if side is BookSide.BID:
            return sorted(self.yes.items(), reverse=True)
        return [(Price(PRICE_ONE - price), size) for price, size in sorted(self.no.items(), reverse=True)]

    def levels_within(self, side: BookSide, limit: Price) -> list[Level]:
        """Levels of one side that are at `limit` or better for whoever takes them, best first."""
        if side is BookSide.BID:
            within = [level for level in self.yes.items() if level[0] >= limit]
            within.sort(reverse=True)
            return within
        floor = PRICE_ONE - limit
        prices = sorted((price for price in self.no if price >= floor), reverse=True)
        return [(Price(PRICE_ONE - price), self.no[price]) for price in prices]

    def as_snapshot(self) -> BookSnapshot:
        """The book as a snapshot that another book can start from; its `at` is when the book last changed."""
        return BookSnapshot(
            ticker=self.ticker,
            yes=tuple(sorted(self.yes.items())),
            no=tuple(sorted(self.no.items())),
            conn=self.conn,
            sid=self.sid,
            seq=self.seq,
            at_venue=self.venue_at,
            at=self.at,
            pseudo=self.pseudo,
            past=self.past,
        )

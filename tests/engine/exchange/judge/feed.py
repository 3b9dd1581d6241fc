"""How the venue is observed: late, out of order between channels, without times, with gaps, or by polling.

A feed is what the paper exchange hears and when. Within one channel nothing overtakes; between the book's,
the trades' and the market's life everything may. Times of the venue are whole milliseconds, rounded down, as
the venue writes them.
"""

from bisect import bisect_right
from collections.abc import Iterator
from enum import Enum
from random import Random
from typing import Final

import attrs

from engine.events import (
    BookDelta,
    BookSnapshot,
    ExchangeStatusSeen,
    FeedConnected,
    FeedGapped,
    FeedLost,
    MarketStatus,
    MarketStatusChanged,
    Side,
    TradePrinted,
    TradesRecovered,
    VenueEvent,
)
from engine.message import changed
from engine.units import NANOS_PER_MILLISECOND as MS
from engine.units import NANOS_PER_SECOND, PRICE_CENT, PRICE_ONE, Count, Nanos, Price
from tests.engine.exchange.floor import MARKET
from tests.engine.exchange.judge.flow import START, Flow
from tests.engine.exchange.judge.venue import ASK, BID, Change, Print, Public, Switch, Venue

OVERLAP: Final = 2 * NANOS_PER_SECOND
"""The trades of a gap are asked for from a little earlier on, as the client does it."""

ELSEWHERE: Final = "KXNBAGAME-26OCT20OKCSAS-OKC"
"""Another market of the same subscription."""

AGAIN: Final = 0.02
"""The share of trades that are told a second time."""

AGAIN_UNTIMED: Final = 0.3
"""The same where trades may be told without their time: there it must be tried often, since only what is told
again of before an order had joined, and after something later was told with its time, could fill it.
"""


class Mode(Enum):
    """What kind of feed it is."""

    TIMED = "timed stream"
    UNTIMED = "untimed stream"
    GAPS = "gaps"
    POLLED = "polled"


@attrs.frozen
class Elsewhere:
    """Something happens in another market of the subscription."""

    at: int


@attrs.frozen
class Heard:
    """Something reaches us."""

    at: int
    event: VenueEvent


Sizes = dict[int, int]


class Tape:
    """What the venue showed at any moment: for snapshots, and for the list of trades."""

    def __init__(self, flow: Flow) -> None:
        """Follow the flow once, keeping every state of the book."""
        venue = Venue()
        for action in flow.opening:
            venue.act(action)
        self.bids: list[Sizes] = [venue.levels(BID)]
        self.asks: list[Sizes] = [venue.levels(ASK)]
        self.times = [START]
        self.prints = [said for said in flow.public if isinstance(said, Print)]
        bids, asks = dict(self.bids[0]), dict(self.asks[0])
        for said in flow.public:
            if isinstance(said, Change):
                levels = bids if said.side is BID else asks
                levels[said.price] = levels.get(said.price, 0) + said.change
                if not levels[said.price]:
                    del levels[said.price]
                self.bids.append(dict(bids))
                self.asks.append(dict(asks))
                self.times.append(said.at)

    def index(self, at: int) -> int:
        """The number of changes up to a moment."""
        return bisect_right(self.times, at) - 1

    def trades(self, since: int, until: int, heard_at: int) -> tuple[TradePrinted, ...]:
        """The venue's list of trades between two moments."""
        return tuple(
            printed(said, heard_at, timed=True, recovered=True)
            for said in self.prints
            if since <= said.at <= until
        )


def printed(said: Print, at: int, *, timed: bool, recovered: bool = False) -> TradePrinted:
    """A public trade as we hear it."""
    venue = Nanos(said.at - said.at % MS) if timed else None
    return TradePrinted(
        MARKET,
        f"trade-{said.number}",
        Price(said.price),
        Count(said.count),
        said.taker,
        block=said.block,
        at_venue=venue,
        at=Nanos(at),
        recovered=recovered,
    )


def snapshot(tape: Tape, index: int, at: int, place: tuple[int, int, int]) -> BookSnapshot:
    """The whole book after so many changes; `place` is connection, subscription, number."""
    yes = tuple((Price(price), Count(size)) for price, size in sorted(tape.bids[index].items()))
    no = tuple((Price(PRICE_ONE - price), Count(size)) for price, size in tape.asks[index].items())
    return BookSnapshot(MARKET, yes, tuple(sorted(no)), *place, None, Nanos(at))


def delta(said: Change, at: int, place: tuple[int, int, int], *, timed: bool) -> BookDelta:
    """One change as we hear it."""
    side, price = (Side.YES, said.price) if said.side is BID else (Side.NO, PRICE_ONE - said.price)
    venue = Nanos(said.at - said.at % MS) if timed else None
    return BookDelta(MARKET, side, Price(price), Count(said.change), *place, venue, Nanos(at))


class Line:
    """One channel: each message takes its own time, but never overtakes the one before."""

    def __init__(self, rng: Random, lag_ms: int, stalls: list[tuple[int, int]], *, jitter: bool) -> None:
        """`stalls` are spans in which nothing comes through; it all comes at their end."""
        self._rng, self._lag, self._stalls = rng, lag_ms * MS, stalls
        self._jitter = jitter and lag_ms > 0
        self._last = 0

    def arrival(self, sent: int) -> int:
        """When a message that is sent now is heard."""
        late = self._lag
        if self._jitter:
            late = self._rng.choice((late, int(late * self._rng.uniform(0.1, 2.5))))
        at = sent + late
        for begins, ends in self._stalls:
            if begins <= at < ends:
                at = ends
        self._last = max(self._last, at)
        return self._last


@attrs.frozen
class Hole:
    """A span of the venue's time from which nothing of some channels reaches us."""

    begins: int
    ends: int
    lost: bool
    books: bool
    trades: bool


NOWHERE: Final = Hole(0, 0, lost=False, books=False, trades=False)


class Feed:
    """The feed of one evening, drawn from its seed."""

    def __init__(self, flow: Flow, mode: Mode, lag_ms: int, seed: str) -> None:
        """Everything that is heard, in the order in which it is."""
        self.rng = rng = Random(f"{seed}/feed")
        self.flow, self.mode, self.lag_ms, self.seed = flow, mode, lag_ms, seed
        self.tape = Tape(flow)
        jitter = rng.random() < 0.7
        self.busy = rng.choice((0.0, 1.0, 1.0))
        stalls = self._stalls()
        self.books, self.trades, self.life = (
            Line(rng, lag_ms, stalls, jitter=jitter and lag_ms > 0) for _ in range(3)
        )
        self.recovered = rng.random() < 0.85
        heard = list(self._polled() if mode is Mode.POLLED else self._streamed())
        # A stable sort: what is heard at one moment keeps the order of its channel.
        self.heard = sorted(heard, key=lambda each: each.at)

    def _stalls(self) -> list[tuple[int, int]]:
        """Now and then nothing comes through for a while, from a moment to seconds."""
        if not self.lag_ms or self.mode is Mode.POLLED or self.rng.random() < 0.7:
            return []
        begins = self.rng.randrange(START, self.flow.ends)
        longest = 6_000 if self.mode is Mode.TIMED else 800
        return [(begins, begins + int(self.rng.uniform(50, longest) * MS))]

    # Streams

    def _streamed(self) -> Iterator[Heard]:
        rng = self.rng
        yield Heard(START, FeedConnected(1, Nanos(START)))
        at = self.books.arrival(START)
        yield Heard(at, snapshot(self.tape, 0, at, (1, 1, 1)))
        yield Heard(at, BookSnapshot(ELSEWHERE, (), (), 1, 1, 1, None, Nanos(at)))
        stream = Stream(self, self._holes() if self.mode is Mode.GAPS else [])
        middles = {rng.randrange(len(self.flow.public) + 1) for _ in range(rng.choice((0, 0, 1, 2)))}
        for number, said in enumerate(self._and_elsewhere()):
            yield from stream.heard(said)
            if number in middles:
                yield from stream.snapshot_again(said.at)
        yield from stream.waiting

    def _and_elsewhere(self) -> list[Public | Elsewhere]:
        """Mostly the stream brings another market too, which goes on unless the whole venue stops."""
        rng, public = self.rng, self.flow.public
        stops = [said for said in public if isinstance(said, Switch) and said.whole]
        found: list[Public | Elsewhere] = list(public)
        at = START
        while rng.random() < self.busy and at < self.flow.ends:
            at += int(rng.expovariate(1 / 300) * MS) + 1
            before = [said for said in stops if said.at <= at]
            if not before or before[-1].active:
                found.append(Elsewhere(at))
        return sorted(found, key=lambda said: said.at)

    def switched(self, said: Switch) -> Heard:
        """The market's life has its own channel; the venue's state is polled, and has no time."""
        if said.whole:
            at = said.at + int(self.rng.uniform(0, 2_000) * MS)
            return Heard(at, ExchangeStatusSeen(said.active, said.active, None, Nanos(at)))
        at = self.life.arrival(said.at)
        timed = self.mode is not Mode.UNTIMED or self.rng.random() < 0.5
        venue = Nanos(said.at - said.at % MS) if timed else None
        status = MarketStatus.ACTIVE if said.active else MarketStatus.INACTIVE
        return Heard(at, MarketStatusChanged(MARKET, status, venue, Nanos(at)))

    # Gaps

    def _holes(self) -> list[Hole]:
        rng = self.rng
        found: list[Hole] = []
        begins = START
        for _ in range(rng.choice((1, 1, 2))):
            if begins >= self.flow.ends:
                break
            begins = rng.randrange(begins, self.flow.ends)
            ends = begins + int(rng.choice((rng.uniform(1, 300), rng.uniform(1, 5_000))) * MS)
            books, trades = rng.choice(((True, True), (True, False), (False, True)))
            lost = books and trades and rng.random() < 0.5
            found.append(Hole(begins, ends, lost, books, trades))
            begins = ends + 1
        return found

    def missing(self, since: int, asked_at: int) -> Heard:
        """The answer to whoever asks for the trades of a gap: a second later, in whole seconds."""
        at = asked_at + NANOS_PER_SECOND + int(self.rng.uniform(1, 400) * MS)
        begins = since - OVERLAP
        trades = None
        if self.recovered:
            whole = begins - begins % NANOS_PER_SECOND
            until = asked_at + -asked_at % NANOS_PER_SECOND
            trades = self.tape.trades(whole, min(until, at), at)
        return Heard(at, TradesRecovered(MARKET, Nanos(begins), Nanos(asked_at), trades, Nanos(at)))

    # Polls

    def _polled(self) -> Iterator[Heard]:
        """Books and the list of trades, every few seconds; books first, trades after them."""
        rng = self.rng
        for said in self.flow.public:
            if isinstance(said, Switch):
                yield self.switched(said)
        listed = 0
        way = max(self.lag_ms, 1)
        at = START
        while at < self.flow.ends + NANOS_PER_SECOND:
            taken = at + int(way * MS * rng.uniform(0.2, 1))
            book_at = taken + int(way * MS * rng.uniform(0.2, 1))
            yield Heard(book_at, snapshot(self.tape, self.tape.index(taken), book_at, (0, 0, 0)))
            asked = book_at + int(way * MS * rng.uniform(0.2, 1))
            trades_at = asked + int(way * MS * rng.uniform(0.2, 1))
            # A trade stands in the list a little after it happened.
            public = asked - int(rng.uniform(0, 500) * MS)
            while listed < len(self.tape.prints) and self.tape.prints[listed].at <= public:
                said = self.tape.prints[listed]
                yield Heard(trades_at, printed(said, trades_at, timed=True, recovered=True))
                listed += 1
            at = max(trades_at, at + int(rng.uniform(1_000, 4_000) * MS))


class Stream:
    """A stream as it goes on: its connection, its numbers, and what it does not bring."""

    def __init__(self, feed: Feed, holes: list[Hole]) -> None:
        """Right after the first snapshot."""
        self.feed, self.rng, self.holes = feed, feed.rng, holes
        self.conn, self.seq, self.index = 1, 1, 0
        untimed = ((0.0, 0.0), (0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (0.5, 0.5))
        timed = feed.rng.choice(untimed) if feed.mode is Mode.UNTIMED else (1.0, 1.0)
        self.deltas_timed, self.prints_timed = timed
        self.print_first = feed.rng.random() < 0.5
        self.hole = NOWHERE
        self.waiting: list[Heard] = []
        """Prints that are heard after the change that their trade made."""

    def heard(self, said: Public | Elsewhere) -> Iterator[Heard]:
        """What comes of one thing that the venue says."""
        if self.holes and said.at >= self.holes[0].ends:
            yield from self._mended(self.holes.pop(0))
        inside = bool(self.holes) and said.at >= self.holes[0].begins
        self.hole = self.holes[0] if inside else NOWHERE
        match said:
            case Change():
                yield from self._changed(said)
            case Print():
                yield from self._printed(said)
            case Switch():
                yield self.feed.switched(said)
            case Elsewhere():
                yield from self._elsewhere(said)

    def _changed(self, said: Change) -> Iterator[Heard]:
        self.index += 1
        self.seq += 1
        if self.hole.books:
            return
        at = self.feed.books.arrival(said.at)
        place = (self.conn, 1, self.seq)
        yield Heard(at, delta(said, at, place, timed=self.rng.random() < self.deltas_timed))
        yield from self.waiting
        self.waiting.clear()

    def _elsewhere(self, said: Elsewhere) -> Iterator[Heard]:
        self.seq += 1
        if not self.hole.books:
            at = self.feed.books.arrival(said.at)
            timed = self.rng.random() < self.deltas_timed
            change = Change(said.at, BID, PRICE_CENT, 100)
            found = delta(change, at, (self.conn, 1, self.seq), timed=timed)
            yield Heard(at, changed(found, ticker=ELSEWHERE))

    def _printed(self, said: Print) -> Iterator[Heard]:
        if self.hole.trades:
            return
        at = self.feed.trades.arrival(said.at)
        heard = Heard(at, printed(said, at, timed=self.rng.random() < self.prints_timed))
        if self.print_first:
            yield heard
        else:
            self.waiting.append(heard)
        if self.rng.random() < (AGAIN_UNTIMED if self.feed.mode is Mode.UNTIMED else AGAIN):
            # A trade may be told twice, the second time without its time too; it happened once.
            later = at + self.rng.randrange(3 * NANOS_PER_SECOND)
            timed = self.prints_timed == 1.0 or self.rng.random() < self.prints_timed
            yield Heard(later, printed(said, later, timed=timed))

    def snapshot_again(self, sent: int) -> Iterator[Heard]:
        """The whole book in the middle; at times an empty one before it, which the venue takes back."""
        if self.hole.books:
            return
        at = self.feed.books.arrival(sent)
        place = (self.conn, 1, self.seq)
        if self.rng.random() < 0.3:
            yield Heard(at, BookSnapshot(MARKET, (), (), *place, None, Nanos(at)))
        yield Heard(at, snapshot(self.feed.tape, self.index, at, place))

    def _mended(self, hole: Hole) -> Iterator[Heard]:
        """A hole is noticed by what comes after it, and the book is had again."""
        books = self.feed.books
        if hole.lost:
            at = books.arrival(hole.begins)
            yield Heard(at, FeedLost(self.conn, "reset", Nanos(at)))
            self.conn, self.seq = self.conn + 1, 1
            at = books.arrival(hole.ends)
            yield Heard(at, FeedConnected(self.conn, Nanos(at)))
            yield Heard(at, snapshot(self.feed.tape, self.index, at, (self.conn, 1, 1)))
            yield Heard(at, BookSnapshot(ELSEWHERE, (), (), self.conn, 1, 1, None, Nanos(at)))
            return
        at = books.arrival(hole.ends)
        sid = 1 if hole.books else 2
        yield Heard(at, FeedGapped(self.conn, sid, max(self.seq - 1, 1), self.seq, Nanos(at)))
        if hole.books:
            asked = self.rng.randrange(1, 200 * MS) if self.feed.lag_ms else 0
            at = books.arrival(hole.ends + asked)
            yield Heard(at, snapshot(self.feed.tape, self.index, at, (self.conn, 1, self.seq)))

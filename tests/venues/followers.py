"""A client in the hands of a test that follows the stream as the engine does."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import attrs

from engine.book import Book
from engine.events import (
    BookDelta,
    BookSnapshot,
    FeedConnected,
    FeedLost,
    FeedRefused,
    FeedSequenced,
    Trust,
    VenueEvent,
)
from engine.sequence import NumberCheck
from engine.sequence import Sequence as Numbers
from engine.units import Count, Price
from tipoff.sources.registry import translator
from venues.kalshi.auth import Signer
from venues.kalshi.session import Gap
from venues.kalshi.stream import KalshiStream, StreamDependencies, StreamRetryPolicy
from venues.recordings.recorder import read
from venues.recordings.segments import Line
from venues.transport.websocket import SocketLimits

QUICK = StreamRetryPolicy(wait_s_base=0.02, wait_s_max=0.1, refused_wait_s=0.2, probe_after_s=0.5)
LIMITS = SocketLimits(
    open_s_max=1.0, send_s_max=1.0, close_s_max=0.2, silence_s_max=1.5, message_bytes_max=1_000_000
)
Levels = tuple[dict[Price, Count], dict[Price, Count]]


@attrs.define
class Follower:
    """What the engine's feed does with frames, and everything worth asking about afterwards."""

    books: dict[str, Book] = attrs.field(factory=dict)
    gaps: list[Gap] = attrs.field(factory=list)
    refused: Counter[str] = attrs.field(factory=Counter)
    heard: Counter[NumberCheck] = attrs.field(factory=Counter)
    kinds: Counter[type] = attrs.field(factory=Counter)
    conn: int = 0
    stale: int = 0
    """Frames that came under the number of an older connection; there must be none."""
    stream: KalshiStream | None = None
    clock: int = 1_000_000_000
    _numbers: Numbers = attrs.field(factory=Numbers)

    def follow(
        self, url: str, signer: Signer, wall: object, tickers: Iterable[str], conn: int = 0
    ) -> KalshiStream:
        """A stream whose frames come here; run it in a nursery."""
        assert callable(wall)
        given = StreamDependencies(
            hear=self.on_text,
            on_gap=self.gaps.append,
            wall=wall,
            draw=lambda: 0.5,
            limits=LIMITS,
            retry=QUICK,
            channels=("orderbook_delta", "ticker"),
        )
        self.stream = KalshiStream(url, signer, given, conn)
        self.stream.want(tickers)
        return self.stream

    def on_text(self, conn: int, what: str, text: str) -> tuple[int, Sequence[VenueEvent]]:
        self.clock += 1
        events = translator().translate(Line(self.clock, 0, "kalshi.ws", conn, what, text))
        self.stale += conn < self.conn
        for event in events:
            self.kinds[type(event)] += 1
            self.take(event)
        return self.clock, events

    def take(self, event: VenueEvent) -> None:
        """What the actors do with an event of the stream."""
        match event:
            case FeedConnected(conn=conn):
                self.conn = conn
                self.distrust()
            case FeedLost():
                self.distrust()
            case FeedRefused(kind=kind):
                self.refused[kind] += 1
            case BookDelta() | BookSnapshot() | FeedSequenced():
                self.numbered(event)
            case _:
                pass

    def numbered(self, event: BookDelta | BookSnapshot | FeedSequenced) -> None:
        heard = self._numbers.check(event.conn, event.sid, event.seq)
        self.heard[heard] += 1
        if heard is NumberCheck.GAP:
            for book in self.books.values():
                book.feed_gapped()
            assert self.stream is not None
            self.stream.request_snapshots(event.conn, event.sid)
        if heard in (NumberCheck.DUPLICATE, NumberCheck.OLD):
            return
        if isinstance(event, BookSnapshot):
            self.books.setdefault(event.ticker, Book(event.ticker)).apply_snapshot(event)
        elif isinstance(event, BookDelta):
            self.books.setdefault(event.ticker, Book(event.ticker)).apply_delta(event)

    def distrust(self) -> None:
        for book in self.books.values():
            book.feed_lost()

    def trusted(self, tickers: Iterable[str]) -> bool:
        """Whether every book can be believed (it may be crossed for a moment)."""
        good = (Trust.TRUSTED, Trust.CROSSED)
        return all(ticker in self.books and self.books[ticker].trust in good for ticker in tickers)

    def levels(self) -> dict[str, Levels]:
        """All levels of all books."""
        return {ticker: (dict(book.yes), dict(book.no)) for ticker, book in self.books.items()}


def books_of_recording(folder: Path) -> dict[str, Levels]:
    """The books at the end of a recording that is read directly."""
    follower = Follower()
    for line in read(folder):
        for event in translator().translate(line):
            follower.take(event)
    return follower.levels()

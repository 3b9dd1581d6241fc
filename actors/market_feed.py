"""The market feed's deterministic part: checks sequence numbers and routes each event.

Receives one `VenueInput` for every frame or body of the venues; a frame that is one change of a book comes as
that change. A market's events go to its game and to the paper exchange; the schedule says which game that is,
and until then the market's events wait here. What concerns a whole connection or the whole venue is
published. The socket itself is an edge actor.
"""

from collections.abc import Callable, Iterable
from typing import TypeAlias

from actors.addresses import FEED, FEED_EDGE, PAPER_EXCHANGE, SCHEDULE, TRADES
from actors.heartbeat import Heartbeat, through_feed
from actors.messages import (
    BooksWanted,
    FeedSnapshot,
    GameRouted,
    SnapshotWanted,
    StateWanted,
    TickerRouted,
    TickerSeen,
    VenueInput,
)
from actors.runtime import Address, Answer, Outgoing, Publish
from engine.events import (
    BookDelta,
    BookRefused,
    BookSnapshot,
    FeeChanged,
    FeedConnected,
    FeedGapped,
    FeedLost,
    FeedRefused,
    FeedSequenced,
    FeedUnnumbered,
    GameSeen,
    MarketDetermined,
    MarketListed,
    MarketSettled,
    MarketStatusChanged,
    OddsSeen,
    QuoteSeen,
    ScoreSeen,
    TradePrinted,
    VenueEvent,
)
from engine.heard_prints import HeardPrints
from engine.listing import FeeTermsKnown, assumed_listing
from engine.message import changed
from engine.milestones import MilestoneSeen
from engine.quote_book import book_of_quote
from engine.schedule import game_of
from engine.sequence import NumberCheck, Sequence
from engine.tickers import parse_ticker
from engine.units import Nanos

Handler: TypeAlias = Callable[..., None]
"""What is done with one event; each takes the events of its own kind and the list of what to send."""

WAITING_EVENTS_MAX = 10_000
"""Events kept for one market until the schedule has routed it.

More means that the schedule is not answering.
"""

OLD_CONNECTION = "old_connection"
"""The kind of refusal of an event from a connection that has been replaced by a newer one."""


class MarketFeed:
    """Routing and sequence checking of every event of the venues."""

    def __init__(self) -> None:
        """Begin with no route and no connection."""
        self.sequence = Sequence()
        self._routes: dict[str, tuple[Address, ...]] = {}
        self._waiting: dict[str, list[VenueEvent]] = {}
        self._fees = FeeTermsKnown()
        self._unloaded: set[str] = set()
        self._depth: set[str] = set()
        self._refused: dict[str, int] = {}
        self._conn = 0
        self._prints = HeardPrints()
        self._handlers: dict[type, Handler] = {
            BookDelta: self._delta,
            BookSnapshot: self._snapshot,
            QuoteSeen: self._quote,
            TradePrinted: self._print,
            FeedSequenced: self._sequenced,
            FeedUnnumbered: self._unnumbered,
            BookRefused: self._book_refused,
            FeedConnected: self._connected,
            FeedLost: self._lost,
            FeedRefused: self._refuse,
            GameSeen: self._to_schedule,
            MilestoneSeen: self._to_schedule,
            ScoreSeen: self._to_schedule,
            OddsSeen: self._to_schedule,
            MarketListed: self._listed,
            FeeChanged: self._fee,
        }

    def start(self, now: int) -> tuple[Outgoing, ...]:
        """Whatever was told before, a life knows nothing of it."""
        self._prints.since = Nanos(now)
        return ()

    def receive(self, message: object, now: int) -> Iterable[Outgoing]:
        """Route one input, or take in where a market belongs."""
        if type(message) is BookDelta:
            # Nineteen frames of twenty: one delta, in sequence, of a market that two actors hear.
            receivers = self._routes.get(message.ticker)
            # A sequence number of one subscription may be noted here only if `follows` says so; everything
            # else takes the long way, where gaps are told.
            if receivers and message.sid and self.sequence.follows((message.conn, message.sid), message.seq):
                game, exchange = receivers
                return ((game, message), (exchange, message))
            message = VenueInput((message,))
        out: list[Outgoing] = []
        if type(message) is VenueInput:
            handlers = self._handlers
            for heard in message.events:
                handler = handlers.get(type(heard))
                if handler is None:
                    self._other(heard, out)
                else:
                    handler(heard, out)
        elif isinstance(message, TickerRouted):
            self._routed(message, out)
        elif isinstance(message, GameRouted):
            self._game_routed(message)
        elif isinstance(message, StateWanted):
            counted = self.sequence
            out.append(
                Answer(
                    FeedSnapshot(
                        counted.frames, counted.gaps, counted.duplicates, dict(self._refused), counted.old
                    )
                )
            )
        elif isinstance(message, BooksWanted):
            # It comes behind every print that went to whoever asks, so it is never ahead of them.
            out.append((message.reply_to, self._prints.told()))
        elif isinstance(message, Heartbeat):
            return through_feed(message)
        return out

    def _connected(self, event: FeedConnected, out: list[Outgoing]) -> None:
        """Forget the sequences of older connections; their events are refused from here on."""
        # The venue counts from one again on every connection, so numbers of an older one must not be
        # compared.
        for older in sorted({conn for conn, _ in self.sequence.last if conn < event.conn}):
            self.sequence.forget(older)
        self._conn = event.conn
        self._prints.hear(event)
        out.append(Publish(FEED, event))

    def _lost(self, event: FeedLost, out: list[Outgoing]) -> None:
        self._prints.hear(event)
        out.append(Publish(FEED, event))

    def _delta(self, event: BookDelta, out: list[Outgoing]) -> None:
        if self._in_sequence(event, out):
            self._to_market(event.ticker, event, out)

    def _snapshot(self, event: BookSnapshot, out: list[Outgoing]) -> None:
        if self._in_sequence(event, out):
            self._depth.add(event.ticker)
            self._to_market(event.ticker, event, out)

    def _sequenced(self, event: FeedSequenced, out: list[Outgoing]) -> None:
        self._in_sequence(event, out)

    def _unnumbered(self, event: FeedUnnumbered, out: list[Outgoing]) -> None:
        self.sequence.check_unread(event.conn, event.sid, event.seq)

    def _book_refused(self, event: BookRefused, out: list[Outgoing]) -> None:
        """Pass it on to those who have the book; a frame that was refused makes no market known."""
        if event.ticker in self._routes or event.ticker in self._waiting:
            self._to_market(event.ticker, event, out)

    def _in_sequence(self, event: BookDelta | BookSnapshot | FeedSequenced, out: list[Outgoing]) -> bool:
        """Whether the event may be applied; a gap makes every book of the subscription suspect first."""
        # Polled and imported books carry no sequence number: there is nothing to check.
        if event.sid == 0:
            return True
        # A frame that an old socket had buffered; applied, it would move a book back.
        if event.conn < self._conn:
            refused = FeedRefused("market_feed", OLD_CONNECTION, f"{event.conn}, now {self._conn}", event.at)
            self._refuse(refused, out)
            return False
        verdict = self.sequence.check(event.conn, event.sid, event.seq)
        if verdict is NumberCheck.NEXT or verdict is NumberCheck.FIRST:
            return True
        # The frame after the gap is passed on: the books wait for a snapshot now and keep it among their
        # deltas.
        if verdict is NumberCheck.GAP:
            gap = FeedGapped(event.conn, event.sid, self.sequence.missing_from, event.seq, event.at)
            out.append(Publish(FEED, gap))
            # One request for the subscription and not for the market: the numbers count over all its markets,
            # so the lost frame may have been any market's.
            out.append((FEED_EDGE, SnapshotWanted(event.conn, event.sid)))
            return True
        return False

    def _quote(self, event: QuoteSeen, out: list[Outgoing]) -> None:
        """A quote is a book only where nothing better was recorded; elsewhere the deltas say it sooner."""
        # A ticker message comes about once a second, deltas at once; a quote on a real book would set it
        # back.
        if event.sole and event.ticker not in self._depth:
            self._to_market(event.ticker, book_of_quote(event), out)

    def _print(self, event: TradePrinted, out: list[Outgoing]) -> None:
        """Only the exchange fills from prints and only the bars count them, so games are spared."""
        if self._routes.get(event.ticker):
            self._prints.hear(event)
            out += ((PAPER_EXCHANGE, event), Publish(TRADES, event))
        else:
            self._to_market(event.ticker, event, out)

    def _listed(self, event: MarketListed, out: list[Outgoing]) -> None:
        override = self._fees.override(event)
        if override is not None:
            out.append(Publish(FEED, override))
        self._to_market(event.ticker, self._fees.complete(event), out)

    def _fee(self, event: FeeChanged, out: list[Outgoing]) -> None:
        self._fees.on_fee_changed(event)
        out.append(Publish(FEED, event))

    def _to_schedule(self, event: VenueEvent, out: list[Outgoing]) -> None:
        out.append((SCHEDULE, event))

    def _refuse(self, event: FeedRefused, out: list[Outgoing]) -> None:
        self._refused[event.kind] = self._refused.get(event.kind, 0) + 1
        out.append(Publish(FEED, event))

    def _other(self, event: VenueEvent, out: list[Outgoing]) -> None:
        ticker = getattr(event, "ticker", None)
        if ticker is None:
            out.append(Publish(FEED, event))
        else:
            self._to_market(ticker, event, out)

    def _to_market(self, ticker: str, event: VenueEvent, out: list[Outgoing]) -> None:
        receivers = self._routes.get(ticker)
        # An empty tuple is a route too: out of scope, or unloaded.
        if receivers is not None:
            out += [(receiver, event) for receiver in receivers or self._of_unloaded(event)]
            return
        waiting = self._waiting.get(ticker)
        if waiting is None:
            # Whoever receives the market must know its terms before its first book; recordings of others
            # rarely hold a listing, so one is assumed until the venue's own comes.
            listing = event if isinstance(event, MarketListed) else _assumed(ticker, event)
            self._waiting[ticker] = [listing] if listing is event else [listing, event]
            out.append((SCHEDULE, TickerSeen(ticker, listing)))
        # Bounded, and what is dropped is reported: a schedule that never answers must not fill the memory.
        elif len(waiting) < WAITING_EVENTS_MAX:
            waiting.append(event)
        else:
            out.append(Publish(FEED, FeedRefused("market_feed", "unrouted", ticker, event.at)))

    def _routed(self, message: TickerRouted, out: list[Outgoing]) -> None:
        self._routes[message.ticker] = message.receivers
        for event in self._waiting.pop(message.ticker, ()):
            if message.receivers and isinstance(event, TradePrinted):
                self._prints.hear(event)
            self._to_market(message.ticker, event, out)

    def _of_unloaded(self, event: VenueEvent) -> tuple[Address, ...]:
        """The exchange for results of an unloaded game, which may still be unpaid; else nobody."""
        if self._unloaded and isinstance(event, MarketDetermined | MarketSettled):
            return (PAPER_EXCHANGE,) if game_of(parse_ticker(event.ticker)) in self._unloaded else ()
        return ()

    def _game_routed(self, message: GameRouted) -> None:
        """Stop routing a game's markets, or let them be routed anew."""
        # The routes are kept as empty ones: without them the next frame would ask the schedule again, each
        # time.
        (self._unloaded.discard if message.followed else self._unloaded.add)(message.game)
        for ticker in [each for each in self._routes if game_of(parse_ticker(each)) == message.game]:
            if not message.followed:
                self._routes[ticker] = ()
            elif not self._routes[ticker]:
                del self._routes[ticker]


def _assumed(ticker: str, event: VenueEvent) -> MarketListed:
    """What is assumed of a market without a listing, in the state in which it is heard to be."""
    listing = assumed_listing(ticker, event.at)
    return changed(listing, status=event.status) if isinstance(event, MarketStatusChanged) else listing

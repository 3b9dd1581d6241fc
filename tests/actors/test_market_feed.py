"""The market feed: every event reaches those who need it, and a hole in the numbers is never passed over.

Covers: engine.quote_book.
"""

import pytest

from actors.addresses import FEED, FEED_EDGE, PAPER_EXCHANGE, SCHEDULE, TRADES, game_address
from actors.market_feed import OLD_CONNECTION, WAITING_EVENTS_MAX, MarketFeed
from actors.messages import (
    BooksWanted,
    FeedSnapshot,
    SnapshotWanted,
    StateWanted,
    TickerRouted,
    TickerSeen,
    VenueInput,
)
from actors.runtime import Answer, Outgoing, Publish
from engine.events import (
    BookDelta,
    BookSide,
    BookSnapshot,
    FeedConnected,
    FeedGapped,
    FeedLost,
    FeedRefused,
    FeedSequenced,
    MarketListed,
    QuoteSeen,
    Side,
    TradePrinted,
    VenueEvent,
)
from engine.heard_prints import PrintsHeard
from engine.message import changed
from engine.units import Count, Nanos, Price

TICKER = "KXNBAGAME-26JAN14WASLAC-LAC"
GAME = game_address("26JAN14WASLAC")
AT = Nanos(1)


def delta(seq: int, conn: int = 1) -> BookDelta:
    """One contract more at 42 cents."""
    return BookDelta(TICKER, Side.YES, Price(4200), Count(100), conn, 1, seq, None, AT)


def snapshot(seq: int) -> BookSnapshot:
    """An empty book."""
    return BookSnapshot(TICKER, (), (), 1, 1, seq, None, AT)


def quote(*, sole: bool) -> QuoteSeen:
    """A quote of 42 to 44 cents."""
    return QuoteSeen(TICKER, Price(4200), Price(4400), None, None, None, None, AT, sole=sole)


def hear(feed: MarketFeed, *events: VenueEvent) -> list[Outgoing]:
    """What the feed sends for one input."""
    return list(feed.receive(VenueInput(events), AT))


def routed() -> MarketFeed:
    """A feed that knows where the market belongs and has heard number 1."""
    feed = MarketFeed()
    feed.receive(TickerRouted(TICKER, (GAME, PAPER_EXCHANGE)), AT)
    hear(feed, snapshot(1))
    return feed


def sent_to(out: list[Outgoing], address: object) -> list[object]:
    """The messages of `out` for one address."""
    return [item[1] for item in out if isinstance(item, tuple) and item[0] == address]


def test_a_delta_goes_to_its_game_and_to_the_exchange() -> None:
    assert hear(routed(), delta(2)) == [(GAME, delta(2)), (PAPER_EXCHANGE, delta(2))]


def test_a_gap_is_told_to_everybody_before_the_event_that_showed_it() -> None:
    out = hear(routed(), delta(3))
    assert out[0] == Publish(FEED, FeedGapped(1, 1, 2, 3, AT))
    assert out[1] == (FEED_EDGE, SnapshotWanted(1, 1))
    assert out[2:] == [(GAME, delta(3)), (PAPER_EXCHANGE, delta(3))]


def test_frames_without_a_book_consume_numbers_too() -> None:
    feed = routed()
    hear(feed, FeedSequenced(1, 1, 2, AT))
    assert hear(feed, delta(3)) == [(GAME, delta(3)), (PAPER_EXCHANGE, delta(3))]


@pytest.mark.fault("A10")
def test_a_number_heard_before_is_passed_over() -> None:
    feed = routed()
    hear(feed, delta(2))
    assert hear(feed, delta(2)) == []
    assert hear(feed, delta(1)) == []


def test_numbers_begin_anew_on_another_connection() -> None:
    assert hear(routed(), delta(1, conn=2)) == [(GAME, delta(1, conn=2)), (PAPER_EXCHANGE, delta(1, conn=2))]


@pytest.mark.fault("A11")
def test_a11_what_an_older_connection_still_says_is_refused_and_counted() -> None:
    """Also between the new connection's beginning and its first snapshot."""
    feed = routed()
    hear(feed, delta(2))
    hear(feed, FeedConnected(2, AT))
    for late in (delta(3), snapshot(4), FeedSequenced(1, 1, 5, AT)):
        out = hear(feed, late)
        refused = FeedRefused("market_feed", OLD_CONNECTION, "1, now 2", AT)
        assert out == [Publish(FEED, refused)]
    assert sent_to(hear(feed, delta(1, conn=2)), GAME) == [delta(1, conn=2)]
    (answer,) = feed.receive(StateWanted(), AT)
    assert isinstance(answer, Answer)
    assert isinstance(answer.message, FeedSnapshot)
    assert answer.message.refused == {OLD_CONNECTION: 3}


def test_events_of_an_unrouted_market_wait_with_a_listing_in_front() -> None:
    feed = MarketFeed()
    out = hear(feed, snapshot(1), delta(2))
    (seen,) = sent_to(out, SCHEDULE)
    assert isinstance(seen, TickerSeen)
    assert sent_to(out, GAME) == []
    flushed = sent_to(list(feed.receive(TickerRouted(TICKER, (GAME,)), AT)), GAME)
    assert isinstance(flushed[0], MarketListed)
    assert flushed[1:] == [snapshot(1), delta(2)]


def test_a_market_out_of_scope_is_forgotten() -> None:
    feed = MarketFeed()
    hear(feed, snapshot(1))
    assert list(feed.receive(TickerRouted(TICKER, ()), AT)) == []
    assert hear(feed, delta(2)) == []


@pytest.mark.limit("actors.market_feed:WAITING_EVENTS_MAX")
def test_the_waiting_room_is_bounded_and_says_so() -> None:
    feed = MarketFeed()
    hear(feed, snapshot(1))
    for seq in range(2, WAITING_EVENTS_MAX):
        assert hear(feed, delta(seq)) == []
    out = hear(feed, delta(WAITING_EVENTS_MAX))
    assert out == [Publish(FEED, FeedRefused("market_feed", "unrouted", TICKER, AT))]


def test_a_quote_is_a_book_only_where_its_source_has_no_depth() -> None:
    feed = MarketFeed()
    feed.receive(TickerRouted(TICKER, (GAME,)), AT)
    (book,) = sent_to(hear(feed, quote(sole=True)), GAME)
    assert isinstance(book, BookSnapshot)
    assert book.pseudo
    assert hear(feed, quote(sole=False)) == []
    hear(feed, snapshot(1))
    assert hear(feed, quote(sole=True)) == []


def test_a_print_goes_to_the_exchange_and_to_the_bars_and_to_no_game() -> None:
    printed = TradePrinted(TICKER, "t1", Price(4200), Count(100), BookSide.BID, False, None, AT)
    assert hear(routed(), printed) == [(PAPER_EXCHANGE, printed), Publish(TRADES, printed)]


@pytest.mark.promise("restarted-exchange-goes-on")
def test_who_starts_anew_is_told_up_to_when_prints_were_passed_on() -> None:
    """Of this connection; what was fetched later, or has no time, says nothing about the others."""
    feed = routed()

    def to() -> Nanos:
        ((receiver, told),) = feed.receive(BooksWanted(PAPER_EXCHANGE), AT)  # type: ignore[misc]
        assert receiver == PAPER_EXCHANGE
        assert isinstance(told, PrintsHeard)
        return told.to

    assert to() == 0
    printed = TradePrinted(TICKER, "t1", Price(4200), Count(100), BookSide.BID, False, Nanos(7), AT)
    hear(feed, printed, changed(printed, at_venue=Nanos(5)), changed(printed, at_venue=None))
    hear(feed, changed(printed, at_venue=Nanos(9), recovered=True))
    assert to() == 7
    for ends in (FeedLost(1, "reset", AT), FeedConnected(2, AT)):
        hear(feed, ends)
        assert to() == 0
        hear(feed, printed)
        assert to() == 7


@pytest.mark.promise("restarted-exchange-goes-on")
def test_who_starts_anew_is_told_which_trades_were_passed_on_and_since_when_they_are_remembered() -> None:
    """Those of a market that nobody followed yet too, once somebody does."""
    feed = MarketFeed()
    feed.start(AT)
    printed = TradePrinted(TICKER, "t1", Price(4200), Count(100), BookSide.BID, False, None, AT)
    hear(feed, printed)
    feed.receive(TickerRouted(TICKER, (GAME, PAPER_EXCHANGE)), AT)
    hear(feed, changed(printed, trade_id="t2"))
    ((_, told),) = feed.receive(BooksWanted(PAPER_EXCHANGE), AT)  # type: ignore[misc]
    assert told == PrintsHeard(Nanos(0), AT, ((TICKER, "t1"), (TICKER, "t2")))


def test_what_it_has_counted_is_answered() -> None:
    feed = routed()
    hear(feed, delta(3), FeedRefused("kalshi.ws", "malformed", "", AT))
    (answer,) = feed.receive(StateWanted(), AT)
    assert isinstance(answer, Answer)
    assert answer.message == FeedSnapshot(frames=2, gaps=1, duplicates=0, refused={"malformed": 1})

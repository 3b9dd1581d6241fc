"""One market's book: levels, best prices, trust, and what comes before its snapshot."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.book import CROSSED_NS_MAX, PENDING_MAX, Book
from engine.events import BookDelta, BookRefused, BookSide, BookSnapshot, Level, Side, Trust
from engine.units import (
    PRICE_ONE,
    Count,
    Nanos,
    Price,
    parse_count,
    parse_count_change,
    parse_price,
)

AT = Nanos(1_000)


def snapshot(
    yes: tuple[tuple[int, int], ...], no: tuple[tuple[int, int], ...], seq: int = 1, conn: int = 1
) -> BookSnapshot:
    """A snapshot in cents and contracts."""
    return BookSnapshot("T", _levels(yes), _levels(no), conn, 1, seq, None, AT)


def _levels(levels: tuple[tuple[int, int], ...]) -> tuple[Level, ...]:
    return tuple((Price(price * 100), Count(size * 100)) for price, size in levels)


def delta(side: Side, price: int, change: int, seq: int, conn: int = 1) -> BookDelta:
    """A change in cents and contracts."""
    return BookDelta("T", side, Price(price * 100), Count(change * 100), conn, 1, seq, AT, AT)


def trust_of(book: Book) -> Trust:
    """The book's trust, asked anew each time."""
    return book.trust


def opened() -> Book:
    """YES bids 40 and 41, NO bids 55 and 56 (YES asks 45 and 44)."""
    book = Book("T")
    book.apply_snapshot(snapshot(((40, 10), (41, 20)), ((55, 30), (56, 40))))
    return book


def test_the_yes_ask_is_one_dollar_minus_the_best_no_bid() -> None:
    """The venue keeps bids only."""
    assert opened().top() == (4_100, 2_000, 4_400, 4_000)


def test_an_empty_side_has_no_best_price() -> None:
    """And no size."""
    book = Book("T")
    assert book.top() == (None, 0, None, 0)
    assert (book.yes_bid, book.yes_ask, book.yes_bid_size, book.yes_ask_size) == (None, None, 0, 0)


def test_a_level_disappears_at_zero_and_the_next_best_takes_over() -> None:
    """On both sides."""
    book = opened()
    book.apply_delta(delta(Side.YES, 41, -20, 2))
    book.apply_delta(delta(Side.NO, 56, -40, 3))
    assert book.top() == (4_000, 1_000, 4_500, 3_000)
    assert book.size(BookSide.BID, Price(4_100)) == 0


@pytest.mark.fault("A12")
def test_a12_a_level_below_zero_is_counted_and_the_book_believed_no_more() -> None:
    """It never happens at the venue: the book is CROSSED, whatever its levels say, until a snapshot."""
    book = opened()
    book.apply_delta(delta(Side.YES, 40, -11, 2))
    assert (book.negatives, book.size(BookSide.BID, Price(4_000))) == (1, 0)
    assert (trust_of(book), book.synced, book.doubtful(AT)) == (Trust.CROSSED, False, True)
    book.apply_delta(delta(Side.YES, 39, 5, 3))
    book.apply_delta(delta(Side.YES, 38, 5, 4))
    assert trust_of(book) is Trust.CROSSED
    book.apply_snapshot(snapshot(((40, 7),), ((55, 30),), seq=3))
    assert (trust_of(book), book.doubtful(AT)) == (Trust.TRUSTED, False)
    assert book.levels(BookSide.BID) == [(4_000, 700), (3_800, 500)]


@pytest.mark.fault("A12")
@pytest.mark.limit("engine.book:CROSSED_NS_MAX")
def test_a12_levels_that_stay_crossed_ask_for_a_snapshot_and_a_match_in_the_making_does_not() -> None:
    """At a second and one nanosecond before it."""
    book = opened()
    book.apply_delta(delta(Side.YES, 45, 1, 2))
    assert trust_of(book) is Trust.CROSSED
    assert not book.doubtful(AT + CROSSED_NS_MAX - 1)
    assert book.doubtful(AT + CROSSED_NS_MAX)
    book.apply_delta(delta(Side.YES, 45, -1, 3))
    assert not book.doubtful(AT + CROSSED_NS_MAX)


def test_levels_are_listed_best_first_at_yes_prices() -> None:
    """Whole, and within a taker's limit."""
    book = opened()
    assert book.levels(BookSide.ASK) == [(4_400, 4_000), (4_500, 3_000)]
    assert book.levels(BookSide.BID) == [(4_100, 2_000), (4_000, 1_000)]
    assert book.levels_within(BookSide.ASK, Price(4_400)) == [(4_400, 4_000)]
    assert book.levels_within(BookSide.BID, Price(4_100)) == [(4_100, 2_000)]


def test_a_book_without_a_snapshot_is_stale() -> None:
    """Its deltas wait."""
    book = Book("T")
    assert not book.apply_delta(delta(Side.YES, 40, 5, 3))
    assert (book.trust, book.yes_bid) == (Trust.STALE, None)


@pytest.mark.fault("A11")
def test_a11_deltas_newer_than_the_snapshot_are_applied_once_after_it() -> None:
    """Those that it contains already are not."""
    book = Book("T")
    for seq in (3, 4, 5):
        book.apply_delta(delta(Side.YES, 40, 1, seq))
    book.apply_snapshot(snapshot(((40, 10),), (), seq=4))
    assert (book.yes_bid_size, book.seq, book.old) == (1_100, 5, 2)


@pytest.mark.fault("A11")
def test_a11_deltas_and_snapshots_of_an_older_connection_are_void() -> None:
    """Their levels are gone."""
    book = opened()
    book.feed_lost()
    book.apply_snapshot(snapshot(((40, 10),), (), conn=2))
    book.apply_delta(delta(Side.YES, 40, 5, 9, conn=1))
    assert (book.yes_bid_size, book.old) == (1_000, 1)
    assert not book.apply_snapshot(snapshot(((10, 1),), (), conn=1, seq=99))
    assert (book.yes_bid, book.old, book.conn) == (4_000, 2, 2)


def test_a_polled_book_does_not_disturb_one_that_follows_a_stream() -> None:
    """Without a stream it is the book."""
    book = opened()
    assert not book.apply_snapshot(snapshot(((10, 1),), (), conn=0))
    assert book.apply_delta(delta(Side.YES, 41, 1, 2))
    assert book.top() == (4_100, 2_100, 4_400, 4_000)
    book.feed_lost()
    assert book.apply_snapshot(snapshot(((10, 1),), (), conn=0))
    assert book.apply_snapshot(snapshot(((11, 1),), (), conn=0))
    assert (book.yes_bid, book.trust) == (1_100, Trust.TRUSTED)


@pytest.mark.limit("engine.book:PENDING_MAX")
def test_waiting_deltas_are_bounded() -> None:
    """The oldest go, and are counted."""
    book = Book("T")
    for seq in range(PENDING_MAX + 3):
        book.apply_delta(delta(Side.YES, 41 if seq < 3 else 40, 1, seq))
    assert book.dropped == 3
    book.apply_snapshot(snapshot((), (), seq=-1))
    assert book.levels(BookSide.BID) == [(4_000, PENDING_MAX * 100)]


@pytest.mark.promise("duplicates-old-numbers-change")
@pytest.mark.fault("A10")
def test_an_old_or_repeated_delta_changes_nothing() -> None:
    """Sequence numbers only rise."""
    book = opened()
    assert book.apply_delta(delta(Side.YES, 40, 5, 2))
    assert not book.apply_delta(delta(Side.YES, 40, 5, 2))
    assert not book.apply_delta(delta(Side.YES, 40, 5, 1))
    assert (book.size(BookSide.BID, Price(4_000)), book.old, book.deltas) == (1_500, 2, 1)


def test_trust_moves_by_named_transitions() -> None:
    """What hides what: gapped and stale before paused before crossed."""
    book = opened()
    assert trust_of(book) is Trust.TRUSTED
    book.apply_delta(delta(Side.YES, 44, 1, 2))
    assert trust_of(book) is Trust.CROSSED
    assert book.pause()
    assert not book.pause()
    assert trust_of(book) is Trust.PAUSED
    assert book.feed_gapped()
    assert trust_of(book) is Trust.GAPPED
    assert book.feed_lost()
    assert not book.feed_lost()
    assert (book.trust, book.synced) == (Trust.STALE, False)
    book.apply_snapshot(snapshot(((40, 10),), ((55, 10),), seq=9))
    assert trust_of(book) is Trust.PAUSED
    assert book.resume()
    assert trust_of(book) is Trust.TRUSTED


def test_a_crossed_book_is_crossed_only_as_long_as_it_is() -> None:
    """Inside one match it may be."""
    book = opened()
    book.apply_delta(delta(Side.YES, 45, 1, 2))
    assert trust_of(book) is Trust.CROSSED
    book.apply_delta(delta(Side.NO, 56, -40, 3))
    book.apply_delta(delta(Side.NO, 55, -30, 4))
    assert trust_of(book) is Trust.TRUSTED


FEW_PRICES = st.sampled_from((30, 31, 32, 45, 68, 69, 70))
"""So few that levels come, go and come again, the best ones with others behind them."""

CHANGES = st.lists(
    st.tuples(st.sampled_from(list(Side)), FEW_PRICES | st.integers(1, 99), st.integers(-30, 30)), max_size=90
)


@given(changes=CHANGES)
def test_the_best_prices_are_those_of_all_levels(changes: list[tuple[Side, int, int]]) -> None:
    """Against the plainest model: two dictionaries."""
    book, sides = opened(), {Side.YES: {4_000: 1_000, 4_100: 2_000}, Side.NO: {5_500: 3_000, 5_600: 4_000}}
    for seq, (side, price, wanted) in enumerate(changes, start=2):
        # A level below zero is another test's.
        change = max(wanted, -sides[side].get(price * 100, 0) // 100)
        book.apply_delta(delta(side, price, change, seq))
        size = sides[side].pop(price * 100, 0) + change * 100
        if size > 0:
            sides[side][price * 100] = size
        yes, no = sides[Side.YES], sides[Side.NO]
        ask = PRICE_ONE - max(no) if no else None
        assert book.top() == (
            max(yes, default=None),
            yes.get(max(yes, default=0), 0),
            ask,
            no.get(max(no, default=0), 0),
        )
        crossed = bool(yes and no and max(yes) + max(no) >= PRICE_ONE)
        assert (book.trust is Trust.CROSSED) is crossed


@given(changes=CHANGES)
def test_a_book_can_start_from_another_ones_snapshot(changes: list[tuple[Side, int, int]]) -> None:
    """And goes on as that one."""
    book, copy = opened(), Book("T")
    for seq, (side, price, wanted) in enumerate(changes, start=2):
        levels = book.yes if side is Side.YES else book.no
        book.apply_delta(delta(side, price, max(wanted, -levels.get(Price(price * 100), 0) // 100), seq))
    copy.apply_snapshot(book.as_snapshot())
    for one in (book, copy):
        one.apply_delta(delta(Side.YES, 50, 7, 999))
    assert copy.as_snapshot() == book.as_snapshot()
    assert (copy.top(), copy.trust) == (book.top(), book.trust)


def test_a_recorded_evening_has_no_negative_level(shared: Path) -> None:
    """Twelve markets on one subscription, as the venue sent them."""
    books: dict[str, Book] = {}
    path = shared / "data" / "kalshi" / "ws_orderbook_prod_mlb_wnba_20260807.jsonl.gz"
    with gzip.open(path, "rt") as lines:
        for line in lines:
            frame = json.loads(line)["frame"]
            frame = json.loads(frame) if isinstance(frame, str) else frame
            body = frame.get("msg", {})
            if frame["type"] == "orderbook_snapshot":
                book = books.setdefault(body["market_ticker"], Book(body["market_ticker"]))
                levels = [
                    tuple((parse_price(price), parse_count(size)) for price, size in body.get(name, ()))
                    for name in ("yes_dollars_fp", "no_dollars_fp")
                ]
                book.apply_snapshot(
                    BookSnapshot(book.ticker, levels[0], levels[1], 1, 1, frame["seq"], None, AT)
                )
            elif frame["type"] == "orderbook_delta":
                change = parse_count_change(body["delta_fp"])
                price, side = parse_price(body["price_dollars"]), Side(body["side"])
                ticker = body["market_ticker"]
                assert books[ticker].apply_delta(
                    BookDelta(ticker, side, price, change, 1, 1, frame["seq"], AT, AT)
                )
    assert len(books) == 12
    assert sum(book.deltas for book in books.values()) == 245
    assert sum(book.negatives + book.old for book in books.values()) == 0
    assert all(book.trust is Trust.TRUSTED for book in books.values())


@given(deltas=CHANGES)
def test_a_book_says_what_its_levels_are_whatever_came(deltas: list[tuple[Side, int, int]]) -> None:
    """Held against plain dictionaries: best prices, sizes and the order of levels, of both sides."""
    book = Book("T")
    book.apply_snapshot(snapshot((), ()))
    held: dict[Side, dict[int, int]] = {Side.YES: {}, Side.NO: {}}
    for seq, (side, price, wanted) in enumerate(deltas, start=2):
        size = max(held[side].get(price, 0) + wanted, 0)
        change = size - held[side].pop(price, 0)
        if size:
            held[side][price] = size
        assert book.apply_delta(delta(side, price, change, seq))
    bids = sorted(((100 * price, 100 * size) for price, size in held[Side.YES].items()), reverse=True)
    asks = sorted((10_000 - 100 * price, 100 * size) for price, size in held[Side.NO].items())
    assert (book.levels(BookSide.BID), book.levels(BookSide.ASK)) == (bids, asks)
    nothing: tuple[int | None, int] = (None, 0)
    best_bid, best_ask = bids[0] if bids else nothing, asks[0] if asks else nothing
    assert book.top() == (*best_bid, *best_ask)
    assert (book.yes_bid, book.yes_bid_size, book.yes_ask, book.yes_ask_size) == (*best_bid, *best_ask)
    crossed = bool(bids and asks and bids[0][0] >= asks[0][0])
    assert book.trust is (Trust.CROSSED if crossed else Trust.TRUSTED)
    for cents in range(1, 100):
        limit = Price(100 * cents)
        assert book.size(BookSide.BID, limit) == dict(bids).get(limit, 0)
        assert book.size(BookSide.ASK, limit) == dict(asks).get(limit, 0)
        assert book.levels_within(BookSide.BID, limit) == [level for level in bids if level[0] >= limit]
        assert book.levels_within(BookSide.ASK, limit) == [level for level in asks if level[0] <= limit]
    assert (book.deltas, book.snapshots, book.negatives, book.old, book.dropped) == (len(deltas), 1, 0, 0, 0)


def test_a_book_that_heard_nothing_is_empty_counts_nothing_and_follows_nobody() -> None:
    book = Book("T")
    counted = (book.deltas, book.snapshots, book.negatives, book.old, book.dropped)
    assert (counted, book.at, book.crossed_at, book.venue_at) == ((0,) * 5, 0, 0, None)
    assert not book.pseudo
    assert not book.past
    assert (book.conn, book.sid, book.seq, book.trust) == (-1, -1, -1, Trust.STALE)
    assert not book.apply_delta(delta(Side.YES, 40, 1, 2))


def test_the_venues_time_of_a_book_is_that_of_its_last_change_and_unknown_if_that_had_none() -> None:
    book = opened()
    book.apply_delta(delta(Side.YES, 40, 1, 2))
    later = BookDelta("T", Side.YES, Price(4_000), Count(100), 1, 1, 3, None, Nanos(2_000))
    book.apply_delta(later)
    assert (book.venue_at, book.at) == (None, 2_000)


def test_empty_levels_of_a_snapshot_are_none() -> None:
    book = Book("T")
    book.apply_snapshot(snapshot(((40, 10), (41, 0)), ((55, 30), (56, 0))))
    assert (book.yes, book.no, book.top()) == ({4_000: 1_000}, {5_500: 3_000}, (4_000, 1_000, 4_500, 3_000))


def test_a_book_crosses_when_its_prices_do_and_not_again_with_each_change() -> None:
    book = opened()
    book.apply_delta(BookDelta("T", Side.YES, Price(4_500), Count(100), 1, 1, 2, None, Nanos(5_000)))
    assert (book.trust, book.crossed_at) == (Trust.CROSSED, 5_000)
    book.apply_delta(BookDelta("T", Side.YES, Price(4_600), Count(100), 1, 1, 3, None, Nanos(6_000)))
    book.pause()
    book.resume()
    assert (book.trust, book.crossed_at) == (Trust.CROSSED, 5_000)


def test_the_best_of_several_levels_that_are_left_takes_over() -> None:
    book = Book("T")
    book.apply_snapshot(snapshot(((39, 1), (40, 2), (41, 3)), ((54, 4), (55, 5), (56, 6))))
    book.apply_delta(delta(Side.YES, 41, -3, 2))
    book.apply_delta(delta(Side.NO, 56, -6, 3))
    assert book.top() == (4_000, 200, 4_500, 500)


def test_a_hundredth_of_a_contract_is_a_level() -> None:
    book = Book("T")
    smallest = Count(1)
    levels = ((Price(4_000), smallest),)
    book.apply_snapshot(BookSnapshot("T", levels, levels, 1, 1, 1, None, AT))
    assert book.top() == (4_000, 1, 6_000, 1)
    for seq, side in enumerate(Side, start=2):
        book.apply_delta(BookDelta("T", side, Price(4_100), smallest, 1, 1, seq, None, AT))
    assert book.top() == (4_100, 1, 5_900, 1)


def test_a_book_whose_first_snapshot_crosses_is_crossed_since_then() -> None:
    book = Book("T")
    book.apply_snapshot(snapshot(((50, 1),), ((50, 1),)))
    assert (book.trust, book.crossed_at) == (Trust.CROSSED, AT)


def test_deltas_of_an_older_subscription_do_not_wait_beyond_the_next_snapshot() -> None:
    book = Book("T")
    for seq in range(PENDING_MAX):
        book.apply_delta(delta(Side.YES, 40, 1, seq))
    book.apply_snapshot(BookSnapshot("T", (), (), 1, 2, 1, None, AT))
    book.feed_gapped()
    for seq in range(2, 2 + PENDING_MAX):
        book.apply_delta(BookDelta("T", Side.YES, Price(4_000), Count(100), 1, 2, seq, None, AT))
    assert (book.dropped, book.yes) == (0, {})


@pytest.mark.parametrize(
    ("conn", "sid", "concerned"),
    [(1, 1, True), (1, None, True), (1, 2, False), (2, 1, False), (2, None, False)],
)
def test_a_refused_frame_concerns_the_books_of_its_connection_and_subscription(
    conn: int, sid: int | None, *, concerned: bool
) -> None:
    assert opened().concerns(BookRefused("T", conn, sid, False, AT)) is concerned


NEAR_THE_TOP = st.tuples(st.sampled_from(Side), st.integers(38, 46), st.integers(-3, 3))


@given(changes=st.lists(NEAR_THE_TOP, max_size=30))
def test_whoever_looks_only_where_the_top_may_have_moved_misses_nothing(
    changes: list[tuple[Side, int, int]],
) -> None:
    """Neither a size at the best price nor a level below zero, which nobody may trust any more."""
    book = Book("T")
    book.apply_snapshot(snapshot(((40, 2), (41, 2)), ((45, 2), (46, 2))))
    for seq, (side, price, change) in enumerate(changes, 2):
        before = book.top(), book.trust
        if book.apply_delta(delta(side, price, change, seq)) and not book.top_moved:
            assert (book.top(), book.trust) == before


@pytest.mark.parametrize(
    ("side", "price", "change"),
    [(Side.YES, 41, 1), (Side.NO, 56, 1), (Side.YES, 41, -1), (Side.NO, 56, -1), (Side.YES, 39, -1)],
)
def test_a_size_at_the_best_price_and_a_level_below_zero_move_the_top(
    side: Side, price: int, change: int
) -> None:
    book = opened()
    assert book.apply_delta(delta(side, price, change, 2))
    assert book.top_moved

"""One frame of Kalshi's stream to events of the engine: pure, exact, and never by an exception to the caller.

Called by `venues.translate` for every frame, live and in a replay. What cannot be understood becomes a
`FeedRefused` whose `kind` is counted. A frame that is refused has used its number up, so it is no gap; if it
was about a book, that book is in doubt (`BookRefused`) until its next snapshot, and no other is. Reads no
clock.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise

import msgspec

from engine.events import (
    BookDelta,
    BookRefused,
    BookSide,
    BookSnapshot,
    CloseTimeChanged,
    FeeChanged,
    FeedGapped,
    FeedRefused,
    FeedSequenced,
    FeedUnnumbered,
    Level,
    MarketDetermined,
    MarketSettled,
    MarketStatus,
    MarketStatusChanged,
    PriceRange,
    PriceRangesChanged,
    QuoteSeen,
    Side,
    TradePrinted,
    VenueEvent,
)
from engine.units import (
    NANOS_PER_MILLISECOND,
    PRICE_ONE,
    PRICE_ZERO,
    Nanos,
    Price,
    UnitError,
    known_count,
    known_price,
    parse_count,
    parse_count_change,
    parse_price,
)
from venues import timestamps
from venues.kalshi import bodies, wire
from venues.refusals import DETAIL_MAX, REFUSABLE, NotUnderstood, pieces_refused, refusal, refusal_kind

SOURCE = "kalshi.ws"
SNAPSHOT = "orderbook_snapshot"
CHANGES_BOOKS = frozenset({"orderbook_delta", SNAPSHOT})
SNAPSHOT_KEYS = wire.BODY_KEYS[SNAPSHOT]
"""What is known of a snapshot. REST names the sides otherwise; neither's names are taken for the other's."""

MULTIPLIER_DIGITS_MAX = 12
"""Digits before or after the point; written out, 1e999999999 would fill the memory."""

_SIDE_WORD = re.compile(r"(?:^|_)(?:yes|no)(?=_|$|[A-Z])")


def parse_frame(text: str, conn: int, at: Nanos) -> tuple[VenueEvent, ...]:
    """Return what a frame says, in order; a frame that says nothing to the engine gives nothing.

    `conn` is the number of the connection, `at` when the frame came.
    """
    try:
        frame = wire.FRAME.decode(text)
        # Most frames of an evening are deltas, so theirs is the one case without a further call.
        if type(frame) is wire.Delta:
            body = frame.msg
            ts_ms = body.ts_ms
            # `Nanos(…)` is a call, and this is the hottest line of the program.
            at_venue: Nanos | None = None if ts_ms is None else ts_ms * 1_000_000  # type: ignore[assignment]
            # Nearly every text has been read before: the look into the memory of texts is made here.
            price, change = known_price(body.price_dollars), known_count(body.delta_fp)
            return (
                BookDelta(
                    body.market_ticker,
                    body.side,
                    parse_price(body.price_dollars) if price is None else price,
                    parse_count_change(body.delta_fp) if change is None else change,
                    conn,
                    frame.sid,
                    frame.seq,
                    at_venue,
                    at,
                ),
            )
        if type(frame) is wire.Ticker:
            return _ticker(frame, conn, at)
        return _meaning(frame, text, conn, at)
    # JSON of another shape: some of it may be good. Whatever else is wrong refuses the whole frame, below.
    except msgspec.ValidationError as error:
        return _piece_by_piece(text, conn, at, error)
    except REFUSABLE as error:
        return _refused(text, conn, at, error)


def _meaning(frame: wire.Frame, text: str, conn: int, at: Nanos) -> tuple[VenueEvent, ...]:
    if type(frame) is wire.Snapshot:
        return _snapshot(frame, text, conn, at)
    return _HANDLERS[type(frame)](frame, conn, at)


def _piece_by_piece(
    text: str, conn: int, at: Nanos, error: msgspec.ValidationError
) -> tuple[VenueEvent, ...]:
    """A frame that is not as promised: what is left of it without its odd pieces, or its refusal."""
    try:
        kind = wire.ENVELOPE.decode(text)[0].type
        shape = wire.SHAPES.get(kind)
        if shape is None:
            return _refused(text, conn, at, error)
        frame, pieces = shape.pieces(text)
        return (*_meaning(frame, text, conn, at), *pieces_refused(SOURCE, kind, pieces, at))
    except REFUSABLE as second:
        return _refused(text, conn, at, second)


def _delta(frame: wire.Delta, conn: int, at: Nanos) -> tuple[VenueEvent, ...]:
    body = frame.msg
    # Only what was read piece by piece comes here; a whole delta is made in `parse_frame`.
    price, change = parse_price(body.price_dollars), parse_count_change(body.delta_fp)
    at_venue = _at_venue(body.ts_ms)
    return (
        BookDelta(body.market_ticker, body.side, price, change, conn, frame.sid, frame.seq, at_venue, at),
    )


def _snapshot(frame: wire.Snapshot, text: str, conn: int, at: Nanos) -> tuple[VenueEvent, ...]:
    body = frame.msg
    if body.yes_dollars_fp is None or body.no_dollars_fp is None:
        check_book_keys(wire.SNAPSHOT_KEYS.decode(text).msg, SNAPSHOT_KEYS)
    yes, no = read_levels(body.yes_dollars_fp or ()), read_levels(body.no_dollars_fp or ())
    check_no_prices(yes, no)
    return (BookSnapshot(body.market_ticker, yes, no, conn, frame.sid, frame.seq, None, at),)


def _ticker(frame: wire.Ticker, _conn: int, at: Nanos) -> tuple[VenueEvent, ...]:
    body = frame.msg
    # As in `parse_frame`, the memory of texts is looked into before anything is called; of a size that is
    # known to be negative `parse_count` says what is wrong.
    price, bid, ask = body.price_dollars, body.yes_bid_dollars, body.yes_ask_dollars
    bid_size, ask_size = body.yes_bid_size_fp, body.yes_ask_size_fp
    last = None if price is None else known_price(price) or parse_price(price)
    yes_bid = None if bid is None else known_price(bid) or parse_price(bid)
    yes_ask = None if ask is None else known_price(ask) or parse_price(ask)
    bids = None if bid_size is None else known_count(bid_size)
    asks = None if ask_size is None else known_count(ask_size)
    ts_ms = body.ts_ms
    # The venue writes an empty side as a bid of 0 or an ask of 1.
    return (
        QuoteSeen(
            body.market_ticker,
            None if yes_bid == PRICE_ZERO else yes_bid,
            None if yes_ask == PRICE_ONE else yes_ask,
            parse_count(bid_size) if bid_size is not None and (bids is None or bids < 0) else bids,
            parse_count(ask_size) if ask_size is not None and (asks is None or asks < 0) else asks,
            last,
            None if ts_ms is None else ts_ms * 1_000_000,  # type: ignore[arg-type]  # as above
            at,
        ),
    )


def _trade(frame: wire.Trade, conn: int, at: Nanos) -> tuple[VenueEvent, ...]:
    body = frame.msg
    print_ = TradePrinted(
        body.market_ticker,
        body.trade_id,
        parse_price(body.yes_price_dollars),
        parse_count(body.count_fp),
        taker_of(body),
        body.is_block_trade,
        _at_venue(body.ts_ms),
        at,
    )
    return _sequenced(frame, conn, at, print_)


def taker_of(trade: wire.TradeBody | bodies.TradeRow) -> BookSide:
    """The aggressor's direction, from the newest of the three fields that say it."""
    if trade.taker_book_side is not None:
        return trade.taker_book_side
    outcome = trade.taker_outcome_side or trade.taker_side
    if outcome is None:
        raise NotUnderstood("missing_field", "a trade without the taker's side")
    return BookSide.BID if outcome is Side.YES else BookSide.ASK


def _lifecycle(frame: wire.Lifecycle, conn: int, at: Nanos) -> tuple[VenueEvent, ...]:
    body = frame.msg
    ticker = body.market_ticker
    events: tuple[VenueEvent, ...] = ()
    match body.event_type:
        case "created":
            events = (MarketStatusChanged(ticker, MarketStatus.INITIALIZED, None, at), *_close(body, at))
        case "activated":
            events = (MarketStatusChanged(ticker, MarketStatus.ACTIVE, None, at),)
        case "deactivated":
            events = (MarketStatusChanged(ticker, MarketStatus.INACTIVE, None, at),)
        case "close_date_updated":
            if body.close_ts is None:
                raise NotUnderstood("missing_field", f"no close_ts in {body.event_type}")
            events = _close(body, at)
        case "determined":
            value = result_value(body.result, body.settlement_value)
            when = _seconds(body.determination_ts)
            events = (MarketDetermined(ticker, body.result or "", value, when, at),)
        # Determined is not final: a result can be disputed and amended until the market is settled.
        case "settled":
            events = (MarketSettled(ticker, _seconds(body.settled_ts), at),)
        case "price_level_structure_updated":
            if body.price_ranges is None:
                raise NotUnderstood("missing_field", f"no price_ranges in {body.event_type}")
            events = (PriceRangesChanged(ticker, read_ranges(body.price_ranges), None, at),)
        case "metadata_updated":
            pass  # titles and strikes; the schedule reads them again by REST
        case unknown:
            events = (FeedRefused(SOURCE, "unknown_lifecycle", f"{unknown} of {ticker}"[:DETAIL_MAX], at),)
    return _sequenced(frame, conn, at, *events)


def _close(body: wire.LifecycleBody, at: Nanos) -> tuple[VenueEvent, ...]:
    if body.close_ts is None:
        return ()
    return (CloseTimeChanged(body.market_ticker, timestamps.from_seconds(body.close_ts), None, at),)


def result_value(result: str | None, value_text: str | None) -> Price:
    """What one YES contract pays: the venue's own value if it is given, else 1 for yes and 0 for no."""
    if value_text is not None:
        return parse_price(value_text)
    match result:
        case "yes":
            return PRICE_ONE
        case "no":
            return PRICE_ZERO
        case _:
            raise NotUnderstood("missing_field", f"result {result!r} without a settlement value")


def _event_fee(frame: wire.EventFee, conn: int, at: Nanos) -> tuple[VenueEvent, ...]:
    body = frame.msg
    multiplier = multiplier_text(body.fee_multiplier_override)
    return _sequenced(frame, conn, at, FeeChanged(body.event_ticker, body.fee_type_override, multiplier, at))


def multiplier_text(multiplier: Decimal | None) -> str | None:
    """A fee multiplier as an exact decimal text. Raises UnitError for what is no number."""
    if multiplier is None:
        return None
    if not multiplier.is_finite() or abs(multiplier.adjusted()) > MULTIPLIER_DIGITS_MAX:
        raise UnitError(f"not a multiplier: {multiplier}")
    return format(multiplier, "f")


def _error(frame: wire.Error, conn: int, at: Nanos) -> tuple[VenueEvent, ...]:
    refused = FeedRefused(SOURCE, f"error_{frame.msg.code}", frame.msg.msg[:DETAIL_MAX], at)
    return _sequenced(frame, conn, at, refused)


def _only_number(
    frame: wire.Ok | wire.Unsubscribed | wire.EventLifecycle, conn: int, at: Nanos
) -> tuple[VenueEvent, ...]:
    return _sequenced(frame, conn, at)


def _subscribed(_frame: wire.Subscribed, _conn: int, _at: Nanos) -> tuple[VenueEvent, ...]:
    return ()


Numbered = (
    wire.Trade
    | wire.Lifecycle
    | wire.EventLifecycle
    | wire.EventFee
    | wire.Ok
    | wire.Unsubscribed
    | wire.Error
)


def _sequenced(frame: Numbered, conn: int, at: Nanos, *events: VenueEvent) -> tuple[VenueEvent, ...]:
    """Say the frame's number first, so that a gap before it is known before its content is used."""
    if frame.seq is None or frame.sid == 0:
        return events
    return (FeedSequenced(conn, frame.sid, frame.seq, at), *events)


def _at_venue(ts_ms: int | None) -> Nanos | None:
    return None if ts_ms is None else Nanos(ts_ms * NANOS_PER_MILLISECOND)


def _seconds(ts: int | None) -> Nanos | None:
    return None if ts is None else timestamps.from_seconds(ts)


def check_book_keys(keys: Mapping[str, msgspec.Raw], known: frozenset[str]) -> None:
    """Raise NotUnderstood where a side of a book is missing and may stand there under another name.

    The venue leaves out the key of an empty side, and whoever renames a key leaves it out too. So a side is
    empty only if nothing beside it looks like levels.
    """
    for key, value in keys.items():
        if key not in known and (_SIDE_WORD.search(key) or bytes(value).lstrip()[:1] in (b"[", b"{")):
            raise NotUnderstood("unknown_book", f"a side is missing, and there is {key[:40]!r}")


def read_levels(texts: Iterable[wire.LevelText]) -> tuple[Level, ...]:
    """Levels ascending in price, best last, as the venue sends them; put in order if it ever does not.

    Raises UnitError for a wrong number and NotUnderstood where a price stands twice.
    """
    levels = [(parse_price(price), parse_count(count)) for price, count in texts]
    if any(before[0] >= after[0] for before, after in pairwise(levels)):
        levels.sort()
        if any(before[0] == after[0] for before, after in pairwise(levels)):
            raise NotUnderstood("duplicate_level", "a price stands twice in one side of a book")
    # A level of nothing says that there is none.
    return tuple([level for level in levels if level[1]])


def check_no_prices(yes: tuple[Level, ...], no: tuple[Level, ...]) -> None:
    """Raise NotUnderstood where the NO side is written in YES prices.

    The venue will change its default to that one day. A NO side in YES prices consists of offers: all of it
    lies above the best YES bid, and best and best add up to more than a dollar. A book that is crossed for a
    moment has deep NO bids too.
    """
    if yes and no and yes[-1][0] + no[-1][0] > PRICE_ONE and no[0][0] > yes[-1][0]:
        raise NotUnderstood(
            "no_side_in_yes_prices", f"best yes {yes[-1][0]}, no from {no[0][0]} to {no[-1][0]}"
        )


def read_ranges(texts: list[wire.RangeText]) -> tuple[PriceRange, ...]:
    """The tick structure. Raises UnitError for a wrong number and NotUnderstood for a step of nothing."""
    ranges = _ranges(tuple((text.start, text.end, text.step) for text in texts))
    if ranges is None:
        raise NotUnderstood("wrong_price_ranges", str(texts)[:DETAIL_MAX])
    return ranges


# The venue has a handful of them for all its markets.
@lru_cache(maxsize=256)
def _ranges(texts: tuple[tuple[str, str, str], ...]) -> tuple[PriceRange, ...] | None:
    ranges = tuple(
        PriceRange(parse_price(start), parse_price(end), parse_price(step)) for start, end, step in texts
    )
    wrong = any(entry.step == 0 or entry.start >= entry.end for entry in ranges)
    return None if wrong else ranges


def _refused(text: str, conn: int, at: Nanos, error: Exception) -> tuple[VenueEvent, ...]:
    """A frame that was not understood still uses its number up, and puts only its own market in doubt.

    A change of which not even the market can be read puts every book of its subscription in doubt, at once.
    """
    try:
        envelope, _ = wire.ENVELOPE.decode(text)
    except REFUSABLE:
        return (refusal(SOURCE, "", error, at),)
    ticker, known = envelope.msg.market_ticker, envelope.type in wire.SHAPES
    if not known:
        error = NotUnderstood("unknown_type" if envelope.type else refusal_kind(error), str(error))
    refused = refusal(SOURCE, envelope.type[:40], error, at)
    # A type that nobody knows, about a market, may be its book under a new name.
    changes = envelope.type in CHANGES_BOOKS or (ticker != "" and not known)
    number = _number(envelope, conn, at, changes=changes)
    if not changes or (ticker == "" and envelope.type == SNAPSHOT):
        return (*number, refused)
    if ticker == "":
        if not envelope.sid:
            return (refused,)  # nothing is known of it: the gap in the numbers will say so
        seq = envelope.seq or 0
        # A gap of one frame, this one: whatever book it changed, one of this subscription's.
        return (*number, FeedGapped(conn, envelope.sid, seq, seq + 1, at), refused)
    snapshot = envelope.type == SNAPSHOT
    return (*number, BookRefused(ticker, conn, envelope.sid or None, snapshot, at), refused)


def _number(envelope: wire.Envelope, conn: int, at: Nanos, *, changes: bool) -> tuple[VenueEvent, ...]:
    """What is known of the number that a refused frame used up; only those about books always have one."""
    sid, seq = envelope.sid or None, envelope.seq
    if sid is not None and seq is not None:
        return (FeedSequenced(conn, sid, seq, at),)
    return (FeedUnnumbered(conn, sid, seq, at),) if changes else ()


_HANDLERS: dict[type, Callable[..., tuple[VenueEvent, ...]]] = {
    wire.Delta: _delta,
    wire.Ticker: _ticker,
    wire.Trade: _trade,
    wire.Lifecycle: _lifecycle,
    wire.EventLifecycle: _only_number,
    wire.EventFee: _event_fee,
    wire.Subscribed: _subscribed,
    wire.Ok: _only_number,
    wire.Unsubscribed: _only_number,
    wire.Error: _error,
}

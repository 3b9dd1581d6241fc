"""Frames of Kalshi's stream: each kind gives its events, and nothing a stranger sends is an exception."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from engine.units import Count, Nanos, Price, format_count, format_price
from venues.kalshi.parse import parse_frame

AT = Nanos(5)
TICKER = "KXNBAGAME-26JAN14WASLAC-LAC"


def parsed(frame: object) -> tuple[VenueEvent, ...]:
    return parse_frame(json.dumps(frame), 3, AT)


def delta(**changes: object) -> dict[str, object]:
    msg: dict[str, object] = {
        "market_ticker": TICKER,
        "market_id": "957ed958-9b9b-4a98-b024-16a394cd214c",
        "price_dollars": "0.4300",
        "delta_fp": "-100.00",
        "side": "yes",
        "ts": "2026-08-07T06:46:28.97871Z",
        "ts_ms": 1_786_085_188_978,
    }
    return {"type": "orderbook_delta", "sid": 1, "seq": 24, "msg": msg | changes}


def lifecycle(event_type: str, **fields: object) -> dict[str, object]:
    msg = {"event_type": event_type, "market_ticker": TICKER} | fields
    return {"type": "market_lifecycle_v2", "sid": 4, "msg": msg}


def refusal(events: tuple[VenueEvent, ...]) -> FeedRefused:
    refused = [event for event in events if isinstance(event, FeedRefused)]
    assert len(refused) == 1
    assert refused[0].source == "kalshi.ws"
    return refused[0]


def test_a_delta_is_exact() -> None:
    venue_at = Nanos(1_786_085_188_978_000_000)
    expected = BookDelta(TICKER, Side.YES, Price(4300), Count(-10000), 3, 1, 24, venue_at, AT)
    assert parsed(delta()) == (expected,)


@given(
    st.integers(0, 10_000).map(Price), st.integers(-(10**10), 10**10).map(Count), st.sampled_from(list(Side))
)
def test_any_price_and_size_survives_the_wire(price: Price, change: Count, side: Side) -> None:
    (event,) = parsed(
        delta(price_dollars=format_price(price), delta_fp=format_count(change), side=side.value)
    )
    assert isinstance(event, BookDelta)
    assert (event.price, event.change, event.side) == (price, change, side)


@pytest.mark.parametrize("text, units", [("0.43", 4300), ("0.043", 430), ("0.430000", 4300), ("1", 10_000)])
def test_prices_of_two_to_six_decimals_are_read(text: str, units: int) -> None:
    (event,) = parsed(delta(price_dollars=text))
    assert isinstance(event, BookDelta)
    assert event.price == units


def test_a_delta_without_a_time_of_the_venue_is_taken() -> None:
    frame = delta()
    del frame["msg"]["ts_ms"]  # type: ignore[attr-defined]
    (event,) = parsed(frame)
    assert isinstance(event, BookDelta)
    assert event.at_venue is None


def snapshot(**sides: object) -> dict[str, object]:
    msg = {"market_ticker": TICKER, "market_id": "x"} | sides
    return {"type": "orderbook_snapshot", "sid": 1, "seq": 2, "msg": msg}


def test_a_snapshot_holds_the_bids_of_both_sides_and_an_absent_side_is_empty() -> None:
    events = parsed(snapshot(yes_dollars_fp=[["0.0100", "966425.00"], ["0.4200", "10.50"]]))
    levels = ((Price(100), Count(96_642_500)), (Price(4200), Count(1050)))
    assert events == (BookSnapshot(TICKER, levels, (), 3, 1, 2, None, AT),)


def test_levels_out_of_order_are_put_in_order_and_empty_ones_left_out() -> None:
    (event,) = parsed(snapshot(no_dollars_fp=[["0.30", "1.00"], ["0.10", "2.00"], ["0.20", "0.00"]]))
    assert isinstance(event, BookSnapshot)
    assert event.no == ((Price(1000), Count(200)), (Price(3000), Count(100)))


def test_a_price_that_stands_twice_is_refused() -> None:
    events = parsed(snapshot(yes_dollars_fp=[["0.30", "1.00"], ["0.3000", "2.00"]]))
    assert refusal(events).kind == "duplicate_level"


def test_a_no_side_in_yes_prices_is_refused_when_the_venue_flips_its_default() -> None:
    yes = [["0.40", "5.00"], ["0.45", "5.00"]]
    flipped = [["0.48", "5.00"], ["0.60", "5.00"], ["0.99", "5.00"]]
    refused = refusal(parsed(snapshot(yes_dollars_fp=yes, no_dollars_fp=flipped)))
    assert refused.kind == "no_side_in_yes_prices"
    crossed_for_a_moment = [["0.01", "5.00"], ["0.56", "5.00"]]
    (event,) = parsed(snapshot(yes_dollars_fp=yes, no_dollars_fp=crossed_for_a_moment))
    assert isinstance(event, BookSnapshot)


def test_a_quote_of_nothing_is_an_empty_side() -> None:
    msg = {
        "market_ticker": TICKER,
        "price_dollars": "0.6000",
        "yes_bid_dollars": "0.0000",
        "yes_ask_dollars": "1.0000",
        "yes_bid_size_fp": "0.00",
        "yes_ask_size_fp": "0.00",
        "ts_ms": 1,
    }
    events = parsed({"type": "ticker", "sid": 1, "msg": msg})
    assert events == (QuoteSeen(TICKER, None, None, Count(0), Count(0), Price(6000), Nanos(1_000_000), AT),)


def test_a_quote_has_prices_and_sizes() -> None:
    msg = {
        "market_ticker": TICKER,
        "yes_bid_dollars": "0.59",
        "yes_ask_dollars": "0.60",
        "yes_bid_size_fp": "1567.63",
        "yes_ask_size_fp": "702.00",
    }
    (event,) = parsed({"type": "ticker", "sid": 1, "msg": msg})
    assert event == QuoteSeen(TICKER, Price(5900), Price(6000), Count(156_763), Count(70_200), None, None, AT)


@pytest.mark.parametrize(
    "fields, taker",
    [
        ({"taker_book_side": "bid", "taker_outcome_side": "yes", "taker_side": "yes"}, BookSide.BID),
        ({"taker_book_side": "ask"}, BookSide.ASK),
        ({"taker_outcome_side": "no"}, BookSide.ASK),
        ({"taker_side": "yes"}, BookSide.BID),
    ],
)
def test_a_trade_says_who_took_in_old_words_and_new(fields: dict[str, str], taker: BookSide) -> None:
    msg = {
        "trade_id": "t1",
        "market_ticker": TICKER,
        "yes_price_dollars": "0.3600",
        "no_price_dollars": "0.6400",
        "count_fp": "136.00",
        "is_block_trade": True,
        "ts_ms": 2,
    }
    events = parsed({"type": "trade", "sid": 2, "seq": 9, "msg": msg | fields})
    expected = TradePrinted(TICKER, "t1", Price(3600), Count(13600), taker, True, Nanos(2_000_000), AT)
    assert events == (FeedSequenced(3, 2, 9, AT), expected)
    assert parsed({"type": "trade", "sid": 2, "msg": msg | fields}) == (expected,)


def test_a_trade_without_the_takers_side_is_refused_but_its_number_counts() -> None:
    msg = {"trade_id": "t1", "market_ticker": TICKER, "yes_price_dollars": "0.36", "count_fp": "1.00"}
    events = parsed({"type": "trade", "sid": 2, "seq": 9, "msg": msg})
    assert events[0] == FeedSequenced(3, 2, 9, AT)
    assert refusal(events).kind == "missing_field"


def test_replies_consume_numbers() -> None:
    ok = {"id": 2, "sid": 1, "seq": 22, "type": "ok", "msg": {"market_tickers": [TICKER]}}
    assert parsed(ok) == (FeedSequenced(3, 1, 22, AT),)
    assert parsed({"id": 4, "sid": 1, "seq": 7, "type": "unsubscribed"}) == (FeedSequenced(3, 1, 7, AT),)
    listed = {"id": 3, "type": "ok", "msg": [{"channel": "ticker", "sid": 1}]}
    assert parsed(listed) == ()
    subscribed = {"id": 1, "type": "subscribed", "msg": {"channel": "orderbook_delta", "sid": 1}}
    assert parsed(subscribed) == ()
    assert parsed({"type": "event_lifecycle", "sid": 4, "seq": 3, "msg": {}}) == (FeedSequenced(3, 4, 3, AT),)


@pytest.mark.parametrize(
    "frame, expected",
    [
        (lifecycle("activated"), MarketStatusChanged(TICKER, MarketStatus.ACTIVE, None, AT)),
        (lifecycle("deactivated"), MarketStatusChanged(TICKER, MarketStatus.INACTIVE, None, AT)),
        (lifecycle("created"), MarketStatusChanged(TICKER, MarketStatus.INITIALIZED, None, AT)),
        (
            lifecycle("close_date_updated", close_ts=1_786_085_188),
            CloseTimeChanged(TICKER, Nanos(1_786_085_188_000_000_000), None, AT),
        ),
        (
            lifecycle("determined", result="yes", determination_ts=7, settlement_value="1.0000"),
            MarketDetermined(TICKER, "yes", Price(10_000), Nanos(7_000_000_000), AT),
        ),
        (
            lifecycle("determined", result="no", determination_ts=7),
            MarketDetermined(TICKER, "no", Price(0), Nanos(7_000_000_000), AT),
        ),
        (
            lifecycle("determined", result="scalar", settlement_value="0.3060"),
            MarketDetermined(TICKER, "scalar", Price(3060), None, AT),
        ),
        (lifecycle("settled", settled_ts=8), MarketSettled(TICKER, Nanos(8_000_000_000), AT)),
        (
            lifecycle(
                "price_level_structure_updated",
                price_ranges=[{"start": "0.0000", "end": "1.0000", "step": "0.0010"}],
            ),
            PriceRangesChanged(TICKER, (PriceRange(Price(0), Price(10_000), Price(10)),), None, AT),
        ),
    ],
)
def test_each_step_of_a_markets_life_is_an_event(frame: object, expected: VenueEvent) -> None:
    assert parsed(frame) == (expected,)


def test_steps_that_do_not_concern_us_are_silent_and_unknown_ones_are_counted() -> None:
    assert parsed(lifecycle("metadata_updated", floor_strike=1)) == ()
    assert refusal(parsed(lifecycle("vanished"))).kind == "unknown_lifecycle"
    assert refusal(parsed(lifecycle("determined", result="scalar"))).kind == "missing_field"


def test_a_created_market_brings_its_close_time() -> None:
    created, close = parsed(lifecycle("created", close_ts=9))
    assert isinstance(created, MarketStatusChanged)
    assert close == CloseTimeChanged(TICKER, Nanos(9_000_000_000), None, AT)


def test_an_events_own_fees_come_and_go() -> None:
    msg: dict[str, object] = {
        "event_ticker": "E",
        "fee_type_override": "quadratic",
        "fee_multiplier_override": 0.5,
    }
    frame = {"type": "event_fee_update", "sid": 1, "msg": msg}
    assert parsed(frame) == (FeeChanged("E", "quadratic", "0.5", AT),)
    msg |= {"fee_type_override": None, "fee_multiplier_override": None}
    assert parsed(frame) == (FeeChanged("E", None, None, AT),)


@pytest.mark.fault("A18")
def test_an_error_of_the_venue_is_counted_by_its_code() -> None:
    frame = {"id": 9, "type": "error", "msg": {"code": 8, "msg": "Unknown channel name"}}
    refused = refusal(parsed(frame))
    assert (refused.kind, refused.detail) == ("error_8", "Unknown channel name")
    numbered = parsed({"type": "error", "sid": 1, "seq": 4, "msg": {"code": 25, "msg": "overflow"}})
    assert numbered[0] == FeedSequenced(3, 1, 4, AT)


@pytest.mark.fault("A14")
def test_an_unknown_type_is_tolerated_and_its_number_counts() -> None:
    events = parsed({"type": "weather", "sid": 1, "seq": 5, "msg": {}})
    assert events[0] == FeedSequenced(3, 1, 5, AT)
    assert refusal(events).kind == "unknown_type"


@pytest.mark.fault("A14")
def test_extra_fields_are_ignored() -> None:
    frame = delta(new_field={"deep": [1, 2]})
    frame["also_new"] = 1
    (event,) = parsed(frame)
    assert isinstance(event, BookDelta)


@pytest.mark.fault("A14")
@pytest.mark.parametrize(
    "changes, kind",
    [
        ({"price_dollars": None}, "wrong_shape"),
        ({"price_dollars": 0.43}, "wrong_shape"),
        ({"price_dollars": "NaN"}, "wrong_number"),
        ({"price_dollars": "1e-2"}, "wrong_number"),
        ({"price_dollars": "0.43005"}, "wrong_number"),
        ({"price_dollars": "1.0100"}, "wrong_number"),
        ({"price_dollars": "-0.0100"}, "wrong_number"),
        ({"price_dollars": "0." + "0" * 5_000}, "wrong_number"),
        ({"delta_fp": "1.005"}, "wrong_number"),
        ({"delta_fp": ""}, "wrong_number"),
        ({"side": "maybe"}, "wrong_shape"),
    ],
)
def test_a_broken_delta_uses_its_number_up_and_puts_its_own_book_in_doubt(
    changes: dict[str, object], kind: str
) -> None:
    events = parsed(delta(**changes))
    assert events[:-1] == (FeedSequenced(3, 1, 24, AT), BookRefused(TICKER, 3, 1, False, AT))
    assert refusal(events).kind == kind


@pytest.mark.parametrize("ticker", [7, None, ["A"]])
def test_a_delta_of_which_no_market_can_be_read_puts_all_books_in_doubt(ticker: object) -> None:
    numbered, gap, refused = parsed(delta(market_ticker=ticker))
    assert (numbered, gap) == (FeedSequenced(3, 1, 24, AT), FeedGapped(3, 1, 24, 25, AT))
    assert isinstance(refused, FeedRefused)


@pytest.mark.parametrize("moment", ["late", -1, 10**17])
def test_a_delta_whose_moment_makes_no_sense_has_none(moment: object) -> None:
    change, refused = parsed(delta(ts_ms=moment))
    assert isinstance(change, BookDelta)
    assert change.at_venue is None
    assert isinstance(refused, FeedRefused)
    assert refused.place == "msg.ts_ms"


@pytest.mark.parametrize("changes", [{"sid": None}, {"sid": 0}, {"seq": None}, {"seq": -1}, {"seq": "x"}])
def test_a_delta_without_its_number_still_uses_one_up(changes: dict[str, object]) -> None:
    unnumbered, doubted, refused = parsed(delta() | changes)
    sid, seq = (None, 24) if "sid" in changes else (1, None)
    assert unnumbered == FeedUnnumbered(3, sid, seq, AT)
    assert doubted == BookRefused(TICKER, 3, sid, False, AT)
    assert isinstance(refused, FeedRefused)


def test_an_unknown_frame_that_names_a_market_puts_its_book_in_doubt() -> None:
    events = parsed(delta() | {"type": "orderbook_delta_v2"})
    assert events[:-1] == (FeedSequenced(3, 1, 24, AT), BookRefused(TICKER, 3, 1, False, AT))
    assert refusal(events).kind == "unknown_type"


@pytest.mark.parametrize(
    "sides",
    [
        {"yes_dollars_fp": None},
        {"no_dollars_fp": None, "yes_dollars_fp": []},
        {"yes_dollars_fp": None, "no_dollars_fp": None, "ts_ms": 5, "market_id": None},
    ],
)
def test_a_side_of_null_is_an_empty_side(sides: dict[str, object]) -> None:
    assert parsed(snapshot(**sides)) == (BookSnapshot(TICKER, (), (), 3, 1, 2, None, AT),)


@pytest.mark.fault("A21")
@pytest.mark.parametrize(
    "sides",
    [
        {"yes_dollars": [["0.40", "1.00"]], "no_dollars": [["0.40", "1.00"]]},
        {"yes_dollars": None},
        {"yes": [["0.40", "1.00"]]},
        {"yes": [], "no": []},
        {"yes": None},
        {"yesDollars": None},
        {"no_dollars_fp": [["0.40", "1.00"]], "yes_levels": []},
        {"no_dollars_fp": [["0.40", "1.00"]], "bids": {"0.40": "1.00"}},
        {"yes_dollars_fp": None, "yes_price_levels": [["0.40", "1.00"]]},
        {"yes_dollars_fp": [["0.40", "1.00", "3"]]},
        {"yes_dollars_fp": [["0.40", "1.00"], None]},
        {"yes_dollars_fp": {"0.40": "1.00"}},
    ],
)
def test_a_snapshot_that_is_not_recognised_is_never_an_empty_book(
    sides: dict[str, object],
) -> None:
    events = parsed(snapshot(**sides))
    assert events[:-1] == (FeedSequenced(3, 1, 2, AT), BookRefused(TICKER, 3, 1, True, AT))
    refusal(events)


@pytest.mark.parametrize("multiplier", ["NaN", "Infinity", "-Infinity", "1e999999999", "0e-999999999"])
def test_a_multiplier_that_is_no_number_or_endless_is_refused(multiplier: str) -> None:
    msg = {"event_ticker": "E", "fee_type_override": "quadratic", "fee_multiplier_override": multiplier}
    assert refusal(parsed({"type": "event_fee_update", "sid": 1, "msg": msg})).kind == "wrong_number"


@pytest.mark.parametrize("step", ["close_date_updated", "price_level_structure_updated", "determined"])
def test_a_step_that_does_not_say_what_changed_is_refused(step: str) -> None:
    assert refusal(parsed(lifecycle(step))).kind == "missing_field"


@pytest.mark.fault("A13")
@pytest.mark.parametrize(
    "text, kind",
    [
        ("", "malformed"),
        ("null", "wrong_shape"),
        ("[]", "wrong_shape"),
        ("{", "malformed"),
        ('{"type":"orderbook_delta"', "malformed"),
        ('{"type":"orderbook_delta","sid":NaN}', "malformed"),
        ('{"type":"orderbook_delta","sid":Infinity}', "malformed"),
        ('{"type":"orderbook_delta","sid":1e400}', "wrong_shape"),
        ('{"type":"orderbook_delta","sid":' + "9" * 5_000 + "}", "wrong_shape"),
        ('{"type":"orderbook_delta","sid":1.5,"seq":1,"msg":{}}', "wrong_shape"),
        ('{"type":"orderbook_delta","sid":-1,"seq":1,"msg":{}}', "wrong_shape"),
        ('{"type":"ticker","msg":{"market_ticker":"\\ud800"}}', "malformed"),
        ('{"type":"ticker","msg":{"market_ticker":"\ud800"}}', "wrong_encoding"),
        ("[" * 100_000, "wrong_shape"),
        ('{"type":"ticker","msg":{"market_ticker":"A","x":' + "[" * 100_000, "too_deep"),
        ('{"type":"ticker","msg":{"market_ticker":"A","x":' + "[" * 9_999 + "]" * 9_999 + "}}", "too_deep"),
        ("<html><body>502 Bad Gateway</body></html>", "malformed"),
        ('{"no_type":1}', "wrong_shape"),
    ],
)
def test_malformed_text_is_one_refusal_counted_by_kind_and_never_an_exception(text: str, kind: str) -> None:
    assert refusal(parse_frame(text, 1, AT)).kind == kind


@pytest.mark.fault("A13")
def test_of_duplicate_keys_the_last_one_counts() -> None:
    text = json.dumps(delta()).replace('"side": "yes"', '"side": "yes", "side": "no"')
    (event,) = parse_frame(text, 1, AT)
    assert isinstance(event, BookDelta)
    assert event.side is Side.NO


@given(st.text(max_size=200))
def test_no_text_at_all_raises(text: str) -> None:
    for event in parse_frame(text, 1, AT):
        assert isinstance(event, FeedRefused | FeedSequenced | FeedUnnumbered | BookRefused)


@pytest.mark.promise("frame-brings-parser-down")
@pytest.mark.fault("A13")
@given(st.data())
def test_a_frame_cut_or_changed_anywhere_never_raises(data: st.DataObject) -> None:
    text = json.dumps(data.draw(st.sampled_from([delta(), snapshot(yes_dollars_fp=[["0.1", "1"]])])))
    cut = data.draw(st.integers(0, len(text)))
    patch = data.draw(st.text(max_size=3))
    parse_frame(text[:cut] + patch + text[cut + len(patch) :], 1, AT)
    parse_frame(text[:cut], 1, AT)

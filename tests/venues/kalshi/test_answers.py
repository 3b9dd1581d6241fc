"""Bodies of Kalshi's REST interface: real ones are read whole, broken ones are refused alone.

Covers: venues.kalshi.bodies.
"""

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import (
    BookRefused,
    BookSide,
    BookSnapshot,
    ExchangeStatusSeen,
    FeeChanged,
    FeedRefused,
    MarketDetermined,
    MarketListed,
    MarketSettled,
    MarketStatus,
    PriceRange,
    TradePrinted,
)
from engine.units import Count, Nanos, Price, Tenths
from venues import timestamps
from venues.kalshi.answers import parse_answer

AT = Nanos(1_786_000_000_000_000_000)

MARKET: dict[str, object] = {
    "ticker": "KXNBASPREAD-26MAR09DENOKC-DEN4",
    "event_ticker": "KXNBASPREAD-26MAR09DENOKC",
    "market_type": "binary",
    "title": "Denver wins by over 3.5 points?",
    "status": "active",
    "price_ranges": [{"start": "0.0000", "end": "1.0000", "step": "0.0100"}],
    "floor_strike": 3.5,
    "strike_type": "greater",
    "open_time": "2026-03-07T15:00:00Z",
    "close_time": "2026-03-12T00:00:00Z",
    "expected_expiration_time": "2026-03-10T03:00:00Z",
    "exchange_index": 3,
    "result": "",
}


def market(**changes: object) -> str:
    return json.dumps({"market": MARKET | changes})


def test_a_market_is_listed_with_its_terms() -> None:
    (listed,) = parse_answer("/markets/KXNBASPREAD-26MAR09DENOKC-DEN4", market(), AT)
    assert listed == MarketListed(
        ticker="KXNBASPREAD-26MAR09DENOKC-DEN4",
        event_ticker="KXNBASPREAD-26MAR09DENOKC",
        series="KXNBASPREAD",
        title="Denver wins by over 3.5 points?",
        status=MarketStatus.ACTIVE,
        price_ranges=(PriceRange(Price(0), Price(10_000), Price(100)),),
        fee_type=None,
        fee_multiplier=None,
        floor_strike=Tenths(35),
        strike_type="greater",
        open_at=timestamps.from_text("2026-03-07T15:00:00Z"),
        close_at=timestamps.from_text("2026-03-12T00:00:00Z"),
        expected_expiration_at=timestamps.from_text("2026-03-10T03:00:00Z"),
        exchange_index=3,
        binary=True,
        at=AT,
    )


@pytest.mark.parametrize(
    "changes, binary",
    [
        ({"market_type": "scalar"}, False),
        ({"settlement_bounds_type": "floor"}, False),
        ({"settlement_bounds_type": "default"}, True),
    ],
)
def test_only_binary_markets_with_ordinary_bounds_are_binary(
    changes: dict[str, object], *, binary: bool
) -> None:
    (listed,) = parse_answer("/markets/X", market(**changes), AT)
    assert isinstance(listed, MarketListed)
    assert listed.binary is binary


def test_a_strike_that_is_no_tenth_is_left_out() -> None:
    (listed,) = parse_answer("/markets/X", market(floor_strike=79291.54), AT)
    assert isinstance(listed, MarketListed)
    assert listed.floor_strike is None


@pytest.mark.parametrize(
    "changes, value",
    [
        ({"result": "yes"}, 10_000),
        ({"result": "no", "settlement_value_dollars": "0.0000"}, 0),
        ({"result": "scalar", "settlement_value_dollars": "0.3060"}, 3060),
    ],
)
def test_a_finalized_market_says_what_it_pays(changes: dict[str, object], value: int) -> None:
    body = market(status="finalized", settlement_ts="2026-03-10T03:05:00Z", **changes)
    listed, determined, settled = parse_answer("/markets/X", body, AT)
    assert isinstance(listed, MarketListed)
    when = timestamps.from_text("2026-03-10T03:05:00Z")
    assert isinstance(determined, MarketDetermined)
    assert (determined.value, determined.at_venue) == (value, when)
    assert settled == MarketSettled("KXNBASPREAD-26MAR09DENOKC-DEN4", when, AT)


def test_a_disputed_result_is_no_result_any_more() -> None:
    events = parse_answer("/markets/X", market(status="disputed", result="yes"), AT)
    assert [type(event) for event in events] == [MarketListed]


def test_events_with_markets_carry_their_own_fees_down_to_the_markets() -> None:
    event = {
        "event_ticker": "KXNBASPREAD-26MAR09DENOKC",
        "series_ticker": "KXNBASPREAD",
        "fee_type_override": "quadratic",
        "fee_multiplier_override": 0.5,
        "markets": [MARKET, MARKET | {"status": "from tomorrow", "ticker": "BROKEN"}],
    }
    listed, refused = parse_answer("/events?limit=200", json.dumps({"events": [event], "cursor": ""}), AT)
    assert isinstance(listed, MarketListed)
    assert (listed.fee_type, listed.fee_multiplier) == ("quadratic", "0.5")
    assert isinstance(refused, FeedRefused)
    assert refused.kind == "wrong_shape"
    beside = {"event": event | {"markets": []}, "markets": [MARKET]}
    (found,) = parse_answer("/events/KXNBASPREAD-26MAR09DENOKC", json.dumps(beside), AT)
    assert found == listed


def test_a_polled_book_belongs_to_no_subscription() -> None:
    book = {"yes_dollars": [["0.5800", "552.00"]], "no_dollars": None}
    expected = BookSnapshot("A", ((Price(5800), Count(55_200)),), (), 0, 0, 0, None, AT)
    single = json.dumps({"orderbook_fp": book})
    assert parse_answer("/markets/A/orderbook?depth=0", single, AT) == (expected,)
    batch = json.dumps({"orderbooks": [{"ticker": "A", "orderbook_fp": book}]})
    assert parse_answer("/markets/orderbooks?tickers=A", batch, AT) == (expected,)


def test_the_old_name_of_the_books_wrapper_is_refused_instead_of_giving_an_empty_book() -> None:
    doubted, refused = parse_answer("/markets/A/orderbook", '{"orderbook": {"yes": [[58, 552]]}}', AT)
    assert doubted == BookRefused("A", 0, 0, True, AT)
    assert isinstance(refused, FeedRefused)
    assert refused.place == ""


@pytest.mark.fault("A21")
@pytest.mark.parametrize(
    "odd",
    [None, 7, {"yes": [["0.4", "1"]]}, {"yes_dollars_fp": []}, {"no_dollars": [["0.4"]]}, {"levels": []}],
)
def test_an_odd_book_of_a_batch_is_refused_alone_and_believed_no_more(odd: object) -> None:
    books = [{"ticker": "A", "orderbook_fp": odd}, {"ticker": "B", "orderbook_fp": {}}]
    body = json.dumps({"orderbooks": books})
    doubted, refused, good = parse_answer("/markets/orderbooks?tickers=A&tickers=B", body, AT)
    assert doubted == BookRefused("A", 0, 0, True, AT)
    assert isinstance(refused, FeedRefused)
    assert refused.place == "A"
    assert good == BookSnapshot("B", (), (), 0, 0, 0, None, AT)


def test_the_exchange_says_of_itself_and_of_each_shard_whether_it_trades() -> None:
    body = {
        "exchange_active": True,
        "trading_active": True,
        "exchange_index_statuses": [
            {"exchange_index": 3, "description": "x", "exchange_active": True, "trading_active": False}
        ],
    }
    assert parse_answer("/exchange/status", json.dumps(body), AT) == (
        ExchangeStatusSeen(True, True, None, AT),
        ExchangeStatusSeen(True, False, 3, AT),
    )


def test_fee_changes_count_from_their_moment_on_and_the_latest_last() -> None:
    changes = [
        {"series_ticker": "S", "fee_type": fee_type, "fee_multiplier": 1, "scheduled_ts": when}
        for fee_type, when in (
            ("later", "2099-01-01T00:00:00Z"),
            ("new", "2026-02-01T00:00:00Z"),
            ("old", "2026-01-01T00:00:00Z"),
        )
    ]
    body = json.dumps({"series_fee_change_arr": changes})
    events = parse_answer("/series/fee_changes?show_historical=true", body, AT)
    assert events == (FeeChanged("S", "old", "1", AT), FeeChanged("S", "new", "1", AT))
    change = {
        "event_ticker": "E",
        "fee_type_override": None,
        "fee_multiplier_override": None,
        "scheduled_ts": "2026-01-01T00:00:00Z",
    }
    body = json.dumps({"event_fee_changes": [change], "cursor": ""})
    assert parse_answer("/events/fee_changes", body, AT) == (FeeChanged("E", None, None, AT),)


@pytest.mark.parametrize(
    ("target", "body"),
    [
        ("/series/S/markets/M/candlesticks?x=1", '{"candlesticks": []}'),
        ("/series", '{"series": null}'),
        ("/exchange/schedule", '{"schedule": {}}'),
        ("/x", "{}"),
        ("", "<html>"),
    ],
)
def test_what_the_engine_does_not_fold_is_silent(target: str, body: str) -> None:
    assert parse_answer(target, body, AT) == ()


@pytest.mark.parametrize("target", ["/series/S/markets/M/candlesticks", "/series", "/historical/cutoff"])
def test_what_the_engine_does_not_fold_is_refused_where_it_makes_no_sense(target: str) -> None:
    (refused,) = parse_answer(target, "{}", AT)
    assert isinstance(refused, FeedRefused)


@pytest.mark.parametrize(
    "target",
    [
        "/events",
        "/events/E",
        "/events/fee_changes",
        "/markets",
        "/markets/M",
        "/markets/M/orderbook",
        "/markets/orderbooks",
        "/markets/trades",
        "/historical/markets",
        "/historical/markets/M",
        "/historical/trades",
        "/exchange/status",
        "/series/S",
        "/series/fee_changes",
    ],
)
@given(
    body=st.text(max_size=60)
    | st.sampled_from(["<html></html>", "{}", "[]", "null", '{"error":"x"}', "[" * 9_999])
)
def test_no_body_at_all_raises(target: str, body: str) -> None:
    for event in parse_answer(target, body, AT):
        assert isinstance(event, FeedRefused | BookRefused)


def test_the_real_events_with_markets_are_all_listed(shared: Path) -> None:
    packed = (shared / "data/kalshi/rest_events_sports_nested.json.gz").read_bytes()
    data = json.loads(gzip.decompress(packed))
    events = parse_answer("/events?with_nested_markets=true", json.dumps({"events": data, "cursor": ""}), AT)
    assert Counter(type(event) for event in events) == {MarketListed: 245}
    listed = [event for event in events if isinstance(event, MarketListed)]
    assert all(market.binary and market.status is MarketStatus.ACTIVE for market in listed)
    assert all(market.price_ranges == (PriceRange(Price(0), Price(10_000), Price(100)),) for market in listed)
    assert {market.series for market in listed} >= {"KXNBA", "KXWNBAGAME"}


def test_the_real_market_is_the_same_by_either_way_and_its_book_has_depth(shared: Path) -> None:
    data = json.loads((shared / "data/kalshi/rest_market_single.json").read_text())
    (single,) = parse_answer(f"/markets/{data['ticker']}", json.dumps(data["single"]), AT)
    event = {
        "event_ticker": data["event_ticker"],
        "series_ticker": "KXNCAAFGAME",
        "markets": [data["nested"]],
    }
    (nested,) = parse_answer("/events", json.dumps({"events": [event]}), AT)
    assert single == nested
    (book,) = parse_answer(f"/markets/{data['ticker']}/orderbook", json.dumps(data["orderbook"]), AT)
    assert isinstance(book, BookSnapshot)
    assert book.ticker == "KXNCAAFGAME-26SEP19MSUND-ND"
    assert book.yes[-1][0] + book.no[-1][0] < 10_000
    assert len(book.yes) > 5


def test_the_real_markets_of_summer_are_all_listed(shared: Path) -> None:
    path = shared / "data/kalshi/rest_markets_nbasummer_wnba_20260709T2018Z.jsonl.gz"
    with gzip.open(path, "rt") as rows:
        markets = [json.loads(row)["market"] for row in rows]
    events = parse_answer("/markets?limit=1000", json.dumps({"markets": markets, "cursor": None}), AT)
    assert Counter(type(event) for event in events)[MarketListed] == 100
    assert not any(isinstance(event, FeedRefused) for event in events)


def test_the_real_trades_are_all_read_oldest_first(shared: Path) -> None:
    with gzip.open(shared / "data/kalshi/rest_trades_KXETH15M-26MAY181730-30.jsonl.gz", "rt") as rows:
        trades = [json.loads(row) for row in rows]
    events = parse_answer("/markets/trades?limit=1000", json.dumps({"trades": trades, "cursor": ""}), AT)
    prints = [event for event in events if isinstance(event, TradePrinted)]
    assert len(prints) == len(events) == 515
    moments_ = [event.at_venue for event in prints if event.at_venue is not None]
    assert moments_ == sorted(moments_)
    assert all(event.recovered and not event.block for event in prints)
    assert {event.taker for event in prints} == set(BookSide)
    assert len({event.trade_id for event in prints}) == 515


def test_the_real_series_say_their_fees(shared: Path) -> None:
    data = json.loads((shared / "data/kalshi/rest_series_fee_fields.json").read_text())
    found = {}
    for ticker, payload in data["payloads"].items():
        (event,) = parse_answer(f"/series/{ticker}", json.dumps(payload), AT)
        assert isinstance(event, FeeChanged)
        found[event.scope] = event.fee_type, event.fee_multiplier
    assert found == {
        "KXMLBGAME": ("quadratic_with_maker_fees", "0.5"),
        "KXMLBSPREAD": ("quadratic", "0.5"),
        "KXATPDOUBLES": ("quadratic", "1"),
        "KXWNBAGAME": ("quadratic_with_maker_fees", "1"),
    }

"""Rows of the venues' histories: what each says at the moment of its line, and nothing that came later."""

import gzip
import json
from pathlib import Path

import pytest

from engine.events import FeedRefused, GameSeen, MarketListed, MarketStatus, QuoteSeen, TradePrinted
from engine.units import Nanos, Price
from venues import timestamps
from venues.importers.past_rows import CANDLESTICKS, GAMES, MARKETS, TRADES
from venues.importers.rows import translate_row

AT = Nanos(1_786_000_000_000_000_000)
MARKET = {
    "ticker": "KXNBAGAME-26JAN14WASLAC-LAC",
    "event_ticker": "KXNBAGAME-26JAN14WASLAC",
    "status": "finalized",
    "result": "yes",
    "settlement_value_dollars": "1.0000",
    "settlement_ts": "2026-01-15T05:40:00Z",
    "open_time": "2026-01-12T15:00:00Z",
    "close_time": "2026-01-15T05:31:10Z",
    "latest_expiration_time": "2026-01-17T03:00:00Z",
    "expected_expiration_time": "2026-01-15T06:00:00Z",
    "price_ranges": [{"start": "0.0000", "end": "1.0000", "step": "0.0100"}],
}


def test_a_market_that_is_over_is_told_as_it_was_listed() -> None:
    (listed,) = translate_row(MARKETS, json.dumps({"row": MARKET}), AT)
    assert isinstance(listed, MarketListed)
    assert listed.status is MarketStatus.ACTIVE
    assert listed.close_at == timestamps.from_text("2026-01-17T03:00:00Z")
    assert listed.expected_expiration_at == timestamps.from_text("2026-01-15T06:00:00Z")


def test_a_market_without_a_latest_expiration_says_no_close() -> None:
    row = {key: value for key, value in MARKET.items() if key != "latest_expiration_time"}
    (listed,) = translate_row(MARKETS, json.dumps({"row": row}), AT)
    assert isinstance(listed, MarketListed)
    assert listed.close_at is None


LIVE = {"open_dollars": "0.41", "close_dollars": "0.42", "high_dollars": "0.43", "low_dollars": "0.41"}
OLD = {"open": "0.41", "close": "0.42", "high": "0.43", "low": "0.41"}
ASK = {"close_dollars": "0.4400"}
END = 1_768_435_200


@pytest.mark.parametrize(
    "row",
    [
        {"end_period_ts": END, "yes_bid": LIVE, "yes_ask": ASK, "price": LIVE, "volume_fp": "7.50"},
        {"end_period_ts": END, "yes_bid": OLD, "yes_ask": {"close": "0.4400"}, "price": OLD, "volume": "7"},
    ],
    ids=["live", "archive"],
)
def test_a_candle_is_the_last_quote_of_its_minute_in_either_spelling(row: object) -> None:
    (quote,) = translate_row(CANDLESTICKS, json.dumps({"ticker": "T", "row": row}), AT)
    end_at = timestamps.from_seconds(END)
    assert quote == QuoteSeen(
        "T", Price(4_200), Price(4_400), None, None, Price(4_200), end_at, AT, pseudo=True, sole=True
    )


def test_a_minute_without_trades_or_with_an_empty_side_says_so() -> None:
    row = {
        "end_period_ts": END,
        "yes_bid": {"close": "0.0000"},
        "yes_ask": {"close": "1.0000"},
        "price": {"open": None, "close": None, "previous": "0.4000"},
    }
    (quote,) = translate_row(CANDLESTICKS, json.dumps({"ticker": "T", "row": row}), AT)
    assert isinstance(quote, QuoteSeen)
    assert (quote.yes_bid, quote.yes_ask, quote.last) == (None, None, None)


def test_real_trades_and_candles_are_understood(shared: Path) -> None:
    data = shared / "data/kalshi"
    rows = gzip.decompress((data / "rest_trades_KXETH15M-26MAY181730-30.jsonl.gz").read_bytes()).splitlines()
    for row in rows:
        (trade,) = translate_row(TRADES, f'{{"row":{row.decode()}}}', AT)
        assert isinstance(trade, TradePrinted)
        # As the stream tells them: a trade of an earlier time than another is told before it.
        assert not trade.recovered
    candles = json.loads((data / "rest_candlesticks_mlb.json").read_text())["markets"]
    for ticker, found in candles.items():
        for row in found["candlesticks"]:
            body = json.dumps({"ticker": ticker, "row": row})
            (quote,) = translate_row(CANDLESTICKS, body, AT)
            assert isinstance(quote, QuoteSeen)


def test_a_games_row_says_who_plays_and_not_how_it_ended(shared: Path) -> None:
    body = json.loads((shared / "specs/balldontlie/examples/games_final_2026-04-12.json").read_text("utf-8"))
    for row in body["data"]:
        (seen,) = translate_row(GAMES, json.dumps({"asked": "/nba/v1/games", "row": row}), AT)
        assert isinstance(seen, GameSeen)
        assert seen.game == f"bdl:{row['id']}"
        assert (seen.date, seen.home) == (row["date"], row["home_team"]["abbreviation"])


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (MARKETS, {"row": MARKET | {"status": "dreaming"}}),
        (MARKETS, {}),
        (TRADES, {"row": {"trade_id": "1"}}),
        (CANDLESTICKS, {"ticker": "T", "row": {"end_period_ts": "noon"}}),
        (CANDLESTICKS, {"ticker": "T", "row": {"end_period_ts": END, "yes_bid": {"close": "much"}}}),
        (GAMES, {"asked": "/nba/v1/games", "row": {"status": "Final"}}),
        (GAMES, 7),
    ],
)
def test_a_row_that_makes_no_sense_is_refused(kind: str, body: object) -> None:
    events = translate_row(kind, json.dumps(body), AT)
    assert events
    assert all(isinstance(event, FeedRefused) for event in events)

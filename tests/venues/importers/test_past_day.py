"""A past day put in its time: every line where it could be known, and what is left out counted by reason."""

import json
from collections import Counter
from datetime import date

import msgspec
import pytest

from engine.units import NANOS_PER_HOUR, NANOS_PER_MINUTE, NANOS_PER_SECOND, Nanos
from venues import timestamps
from venues.importers.entries import Entry
from venues.importers.past_day import (
    Hours,
    LeftOut,
    PastMarket,
    PastScores,
    Reasons,
    game_day,
    market_lines,
    named_games,
    score_lines,
    series_lines,
    term_lines,
    times_of,
)

DAY = date(2026, 1, 14)
HOURS = Hours.of(DAY)
TICKER = "KXNBAGAME-26JAN14WASLAC-LAC"
REFERENCE = "2026-01-14/WAS@LAC"
MARKET: dict[str, object] = {
    "ticker": TICKER,
    "event_ticker": "KXNBAGAME-26JAN14WASLAC",
    "status": "finalized",
    "result": "yes",
    "settlement_value_dollars": "1.0000",
    "settlement_ts": "2026-01-15T05:40:00Z",
    "open_time": "2026-01-12T15:00:00Z",
    "close_time": "2026-01-15T05:31:10Z",
    "latest_expiration_time": "2026-01-17T03:00:00Z",
    "expected_expiration_time": "2026-01-15T06:00:00Z",
}
TEAMS = {"home_team": {"abbreviation": "LAC"}, "visitor_team": {"abbreviation": "WAS"}}
GAME = {
    "id": 5,
    "date": "2026-01-14",
    "status": "Final",
    "period": 4,
    "home_team_score": 119,
    "visitor_team_score": 105,
    **TEAMS,
}


def trade(number: int, at: str) -> dict[str, object]:
    return {
        "trade_id": f"{number}",
        "ticker": TICKER,
        "count_fp": "2.00",
        "yes_price_dollars": "0.6000",
        "created_time": at,
        "taker_book_side": "bid",
    }


def market(
    row: dict[str, object] = MARKET, trades: tuple[str, ...] = (), candles: tuple[str, ...] = ()
) -> PastMarket:
    raw = msgspec.Raw(json.dumps(row).encode())
    return PastMarket(ticker=TICKER, row=raw, trades=trades, candles=candles)


def kinds(lines: list[Entry]) -> list[tuple[str, str]]:
    """What stands when, in words."""
    return [(line.what, timestamps.eastern_date(Nanos(line.at))) for line in lines]


def test_the_hours_of_a_day_are_those_of_new_york_also_when_its_clocks_change() -> None:
    assert HOURS.since == timestamps.from_text("2026-01-14T11:00:00Z")
    assert HOURS.until == timestamps.from_text("2026-01-15T11:00:00Z")
    spring, autumn = Hours.of(date(2026, 3, 7)), Hours.of(date(2026, 10, 31))
    assert spring.until - spring.since == 23 * NANOS_PER_HOUR
    assert autumn.until - autumn.since == 25 * NANOS_PER_HOUR
    assert [HOURS.have(at) for at in (HOURS.since - 1, HOURS.since, HOURS.until - 1, HOURS.until)] == [
        False,
        True,
        True,
        False,
    ]


def test_a_market_begins_closes_and_is_paid_in_its_time() -> None:
    lines = market_lines(market(), HOURS, Counter())
    assert [(line.what, line.at) for line in lines] == [
        ("kalshi-markets", HOURS.since),
        ("kalshi-events", timestamps.from_text("2026-01-15T05:31:10Z")),
        ("kalshi-results", timestamps.from_text("2026-01-15T05:40:00Z")),
    ]


def test_a_market_that_opens_in_the_day_is_listed_then() -> None:
    (line, *_) = market_lines(market(MARKET | {"open_time": "2026-01-14T18:00:00Z"}), HOURS, Counter())
    assert line.at == timestamps.from_text("2026-01-14T18:00:00Z")


@pytest.mark.parametrize(
    "row", [MARKET | {"status": "active", "result": ""}, MARKET | {"status": "determined"}]
)
def test_a_market_that_was_not_paid_has_no_end(row: dict[str, object]) -> None:
    assert [line.what for line in market_lines(market(row), HOURS, Counter())] == ["kalshi-markets"]


def test_a_scalar_pays_its_value() -> None:
    row = MARKET | {"result": "scalar", "settlement_value_dollars": "0.4100"}
    paid = json.loads(market_lines(market(row), HOURS, Counter())[-1].body)["row"]
    assert paid == {"ticker": TICKER, "result": "scalar", "value": "0.4100"}


def test_trades_stand_oldest_first_each_once_and_only_those_of_the_day() -> None:
    pages = (
        json.dumps({"trades": [trade(4, "2026-01-15T11:00:00Z"), trade(3, "2026-01-15T02:00:00.5Z")]}),
        json.dumps({"trades": [trade(3, "2026-01-15T02:00:00.5Z"), trade(2, "2026-01-15T02:00:00.5Z")]}),
        json.dumps({"trades": [trade(1, "2026-01-14T11:00:00Z"), trade(0, "2026-01-14T10:59:59Z")]}),
        "no page",
        json.dumps({"trades": [{"trade_id": "odd"}]}),
    )
    left_out: Reasons = Counter()
    lines = market_lines(market(trades=pages), HOURS, left_out)
    told = [json.loads(line.body)["row"]["trade_id"] for line in lines if line.what == "kalshi-trades"]
    # Of one moment the venue lists the later one first.
    assert told == ["1", "2", "3"]
    assert left_out == {
        LeftOut.OUTSIDE: 2,
        LeftOut.TOLD_TWICE: 1,
        LeftOut.NOT_UNDERSTOOD: 1,
        LeftOut.ODD_ROW: 1,
    }


def test_a_row_is_kept_as_it_came() -> None:
    odd_spaces = '{"trade_id":"9" , "ticker":"T","count_fp":"1.00","yes_price_dollars":"0.50",'
    odd_spaces += '"created_time":"2026-01-15T02:00:00Z","taker_side":"yes","new_key":[1,  2]}'
    page = f'{{"trades":[{odd_spaces}]}}'
    lines = market_lines(market(trades=(page,)), HOURS, Counter())
    (line,) = [line for line in lines if line.what == "kalshi-trades"]
    assert line.body == f'{{"row":{odd_spaces}}}'


def test_candles_stand_at_the_end_of_their_minute() -> None:
    ends = HOURS.since // NANOS_PER_SECOND
    sides = {"yes_bid": {"close_dollars": "0.5000"}, "yes_ask": {"close_dollars": "0.5200"}, "price": {}}
    page = json.dumps(
        {"candlesticks": [{"end_period_ts": end, **sides} for end in (ends - 60, ends, ends, ends + 60)]}
    )
    left_out: Reasons = Counter()
    lines = market_lines(market(candles=(page,)), HOURS, left_out)
    assert [line.at for line in lines if line.what == "kalshi-candlesticks"] == [
        HOURS.since,
        HOURS.since + NANOS_PER_MINUTE,
    ]
    assert left_out == {LeftOut.OUTSIDE: 1, LeftOut.TOLD_TWICE: 1}


def test_a_market_that_makes_no_sense_is_left_out_alone() -> None:
    left_out: Reasons = Counter()
    assert market_lines(market({"ticker": TICKER, "open_time": "noon"}), HOURS, left_out) == []
    assert left_out == {LeftOut.ODD_ROW: 1}


def test_fee_terms_are_told_at_the_begin_and_whenever_they_change() -> None:
    changes = [
        {
            "series_ticker": "KXNBAGAME",
            "fee_type": "quadratic",
            "fee_multiplier": 1,
            "scheduled_ts": moment,
        }
        for moment in ("2026-01-01T00:00:00Z", "2026-01-14T20:00:00Z", "2026-02-01T00:00:00Z", "noon")
    ]
    body = json.dumps({"series_fee_change_arr": changes})
    left_out: Reasons = Counter()
    lines = term_lines([("/series/fee_changes", body)], HOURS, "series_fee_change_arr", left_out)
    assert [line.at for line in lines] == [HOURS.since, timestamps.from_text("2026-01-14T20:00:00Z")]
    series = '{"series":{"ticker":"KXNBAGAME","fee_type":"quadratic","fee_multiplier":1}}'
    (line,) = series_lines([("/series/KXNBAGAME", series)], HOURS, left_out)
    assert (line.at, line.body) == (HOURS.since, series)


def play(number: int, clock: str, wallclock: str | None, home: int = 10) -> dict[str, object]:
    return {
        "order": number,
        "period": 1,
        "clock": clock,
        "home_score": home,
        "away_score": 8,
        "wallclock": wallclock,
    }


def answer(path: str, *rows: object) -> tuple[str, str]:
    return path, json.dumps({"data": rows})


def test_plays_are_heard_behind_the_scorer_and_one_without_a_time_is_counted() -> None:
    plays = answer(
        "/nba/v1/plays?game_id=5",
        play(1, "11:40", "2026-01-15T03:41:00Z"),
        play(2, "45.2", "2026-01-15T03:52:00Z"),
        play(3, "0.0", None),
        play(4, "soon", "2026-01-15T03:53:00Z"),
    )
    left_out: Reasons = Counter()
    scores = PastScores(games=[answer("/nba/v1/games?x=1", GAME)], plays=[plays])
    lines = score_lines(scores, {REFERENCE: None}, HOURS, left_out)
    told = [line for line in lines if line.what == "nba-states"]
    assert [json.loads(line.body)["row"]["time_remaining_quarter_seconds"] for line in told] == [
        "700",
        "45.2",
    ]
    moments = [timestamps.from_text(json.loads(line.body)["row"]["timestamp"]) for line in told]
    assert all(line.at - moment > 5 * NANOS_PER_SECOND for line, moment in zip(told, moments, strict=True))
    assert left_out[LeftOut.NO_MOMENT] == 2
    assert left_out[LeftOut.ODD_ROW] == 1


def test_a_final_score_comes_when_the_venue_has_paid() -> None:
    paid_at = Nanos(HOURS.until - NANOS_PER_HOUR)
    games = answer(
        "/nba/v1/games?dates[]=2026-01-14", GAME, GAME | {"id": 6, "home_team": {"abbreviation": "BOS"}}
    )
    left_out: Reasons = Counter()
    lines = score_lines(PastScores(games=[games]), {REFERENCE: paid_at}, HOURS, left_out)
    assert [(line.what, line.at) for line in lines] == [
        ("balldontlie-games", HOURS.since),
        ("/nba/v1/games?dates[]=2026-01-14", paid_at),
    ]
    assert left_out == {LeftOut.OTHER_GAME: 2}


def test_odds_stand_where_they_were_made_and_none_after_the_day() -> None:
    def odds(number: int, **stamp: str) -> dict[str, object]:
        return {"game_id": number, "vendor": "draftkings", "moneyline_home_odds": -150, **stamp}

    rows = answer(
        "/nba/v2/odds?x=1",
        odds(5, updated_at="2026-01-15T01:00:00Z"),
        odds(5, updated_at="2026-01-10T01:00:00Z"),
        odds(5, updated_at="2026-01-16T01:00:00Z"),
        odds(5),
        odds(7, updated_at="2026-01-15T01:00:00Z"),
        {"vendor": "nobody"},
    )
    left_out: Reasons = Counter()
    scores = PastScores(games=[answer("/nba/v1/games", GAME)], odds=[rows])
    lines = score_lines(scores, {REFERENCE: None}, HOURS, left_out)
    assert [line.at for line in lines if "odds" in line.what] == [
        HOURS.since,
        timestamps.from_text("2026-01-15T01:00:00Z"),
    ]
    assert left_out == {
        LeftOut.OUTSIDE: 1,
        LeftOut.NO_MOMENT: 2,
        LeftOut.OTHER_GAME: 1,
        LeftOut.ODD_ROW: 1,
    }


def test_games_are_named_by_the_services_numbers() -> None:
    ((number, game),) = named_games([answer("/nba/v1/games", GAME, {"id": 8}, GAME | {"id": None})]).items()
    assert (number, game.reference) == (5, REFERENCE)


@pytest.mark.parametrize(
    ("expires", "day"),
    [
        ("2026-01-15T06:00:00Z", date(2026, 1, 14)),
        # A tip at half past ten in Los Angeles is past midnight in New York.
        ("2026-01-15T09:30:00Z", date(2026, 1, 14)),
        # Postponed by two days, with the old date in its ticker.
        ("2026-01-17T06:00:00Z", date(2026, 1, 16)),
        (None, date(2026, 1, 14)),
    ],
)
def test_a_game_is_of_the_day_on_which_it_was_to_be_played(expires: str | None, day: date) -> None:
    row = msgspec.Raw(json.dumps({"ticker": TICKER, "expected_expiration_time": expires}).encode())
    assert game_day(times_of(row), TICKER) == day
    assert game_day(times_of(msgspec.Raw(b'{"ticker":"X"}')), "KXNBA-27-BOS") is None

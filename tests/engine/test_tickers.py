"""Every real ticker at hand is classified, and no text of any kind crashes the reading."""

import csv
import datetime as dt
import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.leagues import NBA
from engine.teams import TEAMS
from engine.tickers import (
    TICKER_LENGTH_MAX,
    Ticker,
    TickerKind,
    floor_of,
    parse_event_ticker,
    parse_ticker,
    read_ticker,
)

codes = st.sampled_from([team.code for team in TEAMS])
pairs = st.tuples(codes, codes).filter(lambda pair: pair[0] != pair[1])
dates = st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31))


@pytest.mark.parametrize(
    ("text", "kind", "teams", "team", "strike"),
    [
        ("KXNBAGAME-26JAN14WASLAC-LAC", TickerKind.GAME, ("WAS", "LAC"), "LAC", None),
        ("KXNBAGAME-25DEC25SASOKC-OKC", TickerKind.GAME, ("SAS", "OKC"), "OKC", None),
        ("KXNBASPREAD-26MAR09DENOKC-DEN4", TickerKind.SPREAD, ("DEN", "OKC"), "DEN", 35),
        ("KXNBASPREAD-26MAR09DENOKC-OKC5", TickerKind.SPREAD, ("DEN", "OKC"), "OKC", 45),
        ("KXNBASPREAD-26MAR07BKNDET-DET14", TickerKind.SPREAD, ("BKN", "DET"), "DET", 135),
        ("KXNBASPREAD-26MAR07BKNDET-BKN1", TickerKind.SPREAD, ("BKN", "DET"), "BKN", 5),
        ("KXNBATOTAL-26MAR09PHICLE-210", TickerKind.TOTAL, ("PHI", "CLE"), None, 2095),
        ("KXNBATOTAL-26MAR09PHICLE-222", TickerKind.TOTAL, ("PHI", "CLE"), None, 2215),
        ("KXNBAPTS-26MAR09DENOKC-DENNJOKIC15-25", TickerKind.PLAYER, ("DEN", "OKC"), "DEN", 245),
        ("KXNBA2D-26FEB11PORMIN-MINAEDWARDS5", TickerKind.PLAYER, ("POR", "MIN"), "MIN", None),
    ],
)
def test_the_shapes_of_the_venue(
    text: str, kind: TickerKind, teams: tuple[str, str], team: str | None, strike: int | None
) -> None:
    ticker = parse_ticker(text)
    assert (ticker.ticker, ticker.kind, ticker.league) == (text, kind, NBA)
    assert (ticker.away, ticker.home) == teams
    assert (ticker.team, ticker.strike) == (team, strike)
    assert ticker.series == text.partition("-")[0]
    assert text.startswith(f"{ticker.event}-")
    assert ticker.game is not None
    assert ticker.game.endswith("".join(teams))
    assert parse_ticker(text.lower()) == parse_ticker(f" {text}\n") == ticker


def test_a_players_ticker_names_him() -> None:
    assert parse_ticker("KXNBAPTS-26MAR09DENOKC-DENNJOKIC15-25").player == "NJOKIC15"
    assert parse_ticker("KXNBAPTS-26MAR09DENOKC-DENNJOKIC15-25").date == dt.date(2026, 3, 9)


@pytest.mark.limit("engine.tickers:TICKER_LENGTH_MAX")
def test_a_ticker_at_the_longest_is_read_and_one_character_more_is_not() -> None:
    longest = "KXNBAGAME-" + "A" * (TICKER_LENGTH_MAX - len("KXNBAGAME-"))
    assert parse_ticker(longest).series == "KXNBAGAME"
    assert parse_ticker(longest + "A").series == ""


@pytest.mark.parametrize(
    "text",
    [
        "KXNBAGAME-25OCT13GUAMIN-MIN",
        "KXWNBAGAME-26AUG08INDCHI-IND",
        "KXNBASUMMERGAME-26JUL09CHAORL-CHA",
        "KXNBA-27-ATL",
        "KXNBAWINS-WAS-25",
        "KXBTC15M-26MAY140030-30",
        "KXMLBGAME-26AUG092020HOUSD-HOU",
        "KXNBAGAME-26JAN14WASLAC",
        "KXNBAGAME-26JAN14WASLAC-BOS",
        "KXNBAGAME-26JAN14WASLAC-LAC-1",
        "KXNBAGAME-26JAN14WASWAS-WAS",
        "KXNBAGAME-26FEB30WASLAC-LAC",
        "KXNBAGAME-26XYZ14WASLAC-LAC",
        "KXNBAGAME-26FEB08-BOS-DEN",
        "KXNBASPREAD-26MAR09DENOKC-DEN",
        "KXNBASPREAD-26MAR09DENOKC-DEN0",
        "KXNBASPREAD-26MAR09DENOKC-BOS4",
        "KXNBATOTAL-26MAR09PHICLE-T220",
        "KXNBATOTAL-26MAR09PHICLE-5",
        "KXNBAPTS-26MAR09DENOKC-DENNJOKIC15",
        "KXNBA2D-26FEB11PORMIN-MINAEDWARDS5-10",
        "KXNBAPTS-26MAR09DENOKC-BOSNJOKIC15-25",
        "",
        "-",
        "KXNBAGAME--LAC",
        "KXNBAGAME-26JAN14WASLAC-lac\x00",
        "ΚXNBAGAME-26JAN14WASLAC-LAC",
        "K" * (TICKER_LENGTH_MAX + 1),
    ],
)
def test_other_shapes_are_values_and_belong_to_no_game(text: str) -> None:
    ticker = parse_ticker(text)
    assert ticker.kind is TickerKind.OTHER
    assert (ticker.away, ticker.home, ticker.team, ticker.strike, ticker.game) == (None,) * 5
    assert ticker.league is None


def test_a_foreign_ticker_still_says_its_series_and_event() -> None:
    ticker = parse_ticker("kxbtc15m-26may140030-30")
    assert (ticker.series, ticker.event) == ("KXBTC15M", "KXBTC15M-26MAY140030")
    assert parse_event_ticker("KXBTC15M-26MAY140030").event == "KXBTC15M-26MAY140030"


def test_an_event_is_no_market_and_a_market_no_event() -> None:
    event = parse_event_ticker("kxnbatotal-26mar09phicle")
    assert (event.kind, event.home, event.strike) == (TickerKind.TOTAL, "CLE", None)
    assert event.event == event.ticker == "KXNBATOTAL-26MAR09PHICLE"
    assert parse_event_ticker("KXNBATOTAL-26MAR09PHICLE-210").kind is TickerKind.OTHER


@pytest.mark.parametrize(
    ("text", "kind", "event"),
    [
        ("KXNBAGAME-26JAN14WASLAC", TickerKind.GAME, "KXNBAGAME-26JAN14WASLAC"),
        ("KXNBAGAME-26JAN14WASLAC-LAC", TickerKind.GAME, "KXNBAGAME-26JAN14WASLAC"),
        ("KXBTC15M-26MAY140030-30", TickerKind.OTHER, "KXBTC15M-26MAY140030-30"),
    ],
)
def test_a_person_may_ask_about_either(text: str, kind: TickerKind, event: str) -> None:
    ticker = read_ticker(text)
    assert (ticker.kind, ticker.event) == (kind, event)


def event_ticker(date: dt.date, away: str, home: str) -> str:
    """As the venue writes it."""
    return f"KXNBAGAME-{date:%y%b%d}{away}{home}".upper()


def test_all_442_markets_of_a_season_are_classified(shared: Path) -> None:
    with (shared / "data/kalshi/nba_markets_2025_26.csv").open() as table:
        rows = list(csv.DictReader(table))
    assert len(rows) == 442
    for row in rows:
        ticker = parse_ticker(row["ticker"])
        assert ticker.kind is TickerKind.GAME
        assert ticker.event == row["event_ticker"]
        assert (ticker.home, ticker.away) == (row["home_team"], row["away_team"])
        assert str(ticker.date) == row["game_date"]
        assert ticker.date is not None
        assert event_ticker(ticker.date, row["away_team"], row["home_team"]) == row["event_ticker"]


def test_all_133_events_that_were_open_on_a_day_are_classified(shared: Path) -> None:
    with (shared / "data/kalshi/nba_open_events_20260112.csv").open() as table:
        events = [parse_event_ticker(row["event_ticker"]) for row in csv.DictReader(table)]
    assert len(events) == 133
    kinds = Counter(event.kind for event in events)
    assert (kinds[TickerKind.GAME], kinds[TickerKind.SPREAD], kinds[TickerKind.TOTAL]) == (21, 7, 7)
    assert kinds[TickerKind.PLAYER] == 37
    assert kinds[TickerKind.OTHER] == 61
    postponed = [event for event in events if event.game == "26JAN08MIACHI"]
    assert len(postponed) == 8
    assert all(event.date == dt.date(2026, 1, 8) for event in postponed)


def test_the_floor_read_from_a_ticker_is_the_markets_own(shared: Path) -> None:
    # The recorded spread and total objects are of the women's league; their tickers have the same form.
    recorded = shared / "data/kalshi/rest_events_sports_nested.json.gz"
    events: list[dict[str, Any]] = json.loads(gzip.decompress(recorded.read_bytes()))
    checked = 0
    for event in events:
        if event["event_ticker"].startswith(("KXWNBASPREAD", "KXWNBATOTAL")):
            for market in event["markets"]:
                number = int("".join(letter for letter in market["ticker"].split("-")[2] if letter.isdigit()))
                assert floor_of(number) == market["floor_strike"] * 10
                checked += 1
    assert checked > 20


@given(
    st.text(max_size=60)
    | st.from_regex(r"KXNBA[A-Z]{3,6}-\d\d[A-Z]{3}\d\d[A-Z]{6}-[A-Z0-9]{1,8}", fullmatch=True)
)
def test_no_text_crashes_the_reading(text: str) -> None:
    for ticker in (parse_ticker(text), parse_event_ticker(text)):
        assert isinstance(ticker, Ticker)
        assert (ticker.league is NBA) == (ticker.kind is not TickerKind.OTHER)


@given(dates, pairs, st.booleans(), st.integers(1, 99), st.integers(10, 999))
def test_what_is_written_is_read(
    date: dt.date,
    pair: tuple[str, str],
    is_home: bool,  # noqa: FBT001
    margin: int,
    points: int,
) -> None:
    event = event_ticker(date, *pair)
    team = pair[1] if is_home else pair[0]
    game = parse_ticker(f"{event}-{team}")
    assert (game.date, game.away, game.home, game.team) == (date, *pair, team)
    assert parse_event_ticker(event).game == game.game
    rest = event.removeprefix("KXNBAGAME")
    spread = parse_ticker(f"KXNBASPREAD{rest}-{team}{margin}")
    assert (spread.game, spread.team, spread.strike) == (game.game, team, margin * 10 - 5)
    total = parse_ticker(f"KXNBATOTAL{rest}-{points}")
    assert (total.game, total.strike) == (game.game, points * 10 - 5)

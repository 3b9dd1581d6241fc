"""What is asked where: days, games as they are typed, and the two sides of the cutoff."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.leagues import NBA
from engine.tickers import parse_event_ticker
from engine.units import NANOS_PER_HOUR, Nanos
from tipoff.download.plan import (
    MARGIN,
    GameEvent,
    GameWords,
    Side,
    candles_target,
    days_of,
    event_target,
    market_sides,
    series_target,
    sides,
    trade_sides,
    trades_target,
)
from venues.importers.past_day import Hours
from venues.kalshi.results import HistoricalCutoff

CUTOFF = 1_764_000_000_000_000_000
GAME = GameEvent("KXNBAGAME-26JAN14WASLAC", NBA, Nanos(CUTOFF))
HOURS = Hours.of(date(2026, 1, 14))


def test_days_include_both_ends() -> None:
    assert days_of(date(2026, 2, 27), date(2026, 3, 2)) == (
        date(2026, 2, 27),
        date(2026, 2, 28),
        date(2026, 3, 1),
        date(2026, 3, 2),
    )
    assert days_of(date(2026, 1, 14), date(2026, 1, 14)) == (date(2026, 1, 14),)


@pytest.mark.parametrize(
    "word", ["WAS", "lac", "WASLAC", "was@lac", "26JAN14WASLAC", " LAC ", "BOS,WAS", "BOS, waslac"]
)
def test_a_game_is_named_by_a_team_a_pair_or_its_date_too(word: str) -> None:
    assert GameWords.of([word]).have(GAME.parsed)


@pytest.mark.parametrize("word", ["BOS", "LACWAS", "26JAN15WASLAC", "WA"])
def test_other_words_name_other_games(word: str) -> None:
    assert not GameWords.of([word]).have(GAME.parsed)


def test_no_word_is_every_game() -> None:
    for nothing in ([], [""], [" , "]):
        assert GameWords.of(nothing).have(parse_event_ticker("KXNBAGAME-26JAN14WASLAC"))


def test_a_game_has_an_event_in_each_series_of_its_league() -> None:
    assert list(GAME.events(("KXNBAGAME", "KXNBATOTAL", "KXWNBAGAME"))) == [
        "KXNBAGAME-26JAN14WASLAC",
        "KXNBATOTAL-26JAN14WASLAC",
    ]


@given(
    st.integers(min_value=-(10**16), max_value=10**16),
    st.integers(min_value=0, max_value=10**14),
    st.integers(min_value=-MARGIN + 1, max_value=MARGIN - 1),
)
def test_whatever_the_cutoff_does_meanwhile_the_side_is_asked_where_it_is(
    offset: int, length: int, moved: int
) -> None:
    since, until = CUTOFF + offset, CUTOFF + offset + length
    asked = sides(since, until, CUTOFF)
    # While we ask it may move, by less than the margin.
    if until > CUTOFF + moved:
        assert Side.LIVE in asked
    if since < CUTOFF + moved:
        assert Side.ARCHIVE in asked


def test_far_from_the_cutoff_one_side_is_asked() -> None:
    far = MARGIN + NANOS_PER_HOUR
    assert sides(CUTOFF - 2 * far, CUTOFF - far, CUTOFF) == (Side.ARCHIVE,)
    assert sides(CUTOFF + far, CUTOFF + 2 * far, CUTOFF) == (Side.LIVE,)
    assert sides(CUTOFF - far, CUTOFF + far, CUTOFF) == (Side.LIVE, Side.ARCHIVE)


def test_a_game_that_was_never_paid_is_live_however_old() -> None:
    cutoff = HistoricalCutoff(Nanos(CUTOFF), Nanos(CUTOFF))
    assert market_sides(GameEvent("KXNBAGAME-26JAN14WASLAC", NBA), cutoff) == (Side.LIVE,)
    assert market_sides(GAME, cutoff) == (Side.LIVE, Side.ARCHIVE)
    assert trade_sides(HOURS, HistoricalCutoff(Nanos(CUTOFF), HOURS.since)) == (Side.LIVE, Side.ARCHIVE)


def test_the_questions_are_the_venues() -> None:
    # Six in the morning in New York is eleven in Greenwich.
    span = "1768388400", "1768474800"
    assert series_target(Side.LIVE, "KXNBAGAME") == "/markets?series_ticker=KXNBAGAME&limit=1000"
    assert event_target(Side.ARCHIVE, "E") == "/historical/markets?event_ticker=E&limit=1000"
    assert candles_target(Side.LIVE, "S-E-T", HOURS) == (
        f"/series/S/markets/S-E-T/candlesticks?start_ts={span[0]}&end_ts={span[1]}&period_interval=1"
    )
    assert candles_target(Side.ARCHIVE, "S-E-T", HOURS) == (
        f"/historical/markets/S-E-T/candlesticks?start_ts={span[0]}&end_ts={span[1]}&period_interval=1"
    )
    assert trades_target(Side.LIVE, "T", HOURS) == (
        f"/markets/trades?ticker=T&min_ts={span[0]}&max_ts={span[1]}&limit=1000"
    )
    assert trades_target(Side.ARCHIVE, "T", HOURS).startswith("/historical/trades?ticker=T&")
    assert Side.LIVE.other is Side.ARCHIVE
    assert Side.ARCHIVE.other is Side.LIVE

"""The translator: which line is read by whom, and that no line at all raises.

Covers: venues.kalshi.lines, venues.recordings.line_kinds, venues.recordings.readers.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import ExchangeStatusSeen, FeedConnected, FeedLost, FeedRefused, GameSeen, QuoteSeen
from engine.units import Nanos
from tipoff.sources.registry import translator
from venues.recordings.line_kinds import split_what, what_of
from venues.recordings.recorder import Line

TRANSLATE = translator().translate


def line(source: str, what: str, body: str, conn: int = 2) -> Line:
    return Line(9, 1, source, conn, what, body)


def test_a_connection_that_is_up_and_one_that_ended_are_events() -> None:
    assert TRANSLATE(line("kalshi.ws", "connected", "")) == (FeedConnected(2, Nanos(9)),)
    assert TRANSLATE(line("kalshi.ws", "lost", '{"reason":"reset"}')) == (FeedLost(2, "reset", Nanos(9)),)
    assert TRANSLATE(line("kalshi.ws", "lost", "reset")) == (FeedLost(2, "reset", Nanos(9)),)


def test_each_source_has_its_translator() -> None:
    status = '{"exchange_active":true,"trading_active":true}'
    assert TRANSLATE(line("kalshi.rest", "/exchange/status", status)) == (
        ExchangeStatusSeen(True, True, None, Nanos(9)),
    )
    row = '{"kalshi_ts":1,"market_ticker":"A","yes_bid_prob":0.4,"yes_ask_prob":0.5}'
    (quote,) = TRANSLATE(line("import", "kalshi-ticker", row))
    assert isinstance(quote, QuoteSeen)
    games = (
        '{"data":[{"id":1,"date":"2026-01-02","status":"7:30 pm ET",'
        '"home_team":{"abbreviation":"MIA"},"visitor_team":{"abbreviation":"ATL"}}]}'
    )
    (seen,) = TRANSLATE(line("balldontlie", "/nba/v1/games?dates[]=2026-01-02", games))
    assert isinstance(seen, GameSeen)


@pytest.mark.parametrize("source", ["timer", "command", "journal"])
def test_our_own_inputs_are_no_events_of_a_venue(source: str) -> None:
    assert TRANSLATE(line(source, "anything", "{}")) == ()


def test_an_answer_that_was_not_ok_is_counted_by_its_status() -> None:
    (refused,) = TRANSLATE(line("balldontlie", "401 /nba/v2/odds", "Unauthorized"))
    assert refused == FeedRefused("balldontlie", "http_401", "Unauthorized", Nanos(9))


def test_the_exchange_says_its_status_with_503_too() -> None:
    body = '{"exchange_active":false,"trading_active":false}'
    (seen,) = TRANSLATE(line("kalshi.rest", "503 /exchange/status", body))
    assert isinstance(seen, ExchangeStatusSeen)


def test_an_unknown_source_is_counted() -> None:
    (refused,) = TRANSLATE(line("carrier.pigeon", "coo", ""))
    assert isinstance(refused, FeedRefused)
    assert refused.kind == "unknown_source"


@given(st.integers(100, 599), st.text(max_size=20).map("/{}".format))
def test_status_and_target_survive_their_way_into_a_line(status: int, target: str) -> None:
    refusal, read_target = split_what(what_of(status, target))
    assert (refusal or "http_200", read_target) == (f"http_{status}", target)


@given(
    st.sampled_from(["kalshi.ws", "kalshi.rest", "balldontlie", "import", "timer", "?"]),
    st.sampled_from(["/markets", "/nba/v2/odds", "lost", "connected", "nba-states", "kalshi-candles"])
    | st.text(max_size=30),
    st.text(max_size=60),
)
def test_no_line_at_all_raises(source: str, what: str, body: str) -> None:
    TRANSLATE(line(source, what, body))

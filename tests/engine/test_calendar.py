"""Eastern dates, game days and the weekly pause on both sides of the clock changes, and times as text."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.calendar import (
    EASTERN,
    TimeError,
    eastern,
    eastern_date,
    game_day,
    next_pause,
    parse_time,
    trading_paused,
)
from engine.units import NANOS_PER_DAY, NANOS_PER_HOUR, Nanos

moments = st.integers(946_684_800, 4_000_000_000).map(lambda second: Nanos(second * 1_000_000_000))
dates = st.dates(dt.date(2000, 1, 2), dt.date(2099, 12, 30))


@pytest.mark.parametrize(
    ("utc", "date"),
    [
        ("2026-01-14T00:10:00Z", "2026-01-13"),
        ("2026-01-14T04:59:59.999999999Z", "2026-01-13"),
        ("2026-01-14T05:00:00Z", "2026-01-14"),
        ("2026-04-13T03:59:59Z", "2026-04-12"),
        ("2026-04-13T04:00:00Z", "2026-04-13"),
        ("2025-10-21T23:30:00Z", "2025-10-21"),
    ],
)
def test_a_games_date_is_eastern(utc: str, date: str) -> None:
    assert str(eastern_date(parse_time(utc))) == date


def test_a_game_past_midnight_keeps_its_day() -> None:
    # PHX at LAC of 2024-10-23 ended at 05:04 UTC on the 24th, four minutes past one at night in New York.
    assert game_day(parse_time("2024-10-24T05:04:00Z")) == dt.date(2024, 10, 23)
    assert game_day(parse_time("2024-10-24T10:00:00Z")) == dt.date(2024, 10, 24)
    assert game_day(parse_time("2024-10-24T09:59:59Z")) == dt.date(2024, 10, 23)


@pytest.mark.parametrize(
    ("utc", "paused"),
    [
        ("2026-01-15T07:59:59.999999999Z", False),
        ("2026-01-15T08:00:00Z", True),
        ("2026-01-15T09:59:59.999999999Z", True),
        ("2026-01-15T10:00:00Z", False),
        ("2026-07-16T06:59:59Z", False),
        ("2026-07-16T07:00:00Z", True),
        ("2026-07-16T08:59:59Z", True),
        ("2026-07-16T09:00:00Z", False),
        # The Thursdays around both clock changes of 2026 (March 8, November 1).
        ("2026-03-05T08:30:00Z", True),
        ("2026-03-05T07:30:00Z", False),
        ("2026-03-12T07:30:00Z", True),
        ("2026-03-12T09:30:00Z", False),
        ("2026-10-29T07:30:00Z", True),
        ("2026-10-29T09:30:00Z", False),
        ("2026-11-05T09:30:00Z", True),
        ("2026-11-05T07:30:00Z", False),
        ("2026-01-14T08:30:00Z", False),
        ("2026-01-16T08:30:00Z", False),
    ],
)
def test_the_pause_is_on_thursdays_from_three_to_five_in_new_york(utc: str, paused: bool) -> None:  # noqa: FBT001
    assert trading_paused(parse_time(utc)) is paused


def test_the_next_pause_is_the_one_that_is_on_or_comes() -> None:
    during = parse_time("2026-03-05T09:00:00Z")
    assert next_pause(during) == (parse_time("2026-03-05T08:00:00Z"), parse_time("2026-03-05T10:00:00Z"))
    at_its_end = parse_time("2026-03-05T10:00:00Z")
    assert next_pause(at_its_end) == (parse_time("2026-03-12T07:00:00Z"), parse_time("2026-03-12T09:00:00Z"))


@given(moments)
def test_pauses_and_their_bounds_agree(at: Nanos) -> None:
    begin, end = next_pause(at)
    assert at < end
    assert end - begin == 2 * NANOS_PER_HOUR
    assert begin - at <= 7 * NANOS_PER_DAY + NANOS_PER_HOUR
    assert trading_paused(at) == (begin <= at)
    assert trading_paused(begin)
    assert not trading_paused(end)
    assert not trading_paused(Nanos(begin - 1))


@pytest.mark.parametrize(
    ("text", "nanos"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.000000001Z", 1),
        ("2026-10-04T14:48:01.481Z", 1_791_125_281_481_000_000),
        ("2026-10-04T10:48:01.481-04:00", 1_791_125_281_481_000_000),
        ("2026-10-04 20:18:01.481000+05:30", 1_791_125_281_481_000_000),
        ("1969-12-31T23:59:59.5Z", -500_000_000),
    ],
)
def test_times_are_read_to_the_nanosecond(text: str, nanos: int) -> None:
    assert parse_time(text) == nanos


@pytest.mark.fault("E8")
@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "2026-10-20",
            "2026-10-20T19:00:00",
            "7:30 pm ET",
            "2026-13-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
        ),
        *(
            "2026-10-20T24:00:00Z",
            "2026-10-20T19:00:60Z",
            "2026-10-20T19:00:00.1234567890Z",
            "2026-10-20T19Z",
        ),
        *(
            "0001-01-01T00:00:00+23:59",
            "2026-10-20T19:00:00Z\n",
            "٢026-10-20T19:00:00Z",
            "2026-10-20T19:00:00+99:00",
        ),
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(TimeError):
        parse_time(text)


@given(moments)
def test_new_york_is_four_or_five_hours_behind(at: Nanos) -> None:
    local = eastern(at)
    assert local.tzinfo is EASTERN
    assert local.utcoffset() in {dt.timedelta(hours=-4), dt.timedelta(hours=-5)}

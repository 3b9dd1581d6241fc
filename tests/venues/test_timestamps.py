"""Moments: what services write as times becomes exact UTC nanoseconds, or an error."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.units import Nanos
from venues import timestamps


@pytest.mark.parametrize(
    "text, expected",
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-05-14T04:31:24.394037Z", 1_778_733_084_394_037_000),
        ("2026-08-07T06:46:28.97871Z", 1_786_085_188_978_710_000),
        ("2024-10-22T23:35:56.4Z", 1_729_640_156_400_000_000),
        ("2025-11-22T07:07:24+00:00", 1_763_795_244_000_000_000),
        ("2026-10-20T15:00:00-04:00", 1_792_522_800_000_000_000),
        ("2026-04-12T22:00:00.000Z", 1_776_031_200_000_000_000),
    ],
)
def test_texts_of_real_bodies_are_read_to_the_microsecond(text: str, expected: int) -> None:
    assert timestamps.from_text(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "7:30 pm ET", "2026-05-14T04:31:24", "2026-05-14", "1969-12-31T23:59:59Z", "2101-01-01T00:00:00Z"],
)
def test_what_is_no_moment_with_a_zone_between_1970_and_2100_is_refused(text: str) -> None:
    with pytest.raises(timestamps.MomentError):
        timestamps.from_text(text)


@given(st.datetimes(datetime(1971, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_written_moment_comes_back(moment: datetime) -> None:
    read = timestamps.from_text(moment.isoformat())
    assert datetime.fromtimestamp(read // 1_000_000_000, UTC) == moment.replace(microsecond=0)
    assert read % 1_000_000_000 == moment.microsecond * 1_000


@pytest.mark.parametrize("seconds", [-1, timestamps.SECONDS_MAX + 1])
def test_seconds_beyond_the_bounds_are_refused(seconds: int) -> None:
    with pytest.raises(timestamps.MomentError):
        timestamps.from_seconds(seconds)


@pytest.mark.limit("venues.timestamps:SECONDS_MAX")
def test_seconds_at_the_bounds_are_read() -> None:
    assert timestamps.from_seconds(0) == 0
    assert timestamps.from_seconds(timestamps.SECONDS_MAX) == timestamps.SECONDS_MAX * 1_000_000_000


@pytest.mark.parametrize(
    "text, expected",
    [
        ("2024-10-24T02:17:17Z", "2024-10-23"),
        ("2024-10-24T03:59:59Z", "2024-10-23"),
        ("2024-10-24T04:00:00Z", "2024-10-24"),
        ("2025-12-25T04:59:59Z", "2025-12-24"),
        ("2025-12-25T05:00:00Z", "2025-12-25"),
    ],
)
def test_the_eastern_date_of_an_evening_is_not_the_utc_date(text: str, expected: str) -> None:
    assert timestamps.eastern_date(timestamps.from_text(text)) == expected


def test_an_hour_in_new_york_follows_summer_time() -> None:
    assert timestamps.eastern_moment(date(2026, 1, 2), 10) == timestamps.from_text("2026-01-02T15:00:00Z")
    assert timestamps.eastern_moment(date(2026, 7, 2), 10) == timestamps.from_text("2026-07-02T14:00:00Z")
    assert isinstance(timestamps.eastern_moment(date(2026, 7, 2), 10), int)
    assert Nanos(0) == timestamps.from_seconds(0)

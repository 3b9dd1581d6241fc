"""The bucket never gives more than its limit in any window, and never less than it promised."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.token_bucket import TokenBucket
from engine.units import NANOS_PER_MINUTE, NANOS_PER_SECOND, Nanos

START = Nanos(1_700_000_000_000_000_000)


def basic() -> TokenBucket:
    """The venue's read budget of a basic account: 200 tokens a second, two seconds of burst."""
    return TokenBucket.full(200, NANOS_PER_SECOND, 400, START)


def test_a_basic_account_reads_forty_times_at_once_and_then_twenty_times_a_second() -> None:
    bucket, reads = basic(), 0
    while (after := bucket.take(10, START)) is not None:
        bucket, reads = after, reads + 1
    assert reads == 40
    assert bucket.ready_at(10, START) == START + NANOS_PER_SECOND // 20
    assert bucket.available(Nanos(START + NANOS_PER_SECOND)) == 200


def test_a_take_one_nanosecond_too_early_is_refused() -> None:
    bucket = TokenBucket.full(540, NANOS_PER_MINUTE, 1, START).take(1, START)
    assert bucket is not None
    ready = bucket.ready_at(1, START)
    assert bucket.take(1, Nanos(ready - 1)) is None
    assert bucket.take(1, ready) is not None


def test_time_running_backwards_refills_nothing() -> None:
    bucket = basic().drained(START)
    assert bucket.available(Nanos(START - NANOS_PER_SECOND)) == 0
    assert bucket.take(1, Nanos(START - 1)) is None
    assert bucket.ready_at(1, Nanos(START - 1)) == START + NANOS_PER_SECOND // 200


def test_a_refusal_by_the_other_side_empties_the_bucket() -> None:
    bucket = basic().drained(Nanos(START + 5))
    assert bucket.available(Nanos(START + 5)) == 0
    assert bucket.available(Nanos(START + 5 + NANOS_PER_SECOND * 10)) == 400


@pytest.mark.parametrize("cost", [0, -1, 401])
def test_a_cost_that_no_wait_would_pay_is_an_error(cost: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        basic().take(cost, START)
    with pytest.raises(ValueError, match="does not fit"):
        basic().ready_at(cost, START)


@pytest.mark.parametrize("sizes", [(0, 1, 1), (1, 0, 1), (1, 1, 0), (-5, 1, 1)])
def test_a_bucket_has_positive_sizes(sizes: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="must be"):
        TokenBucket.full(sizes[0], Nanos(sizes[1]), sizes[2], START)


tries = st.lists(st.tuples(st.integers(0, 2_000), st.integers(1, 5)), min_size=1, max_size=60)


@given(st.integers(1, 50), st.integers(1, 1_000), st.integers(5, 20), tries)
def test_no_window_ever_gets_more_than_burst_and_refill(
    tokens: int, period: int, burst: int, steps: list[tuple[int, int]]
) -> None:
    bucket, now = TokenBucket.full(tokens, Nanos(period), burst, START), int(START)
    taken: list[tuple[int, int]] = []
    for pause, cost in steps:
        now += pause
        after = bucket.take(cost, Nanos(now))
        assert (after is not None) == (bucket.ready_at(cost, Nanos(now)) == now)
        if after is not None:
            bucket = after
            taken.append((now, cost))
    for first in range(len(taken)):
        for last in range(first, len(taken)):
            window = taken[last][0] - taken[first][0]
            total = sum(cost for _, cost in taken[first : last + 1])
            assert total * period <= burst * period + tokens * window


@given(st.integers(1, 50), st.integers(1, 1_000), st.integers(1, 20), st.data())
def test_who_waits_as_told_is_served_and_not_a_nanosecond_late(
    tokens: int, period: int, burst: int, data: st.DataObject
) -> None:
    bucket = TokenBucket.full(tokens, Nanos(period), burst, START).drained(START)
    for _ in range(5):
        cost = data.draw(st.integers(1, burst))
        ready = bucket.ready_at(cost, bucket.at)
        if ready > bucket.at:
            assert bucket.take(cost, Nanos(ready - 1)) is None
        after = bucket.take(cost, ready)
        assert after is not None
        bucket = after

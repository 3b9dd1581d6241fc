"""Restart intensity and backoff: the formula, the window, and the configuration that contradicts itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.restart_policy import (
    NO_BACKOFF,
    Backoff,
    RestartLimit,
    RestartPacing,
    RestartSettingsError,
    RestartWindow,
    longest_storm_ns,
    require_reachable,
)

SECOND = 1_000_000_000

backoffs = st.builds(
    lambda first, minimum, extra, factor, jitter: Backoff(
        first_ns=first, minimum_ns=minimum, cap_ns=max(first, minimum) + extra, factor=factor, jitter=jitter
    ),
    st.integers(0, 10**9),
    st.integers(0, 10**9),
    st.integers(0, 10**10),
    st.floats(1.0, 8.0),
    st.floats(0.0, 1.0),
)


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(0, 0), (1, 3), (2, 6), (3, 12), (4, 24), (5, 30), (6, 30), (1_000, 30)]
)
def test_akkas_documented_delays_for_three_and_thirty_seconds(attempt: int, seconds: int) -> None:
    """Akka `SupervisorStrategy`: 3, 6, 12, 24, 30, 30 s for a minimum of 3 and a maximum of 30."""
    backoff = Backoff(minimum_ns=3 * SECOND, cap_ns=30 * SECOND, jitter=0.2)
    assert backoff.delay_ns(attempt, 0.0) == seconds * SECOND


def test_jitter_adds_up_to_a_fifth_and_never_exceeds_the_cap() -> None:
    backoff = Backoff(minimum_ns=3 * SECOND, cap_ns=30 * SECOND, jitter=0.2)
    assert backoff.delay_ns(1, 0.5) == 3_300_000_000
    assert backoff.delay_ns(1, 1.0) == 3_600_000_000
    assert backoff.delay_ns(5, 1.0) == 30 * SECOND


def test_ten_thousand_draws_stay_within_the_formulas_bounds() -> None:
    """Checklist 8."""
    backoff = Backoff(minimum_ns=1_000_000, cap_ns=64_000_000, jitter=0.2)
    for number in range(10_000):
        attempt, draw = 1 + number % 9, (number * 7919 % 10_000) / 10_000
        bare = min(64_000_000, 1_000_000 * 2 ** (attempt - 1))
        assert bare <= backoff.delay_ns(attempt, draw) <= min(64_000_000, bare * 1.2)


@given(backoffs, st.integers(0, 200), st.floats(0.0, 1.0, exclude_max=True))
def test_a_delay_is_never_negative_nor_above_the_cap(backoff: Backoff, attempt: int, draw: float) -> None:
    assert 0 <= backoff.delay_ns(attempt, draw) <= backoff.cap_ns


@given(backoffs, st.integers(1, 100), st.floats(0.0, 1.0, exclude_max=True))
def test_delays_grow_with_the_attempts(backoff: Backoff, attempt: int, draw: float) -> None:
    assert backoff.delay_ns(attempt, draw) <= backoff.delay_ns(attempt + 1, draw)


@given(backoffs, st.integers(0, 20), st.integers(1, 10**11))
def test_a_configuration_is_refused_exactly_if_its_limit_could_never_fire(
    backoff: Backoff, restarts_max: int, period: int
) -> None:
    """A child that dies at once, with jitter at its worst, must exceed an accepted limit."""
    limit = RestartLimit(restarts_max=restarts_max, period_ns=period)
    window, now, exceeded = RestartWindow(limit), 0, False
    for attempt in range(restarts_max + 1):
        exceeded = window.failed(now)
        now += backoff.delay_ns(attempt, 1.0)
    accepted = True
    try:
        require_reachable(limit, backoff)
    except RestartSettingsError:
        accepted = False
    assert accepted == exceeded


def test_backoff_of_thirty_seconds_in_a_period_of_five_is_refused() -> None:
    """The classic: OTP has no backoff, Akka no period in its backoff; together they never fire."""
    with pytest.raises(RestartSettingsError, match="never fire"):
        require_reachable(
            RestartLimit(restarts_max=3, period_ns=5 * SECOND),
            Backoff(minimum_ns=3 * SECOND, cap_ns=30 * SECOND),
        )
    require_reachable(
        RestartLimit(restarts_max=3, period_ns=60 * SECOND),
        Backoff(minimum_ns=3 * SECOND, cap_ns=30 * SECOND),
    )


@pytest.mark.parametrize(
    "settings",
    [
        {"minimum_ns": 2, "cap_ns": 1},
        {"first_ns": 2, "minimum_ns": 0, "cap_ns": 1},
        {"factor": 0.5},
        {"jitter": 1.5},
        {"jitter": -0.1},
        {"reset_ns": 0},
        {"minimum_ns": -1},
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Backoff(**settings)  # type: ignore[arg-type]


@given(st.integers(0, 5), st.integers(1, 100), st.lists(st.integers(0, 60), max_size=60))
def test_the_window_counts_what_a_naive_count_counts(restarts_max: int, period: int, gaps: list[int]) -> None:
    window = RestartWindow(RestartLimit(restarts_max=restarts_max, period_ns=period))
    moments: list[int] = []
    now = 0
    for gap in gaps:
        now += gap
        moments.append(now)
        within = [moment for moment in moments if now - moment < period]
        assert window.failed(now) == (len(within) > restarts_max)
        assert len(window) == min(len(within), restarts_max + 1)


def test_a_cleared_window_has_forgotten() -> None:
    window = RestartWindow(RestartLimit(restarts_max=1, period_ns=10))
    window.failed(0)
    window.clear()
    assert not window.failed(0)
    assert window.failed(0)


def test_the_delays_start_anew_after_a_stable_life_only() -> None:
    """Checklist 8. A life that never became ready is not stable, however long ago the last failure was."""
    pacing = RestartPacing(Backoff(first_ns=0, minimum_ns=100, cap_ns=1_000, jitter=0.0, reset_ns=500))
    assert pacing.next_delay_ns(0, 0, 0.0) == 0
    assert pacing.next_delay_ns(499, 0, 0.0) == 100
    assert pacing.next_delay_ns(10_000, None, 0.0) == 200
    assert pacing.next_delay_ns(20_000, 19_501, 0.0) == 400
    assert pacing.next_delay_ns(30_000, 29_500, 0.0) == 0
    assert pacing.next_delay_ns(30_000, 30_000, 0.0) == 100
    pacing.clear()
    assert pacing.next_delay_ns(30_000, 30_000, 0.0) == 0


def test_the_stable_period_is_half_of_minimum_and_cap_unless_given() -> None:
    """Akka: reset when no failure within (min + max) / 2."""
    assert Backoff(minimum_ns=2 * SECOND, cap_ns=10 * SECOND).stable_ns == 6 * SECOND
    assert Backoff(reset_ns=7).stable_ns == 7
    assert NO_BACKOFF.stable_ns == 1


def test_the_longest_storm_is_the_sum_of_the_delays_between_failures() -> None:
    backoff = Backoff(first_ns=1, minimum_ns=10, cap_ns=40, jitter=0.0)
    assert [longest_storm_ns(restarts_max, backoff) for restarts_max in range(6)] == [0, 1, 11, 31, 71, 111]

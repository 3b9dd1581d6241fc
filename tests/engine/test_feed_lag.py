"""The lag of the feed: the worst of the last seconds, and no longer."""

from engine.feed_lag import WINDOW, FeedLag


def test_the_lag_is_what_the_latest_change_took_to_be_heard() -> None:
    lag = FeedLag()
    lag.observe(100, 60)
    assert lag.worst(100) == 40


def test_without_a_venue_time_nothing_is_known_of_the_lag() -> None:
    lag = FeedLag()
    lag.observe(100, None)
    assert lag.worst(100) == 0


def test_the_worst_lag_is_remembered_while_better_ones_come() -> None:
    lag = FeedLag()
    lag.observe(0, -900)
    lag.observe(10, 9)
    assert lag.worst(WINDOW - 1) == 900
    lag.observe(WINDOW + 1, WINDOW)
    assert lag.worst(WINDOW + 1) == 900


def test_a_lag_is_forgotten_after_two_windows_at_the_latest() -> None:
    lag = FeedLag()
    lag.observe(0, -900)
    assert lag.worst(2 * WINDOW) == 0

"""The form of the in-play model: outlooks between moments, steps of the last seconds, what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.in_play_curve import Curve, LateSteps, Outlook, between, place

# Roots of the seconds are 2, 4 and 6, so that what lies between is easy to say.
CURVE = Curve((4.0, 16.0, 36.0), (1.0, 0.8, 0.6), (0.1, 0.3, 0.5), (2.0, 4.0, 6.0))
LATE = LateSteps(16.0, (4.0, 9.0), ((1.0, 1.5, 2.0, 3.0), (0.5, 1.0, 1.5, 2.0)))


def test_between_two_moments_the_outlook_is_straight_over_the_root_of_time() -> None:
    assert CURVE.at(9.0) == Outlook(kept=0.9, to_come=0.2, sd=3.0)
    assert CURVE.at(16.0) == Outlook(0.8, 0.3, 4.0)


def test_outside_the_fitted_moments_the_outlook_is_level() -> None:
    assert CURVE.at(0.0) == CURVE.at(4.0)
    assert CURVE.at(1_000.0) == CURVE.at(36.0)


def test_rows_make_the_same_curve() -> None:
    rows = ((4.0, 1.0, 0.1, 2.0), (16.0, 0.8, 0.3, 4.0), (36.0, 0.6, 0.5, 6.0))
    assert Curve.of_rows(rows) == CURVE


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (((4.0, 1.0, 0.1, 2.0),), "at least two moments"),
        (((4.0, 1.0, 0.1, 2.0), (4.0, 1.0, 0.1, 2.0)), "must rise"),
        (((9.0, 1.0, 0.1, 2.0), (4.0, 1.0, 0.1, 2.0)), "must rise"),
        (((4.0, 1.0, 0.1, 2.0), (9.0, 1.0, 0.1, 0.0)), "positive"),
    ],
)
def test_a_senseless_curve_is_refused(
    rows: tuple[tuple[float, float, float, float], ...], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Curve.of_rows(rows)


def test_values_of_unequal_number_are_refused() -> None:
    with pytest.raises(ValueError, match="one value of each kind"):
        Curve((4.0, 9.0), (1.0,), (0.1, 0.2), (2.0, 3.0))


@pytest.mark.parametrize(
    ("distance", "seconds", "z"),
    [
        (1.0, 4.0, 1.0),
        (2.0, 4.0, 1.5),
        (-2.0, 4.0, -1.5),
        (0.0, 4.0, 0.0),
        (0.5, 4.0, 0.5),
        (2.5, 4.0, 1.75),
        (4.0, 4.0, 3.0),
        (6.0, 4.0, 5.0),
        (1.0, 1.0, 1.0),
        (1.0, 9.0, 0.5),
        (1.0, 6.25, 0.75),
        # At the beginning the curve alone is left: 4 points of deviation.
        (4.0, 16.0, 1.0),
        (4.0, 12.25, 1.5),
    ],
)
def test_the_last_seconds_go_by_steps(distance: float, seconds: float, z: float) -> None:
    assert LATE.z(distance, seconds, CURVE) == pytest.approx(z)


@given(st.floats(-30, 30), st.floats(0, 10), st.floats(0.01, 15.9))
def test_a_point_more_never_counts_less(distance: float, more: float, seconds: float) -> None:
    assert LATE.z(distance, seconds, CURVE) <= LATE.z(distance + more, seconds, CURVE) + 1e-12


def test_a_place_between_points_and_the_value_there() -> None:
    assert place((1.0, 2.0, 4.0), 3.0) == (1, 0.5)
    assert place((1.0, 2.0, 4.0), 0.0) == (0, 0.0)
    assert place((1.0, 2.0, 4.0), 9.0) == (1, 1.0)
    assert between((10.0, 20.0, 40.0), 1, 0.5) == 30.0

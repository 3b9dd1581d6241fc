"""Delays: quantiles, draws and constants."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.latency import Delay, delay
from engine.units import Nanos

MEASURED = Delay(((0, Nanos(10)), (500, Nanos(20)), (1_000, Nanos(120))))


@pytest.mark.parametrize(("share", "expected"), [(0, 10), (250, 15), (500, 20), (750, 70), (1_000, 120)])
def test_quantiles_lie_on_straight_lines(share: int, expected: int) -> None:
    """Between the points that were measured."""
    assert MEASURED.quantile(share) == expected


def test_the_pessimistic_delay_is_the_95th_percentile() -> None:
    """Of a constant it is the constant."""
    assert (MEASURED.pessimistic, delay(7).pessimistic) == (110, 7)


def test_outside_its_points_the_outermost_time_holds() -> None:
    """A distribution need not reach from 0 to 1000."""
    middle = Delay(((400, Nanos(5)), (600, Nanos(9))))
    assert (middle.quantile(0), middle.quantile(1_000), middle.quantile(500)) == (5, 9, 7)


@pytest.mark.parametrize(
    "points",
    [(), ((500, 9), (400, 10)), ((0, 9), (0, 10)), ((0, 9), (9, 8)), ((-1, 1),), ((0, -1),), ((1_001, 1),)],
)
def test_quantiles_that_do_not_rise_are_refused(points: tuple[tuple[int, Nanos], ...]) -> None:
    """So are shares and times out of range."""
    with pytest.raises(ValueError, match="delay"):
        Delay(points)


@given(order=st.text(max_size=20), seed=st.integers())
def test_a_draw_depends_on_seed_order_and_kind_alone(order: str, seed: int) -> None:
    """The same again, and inside the distribution."""
    drawn = MEASURED.draw(seed, "entry", order)
    assert drawn == MEASURED.draw(seed, "entry", order)
    assert 10 <= drawn <= 120
    assert delay(drawn).draw(seed, "entry", order) == drawn


def test_draws_follow_the_distribution() -> None:
    """Half of a thousand are below the median, within chance."""
    draws = [MEASURED.draw(1, "entry", f"order-{number}") for number in range(1_000)]
    assert 450 < sum(drawn < 20 for drawn in draws) < 550
    assert len(set(draws)) > 50

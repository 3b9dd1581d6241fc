"""The mean: exact whatever the order, None of nothing."""

from hypothesis import given
from hypothesis import strategies as st

from engine.scoring.average import mean_of


def test_the_mean_of_nothing_is_nothing() -> None:
    assert mean_of([]) is None
    assert mean_of([0.1] * 10) == 0.1


@given(st.lists(st.floats(-1e6, 1e6), min_size=1))
def test_the_order_does_not_show(values: list[float]) -> None:
    assert mean_of(values) == mean_of(sorted(values))

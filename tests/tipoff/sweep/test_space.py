"""What varies: how it is written, every combination once, draws that repeat themselves."""

import pytest

from tipoff.sweep.space import VALUES_MAX, Listed, Space, SpaceRefused, Span, axis_of

WRITTEN = (
    ("1..5", Listed((1, 2, 3, 4, 5))),
    ("1..6:2", Listed((1, 3, 5))),
    ("0.1..0.5:0.1", Listed((0.1, 0.2, 0.3, 0.4, 0.5))),
    ("-1..1", Listed((-1, 0, 1))),
    ("0.5..3", Span(0.5, 3.0)),
    ("4,6,8", Listed((4, 6, 8))),
    ("0.5, 2", Listed((0.5, 2))),
    ("take,rest", Listed(("take", "rest"))),
    ("true,false", Listed((True, False))),
    ("7", Listed((7,))),
    ([1, 2.5], Listed((1, 2.5))),
    (3, Listed((3,))),
)

REFUSED: tuple[object, ...] = ("5..1", "1..2:0", "1..2:-1", "1,1", "", "1,,2", [], [[1]], None, [1, None])


@pytest.mark.parametrize("written, meant", WRITTEN)
def test_values_are_read_as_people_write_them(written: object, meant: object) -> None:
    assert axis_of(written) == meant


@pytest.mark.parametrize("written", REFUSED)
def test_what_is_no_set_of_values_is_refused(written: object) -> None:
    with pytest.raises(SpaceRefused):
        axis_of(written)


@pytest.mark.limit("tipoff.sweep.space:VALUES_MAX")
def test_a_parameter_has_so_many_values_and_no_more() -> None:
    axis = axis_of(f"1..{VALUES_MAX}")
    assert isinstance(axis, Listed)
    assert len(axis.values) == VALUES_MAX
    for more in (f"1..{VALUES_MAX + 1}", list(range(VALUES_MAX + 1))):
        with pytest.raises(SpaceRefused):
            axis_of(more)


def test_a_grid_has_every_combination_once() -> None:
    space = Space({"a": Listed((1, 2)), "b": Listed(("x", "y", "z"))})
    found = list(space.grid())
    assert len(found) == space.size == 6
    assert found[:2] == [{"a": 1, "b": "x"}, {"a": 1, "b": "y"}]
    with pytest.raises(SpaceRefused):
        list(Space({"a": Span(0.0, 1.0)}).grid())


def test_draws_are_each_once_and_the_same_for_the_same_seed() -> None:
    space = Space({"a": Listed(tuple(range(10))), "b": Listed((1, 2))})
    drawn = list(space.drawn(15, seed=3))
    assert drawn == list(space.drawn(15, seed=3)) != list(space.drawn(15, seed=4))
    assert len({tuple(each.values()) for each in drawn}) == 15
    assert len(list(space.drawn(50, seed=3))) == 20, "there are no more"
    free = list(Space({"a": Span(0.5, 2.0)}).drawn(30, seed=1))
    assert all(0.5 <= float(each["a"]) <= 2.0 for each in free)

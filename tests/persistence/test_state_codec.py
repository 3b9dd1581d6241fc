"""The bytes of a folded state: the same for the same state, back to the same, and refused where they are not.

What two places share they share again; what is on no list is written by nobody.
"""

import datetime as dt
from collections import Counter, OrderedDict, deque
from enum import Enum

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from persistence.state_codec import _DICT, PORTION, StateCodec, StateUnreadable, StateUnsavable


class Side(Enum):
    """A word."""

    BID = "bid"
    ASK = "ask"


@attrs.frozen
class Wish:
    """A value."""

    name: str
    side: Side
    share: float | None = None
    _twice: int = attrs.field(init=False, default=0)


@attrs.define(eq=False)
class Order:
    """Something that changes; its level knows it, and it knows its level."""

    wish: Wish
    level: "Level | None" = None
    counted: list[int] = attrs.field(init=False, factory=list)


class Level:
    """A plain class."""

    def __init__(self) -> None:
        self.orders: list[Order] = []
        self.price = 0


class Sum:
    """A plain class with slots."""

    __slots__ = ("amount",)

    def __init__(self) -> None:
        self.amount = 0


class Total(Sum):
    """One that adds to them."""

    __slots__ = ("parts",)

    def __init__(self) -> None:
        super().__init__()
        self.parts: dict[str, Sum] = {}


class Paper:
    """What is heard anew."""

    __slots__ = ("ticker", "written")

    def __init__(self, ticker: str) -> None:
        self.ticker = ticker
        self.written: list[str] = []


CODEC = StateCodec((Side, Wish), (Order, Level, Sum, Total), {Paper: ("ticker",)})

ATOMS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(max_size=5),
)
KEYS = st.one_of(ATOMS, st.tuples(st.text(max_size=3), st.integers(0, 9)), st.sampled_from(Side))
VALUES = st.builds(Wish, st.text(max_size=3), st.sampled_from(Side), st.none() | st.floats(0, 1))


def containers(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """Whatever a state keeps things in."""
    return st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.lists(inner, max_size=4).map(deque),
        st.dictionaries(KEYS, inner, max_size=4),
        st.dictionaries(st.text(max_size=3), inner, max_size=4).map(OrderedDict),
        st.sets(st.text(max_size=3), max_size=4),
        st.frozensets(st.integers(0, 99), max_size=4),
        st.dictionaries(st.sampled_from(Side), st.integers(0, 9)).map(Counter),
    )


STATES = st.dictionaries(
    st.text(max_size=3), st.recursive(ATOMS | VALUES | st.dates(), containers), max_size=4
)


@given(STATES)
def test_what_is_written_is_read_and_written_the_same_again(state: dict[str, object]) -> None:
    text = CODEC.encode(state)
    read = CODEC.decode(text)
    assert read == state
    assert CODEC.encode(read) == text


@pytest.mark.parametrize("entries", [PORTION - 1, PORTION, PORTION + 1, 2 * PORTION, 5 * PORTION + 7])
def test_a_container_of_many_portions_is_whole(entries: int) -> None:
    state: dict[str, object] = {
        "list": list(range(entries)),
        "dict": {number: Wish(str(number), Side.BID) for number in range(entries)},
        "set": {str(number) for number in range(entries)},
        "deque": deque(range(entries)),
    }
    assert CODEC.decode(CODEC.encode(state)) == state


def test_nothing_runs_for_longer_than_a_portion() -> None:
    breaths: list[None] = []
    state: dict[str, object] = {
        "many": {number: Wish(str(number), Side.BID) for number in range(10 * PORTION)}
    }
    text = CODEC.encode(state, lambda: breaths.append(None))
    assert len(breaths) == 10
    CODEC.decode(text, lambda: breaths.append(None))
    assert len(breaths) == 20


@pytest.mark.parametrize(("objects", "breaths"), [(PORTION - 1, 0), (PORTION, 1), (3 * PORTION + 5, 3)])
def test_of_objects_that_change_too_no_more_are_written_at_once_than_a_portion(
    objects: int, breaths: int
) -> None:
    """However small the containers are in which they stand."""
    heard: list[None] = []
    orders = [Order(Wish(str(number), Side.BID)) for number in range(objects)]
    CODEC.encode({"some": [orders[at : at + 50] for at in range(0, objects, 50)]}, lambda: heard.append(None))
    assert len(heard) == breaths


@pytest.mark.parametrize("values", [(Side, Wish), (Wish, Side)])
def test_whoever_knows_the_classes_in_the_same_order_reads_and_writes_the_same(
    values: tuple[type, ...],
) -> None:
    """Whatever stands first: values, enums, objects that change, and those of which only a part is kept."""
    wish = Wish("a", Side.ASK, 0.5)
    total, level = Total(), Level()
    total.amount, level.price = 5, 7
    plain: dict[str, object] = {"total": total, "level": level, "paper": Paper("KX")}
    state: dict[str, object] = {"wish": wish, "side": Side.BID, "order": Order(wish), **plain}
    one, other = (StateCodec(values, (Order, Level, Sum, Total), {Paper: ("ticker",)}) for _ in range(2))
    text = one.encode(state)
    assert other.encode(state) == text
    read = other.decode(text)
    assert (read["wish"], read["side"]) == (wish, Side.BID)
    assert [getattr(read["total"], name) for name in ("amount", "parts")] == [5, {}]
    assert [getattr(read["level"], name) for name in ("orders", "price")] == [[], 7]
    assert [getattr(read["order"], "wish", None), getattr(read["paper"], "ticker", None)] == [wish, "KX"]


@pytest.mark.parametrize("damaged", [[_DICT, "a"], [CODEC.number(Order)], [CODEC.number(Order), 1, 2, 3, 4]])
def test_what_lacks_a_part_or_has_one_too_many_is_refused(damaged: list[object]) -> None:
    with pytest.raises(StateUnreadable):
        CODEC.decode(msgspec.msgpack.encode([_DICT, "part", damaged]))


def test_the_order_of_a_dictionary_is_kept_and_that_of_a_set_is_not_asked() -> None:
    state: dict[str, object] = {"orders": {"b": 1, "a": 2}, "ids": {"b", "a", "c"}}
    again: dict[str, object] = {"orders": {"a": 2, "b": 1}, "ids": {"c", "a", "b"}}
    orders = CODEC.decode(CODEC.encode(state))["orders"]
    assert isinstance(orders, dict)
    assert list(orders) == ["b", "a"]
    assert CODEC.encode(state) != CODEC.encode(again)
    assert CODEC.encode({"ids": state["ids"]}) == CODEC.encode({"ids": again["ids"]})


def test_numbers_and_none_in_a_set_have_an_order_too() -> None:
    assert CODEC.encode({"shards": {None, 2, 1}}) == CODEC.encode({"shards": {1, 2, None}})


def test_what_two_places_share_they_share_again() -> None:
    level, order = Level(), Order(Wish("a", Side.BID))
    level.orders.append(order)
    order.level, order.counted = level, [7]
    read = CODEC.decode(CODEC.encode({"orders": {"a": order}, "levels": [level]}))
    orders, levels = read["orders"], read["levels"]
    assert isinstance(orders, dict)
    assert isinstance(levels, list)
    (again,) = levels
    assert again.orders == [orders["a"]]
    assert (orders["a"].level, orders["a"].counted) == (again, [7])


def test_plain_classes_with_slots_are_written_slot_by_slot_the_inherited_ones_too() -> None:
    total, part = Total(), Sum()
    total.amount, part.amount, total.parts["a"] = 7, 5, part
    read = CODEC.decode(CODEC.encode({"total": total, "part": part}))
    again = read["total"]
    assert isinstance(again, Total)
    assert (again.amount, again.parts["a"].amount) == (7, 5)
    assert again.parts["a"] is read["part"]


def test_equal_values_are_written_alike_whether_they_are_one_or_two() -> None:
    wish = Wish("a", Side.ASK, 0.5)
    assert CODEC.encode({"all": [wish, wish]}) == CODEC.encode({"all": [wish, Wish("a", Side.ASK, 0.5)]})


def test_of_what_is_heard_anew_only_an_empty_one_is_made() -> None:
    paper = Paper("KXT")
    paper.written.append("news")
    read = CODEC.decode(CODEC.encode({"paper": paper}))["paper"]
    assert isinstance(read, Paper)
    assert (read.ticker, read.written) == ("KXT", [])


@pytest.mark.parametrize("thing", [object(), len, dt.time(1), {"deep": [complex(1)]}])
def test_what_is_on_no_list_is_refused_by_name(thing: object) -> None:
    with pytest.raises(StateUnsavable, match="is on no list"):
        CODEC.encode({"thing": thing})


@given(st.binary(max_size=40))
def test_other_bytes_are_refused_and_nothing_else_happens(text: bytes) -> None:
    try:
        state = CODEC.decode(text)
    except StateUnreadable:
        return
    assert isinstance(state, dict)


@given(STATES, st.data())
def test_damaged_bytes_are_read_as_something_or_refused(
    state: dict[str, object], data: st.DataObject
) -> None:
    text = bytearray(CODEC.encode(state))
    place = data.draw(st.integers(0, len(text) - 1))
    text[place] ^= data.draw(st.integers(1, 255))
    try:
        CODEC.decode(bytes(text))
    except StateUnreadable:
        return


def test_another_field_is_another_layout() -> None:
    @attrs.frozen
    class Other:
        name: str

    other = StateCodec((Side, Other), (Order, Level))
    assert (
        other.layout()
        != CODEC.layout()
        == StateCodec((Side, Wish), (Order, Level, Sum, Total), {Paper: ("ticker",)}).layout()
    )

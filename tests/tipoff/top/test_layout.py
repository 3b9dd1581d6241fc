"""Tables on terminals of every size: nothing is wider or higher than its room, the chosen row is seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tipoff.top.layout import CUT, MARK, Cell, Column, Row, Size, Table, clipped, fitted

COLUMNS = (
    Column("name", width=4),
    Column("count", right=True),
    Column("rare", right=True, rank=1),
    Column("rarer", rank=2),
    Column("what", width=5, flex=True),
)


def table(rows: int, what: str = "a sentence that is longer than most") -> Table:
    made = tuple(
        Row(str(number), tuple(map(Cell, (f"n{number}", str(number * 100), "1", "2", what))))
        for number in range(rows)
    )
    return Table("Things", COLUMNS, made, "there are no things")


def text(made: Table, width: int, height: int, chosen: int | None = None) -> list[str]:
    return [line.plain for line in fitted(made, Size(width, height), chosen).lines]


def test_numbers_stand_below_each_other_at_the_right() -> None:
    lines = text(table(3), 80, 10)
    assert lines == [
        "  name  count  rare  rarer  what                               ",
        "  n0        0     1  2      a sentence that is longer than most",
        "  n1      100     1  2      a sentence that is longer than most",
        "  n2      200     1  2      a sentence that is longer than most",
    ]


def test_columns_give_way_by_their_rank_and_the_last_one_is_cut() -> None:
    assert text(table(1), 40, 10)[0] == "  name  count  rare  rarer  what        "
    assert text(table(1), 40, 10)[1].endswith(CUT)
    assert text(table(1), 28, 10)[0] == "  name  count  rare  what   "
    assert text(table(1), 20, 10)[0] == "  name  count  what "


def test_where_nothing_may_go_the_gaps_narrow() -> None:
    assert text(table(1), 18, 10)[0] == "  name count what "


def test_the_chosen_row_is_marked_in_text_and_always_within_what_is_seen() -> None:
    for chosen in range(20):
        shown = fitted(table(20), Size(60, 6), chosen)
        assert shown.first <= chosen < shown.end
        marked = [line.plain for line in shown.lines if line.plain.startswith(MARK)]
        assert [line.split()[1] for line in marked] == [f"n{chosen}"]


def test_the_view_moves_only_if_it_must() -> None:
    assert fitted(table(20), Size(60, 6), 7, first=4).first == 4
    assert fitted(table(20), Size(60, 6), 9, first=4).first == 5
    assert fitted(table(20), Size(60, 6), 3, first=4).first == 3
    assert fitted(table(6), Size(60, 6), None, first=4).first == 1


def test_an_empty_table_says_why() -> None:
    assert text(table(0), 80, 5) == ["  there are no things"]


@pytest.mark.parametrize("size", [Size(0, 5), Size(5, 0), Size(0, 0)])
def test_where_there_is_no_room_nothing_is_shown(size: Size) -> None:
    assert fitted(table(3), size).lines == ()


def test_a_text_that_is_cut_says_so_and_wide_letters_count_twice() -> None:
    assert clipped("abcdef", 6) == "abcdef"
    assert clipped("abcdef", 5) == "abcd" + CUT
    assert cell_len(clipped("籃球籃球", 5)) <= 5
    assert clipped("abc", 0) == ""


@given(
    width=st.integers(19, 200),
    height=st.integers(1, 30),
    rows=st.integers(1, 40),
    what=st.text(st.characters(categories=["L", "N", "P"]), max_size=60),
    chosen=st.integers(0, 39) | st.none(),
)
def test_nothing_is_ever_wider_or_higher_than_the_pane(
    width: int, height: int, rows: int, what: str, chosen: int | None
) -> None:
    at = None if chosen is None else min(chosen, rows - 1)
    shown = fitted(table(rows, what), Size(width, height), at)
    assert len(shown.lines) <= height
    assert all(cell_len(line.plain) <= width for line in shown.lines)
    assert len(shown.lines) == shown.end - shown.first + (height > 1)

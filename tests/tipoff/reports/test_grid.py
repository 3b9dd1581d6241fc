"""Tables of eighty columns: whatever stands in them, no number is cut and no line is longer."""

from hypothesis import given
from hypothesis import strategies as st

from tipoff.reports.grid import WIDTH, grid, wrapped

HEADS = ("strategy", "fees", "closed", "open", "low", "base", "high")
LONG = "a_strategy_with_a_name_that_goes_on_and_on"


def lines(*rows: tuple[str, tuple[str, ...]]) -> list[str]:
    return grid("Money", HEADS, rows).plain.splitlines()


def test_numbers_stand_under_their_heads() -> None:
    shown = lines(("momentum", ("0.50", "-200.44", "0.00", "-12,345.67", "1.00", "2.00")))
    assert shown == [
        "Money",
        "strategy  fees   closed  open         low  base  high",
        "momentum  0.50  -200.44  0.00  -12,345.67  1.00  2.00",
    ]


def test_a_name_that_has_no_room_stands_above_its_numbers() -> None:
    shown = lines((LONG, ("-12,345.67",) * 6), ("short", ("-200.44",) * 6))
    assert shown[2] == LONG
    assert shown[3].split() == ["-12,345.67"] * 6
    assert shown[4].split() == ["short", *["-200.44"] * 6]
    assert max(map(len, shown)) <= WIDTH


def test_numbers_that_do_not_fit_beside_each_other_are_told_in_pairs() -> None:
    shown = lines((LONG, ("-12,345,678,901.67",) * 6))
    assert shown[1] == LONG
    assert " ".join(shown[2:]).split() == [
        word for head in HEADS[1:] for word in (head, "-12,345,678,901.67")
    ]
    assert max(map(len, shown)) <= WIDTH


numbers = st.integers(-(10**12), 10**12).map(lambda amount: f"{amount / 100:,.2f}")


@given(st.lists(st.tuples(st.text("abc_", min_size=1, max_size=64), st.tuples(*[numbers] * 6)), max_size=6))
def test_no_number_is_ever_cut(rows: list[tuple[str, tuple[str, ...]]]) -> None:
    text = grid("Money", HEADS, rows).plain
    assert max(map(len, text.splitlines())) <= WIDTH
    shown = text.split()
    for name, amounts in rows:
        assert name in shown
        for amount in amounts:
            assert amount in shown


@given(st.lists(st.text("abc", min_size=1, max_size=30)))
def test_a_sentence_keeps_its_words_and_its_width(words: list[str]) -> None:
    text = wrapped(" ".join(words), "  ")
    assert text.split() == words
    assert max(map(len, text.splitlines()), default=0) <= WIDTH

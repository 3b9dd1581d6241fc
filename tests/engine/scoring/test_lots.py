"""First in, first out: what each fill brought, and that all of it is the realized result."""

from hypothesis import given
from hypothesis import strategies as st

from engine.events import BookSide
from engine.positions import FLAT, Trade, trade
from engine.scoring.lots import Lots
from tests.engine.scoring.rows import fill, settled

CENT_OF_TEN = 100_000
"""A cent on ten contracts."""


def test_a_sale_closes_the_oldest_purchase_first() -> None:
    lots = Lots()
    lots.on_filled(fill(1, 40, 10, fee=10))
    lots.on_filled(fill(2, 50, 10, fee=20))
    lots.on_filled(fill(3, 60, 15, side=BookSide.ASK, fee=30))
    first, second = lots.by_fill["f1"], lots.by_fill["f2"]
    assert (first.open, first.gain) == (0, 20 * CENT_OF_TEN - 10 - 20)
    assert (second.open, second.gain) == (500, 10 * CENT_OF_TEN // 2 - 10 - 10)
    assert "f3" not in lots.by_fill


def test_what_is_left_of_a_closing_fill_opens_the_other_way() -> None:
    lots = Lots()
    lots.on_filled(fill(1, 40, 5))
    lots.on_filled(fill(2, 60, 15, side=BookSide.ASK))
    lots.on_settled(settled(0))
    assert lots.by_fill["f1"].gain == 20 * CENT_OF_TEN // 2
    assert lots.by_fill["f2"].opened == 1000
    assert lots.by_fill["f2"].gain == 60 * CENT_OF_TEN


def test_a_corrected_result_is_taken_back() -> None:
    lots = Lots()
    lots.on_filled(fill(1, 40, 10))
    lots.on_settled(settled(100))
    assert lots.by_fill["f1"].gain == 60 * CENT_OF_TEN
    lots.on_settled(settled(100, reversal=True, position=10))
    assert (lots.by_fill["f1"].gain, lots.by_fill["f1"].open) == (0, 1000)
    lots.on_settled(settled(0))
    assert lots.by_fill["f1"].gain == -40 * CENT_OF_TEN


def test_a_reversal_of_what_was_never_settled_changes_nothing() -> None:
    lots = Lots()
    lots.on_settled(settled(100, reversal=True))
    assert lots.by_fill == {}


trades = st.lists(
    st.tuples(st.sampled_from(BookSide), st.integers(1, 99), st.integers(1, 30), st.integers(-50, 50_000)),
    max_size=25,
)


@given(trades, st.sampled_from([0, 31, 100]))
def test_all_lots_together_brought_what_the_ledger_realized(
    rows: list[tuple[BookSide, int, int, int]], cents: int
) -> None:
    lots, position = Lots(), FLAT
    for number, (side, price, whole, fee) in enumerate(rows):
        fact = fill(number, price, whole, side=side, fee=fee)
        lots.on_filled(fact)
        position = trade(position, Trade(side, fact.price, fact.count, fact.fee)).position
    lots.on_settled(settled(cents))
    value = 100 * cents
    gross = position.count * value if position.count >= 0 else -position.count * (10_000 - value)
    realized = position.realized - position.fees + gross - position.cost
    assert sum(lot.gain for lot in lots.by_fill.values()) == realized
    assert all(lot.open == 0 for lot in lots.by_fill.values())

"""What a game stood to bring: the least and the most at any moment of it, whatever came in the end."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from engine.events import BookSide
from engine.facts import OrderFilled
from engine.message import changed
from engine.outcome_range import OutcomeRange, OutcomeRanges
from engine.units import MONEY_CENT, PRICE_ONE, Money
from tests.engine.scoring.rows import GAME, fill

BUY, SELL = BookSide.BID, BookSide.ASK
MARKETS = ("one", "two")

fills = st.lists(
    st.builds(
        lambda ticker, cents, whole, side, fee: changed(
            fill(cents=cents, whole=whole, side=side, fee=fee), ticker=ticker
        ),
        st.sampled_from(MARKETS),
        st.integers(1, 99),
        st.integers(1, 20),
        st.sampled_from([BUY, SELL]),
        st.integers(0, 50_000),
    ),
    min_size=1,
    max_size=8,
)


def range_of(*traded: OrderFilled) -> OutcomeRange:
    found = OutcomeRanges()
    for each in traded:
        found.on_filled(each)
    return found.of("s")[GAME]


def cents(worst: int, best: int) -> OutcomeRange:
    return OutcomeRange(Money(worst * MONEY_CENT), Money(best * MONEY_CENT))


def test_a_purchase_stands_to_lose_what_it_cost_and_to_win_the_rest_of_a_dollar() -> None:
    assert range_of(fill(cents=97, whole=10)) == cents(-970, 30)
    assert range_of(fill(cents=97, whole=10, fee=20_000)) == cents(-972, 28)


def test_a_sale_stands_to_lose_the_rest_of_a_dollar_and_to_win_what_it_brought() -> None:
    assert range_of(fill(cents=97, whole=10, side=SELL)) == cents(-30, 970)


def test_what_was_sold_again_stood_to_be_lost_all_the_same() -> None:
    assert range_of(fill(cents=40), fill(2, cents=60, side=SELL)) == cents(-400, 600)
    # The gain of the first round is not at stake in the second.
    again = fill(cents=40), fill(2, cents=60, side=SELL), fill(3, cents=50)
    assert range_of(*again) == cents(-400, 700)


def test_two_markets_of_a_game_stand_to_lose_together() -> None:
    other = changed(fill(2, cents=30), ticker="another")
    assert range_of(fill(cents=50), other) == cents(-800, 1200)


def test_strategies_and_games_are_told_apart() -> None:
    found = OutcomeRanges()
    found.on_filled(fill(cents=50))
    found.on_filled(changed(fill(2, cents=20), strategy="other"))
    found.on_filled(changed(fill(3, cents=10), game="elsewhere"))
    assert found.of("s") == {GAME: cents(-500, 500), "elsewhere": cents(-100, 900)}
    assert found.of("other") == {GAME: cents(-200, 800)}
    assert found.of("nobody") == {}


def test_a_game_of_two_runs_has_the_range_of_both() -> None:
    assert cents(-3, 4).and_also(cents(-5, 6)) == cents(-8, 10)


@given(fills)
def test_no_outcome_of_the_markets_lies_outside(traded: list[OrderFilled]) -> None:
    found = range_of(*traded)
    for played in range(1, len(traded) + 1):
        for results in itertools.product([0, PRICE_ONE], repeat=len(MARKETS)):
            pays = dict(zip(MARKETS, results, strict=True))
            brought = sum(
                (1 if each.side is BUY else -1) * (pays[each.ticker] - each.price) * each.count - each.fee
                for each in traded[:played]
            )
            assert found.worst <= brought <= found.best

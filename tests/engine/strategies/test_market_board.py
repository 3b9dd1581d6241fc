"""What is dismissed at a glance would not have been traded or recorded either.

Covers: engine.strategies.market_watch, engine.strategies.opinion.
"""

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.fees import FeeNames, fee_terms
from engine.strategies.market_board import MarketBoard, Reach
from engine.strategies.market_watch import ALWAYS, Watch
from engine.strategies.opinion import HAIR, Opinion, taking
from engine.units import Nanos
from engine.view import GameView, MarketView, View
from tests.engine.strategies.evening import (
    AWAY_WINS,
    GAME,
    HOME_WINS,
    game_known,
    market,
    score,
    top,
)

SPREADS = [(f"{GAME}-{team}{n}", team, n - 0.5) for team in ("LAL", "BOS") for n in (2, 5, 8, 11)]
TOTALS = [(f"{GAME}-{n}", n - 0.5) for n in (215, 218, 221, 224)]
TICKERS = [HOME_WINS, AWAY_WINS, *(ticker for ticker, _team, _line in SPREADS), *(name for name, _ in TOTALS)]
REACH = Reach(points=3.0, ladder=0.08, winner=0.04)

quotes = st.tuples(
    st.sampled_from(TICKERS),
    st.integers(1, 98) | st.none(),
    st.integers(1, 12),
    st.sampled_from([None, (10, 3, 6.0), (20, 22, 1.5)]),
)


def told() -> View:
    view = View()
    view.apply(game_known())
    view.apply(market(HOME_WINS))
    view.apply(market(AWAY_WINS))
    for ticker, team, line in SPREADS:
        view.apply(market(ticker, "spread", team, line))
    for ticker, line in TOTALS:
        view.apply(market(ticker, "total", strike=line))
    return view


def worth_a_thought(market_board: MarketBoard, rung: MarketView) -> bool:
    """Asked of every neighbour and of the winner, without any short way."""
    place, p_mid = market_board.place_of(rung), rung.p_mid()
    if place is None or p_mid is None:
        return False
    said = (
        (market_board.ladder_value(place), REACH.ladder),
        (market_board.winner_value(place), REACH.winner),
    )
    return any(p is not None and abs(p_mid - p) >= reach - HAIR for p, reach in said)


@given(st.lists(quotes, min_size=1, max_size=60))
@settings(max_examples=60)
def test_a_rung_that_fits_is_not_worth_a_thought(
    drawn: list[tuple[str, int | None, int, tuple[int, int, float] | None]],
) -> None:
    view = told()
    game = view.game(GAME)
    market_board = MarketBoard(game, REACH, {name: Watch(rung) for name, rung in game.markets.items()})
    for ticker, bid, spread, state in drawn:
        if state is not None:
            home, away, left = state
            view.apply(score(home, away, 4, left))
        view.apply(top(ticker, bid, None if bid is None else min(99, bid + spread)))
        market_board.repriced(view.markets[ticker])
        for rung in game.markets.values():
            place = market_board.place_of(rung)
            assert place is not None
            if place not in market_board.worth_a_thought(place, Nanos(0)):
                assert not worth_a_thought(market_board, rung)


@given(
    p_fair=st.floats(0.02, 0.98),
    gap=st.sampled_from([0.0, 0.03, 0.08]),
    ev=st.sampled_from([0.0, 3.0, 10.0]),
    share=st.sampled_from([0.0, 0.8, 1.0]),
    prices=st.tuples(st.integers(1, 98), st.integers(1, 9)),
)
@settings(max_examples=300)
def test_prices_inside_the_bounds_are_no_entry_and_no_near_miss(
    p_fair: float, gap: float, ev: float, share: float, prices: tuple[int, int]
) -> None:
    terms = fee_terms(FeeNames("quadratic_with_maker_fees", "1"))
    watch = Watch(MarketView(HOME_WINS, GameView(GAME), terms=terms))
    opinion = Opinion(p_fair, "test", gap, ev, ALWAYS)
    watch.settle(opinion)
    watch.bound(opinion, share)
    quote = top(HOME_WINS, prices[0], min(99, sum(prices)))
    edge = taking(opinion, terms, quote)
    assert edge is not None
    if watch.crosses_threshold(quote):
        return
    assert edge.p_net < 0.001 or edge.p_gap < gap or edge.ev_percent < ev
    near = edge.p_gap >= share * gap if gap else (edge.ev_percent >= share * ev if ev else edge.p_gap > 0)
    assert not near

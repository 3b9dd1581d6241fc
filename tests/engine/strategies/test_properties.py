"""What holds for every strategy on any evening: mirror symmetry, no look-ahead, no trade without edge.

Evenings are drawn from a seeded walk of score and prices with sportsbooks that lag it, so that all strategies
find something; hypothesis draws the seeds and the cuts.

Covers: engine.strategies.order_writer, engine.strategies.strategy, engine.strategies.trader.
"""

import random
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.events import BookSide, GameKnown, GameNews, MarketKnown, OddsSeen, ScoreSeen, TopChanged
from engine.facts import SignalAction, SignalRaised
from engine.message import changed
from engine.pricing.odds import american_of_p
from engine.strategies.parameters import Plain
from engine.units import PRICE_ONE, Price, Tenths
from engine.win_probability import InPlayModel
from tests.engine.strategies.evening import (
    AWAY_WINS,
    GAME,
    HOME_WINS,
    Evening,
    game_known,
    market,
    odds,
    score,
    top,
)

KINDS = ("sharp_line", "momentum", "ev_multi", "mean_reversion", "correlation")
BOOKS = ("draftkings", "fanduel", "betmgm", "caesars", "bet365", "fanatics")
RUNGS = ((f"{GAME}-LAL{n}", "LAL", n - 0.5) for n in (3, 6, 9))
SPREADS = (*RUNGS, (f"{GAME}-BOS4", "BOS", 3.5))
OVER = f"{GAME}-221"
Told = tuple[float, GameNews]
EAGER: dict[str, dict[str, Plain]] = {
    "sharp_line": {"market_types": ["moneyline", "spread", "total"], "threshold_percent_live": 4},
    "momentum": {"cooldown_minutes": 1},
    "ev_multi": {"min_ev_percent": 0.5, "min_ev_percent_live": 1},
    "mean_reversion": {"min_reversion_percent": 8, "min_deviation_percent": 8},
    "correlation": {"correlation_threshold": 0.05, "min_discrepancy_percent": 4},
}


def walk(seed: int) -> list[Told]:
    """An evening: half an hour before the tip and half a game, one step a half minute."""
    draw, model = random.Random(seed), InPlayModel()
    told: list[Told] = [(0, news) for news in _listings()]
    home, away, spread = 0, 0, draw.uniform(-8, 8)
    for step in range(60):
        at = 30.0 * step
        minutes = min(48.0, 48.0 - 0.45 * (step - 10))
        if step >= 10:
            home += draw.choice((0, 0, 1, 2, 2, 3))
            away += draw.choice((0, 0, 1, 2, 2, 3))
            period = 1 + int((48 - minutes) // 12)
            told.append((at, score(home, away, period, minutes - 12 * (4 - period))))
        noise = draw.gauss(0, 0.06)
        for ticker, team, line in SPREADS:
            sign = 1 if team == "LAL" else -1
            p = model.p_margin_above(line, sign * (home - away), minutes, sign * spread)
            told.append((at + 1, _quote(draw, ticker, p + sign * noise)))
        p_home = model.p_win(home - away, minutes, spread)
        told.append((at + 3, _quote(draw, HOME_WINS, p_home + noise)))
        told.append((at + 4, _quote(draw, AWAY_WINS, 1 - p_home - noise)))
        p_over = model.p_total_above(220.5, home + away, minutes, 220)
        told.append((at + 5, _quote(draw, OVER, p_over + noise)))
        if step % 3 == 0:
            told += [(at + 6, _odds(draw, book, p_home, spread)) for book in BOOKS]
    return told


def _listings() -> list[GameNews]:
    spreads = [market(ticker, "spread", team, line) for ticker, team, line in SPREADS]
    return [game_known(), market(HOME_WINS), market(AWAY_WINS), *spreads, market(OVER, "total", strike=220.5)]


def _quote(draw: random.Random, ticker: str, p: float) -> TopChanged:
    middle = min(95, max(5, round(100 * p)))
    return top(
        ticker, middle - draw.choice((0, 1)), middle + draw.choice((1, 2)), size=draw.choice((40, 100, 400))
    )


def _odds(draw: random.Random, book: str, p_home: float, spread: float) -> OddsSeen:
    p = min(0.9, max(0.1, p_home + draw.gauss(0, 0.01)))
    row = odds(
        book, american_of_p(min(0.95, p * 1.02 + 0.003)), american_of_p(min(0.95, (1 - p) * 1.02 + 0.003))
    )
    line = round(-spread * 2) / 2
    return changed(
        row,
        spread_home=Tenths(round(10 * line)),
        spread_home_odds=-110,
        spread_away_odds=-110,
        total=Tenths(2200),
        over_odds=-110,
        under_odds=-110,
    )


def play(kind: str, told: list[Told], **parameters: Plain) -> Evening:
    run = Evening(kind, **{**EAGER[kind], **parameters})
    for at, news in told:
        run.at(at, changed(news))
    return run


def orders(run: Evening) -> list[tuple[object, ...]]:
    return [(o.order_id, o.ticker, o.side, o.price, o.count, o.exit, o.decided_at) for o in run.orders]


def swapped_teams(news: GameNews) -> GameNews:
    """The same evening in the other team's arena."""
    match news:
        case GameKnown():
            return changed(news, home=news.away, away=news.home)
        case ScoreSeen():
            return changed(news, home=news.away, away=news.home)
        case OddsSeen():
            return changed(
                news,
                moneyline_home=news.moneyline_away,
                moneyline_away=news.moneyline_home,
                spread_home=None if news.spread_home is None else Tenths(-news.spread_home),
                spread_home_odds=news.spread_away_odds,
                spread_away_odds=news.spread_home_odds,
            )
        case _:
            return news


def swapped_sides(news: GameNews) -> GameNews:
    """The same evening with every winner and spread market asked the other way round."""
    match news:
        case MarketKnown(kind="game" | "spread"):
            other = "BOS" if news.team == "LAL" else "LAL"
            strike = None if news.strike is None else Tenths(-news.strike)
            return changed(news, team=other, strike=strike)
        case TopChanged() if news.ticker != OVER:
            return changed(
                news,
                yes_bid=None if news.yes_ask is None else Price(PRICE_ONE - news.yes_ask),
                yes_ask=None if news.yes_bid is None else Price(PRICE_ONE - news.yes_bid),
                yes_bid_size=news.yes_ask_size,
                yes_ask_size=news.yes_bid_size,
            )
        case _:
            return news


def mirrored(told: list[Told], mirror: Callable[[GameNews], GameNews]) -> list[Told]:
    return [(at, mirror(news)) for at, news in told]


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 10_000))
@settings(max_examples=5)
def test_swapping_home_and_away_changes_nothing(kind: str, seed: int) -> None:
    told = walk(seed)
    assert orders(play(kind, told)) == orders(play(kind, mirrored(told, swapped_teams)))


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 10_000))
@settings(max_examples=5)
def test_swapping_yes_and_no_mirrors_every_order(kind: str, seed: int) -> None:
    told = [(at, news) for at, news in walk(seed) if getattr(news, "ticker", None) != OVER]
    # Preferring NO is a preference for one side: it is mirrored too.
    dear = {"prefer_no_on_overvalued": True} if kind == "correlation" else {}
    cheap = {"prefer_no_on_overvalued": False} if kind == "correlation" else {}
    there = play(kind, mirrored(told, swapped_sides), **cheap)
    mirror = [
        (number, ticker, BookSide(side).opposite, PRICE_ONE - int(str(price)), *rest)
        for number, ticker, side, price, *rest in orders(there)
    ]
    assert orders(play(kind, told, **dear)) == mirror


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 10_000), share=st.floats(0, 1))
@settings(max_examples=5)
def test_cutting_the_future_off_changes_nothing_before_it(kind: str, seed: int, share: float) -> None:
    told = walk(seed)
    cut = int(share * len(told))
    short = orders(play(kind, told[:cut]))
    assert orders(play(kind, told))[: len(short)] == short


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "momentum"])
@given(seed=st.integers(0, 10_000), share=st.floats(0, 1))
@example(seed=1383, share=0.405)
@example(seed=3670, share=0.890625)
@settings(max_examples=5)
def test_a_restart_at_any_moment_changes_no_order(kind: str, seed: int, share: float) -> None:
    """Momentum is left out: the prices of the last two minutes are no facts, it says so itself."""
    told = walk(seed)
    cut = int(share * len(told))
    run = Evening(kind, **EAGER[kind])
    for number, (at, news) in enumerate(told):
        if number == cut:
            run.at(at)
            run.restart()
        run.at(at, changed(news))
    assert orders(run) == orders(play(kind, told))


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 10_000))
@settings(max_examples=5)
def test_no_entry_without_an_edge_after_both_fees(kind: str, seed: int) -> None:
    run = play(kind, walk(seed))
    for signal in run.actions(SignalAction.ENTER):
        assert signal.p_edge is not None
        assert signal.p_edge > 0 or signal.reason == "hedge_complete"
        assert signal.price is not None
        assert signal.p_fair is not None
        price = signal.price / PRICE_ONE
        p_win, cost = (
            (signal.p_fair, price) if signal.side is BookSide.BID else (1 - signal.p_fair, 1 - price)
        )
        fees = 0.07 * price * (1 - price)
        if not signal.reason.startswith("arbitrage"):
            fees += 0.07 * signal.p_fair * (1 - signal.p_fair)
        assert p_win - cost - fees > -1e-4


@pytest.mark.parametrize("kind", KINDS)
def test_these_evenings_make_every_strategy_trade(kind: str) -> None:
    assert sum(len(play(kind, walk(seed)).orders) for seed in range(6)) >= 3


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 10_000))
@settings(max_examples=4)
def test_signals_and_orders_are_numbered_without_gaps_and_name_each_other(kind: str, seed: int) -> None:
    run = play(kind, walk(seed))
    by_id = {fact.signal_id: fact for fact in run.facts if isinstance(fact, SignalRaised)}
    assert len(by_id) == sum(isinstance(fact, SignalRaised) for fact in run.facts)
    assert [order.order_id for order in run.orders] == [f"s-{n}" for n in range(1, len(run.orders) + 1)]
    for order in run.orders:
        assert dict(by_id[order.signal_id].evidence)["order"] == order.order_id

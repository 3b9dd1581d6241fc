"""One simulated market under any sequence of makers and takers: its happenings are its book.

Covers: venues.simulator.world.book, venues.simulator.world.market_makers, venues.simulator.world.sportsbooks.
"""

from itertools import chain
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.pricing.odds import p_of_american
from engine.tickers import TickerKind, parse_ticker
from venues.simulator.world.book import NO, YES, Book
from venues.simulator.world.events import WorldEvent
from venues.simulator.world.listing import list_games
from venues.simulator.world.market import LevelChanged, Market, Printed
from venues.simulator.world.market_makers import TIGHT, Maker
from venues.simulator.world.settings import EveningSettings
from venues.simulator.world.sportsbooks import american

CENTS = st.integers(1, 99)
SIDES = st.sampled_from((YES, NO))
STEPS = st.one_of(
    st.tuples(st.just("quote"), st.floats(0.0, 100.0), st.integers(0, 2)),
    st.tuples(st.just("take"), SIDES, CENTS, st.integers(1, 500_000)),
    st.tuples(st.just("rest"), SIDES, CENTS, st.integers(1, 5_000)),
    st.tuples(st.just("leave")),
)


def market_of(seed: int) -> Market:
    (game,) = list_games(EveningSettings(seed=seed, games=1, postponed=False, cancelled=False))
    return Market.listed(game.markets[0], f"{seed}")


def do(market: Market, step: tuple[object, ...], out: list[WorldEvent]) -> None:
    match step:
        case "quote", float(fair), int(maker):
            market.fair = fair
            market.requote(0, market.makers[maker], out)
        case "take", int(side), int(limit), int(count):
            left = market.take(0, side, limit, count, out)
            assert 0 <= left <= count
        case "rest", int(side), int(cents), int(count):
            market.rest(0, side, cents, count, out)
        case _:
            market.impatience(0, out)


@given(st.integers(0, 50), st.lists(STEPS, max_size=40))
def test_the_happenings_of_a_market_rebuild_its_book(seed: int, steps: list[tuple[object, ...]]) -> None:
    market = market_of(seed)
    copy = Book()
    for step in steps:
        out: list[WorldEvent] = []
        do(market, step, out)
        for happened in out:
            if isinstance(happened, LevelChanged):
                copy.change(happened.side, happened.cents, happened.delta)
        assert copy == market.book
        assert market.book.best(YES) + market.book.best(NO) < 100


@given(st.integers(0, 50), st.lists(STEPS, max_size=40))
def test_what_is_printed_is_what_left_the_book(seed: int, steps: list[tuple[object, ...]]) -> None:
    market = market_of(seed)
    out: list[WorldEvent] = []
    for step in steps:
        before = market.volume
        del out[:]
        do(market, step, out)
        printed = sum(happened.size for happened in out if isinstance(happened, Printed))
        assert market.volume - before == printed
        if step[0] == "take":
            gone = -sum(happened.delta for happened in out if isinstance(happened, LevelChanged))
            assert gone == printed
        assert all(1 <= one.cents <= 99 and one.size > 0 for one in out if isinstance(one, Printed))


@given(st.integers(0, 99), st.lists(st.floats(0.0, 100.0), min_size=1, max_size=10))
def test_a_maker_alone_owns_the_whole_book(seed: int, fairs: list[float]) -> None:
    maker, book = Maker(TIGHT, Random(seed)), Book()
    for fair in fairs:
        first = maker.follow(fair)
        for side in (first, 1 - first):
            for _, cents, delta in chain(maker.withdraw(side), maker.place(side, book)):
                book.change(side, cents, delta)
        assert book.sides == maker.orders


@given(st.integers(0, 10_000), st.integers(2, 24))
def test_all_tickers_are_understood_by_the_engine(seed: int, rungs: int) -> None:
    kinds = {
        "KXNBAGAME": TickerKind.GAME,
        "KXNBASPREAD": TickerKind.SPREAD,
        "KXNBATOTAL": TickerKind.TOTAL,
    }
    for game in list_games(EveningSettings(seed=seed, games=3, rungs=rungs)):
        assert len({market.ticker for market in game.markets}) == 2 + 2 * rungs
        for market in game.markets:
            read = parse_ticker(market.ticker)
            assert read.kind is kinds[market.family.value]
            assert (read.away, read.home) == (game.away.code, game.home.code)
            assert read.strike is None or read.strike == round(market.strike * 10)


@given(st.floats(0.0, 1.0))
def test_sportsbooks_odds_are_odds_and_near_the_price(p: float) -> None:
    odds = american(p)
    assert abs(odds) >= 100
    assert p_of_american(odds) == pytest.approx(min(0.999, max(0.001, p)), abs=0.012)


@pytest.mark.parametrize(("cents", "delta"), [(0, 1), (100, 1), (40, -1)])
def test_a_book_refuses_what_cannot_be(cents: int, delta: int) -> None:
    with pytest.raises(ValueError, match="would have size"):
        Book().change(YES, cents, delta)

"""A strategy that is woken only where it could decide otherwise decides as one that looks at every price.

Evenings are those of `test_properties` with many more prices between: moves of a tenth of a cent and of many
cents, markets that nobody bids for or whose book is not trusted. Parameters and trust are drawn with them.
`WAKING_EVENINGS` is how many.

Covers: engine.strategies.market_watch, engine.strategies.market_board.
"""

import os
import random
from collections import Counter
from typing import Final

import pytest

from engine.events import TopChanged, Trust
from engine.facts import Fact, SignalRaised
from engine.message import changed
from engine.orders import PlaceOrder
from engine.strategies.market_board import MarketBoard, Place
from engine.strategies.market_watch import Stay, Watch
from engine.strategies.parameters import Plain
from engine.strategies.portfolio import Holding
from engine.strategies.trader import Trader
from engine.trust import Believed, Source, TrustTable
from engine.units import NANOS_PER_SECOND, Nanos, Price, contracts
from tests.engine.strategies.evening import HOME_WINS, Evening
from tests.engine.strategies.test_properties import EAGER, KINDS, OVER, SPREADS, Told, walk

EVENINGS: Final = int(
    os.environ.get("WAKING_EVENINGS", "300" if os.environ.get("TIPOFF_CI") == "1" else "40")
)
MOVES: Final = (-700, -200, -100, -30, -10, 0, 0, 10, 30, 100, 200, 700)


def restless(seed: int) -> list[Told]:
    """An evening with one to four more quotes after each, some of them of nobody or not to be trusted."""
    draw, told = random.Random(seed), list[Told]()
    for at, news in walk(seed):
        told.append((at, news))
        if not isinstance(news, TopChanged) or news.yes_bid is None or news.yes_ask is None:
            continue
        bid, ask = int(news.yes_bid), int(news.yes_ask)
        for number in range(draw.randint(1, 4)):
            bid = min(9_800, max(10, bid + draw.choice(MOVES)))
            ask = min(9_990, max(bid + 10, ask + draw.choice(MOVES)))
            quote = changed(news, yes_bid=Price(bid), yes_ask=Price(ask))
            match draw.randrange(25):
                case 0:
                    quote = changed(quote, yes_bid=None)
                case 1:
                    quote = changed(quote, yes_ask=None)
                case 2:
                    quote = changed(quote, trust=Trust.GAPPED)
                case _:
                    pass
            told.append((at + 0.2 * (number + 1), quote))
    return sorted(told, key=lambda each: each[0])


def drawn(kind: str, seed: int) -> tuple[TrustTable, dict[str, Plain]]:
    """How much is believed, and parameters that make positions and ways out of them."""
    draw = random.Random(-seed)
    share = draw.choice((1.0, 1.0, 0.6, 0.25))
    parameters: dict[str, Plain] = {
        **EAGER[kind],
        "cooldown_minutes": draw.choice((1, 5)),
        "stop_loss_cents": draw.choice((0, 4, 15)),
        "hold_minutes_max": draw.choice((0, 3, 15)),
        "exit_edge_gone": draw.random() < 0.8,
        "entry": draw.choice(("take", "take", "rest")),
        "near_miss_minutes": draw.choice((0.1, 5)),
        "net_edge_min_cents": 0.1,
    }
    if kind == "correlation":
        parameters["prefer_no_on_overvalued"] = draw.random() < 0.5
        parameters["arbitrage"] = draw.random() < 0.5
        # What is off is off by the middle, so its entries that rest are no matter of executable prices.
        parameters["entry"] = "take"
    return TrustTable(dict.fromkeys(Source, Believed(share, "drawn"))), parameters


def played(kind: str, seed: int, told: list[Told]) -> tuple[list[Fact], list[PlaceOrder]]:
    trust, parameters = drawn(kind, seed)
    run = Evening(kind, trust, **parameters)
    # What a market is worth is found out by looks, so where nobody hears it there are fewer.
    run.strategy.values_told = seed % 3 == 0
    # Some legs fail and are hedged, and some positions are paid while the game goes on.
    draw = random.Random(seed)
    for number, (at, news) in enumerate(told, start=1):
        if number % 100 == 0:
            run.fail = (
                {draw.choice(SPREADS)[0], draw.choice((HOME_WINS, OVER))} if draw.random() < 0.5 else set()
            )
        if number % 400 == 0:
            _pay_one(run, draw)
        run.at(at, changed(news))
    return run.facts, run.orders


def _pay_one(run: Evening, draw: random.Random) -> None:
    strategy = run.strategy
    assert isinstance(strategy, Trader)
    held = sorted(strategy.portfolio.holdings)
    if held:
        run.settle(draw.choice(held), draw.choice((0, 1)), draw.choice((-1, 1)))


def _always(_watch: Watch, _top: TopChanged) -> bool:
    return True


def _never(_watch: Watch, _top: TopChanged, _now: Nanos) -> bool:
    return False


def _all_around(_board: MarketBoard, place: Place, now: Nanos) -> list[Place]:
    watched = [(other, other.watch) for other in place.around if other.watch is not None]
    return [other for other, watch in watched if not watch.idle or now >= watch.cooldown_until]


@pytest.fixture
def looking_always(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Take every way away by which a price is dismissed at a glance."""
    monkeypatch.setattr(Watch, "crosses_threshold", _always)
    monkeypatch.setattr(Watch, "stays", _never)
    monkeypatch.setattr(MarketBoard, "worth_a_thought", _all_around)
    return monkeypatch


@pytest.mark.promise("woken-decides-as-looking-always")
@pytest.mark.parametrize("kind", KINDS)
def test_the_same_is_decided_as_by_looking_always(kind: str, looking_always: pytest.MonkeyPatch) -> None:
    seeds = range(KINDS.index(kind), EVENINGS, len(KINDS))
    evenings = {seed: restless(seed) for seed in seeds}
    always = {seed: played(kind, seed, told) for seed, told in evenings.items()}
    looking_always.undo()
    reasons = Counter[str]()
    for seed, told in evenings.items():
        facts, orders = played(kind, seed, told)
        assert (facts, orders) == always[seed], seed
        reasons.update(
            f"{fact.action.value} {fact.reason}" for fact in facts if isinstance(fact, SignalRaised)
        )
    # Without positions, ways out and near misses nothing would be shown.
    assert {action for action, _, _ in (reason.partition(" ") for reason in reasons)} >= {
        "enter",
        "exit",
        "no_trade",
    }


def test_a_position_is_seldom_looked_at() -> None:
    looks = Counter[bool]()
    for seed in range(5):
        run = Evening("sharp_line", **EAGER["sharp_line"])
        strategy = run.strategy
        assert isinstance(strategy, Trader)
        for at, news in restless(seed):
            if isinstance(news, TopChanged) and news.ticker in strategy.portfolio.holdings:
                watch = strategy.watched(news.ticker)
                assert watch is not None
                looks[watch.stays(news, run.now)] += 1
            run.at(at, changed(news))
    assert looks[True] > 4 * looks[False] > 0


def test_a_fill_makes_the_next_price_a_look() -> None:
    run = Evening("sharp_line", **EAGER["sharp_line"])
    strategy = run.strategy
    assert isinstance(strategy, Trader)
    for at, news in restless(0):
        run.at(at, changed(news))
        held = [strategy.watched(ticker) for ticker in strategy.portfolio.holdings]
        staying = [watch for watch in held if watch is not None and watch.stays_until > run.now]
        if staying:
            break
    watch = staying[0]
    order = next(order for order in run.orders if order.ticker == watch.market.ticker)
    run.filled(changed(order, order_id="s-99"), order.price, order.count)
    assert watch.market.top is not None
    assert not watch.stays(watch.market.top, run.now)


@pytest.mark.parametrize("prefers_no", [True, False])
def test_neighbours_say_nothing_of_what_is_held_as_they_are_traded(prefers_no: bool) -> None:  # noqa: FBT001
    run = Evening("correlation", **EAGER["correlation"], prefer_no_on_overvalued=prefers_no)
    strategy = run.strategy
    assert isinstance(strategy, Trader)
    for at, news in walk(0):
        run.at(at, changed(news))
    watch = strategy.watched(HOME_WINS)
    assert watch is not None
    as_traded, against = Holding(contracts(-1)), Holding(contracts(1))
    if not prefers_no:
        as_traded, against = against, as_traded
    assert strategy.stays(watch, against) is None
    assert strategy.stays(watch, as_traded) == Stay(until=Nanos(watch.told_at + NANOS_PER_SECOND))
    strategy.values_told = False
    assert strategy.stays(watch, as_traded) == Stay()

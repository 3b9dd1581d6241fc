"""The bars actor: ends its bars on time, hands them on, and lives on after a crash."""

from collections.abc import Iterable

import pytest

from actors.addresses import BARS, FACTS, FAIR_VALUES, GAMES_TOPIC, NEWS, TRADES
from actors.bars import LATE_BARS_MAX, BarEnds, BarsActor
from actors.messages import ChartKind, ChartWanted, Committed, NewsWanted, Numbered
from actors.runtime import Address, After, Answer, ChildSpec, Outgoing, Publish, SupervisorSpec, VirtualSystem
from engine.bars import BAR, MarketBar
from engine.events import BookSide, FairValued, TopChanged, TradePrinted, Trust
from engine.facts import SignalAction, SignalRaised
from engine.readings import Chart
from engine.units import NANOS_PER_SECOND, Nanos, contracts, from_cents

GAME = "26NOV20GSWPHX"
TICKER = f"KXNBAGAME-{GAME}-PHX"
GAMES = Address("games_of_test")


def at(seconds: float) -> Nanos:
    return Nanos(round(seconds * NANOS_PER_SECOND))


def top(seconds: float) -> TopChanged:
    bid, ask = from_cents(40), from_cents(44)
    return TopChanged(TICKER, GAME, bid, contracts(1), ask, contracts(1), Trust.TRUSTED, None, at(seconds))


def trade() -> TradePrinted:
    return TradePrinted(
        TICKER, "t", from_cents(44), contracts(5), BookSide.BID, block=False, at_venue=None, at=at(0)
    )


def signal(action: SignalAction, p_fair: float | None) -> SignalRaised:
    return SignalRaised("s/s1", "s", GAME, TICKER, BookSide.BID, action, "", p_fair, None, None, (), at(0))


class Teller:
    """A game that tells its news to who asks, and publishes what it is sent."""

    def receive(self, message: object, now: int) -> Iterable[Outgoing]:
        if isinstance(message, NewsWanted):
            return [(message.reply_to, top(0))]
        return [message] if isinstance(message, Publish) else []


def running(kept: list[list[MarketBar]]) -> VirtualSystem:
    bars = ChildSpec(
        name="bars", factory=lambda: BarsActor(kept.append), subscriptions=(FACTS, NEWS, TRADES, FAIR_VALUES)
    )
    teller = ChildSpec(name=GAMES.name, factory=Teller, subscriptions=(GAMES_TOPIC,))
    edge = SupervisorSpec(name="edge", children=(bars,))
    system = VirtualSystem(SupervisorSpec(name="root", children=(teller, edge)), start_at=at(3))
    system.start()
    return system


def test_bars_end_at_multiples_of_ten_seconds_with_what_was_heard() -> None:
    kept: list[list[MarketBar]] = []
    system = running(kept)
    said = (signal(SignalAction.ENTER, 0.6), signal(SignalAction.EXIT, 0.1), signal(SignalAction.ENTER, None))
    facts = tuple(Numbered(number, 1, "s", fact) for number, fact in enumerate(said))
    for published in (Publish(TRADES, trade()), Publish(FACTS, Committed(facts))):
        system.put(GAMES, published, at(4))
    system.advance(at(10))
    ((bar,),) = kept
    assert (bar.at, bar.trades, bar.traded, bar.fair) == (at(10), 1, contracts(5), (("s", 0.6),))
    # Told on asking at the start, so it counts from then on and not from when it was decided.
    assert bar.trusted_ms == 7_000
    system.put(GAMES, Publish(NEWS, top(12)), at(12))
    system.advance(at(25))
    assert [bar.at for bars in kept for bar in bars] == [at(10), at(20)]


def test_a_chart_is_drawn_from_what_was_heard() -> None:
    system = running([])
    for published in (
        Publish(NEWS, top(4)),
        Publish(TRADES, trade()),
        Publish(FAIR_VALUES, FairValued(TICKER, 0.55, "s", at(4))),
    ):
        system.put(GAMES, published, at(4))

    def chart(kind: ChartKind, of: str) -> object:
        return system.ask(BARS, ChartWanted(kind, of, 0, 100, 1))

    found = chart(ChartKind.BARS, TICKER)
    assert isinstance(found, Chart)
    assert found.seconds == [4]
    assert {name: column[0] for name, column in found.columns.items() if "_m" not in name} == {
        "yes_bid": 4_000,
        "yes_ask": 4_400,
        "fair": 5_500,
        "traded": 500,
    }
    assert chart(ChartKind.BARS, "KXNBAGAME-X") is None
    assert chart(ChartKind.WIN_PROBABILITY, GAME) is None
    assert chart(ChartKind.PNL, "s") is None


def test_where_nobody_can_ask_the_bars_are_the_same_and_nothing_is_drawn() -> None:
    kept: dict[bool, list[list[MarketBar]]] = {True: [], False: []}
    charts: dict[bool, list[Outgoing]] = {}
    for drawn, bars in kept.items():
        actor = BarsActor(bars.append, drawn=drawn)
        actor.start(0)
        for message in (top(1), trade(), FairValued(TICKER, 0.55, "s", at(4))):
            actor.receive(message, at(4))
        actor.receive(BarEnds(BAR), at(10))
        charts[drawn] = list(actor.receive(ChartWanted(ChartKind.BARS, TICKER, 0, 100, 1), at(10)))
    assert kept[True]
    assert kept[True] == kept[False]
    assert charts[True] != charts[False] == [Answer(None)]


def test_a_new_life_asks_what_is_current() -> None:
    kept: list[list[MarketBar]] = []
    system = running(kept)
    system.advance(at(10))
    system.restart(BARS)
    system.advance(at(20))
    assert [(bar.at, bar.yes_bid) for bars in kept for bar in bars] == [
        (at(10), from_cents(40)),
        (at(20), from_cents(40)),
    ]


@pytest.mark.limit("actors.bars:LATE_BARS_MAX")
@pytest.mark.parametrize(("late", "first"), [(LATE_BARS_MAX - 1, 1), (LATE_BARS_MAX, 2)])
def test_after_a_standstill_only_the_last_ends_are_made_up_for(late: int, first: int) -> None:
    kept: list[list[MarketBar]] = []
    actor = BarsActor(kept.append)
    actor.start(0)
    now = BAR + late * BAR
    actor.receive(top(0), 0)
    (after,) = actor.receive(BarEnds(BAR), now)
    assert isinstance(after, After)
    assert after.message == BarEnds(Nanos(now + BAR))
    assert kept[0][0].at == first * BAR

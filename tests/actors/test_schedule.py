"""The schedule's actor: routes a market to its game, holds what comes before a match, lets a game go."""

from actors.addresses import GAMES, MARKET_FEED, PAPER_EXCHANGE, game_address
from actors.fact_history import FactHistory
from actors.messages import GameMatched, GameRouted, TickerRouted, TickerSeen
from actors.runtime import ChildSpec, Outgoing, StartChild, StopChild
from actors.schedule import HELD_PER_REFERENCE_MAX, ScheduleActor
from engine.events import GameSeen, OddsSeen
from engine.facts import FollowingChanged
from engine.message import changed
from engine.schedule import Schedule
from engine.units import NANOS_PER_SECOND, Nanos
from tests.engine.exchange.floor import MARKET, START, listing
from tests.engine.strategies.evening import odds

GAME = "26OCT20OKCSAS"
REFERENCE = "bdl:1"
TIP = Nanos(START + 3_600 * NANOS_PER_SECOND)
SEEN = GameSeen(REFERENCE, "2026-10-20", "OKC", "SAS", TIP, False, START)


def nobody() -> object:
    raise NotImplementedError


def schedule() -> ScheduleActor:
    spec = ChildSpec(name=GAME, factory=nobody)  # type: ignore[arg-type]
    actor = ScheduleActor(Schedule(), lambda _game: spec, FactHistory())
    actor.start(START)
    return actor


def ticker() -> TickerSeen:
    listed = changed(listing(), expected_expiration_at=Nanos(TIP + 3 * 3_600 * NANOS_PER_SECOND))
    return TickerSeen(MARKET, listed)


def sent_to(out: list[Outgoing], address: object) -> list[object]:
    return [item[1] for item in out if isinstance(item, tuple) and item[0] == address]


def quote(number: int = 0) -> OddsSeen:
    return changed(odds("fanduel", -110, -110), game=REFERENCE, at=Nanos(START + number))


def test_the_first_market_of_a_game_starts_its_actor_and_the_next_do_not() -> None:
    actor = schedule()
    first = actor.receive(ticker(), START)
    assert [item.supervisor for item in first if isinstance(item, StartChild)] == [GAMES]
    routed = TickerRouted(MARKET, (game_address(GAME), PAPER_EXCHANGE))
    assert sent_to(first, MARKET_FEED) == [routed]
    again = actor.receive(ticker(), START)
    assert not any(isinstance(item, StartChild) for item in again)
    assert sent_to(again, MARKET_FEED) == [routed]


def test_a_market_that_is_no_game_of_ours_is_routed_to_nobody() -> None:
    out = schedule().receive(TickerSeen("KXBTC15M-26MAY140445-45", listing()), START)
    assert out == [(MARKET_FEED, TickerRouted("KXBTC15M-26MAY140445-45", ()))]


def test_what_comes_before_the_match_is_held_up_to_its_limit_and_handed_over_in_order() -> None:
    actor = schedule()
    for number in range(HELD_PER_REFERENCE_MAX + 1):
        assert actor.receive(quote(number), START) == []
    actor.receive(ticker(), START)
    out = sent_to(actor.receive(SEEN, START), game_address(GAME))
    matched, *held = out
    assert isinstance(matched, GameMatched)
    assert matched.matched
    assert held == [quote(number) for number in range(1, HELD_PER_REFERENCE_MAX + 1)]
    assert sent_to(actor.receive(quote(99), START), game_address(GAME)) == [quote(99)]


def test_a_game_that_is_let_go_stops_and_none_of_its_markets_is_routed_until_it_is_back() -> None:
    actor = schedule()
    actor.receive(ticker(), START)
    actor.receive(SEEN, START)
    gone = actor.receive(FollowingChanged(GAME, followed=False, events=(), by="cli", at=START), START)
    assert StopChild(game_address(GAME)) in gone
    assert sent_to(gone, MARKET_FEED) == [GameRouted(GAME, followed=False)]
    assert sent_to(actor.receive(ticker(), START), MARKET_FEED)[-1] == TickerRouted(MARKET, ())
    actor.receive(FollowingChanged(GAME, followed=True, events=(), by="cli", at=START), START)
    assert any(isinstance(item, StartChild) for item in actor.receive(ticker(), START))

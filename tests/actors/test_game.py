"""The game's actor: a book that cannot be right is told as such and asked for anew.

Covers: actors.addresses, engine.game.
"""

import pytest

from actors.addresses import FEED_EDGE, NEWS, PAPER_EXCHANGE, RISK_GATE, game_address
from actors.game import GameActor
from actors.heartbeat import Heartbeat
from actors.messages import BooksWanted, MarketsHandedOver, SetAsideWanted, SnapshotWanted
from actors.runtime import Outgoing, Publish
from engine.book import CROSSED_NS_MAX
from engine.events import BookDelta, BookSnapshot, Side, TopChanged, Trust
from engine.units import Count, Price
from tests.engine.exchange.floor import MARKET, START, listing

FRESH = (FEED_EDGE, SnapshotWanted(3, 1))


def delta(price: int, change: int, seq: int) -> BookDelta:
    """A change of YES in cents and contracts."""
    return BookDelta(MARKET, Side.YES, Price(price * 100), Count(change * 100), 3, 1, seq, None, START)


def snapshot(seq: int) -> BookSnapshot:
    """Ten contracts at 40, asked at 45."""
    levels = ((Price(4_000), Count(1_000)),), ((Price(5_500), Count(1_000)),)
    return BookSnapshot(MARKET, *levels, 3, 1, seq, None, START)


def opened() -> GameActor:
    """A game with one market, followed over connection 3."""
    game = GameActor("26OCT20OKCSAS")
    for event in (listing(), snapshot(1)):
        game.receive(event, START)
    return game


def beat(game: GameActor, after: int = 0) -> list[Outgoing]:
    """What the game sends to the feed's edge on a heartbeat."""
    out = game.receive(Heartbeat(1, game_address("another")), START + after)
    return [item for item in out if isinstance(item, tuple) and item[0] == FEED_EDGE]


def told(out: list[Outgoing]) -> list[TopChanged]:
    """The news of best prices."""
    news = [item.message for item in out if isinstance(item, Publish) and item.topic == NEWS]
    return [each for each in news if isinstance(each, TopChanged)]


@pytest.mark.fault("A12")
def test_a12_a_level_below_zero_is_told_as_crossed_and_the_book_asked_for_at_once() -> None:
    """And again with every heartbeat until it has come."""
    game = opened()
    out = list(game.receive(delta(40, -11, 2), START))
    assert [news.trust for news in told(out)] == [Trust.CROSSED]
    assert FRESH in out
    assert beat(game) == [FRESH]
    (news,) = told(list(game.receive(snapshot(9), START)))
    assert news.trust is Trust.TRUSTED
    assert beat(game) == []


@pytest.mark.fault("A12")
def test_a12_a_book_that_stays_crossed_is_asked_for_when_a_match_would_be_over() -> None:
    """Inside one match it may be crossed."""
    game = opened()
    out = list(game.receive(delta(46, 5, 2), START))
    assert [news.trust for news in told(out)] == [Trust.CROSSED]
    assert FRESH not in out
    assert beat(game, CROSSED_NS_MAX - 1) == []
    assert beat(game, CROSSED_NS_MAX) == [FRESH]
    game.receive(delta(46, -5, 3), START)
    assert beat(game, CROSSED_NS_MAX) == []


def test_an_exchange_that_starts_anew_gets_no_book_that_waits_for_its_snapshot() -> None:
    """It would take it for a good one."""
    game = opened()

    def handed_over() -> list[str]:
        [(receiver, message)] = list(game.receive(BooksWanted(PAPER_EXCHANGE), START))  # type: ignore[misc]
        assert receiver == PAPER_EXCHANGE
        assert isinstance(message, MarketsHandedOver)
        return [type(event).__name__ for event in message.events]

    assert handed_over() == ["MarketListed", "BookSnapshot"]
    game.receive(delta(40, -11, 2), START)
    assert handed_over() == ["MarketListed"]


@pytest.mark.fault("A16")
def test_a_change_that_moves_no_best_price_troubles_nobody() -> None:
    assert list(opened().receive(delta(30, 5, 2), START)) == []


@pytest.mark.promise("a-decision-that-raises-costs-its-market")
def test_an_event_that_cannot_be_taken_in_costs_the_trust_of_its_book_and_the_gate_hears(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(_self: object, _event: object) -> None:
        raise ZeroDivisionError("nobody thought of this")

    game = opened()
    with monkeypatch.context() as patched:
        patched.setattr("engine.book.Book.apply_delta", fails)
        out = list(game.receive(delta(30, 5, 2), START))
    assert [news.trust for news in told(out)] == [Trust.GAPPED]
    (asked,) = (item for item in out if isinstance(item, tuple))
    assert asked[0] == RISK_GATE
    assert isinstance(asked[1], SetAsideWanted)
    assert (asked[1].scope, asked[1].kind) == (f"market:{MARKET}", "BookDelta")
    assert "nobody thought of this" in asked[1].why
    (news,) = told(list(game.receive(snapshot(9), START)))
    assert news.trust is Trust.TRUSTED

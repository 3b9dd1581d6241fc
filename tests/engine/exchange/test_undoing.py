"""An exchange whose decision is undone is what it was before, in everything that decides.

Held over a whole evening: nothing that an exchange remembers may be forgotten here.
"""

from collections.abc import Iterator
from copy import deepcopy

import attrs
import pytest

from actors.addresses import PAPER_EXCHANGE
from actors.paper_exchange import OWNER, PaperExchangeActor
from engine.book import Book
from engine.events import FeedLost
from engine.exchange import PaperExchange, before, undone
from engine.exchange.state import ExchangeState
from tests.engine.exchange.floor import BID, Floor, books_of, rules
from tests.stories.plays import lines_of, play, scripted
from tests.tipoff.live_desk import EVENING
from tipoff.config.load import template
from tipoff.replay.session import VirtualSession
from tipoff.runs.from_config import at_its_word, schema, trading_settings

EVERY = 150
ORDERS = 80
FOUND_ANEW = frozenset({"_folds", "venue", "rules"})
"""What follows from the rest."""


def plain(value: object) -> object:
    """All that a value holds, comparable."""
    if isinstance(value, Book):
        return [(name, plain(getattr(value, name))) for name in Book.__slots__]
    if attrs.has(type(value)):
        return [(name, plain(part)) for name, part in _parts(value)]
    if isinstance(value, dict):
        return [(plain(key), plain(part)) for key, part in value.items()]
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, set | frozenset):
        return sorted(map(repr, value))
    if isinstance(value, ExchangeState | PaperExchange) or type(value).__name__ == "Ledger":
        return [(name, plain(part)) for name, part in sorted(vars(value).items()) if name not in FOUND_ANEW]
    return value


def _parts(value: object) -> Iterator[tuple[str, object]]:
    for field in attrs.fields(type(value)):  # type: ignore[arg-type]
        # A market's fees are looked up when they are needed first.
        cached = field.name == "fee_terms" and type(value).__name__.endswith("Market")
        if field.name not in FOUND_ANEW and not cached:
            yield field.name, getattr(value, field.name)


def all_of(exchange: PaperExchange) -> dict[str, object]:
    """Everything of an exchange, by name."""
    state = dict(plain(exchange.state))  # type: ignore[call-overload]
    own = {"duplicates": exchange.duplicates, "frozen": exchange.frozen, "parked": exchange.parked}
    return {**state, **own, "waits_since": exchange.waits_since}


@pytest.mark.promise("a-decision-that-raises-costs-its-market")
def test_at_any_moment_of_an_evening_an_undone_exchange_is_what_it_was() -> None:
    lines = lines_of(EVENING)
    settings = scripted(trading_settings(at_its_word(template(schema())), seed=1), lines, ORDERS)
    seen: set[bool] = set()

    def look(session: VirtualSession, number: int) -> None:
        if number % EVERY:
            return
        life = session.system.dispatcher.cells[PAPER_EXCHANGE].life
        assert life is not None
        actor = life.behaviour
        assert isinstance(actor, PaperExchangeActor)
        exchange = actor.exchange
        again = undone(exchange, actor._history.known_to(OWNER), None)
        assert all_of(again) == all_of(exchange), number
        seen.add(bool(exchange.state.orders))

    play(lines, settings, look)
    assert seen == {True, False}


def test_what_was_heard_before_an_event_is_heard_again() -> None:
    floor = Floor(rules())
    floor.book(bids={40: 10}, asks={50: 100})
    floor.place("held", BID, 50, 10)
    floor.wait()
    exchange = floor.exchange
    facts = tuple(floor.facts)
    was = all_of(exchange)
    book = books_of(exchange)[0]
    kept = before(exchange, book)
    floor.book(bids={30: 10}, asks={60: 100})
    assert all_of(exchange) != was
    again = undone(exchange, facts, kept)
    assert all_of(again) == was


def test_what_befalls_all_markets_is_undone_in_all_of_them() -> None:
    """Also for a second time: what was kept is not changed by a book that is heard in between."""
    floor = Floor(rules())
    floor.book(bids={40: 10}, asks={50: 100})
    floor.place("held", BID, 50, 10)
    exchange, facts = floor.exchange, tuple(floor.facts)
    was = all_of(exchange)
    lost = FeedLost(1, "reset", floor.now)
    kept = before(exchange, lost)
    floor.on_venue_event(lost)
    floor.book(bids={30: 10}, asks={60: 100})
    assert all_of(exchange) != was
    for _ in range(2):
        floor.exchange = undone(exchange, facts, kept)
        assert all_of(floor.exchange) == was
        floor.book(bids={30: 10}, asks={60: 100})
        assert all_of(floor.exchange) != was


def test_only_what_followed_a_snapshot_of_the_fold_need_be_folded_anew() -> None:
    floor = Floor(rules())
    floor.book(bids={40: 10}, asks={50: 100})
    floor.place("held", BID, 50, 10)
    parts, known = deepcopy(floor.exchange.state.durable()), len(floor.facts)
    floor.place("rests", BID, 40, 10)
    again = undone(floor.exchange, tuple(floor.facts[known:]), None, parts)
    assert all_of(again) == all_of(floor.exchange)


@pytest.mark.parametrize("heard", [False, True])
def test_a_trade_whose_decision_is_undone_is_news_again_unless_it_was_none(heard: bool) -> None:  # noqa: FBT001
    floor = Floor(rules())
    floor.book(bids={40: 10}, asks={50: 100})
    trade = floor.printed(BID, 50, 1, "same")
    if heard:
        floor.on_venue_event(trade)
    kept = before(floor.exchange, trade)
    was = all_of(floor.exchange)
    floor.on_venue_event(trade)
    again = undone(floor.exchange, tuple(floor.facts), kept)
    assert again.state.prints.include(trade) is heard
    assert all_of(again) == was

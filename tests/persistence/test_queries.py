"""The questions of reports and of `why`: whole stories, in order, from one moment."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engine.bars import MarketBar
from engine.events import (
    BookSnapshot,
    GamePhase,
    GameSeen,
    MarketListed,
    MarketStatus,
    OddsSeen,
    ScoreSeen,
    Trust,
)
from engine.facts import (
    Fact,
    FactsSetAside,
    LedgerPosted,
    OrderDenied,
    OrderFilled,
    OrderSubmitted,
    PositionSettled,
    TradingResumed,
)
from engine.message import changed
from engine.reasons import DenialReason
from engine.units import Count, Money, Nanos, Price, Tenths
from engine.venue_facts import PositionPaid
from persistence import connect, records
from persistence.errors import StorageUnreachable
from persistence.market_tables import (
    betting_odds,
    games,
    kalshi_markets,
    market_bars,
    nba_live_data,
    orderbook_snapshots,
)
from persistence.queries import Reader
from persistence.records import DeadLetter, LogRecord, Record
from persistence.writer import JournalWriter
from tests.persistence.evenings import evening, place

Opened = Callable[..., JournalWriter]


def kinds(story: list[Any]) -> list[str]:
    return [type(recorded.fact).__name__ for recorded in story]


@pytest.mark.parametrize(("written", "read"), [('{"a":1}', '{"a":1}'), ("", None)])
def test_a_run_is_described_as_it_did_itself_from_its_first_entry_on(
    url: str, opened: Opened, written: str, read: str | None
) -> None:
    """What it did not write down is not known."""
    begun, *rest = evening(2)
    opened(url).append(place([changed(begun, configuration=written), *rest]))
    with Reader.open(url) as reader:
        assert [run.configuration for run in reader.runs()] == [read]
        (text,) = reader.texts({"RunStarted"})
    assert text[0] == "RunStarted"


STORY = [
    "SignalRaised", "OrderApproved", "OrderSubmitted", "OrderRested", "QueueMoved",
    "OrderFilled", "LedgerPosted", "BandMoved", "OrderFilled", "LedgerPosted", "BandMoved",
    "LedgerPosted", "PositionSettled",
]  # fmt: skip


@pytest.mark.parametrize("name", ["o3", "s3", "o3a", "o3b", "lo3a"])
def test_the_story_of_an_order_is_told_from_any_of_its_ids(
    url: str, opened: Opened, small_evening: list[Any], name: str
) -> None:
    opened(url).append(small_evening)
    with Reader.open(url) as reader:
        story = reader.chain_of(name)
    assert kinds(story) == STORY
    assert [recorded.seq for recorded in story] == sorted(recorded.seq for recorded in story)


def test_the_story_of_an_order_that_did_not_fill(url: str, opened: Opened, small_evening: list[Any]) -> None:
    opened(url).append(small_evening)
    with Reader.open(url) as reader:
        assert kinds(reader.chain_of("o1")) == [*STORY[:5], "OrderCancelled"]
        assert kinds(reader.chain_of("s2")) == ["SignalRaised", "OrderDenied"]
        assert kinds(reader.chain_of("opening")) == kinds(reader.chain_of("open")) == ["LedgerPosted"]
        assert reader.chain_of("nothing") == []


def test_the_story_of_an_order_leaves_out_how_another_strategy_was_paid(
    url: str, opened: Opened, small_evening: list[Any]
) -> None:
    """It held contracts of the same market."""
    (settled,) = (each.fact for each in small_evening if isinstance(each.fact, PositionSettled))
    others = changed(settled, strategy="dull")
    paid = [PositionPaid(strategy, "KXT", Money(1), settled.at) for strategy in ("sharp", "dull")]
    opened(url).append([*small_evening, *place([others, *paid], len(small_evening) + 1)])
    with Reader.open(url) as reader:
        story = [each.fact for each in reader.chain_of("o3")]
    assert story[-2:] == [settled, paid[0]]
    assert [type(fact).__name__ for fact in story] == [*STORY, "PositionPaid"]


def test_what_was_set_aside_stands_until_it_is_released(file: Path, lite: str, opened: Opened) -> None:
    """One that cannot be read is left out: another entry tells of it."""
    aside = [FactsSetAside(f"market:{name}", 0, 0, 1, "AtStart", "why", False, Nanos(9)) for name in "abc"]
    facts: list[Fact] = [*aside, TradingResumed("market:b", "eva", "looked", Nanos(9))]
    opened(lite).append(place(facts))
    with Reader.open(lite) as reader:
        assert reader.set_aside() == (aside[0], aside[2])
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DROP TRIGGER journal_no_update")
        connection.execute("UPDATE journal SET body = '{}' WHERE seq = 1")
    with Reader.open(lite) as reader:
        assert reader.set_aside() == (aside[2],)


def test_a_story_of_more_orders_than_one_question_names_is_told_whole(opened: Opened) -> None:
    """Each driver takes so many parameters; none of the 1,002 orders may fall between two questions."""
    one = evening(1)
    (submitted,) = (fact for fact in one if isinstance(fact, OrderSubmitted))
    orders = [f"many{number:04}" for number in range(1_002)]
    many = [changed(submitted, order=changed(submitted.order, order_id=name)) for name in orders]
    writer = opened("sqlite://")
    writer.append(place([*one[:5], *many]))
    story = [each.fact for each in writer.reader().chain_of("s0")]
    told = [fact.order.order_id for fact in story if isinstance(fact, OrderSubmitted)]
    assert told == orders


def test_postings_are_those_of_one_strategy(opened: Opened, small_evening: list[Any]) -> None:
    writer = opened("sqlite://")
    writer.append(small_evening)
    assert len(list(writer.reader().postings("sharp"))) == 8
    assert list(writer.reader().postings("nobody")) == []


def test_the_last_facts_are_as_many_as_were_asked_for(opened: Opened, small_evening: list[Any]) -> None:
    writer = opened("sqlite://")
    writer.append(small_evening)
    for count in (0, 1, 3, len(small_evening), len(small_evening) + 1):
        tail = [each.seq for each in writer.reader().tail(count)]
        assert tail == [each.seq for each in small_evening[max(0, len(small_evening) - count) :]]


@pytest.mark.limit("persistence.queries:LIMIT")
def test_lists_are_filtered_and_count_from_the_end(
    url: str, opened: Opened, small_evening: list[Any]
) -> None:
    opened(url).append(small_evening)
    with Reader.open(url) as reader:
        assert [row.fill_id for row in reader.fills(limit=2)] == ["o6a", "o6b"]
        assert [row.fill_id for row in reader.fills(order_id="o3")] == ["o3a", "o3b"]
        assert reader.fills(strategy="nobody") == []
        assert reader.orders(open_only=True) == []
        assert [row.order_id for row in reader.orders(strategy="sharp", limit=1)] == ["o6"]
        assert [row.signal_id for row in reader.signals(limit=3)] == ["s4", "s5", "s6"]
        assert reader.signals(strategy="nobody") == []
        assert reader.positions(open_only=True) == []
        assert [row.kind for row in reader.strategies()] == ["sharp_line"]
        assert reader.denials() == {"sharp": {DenialReason.SPREAD: 2}}
        assert len(list(reader.postings("sharp"))) == 8
        assert kinds(reader.tail(2)) == ["LedgerPosted", "PositionSettled"]
        assert reader.last_seq() == len(small_evening)


def test_facts_come_back_as_they_were_appended(url: str, opened: Opened, small_evening: list[Any]) -> None:
    writer = opened(url)
    writer.append(small_evening)
    with Reader.open(url) as reader:
        assert [(each.seq, each.cause, each.owner, each.fact) for each in reader.facts()] == [
            (each.seq, each.cause, each.owner, each.fact) for each in small_evening
        ]
        some = list(reader.facts((OrderDenied, OrderFilled), first=20))
        assert {type(each.fact) for each in some} == {OrderDenied, OrderFilled}
        assert all(each.seq >= 20 for each in some)
        assert reader.digest() == writer.digest()


def test_a_long_journal_is_read_in_windows(
    opened: Opened, small_evening: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("persistence.writer_state.WINDOW", 4)
    writer = opened("sqlite://")
    writer.append(small_evening)
    assert [each.fact for each in writer.reader().facts()] == [each.fact for each in small_evening]
    assert [each.seq for each in writer.reader().entries(3, 9)] == list(range(3, 10))
    assert len(list(writer.reader().facts((LedgerPosted,)))) == 8


def test_a_reader_sees_one_moment_while_the_writer_goes_on(
    url: str, opened: Opened, small_evening: list[Any]
) -> None:
    writer = opened(url)
    writer.append(small_evening[:10])
    with Reader.open(url) as reader:
        assert reader.last_seq() == 10
        writer.append(small_evening[10:])
        assert reader.last_seq() == 10
    with Reader.open(url) as reader:
        assert reader.last_seq() == len(small_evening)


def test_runs_are_apart_and_the_newest_is_taken_unless_one_is_named(
    url: str, opened: Opened, small_evening: list[Any]
) -> None:
    opened(url, "first").append(small_evening[:5])
    with pytest.raises(StorageUnreachable, match="no run 'second'"):
        Reader.open(url, "second")


def test_the_newest_run_is_read_unless_one_is_named(url: str, small_evening: list[Any]) -> None:
    for name, count in (("first", 5), ("second", 7)):
        writer = JournalWriter(url, name)
        writer.append(small_evening[:count])
        writer.close()
    with Reader.open(url) as newest, Reader.open(url, "first") as named:
        assert (newest.run.run, newest.last_seq()) == ("second", 7)
        assert (named.run.run, named.last_seq()) == ("first", 5)
        assert [row.run for row in named.runs()] == ["first", "second"]


def test_an_empty_database_has_no_runs_to_read(url: str) -> None:
    with pytest.raises(StorageUnreachable, match="there are no runs yet"):
        Reader.open(url)


BOOK = BookSnapshot(
    "KXT",
    ((Price(4_000), Count(100)), (Price(4_200), Count(50))),
    ((Price(5_500), Count(70)),),
    1,
    2,
    9,
    None,
    Nanos(5),
)
SCORE = ScoreSeen("g", "bdl", GamePhase.LIVE, 2, 300_000, 50, 48, None, Nanos(6))
ODDS = OddsSeen("g", "draftkings", -150, 130, Tenths(-35), -110, -110, None, None, None, None, Nanos(7))
LISTED = MarketListed(
    "KXT", "KXE", "KXS", "who wins", MarketStatus.ACTIVE, (), "quadratic", "1", None, None,
    None, None, None, 1, True, Nanos(4),
)  # fmt: skip
BAR = MarketBar(
    ticker="KXT", game="g", at=Nanos(10), yes_bid=Price(4_200), yes_ask=None, trust=Trust.STALE,
    trusted_ms=4_000, p_mid=0.43, traded=Count(700), trades=2, period=0, p_books=None,
    fair=(("momentum", 0.5),),
)  # fmt: skip
GAME = GameSeen("g", "2026-01-02", "NYK", "BOS", Nanos(99), False, Nanos(3))
HEARD: list[Record] = [
    records.BookSample(BOOK, Trust.TRUSTED),
    BAR,
    records.ScoreRecord(SCORE, '{"home": 50}'),
    records.OddsRecord(ODDS, '{"vendor": "draftkings"}'),
    records.GameRecord(GAME, "live", matched=True),
    records.MarketRecord(LISTED, "game", "g"),
]


def test_what_was_heard_is_kept_once_beside_the_journal(
    url: str, opened: Opened, small_evening: list[Any]
) -> None:
    writer = opened(url)
    writer.append(small_evening[:3], HEARD)
    writer.append([], HEARD)
    assert writer.records_refused == 0
    with connect.reading(url) as connection:
        (book,) = connection.execute(orderbook_snapshots.select()).all()
        assert (book.yes_bid, book.yes_ask, book.trust) == (4_200, 4_500, "trusted")
        assert (book.yes_levels, book.no_levels) == ("[[4000,100],[4200,50]]", "[[5500,70]]")
        (bar,) = connection.execute(market_bars.select()).all()
        assert (bar.yes_bid, bar.yes_ask, bar.trust, bar.trusted_ms) == (4_200, None, "stale", 4_000)
        assert (bar.traded, bar.trades, bar.period, bar.p_mid) == (700, 2, 0, 0.43)
        assert bar.fair == '{"momentum":0.5}'
        (score,) = connection.execute(nba_live_data.select()).all()
        assert (score.phase, score.home, score.raw) == ("live", 50, '{"home": 50}')
        (odds,) = connection.execute(betting_odds.select()).all()
        assert (odds.moneyline_home, odds.spread_home, odds.total) == (-150, -35, None)
        (game,) = connection.execute(games.select()).all()
        assert (game.home, game.state, game.matched) == ("BOS", "live", 1)
        (market,) = connection.execute(kalshi_markets.select()).all()
        assert (market.status, market.game, market.kind) == ("active", "g", "game")


def test_the_latest_word_on_a_market_or_a_game_stands(url: str, opened: Opened) -> None:
    writer = opened(url)
    writer.append([], HEARD)
    writer.append([], [records.GameRecord(GAME, "final", matched=True)])
    writer.append([], [records.MarketRecord(LISTED, "game", "g", "yes", Price(10_000))])
    with connect.reading(url) as connection:
        assert connection.execute(games.select()).one().state == "final"
        market = connection.execute(kalshi_markets.select()).one()
        assert (market.result, market.settled_value) == ("yes", 10_000)


def test_a_record_that_the_database_refuses_stops_no_fact(
    url: str, opened: Opened, small_evening: list[Any]
) -> None:
    """A raw body that is no JSON (on SQLite), a number out of range: dropped and counted, the others stay."""
    writer = opened(url)
    other = ScoreSeen("g", "bdl", GamePhase.LIVE, 2, 1 << 70, 50, 48, None, Nanos(8))
    bad: list[Record] = [records.ScoreRecord(SCORE, "{}"), records.ScoreRecord(other, "{}")]
    assert writer.append(small_evening, [*bad, *HEARD]) == len(small_evening)
    assert writer.records_refused == 1
    with connect.reading(url) as connection:
        assert len(connection.execute(nba_live_data.select()).all()) == 1
        assert len(connection.execute(betting_odds.select()).all()) == 1


def test_dead_letters_and_logs_are_kept_and_listed(
    url: str, opened: Opened, small_evening: list[Any]
) -> None:
    writer = opened(url)
    letter = DeadLetter("exchange", "game:g", "VenueInput", "d1", "ValueError: no", "Traceback…", 3, Nanos(9))
    line = LogRecord("warning", "market_feed", "gap", {"expected": 5, "got": 7}, Nanos(9))
    writer.append(small_evening[:1], [letter, line])
    with Reader.open(url) as reader:
        (found,) = reader.dead_letters()
        assert (found["actor"], found["message_type"], found["incarnation"]) == ("exchange", "VenueInput", 3)
        (logged,) = reader.logs()
        assert (logged["event"], logged["detail"]) == ("gap", '{"expected":5,"got":7}')

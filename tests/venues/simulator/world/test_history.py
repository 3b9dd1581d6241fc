"""Evenings before the one that is played, live and in the archive, as both services tell of them."""

import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import attrs
import pytest

from venues.simulator.balldontlie.rest import BdlRest, Tier
from venues.simulator.kalshi.rest import ROOT, KalshiRest
from venues.simulator.kalshi.signatures import KeyRing
from venues.simulator.wire.faults import Faults
from venues.simulator.wire.http import Request
from venues.simulator.world.clock import SimulatedClock
from venues.simulator.world.history import DAY, History, PastEvening, evening_before
from venues.simulator.world.live import LiveEvening
from venues.simulator.world.settings import SECOND, EveningSettings
from venues.simulator.world.world import World

SETTINGS = EveningSettings(
    seed=31, games=1, rungs=2, activity=0.05, box_players=1, date="2025-11-20", postponed=False
)
LIVE_DAYS = 1.5
"""Of the three evenings before, the last one is live."""

Ask = Callable[[str], Any]
Problems = Callable[[str, str, object], list[str]]


@pytest.fixture(scope="module")
def live() -> LiveEvening:
    """An evening that has just begun, and three before it."""
    history = History.before(SETTINGS, 3, LIVE_DAYS)
    return LiveEvening(World(SETTINGS), SimulatedClock(SETTINGS.starts_at, 1), history=history)


@pytest.fixture
def kalshi(live: LiveEvening) -> Ask:
    """Asks the exchange."""
    rest = KalshiRest(live, KeyRing({}), Faults(), limited=False)
    return lambda target: answered(rest, ROOT + target)


@pytest.fixture
def bdl(live: LiveEvening) -> Ask:
    """Asks the score service with the best key."""
    rest = BdlRest(live, {"k": Tier.GOAT}, Faults(), limited=False)
    return lambda target: answered(rest, target)


def answered(rest: KalshiRest | BdlRest, target: str) -> Any:  # noqa: ANN401 - JSON
    parts = urlsplit(target)
    request = Request("GET", parts.path, tuple(parse_qsl(parts.query)), {"authorization": "k"}, b"")
    answer = rest.answer(request)
    return json.loads(answer.body) if answer.status == 200 else answer.status


def pages(ask: Ask, target: str, rows: str, limit: int) -> Iterator[dict[str, Any]]:
    """The rows of page after page."""
    cursor = ""
    while True:
        page = ask(f"{target}limit={limit}&cursor={cursor}")
        assert len(page[rows]) <= limit
        yield from page[rows]
        cursor = page["cursor"]
        if not cursor:
            return


def test_the_evening_before_is_one_of_its_own_and_always_the_same() -> None:
    before = evening_before(SETTINGS, 2)
    assert (before.date, before.games) == ("2025-11-18", SETTINGS.games)
    assert evening_before(attrs.evolve(SETTINGS, first_tip_at=SETTINGS.tip_at(0)), 2) == before
    one, other = PastEvening.played(before).world, PastEvening.played(before).world
    assert one.finished
    assert [market.prints[-1].trade_id for market in one.markets.values() if market.prints] == [
        market.prints[-1].trade_id for market in other.markets.values() if market.prints
    ]


def test_a_market_is_either_live_or_in_the_archive(live: LiveEvening, kalshi: Ask) -> None:
    archived = [row["ticker"] for row in pages(kalshi, "/historical/markets?", "markets", 3)]
    listed = [row["ticker"] for row in pages(kalshi, "/markets?", "markets", 4)]
    assert {ticker.split("-")[1][:7] for ticker in archived} == {"25NOV17", "25NOV18"}
    assert {ticker.split("-")[1][:7] for ticker in listed} == {"25NOV19", "25NOV20"}
    assert not set(archived) & set(listed)
    assert sorted(archived + listed) == sorted([*live.history.markets, *live.world.markets])
    for ticker, at in ((archived[0], "/historical/markets/"), (listed[0], "/markets/")):
        assert kalshi(f"{at}{ticker}")["market"]["ticker"] == ticker
    assert kalshi(f"/markets/{archived[0]}") == kalshi(f"/historical/markets/{listed[0]}") == 404


def test_the_archive_answers_by_its_schema(kalshi: Ask, answer_problems: Problems) -> None:
    ticker = kalshi("/historical/markets?limit=1")["markets"][0]["ticker"]
    for target, path in (
        ("/historical/markets?limit=5", "/historical/markets"),
        ("/historical/trades?limit=5", "/historical/trades"),
        (f"/historical/markets/{ticker}", "/historical/markets/{ticker}"),
    ):
        assert answer_problems("kalshi", path, kalshi(target)) == []
    start = SETTINGS.starts_at // SECOND - 3 * DAY // SECOND
    span = f"start_ts={start}&end_ts={start + 80_000}&period_interval=1"
    body = kalshi(f"/historical/markets/{ticker}/candlesticks?{span}")
    assert answer_problems("kalshi", "/historical/markets/{ticker}/candlesticks", body) == []
    assert any(candle["price"]["close"] for candle in body["candlesticks"])
    assert any(candle["price"]["close"] is None for candle in body["candlesticks"])


def test_trades_are_split_at_the_cutoff_to_the_second(live: LiveEvening, kalshi: Ask) -> None:
    archived = [row["created_time"] for row in pages(kalshi, "/historical/trades?", "trades", 200)]
    listed = [row["created_time"] for row in pages(kalshi, "/markets/trades?", "trades", 200)]
    cutoff = kalshi("/historical/cutoff")["trades_created_ts"]
    assert archived
    assert max(archived) < cutoff <= min(listed)
    assert all(later >= earlier for later, earlier in pairwise(archived))
    assert len(archived) + len(listed) == sum(
        len(market.prints) for market in (*live.history.markets.values(), *live.world.markets.values())
    )


def test_an_event_of_the_past_is_there_without_its_archived_markets(kalshi: Ask) -> None:
    events = kalshi("/events?series_ticker=KXNBAGAME&with_nested_markets=true")["events"]
    assert [len(event["markets"]) for event in events] == [0, 0, 2, 2]


def test_the_score_service_tells_of_past_games_but_keeps_no_odds(bdl: Ask) -> None:
    for path in ("/nba/v1/games?dates[]=", "/nba/v1/box_scores?date="):
        rows = bdl(f"{path}2025-11-18")["data"]
        assert [(row["date"], row["status"]) for row in rows] == [("2025-11-18", "Final")]
    assert bdl(f"/nba/v1/plays?game_id={rows[0]['id']}")["data"][-1]["period_display"] == "Final"
    assert bdl("/nba/v2/odds?dates[]=2025-11-18")["data"] == []
    assert bdl("/nba/v2/odds/opening?dates[]=2025-11-18")["data"]

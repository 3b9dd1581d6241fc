"""Every endpoint of both services answers by the published schema, before, during and after the games.

Covers: venues.simulator.kalshi.bodies, venues.simulator.kalshi.live_data, venues.simulator.kalshi.queries,
venues.simulator.kalshi.rest, venues.simulator.kalshi.signatures, venues.simulator.wire.http,
venues.simulator.wire.timestamps, venues.simulator.world.candles, venues.simulator.world.clock,
venues.simulator.world.live.
"""

import json
from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

import pytest

from venues.simulator.balldontlie.rest import BdlRest, Tier
from venues.simulator.kalshi.rest import ROOT, KalshiRest
from venues.simulator.kalshi.signatures import KeyRing
from venues.simulator.wire.faults import Faults
from venues.simulator.wire.http import Answer, Request
from venues.simulator.world.clock import SimulatedClock
from venues.simulator.world.live import LiveEvening
from venues.simulator.world.settings import MINUTE, EveningSettings
from venues.simulator.world.world import World

SETTINGS = EveningSettings(seed=21, games=2, postponed=True, cancelled=False)
MOMENTS = {"before": 10, "half-way": 100, "after": 600}
Problems = Callable[[str, str, object], list[str]]


@pytest.fixture(params=MOMENTS, scope="module")
def live(request: pytest.FixtureRequest) -> LiveEvening:
    """The evening so many minutes after its begin."""
    evening = LiveEvening(World(SETTINGS), SimulatedClock(SETTINGS.starts_at, 1))
    until = SETTINGS.starts_at + MOMENTS[request.param] * MINUTE
    while (due := evening.world.due_at) is not None and due <= until:
        for happened in evening.world.step():
            evening.candles.on_event(happened)
    evening.clock.starts_at = until
    return evening


@pytest.fixture
def kalshi(live: LiveEvening) -> Callable[[str], Answer]:
    """Asks the exchange."""
    rest = KalshiRest(live, KeyRing({}), Faults(), limited=False)
    return lambda target: rest.answer(asked(ROOT + target))


@pytest.fixture
def bdl(live: LiveEvening) -> Callable[[str], Answer]:
    """Asks the score service with the best key."""
    rest = BdlRest(live, {"k": Tier.GOAT}, Faults(), limited=False)
    return lambda target: rest.answer(asked(target))


def asked(target: str) -> Request:
    parts = urlsplit(target)
    return Request("GET", parts.path, tuple(parse_qsl(parts.query)), {"authorization": "k"}, b"")


def filled(target: str, live: LiveEvening) -> str:
    """The target with this evening's names put in."""
    game = live.world.games[0]
    fixture = game.listing
    start = SETTINGS.starts_at // 1_000_000_000
    return target.format(
        event=fixture.markets[0].event_ticker,
        market=fixture.markets[0].ticker,
        other=fixture.markets[5].ticker,
        series=fixture.markets[0].family.value,
        milestone=fixture.milestone_id,
        game=fixture.bdl_id,
        date=fixture.date,
        span=f"start_ts={start}&end_ts={start + 40_000}",
    )


KALSHI = [
    ("/exchange/status", "/exchange/status"),
    ("/exchange/schedule", "/exchange/schedule"),
    ("/series?category=Sports&tags=Basketball", "/series"),
    ("/series/{series}", "/series/{series_ticker}"),
    ("/series/fee_changes?series_ticker={series}", "/series/fee_changes"),
    ("/events?with_nested_markets=true&with_milestones=true&limit=200", "/events"),
    ("/events/{event}", "/events/{event_ticker}"),
    ("/events/{event}?with_nested_markets=true", "/events/{event_ticker}"),
    ("/events/fee_changes", "/events/fee_changes"),
    ("/markets?limit=1000", "/markets"),
    ("/markets/{market}", "/markets/{ticker}"),
    ("/markets/{market}/orderbook?depth=2", "/markets/{ticker}/orderbook"),
    ("/markets/orderbooks?tickers={market}&tickers={other}", "/markets/orderbooks"),
    ("/markets/trades?limit=50&ticker={market}", "/markets/trades"),
    ("/markets/trades?limit=1000", "/markets/trades"),
    (
        "/series/{series}/markets/{market}/candlesticks?{span}&period_interval=1",
        "/series/{series_ticker}/markets/{ticker}/candlesticks",
    ),
    (
        "/markets/candlesticks?market_tickers={market},{other}&{span}&period_interval=60",
        "/markets/candlesticks",
    ),
    ("/historical/cutoff", "/historical/cutoff"),
    ("/historical/markets", "/historical/markets"),
    ("/historical/trades", "/historical/trades"),
    ("/milestones?limit=10&related_event_ticker={event}", "/milestones"),
    ("/milestones/{milestone}", "/milestones/{milestone_id}"),
    ("/live_data/batch?milestone_ids={milestone}&milestone_ids={milestone}", "/live_data/batch"),
    ("/live_data/milestone/{milestone}", "/live_data/milestone/{milestone_id}"),
    ("/live_data/milestone/{milestone}/game_stats", "/live_data/milestone/{milestone_id}/game_stats"),
    ("/account/endpoint_costs", "/account/endpoint_costs"),
]
BDL = [
    ("/nba/v1/games?dates[]={date}", "/nba/v1/games"),
    ("/nba/v1/games/{game}", "/nba/v1/games/{{id}}"),
    ("/nba/v1/box_scores/live", "/nba/v1/box_scores/live"),
    ("/nba/v1/box_scores?date={date}", "/nba/v1/box_scores"),
    ("/nba/v1/plays?game_id={game}", "/nba/v1/plays"),
    ("/nba/v1/player_injuries?per_page=1", "/nba/v1/player_injuries"),
    ("/nba/v2/odds?dates[]={date}&per_page=100", "/nba/v2/odds"),
    ("/nba/v2/odds?game_ids={game}", "/nba/v2/odds"),
    ("/nba/v2/odds/opening?dates[]={date}", "/nba/v2/odds/opening"),
]


@pytest.mark.parametrize(("target", "path"), KALSHI)
def test_the_exchange_answers_by_its_schema(
    target: str, path: str, live: LiveEvening, kalshi: Callable[[str], Answer], answer_problems: Problems
) -> None:
    answer = kalshi(filled(target, live))
    assert answer.status == 200
    assert answer_problems("kalshi", path, json.loads(answer.body)) == []


@pytest.mark.parametrize(("target", "path"), BDL)
def test_the_score_service_answers_by_its_schema(
    target: str, path: str, live: LiveEvening, bdl: Callable[[str], Answer], answer_problems: Problems
) -> None:
    answer = bdl(filled(target, live))
    assert answer.status == 200
    assert answer_problems("balldontlie", path.format(), json.loads(answer.body)) == []


def test_every_route_is_checked_here() -> None:
    from venues.simulator.balldontlie.rest import ROUTES as BDL_ROUTES
    from venues.simulator.kalshi.endpoints import ROUTES as KALSHI_ROUTES

    targets = [target.split("?")[0].format_map(Anything()) for target, _ in KALSHI]
    unchecked = [
        pattern.pattern
        for pattern, _, private in KALSHI_ROUTES
        if not private and not any(pattern.fullmatch(target) for target in targets)
    ]
    # The archive is empty here; what it has is asked for in `tests/venues/simulator/world/test_history.py`.
    assert unchecked == ["/historical/markets/([^/]+)", "/historical/markets/([^/]+)/candlesticks"]
    bdl_targets = [target.split("?")[0].format_map(Anything()).removeprefix("/nba") for target, _ in BDL]
    # The teams of the past have no conference that the schema knows.
    assert [p.pattern for p, _, _ in BDL_ROUTES if not any(p.fullmatch(t) for t in bdl_targets)] == [
        "/v1/teams"
    ]


class Anything(dict[str, str]):
    """A value for every name."""

    def __missing__(self, _key: str) -> str:
        return "7"


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/markets/KXNBAGAME-26NOV20XXXYYY-XXX", 404),
        ("/events/NOTHING", 404),
        ("/series/KXMLBGAME", 404),
        ("/nothing", 404),
        ("/markets?status=finalized", 400),
        ("/markets?limit=1001", 400),
        ("/markets?limit=x", 400),
        ("/events?limit=201", 400),
        ("/events?cursor=%21", 400),
        ("/markets/orderbooks", 400),
        ("/markets/candlesticks?market_tickers=A&period_interval=5", 404),
        ("/portfolio/settlements", 401),
    ],
)
def test_wrong_requests_are_refused(kalshi: Callable[[str], Answer], target: str, status: int) -> None:
    answer = kalshi(target)
    assert answer.status == status
    assert set(json.loads(answer.body)["error"]) >= {"code", "message"}


def test_the_refusal_of_a_status_is_worded_as_recorded(kalshi: Callable[[str], Answer]) -> None:
    assert json.loads(kalshi("/markets?status=finalized").body) == {
        "error": {"code": "bad_request", "message": "bad request", "details": "invalid status filter"}
    }


@pytest.mark.parametrize("word", ["unopened", "open", "paused", "closed", "settled"])
def test_a_status_filter_gives_markets_of_that_status_only(
    kalshi: Callable[[str], Answer], word: str, live: LiveEvening
) -> None:
    from venues.simulator.kalshi.queries import FILTERS

    got = {
        market["ticker"]
        for market in json.loads(kalshi(f"/markets?limit=1000&status={word}").body)["markets"]
    }
    wanted = {ticker for ticker, market in live.world.markets.items() if market.status in FILTERS[word]}
    assert got == wanted


def test_rest_books_and_quotes_agree(kalshi: Callable[[str], Answer], live: LiveEvening) -> None:
    for ticker in live.world.markets:
        market = json.loads(kalshi(f"/markets/{ticker}").body)["market"]
        book = json.loads(kalshi(f"/markets/{ticker}/orderbook").body)["orderbook_fp"]
        best = book["yes_dollars"][-1] if book["yes_dollars"] else ["0.0000", "0.00"]
        assert [market["yes_bid_dollars"], market["yes_bid_size_fp"]] == best
        assert [level[0] for level in book["no_dollars"]] == sorted(level[0] for level in book["no_dollars"])


def test_trades_are_newest_first_and_paged_without_loss(
    kalshi: Callable[[str], Answer], live: LiveEvening
) -> None:
    ids, cursor, times = [], "", []
    while True:
        body = json.loads(kalshi(f"/markets/trades?limit=700{cursor and '&cursor=' + cursor}").body)
        ids += [trade["trade_id"] for trade in body["trades"]]
        times += [trade["created_time"][:19] for trade in body["trades"]]
        cursor = body["cursor"]
        if not cursor:
            break
    assert times == sorted(times, reverse=True)
    assert len(ids) == len(set(ids)) == sum(len(market.prints) for market in live.world.markets.values())


def test_candles_add_up_to_the_trades(kalshi: Callable[[str], Answer], live: LiveEvening) -> None:
    start = SETTINGS.starts_at // 1_000_000_000
    for ticker, market in live.world.markets.items():
        target = f"/series/S/markets/{ticker}/candlesticks?start_ts={start}&end_ts={start + 90_000}"
        for period in (1, 60):
            rows = json.loads(kalshi(f"{target}&period_interval={period}").body)["candlesticks"]
            volume = sum(round(float(row["volume_fp"]) * 100) for row in rows)
            assert volume == sum(printed.size for printed in market.prints)

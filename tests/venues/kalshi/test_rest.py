"""Kalshi's REST interface over loopback: what is asked, what comes of it, and how it ends (faults B8, B9).

Covers: venues.kalshi.results.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

import attrs
import httpx
import pytest
import trio
from cryptography.hazmat.primitives.asymmetric import ed25519

from engine.events import (
    BookSnapshot,
    ExchangeStatusSeen,
    FeeChanged,
    FeedRefused,
    MarketListed,
    ScoreSeen,
    TradesRecovered,
    VenueEvent,
)
from engine.milestones import MilestoneSeen
from engine.units import Nanos
from tests.venues.ears import keeping
from tipoff.sources.registry import translator
from venues import timestamps
from venues.errors import (
    AnswerNotUnderstood,
    CredentialsRefused,
    PagesEndless,
    RateLimited,
    RequestRefused,
    ServerFailed,
    VenueError,
)
from venues.kalshi.auth import Signer
from venues.kalshi.rest import (
    BOOKS_PER_CALL_MAX,
    KEYED,
    KEYLESS,
    MILESTONES_PER_CALL_MAX,
    PAGES_MAX,
    Budget,
    Dependencies,
    KalshiRest,
    words_of_refusal,
)
from venues.recordings.segments import Line
from venues.transport.client import RetryPolicy
from venues.transport.http import Answer, Http

AT = 1_786_000_000_000_000_000
FAST = Budget(1_000_000, 1_000_000)
MARKET = {"ticker": "M", "event_ticker": "S-E", "status": "active"}
Reply = Callable[[str, list[tuple[str, str]]], object]


class Said(NamedTuple):
    """An answer of the venue, whatever it says."""

    body: str
    status: int = 200


def always(body: object) -> Reply:
    """Answer every request alike."""
    return lambda _path, _query: body


@attrs.define
class Venue:
    """A venue that answers by a function of path and query, and what was said to and heard from it."""

    reply: Reply
    heads: list[httpx.Headers] = attrs.field(factory=list)
    asked: list[tuple[str, list[tuple[str, str]]]] = attrs.field(factory=list)
    heard: list[tuple[str, str]] = attrs.field(factory=list)

    async def answer(self, request: httpx.Request) -> httpx.Response:
        await trio.lowlevel.checkpoint()
        parts = urlsplit(str(request.url))
        query = parse_qsl(parts.query, keep_blank_values=True)
        path = parts.path.removeprefix("/trade-api/v2")
        self.heads.append(request.headers)
        self.asked.append((path, query))
        found = self.reply(path, query)
        said = found if isinstance(found, Said) else Said(json.dumps(found))
        return httpx.Response(said.status, stream=httpx.ByteStream(said.body.encode()))

    def rest(self, signer: Signer | None = None, budget: Budget | None = FAST) -> KalshiRest:
        surroundings = Dependencies(
            on_body=keeping(self.heard, "kalshi.rest", lambda: AT),
            wall=lambda: AT,
            draw=lambda: 0.0,
            retry=RetryPolicy(attempts_max=2, wait_s_base=0.0),
        )
        http = Http("https://venue.invalid/trade-api/v2", transport=httpx.MockTransport(self.answer))
        return KalshiRest(http, surroundings, signer, budget)

    def events(self) -> list[VenueEvent]:
        """What a replay of everything heard would hear."""
        lines = [Line(AT, 1, "kalshi.rest", 0, what, body) for what, body in self.heard]
        return [event for line in lines for event in translator().translate(line)]


async def failing(body: object) -> VenueError:
    rest = Venue(lambda _path, _query: body).rest()
    with pytest.raises(VenueError) as caught:
        await rest.market("M")
    return caught.value


async def test_a_key_signs_the_whole_path_and_without_one_nothing_is_signed() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    venue = Venue(lambda _path, _query: {"orderbooks": []})
    await venue.rest(Signer("key-id", key)).books(["A"])
    await venue.rest().books(["A"])
    assert venue.heads[0].get("kalshi-access-key") == "key-id"
    assert venue.heads[0].get("kalshi-access-timestamp") == str(AT // 1_000_000)
    assert venue.heads[1].get("kalshi-access-key") is None


@pytest.mark.limit("engine.toml:kalshi.reads_per_second_keyless")
async def test_the_budget_is_small_without_a_key() -> None:
    venue = Venue(lambda _path, _query: {})
    keyless = venue.rest(None, None)
    keyed = venue.rest(Signer("k", ed25519.Ed25519PrivateKey.generate()), None)
    assert (keyless.budget, keyless.keyed) == (KEYLESS, False)
    assert (keyed.budget, keyed.keyed) == (KEYED, True)


async def test_bodies_are_heard_as_they_came_and_say_the_same_in_a_replay() -> None:
    venue = Venue(lambda _path, _query: Said('{"exchange_active":true , "trading_active":false}'))
    events = await venue.rest().exchange_status()
    assert venue.heard == [("/exchange/status", '{"exchange_active":true , "trading_active":false}')]
    assert events == (ExchangeStatusSeen(True, False, None, Nanos(AT)),) == tuple(venue.events())


async def test_the_exchange_says_its_status_with_503_as_well() -> None:
    body = '{"exchange_active":false,"trading_active":false}'
    venue = Venue(lambda _path, _query: Said(body, 503))
    events = await venue.rest().exchange_status()
    assert events == (ExchangeStatusSeen(False, False, None, Nanos(AT)),)


async def test_events_are_read_to_the_last_page() -> None:
    def reply(_path: str, query: list[tuple[str, str]]) -> object:
        page = dict(query).get("cursor", "1")
        event = {"event_ticker": f"S-{page}", "series_ticker": "S"}
        event["markets"] = [MARKET | {"ticker": f"M{page}"}]  # type: ignore[assignment]
        return {"events": [event], "cursor": {"1": "2", "2": "3", "3": ""}[page]}

    venue = Venue(reply)
    events = await venue.rest().events("KXNBAGAME")
    assert [event.ticker for event in events if isinstance(event, MarketListed)] == ["M1", "M2", "M3"]
    path, query = venue.asked[0]
    assert path == "/events"
    assert dict(query) == {
        "series_ticker": "KXNBAGAME",
        "status": "open",
        "with_nested_markets": "true",
        "limit": "200",
    }


@pytest.mark.parametrize("end", [{"cursor": ""}, {"cursor": None}, {}])
async def test_the_last_page_says_so_in_three_ways(end: dict[str, object]) -> None:
    venue = Venue(lambda _path, _query: {"markets": [MARKET]} | end)
    assert len(await venue.rest().markets(["M", "N"])) == 1
    assert dict(venue.asked[0][1])["tickers"] == "M,N"


@pytest.mark.fault("B9")
async def test_b9_a_cursor_that_comes_back_is_an_error() -> None:
    rest = Venue(lambda _path, _query: {"markets": [], "cursor": "again"}).rest()
    with pytest.raises(PagesEndless, match="came back"):
        await rest.event_markets("E")


@pytest.mark.fault("B9")
@pytest.mark.limit("venues.kalshi.rest:PAGES_MAX")
async def test_b9_pages_without_end_are_an_error() -> None:
    venue = Venue(lambda _path, _query: {})
    venue.reply = lambda _path, _query: {"markets": [], "cursor": f"c{len(venue.asked)}"}
    with pytest.raises(PagesEndless, match="more than"):
        await venue.rest().event_markets("E")
    assert len(venue.asked) == PAGES_MAX


@pytest.mark.fault("B14")
async def test_b14_a_last_page_of_null_is_an_empty_page() -> None:
    pages: dict[str, object] = {
        "": {"events": [{"series_ticker": "S", "markets": None}], "cursor": "c"},
        "c": {"events": None, "cursor": None},
    }
    rest = Venue(lambda _path, query: pages[dict(query).get("cursor", "")]).rest()
    assert await rest.events("S") == ()


@pytest.mark.fault("B14")
async def test_b14_a_market_that_makes_no_sense_is_no_failure_of_the_poll() -> None:
    good = {"ticker": "E-A", "event_ticker": "E", "status": "active", "title": None, "price_ranges": None}
    page = {"markets": [good | {"status": "asleep"}, good, None, 7], "cursor": ""}
    listed, *refused = await Venue(lambda _path, _query: page).rest().event_markets("E")
    assert isinstance(listed, MarketListed)
    assert [event.place for event in refused if isinstance(event, FeedRefused)] == [
        "markets[0].status",
        "markets[3]",
    ]


async def test_b14_a_cursor_of_another_shape_is_an_error_for_the_pages_after_it_would_be_missed() -> None:
    rest = Venue(lambda _path, _query: {"markets": [], "cursor": 7}).rest()
    with pytest.raises(AnswerNotUnderstood, match="cursor"):
        await rest.event_markets("E")


@pytest.mark.limit("venues.kalshi.rest:BOOKS_PER_CALL_MAX")
async def test_books_are_asked_for_with_a_parameter_each_and_a_hundred_at_once() -> None:
    def reply(_path: str, query: list[tuple[str, str]]) -> object:
        book = {"yes_dollars": [["0.4", "1"]], "no_dollars": []}
        return {"orderbooks": [{"ticker": ticker, "orderbook_fp": book} for _, ticker in query]}

    venue = Venue(reply)
    tickers = [f"T{index}.5" for index in range(BOOKS_PER_CALL_MAX + 1)]
    events = await venue.rest().books(tickers)
    assert [event.ticker for event in events if isinstance(event, BookSnapshot)] == tickers
    assert [len(query) for _, query in venue.asked] == [BOOKS_PER_CALL_MAX, 1]
    assert {name for name, _ in venue.asked[0][1]} == {"tickers"}


TRADE = {
    "trade_id": "t1",
    "ticker": "M",
    "count_fp": "1.00",
    "yes_price_dollars": "0.5000",
    "created_time": "2026-08-06T07:06:40.5Z",
    "taker_side": "yes",
}
SINCE, UNTIL = Nanos(AT - 1_500_000_000), Nanos(AT + 300_000_000)


async def test_trades_are_asked_for_in_whole_seconds_around_the_time_and_come_in_order() -> None:
    later = TRADE | {"trade_id": "t2", "created_time": "2026-08-06T07:06:41Z"}
    venue = Venue(lambda _path, _query: {"trades": [later, TRADE], "cursor": ""})
    trades = await venue.rest().trades("M", SINCE, UNTIL)
    assert [trade.trade_id for trade in trades] == ["t1", "t2"]
    query = dict(venue.asked[0][1])
    assert int(query["min_ts"]) * 10**9 <= SINCE
    assert int(query["max_ts"]) * 10**9 >= UNTIL


async def test_the_trades_of_a_gap_are_one_line_whatever_the_pages() -> None:
    def reply(_path: str, query: list[tuple[str, str]]) -> object:
        if "cursor" in dict(query):
            return {"trades": [TRADE], "cursor": ""}
        return {"trades": [TRADE | {"trade_id": "t2", "created_time": "2026-08-06T07:06:41Z"}], "cursor": "2"}

    venue = Venue(reply)
    assert await venue.rest().recover("M", SINCE, UNTIL) == 2
    (recovered,) = venue.events()
    assert isinstance(recovered, TradesRecovered)
    assert (recovered.ticker, recovered.since, recovered.until) == ("M", SINCE, UNTIL)
    assert recovered.trades is not None
    assert [trade.trade_id for trade in recovered.trades] == ["t1", "t2"]
    assert all(trade.recovered for trade in recovered.trades)


async def test_trades_of_a_gap_that_cannot_be_had_are_said_to_be_missing() -> None:
    venue = Venue(lambda _path, _query: Said("{}", 500))
    assert await venue.rest().recover("M", SINCE, UNTIL) is None
    assert [event for event in venue.events() if isinstance(event, TradesRecovered)] == [
        TradesRecovered("M", SINCE, UNTIL, None, Nanos(AT))
    ]


async def test_a_page_of_a_gap_that_makes_no_sense_is_as_if_it_could_not_be_had() -> None:
    venue = Venue(lambda _path, _query: {"trades": [TRADE | {"count_fp": "many"}], "cursor": ""})
    await venue.rest().recover("M", SINCE, UNTIL)
    (recovered,) = [event for event in venue.events() if isinstance(event, TradesRecovered)]
    assert recovered.trades is None


async def test_candles_with_and_without_trades(shared: Path) -> None:
    data = json.loads((shared / "data/kalshi/rest_candlesticks_mlb.json").read_text())
    for ticker, found in data["markets"].items():
        rest = Venue(always({"candlesticks": found["candlesticks"]})).rest()
        candles = await rest.candles(found["series_ticker"], ticker, Nanos(0), Nanos(AT))
        assert len(candles) == len(found["candlesticks"])
        assert all(candle.yes_bid_close is not None for candle in candles)
    quiet = {
        "end_period_ts": 60,
        "price": {"previous_dollars": "0.5"},
        "yes_bid": {"close_dollars": "0.0000"},
        "yes_ask": {"close_dollars": "1.0000"},
    }
    rest = Venue(lambda _path, _query: {"candlesticks": [quiet]}).rest()
    (candle,) = await rest.candles("S", "M", Nanos(0), Nanos(1), minutes=60)
    assert (candle.close, candle.yes_bid_close, candle.yes_ask_close) == (None, None, None)
    with pytest.raises(ValueError, match="5 minutes"):
        await rest.candles("S", "M", Nanos(0), Nanos(1), minutes=5)


async def test_schedule_cutoff_milestones_and_series() -> None:
    bodies: dict[str, object] = {
        "/exchange/schedule": {
            "schedule": {
                "standard_hours": [
                    {
                        "start_time": "2026-01-01T00:00:00Z",
                        "end_time": "2027-01-01T00:00:00Z",
                        "thursday": [
                            {"open_time": "00:00", "close_time": "03:00"},
                            {"open_time": "05:00", "close_time": "24:00"},
                        ],
                    }
                ],
                "maintenance_windows": [
                    {"start_datetime": "2026-01-01T08:00:00Z", "end_datetime": "2026-01-01T10:00:00Z"}
                ],
            }
        },
        "/historical/cutoff": {
            "market_settled_ts": "2026-07-28T00:00:00Z",
            "trades_created_ts": "2026-07-28T00:00:00Z",
        },
        "/milestones": {
            "milestones": [
                {
                    "id": "m",
                    "type": "basketball_game",
                    "start_date": "2026-01-15T00:30:00Z",
                    "related_event_tickers": ["E"],
                }
            ]
        },
        "/series": {"series": [{"ticker": "KXNBAGAME"}, {"ticker": "KXWNBAGAME"}]},
        "/series/KXNBAGAME": {
            "series": {"ticker": "KXNBAGAME", "fee_type": "quadratic", "fee_multiplier": 1}
        },
    }
    rest = Venue(lambda path, _query: bodies[path]).rest()
    schedule = await rest.exchange_schedule()
    assert schedule.hours == {"thursday": (("00:00", "03:00"), ("05:00", "24:00"))}
    maintenance = (timestamps.from_text("2026-01-01T08:00:00Z"), timestamps.from_text("2026-01-01T10:00:00Z"))
    assert schedule.maintenance == (maintenance,)
    assert (await rest.historical_cutoff()).trades_created_at == timestamps.from_text("2026-07-28T00:00:00Z")
    (milestone,) = await rest.milestones("E")
    assert milestone == MilestoneSeen("kalshi:m", ("E",), Nanos(AT))
    assert await rest.basketball_series() == ("KXNBAGAME", "KXWNBAGAME")
    assert await rest.series("KXNBAGAME") == (FeeChanged("KXNBAGAME", "quadratic", "1", Nanos(AT)),)


@pytest.mark.parametrize(
    "status, body, kind, words",
    [
        (
            400,
            '{"error":{"code":"bad_request","message":"bad request","details":"invalid status filter"}}',
            RequestRefused,
            ("bad_request", "invalid status filter"),
        ),
        (
            404,
            '{"code":"not_found","message":"market not found","details":""}',
            RequestRefused,
            ("not_found", "market not found"),
        ),
        (
            429,
            '{"error":"too many requests"}',
            RateLimited,
            ("too_many_requests", "too many requests"),
        ),
        (
            429,
            '{"error":{"code":"too_many_requests","message":"too many requests"}}',
            RateLimited,
            ("too_many_requests", "too many requests"),
        ),
        (401, "token_failure", CredentialsRefused, ("unknown", "token_failure")),
        (502, "<html>502</html>", ServerFailed, ("unknown", "<html>502</html>")),
    ],
)
async def test_refusals_are_read_in_each_of_their_shapes(
    status: int, body: str, kind: type[RequestRefused], words: tuple[str, str]
) -> None:
    error = await failing(Said(body, status))
    assert type(error) is kind
    assert isinstance(error, RequestRefused)
    assert (error.code, error.detail) == words


@pytest.mark.fault("B8")
@pytest.mark.parametrize(
    "body", ["<html>maintenance</html>", '{"error":"x"}', "[]", "[" * 100_000, '{"market":NaN}']
)
async def test_b8_a_200_that_is_no_answer_is_refused(body: str) -> None:
    assert isinstance(await failing(Said(body)), AnswerNotUnderstood)


@pytest.mark.parametrize(
    "body", ["", "null", "[]", '{"error":null}', '{"error":[]}', '{"code":7}', "[" * 9_999]
)
def test_no_refusal_is_too_odd_for_words(body: str) -> None:
    code, detail = words_of_refusal(Answer(400, body, {}))
    assert isinstance(code, str)
    assert isinstance(detail, str)


async def test_live_data_comes_back_as_scores() -> None:
    datum = {
        "type": "basketball_game",
        "milestone_id": "m",
        "details": {"status": "live", "home_points": 3, "away_points": 2},
    }
    (score,) = await Venue(lambda _path, _query: {"live_datas": [datum]}).rest().live_data(["m"])
    assert isinstance(score, ScoreSeen)
    assert (score.game, score.home, score.away) == ("kalshi:m", 3, 2)


@pytest.mark.limit("venues.kalshi.rest:MILESTONES_PER_CALL_MAX")
async def test_live_data_is_asked_for_with_a_parameter_each_and_a_hundred_at_once() -> None:
    venue = Venue(lambda _path, _query: {"live_datas": []})
    rest = venue.rest()
    assert await rest.live_data([]) == ()
    await rest.live_data([str(number) for number in range(MILESTONES_PER_CALL_MAX)])
    await rest.live_data([str(number) for number in range(MILESTONES_PER_CALL_MAX + 1)])
    assert [len(query) for _, query in venue.asked] == [MILESTONES_PER_CALL_MAX] * 2 + [1]

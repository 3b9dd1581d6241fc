"""Kalshi's REST interface: every endpoint that the engine needs, within the budget, with and without a key.

Used by the schedule's and the feed's edges. What an answer says comes back as events of the engine (or as the
small values of `venues.kalshi.results` where the engine has no event for it); the verbatim body has gone to
`on_body` before, which has parsed it.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from urllib.parse import quote, urlencode

import attrs
import msgspec

from engine.events import FeedRefused, TradePrinted, VenueEvent
from engine.token_bucket import TokenBucket
from engine.units import NANOS_PER_SECOND, Nanos
from venues.errors import AnswerNotUnderstood, PagesEndless, ServerFailed, VenueError
from venues.kalshi import results
from venues.kalshi.answers import RECOVERED, recovered_body
from venues.kalshi.auth import Signer
from venues.transport.client import Body, Client, OnBody, RequestPolicy, RetryPolicy
from venues.transport.http import Answer, Http

CALL_TOKENS = 10
"""What almost every call costs."""

PAGES_MAX = 100
BOOKS_PER_CALL_MAX = 100
MILESTONES_PER_CALL_MAX = 100
MARKETS_PER_PAGE = 1_000
EVENTS_PER_PAGE = 200
TRADES_PER_PAGE = 1_000
CANDLE_MINUTES = frozenset({1, 60, 1440})

Events = tuple[VenueEvent, ...]


@attrs.frozen
class Budget:
    """Read tokens per second, and how many may be saved up."""

    tokens_per_s: int
    burst: int

    def bucket(self, now: Nanos) -> TokenBucket:
        """A full bucket."""
        return TokenBucket.full(self.tokens_per_s, NANOS_PER_SECOND, self.burst, now)


KEYED = Budget(200, 400)
"""The Basic tier: 20 reads a second, two seconds of them in a burst."""

KEYLESS = Budget(30, 30)
"""Undocumented; at four to five calls a second one in twenty was refused, so three, and no burst beyond
them."""


@attrs.frozen(kw_only=True)
class Dependencies:
    """What the edges of the process give: who parses bodies, UTC nanoseconds, jitter in [0, 1)."""

    on_body: OnBody
    wall: Callable[[], int]
    draw: Callable[[], float]
    retry: RetryPolicy = RetryPolicy()


class KalshiRest:
    """One environment of Kalshi (demo or prod), asked with a key if there is one."""

    def __init__(
        self,
        http: Http,
        surroundings: Dependencies,
        signer: Signer | None = None,
        budget: Budget | None = None,
    ) -> None:
        """`budget` is the key's tier; without a key it is small."""
        self.keyed = signer is not None
        self.budget = budget or (KEYED if self.keyed else KEYLESS)
        root_path = http.root_path

        def signed(target: str) -> dict[str, str]:
            return (
                {} if signer is None else dict(signer.headers("GET", root_path + target, surroundings.wall()))
            )

        self.client = Client(
            http,
            RequestPolicy(
                bucket=self.budget.bucket,
                on_body=surroundings.on_body,
                refuse=words_of_refusal,
                headers=signed,
                wall=surroundings.wall,
                draw=surroundings.draw,
                retry=surroundings.retry,
            ),
        )

    # The exchange

    async def exchange_status(self) -> Events:
        """Whether the exchange and each of its shards trade; a 503 with the same body is an answer too."""
        try:
            return await self._events("/exchange/status")
        except ServerFailed as error:
            if error.status in (503, 504):
                return error.events
            raise

    async def exchange_schedule(self) -> results.ExchangeSchedule:
        """Weekly hours and announced maintenance."""
        return results.read_schedule((await self._body("/exchange/schedule")).text)

    async def historical_cutoff(self) -> results.HistoricalCutoff:
        """Before which moments data must be asked for under `/historical`."""
        return results.read_cutoff((await self._body("/historical/cutoff")).text)

    # Series, events, markets

    async def series(self, ticker: str) -> Events:
        """The fee terms of a series."""
        return await self._events(f"/series/{quote(ticker)}")

    async def basketball_series(self) -> tuple[str, ...]:
        """Tickers of all series that are tagged as basketball."""
        # Never the whole list: it has no pages, 14,393 series and 18 MB.
        body = await self._body(_target("/series", category="Sports", tags="Basketball"))
        return results.read_series_tickers(body.text)

    async def events(self, series: str, status: str = "open") -> Events:
        """All events of a series with their markets."""
        return await self._all(
            "/events",
            {
                "series_ticker": series,
                "status": status,
                "with_nested_markets": "true",
                "limit": EVENTS_PER_PAGE,
            },
        )

    async def event(self, ticker: str) -> Events:
        """One event with its markets."""
        return await self._events(_target(f"/events/{quote(ticker)}", with_nested_markets="true"))

    async def event_markets(self, event: str) -> Events:
        """All markets of one event."""
        return await self._all("/markets", {"event_ticker": event, "limit": MARKETS_PER_PAGE})

    async def markets(self, tickers: Sequence[str]) -> Events:
        """Some markets by ticker."""
        # A comma list; repeated parameters are for /markets/orderbooks only.
        wanted = ",".join(tickers)
        return await self._all("/markets", {"tickers": wanted, "limit": MARKETS_PER_PAGE})

    async def market(self, ticker: str) -> Events:
        """One market; 404 for a moment after it was created, and once it is archived."""
        return await self._events(f"/markets/{quote(ticker)}")

    # Books and trades

    async def book(self, ticker: str) -> Events:
        """The whole book of one market."""
        return await self._events(_target(f"/markets/{quote(ticker)}/orderbook", depth=0))

    async def books(self, tickers: Sequence[str]) -> Events:
        """The whole books of many markets, a hundred a call; each ticker must be a parameter of its own."""
        found: list[VenueEvent] = []
        for start in range(0, len(tickers), BOOKS_PER_CALL_MAX):
            some = tickers[start : start + BOOKS_PER_CALL_MAX]
            # Repeated, unlike at /markets: a comma list returns one book only.
            query = urlencode([("tickers", ticker) for ticker in some])
            found += await self._events(f"/markets/orderbooks?{query}")
        return tuple(found)

    async def trades(
        self, ticker: str | None, since: Nanos | None = None, until: Nanos | None = None
    ) -> tuple[TradePrinted, ...]:
        """Public trades of one market (None: of all) in whole seconds around `since` and `until`, oldest
        first.
        """
        query: dict[str, object] = {"limit": TRADES_PER_PAGE}
        if ticker is not None:
            query["ticker"] = ticker
        if since is not None:
            query["min_ts"] = since // NANOS_PER_SECOND
        if until is not None:
            # Rounded up, as `since` is rounded down: a trade too many is recognised by its id, a missing
            # one is not.
            query["max_ts"] = -(-until // NANOS_PER_SECOND)
        events = await self._all("/markets/trades", query)
        trades = [event for event in events if isinstance(event, TradePrinted)]
        return tuple(sorted(trades, key=lambda trade: trade.at_venue or 0))

    async def recover(self, ticker: str, since: Nanos, until: Nanos) -> int | None:
        """Fetch all trades of a gap and pass them on as one line; returns the pages, None if they cannot be
        had.

        All or nothing: what the gap did to an order can only be said when every one of its trades is known.
        """
        query: dict[str, object] = {
            "ticker": ticker,
            "min_ts": since // NANOS_PER_SECOND,
            "max_ts": -(-until // NANOS_PER_SECOND),
            "limit": TRADES_PER_PAGE,
        }
        pages: list[str] | None = None
        with suppress(VenueError):
            pages = [body.text for _, body in await self._pages("/markets/trades", query, pass_on=False)]
        self._say_recovered(ticker, since, until, pages)
        return None if pages is None else len(pages)

    def cannot_recover(self, ticker: str, since: Nanos, until: Nanos) -> None:
        """Say that the trades of a gap will not be had."""
        self._say_recovered(ticker, since, until, None)

    def _say_recovered(self, ticker: str, since: Nanos, until: Nanos, pages: list[str] | None) -> None:
        text = msgspec.json.encode(recovered_body(ticker, since, until, pages)).decode()
        self.client.say(RECOVERED, text)

    async def candles(
        self, series: str, ticker: str, since: Nanos, until: Nanos, minutes: int = 1
    ) -> tuple[results.Candle, ...]:
        """Candles of one market; minutes without change are missing."""
        if minutes not in CANDLE_MINUTES:
            raise ValueError(f"candles of {minutes} minutes do not exist; 1, 60 and 1440 do")
        target = _target(
            f"/series/{quote(series)}/markets/{quote(ticker)}/candlesticks",
            start_ts=since // NANOS_PER_SECOND,
            end_ts=until // NANOS_PER_SECOND,
            period_interval=minutes,
        )
        return results.read_candles((await self._body(target)).text)

    # Fees, milestones, live data

    async def series_fee_changes(self, series: str) -> Events:
        """Fee changes of a series that are in force by now."""
        return await self._events(
            _target("/series/fee_changes", series_ticker=series, show_historical="true")
        )

    async def event_fee_changes(self, event: str) -> Events:
        """Fee changes of an event that are in force by now."""
        return await self._all("/events/fee_changes", {"event_ticker": event, "limit": 1_000})

    async def milestones(self, event: str) -> Events:
        """The games that an event is about, each with all its events."""
        return await self._events(_target("/milestones", related_event_ticker=event, limit=100))

    async def live_data(self, milestones: Sequence[str]) -> Events:
        """The venue's own scores of games, a hundred milestones a call."""
        found: list[VenueEvent] = []
        for start in range(0, len(milestones), MILESTONES_PER_CALL_MAX):
            some = milestones[start : start + MILESTONES_PER_CALL_MAX]
            query = urlencode([("milestone_ids", milestone) for milestone in some])
            found += await self._events(f"/live_data/batch?{query}")
        return tuple(found)

    # How

    async def _body(self, target: str, *, pass_on: bool = True) -> Body:
        return await self.client.get(target, CALL_TOKENS, pass_on=pass_on)

    async def _events(self, target: str) -> Events:
        return _understood(target, await self._body(target))

    async def _all(self, path: str, query: dict[str, object]) -> Events:
        """The events of all pages."""
        found: list[VenueEvent] = []
        for target, body in await self._pages(path, query):
            found += _understood(target, body)
        return tuple(found)

    async def _pages(
        self, path: str, query: dict[str, object], *, pass_on: bool = True
    ) -> list[tuple[str, Body]]:
        """Target and body of page after page until the cursor is empty; one that never ends is an error."""
        pages: list[tuple[str, Body]] = []
        seen: set[str] = set()
        cursor = ""
        for _ in range(PAGES_MAX):
            target = _target(path, **query, **({"cursor": cursor} if cursor else {}))
            body = await self._body(target, pass_on=pass_on)
            pages.append((target, body))
            cursor = results.read_cursor(body.text)
            if not cursor:
                return pages
            if cursor in seen:
                raise PagesEndless(f"{path}: the cursor {cursor[:40]!r} came back")
            seen.add(cursor)
        raise PagesEndless(f"{path}: more than {PAGES_MAX} pages")


def _understood(target: str, body: Body) -> Events:
    """The events of an answer. Raises AnswerNotUnderstood for one that was refused as a whole."""
    for event in body.events:
        if isinstance(event, FeedRefused) and not event.place:
            raise AnswerNotUnderstood(f"{target}: {event.kind}: {event.detail}")
    return body.events


def _target(path: str, **query: object) -> str:
    """A path with its query."""
    return f"{path}?{urlencode(query)}" if query else path


class _Words(msgspec.Struct, frozen=True):
    """The words of a refusal."""

    code: str = ""
    message: str = ""
    details: str = ""


def words_of_refusal(answer: Answer) -> tuple[str, str]:
    """Code and words of a refusal, in each of the shapes that have been seen.

    `{"code","message","details"}`, the same wrapped in `{"error": …}`, and `{"error": "too many requests"}`.
    The status of the exchange comes with 503 too; then the words are that body.
    """
    try:
        body = msgspec.json.decode(answer.body, type=dict[str, object])
        inner = body.get("error", body)
        if isinstance(inner, str):
            return inner.replace(" ", "_"), inner
        words = msgspec.convert(inner, _Words)
    except (ValueError, RecursionError):
        return "unknown", answer.body[:200]
    if not words.code:
        return "unknown", answer.body[:4_000]
    return words.code, words.details or words.message

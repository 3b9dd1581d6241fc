"""The endpoints of the simulated Kalshi REST interface, and the table that says which path is which.

Called through `ROUTES` by `venues.simulator.kalshi.rest`, which has checked signature and budget. Bodies come
from `venues.simulator.kalshi.bodies`.
"""

import re
from collections.abc import Callable
from typing import Final, TypeAlias

import attrs

from venues.simulator.kalshi import bodies, live_data
from venues.simulator.kalshi.queries import (
    BadQuery,
    Page,
    Unknown,
    archived_market_rows,
    archived_trade_rows,
    event_rows,
    market_rows,
    number,
    page,
    trade_rows,
)
from venues.simulator.wire.faults import Faults
from venues.simulator.wire.http import Request
from venues.simulator.world.listing import Family
from venues.simulator.world.live import LiveEvening
from venues.simulator.world.market import Market

COST: Final = 10
"""Tokens of a request."""
BOOKS_MAX: Final = 100
MILESTONES_MAX: Final = 100
CANDLES_MAX: Final = 10_000


@attrs.frozen
class EndpointCall:
    """A request with what is needed to answer it."""

    live: LiveEvening
    faults: Faults
    request: Request
    groups: tuple[str, ...]
    """The variable parts of the path."""


Body: TypeAlias = dict[str, object]
Route: TypeAlias = Callable[[EndpointCall], Body]


def _market(live: LiveEvening, ticker: str) -> Market:
    """A market by its ticker. Raises Unknown."""
    market = live.market(ticker)
    if market is None or not live.listed(market):
        raise Unknown(ticker)
    return market


def _archived(call: EndpointCall) -> Market:
    """An archived market by the ticker in the path. Raises Unknown."""
    market = call.live.market(call.groups[0])
    if market is None or not call.live.history.archived(market):
        raise Unknown(call.groups[0])
    return market


def _market_body(call: EndpointCall, market: Market) -> Body:
    game = next(game for game in call.live.all_games if market in game.markets)
    return {"market": bodies.market_body(game.listing, market)}


def _status(call: EndpointCall) -> Body:
    return bodies.exchange_status(trading=not (call.faults.pause or call.live.paused))


def _schedule(_asked: EndpointCall) -> Body:
    return bodies.exchange_schedule()


def _series_list(call: EndpointCall) -> Body:
    tags = set(call.request.one("tags").split(",")) - {""}
    wanted = call.request.one("category", "Sports") == "Sports" and (not tags or "Basketball" in tags)
    return {"series": [bodies.series(family) for family in Family] if wanted else []}


def _series(call: EndpointCall) -> Body:
    if call.groups[0] not in {family.value for family in Family}:
        raise Unknown(call.groups[0])
    return {"series": bodies.series(Family(call.groups[0]))}


def _series_fees(_asked: EndpointCall) -> Body:
    return {"series_fee_change_arr": []}


def _event_fees(call: EndpointCall) -> Body:
    event = call.request.one("event_ticker")
    changes = (bodies.fee_change(change) for change in call.live.world.fee_changes)
    rows = [change for change in changes if event in {"", change["event_ticker"]}]
    rows, cursor = page(rows, Page.of(call.request, 100, 1000))
    return {"event_fee_changes": rows, "cursor": cursor}


def _events(call: EndpointCall) -> Body:
    rows, cursor = page(event_rows(call.live, call.request), Page.of(call.request, 200, 200))
    body: Body = {"events": rows, "cursor": cursor}
    if call.request.one("with_milestones") == "true":
        body["milestones"] = [live_data.milestone(game) for game in call.live.all_games]
    return body


def _event(call: EndpointCall) -> Body:
    listed = {
        game.listing.event_ticker(family): (game, family) for game in call.live.all_games for family in Family
    }
    if call.groups[0] not in listed:
        raise Unknown(call.groups[0])
    body = bodies.event(*listed[call.groups[0]], nested=True, there=call.live.listed)
    # The venue's default: the markets stand beside the event, not in it.
    if call.request.one("with_nested_markets") == "true":
        return {"event": body, "markets": []}
    return {"markets": body.pop("markets"), "event": body}


def _markets(call: EndpointCall) -> Body:
    rows, cursor = page(market_rows(call.live, call.request), Page.of(call.request, 100, 1000))
    return {"markets": rows, "cursor": cursor}


def _one_market(call: EndpointCall) -> Body:
    return _market_body(call, _market(call.live, call.groups[0]))


def _orderbook(call: EndpointCall) -> Body:
    depth = number(call.request, "depth", 0)
    if not 0 <= depth <= 100:
        raise BadQuery("depth must be between 0 and 100")
    return {"orderbook_fp": bodies.orderbook(_market(call.live, call.groups[0]), depth)}


def _orderbooks(call: EndpointCall) -> Body:
    # Repeated parameters; a comma list is one ticker here, which nobody knows.
    tickers = call.request.many("tickers")
    if not 0 < len(tickers) <= BOOKS_MAX:
        raise BadQuery("between 1 and 100 tickers are required")
    markets = [call.live.market(ticker) for ticker in tickers]
    return {
        "orderbooks": [
            {"ticker": market.listing.ticker, "orderbook_fp": bodies.orderbook(market)}
            for market in markets
            if market is not None and call.live.listed(market)
        ]
    }


def _trades(call: EndpointCall) -> Body:
    rows, cursor = page(trade_rows(call.live, call.request), Page.of(call.request, 100, 1000))
    return {"trades": rows, "cursor": cursor}


def _candles(call: EndpointCall) -> Body:
    market = _market(call.live, call.groups[1])
    return {"ticker": call.groups[1], "candlesticks": _candles_of(call, market)}


def _many_candles(call: EndpointCall) -> Body:
    tickers = [ticker for ticker in call.request.one("market_tickers").split(",") if ticker]
    if not 0 < len(tickers) <= BOOKS_MAX:
        raise BadQuery("between 1 and 100 market_tickers are required")
    rows = [
        {"market_ticker": ticker, "candlesticks": _candles_of(call, _market(call.live, ticker))}
        for ticker in tickers
    ]
    return {"markets": rows}


def _candles_of(call: EndpointCall, market: Market, *, archived: bool = False) -> list[Body]:
    period = number(call.request, "period_interval", 0)
    if period not in {1, 60, 1440}:
        raise BadQuery("period_interval must be 1, 60 or 1440")
    start, end = number(call.request, "start_ts", -1), number(call.request, "end_ts", -1)
    if start < 0 or end < start or (end - start) // 60 // period > CANDLES_MAX:
        raise BadQuery("start_ts and end_ts do not make a period that can be answered")
    return call.live.candles_of(market).rows(market, (start, end), period, archived=archived)


def _cutoff(call: EndpointCall) -> Body:
    return live_data.cutoff(call.live.history.cutoff_at)


def _old_markets(call: EndpointCall) -> Body:
    rows, cursor = page(archived_market_rows(call.live, call.request), Page.of(call.request, 100, 1000))
    return {"markets": rows, "cursor": cursor}


def _old_trades(call: EndpointCall) -> Body:
    rows, cursor = page(archived_trade_rows(call.live, call.request), Page.of(call.request, 100, 1000))
    return {"trades": rows, "cursor": cursor}


def _old_market(call: EndpointCall) -> Body:
    return _market_body(call, _archived(call))


def _old_candles(call: EndpointCall) -> Body:
    return {
        "ticker": call.groups[0],
        "candlesticks": _candles_of(call, _archived(call), archived=True),
    }


def _milestones(call: EndpointCall) -> Body:
    related = call.request.one("related_event_ticker")
    rows: list[Body] = [
        live_data.milestone(game)
        for game in call.live.all_games
        if not related or related in live_data.event_tickers(game)
    ]
    rows, cursor = page(rows, Page.of(call.request, 100, 500))
    return {"milestones": rows, "cursor": cursor}


def _milestone(call: EndpointCall) -> Body:
    return {"milestone": live_data.milestone(live_data.game_of(call.live, call.groups[0]))}


def _datum(call: EndpointCall, milestone: str) -> Body:
    game = live_data.game_of(call.live, milestone)
    return live_data.live_data(game, call.faults.wrong_points)


def _live_data(call: EndpointCall) -> Body:
    return {"live_data": _datum(call, call.groups[0])}


def _live_datas(call: EndpointCall) -> Body:
    """One row a milestone; more than may be asked for at once is a bad query."""
    wanted = call.request.many("milestone_ids")
    if not wanted or len(wanted) > MILESTONES_MAX:
        raise BadQuery(f"milestone_ids: 1 to {MILESTONES_MAX}")
    return {"live_datas": [_datum(call, milestone) for milestone in wanted]}


def _game_stats(call: EndpointCall) -> Body:
    return live_data.game_stats(live_data.game_of(call.live, call.groups[0]))


def _settlements(call: EndpointCall) -> Body:
    Page.of(call.request, 100, 1000)
    return {"settlements": [], "cursor": ""}


def _costs(_asked: EndpointCall) -> Body:
    return {"default_cost": COST, "endpoint_costs": []}


def _route(template: str, route: Route, *, private: bool = False) -> tuple[re.Pattern[str], Route, bool]:
    return re.compile(template.replace("{}", "([^/]+)")), route, private


ROUTES: Final = (
    _route("/exchange/status", _status),
    _route("/exchange/schedule", _schedule),
    _route("/series/fee_changes", _series_fees),
    _route("/series", _series_list),
    _route("/series/{}", _series),
    _route("/series/{}/markets/{}/candlesticks", _candles),
    _route("/events/fee_changes", _event_fees),
    _route("/events", _events),
    _route("/events/{}", _event),
    _route("/markets", _markets),
    _route("/markets/trades", _trades),
    _route("/markets/orderbooks", _orderbooks),
    _route("/markets/candlesticks", _many_candles),
    _route("/markets/{}", _one_market),
    _route("/markets/{}/orderbook", _orderbook),
    _route("/historical/cutoff", _cutoff),
    _route("/historical/markets", _old_markets),
    _route("/historical/trades", _old_trades),
    _route("/historical/markets/{}", _old_market),
    _route("/historical/markets/{}/candlesticks", _old_candles),
    _route("/milestones", _milestones),
    _route("/milestones/{}", _milestone),
    _route("/live_data/batch", _live_datas),
    _route("/live_data/milestone/{}", _live_data),
    _route("/live_data/milestone/{}/game_stats", _game_stats),
    _route("/portfolio/settlements", _settlements, private=True),
    _route("/account/endpoint_costs", _costs),
)
"""Paths below the root, what answers them, and whether they need a signature."""

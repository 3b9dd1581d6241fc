"""Filters and pages of the simulated Kalshi REST interface.

Called by `venues.simulator.kalshi.rest`; raises its two errors for what a client asks wrongly.
"""

import base64
import binascii
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Final

import attrs

from venues.simulator.kalshi import bodies
from venues.simulator.wire.http import Request
from venues.simulator.world.listing import Family
from venues.simulator.world.live import LiveEvening
from venues.simulator.world.market import Market, Printed
from venues.simulator.world.settings import SECOND

Row = dict[str, object]
FILTERS: Final = {
    "unopened": ("initialized",),
    "open": ("active",),
    "paused": ("inactive",),
    "closed": ("closed", "determined", "disputed", "amended"),
    "settled": ("finalized",),
}
"""What each word of the status filter covers; the statuses themselves are refused."""


class Unknown(LookupError):
    """Nothing of that name is listed."""


class BadQuery(ValueError):
    """A parameter that the venue refuses; the text is its `details`."""


def number(request: Request, name: str, otherwise: int) -> int:
    """A parameter that is a whole number. Raises BadQuery for anything else."""
    text = request.one(name)
    if not text:
        return otherwise
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise BadQuery(f"{name} must be an integer")
    return int(text)


@attrs.frozen
class Page:
    """Which part of the rows is asked for."""

    start: int
    limit: int

    @classmethod
    def of(cls, request: Request, default: int, most: int) -> "Page":
        """The page a request asks for. Raises BadQuery for a limit or cursor that cannot be."""
        limit = number(request, "limit", default)
        if not 1 <= limit <= most:
            raise BadQuery(f"limit must be between 1 and {most}")
        cursor = request.one("cursor")
        try:
            start = int(base64.urlsafe_b64decode(cursor)) if cursor else 0
        except (ValueError, binascii.Error) as error:
            raise BadQuery("invalid cursor") from error
        return cls(start, limit)


def page(rows: Iterable[Row], wanted: Page) -> tuple[list[Row], str]:
    """The rows of a page and the cursor of the next, "" after the last."""
    taken = list(islice(rows, wanted.start, wanted.start + wanted.limit + 1))
    if len(taken) <= wanted.limit:
        return taken, ""
    following = f"{wanted.start + wanted.limit}".encode()
    return taken[:-1], base64.urlsafe_b64encode(following).decode()


def _statuses(request: Request) -> set[str] | None:
    """The market statuses asked for, None for all."""
    text = request.one("status")
    if not text:
        return None
    words = text.split(",")
    # The venue refuses its own status words as filters, `finalized` for one, with 400.
    if any(word not in FILTERS for word in words):
        raise BadQuery("invalid status filter")
    return {status for word in words for status in FILTERS[word]}


def event_rows(live: LiveEvening, request: Request) -> list[Row]:
    """The events that a request of /events asks for; an event matches a status if any of its markets does.

    Events of all times are there, but without the markets that are in the archive.
    """
    statuses = _statuses(request)
    series, tickers = request.one("series_ticker"), set(request.one("tickers").split(",")) - {""}
    closes_after = number(request, "min_close_ts", 0) * SECOND
    nested = request.one("with_nested_markets") == "true"
    rows = []
    for game in live.all_games:
        for family in Family:
            ticker = game.listing.event_ticker(family)
            markets = [market for market in game.markets if market.listing.family is family]
            if (series and series != family.value) or (tickers and ticker not in tickers):
                continue
            if statuses is not None and not any(market.status in statuses for market in markets):
                continue
            if all(market.close_at >= closes_after for market in markets):
                rows.append(bodies.event(game, family, nested=nested, there=live.listed))
    return rows


def market_rows(live: LiveEvening, request: Request) -> list[Row]:
    """The markets that a request of /markets asks for; those in the archive are not among them."""
    statuses = _statuses(request)
    return _rows_of(
        live,
        request,
        lambda market: (statuses is None or market.status in statuses) and live.listed(market),
    )


def archived_market_rows(live: LiveEvening, request: Request) -> list[Row]:
    """The markets that a request of /historical/markets asks for. The venue knows no other filter there."""
    return _rows_of(live, request, live.history.archived)


def _rows_of(live: LiveEvening, request: Request, there: Callable[[Market], bool]) -> list[Row]:
    event, series = request.one("event_ticker"), request.one("series_ticker")
    tickers = set(request.one("tickers").split(",")) - {""}

    def wanted(market: Market) -> bool:
        listing = market.listing
        return (
            event in {"", listing.event_ticker}
            and series in {"", listing.family.value}
            and (not tickers or listing.ticker in tickers)
            and there(market)
        )

    return [
        bodies.market_body(game.listing, market)
        for game in live.all_games
        for market in game.markets
        if wanted(market)
    ]


def trade_rows(live: LiveEvening, request: Request) -> list[Row]:
    """The public trades that a request of /markets/trades asks for, newest first."""
    cutoff_at = live.history.cutoff_at
    return [bodies.trade_row(printed) for printed in _prints(live, request) if printed.at >= cutoff_at]


def archived_trade_rows(live: LiveEvening, request: Request) -> list[Row]:
    """The same of /historical/trades: those of before the cutoff, whenever their markets were settled."""
    cutoff_at = live.history.cutoff_at
    return [bodies.trade_row(printed) for printed in _prints(live, request) if printed.at < cutoff_at]


def _prints(live: LiveEvening, request: Request) -> list[Printed]:
    """The trades of a market, or of all, within whole seconds; newest first."""
    ticker = request.one("ticker")
    least = number(request, "min_ts", 0) * SECOND
    most = number(request, "max_ts", 1 << 40) * SECOND + SECOND
    if ticker:
        market = live.market(ticker)
        prints = list(market.prints) if market else []
    else:
        markets = [*live.history.markets.values(), *live.world.markets.values()]
        prints = [printed for market in markets for printed in market.prints]
        prints.sort(key=lambda printed: printed.at)
    return [printed for printed in reversed(prints) if least <= printed.at < most]

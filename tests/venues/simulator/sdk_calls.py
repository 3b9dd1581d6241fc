"""Every answer of the simulated Kalshi REST interface, read by the venue's own client.

Run by `test_sdk.py` with the Python of another environment, which has that client and nothing of ours; so it
must not import the project. Reads what `tipoff simulate --json` printed from standard input, and prints one
JSON document: the type of each answer, what went wrong, and the paths that were asked for.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import kalshi_python_sync as kalshi
from kalshi_python_sync.auth import KalshiAuth

ROOT = "/trade-api/v2"
DAY_S = 86_400
WAIT_S = 60.0


class Caller:
    """Calls the client, and notes what came of it."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        """`told` is what the simulator printed."""
        self.client = kalshi.ApiClient(kalshi.Configuration(host=told["kalshi_rest"]))
        self.client.kalshi_auth = KalshiAuth(told["key_id"], told["private_key"])
        self.answers: dict[str, str] = {}
        self.failures: dict[str, str] = {}
        self.paths: list[str] = []
        asked = self.client.rest_client.request

        def noting(method: str, url: str, **more: object) -> object:
            self.paths.append(url.partition(ROOT)[2].partition("?")[0])
            return asked(method, url, **more)

        self.client.rest_client.request = noting

    def call(self, name: str, ask: Callable[[], Any]) -> Any:  # noqa: ANN401 - the client's own classes
        """Ask, and note the answer's type or the error."""
        try:
            found = ask()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            self.failures[name] = f"{type(error).__name__}: {error}"[:1_000]
            return None
        self.answers[name] = type(found).__name__
        return found

    def either(self, name: str, ask: Callable[[], Any]) -> None:
        """Ask for what there may not be: the client must understand the answer or the refusal."""
        try:
            self.answers[name] = type(ask()).__name__
        except kalshi.exceptions.NotFoundException as error:
            self.answers[name] = f"HTTP {error.status}"
        except Exception as error:  # noqa: BLE001 - as above
            self.failures[name] = f"{type(error).__name__}: {error}"[:1_000]


def listings(caller: Caller) -> tuple[str, str]:
    """Exchange, series, events and markets; returns an event and a market of it."""
    exchange, events = kalshi.ExchangeApi(caller.client), kalshi.EventsApi(caller.client)
    markets = kalshi.MarketApi(caller.client)
    caller.call("status", exchange.get_exchange_status)
    caller.call("schedule", exchange.get_exchange_schedule)
    caller.call("series fees", exchange.get_series_fee_changes)
    caller.call("series", lambda: markets.get_series("KXNBAGAME"))
    caller.call("all series", markets.get_series_list)
    caller.call("event fees", events.get_event_fee_changes)
    found = caller.call(
        "events", lambda: events.get_events(series_ticker="KXNBAGAME", with_nested_markets=True)
    )
    event, market = found.events[0].event_ticker, found.events[0].markets[0].ticker
    caller.call("event", lambda: events.get_event(event, with_nested_markets=True))
    caller.call("markets", lambda: markets.get_markets(event_ticker=event))
    caller.call("market", lambda: markets.get_market(market))
    return event, market


def prices(caller: Caller, market: str) -> None:
    """Books, trades and candles of a market, as soon as there has been a trade."""
    markets = kalshi.MarketApi(caller.client)
    caller.call("book", lambda: markets.get_market_orderbook(market))
    caller.call("books", lambda: markets.get_market_orderbooks([market]))
    ends = time.monotonic() + WAIT_S
    trades = None
    while time.monotonic() < ends and "trades" not in caller.failures:
        trades = caller.call("trades", lambda: markets.get_trades(ticker=market))
        if trades is not None and trades.trades:
            break
    else:
        caller.failures.setdefault("trades", f"no trade within {WAIT_S:g} s")
        return
    at = int(trades.trades[0].created_time.timestamp())
    span = {"start_ts": at - DAY_S, "end_ts": at + DAY_S, "period_interval": 60}
    caller.call("candles", lambda: markets.get_market_candlesticks("KXNBAGAME", market, **span))
    caller.call("many candles", lambda: markets.batch_get_market_candlesticks(market, **span))


def history(caller: Caller, market: str) -> None:
    """What is old: of a simulated evening there is nothing."""
    old = kalshi.HistoricalApi(caller.client)
    caller.call("cutoff", old.get_historical_cutoff)
    caller.call("old markets", old.get_historical_markets)
    caller.call("old trades", old.get_trades_historical)
    caller.either("old market", lambda: old.get_historical_market(market))
    caller.either("old candles", lambda: old.get_market_candlesticks_historical(market, 0, DAY_S, 60))


def games(caller: Caller, event: str) -> None:
    """Milestones and the data of a game, and what only a key's owner may see."""
    milestones, live = kalshi.MilestoneApi(caller.client), kalshi.LiveDataApi(caller.client)
    found = caller.call("milestones", lambda: milestones.get_milestones(limit=10))
    number = found.milestones[0].id
    caller.call("milestone", lambda: milestones.get_milestone(number))
    caller.either("event data", lambda: live.get_event_live_data(event))
    caller.either("many games' data", lambda: live.get_live_datas([number]))
    caller.call("game data", lambda: live.get_live_data_by_milestone(number))
    caller.call("game stats", lambda: live.get_game_stats(number))
    caller.call("settlements", kalshi.PortfolioApi(caller.client).get_settlements)
    caller.call("costs", kalshi.AccountApi(caller.client).get_account_endpoint_costs)


def main() -> None:
    """Make all calls."""
    caller = Caller(json.loads(sys.stdin.readline()))
    event, market = listings(caller)
    prices(caller, market)
    history(caller, market)
    games(caller, event)
    told = {"answers": caller.answers, "failures": caller.failures, "paths": sorted(set(caller.paths))}
    json.dump({"client": kalshi.__version__, **told}, sys.stdout)


if __name__ == "__main__":
    main()

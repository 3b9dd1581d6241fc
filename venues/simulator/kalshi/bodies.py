"""Kalshi's REST bodies as verbatim objects: events, markets, series, trades, status.

Pure writers over the simulated world's state, shared by the pure evening and the live service. Field names
and values follow recorded bodies of basketball markets.
"""

from collections.abc import Callable
from datetime import date
from typing import Final

from engine.units import Count, format_count
from venues.simulator.wire.timestamps import kalshi_time, whole_second
from venues.simulator.world.book import NO, SIDE_TEXT, YES
from venues.simulator.world.game import Game
from venues.simulator.world.listing import Family, GameListing, MarketListing
from venues.simulator.world.market import Market, Printed
from venues.simulator.world.rare_events import FeeChange
from venues.simulator.world.settings import MINUTE
from venues.simulator.world.units import BOOK_SIDE_TEXT, CENTS_TEXT

SHARD: Final = 3
"""The exchange shard of basketball."""
SCOPES: Final = {Family.GAME: "Game", Family.SPREAD: "Spread", Family.TOTAL: "Point Total"}
SERIES_TITLES: Final = {
    Family.GAME: "Professional Basketball Game",
    Family.SPREAD: "Pro Basketball Spread",
    Family.TOTAL: "Pro Basketball Total Points",
}
SOURCES: Final = [{"name": "the Governing League", "url": "https://www.nba.com"}]
POSTPONEMENT_RULE: Final = (
    "If this game is postponed or delayed, the market will remain open and close after the rescheduled game "
    "has finished (within 2 days). If the cancelled game is not played or is rescheduled further than 2 days "
    "out, all markets will resolve to a fair price in accordance with the rules."
)
HOURS: Final = {"open_time": "00:00", "close_time": "24:00"}
THURSDAY: Final = [
    {"open_time": "00:00", "close_time": "03:00"},
    {"open_time": "05:00", "close_time": "24:00"},
]


def exchange_status(*, trading: bool = True) -> dict[str, object]:
    """GET /exchange/status."""
    flags = {"exchange_active": True, "trading_active": trading, "intra_exchange_transfers_active": trading}
    shards = ((0, "Default"), (SHARD, "Basketball"))
    return flags | {
        "exchange_index_statuses": [
            {"exchange_index": index, "description": text, **flags} for index, text in shards
        ]
    }


def exchange_schedule() -> dict[str, object]:
    """GET /exchange/schedule: always open but Thursdays from three to five, Eastern."""
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    week = {day: THURSDAY if day == "thursday" else [HOURS] for day in days}
    period = {"start_time": "2026-01-01T05:00:00Z", "end_time": "2027-12-31T05:00:00Z"}
    return {"schedule": {"standard_hours": [period | week], "maintenance_windows": []}}


def series(family: Family) -> dict[str, object]:
    """One series object."""
    return {
        "additional_prohibitions": [],
        "categories": ["Sports"],
        "category": "Sports",
        "contract_terms_url": "https://assets.kalshi.com/contract_terms/BASKETBALL.pdf",
        "contract_url": "https://assets.kalshi.com/regulatory/product-certifications/BASKETBALL.pdf",
        "exchange_index": SHARD,
        "fee_multiplier": 1,
        "fee_type": "quadratic_with_maker_fees",
        "frequency": "custom",
        "last_updated_ts": "2026-10-01T15:45:47.523967Z",
        "product_metadata": {"scope": SCOPES[family]},
        "settlement_sources": SOURCES,
        "tags": ["Basketball"],
        "ticker": family.value,
        "title": SERIES_TITLES[family],
    }


def fee_change(change: FeeChange) -> dict[str, object]:
    """One row of the changes of events' own fees."""
    return {
        "id": f"event-fee-{change.number}",
        "event_ticker": change.game.listing.event_ticker(Family.GAME),
        "series_ticker": Family.GAME.value,
        "fee_type_override": change.fee_type,
        "fee_multiplier_override": change.multiplier,
        "scheduled_ts": kalshi_time(change.at),
    }


def event(game: Game, family: Family, *, nested: bool, there: Callable[[Market], bool]) -> dict[str, object]:
    """One event object, if `nested` with those of its markets that are there."""
    fixture = game.listing
    pair = f"{fixture.away.label} at {fixture.home.label}"
    titles = {Family.GAME: pair, Family.SPREAD: f"{pair}: Spread", Family.TOTAL: f"{pair}: Total Points"}
    body: dict[str, object] = {
        "available_on_brokers": True,
        "category": "Sports",
        "collateral_return_type": "MECNET" if family is Family.GAME else "",
        "event_ticker": fixture.event_ticker(family),
        "exchange_index": SHARD,
        "last_updated_ts": kalshi_time(_created(fixture)),
        "mutually_exclusive": family is Family.GAME,
        "product_metadata": {"competition": "Pro Basketball (M)", "competition_scope": SCOPES[family]},
        "series_ticker": family.value,
        "settlement_sources": SOURCES,
        "strike_period": "",
        "sub_title": f"{fixture.away.code} vs {fixture.home.code} ({_day(fixture)})",
        "title": titles[family],
    }
    if family is Family.GAME and game.own_fees is not None:
        body["fee_type_override"], body["fee_multiplier_override"] = game.own_fees
    if nested:
        body["markets"] = [
            market_body(fixture, market)
            for market in game.markets
            if market.listing.family is family and there(market)
        ]
    return body


def market_body(fixture: GameListing, market: Market) -> dict[str, object]:
    """One market object with its state at this moment."""
    body = _terms(fixture, market) | _quotes(market)
    body |= {
        "expiration_value": _expiration_value(market),
        "result": market.result,
        "status": market.status,
        "updated_time": kalshi_time(max(_created(fixture), market.determined_at or 0)),
    }
    if market.settlement_cents is not None and market.determined_at is not None:
        body["settlement_value_dollars"] = CENTS_TEXT[market.settlement_cents]
        if market.settled_at is not None:
            body["settlement_ts"] = kalshi_time(market.settled_at)
    return body


def _terms(fixture: GameListing, market: Market) -> dict[str, object]:
    listing = market.listing
    created = market.created_at or _created(fixture)
    body: dict[str, object] = {
        "can_close_early": True,
        "close_time": whole_second(market.close_at),
        "created_time": kalshi_time(created),
        "early_close_condition": "This market will close and expire after a winner is declared.",
        "event_ticker": listing.event_ticker,
        "exchange_index": SHARD,
        # Three hours after the scheduled start to the second, on every game market seen.
        "expected_expiration_time": whole_second(fixture.tip_at + 180 * MINUTE),
        # Two days after the start: the rule on postponed games keeps a market open for so long.
        "expiration_time": whole_second(fixture.tip_at + 2880 * MINUTE),
        "latest_expiration_time": whole_second(fixture.tip_at + 2880 * MINUTE),
        "market_type": "binary",
        # The same as `yes_sub_title` on these markets, not the opponent.
        "no_sub_title": listing.label,
        "notional_value_dollars": "1.0000",
        "occurrence_datetime": whole_second(fixture.tip_at + 180 * MINUTE),
        "open_time": whole_second(created if market.created_at else created + 10 * MINUTE),
        "price_level_structure": "linear_cent",
        "price_ranges": [{"end": "1.0000", "start": "0.0000", "step": "0.0100"}],
        "rules_primary": _rule(fixture, listing),
        "rules_secondary": POSTPONEMENT_RULE,
        "settlement_bounds_type": "default",
        "settlement_timer_seconds": 90,
        "strike_type": "structured" if listing.family is Family.GAME else "greater",
        "ticker": listing.ticker,
        "title": _title(fixture, listing),
        "yes_sub_title": listing.label,
    }
    if listing.team is not None:
        body["custom_strike"] = {"basketball_team": fixture.team_ids[int(listing.at_home)]}
    if listing.family is not Family.GAME:
        body["floor_strike"] = listing.strike
    return body


def _quotes(market: Market) -> dict[str, object]:
    yes_bid, yes_ask, bid_size, ask_size, _ = market.top()
    return {
        "last_price_dollars": CENTS_TEXT[market.last_cents],
        "no_ask_dollars": CENTS_TEXT[100 - yes_bid],
        "no_bid_dollars": CENTS_TEXT[100 - yes_ask],
        "open_interest_fp": format_count(Count(market.open_interest)),
        "previous_price_dollars": "0.0000",
        "previous_yes_ask_dollars": "0.0000",
        "previous_yes_bid_dollars": "0.0000",
        "volume_24h_fp": format_count(Count(market.volume)),
        "volume_fp": format_count(Count(market.volume)),
        "yes_ask_dollars": CENTS_TEXT[yes_ask],
        "yes_ask_size_fp": format_count(Count(ask_size)),
        "yes_bid_dollars": CENTS_TEXT[yes_bid],
        "yes_bid_size_fp": format_count(Count(bid_size)),
    }


def _expiration_value(market: Market) -> str:
    if market.determined_at is None or market.result == "scalar":
        return ""
    return market.listing.label if market.result == "yes" else "No"


def _rule(fixture: GameListing, listing: MarketListing) -> str:
    pair = f"{fixture.away.label} at {fixture.home.label}"
    when = f"Pro Basketball game originally scheduled for {_day(fixture)}, {fixture.date[:4]}"
    if listing.team is None:
        what = f"If the teams in the {pair} {when} collectively score more than {listing.strike} points"
    elif listing.family is Family.GAME:
        what = f"If {listing.team.label} wins the {pair} {when}"
    else:
        what = f"If {listing.team.label} wins by more than {listing.strike} points in the {pair} {when}"
    return f"{what}, then the market resolves to Yes."


def _title(fixture: GameListing, listing: MarketListing) -> str:
    if listing.family is Family.GAME:
        return f"{fixture.away.label} at {fixture.home.label} Winner?"
    if listing.team is None:
        return f"{fixture.away.label} at {fixture.home.label}: Total Points"
    return f"{listing.team.label} wins by over {listing.strike} points?"


def _day(fixture: GameListing) -> str:
    day = date.fromisoformat(fixture.date)
    return f"{day:%b} {day.day}"


def _created(fixture: GameListing) -> int:
    """Markets are listed two days before the game."""
    return fixture.tip_at - 2 * 24 * 60 * MINUTE + 573_613_000


def orderbook(market: Market, depth: int = 0) -> dict[str, object]:
    """The book as in REST: bids only, ascending; `depth` keeps the best levels, 0 all."""
    sides: dict[str, object] = {}
    for side, key in ((YES, "yes_dollars"), (NO, "no_dollars")):
        levels = [
            [CENTS_TEXT[cents], format_count(Count(size))] for cents, size in market.book.ascending(side)
        ]
        # REST writes an empty side as an empty list; the stream leaves its key out.
        sides[key] = levels[-depth:] if depth else levels
    return sides


def trade_row(printed: Printed) -> dict[str, object]:
    """One public trade, as live and archived ones are written."""
    outcome = SIDE_TEXT[printed.taker]
    return {
        "count_fp": format_count(Count(printed.size)),
        "created_time": kalshi_time(printed.at),
        "is_block_trade": False,
        "no_price_dollars": CENTS_TEXT[100 - printed.cents],
        "taker_book_side": BOOK_SIDE_TEXT[printed.taker],
        "taker_outcome_side": outcome,
        "taker_side": outcome,
        "ticker": printed.market.listing.ticker,
        "trade_id": printed.trade_id,
        "yes_price_dollars": CENTS_TEXT[printed.cents],
    }

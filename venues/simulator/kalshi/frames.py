"""Kalshi's WebSocket frames as verbatim texts, in the key order of recorded ones.

Pure writers: subscription ids and sequence numbers come in as arguments, so that the pure evening and every
live connection number for themselves.
"""

from collections.abc import Iterable
from typing import Final

from engine.units import Count, format_count
from venues.simulator.wire.json_text import compact
from venues.simulator.wire.timestamps import kalshi_time
from venues.simulator.world.book import NO, SIDE_TEXT, YES
from venues.simulator.world.market import LevelChanged, LifeChanged, Market, Printed
from venues.simulator.world.settings import SECOND
from venues.simulator.world.units import BOOK_SIDE_TEXT, CENTS_TEXT

MILLISECOND: Final = 1_000_000


def subscribed(command: int, channel: str, sid: int) -> str:
    """The answer to a first subscribe to a channel; it has no sequence number."""
    return f'{{"type":"subscribed","id":{command},"msg":{{"channel":"{channel}","sid":{sid}}}}}'


def ok(command: int, sid: int, seq: int, tickers: Iterable[str] | None) -> str:
    """The answer to a merged subscribe or an update, with the full list of tickers unless it was declined."""
    body: dict[str, object] = {"type": "ok", "id": command, "sid": sid, "seq": seq}
    if tickers is not None:
        body["msg"] = {"market_tickers": sorted(tickers)}
    return compact(body)


def unsubscribed(command: int, sid: int, seq: int) -> str:
    """The answer to an unsubscribe."""
    return f'{{"id":{command},"sid":{sid},"seq":{seq},"type":"unsubscribed"}}'


def listed(command: int, subscriptions: Iterable[tuple[str, int]]) -> str:
    """The answer to list_subscriptions."""
    rows = [{"channel": channel, "sid": sid} for channel, sid in subscriptions]
    return compact({"id": command, "type": "ok", "msg": rows})


def error(
    command: int | None, code: int, text: str, *, sid: int | None = None, seq: int | None = None
) -> str:
    """An error; terminal ones of a subscription carry its sid and seq and no command."""
    body: dict[str, object] = {}
    if command is not None:
        body["id"] = command
    body["type"] = "error"
    if sid is not None:
        body["sid"] = sid
    if seq is not None:
        body["seq"] = seq
    body["msg"] = {"code": code, "msg": text}
    return compact(body)


def price_text(side: int, cents: int, *, yes_prices: bool) -> str:
    """A level's price in its own side's terms, or in YES terms."""
    return CENTS_TEXT[100 - cents if yes_prices and side == NO else cents]


def snapshot(market: Market, sid: int, seq: int, *, yes_prices: bool = False) -> str:
    """The whole book; the key of an empty side is left out."""
    message: dict[str, object] = {
        "market_ticker": market.listing.ticker,
        "market_id": market.listing.market_id,
    }
    for side, key in ((YES, "yes_dollars_fp"), (NO, "no_dollars_fp")):
        levels = [
            [price_text(side, cents, yes_prices=yes_prices), format_count(Count(size))]
            for cents, size in market.book.ascending(side)
        ]
        if levels:
            message[key] = levels
    return compact({"type": "orderbook_snapshot", "sid": sid, "seq": seq, "msg": message})


def delta(happened: LevelChanged, sid: int, seq: int, *, yes_prices: bool = False) -> str:
    """One change of one level."""
    listing = happened.market.listing
    price = price_text(happened.side, happened.cents, yes_prices=yes_prices)
    return (
        f'{{"type":"orderbook_delta","sid":{sid},"seq":{seq},"msg":{{"market_ticker":"{listing.ticker}",'
        f'"market_id":"{listing.market_id}","price_dollars":"{price}",'
        f'"delta_fp":"{format_count(Count(happened.delta))}","side":"{SIDE_TEXT[happened.side]}",'
        f'"ts":"{kalshi_time(happened.at)}","ts_ms":{happened.at // MILLISECOND}}}}}'
    )


def trade(happened: Printed, sid: int, seq: int) -> str:
    """A public trade."""
    outcome = SIDE_TEXT[happened.taker]
    yes, no = CENTS_TEXT[happened.cents], CENTS_TEXT[100 - happened.cents]
    return (
        f'{{"type":"trade","sid":{sid},"seq":{seq},"msg":{{"trade_id":"{happened.trade_id}",'
        f'"market_ticker":"{happened.market.listing.ticker}","yes_price_dollars":"{yes}",'
        f'"no_price_dollars":"{no}","count_fp":"{format_count(Count(happened.size))}",'
        f'"taker_side":"{outcome}","taker_outcome_side":"{outcome}",'
        f'"taker_book_side":"{BOOK_SIDE_TEXT[happened.taker]}","is_block_trade":false,'
        f'"ts":{happened.at // SECOND},"ts_ms":{happened.at // MILLISECOND}}}}}'
    )


def ticker(market: Market, at: int, sid: int) -> str:
    """Top of the book and totals; volume and open interest count both sides of a trade, as in reality."""
    yes_bid, yes_ask, bid_size, ask_size, _ = market.top()
    listing = market.listing
    return (
        f'{{"type":"ticker","sid":{sid},"msg":{{"market_ticker":"{listing.ticker}","market_id":"{listing.market_id}",'
        f'"price_dollars":"{CENTS_TEXT[market.last_cents]}","yes_bid_dollars":"{CENTS_TEXT[yes_bid]}",'
        f'"yes_ask_dollars":"{CENTS_TEXT[yes_ask]}","volume_fp":"{format_count(Count(2 * market.volume))}",'
        f'"open_interest_fp":"{format_count(Count(2 * market.open_interest))}",'
        f'"dollar_volume":{market.volume // 100},"dollar_open_interest":{market.open_interest // 100},'
        f'"yes_bid_size_fp":"{format_count(Count(bid_size))}","yes_ask_size_fp":"{format_count(Count(ask_size))}",'
        f'"last_trade_size_fp":"{format_count(Count(market.last_count))}","ts":{at // SECOND},'
        f'"ts_ms":{at // MILLISECOND},"time":"{kalshi_time(at)}"}}}}'
    )


def lifecycle(happened: LifeChanged, sid: int, seq: int) -> str:
    """A step of a market's life cycle."""
    market = happened.market
    message: dict[str, object] = {
        "market_ticker": market.listing.ticker,
        "event_type": happened.event_type,
    }
    match happened.event_type:
        case "close_date_updated":
            message["close_ts"] = market.close_at // SECOND
        case "determined" if market.settlement_cents is not None:
            message["result"] = market.result
            message["determination_ts"] = happened.at // SECOND
            message["settlement_value"] = CENTS_TEXT[market.settlement_cents]
        case "settled":
            message["settled_ts"] = happened.at // SECOND
        case _:
            pass
    return compact({"type": "market_lifecycle_v2", "sid": sid, "seq": seq, "msg": message})

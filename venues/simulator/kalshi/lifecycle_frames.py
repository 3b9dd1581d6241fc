"""Frames of Kalshi's stream about the life cycle of markets and the fees of events, as verbatim texts.

Pure writers, beside `venues.simulator.kalshi.frames`: these need what the REST bodies say of a market.
"""

from venues.simulator.kalshi import frames
from venues.simulator.kalshi.bodies import SHARD, market_body
from venues.simulator.wire.json_text import compact
from venues.simulator.world.events import FeesOverridden
from venues.simulator.world.game import MarketCreated
from venues.simulator.world.market import LifeChanged
from venues.simulator.world.settings import SECOND

Lived = LifeChanged | MarketCreated | FeesOverridden
"""What the channel of the market life cycle carries."""
COPIED = (
    "title",
    "yes_sub_title",
    "no_sub_title",
    "rules_primary",
    "rules_secondary",
    "can_close_early",
    "event_ticker",
)
SAID_WITH_STRIKE = ("strike_type", "floor_strike", "custom_strike")


def kind_of(happened: Lived) -> str:
    """The frame's type."""
    return "event_fee_update" if isinstance(happened, FeesOverridden) else "market_lifecycle_v2"


def lived(happened: Lived, sid: int, seq: int) -> str:
    """The frame of such an event."""
    match happened:
        case LifeChanged():
            return frames.lifecycle(happened, sid, seq)
        case MarketCreated():
            message = _created(happened)
        case FeesOverridden():
            message = {
                "event_ticker": happened.event_ticker,
                "fee_type_override": happened.fee_type,
                "fee_multiplier_override": happened.multiplier,
            }
    return compact({"type": kind_of(happened), "sid": sid, "seq": seq, "msg": message})


def _created(happened: MarketCreated) -> dict[str, object]:
    listing, market = happened.game.listing, happened.market
    body = market_body(listing, market)
    expected = listing.tip_at + 180 * 60 * SECOND
    metadata = {"name": body["title"], **{key: body[key] for key in COPIED}}
    metadata["expected_expiration_ts"] = expected // SECOND
    metadata |= {key: body[key] for key in SAID_WITH_STRIKE if key in body}
    return {
        "market_ticker": market.listing.ticker,
        "event_type": "created",
        "exchange_index": SHARD,
        "open_ts": happened.at // SECOND,
        "close_ts": market.close_at // SECOND,
        "price_level_structure": body["price_level_structure"],
        "price_ranges": body["price_ranges"],
        "additional_metadata": metadata,
    }

"""Rules on the market of an entry: its kind, freshness, spread, and the order's price and size in it.

Asked by the risk gate, in the order of `MARKET_RULES`, for entries only; what an exit must satisfy too is in
the gate. What is missing or not a number is a no.
"""

import math
from typing import Final

from engine.events import BookSide, TopChanged
from engine.orders import Liquidity, PlaceOrder
from engine.reasons import DenialReason
from engine.risk.order_context import (
    Denial,
    OrderContext,
    Rule,
    missing,
)
from engine.units import NANOS_PER_SECOND, PRICE_ONE, Price, format_count
from engine.view import displayed

HAIR = 1e-9


def market_type(context: OrderContext) -> Denial | None:
    """Only kinds of markets that are allowed."""
    allowed = context.limits.market_types
    if _by_hand(context) or allowed is None or context.market.kind in allowed:
        return None
    return Denial(DenialReason.MARKET_TYPE, context.market.kind or "unknown", " ".join(sorted(allowed)))


def game_matched(context: OrderContext) -> Denial | None:
    """Only games that were matched to a real one, and that go on."""
    game = context.market.game
    if _by_hand(context):
        return None
    if game.known is None or not game.known.matched:
        return Denial(DenialReason.GAME_UNMATCHED, "unmatched", "matched")
    # The result may be known to the market before the venue closes it.
    if game.over:
        phase = "" if game.score is None else game.score.phase.value
        return Denial(DenialReason.MARKET_INACTIVE, f"game {phase}", "a game to come or going on")
    return None


def scores_agree(context: OrderContext) -> Denial | None:
    """No entries while two score sources contradict each other."""
    if context.market.game.disagree:
        return Denial(DenialReason.SCORES_DISAGREE, "contradicting", "agreeing")
    return None


def pregame_over(context: OrderContext) -> Denial | None:
    """No entry on odds of before once anybody has said that the game may have begun.

    In play a score must say so, and a row of odds must have been said since.
    """
    game = context.market.game
    over = game.beginning.over(context.now)
    if over is None or not context.account.traits.rests_on_odds:
        return None
    word = f"{over.by.value} {(context.now - over.at) / NANOS_PER_SECOND:.3f} s ago"
    if not game.live:
        return Denial(DenialReason.PREGAME_OVER, word, "a game to come, or a score in play")
    if not context.odds():
        return Denial(DenialReason.PREGAME_OVER, word, "odds that were said since")
    return None


def near_close(context: OrderContext) -> Denial | None:
    """No entries shortly before the market closes; a market without a known close time has none near."""
    limit = context.limits.strictest["near_close_seconds"]
    known = context.market.known
    # The venue's close time lies days after a game until the game ends, so this rule speaks rarely in play.
    if limit is None or known is None or known.close_at is None:
        return None
    left = (known.close_at - context.now) / NANOS_PER_SECOND
    if left >= limit:
        return None
    return Denial(DenialReason.NEAR_CLOSE, f"{left:.3f} s", f"{limit:g} s")


def book_age(context: OrderContext) -> Denial | None:
    """Best prices must have been heard recently."""
    limit = context.limits.strictest["book_age_seconds"]
    top = context.market.top
    if limit is None:
        return None
    if top is None:
        return missing("best prices")
    age = (context.now - top.at) / NANOS_PER_SECOND
    if age <= limit:
        return None
    return Denial(DenialReason.BOOK_AGE, f"{age:.3f} s", f"{limit:g} s")


def feed_lag(context: OrderContext) -> Denial | None:
    """What was decided on had better not be over at the venue."""
    limit = context.limits.strictest["feed_lag_seconds"]
    lag = context.feed_lag / NANOS_PER_SECOND
    if limit is None or lag <= limit:
        return None
    return Denial(DenialReason.FEED_LAG, f"{lag:.3f} s", f"{limit:g} s")


def odds_age(context: OrderContext) -> Denial | None:
    """Strategies of odds may not enter on old ones: the freshest row of the game counts."""
    limit = context.limits.strictest["odds_age_seconds"]
    if limit is None or not context.account.traits.rests_on_odds:
        return None
    rows = context.odds().values()
    if not rows:
        return missing("odds of the game")
    newest = max(row.said_at for row in rows)
    age = (context.now - newest) / NANOS_PER_SECOND
    if age <= limit:
        return None
    return Denial(DenialReason.ODDS_AGE, f"{age:.3f} s", f"{limit:g} s")


def spread(context: OrderContext) -> Denial | None:
    """Only markets with two sides that are close together."""
    limit = context.limits.strictest["spread_cents"]
    if limit is None or _by_hand(context):
        return None
    cents = context.market.spread()
    if cents is None:
        return missing("a price of each side")
    if cents / 100 <= limit + HAIR:
        return None
    return Denial(DenialReason.SPREAD, f"{cents / 100:.2f} cents", f"{limit:g} cents")


def collar_fair(context: OrderContext) -> Denial | None:
    """A price far from the strategy's own fair value is a mistake, in whichever direction."""
    limit = context.limits.strictest["collar_fair_cents"]
    p_fair = context.order.p_fair
    # A control or an order by hand claims no fair value; one that it does claim is held against it.
    if limit is None or (p_fair is None and not context.account.traits.has_opinion):
        return None
    if p_fair is None or not math.isfinite(p_fair) or not 0.0 <= p_fair <= 1.0:
        return missing(f"fair value {p_fair}")
    off = abs(context.order.price / 100 - 100 * p_fair)
    if off <= limit + HAIR:
        return None
    return Denial(DenialReason.COLLAR_FAIR, f"{off:.4f} cents", f"{limit:g} cents")


def collar_last(context: OrderContext) -> Denial | None:
    """A price far beyond the middle of the best prices would pay whatever is there."""
    limit = context.limits.strictest["collar_last_cents"]
    if limit is None or _by_hand(context):
        return None
    p_mid = context.market.p_mid()
    if p_mid is None:
        return missing("a middle of the best prices")
    off = abs(context.order.price / 100 - 100 * p_mid)
    if off <= limit + HAIR:
        return None
    return Denial(DenialReason.COLLAR_LAST, f"{off:.4f} cents", f"{limit:g} cents")


def depth_share(context: OrderContext) -> Denial | None:
    """An order that takes must be small beside what is displayed; one that rests takes nothing."""
    limit = context.limits.strictest["depth_share"]
    top = context.market.top
    if limit is None or _by_hand(context):
        return None
    if top is None:
        return missing("best prices")
    if not takes(context.order, top):
        return None
    _price, depth = displayed(top, buying=context.order.side is BookSide.BID)
    if context.order.count <= limit * depth + HAIR:
        return None
    use = f"{format_count(context.order.count)} of {format_count(depth)} contracts"
    return Denial(DenialReason.DEPTH_SHARE, use, f"{limit:g}")


def edge(context: OrderContext) -> Denial | None:
    """No trade without positive edge: the claimed fair value must beat price and entry fee."""
    order, p_fair = context.order, context.order.p_fair
    if p_fair is None and not context.account.traits.has_opinion:
        return None
    if p_fair is None or not math.isfinite(p_fair) or not 0.0 <= p_fair <= 1.0:
        return missing(f"fair value {p_fair}")
    buying = order.side is BookSide.BID
    p_win = p_fair if buying else 1.0 - p_fair
    own = order.price if buying else Price(PRICE_ONE - order.price)
    liquidity = Liquidity.MAKER if order.post_only else Liquidity.TAKER
    # One leg's fee only: held to settlement a contract pays no second one.
    p_net = p_win - own / PRICE_ONE - context.terms.p_fee(liquidity, order.price)
    if p_net > HAIR:
        return None
    return Denial(DenialReason.EDGE, f"{100 * p_net:.4f} cents", "more than 0 cents")


def takes(order: PlaceOrder, top: TopChanged) -> bool:
    """Whether an order would meet displayed prices on arrival, as they are now."""
    price, _depth = displayed(top, buying=order.side is BookSide.BID)
    if price is None or order.post_only:
        return False
    return order.price >= price if order.side is BookSide.BID else order.price <= price


def _by_hand(context: OrderContext) -> bool:
    return context.account.traits.by_hand


MARKET_RULES: Final[tuple[Rule, ...]] = (
    market_type,
    game_matched,
    scores_agree,
    pregame_over,
    near_close,
    book_age,
    feed_lag,
    odds_age,
    spread,
    collar_fair,
    collar_last,
    depth_share,
    edge,
)

"""Rules about the market of an entry: open, trusted, fresh, tight, of the right kind, sanely priced.

Asked by the risk gate, in the order of `MARKET_RULES`, for entries only; what an exit must satisfy too is in
the gate. What is missing or not a number is a no.
"""

import math
from typing import Final

from engine.events import BookSide, TopChanged
from engine.orders import Liquidity, PlaceOrder
from engine.reasons import DenialReason
from engine.risk.order_context import (
    KINDS_OF_ODDS,
    KINDS_OPERATED,
    KINDS_WITHOUT_OPINION,
    Denial,
    OrderContext,
    Rule,
    missing,
)
from engine.units import NANOS_PER_SECOND, PRICE_ONE, Price, format_count
from engine.view import displayed

HAIR = 1e-9


def market_type(case: OrderContext) -> Denial | None:
    """Only kinds of markets that are allowed."""
    allowed = case.limits.market_types(case.account.strategy)
    if _operated(case) or allowed is None or case.market.kind in allowed:
        return None
    return Denial(DenialReason.MARKET_TYPE, case.market.kind or "unknown", " ".join(sorted(allowed)))


def game_matched(case: OrderContext) -> Denial | None:
    """Only games that were matched to a real one, and that go on."""
    game = case.market.game
    if _operated(case):
        return None
    if game.known is None or not game.known.matched:
        return Denial(DenialReason.GAME_UNMATCHED, "unmatched", "matched")
    if game.over:
        phase = "" if game.score is None else game.score.phase.value
        return Denial(DenialReason.MARKET_INACTIVE, f"game {phase}", "a game to come or going on")
    return None


def scores_agree(case: OrderContext) -> Denial | None:
    """No entries while two score sources contradict each other."""
    if case.market.game.disagree:
        return Denial(DenialReason.SCORES_DISAGREE, "contradicting", "agreeing")
    return None


def near_close(case: OrderContext) -> Denial | None:
    """No entries shortly before the market closes; a market without a known close time has none near."""
    limit = case.limits.strictest("near_close_seconds", case.account.strategy)
    known = case.market.known
    if limit is None or known is None or known.close_at is None:
        return None
    left = (known.close_at - case.now) / NANOS_PER_SECOND
    if left >= limit:
        return None
    return Denial(DenialReason.NEAR_CLOSE, f"{left:.3f} s", f"{limit:g} s")


def book_age(case: OrderContext) -> Denial | None:
    """Best prices must have been heard recently."""
    limit = case.limits.strictest("book_age_seconds", case.account.strategy)
    top = case.market.top
    if limit is None:
        return None
    if top is None:
        return missing("best prices")
    age = (case.now - top.at) / NANOS_PER_SECOND
    if age <= limit:
        return None
    return Denial(DenialReason.BOOK_AGE, f"{age:.3f} s", f"{limit:g} s")


def odds_age(case: OrderContext) -> Denial | None:
    """Strategies of odds may not enter on old ones: the freshest row of the game counts."""
    limit = case.limits.strictest("odds_age_seconds", case.account.strategy)
    if limit is None or case.account.kind not in KINDS_OF_ODDS:
        return None
    rows = case.odds().values()
    if not rows:
        return missing("odds of the game")
    newest = max(row.at if row.at_venue is None else row.at_venue for row in rows)
    age = (case.now - newest) / NANOS_PER_SECOND
    if age <= limit:
        return None
    return Denial(DenialReason.ODDS_AGE, f"{age:.3f} s", f"{limit:g} s")


def spread(case: OrderContext) -> Denial | None:
    """Only markets with two sides that are close together."""
    limit = case.limits.strictest("spread_cents", case.account.strategy)
    if limit is None or _operated(case):
        return None
    cents = case.market.spread()
    if cents is None:
        return missing("a price of each side")
    if cents / 100 <= limit + HAIR:
        return None
    return Denial(DenialReason.SPREAD, f"{cents / 100:.2f} cents", f"{limit:g} cents")


def collar_fair(case: OrderContext) -> Denial | None:
    """A price far from the strategy's own fair value is a mistake, in whichever direction."""
    limit = case.limits.strictest("collar_fair_cents", case.account.strategy)
    p_fair = case.order.p_fair
    if limit is None or (p_fair is None and case.account.kind in KINDS_WITHOUT_OPINION):
        return None
    if p_fair is None or not math.isfinite(p_fair) or not 0.0 <= p_fair <= 1.0:
        return missing(f"fair value {p_fair}")
    off = abs(case.order.price / 100 - 100 * p_fair)
    if off <= limit + HAIR:
        return None
    return Denial(DenialReason.COLLAR_FAIR, f"{off:.4f} cents", f"{limit:g} cents")


def collar_last(case: OrderContext) -> Denial | None:
    """A price far beyond the middle of the best prices would pay whatever is there."""
    limit = case.limits.strictest("collar_last_cents", case.account.strategy)
    if limit is None or _operated(case):
        return None
    p_mid = case.market.p_mid()
    if p_mid is None:
        return missing("a middle of the best prices")
    off = abs(case.order.price / 100 - 100 * p_mid)
    if off <= limit + HAIR:
        return None
    return Denial(DenialReason.COLLAR_LAST, f"{off:.4f} cents", f"{limit:g} cents")


def depth_share(case: OrderContext) -> Denial | None:
    """An order that takes must be small beside what is displayed; one that rests takes nothing."""
    limit = case.limits.strictest("depth_share", case.account.strategy)
    top = case.market.top
    if limit is None or _operated(case):
        return None
    if top is None:
        return missing("best prices")
    if not takes(case.order, top):
        return None
    _price, depth = displayed(top, buying=case.order.side is BookSide.BID)
    if case.order.count <= limit * depth + HAIR:
        return None
    use = f"{format_count(case.order.count)} of {format_count(depth)} contracts"
    return Denial(DenialReason.DEPTH_SHARE, use, f"{limit:g}")


def edge(case: OrderContext) -> Denial | None:
    """No trade without positive edge: the claimed fair value must beat price and entry fee."""
    order, p_fair = case.order, case.order.p_fair
    if p_fair is None and case.account.kind in KINDS_WITHOUT_OPINION:
        return None
    if p_fair is None or not math.isfinite(p_fair) or not 0.0 <= p_fair <= 1.0:
        return missing(f"fair value {p_fair}")
    buying = order.side is BookSide.BID
    p_win = p_fair if buying else 1.0 - p_fair
    own = order.price if buying else Price(PRICE_ONE - order.price)
    liquidity = Liquidity.MAKER if order.post_only else Liquidity.TAKER
    p_net = p_win - own / PRICE_ONE - case.terms.p_fee(liquidity, order.price)
    if p_net > HAIR:
        return None
    return Denial(DenialReason.EDGE, f"{100 * p_net:.4f} cents", "more than 0 cents")


def takes(order: PlaceOrder, top: TopChanged) -> bool:
    """Whether an order would meet displayed prices on arrival, as they are now."""
    price, _depth = displayed(top, buying=order.side is BookSide.BID)
    if price is None or order.post_only:
        return False
    return order.price >= price if order.side is BookSide.BID else order.price <= price


def _operated(case: OrderContext) -> bool:
    return case.account.kind in KINDS_OPERATED


MARKET_RULES: Final[tuple[Rule, ...]] = (
    market_type,
    game_matched,
    scores_agree,
    near_close,
    book_age,
    odds_age,
    spread,
    collar_fair,
    collar_last,
    depth_share,
    edge,
)

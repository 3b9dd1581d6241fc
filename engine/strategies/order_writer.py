"""The signals and orders of one strategy, written with their reasons and evidence.

Used by `Trader`. Whatever is written here is on record before anything else happens to it: the signal names
the order, the order names the signal.
"""

import attrs

from engine.events import BookSide
from engine.facts import (
    ASK_EVIDENCE,
    BID_EVIDENCE,
    GAP_EVIDENCE,
    ORDER_EVIDENCE,
    SOURCE_EVIDENCE,
    Evidence,
    SignalAction,
    SignalRaised,
)
from engine.message import changed
from engine.orders import CancelOrder, Liquidity, PlaceOrder, TimeInForce
from engine.sizing import Sizing, contracts_to_trade
from engine.step import NOTHING, Step
from engine.strategies.market_watch import surely_below
from engine.strategies.opinion import (
    HAIR,
    Edge,
    Offer,
    Opinion,
    believed,
    edge_of,
    nearest,
    on_record,
    p_market_of,
    p_text,
    price_text,
)
from engine.strategies.parameters import TradingParameters
from engine.strategies.portfolio import Holding, OpenOrder, Portfolio
from engine.strategies.strategy import StrategyContext
from engine.units import (
    COUNT_ONE,
    MONEY_ONE,
    NANOS_PER_MINUTE,
    NANOS_PER_SECOND,
    PRICE_ONE,
    Count,
    Money,
    Nanos,
    Price,
    format_count,
)
from engine.view import MarketView, displayed


class OrderWriter:
    """Writes for one portfolio."""

    def __init__(self, portfolio: Portfolio, parameters: TradingParameters, context: StrategyContext) -> None:
        """`parameters` give the sizes and pauses, `context` the capital."""
        self._portfolio = portfolio
        self._parameters = parameters
        self._sizing = Sizing(
            position_size=parameters.position_size,
            use_kelly=parameters.use_kelly_sizing,
            kelly_fraction=parameters.kelly_fraction,
            depth_share=parameters.depth_share,
            bankroll=context.bankroll,
            loss_max=Money(round(parameters.game_loss_max_dollars * MONEY_ONE)),
        )
        self._near_miss = Nanos(round(parameters.near_miss_minutes * NANOS_PER_MINUTE))

    def enter(self, market: MarketView, opinion: Opinion, edge: Edge, now: Nanos) -> Step:
        """Signal and order of an entry, or the near miss if no contract is left to buy."""
        left = Money(self._sizing.loss_max - self._portfolio.at_risk(market.game.markets))
        takes = self._parameters.entry == "take"
        sizing = attrs.evolve(self._sizing, loss_max=left)
        # The second fee is part of the cost too: Kelly must not bet on an edge that the way out eats.
        p_cost = edge.p_win - edge.p_net
        count = contracts_to_trade(sizing, edge.p_win, p_cost, edge.depth if takes else None)
        if count < COUNT_ONE:
            return self.missed(market, opinion, edge, ("size", format_count(edge.depth), "1.00"), now)
        signal_id, order_id = self._portfolio.next_signal(), self._portfolio.next_order()
        grounds = on_record(opinion.evidence)
        evidence = (*grounds, *edge_evidence(market, opinion, edge), (ORDER_EVIDENCE, order_id))
        signal = self._signal(market, edge, SignalAction.ENTER, opinion.reason, now)
        signal = changed(signal, signal_id=signal_id, evidence=evidence)
        # An entry that rests for long rests on an opinion that is no longer held.
        expires = Nanos(now + round(self._parameters.rest_seconds * NANOS_PER_SECOND))
        order = PlaceOrder(
            order_id=order_id,
            strategy=self._portfolio.name,
            game=market.game.game,
            ticker=market.ticker,
            side=edge.side,
            price=edge.price,
            count=count,
            tif=TimeInForce.IOC if takes else TimeInForce.GTC,
            decided_at=now,
            signal_id=signal_id,
            post_only=not takes,
            expires_at=None if takes else expires,
            p_fair=edge.p_yes,
        )
        return self.place(signal, order)

    def place(self, signal: SignalRaised, order: PlaceOrder) -> Step:
        """A signal and its order, noted in the portfolio."""
        self._portfolio.apply(signal)
        # Before the commit is heard: the next price may come first, and must find the order counted.
        self._portfolio.sent(order)
        return Step(facts=(signal,), commands=(order,))

    def leave(self, market: MarketView, holding: Holding, reason: str, count: int, now: Nanos) -> Step:
        """Signal and order that reduce a holding by `count` at the displayed price; nothing if none is
        displayed.
        """
        top = market.top
        long = holding.count > 0
        if top is None:
            return NOTHING
        price, _depth = displayed(top, buying=not long)
        if price is None or count <= 0:
            return NOTHING
        side = BookSide.ASK if long else BookSide.BID
        signal_id, order_id = self._portfolio.next_signal(), self._portfolio.next_order()
        evidence: Evidence = (
            ("held", format_count(holding.count)),
            ("cost", p_text(holding.p_cost())),
            ("held_ns", str(now - holding.opened_at)),
            (BID_EVIDENCE, price_text(top.yes_bid)),
            (ASK_EVIDENCE, price_text(top.yes_ask)),
            (ORDER_EVIDENCE, order_id),
        )
        signal = SignalRaised(
            signal_id=signal_id,
            strategy=self._portfolio.name,
            game=market.game.game,
            ticker=market.ticker,
            side=side,
            action=SignalAction.EXIT,
            reason=reason,
            p_fair=holding.p_entry_fair,
            price=price,
            p_edge=None,
            evidence=evidence,
            at=now,
        )
        order = PlaceOrder(
            order_id=order_id,
            strategy=self._portfolio.name,
            game=market.game.game,
            ticker=market.ticker,
            side=side,
            price=price,
            count=Count(count),
            tif=TimeInForce.IOC,
            decided_at=now,
            signal_id=signal_id,
            exit=True,
            p_fair=holding.p_entry_fair,
        )
        return self.place(signal, order)

    def missed(
        self, market: MarketView, opinion: Opinion, edge: Edge, stopped: tuple[str, str, str], now: Nanos
    ) -> Step:
        """The near miss with the number and the limit that stopped it, unless it was said just before."""
        name, number, limit = stopped
        last = self._portfolio.missed_at.get((market.ticker, name))
        if last is not None and now < last + self._near_miss:
            return NOTHING
        evidence = (
            ("limit", name),
            ("number", number),
            ("needed", limit),
            *on_record(opinion.evidence),
            *edge_evidence(market, opinion, edge),
        )
        signal = self._signal(market, edge, SignalAction.NO_TRADE, name, now)
        signal = changed(
            signal, signal_id=self._portfolio.next_signal(), p_fair=opinion.p_fair, evidence=evidence
        )
        self._portfolio.apply(signal)
        return Step(facts=(signal,))

    def tended(self, open_order: OpenOrder, opinion: Opinion | None, market: MarketView, now: Nanos) -> Step:
        """Take a resting entry back when its price no longer has an edge."""
        order = open_order.order
        if (
            open_order.cancelling
            or order.tif is not TimeInForce.GTC
            or order.exit
            or market.terms is None
            or market.top is None
        ):
            return NOTHING
        if opinion is not None:
            offer = Offer(order.side, order.price, Count(0), Liquidity.MAKER)
            edge = edge_of(opinion, market.terms, market.top, offer)
            if 100 * edge.p_net >= self._parameters.net_edge_min_cents - HAIR:
                return NOTHING
        # Marked at once: until the venue's answer every change of price would otherwise send another cancel.
        open_order.cancelling = True
        return Step(commands=(CancelOrder(order.order_id, self._portfolio.name, now),))

    def p_exit_price(self, market: MarketView, holding: Holding) -> float | None:
        """What one held contract brings now, before the fee; None if nobody bids for it."""
        if market.top is None:
            return None
        price, _depth = displayed(market.top, buying=holding.count < 0)
        if price is None:
            return None
        return price / PRICE_ONE if holding.count > 0 else 1.0 - price / PRICE_ONE

    def edge_gone(self, market: MarketView, holding: Holding, opinion: Opinion) -> bool:
        """Whether selling now, after the taker's fee, brings at least what holding is worth."""
        p_price = self.p_exit_price(market, holding)
        if p_price is None or market.terms is None or market.top is None:
            return False
        # What is believed of it, as at the entry: to hold for what nobody trusts in would be to bet on it.
        price, _depth = displayed(market.top, buying=holding.count < 0)
        p_yes = believed(opinion, p_market_of(market.top, price or Price(0)))
        p_worth = p_yes if holding.count > 0 else 1.0 - p_yes
        return (
            p_price - market.terms.p_fee(Liquidity.TAKER, Price(round(p_price * PRICE_ONE))) >= p_worth - HAIR
        )

    def worth_holding_to(self, market: MarketView, holding: Holding, opinion: Opinion) -> int:
        """The highest price of a held contract at which the edge is surely not gone (`edge_gone`).

        What is believed lies between the opinion and the middle, and the middle never under what selling
        brings. So where the edge is gone, share × (price - opinion) is at least the fee; which, being concave
        in the price, is in between nowhere less than at both ends.
        """
        share, terms = opinion.trust.share, market.terms
        if share <= 0.0 or terms is None:
            return -1
        p_worth = opinion.p_fair if holding.count > 0 else 1.0 - opinion.p_fair
        fee = terms.p_fee(Liquidity.TAKER, nearest(p_worth))
        fee = min(fee, terms.p_fee(Liquidity.TAKER, nearest(p_worth + fee / share)))
        return surely_below(p_worth + fee / share)

    def _signal(
        self, market: MarketView, edge: Edge, action: SignalAction, reason: str, now: Nanos
    ) -> SignalRaised:
        return SignalRaised(
            signal_id="",
            strategy=self._portfolio.name,
            game=market.game.game,
            ticker=market.ticker,
            side=edge.side,
            action=action,
            reason=reason,
            p_fair=edge.p_yes,
            price=edge.price,
            p_edge=edge.p_net,
            evidence=(),
            at=now,
        )


def edge_evidence(market: MarketView, opinion: Opinion, edge: Edge) -> Evidence:
    """The numbers that every judgement of an entry rests on, as they were."""
    top = market.top
    return (
        (BID_EVIDENCE, price_text(None if top is None else top.yes_bid)),
        (ASK_EVIDENCE, price_text(None if top is None else top.yes_ask)),
        ("displayed", format_count(edge.depth)),
        ("p_win", p_text(edge.p_win)),
        (GAP_EVIDENCE, p_text(edge.p_gap)),
        (SOURCE_EVIDENCE, opinion.source.value),
        ("trust", f"{opinion.trust.share:.4f}"),
        ("trust_from", opinion.trust.origin),
        ("fees_both_legs", p_text(edge.p_fees)),
        ("other_costs", p_text(opinion.extra_cost)),
        ("net_edge", p_text(edge.p_net)),
        ("ev_percent", f"{edge.ev_percent:.4f}"),
    )

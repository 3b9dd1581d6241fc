"""`correlation`: relations between the markets of one game that must hold, or nearly must.

Arbitrage: two offers that cover every outcome and cost less than a dollar after fees are both taken, as a
group of two legs sized to what is displayed, and held to settlement. Home and away must besides lie outside
`complementary_min_sum` to `complementary_max_sum`. If one leg fails, `hedge_mode` decides: `complete` buys it
at what is displayed if that does not lose, else (and with `unwind`) the other leg is sold again; `hold` keeps
it. Statistics: a rung whose price is off by `correlation_threshold` from what its neighbours within
`max_spread_gap` points say, or a margin and a winner that are `min_discrepancy_percent` apart by the normal
model, are single-leg trades: NO of what is dear if `prefer_no_on_overvalued`, else YES of what is cheap.
"""

import math
from collections.abc import Iterable, Mapping
from typing import ClassVar

import attrs

from engine.events import BookSide, GameKnown, GameNews, MarketKnown, OddsSeen, ScoreSeen, TopChanged
from engine.facts import (
    ORDER_EVIDENCE,
    Evidence,
    Fact,
    PositionSettled,
    SignalAction,
    SignalRaised,
)
from engine.orders import PlaceOrder, TimeInForce
from engine.step import NOTHING, Step, Timer
from engine.strategies.legs import GROUP_EVIDENCE, Group, Groups, Leg
from engine.strategies.market_board import MarketBoard, Place, Reach
from engine.strategies.market_watch import ALWAYS, NEVER, Stay, Watch
from engine.strategies.merge_steps import joined
from engine.strategies.opinion import HAIR, Opinion, p_text
from engine.strategies.parameters import (
    MARKET_TYPES,
    Parameters,
    ParametersClash,
    TradingParameters,
    choice,
    dollars,
    number,
    seconds,
    switch,
    words,
)
from engine.strategies.portfolio import Holding
from engine.strategies.relations import Cover, Offer, covers
from engine.strategies.strategy import StrategyContext
from engine.strategies.trader import Trader
from engine.trust import Source
from engine.units import (
    COUNT_ONE,
    NANOS_PER_SECOND,
    PRICE_ONE,
    Count,
    Nanos,
    Price,
    format_count,
    format_price,
)
from engine.view import GameView, MarketView, displayed


@attrs.frozen
class CorrelationParameters(TradingParameters):
    """See the module."""

    market_types: tuple[str, ...] = words(
        ("moneyline", "spread", "total"), tuple(MARKET_TYPES), "the markets to relate"
    )
    arbitrage: bool = switch(True, "take covering offers that cost less than a dollar after fees")
    statistics: bool = switch(True, "trade rungs and winners that are off by the normal model")
    complementary_min_sum: float = number(
        95, 1, 100, "percent", "home YES and away YES must cost no more to buy"
    )
    complementary_max_sum: float = number(105, 100, 199, "percent", "or bring no less to sell")
    max_spread_gap: float = number(3, 0.5, 50, "points", "rungs so near say something of each other")
    correlation_threshold: float = number(0.10, 0.001, 0.9, "dollars", "least distance of a rung from that")
    min_discrepancy_percent: float = number(5, 0.1, 90, "points", "least distance of margin and winner")
    prefer_no_on_overvalued: bool = switch(True, "sell what is dear instead of buying what is cheap")
    hedge_mode: str = choice("complete", ("complete", "unwind", "hold"), "what to do when one leg failed")

    def __attrs_post_init__(self) -> None:
        """The sums must leave room between them."""
        if self.complementary_min_sum > self.complementary_max_sum:
            raise ParametersClash("complementary_min_sum is more than complementary_max_sum")


class Correlation(Trader):
    """See the module."""

    kind: ClassVar[str] = "correlation"
    listed: ClassVar[int] = 50
    parameters_class: ClassVar[type[Parameters]] = CorrelationParameters
    rests_on_odds: ClassVar[bool] = False
    kept_by_facts: ClassVar[bool] = True

    def __init__(self, name: str, parameters: CorrelationParameters, context: StrategyContext) -> None:
        """Begin with no groups."""
        self.parameters = parameters
        super().__init__(name, parameters, context)
        self._groups = Groups(name)
        self._market_boards: dict[str, MarketBoard] = {}
        self._tried: dict[str, Nanos] = {}
        share = parameters.near_miss_share
        self._reach = Reach(
            points=parameters.max_spread_gap,
            ladder=share * parameters.correlation_threshold,
            winner=share * parameters.min_discrepancy_percent / 100,
        )
        self._retry_pause = seconds(parameters.exit_retry_seconds)

    def market_types(self) -> tuple[str, ...]:
        """As configured."""
        return self.parameters.market_types

    def concerns(self, news: ScoreSeen | OddsSeen, before: ScoreSeen | OddsSeen | None) -> bool:
        """Nothing but prices and the clock, and the clock is read when a price changes."""
        return False

    def keeps(self, ticker: str) -> bool:
        """Legs are held to settlement; hedging them is not leaving."""
        return bool(self._groups.in_market(ticker))

    def stays(self, watch: Watch, holding: Holding) -> Stay | None:
        """Where the limits alone decide, whatever the neighbours say.

        An opinion is that a market is dear (or cheap). Of what is held against a dear market it never says
        that the edge is gone: what is believed of it then lies beyond the middle, which no sale brings.
        """
        dear = holding.count < 0
        # A listener is told of every opinion.
        if self.context.listener is not None or dear is not self.parameters.prefer_no_on_overvalued:
            return None
        # Somebody hears once a second what it is worth, and that is found out by a look.
        return Stay(until=Nanos(watch.told_at + NANOS_PER_SECOND) if self.values_told else ALWAYS)

    def memory(self) -> dict[str, object]:
        """The portfolio, the groups, and when which was tried to be mended."""
        return {**super().memory(), "groups": self._groups, "tried": self._tried}

    def remember(self, memory: Mapping[str, object]) -> None:
        """The portfolio, the groups, and when which was tried to be mended."""
        super().remember(memory)
        self._groups.take_over(memory["groups"])
        tried = memory["tried"]
        assert isinstance(tried, dict)  # noqa: S101 - that is what `memory` gives
        self._tried = tried

    def restore(self, facts: Iterable[Fact]) -> None:
        """Positions, cooldowns and groups, torn ones too."""
        kept = list(facts)
        super().restore(kept)
        self._groups.restore(kept)
        for fact in kept:
            if isinstance(fact, SignalRaised) and fact.strategy == self.name:
                evidence = dict(fact.evidence)
                if evidence.get("leg") == "hedge":
                    self._tried[evidence[GROUP_EVIDENCE]] = fact.at

    def recalled(self, game: GameView, now: Nanos) -> Step:
        """Mend what is torn too, now or when the pause since the last attempt is over."""
        steps = [super().recalled(game, now)]
        torn = {group.name: group for ticker in game.markets for group in self._groups.in_market(ticker)}
        for group in torn.values():
            due = self._tried.get(group.name, -self._retry_pause) + self._retry_pause
            waits = now < due and group.uncovered() is not None
            timer = Timer(f"hedge:{group.name}", Nanos(due))
            steps.append(Step(timers=(timer,)) if waits else self._hedge(group, now))
        return joined(steps)

    def on_other_news(self, news: GameNews, now: Nanos) -> Step:
        """Markets and teams that become known change what stands beside what."""
        if isinstance(news, MarketKnown | GameKnown):
            self._market_boards.pop(news.game, None)
        return super().on_other_news(news, now)

    def unwatched(self, top: TopChanged) -> None:
        """A market that is not traded itself may still say something of others."""
        super().unwatched(top)
        market_board = self._market_boards.get(top.game)
        if market_board is not None:
            market_board.repriced(self.view.markets[top.ticker])

    def on_fact(self, fact: Fact, now: Nanos) -> Step:
        """Fold a fact; a leg that ended unfilled may leave the other uncovered, and it is hedged."""
        step = super().on_fact(fact, now)
        group = self._groups.apply(fact)
        if group is not None or isinstance(fact, PositionSettled):
            # A group may have ended, and with it what keeps its other leg.
            self.look_again(self.view.markets)
        if group is None or group.uncovered() is None:
            return step
        return joined([step, self._hedge(group, now)])

    def priced(self, watch: Watch, top: TopChanged, now: Nanos) -> Step:
        """Mend what is torn, look for arbitrage, then at what the model says of this market and those beside
        it.
        """
        market = watch.market
        market_board = self._market_boards.get(top.game) or self._market_board(market.game)
        place = market_board.repriced(market)
        if self.recalling:
            return NOTHING
        # Most groups are of other markets, or wait for an order.
        torn = [group for group in self._groups.of.values() if not group.open and top.ticker in group.legs]
        steps = [self._hedge(group, now) for group in torn]
        if place is None:
            return joined(steps)
        # The board compares plain numbers; the exact sums with fees are made only for what passes it.
        if self.parameters.arbitrage and market_board.beaten(place):
            steps.append(self._arbitrage(market, now))
        if self.parameters.statistics:
            for other in market_board.worth_a_thought(place, now):
                if other.watch is not None and (other.p_mid is not None or other.market.p_mid() is not None):
                    other.watch.until = NEVER
                    steps.append(self.consider(other.watch, now))
        return joined(steps) if steps else NOTHING

    def wake(self, key: str, now: Nanos) -> Step:
        """A pause before the next attempt to mend a group, or a timer of the trader's."""
        if not key.startswith("hedge:"):
            return super().wake(key, now)
        group = self._groups.of.get(key.removeprefix("hedge:"))
        return NOTHING if group is None else self._hedge(group, now)

    def opinion(self, market: MarketView, now: Nanos) -> Opinion | None:
        """What the market's neighbours, or the winner's price, say of it: whichever is further off."""
        p_mid = market.p_mid()
        if p_mid is None or not self.parameters.statistics:
            return None
        market_board = self._market_boards.get(market.game.game) or self._market_board(market.game)
        place = market_board.place_of(market)
        said = [] if place is None else self._said(place, market_board)
        if not said:
            return None
        name, p_fair, gap = said[0]
        # What is further beyond its threshold, between equals the rungs.
        if len(said) > 1 and abs(p_mid - said[1][1]) - said[1][2] > abs(p_mid - p_fair) - gap:
            name, p_fair, gap = said[1]
        dear = p_mid > p_fair
        if dear != self.parameters.prefer_no_on_overvalued:
            return None
        return Opinion(
            p_fair=p_fair,
            reason=name,
            source=Source.LADDER,
            gap_min=gap,
            ev_percent_min=0.0,
            until=Nanos(now + 1),
            evidence=(("implied", p_fair), ("middle", p_mid), ("relation", name)),
            side=BookSide.ASK if dear else BookSide.BID,
        )

    def _said(self, place: Place, market_board: MarketBoard) -> list[tuple[str, float, float]]:
        """Name, value and threshold of each relation that says something of a market."""
        ladder = market_board.ladder_value(place)
        winner = market_board.winner_value(place)
        said: list[tuple[str, float, float]] = []
        if ladder is not None:
            said.append(("ladder", ladder, self.parameters.correlation_threshold))
        if winner is not None:
            said.append(("moneyline_spread", winner, self.parameters.min_discrepancy_percent / 100))
        return said

    def _market_board(self, game: GameView) -> MarketBoard:
        """The game's board; made anew when a market or the teams became known."""
        market_board = self._market_boards.get(game.game)
        if market_board is None:
            market_board = self._market_boards[game.game] = MarketBoard(game, self._reach, self._watches)
        return market_board

    def _arbitrage(self, market: MarketView, now: Nanos) -> Step:
        """Take the best cover that every limit allows."""
        best: Cover | None = None
        for cover in covers(market):
            # Equal ones stay in the order of the markets, so that the last digits of floats decide nothing.
            if best is None or cover.p_locked > best.p_locked + HAIR:
                best = cover
        if best is None or 100 * best.p_locked < self.trading.net_edge_min_cents - HAIR:
            return NOTHING
        if not self._sums_allow(best) or not market.game.sound or self._busy(best, now):
            return NOTHING
        count = self._size(best)
        if count < COUNT_ONE:
            return NOTHING
        return self._take(best, count, now)

    def _sums_allow(self, cover: Cover) -> bool:
        """Home and away must lie outside of the sums that are taken for noise."""
        if cover.relation != "complementary":
            return True
        if cover.first.side is BookSide.BID:
            return cover.cost <= 100 * self.parameters.complementary_min_sum + HAIR
        return 2 * PRICE_ONE - cover.cost >= 100 * self.parameters.complementary_max_sum - HAIR

    def _busy(self, cover: Cover, now: Nanos) -> bool:
        """Whether a leg's market is held, ordered in, cooling down or one-sided (no way back)."""
        for offer in (cover.first, cover.second):
            ticker = offer.market.ticker
            if (
                self.watched(ticker) is None
                or offer.market.spread() is None
                or ticker in self.portfolio.holdings
                or self.portfolio.open_in(ticker)
            ):
                return True
            if now < self.enterable_at(ticker):
                return True
        return False

    def _size(self, cover: Cover) -> Count:
        """Whole contracts of both legs: what the thinner one displays, what the game may cost."""
        # One leg that is larger than the other is an open position, not an arbitrage.
        depth = min(cover.first.depth, cover.second.depth)
        left = dollars(self.trading.game_loss_max_dollars) - self.portfolio.at_risk(
            cover.first.market.game.markets
        )
        p_cost = cover.cost / PRICE_ONE + cover.first.p_fee() + cover.second.p_fee()
        whole = min(
            float(self.trading.position_size),
            depth * self.trading.depth_share / COUNT_ONE,
            max(0, left) / (100 * PRICE_ONE) / p_cost,
        )
        return Count(math.floor(whole + HAIR) * COUNT_ONE)

    def _take(self, cover: Cover, count: Count, now: Nanos) -> Step:
        """Both legs at once, immediate or cancel."""
        name = f"{self.name}/g{self.portfolio.next_signal().rpartition('/s')[2]}"
        steps: list[Step] = []
        for offer, other in ((cover.first, cover.second), (cover.second, cover.first)):
            evidence: Evidence = (
                ("relation", cover.relation),
                (GROUP_EVIDENCE, name),
                ("leg", "entry"),
                ("other_market", other.market.ticker),
                ("other_price", format_price(other.price)),
                ("sum_of_costs", format_price(cover.cost)),
                ("fees_both_legs", p_text(cover.first.p_fee() + cover.second.p_fee())),
                ("locked", p_text(cover.p_locked)),
                ("displayed", format_count(offer.depth)),
            )
            # At least one pays: this leg is worth what the other one leaves of the dollar.
            p_worth = 1.0 - other.own / PRICE_ONE
            leg_order = LegOrder(offer, count, p_worth, cover.p_locked, f"arbitrage_{cover.relation}")
            steps.append(self._place(leg_order, name, evidence, now))
            watch = self.watched(offer.market.ticker)
            if watch is not None:
                watch.idle = False
        return joined(steps)

    def _place(self, leg_order: "LegOrder", group: str, evidence: Evidence, now: Nanos) -> Step:
        offer = leg_order.offer
        p_fair = leg_order.p_worth if offer.side is BookSide.BID else 1.0 - leg_order.p_worth
        signal_id, order_id = self.portfolio.next_signal(), self.portfolio.next_order()
        signal = SignalRaised(
            signal_id=signal_id,
            strategy=self.name,
            game=offer.market.game.game,
            ticker=offer.market.ticker,
            side=offer.side,
            action=SignalAction.EXIT if leg_order.exit else SignalAction.ENTER,
            reason=leg_order.reason,
            p_fair=p_fair,
            price=offer.price,
            p_edge=leg_order.p_edge,
            evidence=(*evidence, (ORDER_EVIDENCE, order_id)),
            at=now,
        )
        order = PlaceOrder(
            order_id=order_id,
            strategy=self.name,
            game=offer.market.game.game,
            ticker=offer.market.ticker,
            side=offer.side,
            price=offer.price,
            count=leg_order.count,
            tif=TimeInForce.IOC,
            decided_at=now,
            signal_id=signal_id,
            leg_of=group,
            exit=leg_order.exit,
            p_fair=p_fair,
        )
        self._groups.sent(order)
        return self.order_writer.place(signal, order)

    def _hedge(self, group: Group, now: Nanos) -> Step:
        """Cover what a failed leg left uncovered, not more often than the pause allows."""
        torn = group.uncovered()
        if torn is None or self.parameters.hedge_mode == "hold":
            return NOTHING
        tried = self._tried.get(group.name)
        if tried is not None and now < tried + self._retry_pause:
            return NOTHING
        more, less, count = torn
        # Completing is tried once: what did not trade then is not waited for with an open position.
        completes = self.parameters.hedge_mode == "complete" and tried is None
        leg_order = (self._completing(more, less, count) if completes else None) or self._unwinding(
            more, count
        )
        self._tried[group.name] = now
        timer = Timer(f"hedge:{group.name}", Nanos(now + self._retry_pause))
        if leg_order is None:
            return Step(timers=(timer,))
        evidence: Evidence = (
            (GROUP_EVIDENCE, group.name),
            ("leg", "hedge"),
            ("uncovered", format_count(count)),
            ("cost_of_held", p_text(more.p_cost())),
        )
        return joined([self._place(leg_order, group.name, evidence, now), Step(timers=(timer,))])

    def _completing(self, more: Leg, less: Leg, count: Count) -> "LegOrder | None":
        """Buy the missing leg at what is displayed, if both together then still do not lose."""
        offer = self._displayed(less.ticker, less.side)
        if offer is None:
            return None
        p_left = 1.0 - more.p_cost() - offer.own / PRICE_ONE - offer.p_fee()
        if p_left < -HAIR:
            return None
        return LegOrder(offer, count, 1.0 - more.p_cost(), p_left, "hedge_complete")

    def _unwinding(self, more: Leg, count: Count) -> "LegOrder | None":
        """Sell what is uncovered at what is displayed."""
        offer = self._displayed(more.ticker, more.side.opposite)
        if offer is None:
            return None
        return LegOrder(offer, count, 1.0 - more.p_cost(), None, "hedge_unwind", exit=True)

    def _displayed(self, ticker: str, side: BookSide) -> Offer | None:
        market = self.view.markets.get(ticker)
        if market is None or market.top is None or not market.tradable:
            return None
        price, depth = displayed(market.top, buying=side is BookSide.BID)
        if price is None:
            return None
        own = price if side is BookSide.BID else Price(PRICE_ONE - price)
        return Offer(market, side, price, own, depth, upward=True, threshold=0)


@attrs.frozen
class LegOrder:
    """One order of a group about to be written."""

    offer: Offer
    count: Count
    p_worth: float
    p_edge: float | None
    reason: str
    exit: bool = False

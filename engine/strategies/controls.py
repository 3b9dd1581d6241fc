"""What the control strategies share: a rhythm in each market, orders without an opinion, the way back.

Control strategies trade beside the real ones with tiny size, to show that the paper exchange is not kind:
what they must lose is known beforehand. Used by `random_taker`, `join_the_bid` and `buy_and_cross_back`.
"""

import hashlib
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import ClassVar

import attrs

from engine.events import BookSide, GameNews, TopChanged
from engine.facts import ORDER_EVIDENCE, Fact, SignalAction, SignalRaised
from engine.orders import PlaceOrder, TimeInForce
from engine.step import NOTHING, Step, Timer
from engine.strategies.parameters import MARKET_TYPES, Parameters, number, seconds, whole, words
from engine.strategies.portfolio import Portfolio
from engine.strategies.strategy import Strategy, StrategyContext
from engine.units import Count, Nanos, contracts
from engine.variants import plain
from engine.view import MarketView, View, displayed


@attrs.frozen
class ControlParameters(Parameters):
    """See the module."""

    position_size: int = whole(1, 1, 1000, "contracts", "size of an order")
    interval_seconds: float = number(60, 0.1, 86_400, "seconds", "pause between two acts in a market")
    market_types: tuple[str, ...] = words(("moneyline",), tuple(MARKET_TYPES), "the markets to trade")


class Control(Strategy):
    """Acts in each market at its own rhythm, which begins with the market's first trusted price."""

    parameters_class: ClassVar[type[Parameters]] = ControlParameters
    rests_on_odds: ClassVar[bool] = False
    has_opinion: ClassVar[bool] = False

    def __init__(self, name: str, parameters: Parameters, context: StrategyContext) -> None:
        """Begin with nothing heard."""
        super().__init__(name, parameters, context)
        assert isinstance(parameters, ControlParameters)  # noqa: S101 - parameters_class says so
        self.parameters = parameters
        self.view = View()
        self.portfolio = Portfolio(name)
        self._kinds = frozenset(MARKET_TYPES[word] for word in parameters.market_types)
        self._interval = seconds(parameters.interval_seconds)
        self._started: set[str] = set()

    @abstractmethod
    def act(self, market: MarketView, now: Nanos) -> Step:
        """What to do in a tradable market when its time has come."""

    def on_news(self, news: GameNews, now: Nanos) -> Step:
        """Start a market's rhythm at its first usable price."""
        self.view.apply(news)
        if not isinstance(news, TopChanged) or news.ticker in self._started:
            return NOTHING
        market = self.view.markets[news.ticker]
        if not market.tradable or market.kind not in self._kinds:
            return NOTHING
        self._started.add(news.ticker)
        return Step(timers=(Timer(f"act:{news.ticker}", Nanos(now + self._interval)),))

    def on_fact(self, fact: Fact, now: Nanos) -> Step:
        """Fold own facts; nothing follows from them."""
        self.portfolio.apply(fact)
        return NOTHING

    def wake(self, key: str, now: Nanos) -> Step:
        """Act, and come again after the interval, as long as the game goes on."""
        ticker = key.partition(":")[2]
        market = self.view.markets.get(ticker)
        if market is None or market.game.over:
            return NOTHING
        step = self.act(market, now) if market.tradable else NOTHING
        # Set again also when the market cannot be traded now: it may be a pause.
        timer = Timer(key, Nanos(now + self._interval))
        return Step(step.facts, step.commands, step.approved, (*step.timers, timer))

    def memory(self) -> dict[str, object]:
        """The portfolio."""
        return {"portfolio": self.portfolio}

    def remember(self, memory: Mapping[str, object]) -> None:
        """The portfolio."""
        self.portfolio.take_over(memory["portfolio"])

    def restore(self, facts: Iterable[Fact]) -> None:
        """Positions, open orders and counters."""
        self.portfolio.restore(facts)

    def coin(self, market: MarketView) -> bool:
        """A fair coin that falls the same in every replay: drawn from seed, name, market and the signal's
        number.
        """
        # No generator with a state: a draw must not depend on what other strategies or markets drew before.
        signal = plain(self.portfolio.next_signal())
        text = f"{self.context.seed}/{plain(self.name)}/{market.ticker}/{signal}"
        return hashlib.sha256(text.encode()).digest()[0] % 2 == 0

    def take(self, market: MarketView, side: BookSide, reason: str, now: Nanos) -> Step:
        """Cross the spread."""
        return self._order(market, side, TimeInForce.IOC, reason, now)

    def join(self, market: MarketView, side: BookSide, reason: str, now: Nanos) -> Step:
        """Rest at the best price of one's own side."""
        return self._order(market, side, TimeInForce.GTC, reason, now)

    def flatten(self, market: MarketView, now: Nanos) -> Step:
        """Cross the spread back to nothing."""
        held = self.portfolio.held(market.ticker)
        return self.take(market, BookSide.ASK if held > 0 else BookSide.BID, "back", now)

    def _order(self, market: MarketView, side: BookSide, tif: TimeInForce, reason: str, now: Nanos) -> Step:
        top, rests = market.top, tif is TimeInForce.GTC
        if top is None:
            return NOTHING
        price, _depth = displayed(top, buying=(side is BookSide.BID) != rests)
        if price is None or not 0 < price < 10_000:
            return NOTHING
        held = self.portfolio.held(market.ticker)
        exits = held * (1 if side is BookSide.BID else -1) < 0
        count = Count(abs(held)) if exits else contracts(self.parameters.position_size)
        signal_id, order_id = self.portfolio.next_signal(), self.portfolio.next_order()
        signal = SignalRaised(
            signal_id=signal_id,
            strategy=self.name,
            game=market.game.game,
            ticker=market.ticker,
            side=side,
            action=SignalAction.EXIT if exits else SignalAction.ENTER,
            reason=reason,
            p_fair=None,
            price=price,
            p_edge=None,
            evidence=((ORDER_EVIDENCE, order_id),),
            at=now,
        )
        order = PlaceOrder(
            order_id=order_id,
            strategy=self.name,
            game=market.game.game,
            ticker=market.ticker,
            side=side,
            price=price,
            count=count,
            tif=tif,
            decided_at=now,
            signal_id=signal_id,
            post_only=rests,
            exit=exits,
        )
        self.portfolio.apply(signal)
        self.portfolio.sent(order)
        return Step(facts=(signal,), commands=(order,))

"""`momentum`: trade with a scoring run that the price has not followed, or with a move of the price itself.

Run: within the timeframe one team outscored the other by the threshold. What that is worth is the change of
the in-play model's probability since the run began; added to the price of that moment it gives a fair value
that owes the level to the market and only the change to the model. Price: the middle moved by the least
change within the lookback, in a tight market; the fair value assumes that the move goes on by `continuation`
of itself. Both must leave by crossing the spread again, so half of it is charged on top of the fees.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import ClassVar, Final, TypeAlias

import attrs

from engine.events import BookSide, GameNews, OddsSeen, ScoreSeen, TopChanged, Trust
from engine.facts import Fact
from engine.message import changed
from engine.step import Step
from engine.strategies.baselines import Baseline, Baselines
from engine.strategies.inplay import GameState, p_of_state
from engine.strategies.market_watch import Stay, Watch, surely_above, surely_below
from engine.strategies.opinion import HAIR, Opinion
from engine.strategies.parameters import (
    MARKET_TYPES,
    Parameters,
    TradingParameters,
    number,
    seconds,
    switch,
    whole,
    words,
)
from engine.strategies.portfolio import Holding
from engine.strategies.strategy import StrategyContext
from engine.strategies.trader import Trader
from engine.trust import Source
from engine.units import NANOS_PER_SECOND, PRICE_ONE, Nanos
from engine.view import GameView, MarketView
from engine.win_probability import InPlayModel, capped

POINTS_TAKEN_BACK_MAX: Final = 5
POINTS_AT_ONCE_MAX: Final = 8
POINTS_PER_SECOND_MAX: Final = 0.2
"""A score that falls, or rises, by more than these is a feed's mistake: the run begins anew."""

Prices: TypeAlias = deque[tuple[Nanos, float]]


@attrs.frozen
class MomentumParameters(TradingParameters):
    """See the module."""

    cooldown_minutes: float = number(3, 0, 1440, "minutes", "no second entry into a market for so long")
    hold_minutes_max: float = number(10, 0, 1440, "minutes", "leave after so long; 0 holds to settlement")
    market_types: tuple[str, ...] = words(
        ("moneyline", "spread", "total"), tuple(MARKET_TYPES), "the markets to trade"
    )
    scoring_runs: bool = switch(True, "trade scoring runs")
    scoring_run_threshold: int = whole(8, 1, 50, "points", "a run outscores the other team by so much")
    timeframe_seconds: float = number(120, 5, 3600, "seconds", "within so long")
    price_lag_threshold: float = number(
        3, 0, 99, "cents", "least distance of the price from where the run should have taken it"
    )
    price_momentum: bool = switch(True, "trade moves of the price itself")
    lookback_seconds: float = number(120, 1, 3600, "seconds", "a move of the price is measured over so long")
    min_price_change_cents: float = number(5, 0.1, 99, "cents", "least move of the middle price")
    max_spread_cents: float = number(3, 0.01, 99, "cents", "widest spread in which a move counts")
    continuation: float = number(1, 0, 5, "share", "how much of a move is expected to come on top")
    continuation_max_cents: float = number(10, 0, 99, "cents", "but never more than this")
    exit_on_reversion: bool = switch(True, "leave when the price turns back")
    reversion_cents: float = number(3, 0.1, 99, "cents", "so far from its best since the entry")


class Momentum(Trader):
    """See the module."""

    kind: ClassVar[str] = "momentum"
    listed: ClassVar[int] = 20
    parameters_class: ClassVar[type[Parameters]] = MomentumParameters
    rests_on_odds: ClassVar[bool] = False

    def __init__(self, name: str, parameters: MomentumParameters, context: StrategyContext) -> None:
        """Begin with no history."""
        self.parameters = parameters
        super().__init__(name, parameters, context)
        self._model = InPlayModel()
        self._baselines = Baselines(name)
        self._prices: dict[str, Prices] = {}
        self._states: dict[str, deque[GameState]] = {}
        self._swing: dict[str, int] = {}
        self._best: dict[str, float] = {}
        self._heard_at = Nanos(0)
        self._timeframe = seconds(parameters.timeframe_seconds)
        self._lookback = seconds(parameters.lookback_seconds)
        self._kept = Nanos(max(self._timeframe, self._lookback))

    def market_types(self) -> tuple[str, ...]:
        """As configured."""
        return self.parameters.market_types

    def memory(self) -> dict[str, object]:
        """The portfolio and the baselines."""
        return {**super().memory(), "baselines": self._baselines}

    def remember(self, memory: Mapping[str, object]) -> None:
        """The portfolio and the baselines."""
        super().remember(memory)
        self._baselines.take_over(memory["baselines"])

    def restore(self, facts: Iterable[Fact]) -> None:
        """Positions, cooldowns and baselines; a run that was under way is forgotten, for its prices are."""
        kept = list(facts)
        super().restore(kept)
        self._baselines.restore(kept)

    def on_other_news(self, news: GameNews, now: Nanos) -> Step:
        """A live score may begin a game, and so its baseline."""
        self._heard_at = now
        step = super().on_other_news(news, now)
        if isinstance(news, ScoreSeen):
            noted = self._baselines.take(self.view.game(news.game), now)
            if noted is not None:
                return changed(step, facts=(*step.facts, noted))
        return step

    def concerns(self, news: ScoreSeen | OddsSeen, before: ScoreSeen | OddsSeen | None) -> bool:
        """Scores only, and each is a state of the game to remember."""
        if not isinstance(news, ScoreSeen):
            return False
        return self._append_state(self.view.game(news.game), self._heard_at)

    def priced(self, watch: Watch, top: TopChanged, now: Nanos) -> Step:
        """Remember the price; think only if it left the run's bounds or moved by itself."""
        bid, ask = top.yes_bid, top.yes_ask
        if bid is not None and ask is not None and top.trust is Trust.TRUSTED:
            prices = self._prices.get(top.ticker)
            if prices is None:
                prices = self._prices[top.ticker] = deque()
            prices.append((now, (bid + ask) / (2 * PRICE_ONE)))
            horizon = now - self._kept
            # The youngest price before the horizon stays: it was the price at the horizon.
            while len(prices) > 1 and prices[1][0] <= horizon:
                prices.popleft()
            if watch.idle and self._moved(prices, now) is not None:
                watch.until = Nanos(0)
        return super().priced(watch, top, now)

    def opinion(self, market: MarketView, now: Nanos) -> Opinion | None:
        """A run's if there is one, else a move's."""
        if self.parameters.scoring_runs:
            opinion = self._run(market, now)
            if opinion is not None:
                return opinion
        if self.parameters.price_momentum:
            return self._move(market, now)
        return None

    def leave(self, watch: Watch, holding: Holding, now: Nanos) -> tuple[str, int] | None:
        """When the price has come where it should, or turned back from its best."""
        ticker = watch.market.ticker
        p_price = self.order_writer.p_exit_price(watch.market, holding)
        if p_price is None:
            return None
        p_best = max(p_price, self._best.get(ticker, p_price))
        self._best[ticker] = p_best
        if holding.p_entry_fair is not None:
            p_worth = holding.p_entry_fair if holding.count > 0 else 1.0 - holding.p_entry_fair
            if p_price >= p_worth - HAIR:
                return "target", abs(holding.count)
        turned = p_best - p_price >= self.parameters.reversion_cents / 100 - HAIR
        if self.parameters.exit_on_reversion and turned:
            return "reversion", abs(holding.count)
        return None

    def stays(self, watch: Watch, holding: Holding) -> Stay | None:
        """Up to the best price so far, beyond which another one is to be remembered."""
        lowest, highest, until = self.held_by_opinion(watch, holding)
        p_best = self._best.get(watch.market.ticker)
        if p_best is None:
            return None
        highest = min(highest, round(p_best * PRICE_ONE))
        if holding.p_entry_fair is not None:
            p_worth = holding.p_entry_fair if holding.count > 0 else 1.0 - holding.p_entry_fair
            highest = min(highest, surely_below(p_worth))
        if self.parameters.exit_on_reversion:
            lowest = max(lowest, surely_above(p_best - self.parameters.reversion_cents / 100))
        return Stay(lowest, highest, until)

    def on_fact(self, fact: Fact, now: Nanos) -> Step:
        """Fold a fact; the best price since entry is forgotten once the position is closed."""
        step = super().on_fact(fact, now)
        if self._best:
            self._best = {ticker: p for ticker, p in self._best.items() if ticker in self.portfolio.holdings}
        return step

    def _append_state(self, game: GameView, now: Nanos) -> bool:
        """Add the state of a live game; returns whether anything but the clock's second hand moved."""
        score, minutes = game.score, game.minutes_left()
        if score is None or minutes is None or not game.live:
            return score is not None and not game.live
        states = self._states.setdefault(game.game, deque())
        lead, points = score.home - score.away, score.home + score.away
        overtime = game.league.is_overtime(score.period)
        state = GameState(now, lead, points, minutes, game.league, overtime)
        # A corrected feed would look like a run of many points, and be traded as one.
        if states and _implausible(states[-1], state):
            states.clear()
        states.append(state)
        while states[0].at < now - self._timeframe:
            states.popleft()
        # An upper bound from leads alone, kept so that `silent` can dismiss a market without the model.
        self._swing[game.game] = max(abs(state.lead - other.lead) for other in states)
        return True

    def silent(self, watch: Watch, now: Nanos) -> bool:
        """Without a run by the score alone and without a move of the price there is nothing to say."""
        market = watch.market
        if self._swing.get(market.game.game, 0) >= self.parameters.scoring_run_threshold:
            return False
        prices = self._prices.get(market.ticker)
        if prices and self._moved(prices, now) is not None:
            return False
        watch.settle(None)
        return True

    def _run(self, market: MarketView, now: Nanos) -> Opinion | None:
        """The opinion of a scoring run, if one is under way and the price at its beginning is known."""
        game = market.game
        states = self._states.get(game.game)
        baseline = self._baselines.of(game)
        if not states or baseline is None or market.claim is None:
            return None
        if self._swing[game.game] < self.parameters.scoring_run_threshold:
            return None
        last = states[-1]
        prices = self._prices.get(market.ticker)
        if not prices:
            return None
        # A run can only begin where the price of then is known; of equal ones it is the earliest.
        priced = [state for state in states if state.at >= prices[0][0]] or [last]
        start = max(priced, key=lambda state: (abs(last.lead - state.lead), -state.at))
        run = last.lead - start.lead
        if abs(run) < self.parameters.scoring_run_threshold or now > start.at + self._timeframe:
            return None
        p_then = self._price_at(market.ticker, start.at)
        p_change = self._worth(market, baseline, start, last)
        if p_then is None or p_change is None or p_change == 0.0:
            return None
        spread = market.spread()
        return Opinion(
            p_fair=capped(p_then + p_change),
            reason="scoring_run",
            source=Source.SCORING_RUN,
            gap_min=self.parameters.price_lag_threshold / 100,
            ev_percent_min=0.0,
            until=Nanos(start.at + self._timeframe + 1),
            evidence=(
                ("run", str(run)),
                ("run_seconds", f"{(last.at - start.at) / 1e9:.3f}"),
                ("lead", str(last.lead)),
                ("minutes_left", f"{last.minutes:.4f}"),
                ("price_then", p_then),
                ("model_change", p_change),
                ("baseline", baseline.source),
            ),
            side=BookSide.BID if p_change > 0 else BookSide.ASK,
            # A run is left again within minutes by crossing the spread, which the entry must earn too.
            extra_cost=0.0 if spread is None else spread / (2 * PRICE_ONE),
        )

    def _worth(
        self, market: MarketView, baseline: Baseline, start: GameState, last: GameState
    ) -> float | None:
        """What the run changed of the market's probability, by the model."""
        if market.claim is None:
            return None
        p_then = p_of_state(self._model, market.claim, start, baseline)
        p_now = p_of_state(self._model, market.claim, last, baseline)
        return None if p_then is None or p_now is None else p_now - p_then

    def _move(self, market: MarketView, now: Nanos) -> Opinion | None:
        """The opinion of a price move, if there is one in a tight market."""
        prices = self._prices.get(market.ticker)
        p_move = None if prices is None else self._moved(prices, now)
        spread, p_mid = market.spread(), market.p_mid()
        if p_move is None or spread is None or p_mid is None:
            return None
        if spread > 100 * self.parameters.max_spread_cents + HAIR:
            return None
        most = self.parameters.continuation_max_cents / 100
        p_more = max(-most, min(most, self.parameters.continuation * p_move))
        return Opinion(
            p_fair=capped(p_mid + p_more),
            reason="price_momentum",
            source=Source.PRICE_MOVE,
            gap_min=0.0,
            ev_percent_min=0.0,
            until=now,
            evidence=(
                ("move", p_move),
                ("middle", p_mid),
                ("continuation", p_more),
            ),
            side=BookSide.BID if p_move > 0 else BookSide.ASK,
            extra_cost=spread / (2 * PRICE_ONE),
        )

    def _moved(self, prices: Prices, now: Nanos) -> float | None:
        """The move over the lookback if it is large enough."""
        if not self.parameters.price_momentum or not prices:
            return None
        horizon = now - self._lookback
        p_then = prices[0][1]
        for at, p_price in prices:
            if at > horizon:
                break
            p_then = p_price
        p_move = prices[-1][1] - p_then
        return p_move if abs(p_move) >= self.parameters.min_price_change_cents / 100 - HAIR else None

    def _price_at(self, ticker: str, at: Nanos) -> float | None:
        """The middle price that stood at a moment; None if it is not remembered."""
        found: float | None = None
        for moment, p_price in self._prices.get(ticker, ()):
            if moment > at:
                break
            found = p_price
        return found


def _implausible(before: GameState, after: GameState) -> bool:
    """Whether the score moved as no game does."""
    gained = after.points - before.points
    elapsed = (after.at - before.at) / NANOS_PER_SECOND
    return gained < -POINTS_TAKEN_BACK_MAX or gained > POINTS_AT_ONCE_MAX + POINTS_PER_SECOND_MAX * elapsed

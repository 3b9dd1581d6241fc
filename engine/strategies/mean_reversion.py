"""`mean_reversion`: what runs ahead of expectation comes back.

Pace: the teams score faster or slower than the opening total expected; the rest of the game is expected at
the old pace (a fast first half says nothing of the second), so totals that followed the
pace are sold or bought. Price: a winner's price moved far from its pre-game price, further than score and
clock justify by the in-play model; it is expected to come back to the model's. Baselines are taken at the tip
and kept as facts. A position that has come back by `partial_exit_threshold` of the way is halved once.
"""

from collections.abc import Iterable, Mapping
from typing import ClassVar

import attrs

from engine.events import BookSide, GameNews, OddsSeen, ScoreSeen, TopChanged
from engine.facts import Fact
from engine.message import changed
from engine.step import Step
from engine.strategies.baselines import Baseline, Baselines
from engine.strategies.inplay import GameState, p_of_state
from engine.strategies.market_watch import Stay, Watch, surely_below
from engine.strategies.opinion import HAIR, Opinion
from engine.strategies.parameters import (
    Parameters,
    ParametersClash,
    TradingParameters,
    choice,
    number,
    switch,
    whole,
)
from engine.strategies.portfolio import Holding
from engine.strategies.strategy import StrategyContext
from engine.strategies.trader import Trader
from engine.trust import Source
from engine.units import COUNT_ONE, Nanos
from engine.view import Axis, MarketView
from engine.win_probability import InPlayModel, capped


@attrs.frozen
class MeanReversionParameters(TradingParameters):
    """See the module. A deviation of price is in points of probability, so YES and NO mirror each other."""

    cooldown_minutes: float = number(10, 0, 1440, "minutes", "no second entry into a market for so long")
    pace: bool = switch(True, "trade totals against the scoring pace")
    min_deviation_percent: float = number(
        15, 0, 500, "percent", "least deviation of the projected from the opening total"
    )
    min_time_elapsed_percent: float = number(
        25, 0, 100, "percent", "a pace needs so much of the game to show"
    )
    reversion_confidence: float = number(
        1, 0, 1, "share", "how much of the deviation is expected to come back"
    )
    partial_exit_threshold: float = number(
        50, 0, 100, "percent", "half is sold once so much of the way back is made; 0 never"
    )
    price: bool = switch(True, "trade winners against moves from the pre-game price")
    price_target: str = choice("model", ("model", "pregame"), "where a price is expected to come back to")
    min_reversion_percent: float = number(15, 0, 100, "points", "least move from the pre-game price")
    max_reversion_percent: float = number(40, 0, 100, "points", "a larger move has its reasons")
    min_time_remaining_pct: float = number(
        25, 0, 100, "percent", "so much of the game must be left to come back"
    )
    only_first_half: bool = switch(True, "enter in the first half only (price)")
    max_score_deficit: int = whole(20, 0, 100, "points", "no entry on a team that trails by more")

    def __attrs_post_init__(self) -> None:
        """The window of moves must not be empty."""
        if self.min_reversion_percent > self.max_reversion_percent:
            raise ParametersClash("min_reversion_percent is more than max_reversion_percent")


class MeanReversion(Trader):
    """See the module."""

    kind: ClassVar[str] = "mean_reversion"
    listed: ClassVar[int] = 40
    parameters_class: ClassVar[type[Parameters]] = MeanReversionParameters
    rests_on_odds: ClassVar[bool] = False

    def __init__(self, name: str, parameters: MeanReversionParameters, context: StrategyContext) -> None:
        """Begin without baselines."""
        self.parameters = parameters
        super().__init__(name, parameters, context)
        self._model = InPlayModel()
        self._baselines = Baselines(name)

    def market_types(self) -> tuple[str, ...]:
        """Totals for the pace, winners for the price."""
        kinds = (("total", self.parameters.pace), ("moneyline", self.parameters.price))
        return tuple(kind for kind, wanted in kinds if wanted)

    def memory(self) -> dict[str, object]:
        """The portfolio and the baselines."""
        return {**super().memory(), "baselines": self._baselines}

    def remember(self, memory: Mapping[str, object]) -> None:
        """The portfolio and the baselines."""
        super().remember(memory)
        self._baselines.take_over(memory["baselines"])

    def restore(self, facts: Iterable[Fact]) -> None:
        """Positions, cooldowns and baselines."""
        kept = list(facts)
        super().restore(kept)
        self._baselines.restore(kept)

    def on_other_news(self, news: GameNews, now: Nanos) -> Step:
        """A live score may begin a game, and so its baseline."""
        step = super().on_other_news(news, now)
        if isinstance(news, ScoreSeen):
            noted = self._baselines.take(self.view.game(news.game), now)
            if noted is not None:
                return changed(step, facts=(*step.facts, noted))
        return step

    def concerns(self, news: ScoreSeen | OddsSeen, before: ScoreSeen | OddsSeen | None) -> bool:
        """Scores only: the odds matter until the tip, and are looked at then."""
        return isinstance(news, ScoreSeen)

    def priced(self, watch: Watch, top: TopChanged, now: Nanos) -> Step:
        """A winner's opinion depends on how far the price is from where it began."""
        if watch.opinion is not None and watch.opinion.reason == "price_reversion":
            watch.until = Nanos(0)
        elif watch.market.kind == "game" and watch.opinion is None:
            watch.until = Nanos(0) if self._moved(watch.market) is not None else watch.until
        return super().priced(watch, top, now)

    def opinion(self, market: MarketView, now: Nanos) -> Opinion | None:
        """By pace for totals, by price for winners; nothing before the tip."""
        game = market.game
        minutes, baseline = game.minutes_left(), self._baselines.of(game)
        if game.score is None or minutes is None or baseline is None or market.claim is None or not game.live:
            return None
        points = game.score.home + game.score.away
        overtime = game.league.is_overtime(game.score.period)
        state = GameState(now, game.home_lead(), points, minutes, game.league, overtime)
        if market.claim.axis is Axis.TOTAL:
            return self._by_pace(market, state, baseline)
        return self._by_price(market, state, baseline)

    def leave(self, watch: Watch, holding: Holding, now: Nanos) -> tuple[str, int] | None:
        """Half of it, once, when enough of the way back is made."""
        p_price = self.order_writer.p_exit_price(watch.market, holding)
        p_half_way = None if p_price is None else self._half_way(holding)
        if p_price is None or p_half_way is None or p_price < p_half_way - HAIR:
            return None
        return "half_way", _half_of(holding)

    def stays(self, watch: Watch, holding: Holding) -> Stay | None:
        """Below half way, if half of it is still to be sold there."""
        lowest, highest, until = self.held_by_opinion(watch, holding)
        p_half_way = self._half_way(holding)
        if p_half_way is not None:
            highest = min(highest, surely_below(p_half_way))
        return Stay(lowest, highest, until)

    def _half_way(self, holding: Holding) -> float | None:
        """The price of a held contract at which half of it is sold; None if that is not to be."""
        share = self.parameters.partial_exit_threshold / 100
        # Once only: halving what is left again and again would never be done.
        if holding.p_entry_fair is None or not share or holding.halved:
            return None
        p_worth = holding.p_entry_fair if holding.count > 0 else 1.0 - holding.p_entry_fair
        p_cost = holding.p_cost()
        if p_worth <= p_cost or _half_of(holding) < COUNT_ONE:
            return None
        return p_cost + share * (p_worth - p_cost)

    def _by_pace(self, market: MarketView, state: GameState, baseline: Baseline) -> Opinion | None:
        """Against the pace: the rest at the expected pace, by as much as we trust in it."""
        elapsed = 1.0 - state.minutes / state.league.minutes
        expected = baseline.total if baseline.opening is None else baseline.opening
        if expected is None or market.claim is None or elapsed <= 0.0:
            return None
        # The projection divides by the time played: early in a game a few baskets decide it.
        if 100 * elapsed < self.parameters.min_time_elapsed_percent - HAIR or _in_overtime(market):
            return None
        projected = state.points / elapsed
        deviation = 100 * (projected - expected) / expected
        if abs(deviation) < self.parameters.min_deviation_percent - HAIR:
            return None
        confidence = self.parameters.reversion_confidence
        total = confidence * expected + (1.0 - confidence) * projected
        p_fair = p_of_state(self._model, market.claim, state, attrs.evolve(baseline, total=total))
        if p_fair is None:
            return None
        return Opinion(
            p_fair=p_fair,
            reason="pace_reversion",
            source=Source.PACE,
            gap_min=0.0,
            ev_percent_min=0.0,
            until=Nanos(2**62),
            evidence=(
                ("opening_total", f"{expected:.4f}"),
                ("points", str(state.points)),
                ("minutes_left", f"{state.minutes:.4f}"),
                ("projected_total", f"{projected:.4f}"),
                ("deviation_percent", f"{deviation:.4f}"),
                ("baseline", baseline.source),
            ),
            # A fast pace makes the market dear on overs: only against it.
            side=BookSide.ASK if (deviation > 0) == market.claim.above else BookSide.BID,
        )

    def _moved(self, market: MarketView) -> float | None:
        """How far the price is from the pre-game price, if that is within the window."""
        baseline = self._baselines.of(market.game)
        p_mid = market.p_mid()
        p_before = None if baseline is None else baseline.p_prices.get(market.ticker)
        if p_mid is None or p_before is None:
            return None
        move = p_mid - p_before
        least, most = self.parameters.min_reversion_percent, self.parameters.max_reversion_percent
        return move if least - HAIR <= 100 * abs(move) <= most + HAIR else None

    def _by_price(self, market: MarketView, state: GameState, baseline: Baseline) -> Opinion | None:
        """Against the move, towards the model's price of the winner (or the pre-game price)."""
        move, p_mid = self._moved(market), market.p_mid()
        if move is None or p_mid is None or market.claim is None:
            return None
        if 100 * state.minutes / state.league.minutes < self.parameters.min_time_remaining_pct - HAIR:
            return None
        if self.parameters.only_first_half and state.minutes < state.league.minutes / 2 - HAIR:
            return None
        # Bought is the team whose price fell: the market's own team after a fall, else its opponent.
        own_lead = state.lead if market.claim.above else -state.lead
        deficit = -own_lead if move < 0 else own_lead
        if deficit > self.parameters.max_score_deficit or _in_overtime(market):
            return None
        p_target = self._target(market, state, baseline)
        if p_target is None:
            return None
        return Opinion(
            p_fair=capped(p_mid + self.parameters.reversion_confidence * (p_target - p_mid)),
            reason="price_reversion",
            source=Source.WIN_PROBABILITY if self.parameters.price_target == "model" else Source.PRICE_MOVE,
            gap_min=0.0,
            ev_percent_min=0.0,
            until=Nanos(2**62),
            evidence=(
                ("pregame", p_mid - move),
                ("middle", p_mid),
                ("move", move),
                ("target", p_target),
                ("lead", str(state.lead)),
                ("minutes_left", f"{state.minutes:.4f}"),
                ("baseline", baseline.source),
            ),
            side=BookSide.BID if move < 0 else BookSide.ASK,
        )

    def _target(self, market: MarketView, state: GameState, baseline: Baseline) -> float | None:
        p_before = baseline.p_prices.get(market.ticker)
        if self.parameters.price_target == "pregame" or p_before is None or market.claim is None:
            return p_before
        # The model is anchored at the market's own pre-game price, so only the game can move it.
        p_home = p_before if market.claim.above else 1.0 - p_before
        return p_of_state(self._model, market.claim, state, attrs.evolve(baseline, p_home=p_home))


def _half_of(holding: Holding) -> int:
    """Half of what is held, in hundredths of a contract; whole contracts."""
    return abs(holding.count) // (2 * COUNT_ONE) * COUNT_ONE


def _in_overtime(market: MarketView) -> bool:
    score = market.game.score
    return score is not None and market.game.league.is_overtime(score.period)

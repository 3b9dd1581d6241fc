"""`sharp_line`: trades the gap between the sportsbooks' consensus and the venue's price.

Enters when the consensus of enough fresh, independent, de-vigged books is further from the executable price
than the threshold, and the expected gain after both legs' fees is worth the stake. In play the books lag the
market (a gap is mostly their staleness), so there the odds must be younger and the gap larger.
"""

from typing import ClassVar

import attrs

from engine.events import OddsSeen, ScoreSeen
from engine.freshness import ODDS_ROW, ODDS_ROW_LIVE
from engine.pricing.devig import DevigMethod
from engine.pricing.fair_value import Rules, fair_value
from engine.strategies.opinion import Opinion
from engine.strategies.parameters import (
    MARKET_TYPES,
    Parameters,
    TradingParameters,
    choice,
    number,
    seconds,
    whole,
    words,
)
from engine.strategies.strategy import StrategyContext
from engine.strategies.trader import Trader
from engine.trust import Source
from engine.units import Nanos
from engine.view import GameView, MarketView


@attrs.frozen
class SharpLineParameters(TradingParameters):
    """See the module."""

    threshold_percent: float = number(
        5, 0, 99, "points", "least distance of consensus and executable price, before the tip"
    )
    threshold_percent_live: float = number(8, 0, 99, "points", "the same in play, where the books lag")
    min_sample_sportsbooks: int = whole(3, 1, 50, "books", "fewer independent fresh books are no consensus")
    min_ev_percent: float = number(
        2, 0, 1000, "percent", "least gain expected after both fees, of what is paid"
    )
    market_types: tuple[str, ...] = words(("moneyline",), tuple(MARKET_TYPES), "the markets to trade")
    average: str = choice("median", ("median", "logit_mean"), "how the books are joined")
    devig: str = choice(
        "multiplicative", tuple(method.value for method in DevigMethod), "how a book's margin is taken out"
    )
    odds_age_seconds_max: float = number(
        ODDS_ROW.seconds, 1, 86_400, "seconds", "older rows are dropped, before the tip"
    )
    odds_age_live_seconds_max: float = number(
        ODDS_ROW_LIVE.seconds, 1, 3600, "seconds", "older rows are dropped, in play"
    )
    dispersion_percent_max: float = number(
        6, 0, 100, "points", "books that disagree by more than this are no consensus"
    )


class SharpLine(Trader):
    """See the module."""

    kind: ClassVar[str] = "sharp_line"
    listed: ClassVar[int] = 10
    parameters_class: ClassVar[type[Parameters]] = SharpLineParameters
    rests_on_odds: ClassVar[bool] = True

    def __init__(self, name: str, parameters: SharpLineParameters, context: StrategyContext) -> None:
        """Begin with nothing known."""
        self.parameters = parameters
        super().__init__(name, parameters, context)
        rules = Rules(
            age_max=seconds(parameters.odds_age_seconds_max),
            books_min=parameters.min_sample_sportsbooks,
            average=parameters.average,
            method=DevigMethod(parameters.devig),
        )
        self._rules = rules
        self._rules_live = attrs.evolve(rules, age_max=seconds(parameters.odds_age_live_seconds_max))

    def market_types(self) -> tuple[str, ...]:
        """As configured."""
        return self.parameters.market_types

    def opinion(self, market: MarketView, now: Nanos) -> Opinion | None:
        """The books' consensus, if there is one."""
        game = market.game
        if market.claim is None or game.over:
            return None
        live = game.live
        fair = fair_value(game, market.claim, self._rules_live if live else self._rules, now)
        if fair is None or 100 * fair.p_dispersion > self.parameters.dispersion_percent_max:
            return None
        threshold = self.parameters.threshold_percent_live if live else self.parameters.threshold_percent
        return Opinion(
            p_fair=fair.p_fair,
            reason="consensus_gap",
            source=Source.CONSENSUS_LIVE if live else Source.CONSENSUS_PREGAME,
            gap_min=threshold / 100,
            ev_percent_min=self.parameters.min_ev_percent,
            until=until_tip(fair.until, game, now),
            evidence=(
                ("consensus", fair.p_fair),
                ("books", str(fair.books)),
                ("dispersion", fair.p_dispersion),
                *[(f"book_{vendor}", p_vote) for vendor, p_vote in fair.votes],
                ("in_play", "yes" if live else "no"),
            ),
        )

    def concerns(self, news: ScoreSeen | OddsSeen, before: ScoreSeen | OddsSeen | None) -> bool:
        """Odds when they changed or had become too old; scores when the rules change with them."""
        if isinstance(news, ScoreSeen):
            if self.parameters.market_types != ("moneyline",):
                return True
            return not isinstance(before, ScoreSeen) or before.phase is not news.phase
        return odds_changed(news, before, self._rules_live.age_max)


def until_tip(until: Nanos, game: GameView, now: Nanos) -> Nanos:
    """Until when an opinion on the books holds: before the tip no longer than to the tip."""
    tip_at = game.beginning.tip_at
    return until if tip_at is None or tip_at <= now else min(until, tip_at)


def odds_changed(news: OddsSeen, before: ScoreSeen | OddsSeen | None, age_max: Nanos) -> bool:
    """Whether a book's row says something new, or says the old again after it had become too old."""
    if not isinstance(before, OddsSeen):
        return True
    # By the book's own time where there is one: a row that is polled again is not said again.
    if news.at - before.said_at > age_max:
        return True
    return (
        news.moneyline_home,
        news.moneyline_away,
        news.spread_home,
        news.spread_home_odds,
        news.spread_away_odds,
        news.total,
        news.over_odds,
        news.under_odds,
    ) != (
        before.moneyline_home,
        before.moneyline_away,
        before.spread_home,
        before.spread_home_odds,
        before.spread_away_odds,
        before.total,
        before.over_odds,
        before.under_odds,
    )

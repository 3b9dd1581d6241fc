"""`ev_multi`: expected value against every sportsbook by itself and against all of them together.

Enters when the gain expected by the aggregate of the books is large enough, and enough single books agree
that it is. Books far from the others are left out first; books that share a feed count once.
"""

from typing import ClassVar, Final

import attrs

from engine.events import OddsSeen, ScoreSeen, TopChanged
from engine.fees import FeeTerms
from engine.freshness import ODDS_ROW, ODDS_ROW_LIVE
from engine.message import changed
from engine.pricing.devig import DevigMethod
from engine.pricing.fair_value import FairValue, Rules, fair_value
from engine.step import Step
from engine.strategies.market_watch import NEVER, Watch
from engine.strategies.opinion import HAIR, Grounds, Opinion, taking
from engine.strategies.parameters import (
    MARKET_TYPES,
    Parameters,
    ParametersClash,
    TradingParameters,
    choice,
    number,
    seconds,
    switch,
    whole,
    words,
)
from engine.strategies.sharp_line import odds_changed, until_tip
from engine.strategies.strategy import StrategyContext
from engine.strategies.trader import Trader
from engine.trust import Source
from engine.units import Nanos
from engine.view import MarketView

WEIGHTS: Final = {
    "fanduel": 2.0,
    "draftkings": 2.0,
    "betmgm": 1.5,
    "caesars": 1.5,
    "betrivers": 1.5,
}
"""Sharper books first; all others weigh 1."""


@attrs.frozen
class EvMultiParameters(TradingParameters):
    """See the module."""

    use_kelly_sizing: bool = switch(True, "size by a fraction of Kelly's stake, at most position_size")
    min_ev_percent: float = number(
        3, 0, 1000, "percent", "least gain expected after both fees, of what is paid"
    )
    min_ev_percent_live: float = number(5, 0, 1000, "percent", "the same in play, where the books lag")
    aggregation_method: str = choice("median", ("mean", "median", "weighted"), "how the books are joined")
    min_sportsbooks: int = whole(5, 1, 50, "books", "fewer independent fresh books are no aggregate")
    min_sportsbooks_agreeing: int = whole(
        2, 0, 50, "books", "so many must each expect the least gain by itself"
    )
    preferred_books: tuple[str, ...] = words((), None, "hear only these books; empty hears all")
    exclude_books: tuple[str, ...] = words((), None, "never hear these books")
    outlier_percent: float = number(
        5, 0, 100, "points", "a book so far from the median is left out; 0 keeps all"
    )
    market_types: tuple[str, ...] = words(("moneyline",), tuple(MARKET_TYPES), "the markets to trade")
    odds_age_seconds_max: float = number(
        ODDS_ROW.seconds, 1, 86_400, "seconds", "older rows are dropped, before the tip"
    )
    odds_age_live_seconds_max: float = number(
        ODDS_ROW_LIVE.seconds, 1, 3600, "seconds", "older rows are dropped, in play"
    )
    devig: str = choice(
        "multiplicative", tuple(method.value for method in DevigMethod), "how a book's margin is taken out"
    )

    def __attrs_post_init__(self) -> None:
        """A book cannot be wished for and refused at once."""
        both = sorted(set(self.preferred_books) & set(self.exclude_books))
        if both:
            raise ParametersClash(f"preferred_books and exclude_books both name {', '.join(both)}")
        if self.min_sportsbooks_agreeing > self.min_sportsbooks:
            raise ParametersClash("min_sportsbooks_agreeing is more than min_sportsbooks")


class EvMulti(Trader):
    """See the module."""

    kind: ClassVar[str] = "ev_multi"
    listed: ClassVar[int] = 30
    parameters_class: ClassVar[type[Parameters]] = EvMultiParameters
    rests_on_odds: ClassVar[bool] = True

    def __init__(self, name: str, parameters: EvMultiParameters, context: StrategyContext) -> None:
        """Begin with nothing known."""
        self.parameters = parameters
        super().__init__(name, parameters, context)
        self._rules = Rules(
            age_max=seconds(parameters.odds_age_seconds_max),
            books_min=parameters.min_sportsbooks,
            average=parameters.aggregation_method,
            method=DevigMethod(parameters.devig),
            exclude=frozenset(book.lower() for book in parameters.exclude_books),
            prefer=frozenset(book.lower() for book in parameters.preferred_books),
            weights=WEIGHTS,
            outlier_points=parameters.outlier_percent / 100 if parameters.outlier_percent else None,
        )
        self._rules_live = attrs.evolve(self._rules, age_max=seconds(parameters.odds_age_live_seconds_max))

    def market_types(self) -> tuple[str, ...]:
        """As configured."""
        return self.parameters.market_types

    def concerns(self, news: ScoreSeen | OddsSeen, before: ScoreSeen | OddsSeen | None) -> bool:
        """Odds when they changed or had become too old; scores when the rules change with them."""
        if isinstance(news, ScoreSeen):
            if self.parameters.market_types != ("moneyline",):
                return True
            return not isinstance(before, ScoreSeen) or before.phase is not news.phase
        return odds_changed(news, before, self._rules_live.age_max)

    def opinion(self, market: MarketView, now: Nanos) -> Opinion | None:
        """The aggregate's; how many books agree is asked at the price."""
        if market.claim is None or market.game.over:
            return None
        live = market.game.live
        fair = fair_value(market.game, market.claim, self._rules_live if live else self._rules, now)
        if fair is None:
            return None
        opinion = Opinion(
            p_fair=fair.p_fair,
            reason="expected_value",
            source=Source.CONSENSUS_LIVE if live else Source.CONSENSUS_PREGAME,
            gap_min=0.0,
            ev_percent_min=self.parameters.min_ev_percent_live if live else self.parameters.min_ev_percent,
            until=until_tip(fair.until, market.game, now),
            evidence=_evidence(fair, self.parameters.aggregation_method),
        )
        if market.terms is None or market.top is None:
            return opinion
        return self._with_agreement(opinion, fair, market.terms, market.top)

    def priced(self, watch: Watch, top: TopChanged, now: Nanos) -> Step:
        """How many books agree depends on the price, so an opinion that could enter is formed anew."""
        if watch.idle and watch.opinion is not None and watch.crosses_threshold(top):
            watch.until = NEVER
        return super().priced(watch, top, now)

    def _with_agreement(self, opinion: Opinion, fair: FairValue, terms: FeeTerms, top: TopChanged) -> Opinion:
        """The same, demanding the impossible if too few books agree with it by themselves."""
        edge = taking(opinion, terms, top)
        if edge is None:
            return opinion
        if self._takes and edge.ev_percent < self.trading.near_miss_share * opinion.ev_percent_min - HAIR:
            # Not even nearly: nobody will ask who agrees.
            return opinion
        # All books are asked about the one side that would be traded: agreeing on the other side is no
        # agreement.
        sided = changed(opinion, side=edge.side)
        agreeing = [feed for feed, p_vote in fair.votes if self._expects(sided, p_vote, terms, top)]
        evidence = (
            *opinion.evidence,
            ("agreeing", str(len(agreeing))),
            ("agreeing_books", " ".join(agreeing)),
        )
        short = len(agreeing) < self.parameters.min_sportsbooks_agreeing
        blocked = (
            ("too_few_agree", str(len(agreeing)), str(self.parameters.min_sportsbooks_agreeing))
            if short
            else None
        )
        return changed(opinion, evidence=evidence, blocked=blocked)

    def _expects(self, opinion: Opinion, p_vote: float, terms: FeeTerms, top: TopChanged) -> bool:
        edge = taking(changed(opinion, p_fair=p_vote), terms, top)
        return edge is not None and edge.ev_percent >= opinion.ev_percent_min - HAIR and edge.p_net > 0


def _evidence(fair: FairValue, method: str) -> Grounds:
    return (
        ("aggregate", fair.p_fair),
        ("aggregation", method),
        ("books", str(fair.books)),
        ("dispersion", fair.p_dispersion),
        *[(f"book_{vendor}", p_vote) for vendor, p_vote in fair.votes],
        ("outliers", " ".join(fair.dropped) or "none"),
    )

"""`one_book`: believe a single sportsbook, and trade where the market pays enough for it.

Written by `tipoff new-strategy` to be changed. A strategy is pure: it reads no clock, draws no random numbers
and opens nothing; what it knows is what it was told. That is why a recorded evening can be replayed. Of
Tipoff it imports `tipoff.strategy` and nothing else.
"""

from typing import ClassVar

import attrs

from tipoff.strategy import (
    MARKET_TYPES,
    MarketView,
    Nanos,
    OddsSeen,
    Opinion,
    Parameters,
    Rules,
    ScoreSeen,
    StrategyContext,
    Trader,
    TradingParameters,
    fair_value,
    number,
    p_text,
    seconds,
    words,
)


@attrs.frozen
class OneBookParameters(TradingParameters):
    """What it can be told beside what every trading strategy can be told (size, cooldown, exits…).

    Each field is a key of `[strategy.parameters]`: default, least, most, unit, help.
    """

    book: tuple[str, ...] = words(("fanduel",), None, "the sportsbook to believe")
    threshold_percent: float = number(4, 0, 99, "points", "least distance of the book and the price")
    min_ev_percent: float = number(2, 0, 1000, "percent", "least gain expected after both fees")
    odds_age_seconds_max: float = number(120, 1, 3600, "seconds", "older rows are not believed")
    market_types: tuple[str, ...] = words(("moneyline",), tuple(MARKET_TYPES), "the markets to trade")


class OneBook(Trader):
    """Says what it believes; `Trader` compares that with the price, counts fees, sizes, enters and leaves."""

    kind: ClassVar[str] = "one_book"
    parameters_class: ClassVar[type[Parameters]] = OneBookParameters
    # The risk gate goes by this: no entry on odds that are missing or too old. False would lift that.
    rests_on_odds: ClassVar[bool] = True

    def __init__(
        self,
        name: str,
        parameters: OneBookParameters,
        context: StrategyContext,
    ) -> None:
        """Begin with nothing known; positions and cooldowns of an earlier life come back by themselves."""
        self.parameters = parameters
        super().__init__(name, parameters, context)
        self._rules = Rules(
            age_max=seconds(parameters.odds_age_seconds_max),
            books_min=1,
            prefer=frozenset(book.lower() for book in parameters.book),
        )

    def market_types(self) -> tuple[str, ...]:
        """The kinds of markets it is asked about."""
        return self.parameters.market_types

    def opinion(self, market: MarketView, now: Nanos) -> Opinion | None:
        """What it believes of a market now; None is no opinion. Called when something has changed."""
        if market.claim is None or market.game.over:
            return None
        fair = fair_value(market.game, market.claim, self._rules, now)
        if fair is None:
            return None
        return Opinion(
            p_fair=fair.p_fair,
            reason="one_book_gap",
            gap_min=self.parameters.threshold_percent / 100,
            ev_percent_min=self.parameters.min_ev_percent,
            # An opinion lasts until its odds are too old; after that it is formed anew.
            until=fair.until,
            # What `tipoff why` tells of an order: give every number that decided.
            evidence=tuple((f"book_{vendor}", p_text(p_fair)) for vendor, p_fair in fair.votes),
        )

    def concerns(self, news: ScoreSeen | OddsSeen, before: ScoreSeen | OddsSeen | None) -> bool:
        """Only odds change its mind; without this it would think again at every score."""
        return isinstance(news, OddsSeen)

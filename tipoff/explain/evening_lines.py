"""An evening as lines for whoever watches the daemon in a terminal: one short line an event, or none.

Pure: facts and the venues' events in, words out; `tipoff.services.terminal` gives it both and prints.
Longer words for the same facts: `tipoff.explain.sentences`. YES prices in dollars, counts in contracts.
"""

from collections import Counter

import attrs

from engine.events import BookSide, FeedConnected, FeedLost, GameSeen, MarketListed, ScoreSeen, VenueEvent
from engine.facts import (
    Fact,
    FactsSetAside,
    FollowingChanged,
    LimitChanged,
    OrderCancelled,
    OrderDenied,
    OrderFilled,
    OrderRejected,
    OrderSubmitted,
    PositionSettled,
    StrategyChanged,
    TradingHalted,
    TradingResumed,
)
from engine.game import CHECKING
from engine.leagues import league_of
from engine.terms import GamePhase
from engine.tickers import parse_ticker
from engine.units import Count, Money, Price, format_count, format_money, format_price
from tipoff.explain.sentences import sentence

TOLD_WHOLE = (
    FactsSetAside,
    FollowingChanged,
    LimitChanged,
    TradingHalted,
    TradingResumed,
)
"""Rare, and an operator wants every word of them."""


@attrs.define
class EveningLines:
    """What was told already, so that nothing is told twice."""

    stream_was_up: bool = False
    """Whether the market stream has been connected; its losses are told from then on."""
    _found: set[str] = attrs.field(factory=set)
    _names: dict[str, str] = attrs.field(factory=dict)
    _scores: dict[str, ScoreSeen] = attrs.field(factory=dict)
    _refused: Counter[tuple[str, str]] = attrs.field(factory=Counter)

    def fact(self, fact: Fact) -> str | None:
        """The line of a durable fact; None if it has none. Refusals are counted for `refusals`."""
        match fact:
            case OrderSubmitted():
                order = fact.order
                what = _what(order.side, order.count, order.ticker, order.price)
                return f"{order.strategy} sends: {what}"
            case OrderFilled():
                return fill_line(fact)
            case OrderCancelled():
                why = fact.reason.value.replace("_", " ")
                return f"{fact.strategy} not filled: {_count(fact.remaining)} {_market(fact.ticker)}, {why}"
            case PositionSettled():
                what = "taken back" if fact.reversal else "settled"
                at = f"{_count(fact.position)} {_market(fact.ticker)} at {_price(fact.value)} ({fact.result})"
                return f"{fact.strategy} {what}: {at}, pays {_dollars(fact.payout)}"
            case StrategyChanged():
                return f"{fact.strategy} is {'on' if fact.enabled else 'off'}, by {fact.by}"
            case OrderDenied():
                self._refused[fact.strategy, fact.reason.value] += 1
            case OrderRejected():
                self._refused[fact.strategy, fact.code.value] += 1
            case _ if isinstance(fact, TOLD_WHOLE):
                return sentence(fact)
            case _:
                pass
        return None

    def event(self, event: VenueEvent) -> str | None:
        """The line of something that a venue or a source said; None if it has none."""
        match event:
            case MarketListed():
                return self._listed(event)
            case GameSeen():
                self._names[event.game] = f"{event.away} at {event.home}"
                return None
            case ScoreSeen() if event.source not in CHECKING:
                before = self._scores.get(event.game)
                self._scores[event.game] = event
                words = _score(before, event)
                return words and f"{self._names.get(event.game, event.game)}: {words}"
            case FeedLost():
                return f"connection to the market stream lost: {event.reason}"
            case FeedConnected():
                again, self.stream_was_up = self.stream_was_up, True
                return f"connection to the market stream {'is back' if again else 'is up'}"
            case _:
                return None

    def refusals(self) -> list[str]:
        """Orders that were refused since this was asked last: a line a strategy."""
        refused: dict[str, list[str]] = {}
        for (strategy, reason), count in sorted(self._refused.items()):
            refused.setdefault(strategy, []).append(f"{reason} {count}")
        self._refused.clear()
        return [f"{strategy} refused: {', '.join(reasons)}" for strategy, reasons in refused.items()]

    def _listed(self, listed: MarketListed) -> str | None:
        ticker = parse_ticker(listed.ticker)
        if ticker.away is None or ticker.home is None or ticker.date is None:
            return None
        day = f"{ticker.away} at {ticker.home} on {ticker.date.isoformat()}"
        if day in self._found:
            return None
        self._found.add(day)
        return f"game found: {day}"


def fill_line(fill: OrderFilled) -> str:
    """Who got how much of what, at which price and fee."""
    what = _what(fill.side, fill.count, fill.ticker, fill.price)
    return f"{fill.strategy} filled: {what}, fee {_dollars(fill.fee)}"


def total(orders: int, fills: int, realized: Money) -> str:
    """What the run has come to, when a game ends."""
    return f"so far: {orders} orders, {fills} fills, closed positions {_dollars(realized, sign=True)} dollars"


def _score(before: ScoreSeen | None, now: ScoreSeen) -> str | None:
    """What is new of a game since the last score."""
    points, name = f"{now.away}-{now.home}", league_of(now.game).period_name
    was = GamePhase.SCHEDULED if before is None else before.phase
    match now.phase:
        case GamePhase.FINAL if before is not None and was is not GamePhase.FINAL:
            return f"final {points}"
        case GamePhase.POSTPONED if was is not GamePhase.POSTPONED:
            return "postponed"
        case GamePhase.HALFTIME if was is not GamePhase.HALFTIME:
            return f"halftime {points}"
        case GamePhase.LIVE if was is GamePhase.SCHEDULED:
            return "tip" if now.period <= 1 else f"is being played, {name(now.period)}, {points}"
        case GamePhase.LIVE if was is GamePhase.LIVE and before is not None and now.period > before.period:
            return f"end of {name(before.period)} {points}"
        case _:
            return None


def _what(side: BookSide, count: Count, ticker: str, price: Price) -> str:
    verb = "buy" if side is BookSide.BID else "sell"
    return f"{verb} {_count(count)} {_market(ticker)} at {_price(price)}"


def _market(ticker: str) -> str:
    """A market in fewer characters than its ticker has: an 80 column line holds a fill."""
    parsed = parse_ticker(ticker)
    if parsed.away is None or parsed.home is None:
        return ticker
    return f"{parsed.away}-{parsed.home} {parsed.kind.value} {ticker.rpartition('-')[2]}"


def _count(count: Count) -> str:
    return format_count(count).removesuffix(".00")


def _price(price: Price) -> str:
    return format_price(price).removesuffix("00")


def _dollars(money: Money, *, sign: bool = False) -> str:
    amount = float(format_money(money))
    return f"{amount:+.2f}" if sign else f"{amount:.2f}"

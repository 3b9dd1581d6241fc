"""What stands still when a fact cannot be applied: its market; else its strategy or game; else everything.

What is known least is treated strictest. Facts on which no trade rests stop nothing and are only reported.
"""

from collections.abc import Iterator
from typing import Final

import attrs

from engine.exchange import ExchangeState
from engine.facts import (
    FACTS,
    Fact,
    FeeTermsChanged,
    FollowingChanged,
    LedgerPosted,
    LimitChanged,
    Noted,
    OperatorActed,
    OrderDenied,
    OrderFilled,
    PositionPaid,
    PositionSettled,
    PregameChanged,
    RunEnded,
    RunStarted,
    SignalRaised,
    StrategyChanged,
    StrategyOpened,
    TradingHalted,
    TradingResumed,
    VenueStatusChanged,
)
from engine.quarantine.unread import Named, UnreadFact, named_in
from engine.risk import EVERYTHING, GAME, MARKET, QUARANTINE, StateUnknown, check_scope
from engine.run_facts import FactsSetAside
from engine.venue_facts import MarketResultKnown

NOTHING: Final = ""
"""The scope of what stops nothing."""

IN_MARKET: Final = ("collateral", "claim")
"""Accounts of the ledger that name a market behind their strategy."""

ON_RECORD_ONLY: Final = frozenset(
    kind.__name__ for kind in (RunStarted, RunEnded, OperatorActed, FactsSetAside)
)
OF_A_STRATEGY: Final = frozenset(
    kind.__name__
    for kind in (SignalRaised, Noted, OrderDenied, StrategyOpened, StrategyChanged, LimitChanged)
)
"""What a strategy, or the gate of it, goes by. A signal names a market, but nothing in the market follows
from it.
"""
OF_A_SCOPE: Final = frozenset(kind.__name__ for kind in (TradingHalted, TradingResumed))
OF_A_GAME: Final = frozenset(kind.__name__ for kind in (FollowingChanged, PregameChanged))
NOT_OF_MONEY: Final = frozenset(FACTS) - {
    kind.__name__ for kind in (OrderFilled, LedgerPosted, PositionSettled, PositionPaid, MarketResultKnown)
}
"""Without one of these the positions and the money of a market are still what is known of them."""


@attrs.define
class Concerns:
    """What facts concern; `state` knows the orders and markets of those that were applied so far."""

    state: ExchangeState
    markets: dict[str, str] = attrs.field(factory=dict)
    """Of orders of which only facts are known that could not be applied, by order id."""

    def of(self, fact: Fact | UnreadFact) -> tuple[str, ...]:
        """The scopes to halt for a fact that cannot be applied."""
        if isinstance(fact, UnreadFact):
            kind, named = fact.kind, _looked_up(named_in(fact), fact.subject, self.state)
        else:
            kind, named = type(fact).__name__, _named(fact)
        if named.ticker and named.order_id:
            self.markets[named.order_id] = named.ticker
        elif named.order_id in self.markets:
            named = attrs.evolve(named, ticker=self.markets[named.order_id])
        return _scopes(kind, named, self.state)


def _scopes(kind: str, named: Named, state: ExchangeState) -> tuple[str, ...]:
    if kind in ON_RECORD_ONLY:
        return (NOTHING,)
    if kind in OF_A_SCOPE:
        return (_scope(named.scope),)
    if kind in OF_A_GAME:
        return (GAME + named.game if named.game else EVERYTHING,)
    if kind == FeeTermsChanged.__name__:
        return tuple(_markets_of(named.scope, state)) or (EVERYTHING,)
    if kind == VenueStatusChanged.__name__:
        return (EVERYTHING,)
    ticker = "" if kind in OF_A_STRATEGY else _market(named, state)
    if ticker:
        return (MARKET + ticker,)
    strategy = named.strategy or _owner(named.order_id, state)
    if strategy:
        return (QUARANTINE + strategy,)
    return (GAME + named.game if named.game else EVERYTHING,)


def of_money(fact: Fact | UnreadFact) -> bool:
    """Whether positions or cash may be wrong without it."""
    kind = fact.kind if isinstance(fact, UnreadFact) else type(fact).__name__
    return kind not in NOT_OF_MONEY


def _named(fact: Fact) -> Named:
    """The names in a fact, in itself or in what it is about."""
    parts = [fact, *(getattr(fact, part, None) for part in ("order", "command", "amend", "trade"))]

    def first(name: str) -> str:
        found = (getattr(part, name, None) for part in parts)
        return next((value for value in found if isinstance(value, str)), "")

    accounts = tuple(each.account for each in fact.postings) if isinstance(fact, LedgerPosted) else ()
    return Named(
        first("ticker"), first("order_id"), first("strategy"), first("game"), first("scope"), accounts
    )


def _looked_up(named: Named, subject: str, state: ExchangeState) -> Named:
    """What the text did not tell, by the word under which the entry is looked up."""
    if subject in state.known and not named.order_id:
        return attrs.evolve(named, order_id=subject)
    if subject in state.markets and not named.ticker:
        return attrs.evolve(named, ticker=subject)
    scope = not named.scope and _scope(subject) == subject
    if scope:
        return attrs.evolve(named, scope=subject)
    owner = subject if subject in state.accounts else _owner(subject, state)
    return attrs.evolve(named, strategy=owner) if owner and not named.strategy else named


def _market(named: Named, state: ExchangeState) -> str:
    if named.ticker:
        return named.ticker
    order = state.known.get(named.order_id)
    if order is not None:
        return order.ticker
    for account in named.accounts:
        kind, _, rest = account.partition(":")
        if kind in IN_MARKET:
            return rest.partition(":")[2]
    return ""


def _owner(name: str, state: ExchangeState) -> str:
    """Whose an order or signal is by its id, which begins with the strategy's name; empty if nobody's."""
    for mark in ("/", "-"):
        owner = name.rpartition(mark)[0]
        if owner in state.accounts:
            return owner
    return ""


def _scope(scope: str) -> str:
    try:
        return check_scope(scope)
    except StateUnknown:
        return EVERYTHING


def _markets_of(fees_of: str, state: ExchangeState) -> Iterator[str]:
    for market in state.markets.values():
        if market.terms is not None and fees_of in (market.terms.series, market.terms.event_ticker):
            yield MARKET + market.ticker

"""Facts that could be folded and must not be: they come twice, or what they follow from is missing.

Folded all the same, an order would be sent twice, a fill counted twice, or a timer set for nothing.
"""

from typing import Final

import attrs

from engine.exchange import ExchangeState, PaperOrder, Stage
from engine.facts import (
    Fact,
    LedgerPosted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    OrderRested,
    OrderSubmitted,
    PositionSettled,
    TradingHalted,
    TradingResumed,
)
from engine.risk import StateUnknown, check_scope
from engine.venue_facts import AmendSubmitted, BandEnded, CancelSubmitted, PositionPaid

FILL: Final = "fill:"
OPENING: Final = "open:"
"""How the ids of ledger entries begin that book a fill, and a bankroll."""


@attrs.define
class Consistency:
    """What was seen so far that must not come again; `state` is the fold of what was in order."""

    state: ExchangeState
    fills: set[str] = attrs.field(factory=set)
    entries: set[str] = attrs.field(factory=set)

    def contradiction(self, fact: Fact) -> str | None:
        """What is wrong with the next fact, in words; None if nothing is."""
        match fact:
            case OrderFilled():
                return self._filled(fact)
            case LedgerPosted():
                return self._posted(fact)
            case OrderSubmitted():
                order_id = fact.order.order_id
                return f"order {order_id} was sent before" if order_id in self.state.known else None
            case OrderRested():
                return self._rested(fact)
            case OrderRejected() | OrderCancelled() | CancelSubmitted() | BandEnded():
                return self._unknown(fact.order_id)
            case AmendSubmitted():
                return self._unknown(fact.amend.order_id)
            case PositionSettled() | PositionPaid():
                return self._settled(fact)
            case TradingHalted() | TradingResumed():
                return _no_scope(fact.scope)
            case _:
                return None

    def _unknown(self, order_id: str) -> str | None:
        return None if order_id in self.state.known else f"order {order_id} was never sent"

    def _order(self, order_id: str) -> PaperOrder | str:
        found = self.state.orders.get(order_id)
        return found or self._unknown(order_id) or f"order {order_id} is over"

    def _rested(self, fact: OrderRested) -> str | None:
        order = self._order(fact.order_id)
        if isinstance(order, str):
            return order
        return None if order.stage is Stage.IN_FLIGHT else f"order {fact.order_id} rests already"

    def _filled(self, fact: OrderFilled) -> str | None:
        order = self._order(fact.order_id)
        if isinstance(order, str):
            return order
        if fact.fill_id in self.fills:
            return f"fill {fact.fill_id} is booked already"
        # Journals of older versions have amended orders without a count.
        if order.count and fact.remaining != order.remaining - fact.count:
            return f"{fact.remaining} cannot remain of {order.remaining} after a fill of {fact.count}"
        self.fills.add(fact.fill_id)
        return None

    def _posted(self, fact: LedgerPosted) -> str | None:
        if fact.entry_id.startswith(OPENING) and fact.strategy not in self.state.accounts:
            return f"the account of {fact.strategy} was never opened"
        if fact.entry_id in self.entries:
            return f"ledger entry {fact.entry_id} is booked already"
        self.entries.add(fact.entry_id)
        of_fill = fact.entry_id.removeprefix(FILL)
        if of_fill != fact.entry_id and of_fill not in self.fills:
            return f"fill {of_fill} was never booked"
        return None

    def _settled(self, fact: PositionSettled | PositionPaid) -> str | None:
        key = (fact.strategy, fact.ticker)
        if isinstance(fact, PositionSettled) and not fact.reversal:
            held = self.state.position(*key).count
            return None if held == fact.position else f"{fact.position} is settled, and {held} is held"
        settled = self.state.settled.get(key)
        if settled is None:
            return f"the position of {fact.strategy} in {fact.ticker} was not settled"
        twice = isinstance(fact, PositionPaid) and settled.paid
        return f"the position of {fact.strategy} in {fact.ticker} is paid already" if twice else None


def _no_scope(scope: str) -> str | None:
    try:
        check_scope(scope)
    except StateUnknown as error:
        return str(error)
    return None

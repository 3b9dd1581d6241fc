"""Orders of several legs: what of each leg was filled, and what is left uncovered when a leg failed.

Used by `correlation`. A group is two markets; each of its orders carries the group's name in `leg_of`. Folded
from facts, so that a restart between two legs is seen as the failed leg that it is.
"""

from collections.abc import Iterable
from typing import Final

import attrs

from engine.events import BookSide
from engine.facts import (
    Fact,
    OrderApproved,
    OrderCancelled,
    OrderDenied,
    OrderFilled,
    OrderRejected,
    PositionSettled,
    SignalRaised,
)
from engine.orders import PlaceOrder
from engine.units import COUNT_ZERO, MONEY_ZERO, PRICE_ONE, Count, Money

GROUP_EVIDENCE: Final = "group"


@attrs.define
class Leg:
    """One market of a group: what is held through the group, what that cost, and the side it is held on."""

    ticker: str
    side: BookSide
    held: Count = COUNT_ZERO
    paid: Money = MONEY_ZERO

    def p_cost(self) -> float:
        """Cost of one contract with fees."""
        return self.paid / (self.held * PRICE_ONE) if self.held else 0.0


@attrs.define
class Group:
    """Two legs and the orders of theirs that may still trade."""

    name: str
    legs: dict[str, Leg] = attrs.field(factory=dict)
    open: set[str] = attrs.field(factory=set)

    def uncovered(self) -> tuple[Leg, Leg, Count] | None:
        """The leg with more, the leg with less and the difference, once nothing is open; None if equal."""
        # While an order of a leg may still fill, the difference is not final: hedging it could end twice
        # covered.
        if self.open or len(self.legs) != 2:
            return None
        less, more = sorted(self.legs.values(), key=lambda leg: leg.held)
        return None if less.held == more.held else (more, less, Count(more.held - less.held))


class Groups:
    """The groups of one strategy."""

    def __init__(self, name: str) -> None:
        """Begin with none."""
        self._name = name
        self.of: dict[str, Group] = {}
        self._by_order: dict[str, Group] = {}
        self._fills: set[str] = set()
        self._signalled: dict[str, list[tuple[str, BookSide]]] = {}
        """The legs that earlier lives had in mind, by group."""

    def sent(self, order: PlaceOrder) -> None:
        """Note an order of a group that was sent to the gate."""
        if order.leg_of is None:
            return
        group = self.of.setdefault(order.leg_of, Group(order.leg_of))
        if not order.exit:
            # A hedge that sells a leg again belongs to the group, but it is no leg of it.
            group.legs.setdefault(order.ticker, Leg(order.ticker, order.side))
        group.open.add(order.order_id)
        self._by_order[order.order_id] = group

    def apply(self, fact: Fact) -> Group | None:
        """Fold a fact; returns the group it was about."""
        match fact:
            case OrderFilled() if fact.order_id in self._by_order:
                return self._filled(fact)
            case OrderRejected() | OrderCancelled() if fact.order_id in self._by_order:
                group = self._by_order[fact.order_id]
                group.open.discard(fact.order_id)
                return group
            # A denial without a ticker is one of a cancel or amend: the order itself is still there.
            case OrderDenied() if fact.order_id in self._by_order and fact.ticker:
                group = self._by_order[fact.order_id]
                group.open.discard(fact.order_id)
                return group
            case PositionSettled() if fact.strategy == self._name:
                for group in list(self.of.values()):
                    if fact.ticker in group.legs:
                        del self.of[group.name]
                return None
            case _:
                return None

    def in_market(self, ticker: str) -> list[Group]:
        """The groups that have a leg in a market and hold anything, or still may."""
        return [
            group
            for group in self.of.values()
            if ticker in group.legs and (group.open or any(leg.held for leg in group.legs.values()))
        ]

    def take_over(self, other: object) -> None:
        """Be as groups that are not used any further."""
        assert isinstance(other, Groups)  # noqa: S101 - a memory of them
        vars(self).update(vars(other))

    def restore(self, facts: Iterable[Fact]) -> None:
        """Fold an earlier life. A leg that was signalled but never judged was never sent: it failed."""
        for fact in facts:
            if isinstance(fact, SignalRaised) and fact.strategy == self._name:
                evidence = dict(fact.evidence)
                if GROUP_EVIDENCE in evidence and evidence.get("leg") == "entry":
                    legs = self._signalled.setdefault(evidence[GROUP_EVIDENCE], [])
                    legs.append((fact.ticker, fact.side))
            elif isinstance(fact, OrderApproved) and isinstance(fact.command, PlaceOrder):
                # An approval may be told twice, and its order may have ended in between.
                if fact.command.strategy == self._name and fact.command.order_id not in self._by_order:
                    self.sent(fact.command)
            else:
                self.apply(fact)
        for name, signalled in self._signalled.items():
            group = self.of.get(name)
            for ticker, side in signalled:
                if group is not None:
                    group.legs.setdefault(ticker, Leg(ticker, side))

    def _filled(self, fact: OrderFilled) -> Group:
        group = self._by_order[fact.order_id]
        # A fill is remembered before a restart and may be heard again after it.
        if fact.fill_id in self._fills:
            return group
        self._fills.add(fact.fill_id)
        leg = group.legs.setdefault(fact.ticker, Leg(fact.ticker, fact.side))
        if fact.side is leg.side:
            own = fact.price if fact.side is BookSide.BID else PRICE_ONE - fact.price
            leg.paid = Money(leg.paid + own * fact.count + fact.fee)
            leg.held = Count(leg.held + fact.count)
        else:
            sold = min(fact.count, leg.held)
            leg.paid = Money(leg.paid - (leg.paid * sold // leg.held if leg.held else 0))
            leg.held = Count(leg.held - sold)
        if fact.remaining <= 0:
            group.open.discard(fact.order_id)
        return group

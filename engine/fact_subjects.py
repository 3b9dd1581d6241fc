"""What a fact is about: its strategy, its order."""

from engine.facts import AmendSubmitted, Fact, OrderApproved, OrderSubmitted


def strategy_of(fact: Fact) -> str | None:
    """Return the name of the strategy that a fact is about; None for facts about no single strategy."""
    match fact:
        case OrderSubmitted():
            return fact.order.strategy
        case OrderApproved():
            return fact.command.strategy
        case AmendSubmitted():
            return fact.amend.strategy
        case _:
            name = getattr(fact, "strategy", None)
            return name if isinstance(name, str) else None


def order_of(fact: Fact) -> str | None:
    """Return the id of the order that a fact is about; None for facts about no order."""
    match fact:
        case OrderSubmitted():
            return fact.order.order_id
        case OrderApproved():
            return fact.command.order_id
        case AmendSubmitted():
            return fact.amend.order_id
        case _:
            order_id = getattr(fact, "order_id", None)
            return order_id if isinstance(order_id, str) else None

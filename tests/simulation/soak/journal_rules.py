"""What must hold of a run's journal whatever befell its processes: pure functions over facts.

Used by the soak after every kill and at every end, and held by their own tests against journals that break
each rule.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

import attrs

from engine import ledger
from engine.events import BookSide
from engine.facts import (
    Fact,
    OrderApproved,
    OrderCancelled,
    OrderFilled,
    OrderSubmitted,
    PositionSettled,
    RunStarted,
    TradingHalted,
    TradingResumed,
)
from engine.orders import PlaceOrder
from engine.tally import Tally
from engine.units import MONEY_ZERO, PRICE_ONE


def tally_of(facts: Sequence[Fact]) -> Tally:
    """The fold of all facts."""
    tally = Tally()
    for fact in facts:
        tally.apply(fact)
    return tally


def broken_rules(facts: Sequence[Fact]) -> list[str]:
    """Everything that is wrong, a sentence each; empty if all holds."""
    return [
        *twice(facts),
        *overfilled(facts),
        *of_an_old_life(facts),
        *under_a_halt(facts),
        *exits_that_open(facts),
        *money(facts),
    ]


def twice(facts: Sequence[Fact]) -> Iterator[str]:
    """An order is approved and submitted once, a fill happens once, an order ends once."""
    seen: Counter[tuple[str, str]] = Counter()
    for fact in facts:
        match fact:
            case OrderApproved(command=PlaceOrder(order_id=order_id)):
                seen["approved", order_id] += 1
            case OrderSubmitted():
                seen["submitted", fact.order.order_id] += 1
            case OrderCancelled():
                seen["cancelled", fact.order_id] += 1
            case OrderFilled():
                seen["filled", fact.fill_id] += 1
            case _:
                pass
    return (f"{name} was {what} {count} times" for (what, name), count in seen.items() if count > 1)


def overfilled(facts: Sequence[Fact]) -> Iterator[str]:
    """Nothing is filled that was not submitted, nor more of it than was ordered."""
    wanted: dict[str, int] = {}
    filled: Counter[str] = Counter()
    for fact in facts:
        if isinstance(fact, OrderSubmitted):
            wanted[fact.order.order_id] = fact.order.count
        elif isinstance(fact, OrderFilled):
            filled[fact.order_id] += fact.count
            if fact.order_id not in wanted:
                yield f"{fact.order_id} was filled before it was submitted"
    for order_id, count in filled.items():
        if count > wanted.get(order_id, count):
            yield f"{order_id} was filled {count} of {wanted[order_id]}"


def of_an_old_life(facts: Sequence[Fact]) -> Iterator[str]:
    """What an earlier process wished for is not approved any more; what it durably approved may set out."""
    began = 0
    approved: set[str] = set()
    for fact in facts:
        match fact:
            case RunStarted():
                began = fact.at
            case OrderApproved(command=PlaceOrder() as order):
                approved.add(order.order_id)
                if order.decided_at < began:
                    yield f"{order.order_id} was decided by an earlier process and approved by this one"
            case OrderSubmitted():
                # What an operator closes goes past the gate's limits.
                if fact.order.order_id not in approved and not closes_by_hand(fact.order):
                    yield f"{fact.order.order_id} was submitted without a durable approval"
            case _:
                pass


def closes_by_hand(order: PlaceOrder) -> bool:
    """Whether an operator's `positions close` sent it."""
    return order.exit and order.reduce_only and order.signal_id.startswith("operator:")


def under_a_halt(facts: Sequence[Fact]) -> Iterator[str]:
    """While everything is halted the gate lets nothing pass, also not in a later life."""
    halted = False
    for fact in facts:
        match fact:
            case TradingHalted(scope="all", state="halted"):
                halted = True
            case TradingResumed(scope="all"):
                halted = False
            case OrderApproved(command=PlaceOrder() as order):
                if halted:
                    yield f"{order.order_id} was approved under a halt"
            case _:
                pass


def exits_that_open(facts: Sequence[Fact]) -> Iterator[str]:
    """A fill of an exit makes a position smaller and never turns it round."""
    exits: set[str] = set()
    held: Counter[tuple[str, str]] = Counter()
    for fact in facts:
        match fact:
            case OrderSubmitted():
                if fact.order.exit:
                    exits.add(fact.order.order_id)
            case OrderFilled():
                key = fact.strategy, fact.ticker
                before = held[key]
                held[key] += fact.count if fact.side is BookSide.BID else -fact.count
                if fact.order_id in exits and not 0 <= held[key] * (1 if before > 0 else -1) < abs(before):
                    yield f"{fact.order_id} is an exit and made {before} of {fact.ticker} to {held[key]}"
            case PositionSettled():
                held[fact.strategy, fact.ticker] -= -fact.position if fact.reversal else fact.position
            case _:
                pass


@attrs.define
class Account:
    """What a strategy must have by its fills and settlements alone, without the ledger."""

    cash: int = 0
    held: Counter[str] = attrs.field(factory=Counter)


def money(facts: Sequence[Fact]) -> Iterator[str]:
    """The ledger sums to zero, and its cash is what fills and settlements say.

    Of a short position a dollar each is held until it is settled; claims are paid later, so they count.
    """
    tally = tally_of(facts)
    if tally.ledger.verify() != MONEY_ZERO:
        yield f"the ledger is out of balance by {tally.ledger.verify()}"
    for name, account in accounts(facts).items():
        held = {ticker: count for ticker, count in account.held.items() if count}
        tallied = {ticker: count for ticker, count in tally.strategy(name).positions.items() if count}
        if held != tallied:
            yield f"{name} holds {tallied}, by its fills {held}"
        short = -sum(min(0, count) for count in held.values()) * PRICE_ONE
        owed = sum(tally.ledger.balance(ledger.claim(name, ticker)) for ticker in account.held)
        actual = tally.ledger.balance(ledger.cash(name)) + owed
        expected = tally.strategy(name).bankroll + account.cash - short
        if actual != expected:
            yield f"{name} has {actual} of cash and claims, by its fills {expected}"


def accounts(facts: Sequence[Fact]) -> dict[str, Account]:
    """Cash in YES terms and contracts by strategy, from fills and settlements."""
    found: dict[str, Account] = {}
    for fact in facts:
        if isinstance(fact, OrderFilled):
            account = found.setdefault(fact.strategy, Account())
            signed = fact.count if fact.side is BookSide.BID else -fact.count
            account.cash -= signed * fact.price + fact.fee
            account.held[fact.ticker] += signed
        elif isinstance(fact, PositionSettled):
            account = found.setdefault(fact.strategy, Account())
            sign = -1 if fact.reversal else 1
            account.cash += sign * fact.position * fact.value
            account.held[fact.ticker] -= sign * fact.position
    return found

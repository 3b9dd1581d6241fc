"""What our orders would have got at the venue, held against what paper gave them.

Each order is judged by itself, at its moment and place in the queues; in total no contract of the others is
given twice. Where paper refused an amendment or a cancel, the order is judged as it then went on.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from functools import partial
from operator import itemgetter
from typing import TypeAlias

import attrs

from engine.events import BookSide
from engine.facts import (
    BandMoved,
    CancelRefused,
    Fact,
    OrderAmended,
    OrderFilled,
    OrderSubmitted,
    StrategyOpened,
)
from engine.orders import PlaceOrder
from engine.venue_facts import AmendSubmitted, CancelSubmitted
from tests.engine.exchange.judge.flow import Flow
from tests.engine.exchange.judge.venue import BID, Leg, Venue


class Fault(Enum):
    """In what way paper was kinder than the venue, or its readings no band."""

    BASE_COUNT = "base count"
    BASE_PRICE = "base price"
    SLOW_COUNT = "pessimistic count"
    SLOW_PRICE = "pessimistic price"
    TWICE = "contracts given twice"
    BELOW = "optimistic below base"
    ABOVE = "pessimistic above base"


@attrs.frozen
class Kinder:
    """One finding."""

    fault: Fault
    order_id: str
    detail: str


Fill: TypeAlias = tuple[int, int, int]
"""When it was told, price, count."""

Moment: TypeAlias = tuple[int, int, Callable[[], object]]
"""When, what comes first at the same time, and what happens."""


@attrs.define(eq=False)
class Stand:
    """An order at one place: what paper gave it there, and the legs that the judge puts there."""

    leg: Leg
    slow: Leg
    base: list[Fill] = attrs.field(factory=list)
    pessimistic: list[Fill] = attrs.field(factory=list)

    alike: bool = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        places = {(leg.arrives, leg.wanted) for leg in (self.leg, self.slow)}
        self.alike = len(places) == 1

    def legs(self) -> tuple[Leg, ...]:
        """One leg, or two if the slow reading arrives later, or wants something else."""
        return (self.leg,) if self.alike else (self.leg, self.slow)


@attrs.define(eq=False)
class Case:
    """All that paper said of one order."""

    order: PlaceOrder
    stands: list[Stand]
    filled: int = 0
    readings: tuple[int, int, int] = (0, 0, 0)
    cash: int = 0
    amend: AmendSubmitted | None = None
    refused: bool = False
    cancel: CancelSubmitted | None = None
    shrinks: list[tuple[int, Leg, int]] = attrs.field(factory=list)


@attrs.frozen
class Verdict:
    """What the judge says of an evening; counts of the base reading and of the truth, 1/100 contract."""

    kinder: tuple[Kinder, ...]
    cases: dict[str, Case]

    @property
    def base(self) -> int:
        """What paper gave."""
        return sum(fill[2] for stand in self.stands() for fill in stand.base)

    @property
    def truth(self) -> int:
        """What the venue would have given."""
        return sum(stand.leg.total for stand in self.stands())

    def stands(self) -> Iterator[Stand]:
        """All places of all orders."""
        for case in self.cases.values():
            yield from case.stands


def judge(flow: Flow, facts: list[Fact]) -> Verdict:
    """Read what paper did, put the same orders into the venue, and compare."""
    kinder: list[Kinder] = []
    cases = read(facts, kinder)
    lots = run(Venue(), flow, cases.values())
    for case in cases.values():
        for stand in case.stands:
            kinder += _compare(case, stand)
    for together in _by_account(facts, cases):
        kinder += _shared(lots, together)
    return Verdict(tuple(kinder), cases)


# What paper said


def read(facts: list[Fact], kinder: list[Kinder]) -> dict[str, Case]:
    """The orders, their places and their fills; finds on the way where the readings are no band."""
    cases: dict[str, Case] = {}
    for fact in facts:
        match fact:
            case OrderSubmitted():
                order = fact.order
                slow_at = fact.arrives_pessimistic_at or fact.arrives_at
                place = order.price, order.count
                stand = Stand(_leg(order, fact.arrives_at, place), _leg(order, slow_at, place))
                cases[order.order_id] = Case(order, [stand])
            case OrderFilled():
                case_ = cases[fact.order_id]
                case_.filled += fact.count
                case_.stands[-1].base.append((fact.at, fact.price, fact.count))
            case BandMoved():
                kinder += _readings(cases[fact.order_id], fact)
            case CancelSubmitted():
                cases[fact.order_id].cancel = fact
            case AmendSubmitted():
                cases[fact.amend.order_id].amend = fact
            case OrderAmended():
                _amended(cases[fact.order_id], fact)
            case CancelRefused(amend=False):
                cases[fact.order_id].refused = True
            case _:
                pass
    for found in cases.values():
        _end(found)
    return cases


def _leg(order: PlaceOrder, at: int, place: tuple[int, int]) -> Leg:
    price, wanted = place
    return Leg(order.order_id, order.side, price, wanted, at, None, order.tif, order.post_only)


def _amended(case: Case, fact: OrderAmended) -> None:
    """Less of the same stays where it is; anything else is a new place for what paper still wants."""
    assert case.amend is not None
    at = case.amend.arrives_at
    last = case.stands[-1]
    if not fact.requeued:
        case.shrinks += [(at, leg, fact.count) for leg in (last.leg, last.slow)]
        return
    for leg in (last.leg, last.slow):
        leg.ends = at
    # An order on its slow way is not there yet when it is amended, and arrives at the new place.
    slow = _leg(case.order, max(at, last.slow.arrives), (fact.price, fact.count - case.readings[0]))
    case.stands.append(Stand(_leg(case.order, at, (fact.price, fact.count - case.filled)), slow))


def _readings(case: Case, fact: BandMoved) -> Iterator[Kinder]:
    before, case.readings = case.readings, (fact.pessimistic, fact.base, fact.optimistic)
    gained = fact.pessimistic - before[0]
    if gained:
        paid = abs(fact.pessimistic_cash - case.cash)
        case.stands[-1].pessimistic.append((fact.at, paid // gained, gained))
    case.cash = fact.pessimistic_cash
    if fact.optimistic < fact.base:
        yield Kinder(Fault.BELOW, fact.order_id, f"{fact.optimistic} < {fact.base}")
    if fact.pessimistic > fact.base:
        yield Kinder(Fault.ABOVE, fact.order_id, f"{fact.pessimistic} > {fact.base}")


def _end(case: Case) -> None:
    """An order leaves by its cancel, unless that was refused, or when it expires.

    A cancel that is there before its order finds nothing, and the order stays.
    """
    cancel = None if case.cancel is None or case.refused else case.cancel.arrives_at
    for leg in (leg for stand in case.stands for leg in (stand.leg, stand.slow)):
        ends = [at for at in (case.order.expires_at, leg.ends) if at is not None]
        if cancel is not None and cancel > leg.arrives:
            ends.append(cancel)
        leg.ends = min(ends, default=None)


# The truth


def run(venue: Venue, flow: Flow, cases: Iterable[Case]) -> Counter[int]:
    """Play the flow again, with our orders in their places. Returns how many contracts each lot had."""
    for action in flow.opening:
        venue.act(action)
    # At one moment: who leaves is gone before anybody arrives, and ours come before the others' deeds.
    moments: list[Moment] = [(action.at, 3, partial(venue.act, action)) for action in flow.actions]
    for case in cases:
        for stand in case.stands:
            moments += [moment for leg in stand.legs() for moment in _moments(venue, leg)]
        moments += [(at, 2, partial(leg.shrink, count)) for at, leg, count in case.shrinks]
    for _, _, happens in sorted(moments, key=itemgetter(0, 1)):
        happens()
    return venue.lots


def _moments(venue: Venue, leg: Leg) -> Iterator[Moment]:
    """It comes and goes, unless it is to be gone before it comes."""
    if leg.ends is not None and leg.ends <= leg.arrives:
        return
    yield leg.arrives, 1, partial(venue.arrive, leg, leg.arrives)
    if leg.ends is not None:
        yield leg.ends, 0, partial(venue.leave, leg)


# The comparison


def _compare(case: Case, stand: Stand) -> Iterator[Kinder]:
    slow = stand.legs()[-1]
    for leg, fills, count, price in (
        (stand.leg, stand.base, Fault.BASE_COUNT, Fault.BASE_PRICE),
        (slow, stand.pessimistic, Fault.SLOW_COUNT, Fault.SLOW_PRICE),
    ):
        found = _too_many(leg, fills) or ""
        if found:
            yield Kinder(count, case.order.order_id, found)
            continue
        found = _too_cheap(leg, fills)
        if found:
            yield Kinder(price, case.order.order_id, found)


def _too_many(leg: Leg, fills: list[Fill]) -> str:
    """At no moment may paper have told of more than the venue had given by then."""
    told = 0
    for at, _, count in fills:
        told += count
        given = sum(gain for when, _, gain in leg.gains if when <= at)
        if told > given:
            later = "" if told > leg.total else f" (later {leg.total})"
            return f"paper gave {told / 100:g}, the venue {given / 100:g}{later}"
    return ""


def _too_cheap(leg: Leg, fills: list[Fill]) -> str:
    """The same count may not cost less than the cheapest that the venue gave of it."""
    count = sum(fill[2] for fill in fills)
    paid = sum(price * size for _, price, size in fills)
    left, best = count, 0
    for _, price, size in sorted(leg.gains, key=lambda gain: gain[1], reverse=leg.side is not BID):
        used = min(size, left)
        best += price * used
        left -= used
    kinder = paid < best if leg.side is BID else paid > best
    average = f"{paid / max(count, 1) / 100:g} c, the venue {best / max(count, 1) / 100:g} c"
    return f"{count / 100:g} contracts: paper at {average}" if kinder else ""


def _by_account(facts: list[Fact], cases: dict[str, Case]) -> Iterable[list[Case]]:
    """What each account had: those who share one see what the others took, nobody else does."""
    account = {fact.strategy: fact.account for fact in facts if isinstance(fact, StrategyOpened)}
    groups: dict[str, list[Case]] = defaultdict(list)
    for case in cases.values():
        groups[account[case.order.strategy]].append(case)
    return groups.values()


def _shared(lots: Counter[int], cases: list[Case]) -> Iterator[Kinder]:
    """All orders of an account: there is a way to give each what paper gave it, no contract twice."""
    stands = [stand for case in cases for stand in case.stands]
    wanted = [(stand.leg, sum(fill[2] for fill in stand.base)) for stand in stands]
    wanted = [(leg, count) for leg, count in wanted if count]
    if len(wanted) < 2:
        return
    for side in BookSide:
        legs = [(leg, count) for leg, count in wanted if leg.side is side]
        total = sum(count for _, count in legs)
        most = _most(legs, lots)
        if total > most:
            names = ", ".join(dict.fromkeys(leg.order_id for leg, _ in legs))
            yield Kinder(Fault.TWICE, names, f"paper gave {total / 100:g}, all lots together {most / 100:g}")


def _most(legs: list[tuple[Leg, int]], sizes: Counter[int]) -> int:
    """The most that the lots could give to these legs."""
    lots = Lots(legs, sizes)
    total = 0
    for number, (_, count) in enumerate(legs):
        wanted = count
        while wanted and (given := lots.push(number, wanted, set())):
            wanted -= given
        total += count - wanted
    return total


class Lots:
    """Contracts on their way from lots to legs: a flow that grows by augmenting paths."""

    def __init__(self, legs: list[tuple[Leg, int]], sizes: Counter[int]) -> None:
        """Nothing is given yet."""
        self.reach = [leg.reach for leg, _ in legs]
        self.free = Counter(sizes)
        self.held: list[Counter[int]] = [Counter() for _ in legs]

    def push(self, number: int, most: int, seen: set[int]) -> int:
        """Give a leg up to `most` more of some lot, by moving what others have of it if need be."""
        for lot, reach in self.reach[number].items():
            room = min(most, reach - self.held[number][lot])
            given = min(room, self.free[lot])
            if given > 0:
                self.free[lot] -= given
            elif room > 0 and lot not in seen:
                seen.add(lot)
                given = self._moved(number, lot, room, seen)
            if given > 0:
                self.held[number][lot] += given
                return given
        return 0

    def _moved(self, number: int, lot: int, room: int, seen: set[int]) -> int:
        """Let somebody who has contracts of a lot have others in their place."""
        for other, held in enumerate(self.held):
            if other != number and held[lot]:
                moved = self.push(other, min(room, held[lot]), seen)
                if moved:
                    held[lot] -= moved
                    return moved
        return 0

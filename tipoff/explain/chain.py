"""Why something happened: the facts about an order, a fill or a signal as sentences, and a verdict.

Used by the control socket and by `tipoff why --db`, both of which read the journal. It only words what the
facts say, in the order in which they were committed; nothing is computed again.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, Protocol

import attrs

from engine.facts import (
    BandMoved,
    Fact,
    OrderCancelled,
    OrderDenied,
    OrderFilled,
    OrderRejected,
    OrderRested,
    OrderSubmitted,
    PositionSettled,
    QueueMoved,
    SignalAction,
    SignalRaised,
)
from engine.units import COUNT_ZERO, Count, Nanos, format_count, format_money, format_price
from tipoff.explain.sentences import sentence

LIVE: Final[Mapping[str, str]] = MappingProxyType({})
"""Moments at which we heard what we heard."""

STEPS_MAX = 2_000
"""A chain is told up to this length: from its beginning, and then its end."""


@attrs.frozen
class JournaledFact:
    """A fact with its place in the journal: its number, the input it was decided on, and by whom."""

    seq: int
    at: Nanos
    cause: int
    owner: str
    fact: Fact


class Journaled(Protocol):
    """What both a committed fact and one that was read again have."""

    @property
    def seq(self) -> int: ...
    @property
    def cause(self) -> int: ...
    @property
    def owner(self) -> str: ...
    @property
    def fact(self) -> Fact: ...


@attrs.frozen(kw_only=True)
class JournalLine:
    """One committed fact in words: a line of the journal, and a step of a causal chain."""

    seq: int
    at: Nanos
    cause: int
    owner: str
    kind: str
    text: str


@attrs.frozen(kw_only=True)
class Why:
    """A causal chain: what came of it in one sentence, and its steps from market message to ledger entry.

    `moments` says of each kind of row of an imported recording whether its moments are real, delayed or
    assumed: what the steps rest on was known then. It is empty for what was heard live.
    """

    id: str
    verdict: str
    steps: tuple[JournalLine, ...]
    left_out: int
    moments: dict[str, str]


def explain(name: str, chain: Sequence[JournaledFact], moments: Mapping[str, str] = LIVE) -> Why:
    """Word the facts about `name`; a chain without facts has no steps."""
    distinct = _without_repeats(chain)
    kept = distinct
    if len(distinct) > STEPS_MAX:
        kept = [*distinct[: STEPS_MAX // 2], *distinct[-STEPS_MAX // 2 :]]
    return Why(
        id=name,
        verdict=verdict(name, [each.fact for each in chain]),
        steps=tuple(map(journal_line, kept)),
        left_out=len(distinct) - len(kept),
        moments=dict(moments),
    )


def journal_line(each: Journaled) -> JournalLine:
    """A fact as a line."""
    return JournalLine(
        seq=each.seq,
        at=each.fact.at,
        cause=each.cause,
        owner=each.owner,
        kind=type(each.fact).__name__,
        text=sentence(each.fact),
    )


def _without_repeats(chain: Sequence[JournaledFact]) -> list[JournaledFact]:
    """The readings of an order are noted at every step; only a change of them is worth a sentence."""
    kept: list[JournaledFact] = []
    readings: tuple[Count, Count, Count] | None = None
    for each in chain:
        fact = each.fact
        if isinstance(fact, BandMoved):
            if readings == (fact.pessimistic, fact.base, fact.optimistic):
                continue
            readings = (fact.pessimistic, fact.base, fact.optimistic)
        kept.append(each)
    return kept


def verdict(name: str, facts: Sequence[Fact]) -> str:
    """What came of it."""
    if not facts:
        return f"nothing is known of {name}"
    for fact in facts:
        if isinstance(fact, SignalRaised) and fact.action is SignalAction.NO_TRADE:
            return f"no order: {fact.reason}" + _limits_of(fact)
    filled = [fact for fact in facts if isinstance(fact, OrderFilled)]
    for fact in filled:
        # Asked about one fill, the order's others are beside the point.
        if fact.fill_id == name:
            return _of_fill(fact)
    for fact in facts:
        if isinstance(fact, OrderDenied) and fact.ticker:
            return (
                f"not sent: the risk gate refused it, {fact.reason.meaning} "
                f"(in use {fact.use}, limit {fact.limit})"
            )
        if isinstance(fact, OrderRejected):
            return f"not filled: refused on arrival as the venue would, {fact.code.value}: {fact.detail}"
    return _of_order(facts, filled)


def _limits_of(fact: SignalRaised) -> str:
    named = dict(fact.evidence)
    found = [f"{key} {named[key]}" for key in ("value", "limit", "threshold", "required") if key in named]
    return f" ({', '.join(found)})" if found else ""


def _of_fill(fact: OrderFilled) -> str:
    evidence = fact.evidence
    by = (
        f"the public trade {evidence.trade_id}"
        if evidence.trade_id
        else f"the book level {format_price(evidence.level_price)} of frame {evidence.book_seq}"
    )
    return (
        f"filled {format_count(fact.count)} at {format_price(fact.price)} as {fact.liquidity.value} by {by}, "
        f"fee {format_money(fact.fee)}"
    )


def _of_order(facts: Sequence[Fact], filled: list[OrderFilled]) -> str:
    wanted = next((fact.order.count for fact in facts if isinstance(fact, OrderSubmitted)), None)
    done = Count(sum(fact.count for fact in filled))
    if wanted is None:
        return "a signal without an order" if not done else f"filled {format_count(done)}"
    how = f"filled {format_count(done)} of {format_count(wanted)}"
    settled = [fact for fact in facts if isinstance(fact, PositionSettled)]
    if done >= wanted:
        return how + (f"; the market settled at {format_price(settled[-1].value)}" if settled else "")
    for fact in reversed(facts):
        if isinstance(fact, OrderCancelled):
            why = f"the remaining {format_count(fact.remaining)} were cancelled: {fact.reason.value}"
            return f"{how}; {why}{_behind(facts)}"
    return f"{how}; it is still open{_behind(facts)}"


def _behind(facts: Sequence[Fact]) -> str:
    """How far back in the queue the order stood, which is mostly why it was not filled."""
    first: Count | None = None
    last: Count | None = None
    for fact in facts:
        if isinstance(fact, OrderRested):
            first = last = fact.ahead
        elif isinstance(fact, QueueMoved):
            last = fact.ahead
    if first is None or last is None:
        return ", without ever resting in the book"
    if last == COUNT_ZERO:
        return f"; the {format_count(first)} contracts ahead of it were gone, but nothing more came"
    return (
        f"; of the {format_count(first)} contracts that stood ahead of it {format_count(last)} were "
        "still there: prints must trade through them first"
    )

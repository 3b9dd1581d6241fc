"""An evening in lines that a person can read: what was heard when, what the venue gave, what paper gave."""

from collections.abc import Iterator, Sequence

from engine.events import BookDelta, BookSide, BookSnapshot, Side, TradePrinted, TradesRecovered
from engine.facts import (
    BandMoved,
    Fact,
    OrderAmended,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    OrderRested,
    OrderSubmitted,
)
from engine.orders import AmendOrder, CancelOrder, PlaceOrder
from engine.units import NANOS_PER_MILLISECOND as MS
from engine.units import PRICE_ONE
from engine.venue_facts import AmendSubmitted, BlindnessBegan, BlindnessEnded, CancelSubmitted
from tests.engine.exchange.judge.evenings import Evening
from tests.engine.exchange.judge.feed import ELSEWHERE
from tests.engine.exchange.judge.flow import START
from tests.engine.exchange.judge.play import Input


def history(evening: Evening, order_id: str = "", before_ms: float = 3_000) -> str:
    """The evening, or of one order what happened from `before_ms` before its decision to its last fill."""
    lines = [*_heard(evening), *_told(evening), *_given(evening)]
    if order_id:
        begins, ends = _span(evening, order_id)
        lines = [line for line in lines if begins - before_ms * MS <= line[0] <= ends]
    lines.sort(key=lambda line: line[0])
    shown = [f"{(at - START) / MS:>12.3f} ms  {text}" for at, text in lines]
    findings = [
        f"KINDER {each.fault.value}: {each.order_id}: {each.detail}" for each in evening.verdict.kinder
    ]
    return "\n".join([f"evening {evening.seed}", *shown, *findings])


def _span(evening: Evening, order_id: str) -> tuple[int, int]:
    stands = evening.verdict.cases[order_id].stands
    ends = [fill[0] for stand in stands for fill in (*stand.base, *stand.pessimistic, *stand.leg.gains)]
    return evening.verdict.cases[order_id].order.decided_at, max(ends, default=START)


def _heard(evening: Evening) -> Iterator[tuple[int, str]]:
    for at, given in evening.player.said:
        if getattr(given, "ticker", "") == ELSEWHERE:
            if isinstance(given, BookDelta):
                yield at, f"heard    elsewhere{_when(given.at_venue)}"
            continue
        yield at, f"heard    {said(given)}"


def said(given: Input) -> str:
    """One input in words."""
    match given:
        case BookDelta():
            side, price = ("bid", given.price) if given.side is Side.YES else ("ask", PRICE_ONE - given.price)
            return f"{side} {price / 100:g} {given.change / 100:+g}{_when(given.at_venue)}"
        case TradePrinted():
            taker = "buyer" if given.taker is BookSide.BID else "seller"
            again = " (from the list)" if given.recovered else ""
            block = "block: " if given.block else ""
            return f"{given.trade_id}: {block}{taker} takes {_of(given)}{_when(given.at_venue)}{again}"
        case BookSnapshot():
            asks = [(PRICE_ONE - price, size) for price, size in reversed(given.no)]
            return f"book: {_levels(given.yes)} | {_levels(asks)}"
        case TradesRecovered():
            names = "none to be had" if given.trades is None else f"{len(given.trades)} trades"
            return f"trades of the gap since {(given.since - START) / MS:.3f}: {names}"
        case PlaceOrder():
            marks = [given.tif.name] + ["post only"] * given.post_only
            return f"WE SEND  {given.order_id} {given.side.value} {_of(given)} {' '.join(marks)}"
        case AmendOrder():
            return f"WE AMEND {given.order_id} to {_of(given)}"
        case CancelOrder():
            return f"WE CANCEL {given.order_id}"
        case _:
            return str(given)


def _levels(levels: Sequence[tuple[int, int]]) -> str:
    return " ".join(f"{price / 100:g}x{size / 100:g}" for price, size in levels) or "nothing"


def _of(given: TradePrinted | PlaceOrder | AmendOrder) -> str:
    return f"{given.count / 100:g} at {given.price / 100:g}"


def _when(at_venue: int | None) -> str:
    return " (no time)" if at_venue is None else f" (venue {(at_venue - START) / MS:.0f})"


def _told(evening: Evening) -> Iterator[tuple[int, str]]:
    for fact in evening.player.facts:
        told = _fact(fact)
        if told:
            yield fact.at, f"   paper {told}"


def _fact(fact: Fact) -> str:
    match fact:
        case OrderSubmitted() | CancelSubmitted() | AmendSubmitted():
            kind = type(fact).__name__.removesuffix("Submitted").lower()
            return f"{kind} is there at {(fact.arrives_at - START) / MS:.3f}"
        case OrderRested():
            return f"{fact.order_id} rests, {fact.ahead / 100:g} ahead"
        case OrderFilled():
            return (
                f"{fact.order_id} FILLED {fact.count / 100:g} at {fact.price / 100:g} by {fact.evidence.kind}"
            )
        case BandMoved():
            readings = (fact.pessimistic / 100, fact.base / 100, fact.optimistic / 100)
            return f"{fact.order_id} readings " + " ".join(f"{reading:g}" for reading in readings)
        case OrderRejected():
            return f"{fact.order_id} refused: {fact.code.value}: {fact.detail}"
        case OrderCancelled():
            return f"{fact.order_id} ended: {fact.reason.value}"
        case OrderAmended():
            return f"{fact.order_id} amended to {fact.count / 100:g} at {fact.price / 100:g}"
        case BlindnessBegan():
            return f"is blind: {fact.reason}"
        case BlindnessEnded():
            return "sees again" if fact.recovered else "sees again, and gives up"
        case _:
            return ""


def _given(evening: Evening) -> Iterator[tuple[int, str]]:
    for stand in evening.verdict.stands():
        for name, leg in (("venue", stand.leg), ("venue (slow)", stand.slow)):
            for at, price, count in leg.gains:
                yield at, f"   {name} gives {leg.order_id} {count / 100:g} at {price / 100:g}"

"""A small evening of facts, made by hand: bets of all fates, and what they do to the ledger.

Used by the tests of storage, and by those of the soak's rules.
"""

import attrs

from engine.events import BookSide
from engine.facts import (
    BandMoved,
    Fact,
    FillEvidence,
    LedgerPosted,
    OperatorActed,
    OrderApproved,
    OrderCancelled,
    OrderDenied,
    OrderFilled,
    OrderRested,
    OrderSubmitted,
    PositionSettled,
    Posting,
    QueueMoved,
    RunStarted,
    SignalAction,
    SignalRaised,
    StrategyOpened,
    TradingHalted,
)
from engine.orders import CancelReason, Liquidity, PlaceOrder, TimeInForce
from engine.reasons import DenialReason
from engine.units import Count, Money, Nanos, Price


@attrs.frozen
class Placed:
    """A fact with its place in the journal, as the journal's actor hands it over."""

    seq: int
    cause: int
    owner: str
    fact: Fact


def evening(bets: int) -> list[Fact]:
    """A run with so many bets of all fates: denied, filled in two parts, cancelled; settled at the end."""
    facts: list[Fact] = [
        RunStarted("evening", "0.1", "c0ffee", 7, Nanos(1)),
        StrategyOpened("sharp", "sharp_line", Money(1_000_000_000), "{}", Nanos(2)),
        _posted("open", "opening", {"cash:sharp": 1_000_000_000, "equity:sharp": -1_000_000_000}, 2),
        OperatorActed("req-1", 0, "loglevel", "{}", "ok", Nanos(3)),
    ]
    for number in range(bets):
        facts += _bet(number, 10 + 10 * number)
    held = Count(sum(100 for number in range(bets) if number % 3 == 0))
    facts += [
        TradingHalted("all", "reducing", "risk", "loss", Nanos(10 + 10 * bets)),
        _posted(
            "settle",
            "result yes",
            {
                "collateral:sharp:KXT": -held * 5_000,
                "claim:sharp:KXT": held * 10_000,
                "result:sharp": -held * 5_000,
            },
            20 + 10 * bets,
        ),
        PositionSettled(
            "sharp",
            "g",
            "KXT",
            held,
            Price(10_000),
            "yes",
            Money(held * 10_000),
            False,
            Nanos(20 + 10 * bets),
        ),
    ]
    return facts


def _bet(number: int, at: int) -> list[Fact]:
    now = Nanos(at)
    order = PlaceOrder(
        f"o{number}",
        "sharp",
        "g",
        "KXT",
        BookSide.BID,
        Price(5_000),
        Count(100),
        TimeInForce.GTC,
        now,
        f"s{number}",
    )
    signal = SignalRaised(
        f"s{number}", "sharp", "g", "KXT", BookSide.BID, SignalAction.ENTER, "edge", 0.5625, Price(5_000),
        0.03, (("book", "draftkings"), ("p", "0.5625")), now,
    )  # fmt: skip
    if number % 3 == 2:
        denied = OrderDenied(
            f"o{number}", "sharp", "g", "KXT", f"s{number}", DenialReason.SPREAD, "5", "4", now
        )
        return [signal, denied]
    facts: list[Fact] = [
        signal,
        OrderApproved(order, now),
        OrderSubmitted(order, Nanos(at + 1), now),
        OrderRested(f"o{number}", "sharp", "KXT", BookSide.BID, Price(5_000), Count(100), Count(300), 5, now),
        QueueMoved(f"o{number}", Count(300), Count(120), f"t{number}", Nanos(at + 2)),
    ]
    if number % 3 == 1:
        cancelled = OrderCancelled(
            f"o{number}", "sharp", "KXT", Count(100), CancelReason.EXPIRED, Nanos(at + 3)
        )
        return [*facts, cancelled]
    for part, remaining in (("a", 60), ("b", 0)):
        facts += _filled(
            order, part, Count(100 - remaining - (40 if remaining == 0 else 0)), Count(remaining)
        )
    return facts


def _filled(order: PlaceOrder, part: str, count: Count, remaining: Count) -> list[Fact]:
    at = Nanos(order.decided_at + 4)
    evidence = FillEvidence(
        "print",
        f"t{order.order_id}",
        order.price,
        Count(500),
        1,
        1,
        9,
        5_000,
        Count(120),
        Count(0),
        at,
        at,
        "0",
    )
    fill = f"{order.order_id}{part}"
    cost, fee = order.price * count, 3_500
    moved = {"cash:sharp": -cost - fee, "collateral:sharp:KXT": cost, "fees:sharp": fee}
    done = Count(order.count - remaining)
    return [
        OrderFilled(
            fill, order.order_id, "sharp", "g", "KXT", order.side, order.price, count, Liquidity.MAKER,
            Money(fee), Money(fee), remaining, evidence, None, at,
        ),
        _posted(f"l{fill}", fill, moved, at),
        BandMoved(
            order.order_id, "sharp", "KXT", Count(0), done, done, Money(0), Money(-cost), Money(-cost), at
        ),
    ]  # fmt: skip


def _posted(entry: str, cause: str, moved: dict[str, int], at: int) -> LedgerPosted:
    postings = tuple(Posting(account, Money(amount)) for account, amount in moved.items())
    return LedgerPosted(entry, "sharp", cause, postings, Nanos(at))


def place(facts: list[Fact], first: int = 1) -> list[Placed]:
    """Number facts; those of the same moment come of one input."""
    return [Placed(seq, fact.at, "exchange", fact) for seq, fact in enumerate(facts, first)]

"""What is worth telling people: the difference between two looks at the engine, as messages.

Called by `beside_notices` every few seconds. Pure: a look is plain values, and the same two looks give the
same messages. Must not post anything.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

import attrs

from tipoff.notifications.webhook import Notice

FEED_LOST: Final = "the stream is not connected"
"""How the complaint about a lost feed begins."""

NUMBER: Final = re.compile(r"[+-]?\d+(?:[.,:]\d+)*")


@attrs.frozen(kw_only=True)
class Seen:
    """The engine at one moment, as far as people want to hear of it; `at` is seconds since 1970."""

    at: float
    halts: Mapping[str, str] = attrs.field(factory=dict)
    """Scope and reason of every halt in force."""
    complaints: frozenset[str] = frozenset()
    down: frozenset[str] = frozenset()
    """Actors that are parked or down."""
    fills: Mapping[str, int] = attrs.field(factory=dict)
    """Fills by strategy."""
    realized: float = 0.0
    """Result of closed and settled positions after fees, in dollars."""
    orders: int = 0
    restarts: int = 0
    band: tuple[float, float, float] | None = None
    """Profit or loss after fees in dollars, open positions included: pessimistic, base, optimistic."""


def differences(before: Seen, after: Seen) -> Iterator[Notice]:
    """What has happened between two looks, the worst first."""
    for scope, reason in after.halts.items():
        if scope not in before.halts:
            kind = "quarantined" if scope.startswith("quarantine:") else "halted"
            yield Notice(kind, "error", f"{scope}: {reason}", scope, after.at)
    for name in sorted(after.down - before.down):
        yield Notice("actor_down", "error", f"{name} does not run any more", name, after.at)
    for subject, complaint in _news(before, after):
        kind = "feed_lost" if complaint.startswith(FEED_LOST) else "degraded"
        yield Notice(kind, "warning", complaint, subject, after.at)
    for scope in before.halts:
        if scope not in after.halts:
            yield Notice("resumed", "info", f"{scope} trades again", scope, after.at)
    for subject, complaint in _news(after, before):
        kind = "feed_back" if complaint.startswith(FEED_LOST) else "recovered"
        yield Notice(kind, "info", f"no longer: {complaint}", subject, after.at)
    for name, fills in after.fills.items():
        more = fills - before.fills.get(name, 0)
        if more > 0:
            yield Notice("filled", "info", f"{name}: {more} fills", f"{name} {fills}", after.at)


def _news(before: Seen, after: Seen) -> Iterator[tuple[str, str]]:
    """Complaints of one look that the other has not, with what they are about.

    Numbers change from look to look ("for 31 s", "for 36 s") and make no new complaint.
    """
    known = {subject_of(complaint) for complaint in before.complaints}
    for complaint in sorted(after.complaints):
        subject = subject_of(complaint)
        if subject not in known:
            known.add(subject)
            yield subject, complaint


def subject_of(complaint: str) -> str:
    """What a complaint is about: its words without their numbers."""
    return NUMBER.sub("#", complaint)


def summary(seen: Seen, run: str) -> Notice:
    """The evening in a sentence, when a run ends."""
    fills = sum(seen.fills.values())
    text = f"run {run}: "
    if seen.band is not None:
        low, base, high = seen.band
        text += f"P&L {base:+.2f} dollars after fees (pessimistic {low:+.2f}, optimistic {high:+.2f}), "
    text += (
        f"{seen.realized:+.2f} of it realized; {seen.orders} orders, {fills} fills, {seen.restarts} restarts"
        " (paper)"
    )
    return Notice("daily_summary", "info", text, run, seen.at)

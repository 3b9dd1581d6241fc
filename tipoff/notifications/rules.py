"""What is worth telling people: the difference between two looks at the engine, as messages.

Pure: a look is plain values, and the same two looks give the same messages.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import attrs

from engine.risk import ScopeKind, kind_of_scope
from tipoff.notifications.webhook import Notice
from tipoff.sources.health import HealthIssue, IssueKind

GONE: Final = {IssueKind.FEED_LOST: "feed_back", IssueKind.DEGRADED: "recovered"}
"""What a health issue is called when it is one no longer."""


@attrs.frozen(kw_only=True)
class NoticeSnapshot:
    """The engine at one moment, as far as people want to hear of it; `at` is seconds since 1970."""

    at: float
    halts: Mapping[str, str] = attrs.field(factory=dict)
    """Scope and reason of every halt in force."""
    issues: Mapping[str, HealthIssue] = attrs.field(factory=dict)
    """What does not work, by its subject; its words may change from look to look ("for 31 s")."""
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


def differences(before: NoticeSnapshot, after: NoticeSnapshot) -> Iterator[Notice]:
    """What has happened between two looks, the worst first."""
    for scope, reason in after.halts.items():
        if scope not in before.halts:
            kind = "quarantined" if kind_of_scope(scope) is ScopeKind.QUARANTINE else "halted"
            yield Notice(kind, "error", f"{scope}: {reason}", scope, after.at)
    for name in sorted(after.down - before.down):
        yield Notice("actor_down", "error", f"{name} does not run any more", name, after.at)
    for subject, issue in after.issues.items():
        if subject not in before.issues:
            yield Notice(issue.kind.value, "warning", issue.text, subject, after.at)
    for scope in before.halts:
        if scope not in after.halts:
            yield Notice("resumed", "info", f"{scope} trades again", scope, after.at)
    for subject, issue in before.issues.items():
        if subject not in after.issues:
            yield Notice(GONE[issue.kind], "info", f"no longer: {issue.text}", subject, after.at)
    for name, fills in after.fills.items():
        more = fills - before.fills.get(name, 0)
        if more > 0:
            yield Notice("filled", "info", f"{name}: {more} fills", f"{name} {fills}", after.at)


def summary(snapshot: NoticeSnapshot, run: str) -> Notice:
    """The evening in a sentence, when a run ends."""
    fills = sum(snapshot.fills.values())
    text = f"run {run}: "
    if snapshot.band is not None:
        low, base, high = snapshot.band
        text += f"P&L {base:+.2f} dollars after fees (pessimistic {low:+.2f}, optimistic {high:+.2f}), "
    text += (
        f"{snapshot.realized:+.2f} of it realized; {snapshot.orders} orders, {fills} fills, "
        f"{snapshot.restarts} restarts (paper)"
    )
    return Notice("daily_summary", "info", text, run, snapshot.at)


def gave_up(error: Exception, run: str) -> Notice:
    """Why the engine of a run has ended that nobody asked to end."""
    return Notice("gave_up", "error", f"run {run} ended: {error}", run)

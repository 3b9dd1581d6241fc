"""What is worth telling people: the difference between two looks at the engine, as messages.

Pure: a look is plain values, and the same two looks give the same messages.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Final

import attrs

from engine.risk import ScopeKind, kind_of_scope
from tipoff.notifications.notice import Notice
from tipoff.sources.health import HealthIssue, IssueKind

FILLS_TOLD: Final = 8
"""So many fills of one notice are told in words; the rest is counted."""

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
    fills: int = 0
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


@attrs.define
class FillsToTell:
    """Fills since they were told last: a busy minute is one notice, a single fill is told at once."""

    _lines: list[str] = attrs.field(factory=list)
    _count: int = 0
    _told: int = 0
    _told_at: float = -math.inf

    def add(self, line: str) -> None:
        """There was a fill; the first few are told in words."""
        self._count += 1
        if len(self._lines) < FILLS_TOLD:
            self._lines.append(line)

    def notice(self, at: float, pause_s: float) -> Notice | None:
        """What is to be told now; None if there is nothing, or fills were told less than a pause ago."""
        if not self._lines or at - self._told_at < pause_s:
            return None
        more = self._count - self._told - len(self._lines)
        text = "; ".join([*self._lines, *([f"and {more} more"] if more else [])])
        self._told, self._told_at = self._count, at
        self._lines.clear()
        return Notice("filled", "info", text, f"up to fill {self._count}", at)


def summary(snapshot: NoticeSnapshot, run: str) -> Notice:
    """The evening in a sentence, when a run ends."""
    text = f"run {run}: "
    if snapshot.band is not None:
        low, base, high = snapshot.band
        text += f"P&L {base:+.2f} dollars after fees (pessimistic {low:+.2f}, optimistic {high:+.2f}), "
    text += (
        f"{snapshot.realized:+.2f} of it realized; {snapshot.orders} orders, {snapshot.fills} fills, "
        f"{snapshot.restarts} restarts (paper)"
    )
    return Notice("daily_summary", "info", text, run, snapshot.at)


def gave_up(error: Exception, run: str) -> Notice:
    """Why the engine of a run has ended that nobody asked to end."""
    return Notice("gave_up", "error", f"run {run} ended: {error}", run)

"""What is worth telling people: the difference between two looks at the engine, as messages.

Called by `beside_notices` every few seconds. Pure: a look is plain values, and the same two looks give the
same messages. Must not post anything.
"""

from collections.abc import Iterator, Mapping

import attrs

from daemon.webhooks import Notice


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


def differences(before: Seen, after: Seen) -> Iterator[Notice]:
    """What has happened between two looks, the worst first."""
    for scope, reason in after.halts.items():
        if scope not in before.halts:
            kind = "quarantined" if scope.startswith("quarantine:") else "halted"
            yield Notice(kind, "error", f"{scope}: {reason}", scope, after.at)
    for name in sorted(after.down - before.down):
        yield Notice("actor_down", "error", f"{name} does not run any more", name, after.at)
    for complaint in sorted(after.complaints - before.complaints):
        yield Notice("degraded", "warning", complaint, complaint, after.at)
    for scope in before.halts:
        if scope not in after.halts:
            yield Notice("resumed", "info", f"{scope} trades again", scope, after.at)
    for complaint in sorted(before.complaints - after.complaints):
        yield Notice("recovered", "info", f"no longer: {complaint}", complaint, after.at)
    for name, fills in after.fills.items():
        more = fills - before.fills.get(name, 0)
        if more > 0:
            yield Notice("filled", "info", f"{name}: {more} fills", f"{name} {fills}", after.at)


def summary(seen: Seen, run: str) -> Notice:
    """The evening in a sentence, when a run ends."""
    fills = sum(seen.fills.values())
    text = f"run {run}: {fills} fills, realized {seen.realized:+.2f} dollars after fees (paper)"
    return Notice("daily_summary", "info", text, run, seen.at)

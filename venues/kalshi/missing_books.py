"""Markets without a recognised snapshot: which may be asked for now, and how long the others must wait.

Kept by a session for its subscription to the books. What makes no sense now makes none in a second either, so
each ask for a market doubles its pause, and no connection is given up for it.
"""

import attrs

PAUSE_S_MAX = 60.0
CALM_S = 60.0
"""After so long without an ask the pauses begin anew."""

ALONE_MAX = 20
"""Markets asked for at once, each by a request of its own: one that names a market which the venue does not
know any more is refused for all that it names."""


@attrs.define
class Pace:
    """How often something was asked for, and when it may be asked for again.

    The first `free` asks need not wait.
    """

    free: int
    tries: int = 0
    due: float = 0.0

    def may(self, now: float) -> bool:
        """Whether it is time."""
        return now >= self.due

    def asked(self, now: float) -> None:
        """Note an ask."""
        if now > self.due + CALM_S:
            self.tries = 0
        self.tries += 1
        over = self.tries - self.free
        self.due = now + min(PAUSE_S_MAX, 2.0**over) if over >= 0 else now


@attrs.define
class Missing:
    """A market whose snapshot is missing, or (then not `open`) was missing a moment ago."""

    pace: Pace = attrs.field(factory=lambda: Pace(free=1))
    open: bool = True


class MissingBooks:
    """Those of one subscription."""

    def __init__(self) -> None:
        """None is missing."""
        self._missing: dict[str, Missing] = {}

    def note(self, ticker: str, due: float) -> None:
        """A market has no recognised snapshot; it is asked for when `due`, or when its pause is over."""
        missing = self._missing.setdefault(ticker, Missing())
        missing.open = True
        if not missing.pace.tries:
            missing.pace.due = due

    def came(self, ticker: str) -> None:
        """Its snapshot came; how often it was asked for is remembered, for it may be missing again soon."""
        missing = self._missing.get(ticker)
        if missing is None:
            return
        missing.open = False
        if not missing.pace.tries:
            del self._missing[ticker]

    def forget(self, ticker: str) -> None:
        """Nobody wants it any more."""
        self._missing.pop(ticker, None)

    def clear(self) -> None:
        """The subscription is over."""
        self._missing.clear()

    def take_due(self, now: float, under_way: dict[str, None]) -> list[str]:
        """Those to be asked for now, but for those whose snapshot is `under_way`; their pauses begin."""
        due: list[str] = []
        for ticker, missing in list(self._missing.items()):
            if not missing.open and now > missing.pace.due + CALM_S:
                del self._missing[ticker]
            elif missing.open and missing.pace.may(now) and ticker not in under_way and len(due) < ALONE_MAX:
                missing.pace.asked(now)
                due.append(ticker)
        return due

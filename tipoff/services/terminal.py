"""What happens, for whoever watches the daemon in a terminal: a short line an event, in New York's time.

Returns at once where the log is JSON: programs have the facts in the database and by `tipoff watch`.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import trio

from engine.events import ScoreSeen, VenueEvent
from engine.facts import Fact
from engine.terms import GamePhase
from engine.units import Money
from tipoff.explain.evening_lines import EveningLines, total
from tipoff.explain.health_lines import HealthLines
from tipoff.logs.structured import for_people
from tipoff.process.context import RunContext
from tipoff.process.status import health_issues
from tipoff.sources.health import IssueKind

log = logging.getLogger("tipoff.terminal")

POLL_S = 1.0
"""So often it is looked whether something has stopped working, or works again."""

REFUSALS_POLLS = 30
"""After so many looks the refusals since the last time are summed up."""


async def run(context: RunContext) -> None:
    """Tell until cancelled."""
    if not for_people(context.config.logging):
        return
    teller = Teller(context)
    engine = context.engine
    engine.commit_queue.listeners.append(teller.fact)
    engine.ingress.listeners.append(teller.events)
    try:
        await teller.run()
    finally:
        engine.commit_queue.listeners.remove(teller.fact)
        engine.ingress.listeners.remove(teller.events)
        teller.refusals()


@contextmanager
def _harmless() -> Iterator[None]:
    """A line that cannot be made is a fault of ours, and no reason to stop trading."""
    try:
        yield
    except Exception:  # it is called in the middle of an input and of a commit
        log.exception("a line for the terminal could not be made")


class Teller:
    """Hears one run, and says it."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._lines = EveningLines()
        # These were said when it began.
        self._health_lines = HealthLines.after(context.sources.degraded)

    async def run(self) -> None:
        """Look for what does not work until cancelled."""
        looks = 0
        while True:
            self._health()
            await trio.sleep(POLL_S)
            looks += 1
            if looks % REFUSALS_POLLS == 0:
                self.refusals()

    def fact(self, fact: Fact) -> None:
        """A fact has become durable."""
        with _harmless():
            self._say(self._lines.fact(fact))

    def events(self, events: tuple[VenueEvent, ...]) -> None:
        """A venue or a source said something."""
        with _harmless():
            self._events(events)

    def _events(self, events: tuple[VenueEvent, ...]) -> None:
        for event in events:
            words = self._lines.event(event)
            self._say(words)
            if words and isinstance(event, ScoreSeen) and event.phase is GamePhase.FINAL:
                self.refusals()
                tally = self._context.engine.tally
                lines = tally.strategies.values()
                realized = Money(sum(tally.realized(name) for name in tally.strategies))
                self._say(total(sum(it.orders for it in lines), sum(it.fills for it in lines), realized))

    def refusals(self) -> None:
        """Sum up what was refused."""
        for line in self._lines.refusals():
            self._say(line)

    def _health(self) -> None:
        context, lines = self._context, self._lines
        # A stream that was up is told by what it says itself, which misses no short loss.
        issues = [
            issue
            for issue in health_issues(context.engine, context.sources)
            if not (lines.stream_was_up and issue.kind is IssueKind.FEED_LOST)
        ]
        for words, level in self._health_lines.look(issues):
            self._say(words, level)

    def _say(self, words: str | None, level: str = "info") -> None:
        logs = self._context.logs
        if words and logs is not None:
            logs.tell(self._context.engine.plan.clock(), words, level)

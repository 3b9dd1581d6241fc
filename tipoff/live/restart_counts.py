"""Restarts by actor and by why the life before ended, counted from the supervisors' own reports.

Given to the runtime by `LiveEngine`, read by the metrics. All games are one actor, so that the number of
names does not grow with the season. Must not decide anything.
"""

from collections import Counter
from typing import Final

from actors.addresses import GAMES
from actors.runtime import ActorExited, ActorRestarted, Address, ExitReason, SupervisorReport

GAMES_TOGETHER: Final = f"{GAMES.name}/*"

REASONS: Final = tuple(
    reason.value
    for reason in (ExitReason.CRASHED, ExitReason.KILLED, ExitReason.START_FAILED, ExitReason.SHUTDOWN)
)
"""Why a life ends that is followed by another. Shutdown: a supervisor or an operator replaced it."""

ENDED_MAX: Final = 1_000
"""Actors that have ended and not begun again; the oldest is forgotten first."""


class RestartCounts:
    """Counts; never falls."""

    def __init__(self) -> None:
        """Begin with none."""
        self.counts: Counter[tuple[str, str]] = Counter()
        self._ended: dict[Address, str] = {}

    def on_report(self, report: SupervisorReport) -> None:
        """Take a supervisor's report in."""
        if isinstance(report, ActorExited):
            # A dict keeps the place of a key that is set again; without this the newest end could be the
            # first forgotten.
            self._ended.pop(report.address, None)
            self._ended[report.address] = report.reason.value
            if len(self._ended) > ENDED_MAX:
                del self._ended[next(iter(self._ended))]
        elif isinstance(report, ActorRestarted):
            reason = self._ended.pop(report.address, ExitReason.SHUTDOWN.value)
            self.counts[counted_as(report.address), reason] += 1


def counted_as(address: Address) -> str:
    """The name under which an actor is counted."""
    return GAMES_TOGETHER if address.parent == GAMES else address.name

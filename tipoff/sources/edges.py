"""The actors of a source: edges with their I/O task, and pollers for the polls of all sources."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from actors.pollers import Poll, Poller, PollStatus, polling_task
from actors.runtime import AnySpec, AskError, Behaviour, ChildSpec, Edge, Kind
from tipoff.sources.health import HealthIssue
from tipoff.sources.source import Clock, PollPlan
from venues.errors import CredentialsRefused, TlsRefused, VenueError


def edge(name: str, behaviour: Callable[[], Behaviour], task: Callable[[Edge], Awaitable[None]]) -> ChildSpec:
    """An actor that does I/O."""
    return ChildSpec(name=name, factory=behaviour, kind=Kind.EDGE, task=task)


class Polls:
    """Every poll of an engine, and how it stands."""

    def __init__(self, clock: Clock, pauses: Mapping[str, int]) -> None:
        """`pauses` are in force for the polls that they name instead of their own, in nanoseconds."""
        self.status: dict[str, PollStatus] = {}
        self._clock = clock
        self._pauses = pauses

    def actors(self, plans: tuple[PollPlan, ...]) -> tuple[AnySpec, ...]:
        """The pollers of a source, in the order in which their first polls are named."""
        names = dict.fromkeys(plan.actor for plan in plans)
        return tuple(
            edge(name, Poller, polling_task(tuple(self._poll(plan) for plan in plans if plan.actor == name)))
            for name in names
        )

    def health_issues(self) -> list[HealthIssue]:
        """What fails or has stopped."""
        found: list[HealthIssue] = []
        for name, status in self.status.items():
            if status.failures_in_row:
                text = f"the poll of {name} fails: {status.last_error}"
                found.append(HealthIssue(f"poll {name}", text, poll=name, cause=status.last_error))
            elif status.stopped:
                found.append(HealthIssue(f"poll {name}", f"{name}: {status.stopped}"))
        return found

    def _poll(self, plan: PollPlan) -> Poll:
        status = self.status[plan.name] = PollStatus()
        return Poll(
            name=plan.name,
            ask=partial(self._asked, plan, status),
            # Whoever is asked inside of the engine may be in the middle of a restart: the next time will do.
            expected=(VenueError, AskError),
            refusals=(CredentialsRefused, TlsRefused),
            sleep=self._clock.sleep,
            wall=self._clock,
            status=status,
        )

    async def _asked(self, plan: PollPlan, status: PollStatus) -> int | None:
        pause = await plan.ask(status)
        return pause if pause is None else self._pauses.get(plan.name, pause)

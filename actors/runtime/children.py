"""A supervisor's record of a child, the child's state, and the errors that end a supervisor.

Kept by `supervisor`, read by `lifecycle` and `system`.
"""

from enum import Enum
from typing import Protocol

from actors.runtime.behaviour import Address, AnySpec, ExitReason, SupervisorSpec
from actors.runtime.cells import Cell, Timer
from actors.runtime.reports import text_of
from actors.runtime.specs import QUARANTINE
from engine.restart_policy import RestartPacing, RestartWindow


class StartFailed(Exception):
    """A supervisor could not start; `address` is the child that failed, the cause is chained."""

    address: Address

    def __init__(self, address: Address, cause: BaseException | None) -> None:
        """Name the innermost child that failed and why."""
        # Every level of a tree wraps the failure once more; whoever reads the exit wants the child that
        # failed and its exception, not the chain of supervisors above it.
        if isinstance(cause, StartFailed):
            address, cause = cause.address, cause.__cause__
        super().__init__(f"{address} did not start: {text_of(cause)}")
        self.address = address
        self.__cause__ = cause


class Escalated(Exception):
    """A supervisor gave up: more failures than its intensity allows. The last failure is chained."""


class ChildState(Enum):
    """A child's state as its supervisor knows it."""

    WAITING = "waiting"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    BACKOFF = "backoff"
    PARKED = "parked"
    DOWN = "down"


UP = (ChildState.STARTING, ChildState.RUNNING, ChildState.STOPPING)
"""States in which something of the child still runs."""


class Parent(Protocol):
    """A supervisor as its children, and those who look the tree up, see it."""

    address: Address
    spec: SupervisorSpec
    state: ChildState
    window: RestartWindow
    children: "dict[str, Child]"
    child: "Child | None"
    """Its own place under its supervisor; None for the root."""

    def start(self) -> None:
        """Begin a life."""
        ...  # pragma: no cover

    def stop(self, reason: ExitReason, error: BaseException | None = None) -> None:
        """Begin to end."""
        ...  # pragma: no cover

    def step(self) -> None:
        """Do the next thing that need not wait."""
        ...  # pragma: no cover

    def start_child(self, spec: AnySpec) -> bool:
        """Start a dynamic child; False if that is not possible."""
        ...  # pragma: no cover

    def stop_child(self, child: "Child") -> None:
        """Stop a child for good."""
        ...  # pragma: no cover

    def restart_child(self, child: "Child") -> None:
        """Bring a child back, or replace its life by a new one."""
        ...  # pragma: no cover

    def child_ready(self, child: "Child") -> None:
        """A child's start is complete."""
        ...  # pragma: no cover

    def child_ended(self, child: "Child", reason: ExitReason, error: BaseException | None) -> None:
        """A child's life is over, or its start has failed."""
        ...  # pragma: no cover


class Child:
    """A supervisor's record of one child; `cell` if it is an actor, `node` if it is a supervisor."""

    __slots__ = (
        "address",
        "cell",
        "doomed",
        "dynamic",
        "lived",
        "node",
        "pacing",
        "ready_at",
        "restart_wanted",
        "spec",
        "state",
        "stop_wanted",
        "supervisor",
        "timer",
        "watchers",
        "window",
    )

    address: Address
    state: ChildState
    window: RestartWindow

    def __init__(self, supervisor: Parent, spec: AnySpec, *, dynamic: bool) -> None:
        """Begin waiting for the first start."""
        self.supervisor = supervisor
        self.spec = spec
        self.dynamic = dynamic
        self.address = supervisor.address.child(spec.name)
        self.state = ChildState.WAITING
        self.cell: Cell | None = None
        self.node: Parent | None = None
        self.pacing = RestartPacing(supervisor.spec.backoff)
        self.window = (
            # Quarantine counts each child by itself; otherwise the failures of siblings add up in one window,
            # as in OTP.
            RestartWindow(supervisor.spec.limit)
            if supervisor.spec.on_excess is QUARANTINE
            else supervisor.window
        )
        self.timer: Timer | None = None
        self.ready_at: int | None = None
        self.lived = self.doomed = self.stop_wanted = self.restart_wanted = False
        self.watchers: dict[Address, None] = {}

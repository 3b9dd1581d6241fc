"""The supervisor: a state machine that hears of lives ending and decides who starts, stops or gives up.

One per `SupervisorSpec`, driven by `lives` and `system`. It never blocks on a child: every step does one
thing and returns, so it can be asked for its status, stopped, or told to forget a restart at any moment.
Vocabulary and rules are those of OTP's `supervisor`; where the two differ, the comment says so.
"""

from actors.runtime.behaviour import Address, AnySpec, ChildSpec, ExitReason, SupervisorSpec
from actors.runtime.cells import Fate, Timer
from actors.runtime.children import UP, Child, ChildState, Escalated, Parent, StartFailed
from actors.runtime.lifecycle import Lives
from actors.runtime.reports import (
    ActorQuarantined,
    ActorRevived,
    RestartDelayed,
    StartRefused,
    SupervisorEscalated,
    text_of,
)
from actors.runtime.specs import (
    ONE_FOR_ALL,
    ONE_FOR_ONE,
    QUARANTINE,
    TEMPORARY,
    TRANSIENT,
)
from engine.restart_policy import RestartWindow


class Supervisor(Parent):
    """One supervisor: its children in start order and what is to be done next."""

    __slots__ = (
        "address",
        "child",
        "children",
        "ending",
        "hold_timer",
        "hold_until",
        "lives",
        "spec",
        "state",
        "window",
    )

    def __init__(self, spec: SupervisorSpec, lives: Lives, child: Child | None) -> None:
        """Stand ready to be started; `child` is its own place under its supervisor (None: the root)."""
        self.spec = spec
        self.lives = lives
        self.child = child
        self.address = child.address if child is not None else Address("")
        self.state = ChildState.DOWN
        self.window = RestartWindow(spec.limit)
        self.children: dict[str, Child] = {}
        self.ending: tuple[ExitReason, BaseException | None] = (ExitReason.SHUTDOWN, None)
        self.hold_until = 0
        self.hold_timer: Timer | None = None
        for child_spec in spec.children:
            self._add(child_spec, dynamic=False)

    # -- orders from above

    def start(self) -> None:
        """Start static children in order; dynamic ones of an earlier life are forgotten, as in OTP."""
        self.state = ChildState.STARTING
        self.window.clear()
        for child in list(self.children.values()):
            # A supervisor that begins again starts all its static children anew, as OTP does; a temporary one
            # gets a new record for it, because nothing of its former life may stay.
            if child.dynamic or (child.spec.restart is TEMPORARY and child.lived):
                self._remove(child)
            else:
                child.pacing.clear()
                child.window.clear()
                child.doomed = child.stop_wanted = child.restart_wanted = False
                child.state = ChildState.WAITING
        for spec in self.spec.children:
            if spec.name not in self.children:
                self._add(spec, dynamic=False)
        self.lives.wake(self)

    def stop(self, reason: ExitReason, error: BaseException | None = None) -> None:
        """Begin to end: no child is started from here on."""
        if self.state in (ChildState.DOWN, ChildState.STOPPING):
            return
        self.state = ChildState.STOPPING
        self.ending = (reason, error)
        self.lives.cancel(self.hold_timer)
        self.hold_timer = None
        self.lives.wake(self)

    def start_child(self, spec: AnySpec) -> bool:
        """Start a dynamic child; False, and a report, if that is not possible."""
        why = ""
        if self.state is not ChildState.RUNNING:
            # While it starts or stops, a child added now would be started out of order or left behind.
            why = f"the supervisor is {self.state.value}"
        elif spec.name in self.children:
            why = "already present"
        elif sum(child.dynamic for child in self.children.values()) >= self.spec.max_children:
            why = f"max_children of {self.spec.max_children} reached"
        if why:
            self.lives.report(StartRefused(self.address.child(spec.name), why, self.lives.now))
            return False
        self._add(spec, dynamic=True)
        self.lives.wake(self)
        return True

    def stop_child(self, child: Child) -> None:
        """Stop a child for good; a pending restart is forgotten."""
        child.stop_wanted, child.restart_wanted = True, False
        if child.state in UP:
            self._begin_stop(child)
        else:
            self._cancel_timer(child)
            self._gone(child, ExitReason.SHUTDOWN, remove=child.dynamic)
        self.lives.wake(self)

    def restart_child(self, child: Child) -> None:
        """Restart a parked, stopped or running child; this does not count as a failure."""
        if self.state is not ChildState.RUNNING:
            return
        child.stop_wanted = False
        if child.state in UP:
            child.restart_wanted = True
            self._begin_stop(child)
        else:
            self._cancel_timer(child)
            child.pacing.clear()
            # Somebody decided to revive it, so its own count begins anew. A shared window is left alone:
            # reviving one child must not forgive the failures of its siblings.
            if child.window is not self.window:
                child.window.clear()
            child.state = ChildState.WAITING
            self.lives.set_fate(child, Fate.RESTARTING)
            self.lives.report(ActorRevived(child.address, self.lives.now))
        self.lives.wake(self)

    # -- news from below

    def child_ready(self, child: Child) -> None:
        """A child's start is complete."""
        if child.state is not ChildState.STARTING:
            return
        self._cancel_timer(child)
        child.state = ChildState.RUNNING
        child.ready_at = self.lives.now
        child.lived = True
        self.lives.wake(self)

    def child_ended(self, child: Child, reason: ExitReason, error: BaseException | None) -> None:
        """A child's life is over, or its start has failed: decide what follows."""
        # Order matters below: an end that was asked for is no failure, whatever reason the life gave for it.
        started_in_vain = child.ready_at is None
        self._cancel_timer(child)
        child.state = ChildState.DOWN
        if self.state is ChildState.STOPPING:
            # The stop steps look at the states themselves; nothing is restarted once a stop has begun.
            pass
        elif child.stop_wanted:
            self._gone(child, ExitReason.SHUTDOWN, remove=child.dynamic)
        elif child.doomed or child.restart_wanted:
            self._stopped_for_sibling(child)
        elif self.state is ChildState.STARTING and started_in_vain and self._parks_one():
            # Here the first start of one concerns nobody else: it is parked, or no start would ever succeed.
            self._exceeded(child, error)
        elif self.state is ChildState.STARTING and started_in_vain:
            # As in OTP a supervisor whose start fails stops those already started and hands the cause
            # upwards.
            self.stop(ExitReason.START_FAILED, StartFailed(child.address, error))
        elif child.dynamic and not child.lived:
            self.lives.report(StartRefused(child.address, text_of(error), self.lives.now))
            self._gone(child, reason, remove=True)
        elif child.spec.restart is TEMPORARY or (child.spec.restart is TRANSIENT and not reason.abnormal):
            self._gone(child, reason, remove=child.dynamic or child.spec.restart is TEMPORARY)
        else:
            self._failed(child, error)
        child.ready_at = None
        self.lives.wake(self)

    def _parks_one(self) -> bool:
        """Whether its children are independent of one another, and one that fails is left out."""
        return self.spec.strategy is ONE_FOR_ONE and self.spec.on_excess is QUARANTINE

    def _stopped_for_sibling(self, child: Child) -> None:
        child.doomed = child.restart_wanted = False
        if child.spec.restart is TEMPORARY:
            self._gone(child, ExitReason.SHUTDOWN, remove=True)
        else:
            child.state = ChildState.WAITING

    def _failed(self, child: Child, error: BaseException | None) -> None:
        """Count a failure, or a failed attempt to restart; plan the next life, or answer the excess."""
        now = self.lives.now
        # A failed attempt to restart counts as a failure, else a child that cannot start would never exceed
        # anything.
        if child.window.failed(now):
            self._exceeded(child, error)
            return
        attempt = child.pacing.attempt
        delay = child.pacing.next_delay_ns(now, child.ready_at, self.lives.draw(child.address))
        if self.spec.strategy is ONE_FOR_ONE:
            self._delay_restart(child, delay, child.pacing.attempt)
            return
        # Siblings stop at once and all restart after one common delay: restarting them one by one would let
        # some run against a sibling that is still down.
        self._doom(child)
        child.state = ChildState.WAITING
        self.hold_until = now + delay
        self.lives.cancel(self.hold_timer)
        self.hold_timer = self.lives.call_at(self.hold_until, self._held) if delay else None
        if delay:
            self.lives.report(RestartDelayed(child.address, attempt, self.hold_until, now))

    def _delay_restart(self, child: Child, delay: int, attempt: int) -> None:
        if not delay:
            child.state = ChildState.WAITING
            return
        due = self.lives.now + delay
        child.state = ChildState.BACKOFF
        child.timer = self.lives.call_at(due, lambda: self._waited(child))
        self.lives.report(RestartDelayed(child.address, attempt, due, self.lives.now))

    def _exceeded(self, child: Child, error: BaseException | None) -> None:
        now = self.lives.now
        if self.spec.on_excess is QUARANTINE:
            child.state = ChildState.PARKED
            self.lives.set_fate(child, Fate.PARKED)
            self.lives.report(ActorQuarantined(child.address, text_of(error), now))
            self.lives.notify_watchers(child, ExitReason.QUARANTINED)
            return
        self.lives.report(SupervisorEscalated(self.address, f"{child.address}: {text_of(error)}", now))
        escalated = Escalated(
            f"{self.address or 'root'}: too many failures, the last of {child.address}: {text_of(error)}"
        )
        escalated.__cause__ = error
        self.stop(ExitReason.ESCALATED, escalated)

    def _doom(self, failed: Child) -> None:
        """Mark the running siblings that are restarted with a failed child.

        Those that wait go on waiting: nothing of them runs, and a temporary one among them has yet to live.
        """
        order = list(self.children.values())
        fallen = order if self.spec.strategy is ONE_FOR_ALL else order[order.index(failed) + 1 :]
        for child in fallen:
            # OTP starts the ones that are down for good again here; an operator who stopped a child wants it
            # down.
            if child is not failed and child.state in UP:
                child.doomed = True

    # -- one step at a time

    def step(self) -> None:
        """Do the next thing, if there is one that need not wait for a child or a timer."""
        if self.state is ChildState.STOPPING:
            self._stop_step()
        elif self.state in (ChildState.STARTING, ChildState.RUNNING):
            doomed = [child for child in self.children.values() if child.doomed]
            if doomed:
                # The last one first: stopping runs in reverse order of starting, one at a time, as for a
                # whole stop.
                self._doom_step(doomed[-1])
            else:
                self._start_step()

    def _doom_step(self, child: Child) -> None:
        if child.state is not ChildState.STOPPING:
            self._begin_stop(child)
            self.lives.wake(self)

    def _start_step(self) -> None:
        # Under one_for_one siblings do not depend on one another: one in restart does not hold up the rest.
        in_order = self.state is ChildState.STARTING or self.spec.strategy is not ONE_FOR_ONE
        for child in self.children.values():
            if child.state is ChildState.WAITING:
                if self.spec.strategy is ONE_FOR_ONE or self.lives.now >= self.hold_until:
                    self._begin_start(child)
                    self.lives.wake(self)
                return
            if in_order and child.state in (ChildState.STARTING, ChildState.STOPPING):
                return
        if self.state is ChildState.STARTING:
            self.state = ChildState.RUNNING
            self.lives.supervisor_ready(self)

    def _stop_step(self) -> None:
        up = [child for child in self.children.values() if child.state in UP]
        for child in self.children.values():
            if child.state in (ChildState.WAITING, ChildState.BACKOFF):
                self._cancel_timer(child)
                child.state = ChildState.DOWN
        if not up:
            self.state = ChildState.DOWN
            self.lives.supervisor_ended(self, *self.ending)
            return
        # Dynamic children stop together, static ones one by one in reverse: OTP's rule, since dynamic ones do
        # not know one another and a hundred games must not add up their shutdown times.
        dynamic = [child for child in up if child.dynamic]
        for child in dynamic or up[-1:]:
            if child.state is not ChildState.STOPPING:
                self._begin_stop(child)
                self.lives.wake(self)

    def _begin_start(self, child: Child) -> None:
        child.state = ChildState.STARTING
        if child.node is not None:
            child.node.start()
            return
        self.lives.start(child)
        if child.state is ChildState.STARTING:
            spec = child.spec
            timeout = self.lives.allowed_ns(spec, spec.start_timeout_ns) if isinstance(spec, ChildSpec) else 0
            # Set after the start: most children are ready within the call and need no timer.
            due = self.lives.now + timeout
            child.timer = self.lives.call_at(due, lambda: self.lives.start_is_late(child))

    def _begin_stop(self, child: Child) -> None:
        if child.state is ChildState.STOPPING:
            return
        self._cancel_timer(child)
        child.state = ChildState.STOPPING
        if child.node is not None:
            child.node.stop(ExitReason.SHUTDOWN)
        else:
            self.lives.stop(child)

    def _held(self) -> None:
        self.hold_timer = None
        self.lives.wake(self)

    def _waited(self, child: Child) -> None:
        child.timer = None
        if child.state is ChildState.BACKOFF:
            child.state = ChildState.WAITING
            self.lives.wake(self)

    # -- the record of children

    def _add(self, spec: AnySpec, *, dynamic: bool) -> None:
        child = Child(self, spec, dynamic=dynamic)
        if isinstance(spec, SupervisorSpec):
            child.node = Supervisor(spec, self.lives, child)
        self.children[spec.name] = child
        self.lives.register(child)

    def _gone(self, child: Child, reason: ExitReason, *, remove: bool) -> None:
        """The child is down for good; a removed one leaves nothing behind."""
        child.state = ChildState.DOWN
        child.stop_wanted = False
        self.lives.set_fate(child, Fate.ENDED)
        self.lives.notify_watchers(child, reason)
        if remove:
            self._remove(child)

    def _remove(self, child: Child) -> None:
        self._cancel_timer(child)
        self.children.pop(child.spec.name, None)
        self.lives.unregister(child)

    def _cancel_timer(self, child: Child) -> None:
        self.lives.cancel(child.timer)
        child.timer = None

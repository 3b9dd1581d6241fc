"""The supervisor against a pure model of OTP's rules (checklist 31; P4-P6, P9, P20, P24)."""

import attrs
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from actors.runtime import (
    ESCALATE,
    ONE_FOR_ALL,
    ONE_FOR_ONE,
    PERMANENT,
    QUARANTINE,
    REST_FOR_ONE,
    ROOT,
    TEMPORARY,
    TRANSIENT,
    Address,
    ChildSpec,
    Exit,
    OnExcess,
    Restart,
    Strategy,
    SupervisorSpec,
    SystemEnded,
    VirtualSystem,
)
from engine.restart_policy import Backoff
from tests.actors.runtime.fakes import Do, Fail, Script, player

NAMES = "abcde"
MAX_CHILDREN = 2


@attrs.define
class ModelChild:
    """What the model knows of one child."""

    restart: Restart
    dynamic: bool = False
    state: str = "running"
    lives: int = 1
    due: int = 0
    failures: list[int] = attrs.field(factory=list)
    kept: list[int] = attrs.field(factory=list)
    """What it was told before its first life, and hears then."""


@attrs.define
class Model:
    """OTP's rules in the plainest form: lists, and no thought of speed."""

    strategy: Strategy
    on_excess: OnExcess
    restarts_max: int
    period: int
    delay: int
    children: dict[str, ModelChild] = attrs.field(factory=dict)
    failures: list[int] = attrs.field(factory=list)
    now: int = 0
    hold: int = 0
    ended: bool = False
    heard: list[tuple[str, int]] = attrs.field(factory=list)

    def end(self, name: str, *, failed: bool) -> None:
        """A life ended by itself or was killed."""
        child = self.children[name]
        if child.restart is TEMPORARY:
            del self.children[name]
        elif child.restart is TRANSIENT and not failed:
            self.stop(name)
        else:
            self.fail(name, child)

    def fail(self, name: str, child: ModelChild) -> None:
        """Count, then restart those that the strategy names, or answer the excess."""
        counted = child.failures if self.on_excess is QUARANTINE else self.failures
        counted.append(self.now)
        if sum(self.now - moment < self.period for moment in counted) > self.restarts_max:
            self.ended = self.on_excess is ESCALATE
            child.state = "parked"
            return
        if self.strategy is ONE_FOR_ONE:
            child.state, child.due = "backoff", self.now + self.delay
        else:
            self.hold = self.now + self.delay
            child.state = "waiting"
            order = list(self.children)
            fallen = order if self.strategy is ONE_FOR_ALL else order[order.index(name) + 1 :]
            for other in fallen:
                self.fall(other)
        self.pass_time(self.now)

    def fall(self, name: str) -> None:
        """A sibling falls with the failed child."""
        child = self.children[name]
        if child.state == "running" and child.restart is TEMPORARY:
            del self.children[name]
        elif child.state == "running":
            child.state = "waiting"

    def stop(self, name: str) -> None:
        """Stopped by hand, or ended for good."""
        if self.children[name].dynamic:
            del self.children[name]
        else:
            self.children[name].state = "down"

    def again(self, name: str) -> None:
        """Brought back or replaced by hand."""
        child = self.children[name]
        if child.state == "running" and child.restart is TEMPORARY:
            del self.children[name]
            return
        if child.state not in ("running", "waiting"):
            child.failures.clear()
        child.state, child.due = "backoff" if self.strategy is ONE_FOR_ONE else "waiting", self.now
        self.pass_time(self.now)

    def begin(self, name: str, restart: Restart) -> bool:
        """A dynamic child is wanted."""
        if name in self.children or sum(child.dynamic for child in self.children.values()) >= MAX_CHILDREN:
            return False
        state = "backoff" if self.strategy is ONE_FOR_ONE else "waiting"
        self.children[name] = ModelChild(restart, dynamic=True, state=state, lives=0, due=self.now)
        self.pass_time(self.now)
        return True

    def pass_time(self, until: int) -> None:
        """Start whoever is due."""
        self.now = until
        for name, child in self.children.items():
            due = child.due if child.state == "backoff" else self.hold
            if child.state in ("backoff", "waiting") and due <= until:
                child.state = "running"
                child.lives += 1
                self.heard += [(name, what) for what in child.kept]
                child.kept.clear()

    def tell(self, name: str, what: int) -> None:
        """Whoever lives hears it, who is yet to be born will; it is lost on all others."""
        child = self.children.get(name)
        if child is not None and child.state == "running":
            self.heard.append((name, what))
        elif child is not None and child.lives == 0:
            child.kept.append(what)


class SupervisorAgainstModel(RuleBasedStateMachine):
    """Every rule does the same to both; the invariant compares them."""

    @initialize(
        shape=st.one_of(
            st.tuples(st.just(ONE_FOR_ONE), st.sampled_from([ESCALATE, QUARANTINE])),
            st.tuples(st.sampled_from([REST_FOR_ONE, ONE_FOR_ALL]), st.just(ESCALATE)),
        ),
        restarts=st.lists(st.sampled_from(list(Restart)), min_size=1, max_size=3),
        restarts_max=st.integers(0, 4),
        delay=st.sampled_from([0, 0, 10]),
    )
    def begin(
        self, shape: tuple[Strategy, OnExcess], restarts: list[Restart], restarts_max: int, delay: int
    ) -> None:
        """Start both."""
        self.scripts = {name: Script() for name in NAMES}
        self.model = Model(shape[0], shape[1], restarts_max, 100, delay)
        specs = []
        for name, restart in zip(NAMES, restarts, strict=False):
            self.model.children[name] = ModelChild(restart)
            specs.append(self.spec(name, restart))
        backoff = Backoff(first_ns=delay, minimum_ns=delay, cap_ns=delay, factor=1.0, jitter=0.0)
        tree = SupervisorSpec(
            name="root",
            children=tuple(specs),
            strategy=shape[0],
            on_excess=shape[1],
            restarts_max=restarts_max,
            period_ns=100,
            backoff=backoff,
            max_children=MAX_CHILDREN,
        )
        self.engine = VirtualSystem(tree)
        self.engine.start()
        self.sent = 0
        self.lives_before = dict.fromkeys(NAMES, 0)

    def spec(self, name: str, restart: Restart) -> ChildSpec:
        """A child that obeys its own script."""
        return ChildSpec(name=name, factory=player(name, self.scripts[name]), restart=restart)

    def running(self, name: str) -> bool:
        """Whether the model says that somebody lives there."""
        return name in self.model.children and self.model.children[name].state == "running"

    @precondition(lambda self: not self.model.ended)
    @rule(name=st.sampled_from(NAMES), how=st.sampled_from(["crash", "exit", "kill"]))
    def end_a_life(self, name: str, how: str) -> None:
        """A child crashes, is done, or is killed."""
        if not self.running(name):
            assert not self.engine.kill(Address(name))
            return
        if how == "kill":
            self.engine.kill(Address(name))
        else:
            self.engine.put(Address(name), Fail(ValueError("no")) if how == "crash" else Do((Exit(),)))
        self.model.end(name, failed=how != "exit")

    @precondition(lambda self: not self.model.ended)
    @rule(name=st.sampled_from(NAMES))
    def tell(self, name: str) -> None:
        """A message is heard exactly by those who live or are yet to be born."""
        self.sent += 1
        self.engine.put(Address(name), self.sent)
        self.model.tell(name, self.sent)

    @precondition(lambda self: not self.model.ended)
    @rule(name=st.sampled_from(NAMES), brings_back=st.booleans())
    def order(self, name: str, *, brings_back: bool) -> None:
        """An operator stops a child, or brings it back."""
        known = name in self.model.children
        act = self.engine.restart if brings_back else self.engine.stop_child
        assert act(Address(name)) == known
        if known and brings_back:
            self.model.again(name)
        elif known:
            self.model.stop(name)

    @precondition(lambda self: not self.model.ended)
    @rule(name=st.sampled_from(NAMES[2:]), restart=st.sampled_from([PERMANENT, TEMPORARY]))
    def start_dynamic(self, name: str, restart: Restart) -> None:
        """A dynamic child is wanted."""
        assert self.engine.start_child(ROOT, self.spec(name, restart)) == self.model.begin(name, restart)

    @precondition(lambda self: not self.model.ended)
    @rule(by=st.integers(0, 60))
    def advance(self, by: int) -> None:
        """Time passes."""
        self.engine.advance(self.engine.now + by)
        self.model.pass_time(self.engine.now)

    @precondition(lambda self: self.model.ended)
    @rule(name=st.sampled_from(NAMES))
    def nothing_enters_any_more(self, name: str) -> None:
        """An engine that gave up hears nothing."""
        with pytest.raises(SystemEnded):
            self.engine.put(Address(name), 0)

    @invariant()
    def they_agree(self) -> None:
        """States, names, order and what was heard are the same; nothing is left over."""
        if not hasattr(self, "model"):
            return
        assert (self.engine.ended is not None) == self.model.ended
        if self.model.ended:
            assert not self.engine.dispatcher.cells
            return
        actual = [(str(status.address), status.state) for status in self.engine.status()]
        assert actual == [(name, child.state) for name, child in self.model.children.items()]
        heard = [
            (name, what) for name in NAMES for what in self.scripts[name].heard(name) if isinstance(what, int)
        ]
        assert sorted(heard) == sorted(self.model.heard)
        assert sorted(self.engine.dispatcher.cells) == sorted(self.model.children)
        for name, child in self.model.children.items():
            if not child.dynamic:
                assert self.scripts[name].lives == child.lives

    def teardown(self) -> None:
        """An engine that lives stops in order, and starts nobody any more."""
        if hasattr(self, "engine") and not self.model.ended:
            lives = sum(script.lives for script in self.scripts.values())
            self.engine.stop()
            self.engine.advance(self.engine.now + 1_000)
            assert sum(script.lives for script in self.scripts.values()) == lives
            assert not self.engine.dispatcher.cells
            assert len(self.engine.dispatcher.timers) == 0


SupervisorAgainstModel.TestCase.settings = settings(max_examples=1_000, stateful_step_count=15, deadline=None)
TestSupervisorAgainstModel = SupervisorAgainstModel.TestCase
